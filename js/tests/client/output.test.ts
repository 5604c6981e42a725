import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { SshxClient } from "../../src/client/client";
import type { TerminalSink } from "../../src/client/output";
import { CREDENTIALS, SHELL, ScriptedHost, bytes } from "./scriptedHost";

/** A terminal that parses when the test tells it to. */
class Terminal implements TerminalSink {
  /** What it shows: "|" where it was drawn anew. */
  shown = "";
  readonly waiting: (() => void)[] = [];

  constructor(readonly slow = false) {}

  write(data: Uint8Array, parsed: () => void): void {
    this.shown += new TextDecoder().decode(data);
    this.waiting.push(parsed);
    if (!this.slow) this.parse();
  }

  restore(data: Uint8Array, parsed: () => void): void {
    this.shown += "|";
    this.write(data, parsed);
  }

  parse(): void {
    for (const parsed of this.waiting.splice(0)) parsed();
  }

  /** Since it was last drawn anew. */
  get screen(): string {
    return this.shown.slice(this.shown.lastIndexOf("|") + 1);
  }
}

let host: ScriptedHost;
let client: SshxClient;

beforeEach(async () => {
  vi.useFakeTimers();
  host = new ScriptedHost();
  client = new SshxClient({ credentials: CREDENTIALS, dial: host.dial });
  client.connect();
  await host.welcome();
});

afterEach(() => {
  client.close();
  expect(vi.getTimerCount(), "timers that go on after the end").toBe(0);
  vi.useRealTimers();
});

async function comeBack(): Promise<void> {
  host.link.break();
  await vi.advanceTimersByTimeAsync(500);
  await host.welcome();
}

function snapshot(seq: number, text: string, part = 0, more = false): void {
  host.link.say({ snapshot: [1, seq, bytes(text), part, more] });
}

function chunks(seq: number, ...texts: string[]): void {
  host.link.say({ chunks: [1, seq, texts.map(bytes)] });
}

const subscribed = () => host.link.all("subscribe");

/** What the host has been told was parsed. */
async function acknowledged(): Promise<number> {
  await vi.advanceTimersByTimeAsync(25);
  return (host.link.all("ack") as [number, number][]).at(-1)?.[1] ?? 0;
}

describe("showing a shell", () => {
  test("nothing is asked for that nobody shows", () => {
    expect(host.link.heard).toHaveLength(1);
  });

  test("from its present screen on", () => {
    const terminal = new Terminal();
    client.attach(1, terminal);
    expect(subscribed()).toEqual([[1, -1]]);
    chunks(90, "too early: not on the screen that comes");
    snapshot(100, "$ ");
    chunks(102 - 2, "ls", "\r\n");
    chunks(104, "a b c");
    expect(terminal.shown).toBe("|$ ls\r\na b c");
  });

  test("before it is known, or before there is a link", async () => {
    host.link.break();
    const terminal = new Terminal();
    client.attach(7, terminal);
    client.attach(1, new Terminal());
    host.shells.push([7, SHELL]);
    await vi.advanceTimersByTimeAsync(500);
    await host.welcome();
    expect(subscribed()).toEqual([
      [7, -1],
      [1, -1],
    ]);
  });

  test("that comes later, once", () => {
    client.attach(1, new Terminal());
    host.link.say({
      shells: [
        [2, SHELL],
        [1, { ...SHELL, title: "vim" }],
      ],
    });
    host.link.say({ shells: [[1, SHELL]] });
    expect(subscribed()).toEqual([[1, -1]]);
  });

  test("no more, and then again", async () => {
    const first = new Terminal(true);
    const detach = client.attach(1, first);
    snapshot(100, "one");
    chunks(100, "two");
    detach();
    chunks(103, "three");
    expect(first.shown).toBe("|onetwo");
    expect(await acknowledged()).toBe(11); // what it was given, and what nobody was given
    first.parse();
    expect(await acknowledged()).toBe(11);
    const second = new Terminal();
    client.attach(1, second);
    expect(subscribed()).toEqual([
      [1, -1],
      [1, -1],
    ]);
    chunks(108, "late");
    snapshot(112, "onetwothreelate");
    chunks(112, "!");
    expect(second.shown).toBe("|onetwothreelate!");
    expect(await acknowledged()).toBe(11 + 4 + 15 + 1);
    detach(); // of the first: not the second's
    chunks(113, "?");
    expect(second.screen).toBe("onetwothreelate!?");
  });

  test("in another terminal too", async () => {
    const [first, second] = [new Terminal(), new Terminal(true)];
    const leave = client.attach(1, first);
    snapshot(100, "one");
    const leaveToo = client.attach(1, second);
    chunks(103, "two");
    snapshot(106, "onetwo");
    chunks(106, "three");
    expect([first.screen, second.screen]).toEqual(["onetwothree", "onetwothree"]);
    expect(await acknowledged(), "what the slower one has parsed").toBe(3 + 3);
    second.parse();
    expect(await acknowledged()).toBe(6 + 6 + 5);

    chunks(111, "four");
    leaveToo();
    expect(await acknowledged(), "what nobody will parse any more").toBe(17 + 4);
    chunks(115, "five");
    expect(first.screen).toBe("onetwothreefourfive");
    expect(subscribed()).toHaveLength(2);
    leave();
  });

  test("in another terminal, of which one goes while a screen arrives", () => {
    const [first, second] = [new Terminal(), new Terminal()];
    client.attach(1, first);
    const leave = client.attach(1, second);
    snapshot(100, "on", 0, true);
    leave();
    snapshot(100, "e", 1);
    expect([first.shown, second.shown]).toEqual(["|one", ""]);
  });
});

describe("acknowledgement", () => {
  test("is of what the terminal has parsed", async () => {
    const terminal = new Terminal(true);
    client.attach(1, terminal);
    snapshot(100, "12345");
    chunks(100, "678");
    expect(await acknowledged()).toBe(0);
    terminal.waiting.shift()!();
    expect(await acknowledged()).toBe(5);
    terminal.parse();
    expect(await acknowledged()).toBe(8);
  });

  test("comes at once after much, and for much in one", async () => {
    client.attach(1, new Terminal());
    snapshot(0, "x".repeat(16 << 10));
    expect(host.link.all("ack")).toEqual([[1, 16 << 10]]);
    for (let i = 0; i < 100; i++) chunks(i, "x");
    expect(host.link.all("ack")).toHaveLength(1);
    expect(await acknowledged()).toBe((16 << 10) + 100);
    expect(host.link.all("ack")).toHaveLength(2);
  });

  test("of the parts of a snapshot does not wait for the last", async () => {
    const terminal = new Terminal(true);
    client.attach(1, terminal);
    snapshot(100, "abc", 0, true);
    snapshot(100, "de", 1, true);
    expect(await acknowledged()).toBe(5);
    snapshot(100, "f", 2, false);
    expect(await acknowledged()).toBe(5);
    terminal.parse();
    expect(await acknowledged()).toBe(6);
  });

  test("counts anew on each link, without what was parsed late", async () => {
    const terminal = new Terminal(true);
    client.attach(1, terminal);
    snapshot(100, "12345");
    await comeBack();
    terminal.parse();
    expect(await acknowledged()).toBe(0);
    chunks(100, "abc");
    expect(await acknowledged()).toBe(0);
    terminal.parse();
    expect(await acknowledged()).toBe(3);
  });
});

describe("resuming", () => {
  test("goes on after what the terminal was given, parsed or not", async () => {
    const terminal = new Terminal(true);
    client.attach(1, terminal);
    snapshot(100, "one ");
    chunks(100, "two ");
    await comeBack();
    expect(subscribed()).toEqual([[1, 104]]);
    chunks(104, "three");
    expect(terminal.shown).toBe("|one two three");
  });

  test("takes a new screen where the host has not kept what is missing", async () => {
    const terminal = new Terminal();
    client.attach(1, terminal);
    snapshot(100, "old");
    await comeBack();
    snapshot(900, "new");
    chunks(900, "er");
    expect(terminal.shown).toBe("|old|newer");
  });

  test("begins again with a snapshot that was cut", async () => {
    const terminal = new Terminal();
    client.attach(1, terminal);
    snapshot(100, "the first half", 0, true);
    await comeBack();
    expect(subscribed()).toEqual([[1, -1]]);
    snapshot(200, " and a second", 1, false); // of nothing
    expect(terminal.shown).toBe("");
    snapshot(200, "whole");
    expect(terminal.shown).toBe("|whole");
  });

  test("keeps the screen when a later snapshot was cut", async () => {
    const terminal = new Terminal();
    client.attach(1, terminal);
    snapshot(100, "screen");
    snapshot(100, "scrollback, ", 0, true);
    chunks(100, "!");
    await comeBack();
    expect(subscribed()).toEqual([[1, 101]]);
    chunks(101, "?");
    expect(terminal.shown).toBe("|screen!?");
  });

  test("forgets shells that have gone", async () => {
    const terminal = new Terminal();
    client.attach(1, terminal);
    host.shells = [[2, SHELL]];
    await comeBack();
    expect(subscribed()).toEqual([]);
    chunks(0, "x");
    expect(terminal.shown).toBe("");
  });
});

describe("a snapshot in parts", () => {
  let terminal: Terminal;

  beforeEach(() => {
    terminal = new Terminal();
    client.attach(1, terminal);
    snapshot(100, "now ");
  });

  test("output between the parts shows at once, and follows the snapshot", () => {
    snapshot(100, "before ", 0, true);
    chunks(100, "a");
    snapshot(100, "now ", 1, true);
    chunks(101, "b", "c");
    snapshot(100, "", 2, false);
    chunks(103, "d");
    expect(terminal.shown).toBe("|now abc|before now abcd");
  });

  test("what it has already is not repeated after it", () => {
    snapshot(103, "before now abc", 0, true);
    chunks(100, "ab");
    chunks(102, "cde");
    snapshot(103, "", 1, false);
    chunks(105, "f");
    expect(terminal.shown).toBe("|now abcde|before now abcdef");
  });

  test("another may begin before it is whole", () => {
    snapshot(100, "for another size", 0, true);
    chunks(100, "a");
    snapshot(101, "now a", 0, true);
    chunks(101, "b");
    snapshot(101, "!", 1, false);
    expect(terminal.screen).toBe("now a!b");
  });

  test("too much output in between: another is asked for", async () => {
    const size = 32 << 10;
    snapshot(100, "before ", 0, true);
    for (let i = 0; i < 70; i++) chunks(100 + i * size, "x".repeat(size));
    snapshot(100, "now ", 1, true);
    expect(subscribed()).toHaveLength(1);
    snapshot(100, "", 2, false);
    expect(subscribed()).toEqual([
      [1, -1],
      [1, -1],
    ]);
    expect(terminal.shown).toHaveLength(5 + 70 * size); // all of it was shown, and no old picture
    const end = 100 + 70 * size;
    chunks(end, "y");
    snapshot(end + 1, "before now y");
    chunks(end + 1, "z");
    expect(terminal.screen).toBe("before now yz");
    expect(await acknowledged()).toBe(4 + 7 + 70 * size + 4 + 1 + 12 + 1);
  });

  test("one that never ends ends the link", { timeout: 60_000 }, () => {
    const part = "x".repeat(60_000);
    for (let i = 0; i < 1200 && client.state === "connected"; i++) snapshot(100, part, i, true);
    expect(client.state).toBe("reconnecting");
  });
});

test("output of shells that were never shown does no harm", () => {
  host.link.say({ chunks: [9, 0, [bytes("x")]] });
  host.link.say({ snapshot: [9, 0, bytes("x"), 0, false] });
  expect(client.state).toBe("connected");
});
