import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Throttle } from "../../../src/view/canvas/throttle";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function recorded() {
  const seen: number[] = [];
  return { seen, throttle: new Throttle<number>(80, (value) => seen.push(value)) };
}

test("the first at once, then the newest at intervals", () => {
  const { seen, throttle } = recorded();
  for (const value of [1, 2, 3]) throttle.push(value);
  expect(seen).toEqual([1]);
  vi.advanceTimersByTime(80);
  expect(seen).toEqual([1, 3]);
  vi.advanceTimersByTime(1000);
  expect(seen).toEqual([1, 3]);
});

test("after a pause at once again", () => {
  const { seen, throttle } = recorded();
  throttle.push(1);
  vi.advanceTimersByTime(80);
  throttle.push(2);
  expect(seen).toEqual([1, 2]);
});

test("the last one overtakes what waits, and nothing follows it", () => {
  const { seen, throttle } = recorded();
  throttle.push(1);
  throttle.push(2);
  throttle.finish(9);
  vi.advanceTimersByTime(1000);
  expect(seen).toEqual([1, 9]);
});

test("cancelled, nothing follows", () => {
  const { seen, throttle } = recorded();
  throttle.push(1);
  throttle.push(2);
  throttle.cancel();
  vi.advanceTimersByTime(1000);
  expect(seen).toEqual([1]);
});
