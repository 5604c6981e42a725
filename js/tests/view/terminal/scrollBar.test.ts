// @vitest-environment happy-dom
import type { Terminal } from "@xterm/xterm";
import { expect, test } from "vitest";
import { followOncePerFrame } from "../../../src/view/terminal/scrollBar";

const nextFrame = () => new Promise((drawn) => requestAnimationFrame(drawn));

function terminal() {
  const log: unknown[][] = [];
  const viewport = {
    _sync: (...args: unknown[]) => void log.push(["sync", ...args]),
    scrollLines: (...args: unknown[]) => void log.push(["scrollLines", ...args]),
    scrollToLine: (...args: unknown[]) => void log.push(["scrollToLine", ...args]),
  };
  const made = { _core: { _viewport: viewport }, element: document.body };
  followOncePerFrame(made as unknown as Terminal);
  return { log, viewport: viewport as { _sync(line?: number): void } & typeof viewport };
}

test("a thousand lines move the scroll bar once", async () => {
  const { log, viewport } = terminal();
  for (let line = 0; line < 1000; line += 1) viewport._sync();
  expect(log).toEqual([]);
  await nextFrame();
  expect(log).toEqual([["sync"]]);
  viewport._sync();
  await nextFrame();
  expect(log).toHaveLength(2);
});

test("who scrolls starts from where the output is", async () => {
  const { log, viewport } = terminal();
  viewport._sync();
  viewport.scrollLines(-3);
  viewport.scrollToLine(7, true);
  await nextFrame();
  expect(log).toEqual([["sync"], ["scrollLines", -3], ["scrollToLine", 7, true]]);
});

test("what xterm.js has gathered itself happens at once", () => {
  const { log, viewport } = terminal();
  viewport._sync(12);
  expect(log).toEqual([["sync", 12]]);
});

test("another version's terminal stays as it is", () => {
  const other = { _core: {} };
  followOncePerFrame(other as unknown as Terminal);
  expect(other).toEqual({ _core: {} });
});
