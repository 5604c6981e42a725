/** Which keys the terminal gets, and which the page or the browser: as in JupyterLab's terminal. */

export type KeyAction =
  /** Typed into the shell. */
  | "terminal"
  /** What the browser does with it, such as to paste. */
  | "browser"
  | "copy"
  | "find"
  | "leave";

export function keyAction(
  event: Pick<KeyboardEvent, "type" | "key" | "ctrlKey" | "shiftKey" | "altKey" | "metaKey">,
  selected: boolean,
  mac: boolean,
): KeyAction {
  if (event.type !== "keydown" || event.altKey) return "terminal";
  const key = event.key.toLowerCase();
  if (event.ctrlKey && event.shiftKey && !event.metaKey) {
    // Terminals have no codes for these, so no program misses them.
    if (key === "enter") return "leave";
    if (key === "f") return "find";
    if (key === "c") return "copy";
    if (key === "v") return "browser";
  }
  if (mac) return event.metaKey ? (key === "f" ? "find" : "browser") : "terminal";
  if (event.ctrlKey && !event.shiftKey && !event.metaKey) {
    if (key === "c" && selected) return "browser";
    if (key === "v") return "browser";
  }
  return "terminal";
}
