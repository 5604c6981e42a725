// @vitest-environment happy-dom
import { beforeEach, expect, test } from "vitest";
import { keep, take } from "../../src/session/away";
import { forgetTickets, keepTicket, takeTicket, type Kept } from "../../src/session/kept";
import { Ticket } from "../../src/ticket";

const ticket = (id: number) => {
  return new Ticket(new Uint8Array(30), new Uint8Array(16).fill(id), new Uint8Array(16), "writer");
};
const KEPT: Kept = { ticket: ticket(7).encode(), password: "pw" };
const ID = ticket(7).session;

let stops: (() => void)[];

beforeEach(() => {
  stops = [keepTicket(ticket(7), "pw")];
});

/** The page goes; what it has kept comes with the next one. */
function reload(): void {
  window.dispatchEvent(new Event("pagehide"));
  for (const stop of stops) stop();
  window.dispatchEvent(new Event("pageshow"));
}

test("it is there after a reload, and can be taken once", () => {
  expect(takeTicket(ID)).toBeNull();
  reload();
  expect(takeTicket(ID)).toEqual(KEPT);
  expect(takeTicket(ID)).toBeNull();
});

test("each session has its own, without a password if it has none", () => {
  stops.push(keepTicket(ticket(8), null));
  reload();
  expect(takeTicket(ticket(8).session)).toEqual({ ticket: ticket(8).encode(), password: null });
  expect(takeTicket(ID)).toEqual(KEPT);
});

test("what is not what was kept is nothing, and gone", () => {
  stops.push(keep(`ticket ${ID}`, () => "{"));
  reload();
  expect(takeTicket(ID)).toBeNull();
  expect(take(`ticket ${ID}`)).toBeNull();
});

test("who has left keeps nothing", () => {
  stops.pop()!();
  reload();
  expect(takeTicket(ID)).toBeNull();
});

test("those of sessions that are not back are forgotten, and nothing else", () => {
  stops.push(keep("resume", () => "1"));
  reload();
  forgetTickets();
  expect(takeTicket(ID)).toBeNull();
  expect(take("resume")).toBe("1");
});
