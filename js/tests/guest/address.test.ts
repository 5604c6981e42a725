// @vitest-environment happy-dom
import { afterEach, expect, test } from "vitest";
import { putIntoAddress, textInAddress, ticketIn } from "../../src/guest/address";
import { Ticket } from "../../src/ticket";

const TICKET = new Ticket(new Uint8Array(40), new Uint8Array(16), new Uint8Array(16), "reader").encode();

afterEach(() => putIntoAddress(null));

test("a ticket goes into the address and out again, and the tab's history keeps its state", () => {
  history.replaceState({ mine: 1 }, "");
  const before = location.href;
  putIntoAddress(ticketIn(TICKET));
  expect(location.href).toBe(`${before}#${TICKET}`);
  expect(textInAddress()).toBe(TICKET);
  putIntoAddress(null);
  expect(location.href).toBe(before);
  expect(history.state).toEqual({ mine: 1 });
});

test("what is no ticket is read as it is", () => {
  location.hash = "%E0%A4%A";
  expect(textInAddress()).toBe("%E0%A4%A");
  location.hash = "sshx1%20abc";
  expect(textInAddress()).toBe("sshx1 abc");
  expect(ticketIn("sshx1 abc")).toBeNull();
});
