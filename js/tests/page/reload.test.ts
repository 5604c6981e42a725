// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test } from "vitest";
import { keepResume, takeResume } from "../../src/page/reload";
import type { Credentials } from "../../src/protocol/handshake";

const WRITER: Credentials = {
  sessionId: new Uint8Array(16).fill(7),
  role: "writer",
  secret: new Uint8Array(32),
  password: null,
};
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

test.each([
  { ...WRITER, role: "reader" as const },
  { ...WRITER, sessionId: new Uint8Array(16) },
])("it is not another's", (credentials) => {
  leave();
  expect(takeResume(credentials)).toBeNull();
  expect(sessionStorage.length).toBe(0);
});

test("a page that the browser has kept needs none", () => {
  leave();
  window.dispatchEvent(new Event("pageshow"));
  expect(sessionStorage.length).toBe(0);
});

test("what is not a token is none", () => {
  leave();
  sessionStorage.setItem("sshx:resume", `${sessionStorage.getItem("sshx:resume")!}xyz`);
  expect(takeResume(WRITER)).toBeNull();
});

test("who has left keeps nothing", () => {
  stop();
  leave();
  expect(sessionStorage.length).toBe(0);
});
