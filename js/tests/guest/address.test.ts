// @vitest-environment happy-dom
import { afterEach, expect, test, vi } from "vitest";
import { putIntoAddress, textInAddress, ticketIn } from "../../src/guest/address";
import { Ticket } from "../../src/ticket";

const TICKET = new Ticket(new Uint8Array(40), new Uint8Array(16), new Uint8Array(16), "reader").encode();

afterEach(() => putIntoAddress(null));

test("a ticket is kept with the address, unseen, until it is taken away; the tab's history keeps its state", () => {
  history.replaceState({ mine: 1 }, "");
  const before = location.href;
  const pushed = vi.spyOn(history, "pushState"); // *Back* would show the ticket
  putIntoAddress(ticketIn(TICKET));
  expect(pushed).not.toHaveBeenCalled();
  expect(location.href).toBe(before);
  expect(textInAddress()).toBe(TICKET);
  expect(history.state).toMatchObject({ mine: 1 });
  putIntoAddress(null);
  expect(location.href).toBe(before);
  expect(history.state).toEqual({ mine: 1 });
});

test("a link that is followed counts more than what is hidden, and is hidden as well", () => {
  putIntoAddress(ticketIn(TICKET));
  location.hash = "sshx1other";
  expect(textInAddress()).toBe("sshx1other");
  putIntoAddress(ticketIn(TICKET));
  expect([location.hash, textInAddress()]).toEqual(["", TICKET]);
});

test("what is no ticket is read as it is", () => {
  location.hash = "%E0%A4%A";
  expect(textInAddress()).toBe("%E0%A4%A");
  location.hash = "sshx1%20abc";
  expect(textInAddress()).toBe("sshx1 abc");
  expect(ticketIn("sshx1 abc")).toBeNull();
});
