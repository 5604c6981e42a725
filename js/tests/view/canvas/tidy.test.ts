import { expect, test } from "vitest";
import { GAP, around, windowSize, type Box } from "../../../src/view/canvas/geometry";
import { tidy } from "../../../src/view/canvas/tidy";
import { MAX_POSITION } from "../../../src/protocol/messages";

type Window = Box & { sid: number };

/** Numbers from 0 to 1 that are the same in each run (mulberry32). */
function random(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function someWindows(seed: number): Window[] {
  const next = random(seed);
  return Array.from({ length: 1 + Math.floor(next() * 14) }, (_, sid) => ({
    sid,
    x: Math.round((next() - 0.5) * 4000),
    y: Math.round((next() - 0.5) * 4000),
    ...windowSize(next() < 0.5 ? { rows: 24, cols: 80 } : { rows: 2 + next() * 60, cols: 10 + next() * 230 }),
  }));
}

const VIEW = { width: 1280, height: 800 };
const arranged = (windows: readonly Window[], view = VIEW): Window[] => {
  const places = tidy(windows, view);
  return windows.map((window) => ({ ...window, ...places.get(window.sid)! }));
};
const apart = (a: Box, b: Box) =>
  a.x + a.width + GAP <= b.x ||
  b.x + b.width + GAP <= a.x ||
  a.y + a.height + GAP <= b.y ||
  b.y + b.height + GAP <= a.y;

test("whatever windows there are: none overlaps another, all begin where they began, in whole pixels", () => {
  for (let seed = 0; seed < 300; seed += 1) {
    const before = someWindows(seed);
    const after = arranged(before);
    for (const [at, one] of after.entries()) {
      for (const other of after.slice(at + 1)) expect(apart(one, other), `seed ${seed}`).toBe(true);
      expect([one.x, one.y].every(Number.isInteger)).toBe(true);
    }
    const [was, is] = [around(before)!, around(after)!];
    expect([is.x, is.y]).toEqual([was.x, was.y]);
  }
});

test("windows go beside each other where there is room, whichever come first", () => {
  const large = { sid: 1, x: 0, y: 0, width: 950, height: 560 };
  const small = (sid: number) => ({ sid, x: 200 * sid, y: 700, width: 540, height: 340 });
  const [one, two, three] = arranged([large, small(2), small(3)], { width: 716, height: 640 });
  expect(two!.y).toBe(three!.y);
  expect(two!.y).toBeGreaterThan(one!.y);
});

test("what is tidy stays as it is", () => {
  for (let seed = 0; seed < 300; seed += 1) {
    const once = arranged(someWindows(seed));
    expect(arranged(once), `seed ${seed}`).toEqual(once);
  }
});

test("the order in which one reads them stays", () => {
  const windows = [
    { sid: 1, x: 900, y: 20 },
    { sid: 2, x: 0, y: 40 },
    { sid: 3, x: 100, y: 700 },
    { sid: 4, x: 50, y: 0 },
  ].map((window) => ({ ...window, width: 700, height: 450 }));
  const read = arranged(windows).sort((a, b) => a.y - b.y || a.x - b.x);
  expect(read.map(({ sid }) => sid)).toEqual([2, 4, 1, 3]);
});

test("in about the proportion of the view", () => {
  const windows = Array.from({ length: 6 }, (_, sid) => ({ sid, x: sid, y: sid, width: 700, height: 450 }));
  const columns = (view: typeof VIEW) => new Set(arranged(windows, view).map(({ x }) => x)).size;
  expect([columns(VIEW), columns({ width: 400, height: 4000 }), columns({ width: 9000, height: 500 })]).toEqual([
    3, 1, 6,
  ]);
});

test("at the end of the canvas: on it", () => {
  const end = MAX_POSITION;
  const windows = [1, 2].map((sid) => ({ sid, x: end, y: end, width: 700, height: 450 }));
  for (const { x, y } of arranged(windows)) expect(Math.max(x, y)).toBeLessThanOrEqual(end);
  expect(tidy([], VIEW).size).toBe(0);
});
