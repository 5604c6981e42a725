// @vitest-environment happy-dom
import { beforeEach, expect, test } from "vitest";
import { keep, take } from "../../src/session/away";
import { forgetTickets, keepTicket, takeTicket, type Kept } from "../../src/session/kept";
import { Ticket } from "../../src/ticket";

const ticket = (id: number) => {
  return new Ticket(new Uint8Array(30), new Uint8Array(16).fill(id), new Uint8Array(16), "writer");
};
const KEPT: Kept = { ticket: ticket(7), password: "pw" };
const ID = KEPT.ticket.session;

let stops: (() => void)[];

beforeEach(() => {
  stops = [keepTicket(KEPT)];
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
  const another: Kept = { ticket: ticket(8), password: null };
  stops.push(keepTicket(another));
  reload();
  expect(takeTicket(another.ticket.session)).toEqual(another);
  expect(takeTicket(ID)).toEqual(KEPT);
});

test.each(["{", "null", `{"ticket": "sshx1", "password": null}`])("%s is not a ticket, and is gone", (text) => {
  stops.push(keep(`ticket ${ID}`, () => text));
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
