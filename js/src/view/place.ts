/** Where a new shell goes: where nothing is, as near as possible to the middle of what one sees. */
import type { Box } from "./geometry";

/** What stays free between two windows. */
const GAP = 24;

/** The upper left corner for a window of `width` and `height` that overlaps none of `taken`. */
export function place(
  { width, height }: { width: number; height: number },
  taken: readonly Box[],
  center: { x: number; y: number },
): { x: number; y: number } {
  const ideal = { x: center.x - width / 2, y: center.y - height / 2 };
  // The nearest free place touches others' edges (with the gap), or is level with the ideal place: look at all of these.
  const xs = new Set([ideal.x]);
  const ys = new Set([ideal.y]);
  for (const box of taken) {
    xs.add(box.x - GAP - width)
      .add(box.x)
      .add(box.x + box.width + GAP);
    ys.add(box.y - GAP - height)
      .add(box.y)
      .add(box.y + box.height + GAP);
  }
  let best = ideal;
  let least = Infinity;
  for (const x of xs) {
    for (const y of ys) {
      const distance = Math.hypot(x - ideal.x, y - ideal.y);
      if (distance < least && !taken.some((box) => tooNear({ x, y, width, height }, box))) {
        best = { x, y };
        least = distance;
      }
    }
  }
  return { x: Math.round(best.x), y: Math.round(best.y) };
}

function tooNear(a: Box, b: Box): boolean {
  return (
    a.x < b.x + b.width + GAP - 1 &&
    b.x < a.x + a.width + GAP - 1 &&
    a.y < b.y + b.height + GAP - 1 &&
    b.y < a.y + a.height + GAP - 1
  );
}
