/** Where a new shell goes: where nothing is, as near as possible to the middle of what one sees, measured by its size. */
import type { Box } from "./geometry";

/** What stays free between two windows. */
const GAP = 24;

/** The upper left corner for a window of `width` and `height` that overlaps none of `taken`. */
export function place(
  { width, height }: { width: number; height: number },
  taken: readonly Box[],
  seen: Box,
): { x: number; y: number } {
  const ideal = { x: seen.x + (seen.width - width) / 2, y: seen.y + (seen.height - height) / 2 };
  // The nearest free place touches others' edges (with the gap), or is level with the ideal place: look at all of these.
  const xs = new Set([ideal.x]);
  const ys = new Set([ideal.y]);
  for (const box of taken) {
    // To the right and below first: of two places that are equally near, the first is taken.
    for (const x of [box.x + box.width + GAP, box.x, box.x - GAP - width]) xs.add(x);
    for (const y of [box.y + box.height + GAP, box.y, box.y - GAP - height]) ys.add(y);
  }
  let best = ideal;
  let least = Infinity;
  for (const x of xs) {
    for (const y of ys) {
      const distance = Math.hypot((x - ideal.x) / seen.width, (y - ideal.y) / seen.height);
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
