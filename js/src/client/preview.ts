/** Input as a person can read it: what keys send that print nothing has a sign of its own. */

/** Characters that are shown at most. */
const LENGTH = 200;

const SIGNS = new Map([
  ["\r", "↵"],
  ["\n", "↵"],
  ["\t", "⇥"],
  ["\x7f", "⌫"],
  ["\x1b[A", "↑"],
  ["\x1b[B", "↓"],
  ["\x1b[C", "→"],
  ["\x1b[D", "←"],
  ["\x1bOA", "↑"],
  ["\x1bOB", "↓"],
  ["\x1bOC", "→"],
  ["\x1bOD", "←"],
]);
const UNPRINTED = /\x1b[[O][A-D]|[\0-\x1f\x7f-\x9f]/g;
/** Marks around a paste: the terminal's, not the person's. */
const PASTE_MARKS = /\x1b\[20[01]~/g;

/** At most 200 characters of the input, and … if there are more. */
export function readable(data: Uint8Array): string {
  const bytes = data.subarray(0, 8 * LENGTH);
  const text = new TextDecoder().decode(bytes).replace(PASTE_MARKS, "");
  const signs = Array.from(text.replace(UNPRINTED, (key) => SIGNS.get(key) ?? caret(key)));
  const whole = bytes.length === data.length && signs.length <= LENGTH;
  return whole ? signs.join("") : `${signs.slice(0, LENGTH).join("")}…`;
}

/** ^C and the like. */
function caret(control: string): string {
  const code = control.charCodeAt(0);
  return code < 0x20 ? `^${String.fromCharCode(code + 0x40)}` : "\ufffd";
}
