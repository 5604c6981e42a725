/**
 * Where a new shell goes: where nothing is, near the middle of what one sees, measured by its size; and so that many
 * shells become rows rather than one long line, which would be tiny when all of it is shown.
 */
import { around, GAP, type Box } from "./geometry";

/** So much is given up for straight rows. */
const SLACK = 8;

/** The upper left corner for a window of `width` and `height` that overlaps none of `taken`. */
export function place(
  { width, height }: { width: number; height: number },
  taken: readonly Box[],
  seen: Box,
): { x: number; y: number } {
  const ideal = { x: seen.x + (seen.width - width) / 2, y: seen.y + (seen.height - height) / 2 };
  // The nearest free place touches others' edges (with the gap), or is level with the ideal place: look at all of these.
  const xs = new Set<number>();
  const ys = new Set<number>();
  for (const box of taken) {
    // To the right and below first: of two places that are equally near, the first is taken.
    for (const x of [box.x + box.width + GAP, box.x, box.x - GAP - width]) xs.add(x);
    for (const y of [box.y + box.height + GAP, box.y, box.y - GAP - height]) ys.add(y);
  }
  xs.add(ideal.x);
  ys.add(ideal.y);
  const off = (at: number, ideal: number) => Math.max(0, Math.abs(at - ideal) - SLACK);
  const near = taken.filter((box) => within(box, seen));
  let best = ideal;
  let least = Infinity;
  for (const x of xs) {
    for (const y of ys) {
      const all = around([...near, { x, y, width, height }])!;
      const distance = Math.hypot(off(x, ideal.x) / seen.width, off(y, ideal.y) / seen.height);
      const cost = distance + Math.max(all.width / seen.width, all.height / seen.height) / 2;
      if (cost < least && !taken.some((box) => tooNear({ x, y, width, height }, box))) {
        best = { x, y };
        least = cost;
      }
    }
  }
  return { x: Math.round(best.x), y: Math.round(best.y) };
}

/** Whether any of a box is in what one sees, or as far from it as that is large. */
function within(box: Box, { x, y, width, height }: Box): boolean {
  return (
    box.x < x + 2 * width && x - width < box.x + box.width && box.y < y + 2 * height && y - height < box.y + box.height
  );
}

function tooNear(a: Box, b: Box): boolean {
  return (
    a.x < b.x + b.width + GAP - SLACK &&
    b.x < a.x + a.width + GAP - SLACK &&
    a.y < b.y + b.height + GAP - SLACK &&
    b.y < a.y + a.height + GAP - SLACK
  );
}
