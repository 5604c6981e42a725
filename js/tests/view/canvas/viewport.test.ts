// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { seam, Viewport } from "../../../src/view/canvas/viewport";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test("cells reach over their edges by at least a pixel of the screen, in whole pixels of an unscaled page", () => {
  for (const pixelRatio of [1, 1.5, 2, 3]) {
    expect(seam(1, pixelRatio)).toBe(0);
    for (const scale of [0.1, 0.37, 0.5, 0.93, 1.3, 2]) {
      const pixels = seam(scale, pixelRatio) * pixelRatio;
      expect(pixels * scale).toBeGreaterThanOrEqual(1);
      expect(Number.isInteger(pixels)).toBe(true);
    }
  }
});

test("the style sheet knows whether the content is being moved", () => {
  const [root, content] = [document.createElement("div"), document.createElement("div")];
  const moving = () => content.classList.contains("sshx-moving");
  const viewport = new Viewport(root, content, { pans: () => true });
  vi.runAllTimers();
  expect(moving()).toBe(false);
  for (let step = 0; step < 5; step += 1) {
    viewport.panBy(10, 0);
    vi.advanceTimersByTime(200);
    expect(moving()).toBe(true);
  }
  vi.advanceTimersByTime(200);
  expect(moving()).toBe(false);
  viewport.zoomBy(1.5);
  expect(moving()).toBe(true);
  viewport.close();
  expect(moving()).toBe(false);
  expect(vi.getTimerCount()).toBe(0);
});
