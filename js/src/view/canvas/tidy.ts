/** Arranges windows in rows, in the order in which one reads them now, so that none overlaps another. */
import { MAX_POSITION } from "../../protocol/messages";
import { around, GAP, type Box } from "./geometry";

interface Window extends Box {
  readonly sid: number;
}

/** Where each window goes, in whole pixels; in about the proportion of `view`, from the upper left corner of them all. */
export function tidy(
  windows: readonly Window[],
  view: { readonly width: number; readonly height: number },
): Map<number, { x: number; y: number }> {
  const all = around(windows);
  if (!all) return new Map();
  const ordered = inReadingOrder(windows);
  let best: Arrangement | null = null;
  let largest = -Infinity;
  // The widest row decides, and any consecutive windows may be in it.
  for (const first of ordered.keys()) {
    let width = 0;
    for (const window of ordered.slice(first)) {
      width += Math.ceil(window.width) + GAP;
      const tried = inRows(ordered, width);
      const scale = Math.min(view.width / tried.width, view.height / tried.height);
      if (scale <= largest) continue;
      largest = scale;
      best = tried;
    }
  }
  const { places, ...size } = best!;
  const left = onCanvas(all.x, size.width);
  const top = onCanvas(all.y, size.height);
  return new Map([...places].map(([sid, { x, y }]) => [sid, { x: left + x, y: top + y }]));
}

/** From left to right in rows from top to bottom. A window is in a row if it begins in the upper half of its first. */
function inReadingOrder(windows: readonly Window[]): Window[] {
  const rows: Window[][] = [];
  for (const window of [...windows].sort((a, b) => a.y - b.y || a.x - b.x || a.sid - b.sid)) {
    const [first] = rows.at(-1) ?? [];
    if (first && window.y < first.y + first.height / 2) rows.at(-1)!.push(window);
    else rows.push([window]);
  }
  return rows.flatMap((row) => row.sort((a, b) => a.x - b.x || a.y - b.y || a.sid - b.sid));
}

interface Arrangement {
  places: Map<number, { x: number; y: number }>;
  width: number;
  height: number;
}

/** Rows that are at most so wide, each gap included; a wider window has a row of its own. */
function inRows(windows: readonly Window[], most: number): Arrangement {
  const places = new Map<number, { x: number; y: number }>();
  let [x, y, rowHeight, widest] = [0, 0, 0, 0];
  for (const { sid, width, height } of windows) {
    const wide = Math.ceil(width) + GAP;
    if (x > 0 && x + wide > most) {
      [x, y, rowHeight] = [0, y + rowHeight, 0];
    }
    places.set(sid, { x, y });
    x += wide;
    rowHeight = Math.max(rowHeight, Math.ceil(height) + GAP);
    widest = Math.max(widest, x);
  }
  return { places, width: widest, height: y + rowHeight };
}

function onCanvas(at: number, size: number): number {
  return Math.max(-MAX_POSITION, Math.min(MAX_POSITION - size, Math.round(at)));
}
