/**
 * The question before a paste that a program would take as keys. A program in bracketed-paste mode gets a paste as one
 * text, once nothing in it can end that mode; any other takes each line break as Enter, and control characters as keys.
 */
import type { Ask } from "../Question";
import { trans } from "../../translation";

const LINE_BREAK = /\r\n|\r|\n/;
/** Control characters but Tab. Some run what was typed before them, as Ctrl-O does in bash. */
const CONTROL = /[\0-\x08\n-\x1f\x7f-\x9f]/;
const ESCAPE = /[\x1b\x9b]/g;
/** The beginning of a paste that the question shows. */
const LINES = 200;
const LINE_LENGTH = 1000;

/** Whether a program that is not in bracketed-paste mode takes a part of this text as keys. */
export function hasKeys(text: string): boolean {
  return CONTROL.test(text);
}

/** The text without the characters that could end bracketed-paste mode, as xterm and VTE paste it. */
export function harmless(text: string): string {
  return text.replace(ESCAPE, "\u241b");
}

/** Whether the person wants to paste this text into the shell of this name. */
export async function askToPaste(ask: Ask, name: string, text: string): Promise<boolean> {
  const count = linesOf(text).length;
  const choice = await ask({
    title: trans._n("Paste %1 line into “%2”?", "Paste %1 lines into “%2”?", count, name),
    text: trans.__(
      "The program in this shell treats each line break as Enter, so each line runs as soon as you paste it.",
    ),
    preview: preview(text),
    choices: [{ value: "paste", label: trans.__("Paste"), tone: "primary" }],
  });
  return choice === "paste";
}

/** The first lines of a text, each shortened, with its control characters as ^C and the like. */
export function preview(text: string): string {
  const lines = linesOf(text);
  const shown = lines.slice(0, LINES).map((line) => {
    const start = Array.from(line.slice(0, 2 * LINE_LENGTH + 2)); // a character may be two units
    const end = start.length > LINE_LENGTH ? "…" : "";
    return start.slice(0, LINE_LENGTH).map(visible).join("") + end;
  });
  return (lines.length > LINES ? [...shown, "…"] : shown).join("\n");
}

/** The lines; a break at the end of the text begins no other. */
function linesOf(text: string): string[] {
  const lines = text.split(LINE_BREAK);
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/** A character; in caret notation, or as � where there is none, if it is a control character or an invisible one. */
function visible(char: string): string {
  const code = char.codePointAt(0)!;
  if (char === "\t") return char;
  if (code < 0x20 || code === 0x7f) return `^${String.fromCodePoint(code ^ 0x40)}`;
  return /[\p{Cc}\p{Cf}\u2028\u2029]/u.test(char) ? "\ufffd" : char;
}
