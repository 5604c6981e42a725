// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test } from "vitest";
import { keepResume, takeResume } from "../../src/server/reload";
import type { Credentials } from "../../src/protocol/handshake";

const WRITER: Credentials = {
  sessionId: new Uint8Array(16).fill(7),
  role: "writer",
  secret: new Uint8Array(32),
  password: null,
};
const READER: Credentials = { ...WRITER, role: "reader" };
const ANOTHER: Credentials = { ...WRITER, sessionId: new Uint8Array(16) };
const TOKEN = Uint8Array.of(1, 2, 255);
const client = { resumeToken: TOKEN };
let stop: () => void;

beforeEach(() => {
  sessionStorage.clear();
  stop = keepResume(client, WRITER);
});

afterEach(() => stop());

function leave() {
  window.dispatchEvent(new Event("pagehide"));
}

test("the token is kept while the page is away, for whom it is, and once", () => {
  expect(sessionStorage.length).toBe(0);
  leave();
  expect(takeResume(WRITER)).toEqual(TOKEN);
  expect(takeResume(WRITER)).toBeNull();
  expect(sessionStorage.length).toBe(0);
});

test("it is not another's, who leaves it there for whom it is", () => {
  leave();
  expect([takeResume(READER), takeResume(ANOTHER)]).toEqual([null, null]);
  expect(sessionStorage.length).toBe(0);
  expect(takeResume(WRITER)).toEqual(TOKEN);
});

test("each session and role has a token", () => {
  const others = [READER, ANOTHER].map((credentials, i) => keepResume({ resumeToken: Uint8Array.of(i) }, credentials));
  leave();
  expect([ANOTHER, READER, WRITER].map(takeResume)).toEqual([Uint8Array.of(1), Uint8Array.of(0), TOKEN]);
  for (const stopOther of others) stopOther();
});

test("a page that the browser has kept needs none", () => {
  leave();
  window.dispatchEvent(new Event("pageshow"));
  expect(sessionStorage.length).toBe(0);
  expect(takeResume(WRITER)).toBeNull();
});

test("what others keep in the tab stays", () => {
  sessionStorage.setItem("other", "1");
  leave();
  takeResume(WRITER);
  expect(Object.keys(sessionStorage)).toEqual(["other"]);
});

test("what is not a token is none", () => {
  leave();
  const [key] = Object.keys(sessionStorage);
  sessionStorage.setItem(key!, "xyz");
  expect(takeResume(WRITER)).toBeNull();
});

test("who has left keeps nothing", () => {
  stop();
  leave();
  expect(sessionStorage.length).toBe(0);
});
