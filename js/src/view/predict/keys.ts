/** What the person typed, as the keystrokes whose effect on a line can be foretold. */

export type Key =
  /** A character, and how many columns every terminal gives it. */
  | { type: "text"; char: string; width: 1 | 2 }
  | { type: "backspace" }
  | { type: "left" }
  | { type: "right" }
  /** Whatever this does, it ends the line that was edited. */
  | { type: "end" }
  /** Anything else: nobody knows what it does. */
  | { type: "other" };

/** More than this at once is a paste. */
const MAX_KEYS = 200;

const LEFT = /^\x1b[[O]D$/;
const RIGHT = /^\x1b[[O]C$/;
const PIECES = /\x1b[[O][CD]|[^]/gu;

/** Enter, Ctrl-C and Ctrl-D. */
const ENDS = /^[\r\n\x03\x04]$/;

/** Letters and signs without any doubt about their width. Emoji, combining marks and whole scripts are not among them. */
const NARROW =
  /^[\x20-\x7e\u00a1-\u00ac\u00ae-\u02ff\u0370-\u0373\u0376\u0377\u0384-\u03ff\u0400-\u0482\u048a-\u052f€]$/;
const WIDE = /^[\u3041-\u3096\u30a1-\u30fa\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3]$/;

export function keysOf(data: string): Key[] {
  const pieces = data.length <= MAX_KEYS ? (data.match(PIECES) ?? []) : [];
  const keys: Key[] = [];
  for (const piece of pieces) {
    const key = keyOf(piece);
    keys.push(key);
    // What follows may belong to it, as in an escape sequence.
    if (key.type === "other") break;
  }
  return pieces.length > 0 ? keys : [{ type: "other" }];
}

function keyOf(piece: string): Key {
  if (NARROW.test(piece)) return { type: "text", char: piece, width: 1 };
  if (WIDE.test(piece)) return { type: "text", char: piece, width: 2 };
  if (piece === "\x7f" || piece === "\b") return { type: "backspace" };
  if (LEFT.test(piece)) return { type: "left" };
  if (RIGHT.test(piece)) return { type: "right" };
  return { type: ENDS.test(piece) ? "end" : "other" };
}
