// @vitest-environment happy-dom
import { Terminal } from "@xterm/headless";
import { beforeEach, expect, test } from "vitest";
import { ParseQueue } from "../../../src/view/terminal/parseQueue";
import { ParseScheduler } from "../../../src/view/terminal/parseScheduler";

const bytes = (text: string) => new TextEncoder().encode(text);

let terminal: Terminal;
let queue: ParseQueue;
let log: string[];

beforeEach(() => {
  terminal = new Terminal({ allowProposedApi: true, cols: 20, rows: 5 });
  queue = new ParseQueue(terminal, new ParseScheduler());
  log = [];
});

const note = (what: string) => () => void log.push(what);
const line = (y = 0) => terminal.buffer.active.getLine(y)!.translateToString(true);
const written = (text: string) => new Promise<void>((parsed) => queue.write(bytes(text), parsed));

test("output is parsed in order, with steps where they belong", async () => {
  queue.write(bytes("a".repeat(20_000)), note("long"));
  queue.inTurn(note("step"));
  queue.write(bytes("\r\n"), note("short"));
  await written("b\x1b[0m");
  expect(log).toEqual(["long", "step", "short"]);
  expect(line(terminal.buffer.active.baseY + terminal.buffer.active.cursorY)).toBe("b");
});

test("a step finds the terminal after the output before it, and not after the output behind it", async () => {
  let seen = "";
  queue.write(bytes("one"), note("one"));
  queue.inTurn(() => (seen = line()));
  await written(" two");
  expect(seen).toBe("one");
  expect(line()).toBe("one two");
});

test("a screen that is drawn anew takes the place of output that waits, but not of steps", async () => {
  await written("seen");
  queue.write(bytes("c".repeat(100_000)), note("dropped"));
  queue.write(bytes("d".repeat(100_000)), note("dropped too"));
  queue.inTurn(() => terminal.resize(30, 6));
  const drawn = new Promise<void>((parsed) => {
    queue.replace(note("before"), bytes("\x1bcnew"), () => {
      log.push("drawn");
      parsed();
    });
  });
  expect(log).toEqual(["dropped", "dropped too"]); // so the host learns that it may go on
  await drawn;
  expect(log).toEqual(["dropped", "dropped too", "before", "drawn"]);
  expect([terminal.cols, line(), terminal.buffer.active.length]).toEqual([30, "new", 6]);
});

test("nothing is given to a terminal that is gone", async () => {
  queue.write(bytes("e".repeat(100_000)), note("gone"));
  queue.dispose();
  expect(queue.waiting).toBe(false);
  const other = new ParseQueue(terminal, new ParseScheduler());
  await new Promise<void>((parsed) => other.write(bytes("f"), parsed));
  expect(log).toEqual([]);
});
