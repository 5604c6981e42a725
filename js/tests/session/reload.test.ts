// @vitest-environment happy-dom
import { beforeEach, expect, test } from "vitest";
import { forget } from "../../src/session/away";
import { keepResume, takeResume } from "../../src/session/reload";
import type { State } from "../../src/client/events";
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
let client: { resumeToken: Uint8Array | null; state: State };
let stops: (() => void)[];

beforeEach(() => {
  forget("");
  client = { resumeToken: TOKEN, state: "connected" };
  stops = [keepResume(client, WRITER)];
});

const leave = () => window.dispatchEvent(new Event("pagehide"));
const come = () => window.dispatchEvent(new Event("pageshow"));

/** The page goes; what it has kept comes with the next one. */
function reload(): void {
  leave();
  for (const stop of stops) stop();
  come();
}

test("the token is kept while the page is away, for whom it is, and once", () => {
  expect(takeResume(WRITER)).toBeNull();
  reload();
  expect(takeResume(WRITER)).toEqual(TOKEN);
  expect(takeResume(WRITER)).toBeNull();
});

test("it is not another's, who leaves it there for whom it is", () => {
  reload();
  expect([takeResume(READER), takeResume(ANOTHER)]).toEqual([null, null]);
  expect(takeResume(WRITER)).toEqual(TOKEN);
});

test("each session and role has a token", () => {
  for (const [i, who] of [READER, ANOTHER].entries()) {
    stops.push(keepResume({ ...client, resumeToken: Uint8Array.of(i) }, who));
  }
  reload();
  expect([ANOTHER, READER, WRITER].map(takeResume)).toEqual([Uint8Array.of(1), Uint8Array.of(0), TOKEN]);
});

test("it is the one that the client has when the page goes, if it has any", () => {
  client.resumeToken = Uint8Array.of(3);
  stops.push(keepResume({ ...client, resumeToken: null }, READER));
  reload();
  expect([WRITER, READER].map(takeResume)).toEqual([Uint8Array.of(3), null]);
});

test("a page that the browser has kept needs none", () => {
  leave();
  come();
  expect(takeResume(WRITER)).toBeNull();
});

test("what is not a token is none", () => {
  leave();
  const [key] = Object.keys(sessionStorage);
  sessionStorage.setItem(key!, "xyz");
  for (const stop of stops) stop();
  come();
  expect(takeResume(WRITER)).toBeNull();
});

test("who leaves and joins again is the same user", () => {
  stops.pop()!();
  expect(takeResume(WRITER)).toEqual(TOKEN);
  expect(takeResume(WRITER)).toBeNull();
});

test("nothing is kept of a session that is over", () => {
  client.state = "ended";
  stops.pop()!();
  expect(takeResume(WRITER)).toBeNull();
  leave();
  expect(sessionStorage.length).toBe(0);
});
