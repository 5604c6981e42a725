import { expect, test } from "vitest";
import type { Box } from "../../../src/view/canvas/geometry";
import { place } from "../../../src/view/canvas/place";

const WINDOW = { width: 700, height: 450 };
/** What one sees, around a point. */
const around = (x: number, y: number): Box => ({ x: x - 640, y: y - 400, width: 1280, height: 800 });
const overlap = (a: Box, b: Box) =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

test("an empty canvas: in the middle of what one sees", () => {
  expect(place(WINDOW, [], around(1000, 500))).toEqual({ x: 650, y: 275 });
});

test("what is far away does not matter", () => {
  expect(place(WINDOW, [{ x: 9000, y: 0, ...WINDOW }], around(0, 0))).toEqual({ x: -350, y: -225 });
});

test("fourteen windows, one after the other at the same place: none overlaps another, and none is far", () => {
  const taken: Box[] = [];
  for (let at = 0; at < 14; at += 1) {
    const box = { ...place(WINDOW, taken, around(0, 0)), ...WINDOW };
    expect(taken.filter((other) => overlap(box, other))).toEqual([]);
    taken.push(box);
  }
  expect(Math.max(...taken.map(({ x, y }) => Math.hypot(x, y)))).toBeLessThan(2500);
});

test("beside rather than above or below, where there is more room, and to the right rather than to the left", () => {
  expect(place(WINDOW, [{ x: -350, y: -225, ...WINDOW }], around(0, 0))).toEqual({ x: 374, y: -225 });
});

test("a gap that is wide enough is used", () => {
  const taken = [
    { x: -1200, y: -300, width: 800, height: 600 },
    { x: 400, y: -300, width: 800, height: 600 },
  ];
  const { x, y } = place(WINDOW, taken, around(40, 0));
  expect(x).toBeGreaterThanOrEqual(-400);
  expect(x + WINDOW.width).toBeLessThanOrEqual(400);
  expect(y).toBe(-225);
});

test("the same question has the same answer, in whole pixels", () => {
  const taken = [{ x: 0.5, y: 0.25, width: 300.3, height: 200.7 }];
  const first = place(WINDOW, taken, around(10.1, 20.2));
  expect(place(WINDOW, taken, around(10.1, 20.2))).toEqual(first);
  expect(Number.isInteger(first.x) && Number.isInteger(first.y)).toBe(true);
});

test("each beside the last one, which is about in the middle then: straight rows, and not one line", () => {
  const taken: Box[] = [];
  for (let at = 0; at < 6; at += 1) {
    const { x, y } = taken.at(-1) ?? { x: 0, y: 0 };
    taken.push({ ...place(WINDOW, taken, around(x + WINDOW.width / 2 + 1, y + WINDOW.height / 2 - 1)), ...WINDOW });
  }
  expect(new Set(taken.map(({ x }) => x)).size).toBe(3);
  expect(new Set(taken.map(({ y }) => y)).size).toBe(2);
});
