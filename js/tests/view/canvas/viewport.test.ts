import { expect, test } from "vitest";
import { seam } from "../../../src/view/canvas/viewport";

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
