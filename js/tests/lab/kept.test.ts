// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test } from "vitest";
import { keepTicket, takeTicket } from "../../src/lab/kept";

const ID = "07".repeat(16);
const KEPT = { ticket: "sshx1ticket", password: "pw" };

let stop: () => void;

beforeEach(() => {
  sessionStorage.clear();
  stop = keepTicket(ID, KEPT);
});

afterEach(() => stop());

function leave() {
  window.dispatchEvent(new Event("pagehide"));
}

test("it is in the browser tab's storage only while the page is away", () => {
  expect(sessionStorage.length).toBe(0);
  leave();
  expect(sessionStorage.length).toBe(1);
  window.dispatchEvent(new Event("pageshow"));
  expect(sessionStorage.length).toBe(0);
});

test("it can be taken once", () => {
  leave();
  expect(takeTicket(ID)).toEqual(KEPT);
  expect(sessionStorage.length).toBe(0);
  expect(takeTicket(ID)).toBeNull();
});

test("each session has its own, without a password if it has none", () => {
  const another = { ticket: "sshx1another", password: null };
  const stopOther = keepTicket("08", another);
  leave();
  expect(takeTicket("08")).toEqual(another);
  expect(takeTicket(ID)).toEqual(KEPT);
  stopOther();
});

test("what is not what was kept is nothing, and gone", () => {
  leave();
  sessionStorage.setItem(Object.keys(sessionStorage)[0]!, "{");
  expect(takeTicket(ID)).toBeNull();
  expect(sessionStorage.length).toBe(0);
});

test("who has left keeps nothing", () => {
  stop();
  leave();
  expect(sessionStorage.length).toBe(0);
});
