import { describe, expect, test } from "vitest";
import { Outbox, type Ask, type Dropped, type Terms } from "../../src/client/outbox";
import type { ClientMessage } from "../../src/protocol/messages";
import { readable } from "../../src/client/preview";
import { bytes } from "./scriptedHost";

const TOKEN = bytes("token");
const NEW = { token: TOKEN, input: 0, req: 0 };
const TERMS: Terms = { writable: true, takesInput: (sid) => sid < 3, hold: true };
const NOTHING: Dropped = { input: [], requests: [] };

function ask(what: string, more: Partial<Ask> = {}): Ask & { outcome: unknown } {
  const asked = {
    what,
    outcome: null as unknown,
    message: (req: number): ClientMessage => ({ chat: [req, what] }),
    settle: (outcome: unknown) => void (asked.outcome = outcome),
    ...more,
  };
  return asked as Ask & { outcome: unknown };
}

/** Everything that may be sent now: input as text, requests as numbers and names. */
function sent(outbox: Outbox): string[] {
  const said = [];
  for (let message = outbox.next(); message !== null; message = outbox.next()) said.push(asText(message));
  return said;
}

function asText(message: ClientMessage): string {
  if ("data" in message) return `${message.data[0]}@${message.data[1]} ${new TextDecoder().decode(message.data[2])}`;
  if ("chat" in message) return `#${message.chat[0]} ${message.chat[1]}`;
  throw new Error("not of the outbox");
}

function opened(): Outbox {
  const outbox = new Outbox();
  expect(outbox.open(NEW, TERMS, 0)).toEqual(NOTHING);
  return outbox;
}

/** Small and reproducible (mulberry32). */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

/** A host that takes input and requests as the protocol says, and what it has done in order. */
class ModelHost {
  input = 0;
  req = 0;
  readonly done: string[] = [];
  readonly typed = new Map<number, string>();
  token = TOKEN;

  /** Returns the request's number, if it is one: it is answered again whenever it comes again. */
  take(message: ClientMessage): number | null {
    if ("data" in message) {
      const [sid, n, data] = message.data;
      if (n > this.input) throw new Error(`a gap: ${n} after ${this.input}`);
      const fresh = new TextDecoder().decode(data.subarray(this.input - n));
      this.input = Math.max(this.input, n + data.length);
      this.typed.set(sid, (this.typed.get(sid) ?? "") + fresh);
      for (const char of fresh) this.done.push(`${sid}${char}`);
      return null;
    }
    if (!("chat" in message)) throw new Error("not of the outbox");
    const [req, what] = message.chat;
    if (req > this.req) {
      this.req = req;
      this.done.push(what);
    }
    return req;
  }
}

describe("nothing is lost or doubled, and all is in order", () => {
  test.each(Array.from({ length: 60 }, (_, seed) => seed))("over many broken links: %i", (seed) => {
    const dice = random(seed);
    const host = new ModelHost();
    const outbox = new Outbox();
    const wanted: string[] = [];
    const asked: ReturnType<typeof ask>[] = [];
    const byNumber: (ReturnType<typeof ask> | undefined)[] = [];
    /** On their way to the host, and back: a broken link loses what is on it. */
    let there: ClientMessage[] = [];
    let back: (() => void)[] = [];
    const state = { linked: false };
    let now = 0;
    const link = () => {
      expect(outbox.open({ token: host.token, input: host.input, req: host.req }, TERMS, now)).toEqual(NOTHING);
      state.linked = true;
    };
    const cut = () => {
      outbox.close();
      there = [];
      back = [];
      state.linked = false;
    };
    for (let step = 0; step < 3000; step++) {
      now += dice(3);
      const what = dice(100);
      if (what < 30) {
        const sid = 1 + dice(2);
        const text = String.fromCharCode(97 + dice(26)).repeat(1 + dice(4));
        if (outbox.type(sid, bytes(text), now)) wanted.push(...Array.from(text, (char) => `${sid}${char}`));
      } else if (what < 40) {
        const one = ask(`request ${asked.length}`);
        if (outbox.ask(one, now)) {
          asked.push(one);
          wanted.push(one.what);
        }
      } else if (what < 60) {
        for (let count = dice(6); count > 0; count--) {
          const message = outbox.next();
          if (message === null) break;
          there.push(message);
          if ("chat" in message) byNumber[message.chat[0]] ??= asked.find((one) => one.what === message.chat[1]);
        }
      } else if (what < 80) {
        for (const message of there.splice(0, dice(6))) {
          const req = host.take(message);
          if (req !== null) back.push(() => outbox.answered(req)?.settle({ value: req }));
        }
        const { input } = host;
        back.push(() => outbox.taken(input, now));
      } else if (what < 96) for (const answer of back.splice(0, dice(8))) answer();
      else if (state.linked) cut();
      else link();
    }
    cut();
    link();
    for (let idle = 0; idle < 500; idle++) {
      for (let message = outbox.next(); message !== null; message = outbox.next()) {
        const req = host.take(message);
        if (req !== null) outbox.answered(req)?.settle({ value: req });
      }
      outbox.taken(host.input, now);
    }
    expect(host.done).toEqual(wanted);
    expect(outbox.inputBytes).toBe(0);
    expect(asked.every(({ outcome }) => outcome !== null && outcome !== "failed")).toBe(true);
    expect(byNumber.every((one, req) => one === undefined || (one.outcome as { value: number }).value === req)).toBe(
      true,
    );
    expect(wanted.length).toBeGreaterThan(500);
  });
});

describe("the stream", () => {
  test("of another token is new: what was sent may be lost, what was not is sent unless it follows that", () => {
    const outbox = opened();
    const [old, young] = [ask("old"), ask("young")];
    outbox.type(1, bytes("sent"), 0);
    outbox.ask(old, 0);
    expect(sent(outbox)).toEqual(["1@0 sent", "#1 old"]);
    outbox.close();
    outbox.type(1, bytes("not sent"), 1);
    outbox.type(2, bytes("elsewhere"), 1);
    outbox.ask(young, 1);
    expect(outbox.open({ token: bytes("other"), input: 0, req: 0 }, TERMS, 2)).toEqual({
      input: [
        { sid: 1, data: bytes("sent"), reason: "unknown" },
        { sid: 1, data: bytes("not sent"), reason: "unknown" }, // it would come without what was before it
      ],
      requests: [{ ask: old, sent: true }],
    });
    expect(sent(outbox)).toEqual(["2@0 elsewhere", "#1 young"]);
  });

  test("without a token is new too", () => {
    const outbox = new Outbox();
    outbox.open({ ...NEW, token: null }, TERMS, 0);
    outbox.type(1, bytes("x"), 0);
    sent(outbox);
    outbox.close();
    expect(outbox.open({ ...NEW, token: null }, TERMS, 0).input).toHaveLength(1);
  });

  test("goes on where the host is, whatever an earlier client has sent", () => {
    const outbox = new Outbox();
    outbox.open({ token: TOKEN, input: 10, req: 5 }, TERMS, 0);
    outbox.type(1, bytes("x"), 0);
    outbox.ask(ask("y"), 0);
    expect(sent(outbox)).toEqual(["1@10 x", "#6 y"]);
  });

  test("nothing is sent without a settled link", () => {
    const outbox = new Outbox();
    outbox.type(1, bytes("x"), 0);
    expect([outbox.ready, outbox.next()]).toEqual([false, null]);
    outbox.open(NEW, TERMS, 0);
    expect(outbox.ready).toBe(true);
    outbox.close();
    expect([outbox.ready, outbox.next()]).toEqual([false, null]);
  });

  test("what does not fit here any more is not sent, and leaves no gap", () => {
    const outbox = opened();
    outbox.type(1, bytes("gone"), 0);
    outbox.type(2, bytes("kept"), 0);
    sent(outbox);
    outbox.close();
    expect(outbox.open(NEW, { ...TERMS, takesInput: (sid) => sid === 2 }, 1).input).toEqual([
      { sid: 1, data: bytes("gone"), reason: "noShell" },
    ]);
    expect(sent(outbox)).toEqual(["2@0 kept"]);
    outbox.close();
    expect(outbox.open(NEW, { ...TERMS, writable: false }, 1).input).toEqual([
      { sid: 2, data: bytes("kept"), reason: "notAllowed" },
    ]);
    expect([sent(outbox), outbox.inputBytes]).toEqual([[], 0]);
  });
});

describe("input that waited long", () => {
  function waited(): Outbox {
    const outbox = opened();
    outbox.close();
    outbox.type(1, bytes("old"), 0);
    outbox.ask(ask("said", { chat: 4 }), 0);
    outbox.type(2, bytes("young"), 9_000);
    return outbox;
  }

  test("is held, all of it, and requests go past it", () => {
    const outbox = waited();
    outbox.open(NEW, TERMS, 10_001);
    outbox.type(1, bytes("later"), 10_002);
    expect(sent(outbox)).toEqual(["#1 said"]);
    expect(outbox.held).toEqual({ data: bytes("oldyoung"), waited: 10_001 });
    outbox.sendHeld(20_000);
    expect([outbox.held, sent(outbox)]).toEqual([null, ["1@0 old", "2@3 young", "1@8 later"]]);
    outbox.close();
    outbox.open(NEW, TERMS, 25_000); // it was wanted just now
    expect(outbox.held).toBeNull();
  });

  test("may be discarded, and what came later is sent", () => {
    const outbox = waited();
    outbox.open(NEW, TERMS, 10_001);
    outbox.type(1, bytes("later"), 10_002);
    outbox.discardHeld();
    expect(sent(outbox)).toEqual(["#1 said", "1@0 later"]);
  });

  test("stays what it is over another broken link", () => {
    const outbox = waited();
    outbox.open(NEW, TERMS, 10_001);
    outbox.close();
    expect([outbox.held, outbox.inputBytes]).toEqual([null, 8]);
    outbox.open(NEW, TERMS, 10_002);
    expect(outbox.held?.data).toEqual(bytes("oldyoung"));
  });

  test("is sent if it did not wait that long, or by who says so", () => {
    const outbox = waited();
    outbox.open(NEW, TERMS, 10_000);
    expect(sent(outbox)).toEqual(["1@0 old", "#1 said", "2@3 young"]);
    const other = waited();
    other.open(NEW, { ...TERMS, hold: false }, 60_000);
    expect(sent(other)).toHaveLength(3);
  });

  test("is not the rest of a paste that the host was taking all the time", () => {
    const outbox = opened();
    outbox.type(1, new Uint8Array(100_000), 0);
    for (let i = 0; i < 2; i++) outbox.next();
    outbox.taken(65_536, 60_000);
    outbox.close();
    outbox.open({ ...NEW, input: 65_536 }, TERMS, 62_000);
    expect([outbox.held, outbox.inputBytes]).toEqual([null, 100_000 - 65_536]);
  });

  test("may be discarded before the link is back", () => {
    const outbox = opened();
    outbox.type(1, bytes("sent"), 0);
    sent(outbox);
    outbox.discard(); // there is a link
    expect(outbox.inputBytes).toBe(4);
    outbox.close();
    outbox.type(1, bytes("waits"), 0);
    outbox.ask(ask("said"), 0);
    outbox.discard();
    expect(outbox.inputBytes).toBe(0);
    outbox.open({ ...NEW, input: 2 }, TERMS, 1);
    outbox.type(1, bytes("x"), 1);
    expect(sent(outbox)).toEqual(["#1 said", "1@2 x"]);
  });
});

describe("requests", () => {
  test("at most 64 are unanswered, and what comes after them waits too", () => {
    const outbox = opened();
    for (let i = 0; i < 70; i++) outbox.ask(ask(`${i}`), 0);
    outbox.type(1, bytes("x"), 0);
    expect(sent(outbox)).toHaveLength(64);
    expect(outbox.ready).toBe(false);
    for (let req = 1; req <= 3; req++) outbox.answered(req);
    expect(sent(outbox)).toEqual(["#65 64", "#66 65", "#67 66"]);
    outbox.close();
    outbox.open({ ...NEW, req: 67 }, TERMS, 0);
    expect(sent(outbox)).toHaveLength(64);
    for (let req = 4; req <= 67; req++) outbox.answered(req);
    expect(sent(outbox)).toEqual(["#68 67", "#69 68", "#70 69", "1@0 x"]);
  });

  test("at most 256 wait", () => {
    const outbox = new Outbox();
    for (let i = 0; i < 256; i++) expect(outbox.ask(ask("x"), 0)).toBe(true);
    expect(outbox.ask(ask("x"), 0)).toBe(false);
  });

  test("of several moves that are not sent yet the last is, in its place", () => {
    const outbox = opened();
    outbox.ask(ask("sent", { key: "move 1" }), 0);
    sent(outbox);
    outbox.close();
    outbox.ask(ask("first", { key: "move 1" }), 0);
    outbox.ask(ask("other", { key: "move 2" }), 0);
    outbox.type(1, bytes("x"), 0);
    outbox.ask(ask("last", { key: "move 1" }), 0);
    outbox.open(NEW, TERMS, 0);
    expect(sent(outbox)).toEqual(["#1 sent", "#2 other", "1@0 x", "#3 last"]);
  });

  test("that were never sent for 10 s are given up, those that were sent are not, nor is what was said", () => {
    const outbox = opened();
    outbox.ask(ask("sent"), 0);
    sent(outbox);
    outbox.close();
    const late = ask("late");
    outbox.ask(late, 0);
    outbox.ask(ask("said", { chat: 4 }), 0);
    outbox.ask(ask("young"), 1);
    expect(outbox.open(NEW, TERMS, 10_001)).toEqual({ input: [], requests: [{ ask: late, sent: false }] });
    expect(sent(outbox)).toEqual(["#1 sent", "#2 said", "#3 young"]);
  });

  test("an answer counts once", () => {
    const outbox = opened();
    const one = ask("one");
    outbox.ask(one, 0);
    expect(outbox.answered(1)).toBeNull(); // not even sent
    sent(outbox);
    expect(outbox.answered(1)).toBe(one);
    expect(outbox.answered(1)).toBeNull();
  });
});

describe("bounds", () => {
  test("count what the host has not taken yet", () => {
    const outbox = opened();
    expect(outbox.type(1, new Uint8Array(16 << 20), 0)).toBe(true);
    while (outbox.next() !== null);
    expect(outbox.type(1, bytes("x"), 0)).toBe(false);
    outbox.taken(1, 0);
    expect(outbox.type(1, bytes("x"), 0)).toBe(true);
    outbox.taken(2 ** 40, 0); // more than was sent
    expect(outbox.inputBytes).toBe(1);
  });

  test("are lower without a link, and count what is said", () => {
    const outbox = new Outbox();
    expect(outbox.ask(ask("said", { chat: 200 << 10 }), 0)).toBe(true);
    expect(outbox.type(1, new Uint8Array(60 << 10), 0)).toBe(false);
    expect(outbox.type(1, new Uint8Array(56 << 10), 0)).toBe(true);
  });

  test("no message has more than a piece, however small the parts are that it is typed in", () => {
    const outbox = opened();
    for (let i = 0; i < 9; i++) outbox.type(1, new Uint8Array(10 << 10), 0);
    outbox.type(1, new Uint8Array(70 << 10), 0);
    const sizes: number[] = [];
    for (let message = outbox.next(); message !== null; message = outbox.next()) {
      if ("data" in message) sizes.push(message.data[2].length);
    }
    expect(Math.max(...sizes)).toBeLessThanOrEqual(32 << 10);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(160 << 10);
  });

  test("go by bytes, also within a piece", () => {
    const outbox = opened();
    outbox.type(1, bytes("abc"), 0);
    sent(outbox);
    const left = [1, 2, 2, 3].map((input) => {
      outbox.taken(input, 0);
      return outbox.inputBytes;
    });
    expect(left).toEqual([2, 1, 1, 0]);
  });

  test("a hostile count changes nothing", () => {
    const outbox = opened();
    outbox.type(1, bytes("abc"), 0);
    sent(outbox);
    outbox.taken(-5, 0);
    outbox.taken(0, 0);
    expect(outbox.inputBytes).toBe(3);
  });

  test("the caller's bytes are its own", () => {
    const outbox = opened();
    const data = bytes("abc");
    outbox.type(1, data, 0);
    data.fill(0);
    expect(sent(outbox)).toEqual(["1@0 abc"]);
  });
});

test("at the end all that was not done is given back", () => {
  const outbox = opened();
  const [one, two] = [ask("one"), ask("two")];
  outbox.type(1, bytes("sent"), 0);
  outbox.ask(one, 0);
  sent(outbox);
  outbox.type(1, bytes("not sent"), 0);
  outbox.ask(two, 0);
  expect(outbox.end()).toEqual({
    input: [{ sid: 1, data: bytes("not sent"), reason: "ended" }],
    requests: [
      { ask: one, sent: true },
      { ask: two, sent: false },
    ],
  });
  expect(outbox.end()).toEqual(NOTHING);
});

test.each([
  ["ls -l\r", "ls -l↵"],
  ["\x03\x1b\t\x7f", "^C^[⇥⌫"],
  ["\x1b[A\x1bOD", "↑←"],
  ["\x1b[200~two\rlines\x1b[201~", "two↵lines"],
  ["x".repeat(201), `${"x".repeat(200)}…`],
  ["🎉".repeat(200), "🎉".repeat(200)],
])("%j can be read as %s", (typed, shown) => {
  expect(readable(bytes(typed))).toBe(shown);
});
