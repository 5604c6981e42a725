/**
 * The canvas' measures. Its unit is a pixel at the nominal font size: people with other font sizes see the same
 * layout, larger or smaller.
 */
import type { Size } from "../../protocol/messages";

export const NOMINAL_FONT_SIZE = 14;

/** About a cell at the nominal font size, until a terminal has been measured. */
export const NOMINAL_CELL = { width: 8.4, height: 17 };

/** What a window adds to its cells: the title bar, the padding, the border. */
export const FRAME = { width: 14, height: 44 };

/** What stays free between two windows. */
export const GAP = 24;

/** What one may make of a shell with the buttons and handles here. The protocol takes more. */
export const LIMITS = { minRows: 2, maxRows: 200, minCols: 10, maxCols: 500 };

/** The size that a host gives to new shells. */
export const NEW_SHELL = { rows: 24, cols: 80 };

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** A window's size on the canvas. */
export function windowSize({ rows, cols }: Size, cell = NOMINAL_CELL): { width: number; height: number } {
  return { width: cols * cell.width + FRAME.width, height: rows * cell.height + FRAME.height };
}

export function clampSize({ rows, cols }: Size): Size {
  return {
    rows: Math.min(LIMITS.maxRows, Math.max(LIMITS.minRows, Math.round(rows))),
    cols: Math.min(LIMITS.maxCols, Math.max(LIMITS.minCols, Math.round(cols))),
  };
}

/** One step larger (1) or smaller (-1), in about the proportion that the shell has. */
export function stepSize({ rows, cols }: Size, direction: 1 | -1): Size {
  const step = Math.max(1, Math.round(rows / 12));
  return clampSize({
    rows: rows + direction * step,
    cols: cols + direction * Math.max(2, Math.round((step * cols) / rows)),
  });
}

/** The box around all boxes; null if there are none. */
export function around(boxes: readonly Box[]): Box | null {
  if (boxes.length === 0) return null;
  const x = Math.min(...boxes.map((box) => box.x));
  const y = Math.min(...boxes.map((box) => box.y));
  return {
    x,
    y,
    width: Math.max(...boxes.map((box) => box.x + box.width)) - x,
    height: Math.max(...boxes.map((box) => box.y + box.height)) - y,
  };
}
