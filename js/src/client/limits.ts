/** Makes what an application passes fit what the host and the protocol take. */
import { MAX_COLS, MAX_POSITION, MAX_ROWS, type Size } from "../protocol/messages";

/** Longest text that is sent: with it a message fits into a frame. The host sets much lower limits. */
export const TEXT_LENGTH = 16_000;

/** The number, or the nearest that the host takes. */
function within(value: number, low: number, high: number): number {
  return Math.min(Math.max(value || 0, low), high);
}

/** A coordinate on the canvas. */
export function coordinate(value: number): number {
  return within(value, -MAX_POSITION, MAX_POSITION);
}

/** A place on the canvas in whole pixels. */
export function position(value: number): number {
  return coordinate(Math.round(value));
}

/** A size in whole cells. */
export function size({ rows, cols }: Size): Size {
  return { rows: within(Math.round(rows), 1, MAX_ROWS), cols: within(Math.round(cols), 1, MAX_COLS) };
}

/** The text with U+FFFD for halves of characters, which UTF-8 cannot express. */
export function wellFormed(text: string): string {
  return new TextDecoder().decode(new TextEncoder().encode(text));
}
