/** The outbox against a model of the host: whatever breaks, nothing is lost, doubled or reordered. */
import { describe, expect, test, vi } from "vitest";
import { Outbox, STALE, UNANSWERED, isInput, type Loss, type Wish } from "../../src/outbox";
import type { ClientMessage } from "../../src/protocol/messages";
import { bytes } from "./scriptedHost";

const SHELLS = new Set([1, 2]);

/** What a host does with one client's stream. */
class Host {
  token = "token";
  input = 0;
  req = 0;
  readonly typed = new Map<number, string>();
  readonly said: string[] = [];

  /** Take a message; returns the number of the request that it answers. */
  take(message: ClientMessage): number | null {
    if ("data" in message) {
      const [sid, n, data] = message.data;
      expect(n, "input before it is missing").toBeLessThanOrEqual(this.input);
      const fresh = data.subarray(this.input - n);
      this.input += fresh.length;
      this.typed.set(sid, (this.typed.get(sid) ?? "") + new TextDecoder().decode(fresh));
      return null;
    }
    const [req, text] = (message as { chat: [number, string] }).chat;
    if (req > this.req) {
      this.req = req;
      this.said.push(text);
    }
    return req;
  }

  forget(): void {
    Object.assign(this, { token: "another", input: 0, req: 0 });
  }
}

function say(text: string, wish: Partial<Wish> = {}): Wish {
  return { message: (req) => ({ chat: [req, text] }), failed: () => undefined, ageless: true, ...wish };
}

function settle(outbox: Outbox, host: Host, now = 0): [string, string][] {
  return codes(outbox.open(host.token, host.input, host.req, SHELLS, true, now));
}

const codes = (losses: Loss[]) =>
  losses.map(({ item, code }): [string, string] => [isInput(item) ? "input" : "request", code]);

function all(outbox: Outbox): ClientMessage[] {
  const messages: ClientMessage[] = [];
  for (let message = outbox.next(); message !== null; message = outbox.next()) messages.push(message);
  return messages;
}

/** A generator of numbers below `n`, the same ones for a seed (mulberry32). */
function random(seed: number): (n: number) => number {
  return (n) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % n;
  };
}

describe("the outbox", () => {
  test("loses and doubles nothing however often the link breaks", () => {
    for (let seed = 0; seed < 300; seed++) {
      const chance = random(seed);
      const outbox = new Outbox("send");
      const host = new Host();
      const typed = new Map<number, string>();
      const said: string[] = [];
      settle(outbox, host);
      for (let number = 0; number < 150; number++) {
        if (chance(2)) {
          const sid = 1 + chance(2);
          outbox.type(sid, bytes(`<${number}>`), 0);
          typed.set(sid, `${typed.get(sid) ?? ""}<${number}>`);
        } else if (chance(3) === 0) {
          outbox.ask(say(String(number)), 0);
          said.push(String(number));
        }
        const way = all(outbox);
        const arriving = chance(3) === 0 ? chance(way.length + 1) : way.length;
        for (const message of way.slice(0, arriving)) {
          const answer = host.take(message);
          if (answer !== null && chance(5)) outbox.answered(answer);
        }
        if (chance(3) === 0) outbox.acknowledge(host.input);
        if (arriving < way.length || chance(10) === 0) {
          outbox.close();
          expect(settle(outbox, host)).toEqual([]);
        }
      }
      for (let again = 0; again < 3; again++) {
        outbox.close();
        settle(outbox, host);
        for (let way = all(outbox); way.length > 0; way = all(outbox)) {
          for (const message of way) {
            const answer = host.take(message);
            if (answer !== null) outbox.answered(answer);
          }
        }
      }
      outbox.acknowledge(host.input);
      expect(host.typed, `seed ${seed}`).toEqual(typed);
      expect(host.said, `seed ${seed}`).toEqual(said);
      expect(outbox.size).toBe(0);
    }
  });

  test("waits for answers before it asks for more", () => {
    const outbox = new Outbox();
    const host = new Host();
    settle(outbox, host);
    for (let number = 0; number < UNANSWERED + 5; number++) outbox.ask(say("x"), 0);
    expect(all(outbox)).toHaveLength(UNANSWERED);
    outbox.close();
    settle(outbox, host);
    expect(all(outbox)).toHaveLength(UNANSWERED); // the same again
    expect(outbox.answered(1)).not.toBeNull();
    expect(outbox.answered(1)).toBeNull();
    expect(all(outbox)).toEqual([{ chat: [UNANSWERED + 1, "x"] }]);
  });

  test("keeps only so many requests, and makes one of unsent moves", () => {
    const outbox = new Outbox();
    const move = (x: number): Wish => ({
      message: (req) => ({ move: [req, 1, { x, y: 0, rows: 24, cols: 80 }] }),
      move: 1,
      failed: () => undefined,
    });
    for (let x = 0; x < 1000; x++) expect(outbox.ask(move(x), 0)).toBe(true);
    settle(outbox, new Host());
    expect(all(outbox)).toMatchObject([{ move: [1, 1, { x: 999 }] }]);
    outbox.close();
    for (let number = 0; number < 256; number++) expect(outbox.ask(say("x"), 0)).toBe(true);
    expect(outbox.ask(say("x"), 0)).toBe(false);
  });

  test("holds input that waited for long; requests pass it", () => {
    const outbox = new Outbox();
    const host = new Host();
    outbox.type(1, bytes("rm -rf ./*\r"), 0);
    outbox.ask(say("hello"), 0);
    outbox.ask(say("late", { ageless: false }), 0);
    expect(settle(outbox, host, STALE + 1)).toEqual([["request", "stale"]]);
    expect(outbox.held).toBe(true);
    expect(all(outbox)).toEqual([{ chat: [1, "hello"] }]);
    outbox.type(1, bytes("x"), STALE + 1); // waits behind it
    expect(all(outbox)).toEqual([]);
    outbox.release();
    expect(all(outbox)).toEqual([{ data: [1, 0, bytes("rm -rf ./*\rx")] }]);
  });

  test("forgets what is discarded, and goes on where the host is", () => {
    const outbox = new Outbox();
    const host = new Host();
    settle(outbox, host);
    outbox.type(1, bytes("gone"), 0);
    all(outbox);
    outbox.close();
    outbox.discard();
    host.take({ data: [1, 0, bytes("go")] }); // some of it has arrived all the same
    settle(outbox, host);
    outbox.type(1, bytes("!"), 0);
    expect(all(outbox)).toEqual([{ data: [1, 2, bytes("!")] }]);
  });

  test("tells what was on its way when the host forgot the stream, and what means something else without it", () => {
    const outbox = new Outbox();
    const host = new Host();
    settle(outbox, host);
    outbox.type(1, bytes("cd scratch && "), 0);
    all(outbox);
    outbox.type(1, bytes("rm -rf ./*\r"), 0);
    outbox.type(2, bytes("ls\r"), 0);
    outbox.close();
    host.forget();
    expect(settle(outbox, host)).toEqual([
      ["input", "lost"],
      ["input", "lost"],
    ]);
    expect(all(outbox)).toEqual([{ data: [2, 0, bytes("ls\r")] }]);
  });

  test("tells what is for a shell that has ended, or from a reader", () => {
    const outbox = new Outbox();
    outbox.type(3, bytes("a"), 0);
    outbox.type(1, bytes("b"), 0);
    expect(codes(outbox.open("t", 0, 0, SHELLS, true, 0))).toEqual([["input", "noShell"]]);
    outbox.close();
    expect(codes(outbox.open("t", 0, 0, SHELLS, false, 0))).toEqual([["input", "notAllowed"]]);
    expect(outbox.size).toBe(0);
  });

  test("a failed request is told once", () => {
    const outbox = new Outbox();
    const failed = vi.fn();
    outbox.ask(say("x", { failed }), 0);
    settle(outbox, new Host());
    all(outbox);
    outbox.answered(1)?.failed("full", "Too many.");
    expect(outbox.answered(1)).toBeNull();
    expect(failed).toHaveBeenCalledOnce();
  });
});
