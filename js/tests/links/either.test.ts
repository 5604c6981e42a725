import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { dialEither } from "../../src/links/either";
import type { Dial, Link, LinkHandlers } from "../../src/links/link";
import { settled } from "../client/scriptedHost";

/** One way to the host; the test says what becomes of each link. */
class Way {
  readonly links: { handlers: LinkHandlers; sent: number[]; closed: boolean }[] = [];
  fails = "";

  readonly dial: Dial = (handlers) => {
    const link = { handlers, sent: [] as number[], closed: false };
    this.links.push(link);
    if (this.fails) return Promise.reject(new Error(this.fails));
    return Promise.resolve({
      send: (frame) => void link.sent.push(frame[0]!),
      buffered: 7,
      held: true,
      close: () => void (link.closed = true),
    });
  };

  get last() {
    return this.links.at(-1)!;
  }
}

let first: Way;
let second: Way;
let dial: Dial;
let heard: unknown[];

beforeEach(() => {
  vi.useFakeTimers();
  [first, second] = [new Way(), new Way()];
  dial = dialEither(first.dial, second.dial);
  heard = [];
});
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

async function open(): Promise<Link> {
  const link = await dial({
    onFrame: (frame) => heard.push(frame[0]),
    onPath: (path) => heard.push(path),
    onClose: (...why) => heard.push(why),
  });
  link.send(Uint8Array.of(1));
  await settled();
  link.send(Uint8Array.of(2));
  return link;
}

test("the first way, if the host is heard there", async () => {
  const link = await open();
  first.last.handlers.onPath("direct");
  first.last.handlers.onFrame(Uint8Array.of(9));
  await vi.advanceTimersByTimeAsync(60_000);
  expect(first.last.sent).toEqual([1, 2]);
  expect([link.buffered, link.held]).toEqual([7, true]);
  first.last.handlers.onClose("The connection was lost.", false);
  expect(heard).toEqual(["direct", 9, ["The connection was lost.", false]]);
  await open();
  expect([first.links.length, second.links.length]).toEqual([2, 0]);
  first.last.handlers.onFrame(Uint8Array.of(9));
});

test.each([
  ["cannot be opened", () => void (first.fails = "Nothing there.")],
  ["says that it leads nowhere", () => undefined],
  ["is silent", () => undefined],
])("the second, with all that was sent, if the first %s", async (why, prepare) => {
  prepare();
  await open();
  const [lost] = first.links;
  if (why === "says that it leads nowhere") lost!.handlers.onClose("The host cannot be reached.", true);
  if (why === "is silent") {
    await vi.advanceTimersByTimeAsync(8_000);
    expect(lost!.closed).toBe(true);
  }
  await settled();
  expect(second.last.sent).toEqual([1, 2]);
  lost!.handlers.onFrame(Uint8Array.of(3)); // too late
  second.last.handlers.onFrame(Uint8Array.of(4));
  expect(heard).toEqual([4]);

  await open(); // and from then on
  expect([first.links.length, second.links.length]).toEqual([1, 2]);
  second.last.handlers.onFrame(Uint8Array.of(5));
});

test("where neither leads to the host, that is told once, and the first is tried first again", async () => {
  first.fails = second.fails = "Nothing there.";
  await open();
  expect(heard).toEqual([["Nothing there.", true]]);
  await open();
  expect([first.links.length, second.links.length]).toEqual([2, 2]);
  expect(heard).toHaveLength(2);
});

test("what is closed from here says nothing, and tries no other way", async () => {
  const link = await open();
  link.close();
  expect(first.last.closed).toBe(true);
  first.last.handlers.onClose("Gone.", true);
  await vi.advanceTimersByTimeAsync(20_000);
  expect(heard).toEqual([]);
  expect(second.links).toEqual([]);
});
