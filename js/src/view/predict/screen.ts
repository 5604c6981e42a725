/** What prediction needs to see of a terminal. */
import type { Terminal } from "@xterm/xterm";

/** The line that the cursor is in. */
export interface Screen {
  readonly x: number;
  readonly y: number;
  /** A character for each column: a blank is a space, the right half of a wide character is empty. */
  readonly row: readonly string[];
}

/** What xterm.js knows and does not publish. */
interface Internals {
  _core?: { coreService?: { isCursorHidden?: boolean } };
}

/** Null where nothing can be foretold: in full-screen programs, and while a program draws. */
export function readScreen(terminal: Pick<Terminal, "buffer" | "cols" | "modes">): Screen | null {
  const { buffer, cols, modes } = terminal;
  if (buffer.active.type !== "normal" || modes.mouseTrackingMode !== "none") return null;
  if (modes.synchronizedOutputMode || modes.insertMode || !modes.wraparoundMode) return null;
  if ((terminal as Internals)._core?.coreService?.isCursorHidden) return null;

  const { baseY, cursorX, cursorY } = buffer.active;
  const line = buffer.active.getLine(baseY + cursorY);
  if (!line) return null;
  const cell = buffer.active.getNullCell();
  const row: string[] = [];
  for (let x = 0; x < cols; x++) {
    line.getCell(x, cell);
    row.push(cell.getWidth() === 0 ? "" : cell.getChars() || " ");
  }
  return { x: cursorX, y: cursorY, row };
}
