import { Terminal } from "@xterm/headless";
import { expect, test } from "vitest";
import { ignoreQueries, isFocusReport } from "../../../src/view/terminal/queries";

function terminal(ignoring = true) {
  const made = new Terminal({ allowProposedApi: true, cols: 80, rows: 24 });
  const sent: string[] = [];
  made.onData((data) => sent.push(data));
  if (ignoring) ignoreQueries(made.parser);
  const write = (data: string) => new Promise<void>((parsed) => made.write(data, parsed));
  return { made, sent, write };
}

const QUERIES = [
  "\x1b[c",
  "\x1b[0c",
  "\x1b[>c",
  "\x1b[=c",
  "\x1b[>q",
  "\x1b[5n",
  "\x1b[6n",
  "\x1b[?6n",
  "\x1b[?1$p",
  "\x1b[4$p",
  "\x1bP$qm\x1b\\",
  "\x1bP$q r\x1b\\",
  "\x1b[18t",
  "\x1b]10;?\x07",
  "\x1b]11;?\x1b\\",
  "\x1b]12;?\x07",
  "\x1b]4;1;?\x07",
];

test.each(QUERIES)("%j is not answered", async (query) => {
  const { sent, write } = terminal();
  await write(query);
  expect(sent).toEqual([]);
});

test("xterm.js would answer without that", async () => {
  const { sent, write } = terminal(false);
  await write("\x1b[c\x1b[6n\x1b[?1$p");
  expect(sent).toHaveLength(3);
});

test("what is around a query is shown, and keys are sent", async () => {
  const { made, sent, write } = terminal();
  await write("a\x1b[6nb\x1b]11;?\x07c");
  expect(made.buffer.active.getLine(0)!.translateToString(true)).toBe("abc");
  made.input("x\x1b[A");
  expect(sent).toEqual(["x\x1b[A"]);
});

test("other sequences with the same letters still work", async () => {
  const { made, write } = terminal();
  await write("abc\x1b[!pdef\x1b[2;5Hx\x1b[?25l\x1b]4;1;rgb:00/ff/00\x07");
  expect(made.buffer.active.getLine(0)!.translateToString(true)).toBe("abcdef");
  expect(made.buffer.active.getLine(1)!.translateToString(true)).toBe("    x");
});

test("reports of the focus", () => {
  expect(["\x1b[I", "\x1b[O", "\x1b[A", "I"].map(isFocusReport)).toEqual([true, true, false, false]);
});
