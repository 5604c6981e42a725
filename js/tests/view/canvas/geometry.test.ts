import { expect, test } from "vitest";
import { around, clampSize, LIMITS, stepSize } from "../../../src/view/canvas/geometry";

test("a step larger and one smaller keep the proportion, about", () => {
  expect(stepSize({ rows: 24, cols: 80 }, 1)).toEqual({ rows: 26, cols: 87 });
  expect(stepSize({ rows: 24, cols: 80 }, -1)).toEqual({ rows: 22, cols: 73 });
});

test("steps end at the limits", () => {
  let small = { rows: 24, cols: 80 };
  let large = small;
  for (let step = 0; step < 200; step += 1) {
    small = stepSize(small, -1);
    large = stepSize(large, 1);
  }
  expect(small).toEqual({ rows: LIMITS.minRows, cols: LIMITS.minCols });
  expect(large).toEqual({ rows: LIMITS.maxRows, cols: LIMITS.maxCols });
});

test("sizes are whole cells", () => {
  expect(clampSize({ rows: 10.6, cols: 33.3 })).toEqual({ rows: 11, cols: 33 });
});

test("around", () => {
  expect(around([])).toBeNull();
  expect(
    around([
      { x: -10, y: 5, width: 20, height: 10 },
      { x: 30, y: -5, width: 5, height: 5 },
    ]),
  ).toEqual({ x: -10, y: -5, width: 45, height: 20 });
});
