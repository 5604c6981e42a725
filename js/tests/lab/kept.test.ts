// @vitest-environment happy-dom
import { beforeEach, expect, test } from "vitest";
import { forgetTickets, keepTicket, takeTicket } from "../../src/lab/kept";
import { keep, take } from "../../src/session/away";

const ID = "07".repeat(16);
const KEPT = { ticket: "sshx1ticket", password: "pw" };

let stops: (() => void)[];

beforeEach(() => {
  stops = [keepTicket(ID, KEPT)];
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
  const another = { ticket: "sshx1another", password: null };
  stops.push(keepTicket("08", another));
  reload();
  expect(takeTicket("08")).toEqual(another);
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
