/** The keys that a phone's keyboard does not have. */
import "./KeyRow.css";
import type { ShellTerminal } from "./terminal";
import { trans } from "../../translation";

/** Each with its sign, and the letter of its escape sequence. */
function arrows(): [name: string, sign: string, letter: string][] {
  return [
    [trans.__("Left"), "←", "D"],
    [trans.__("Up"), "↑", "A"],
    [trans.__("Down"), "↓", "B"],
    [trans.__("Right"), "→", "C"],
  ];
}

interface KeyRowProps {
  terminal: () => ShellTerminal | undefined;
  /** Whether Ctrl is held for the next key. */
  ctrl: boolean;
  onCtrl(ctrl: boolean): void;
}

export function KeyRow({ terminal, ctrl, onCtrl }: KeyRowProps) {
  const press = (data: string) => terminal()?.press(data);
  const arrow = (letter: string) => {
    if (ctrl) {
      onCtrl(false);
      press(`\x1b[1;5${letter}`);
    } else {
      press(terminal()?.xterm.modes.applicationCursorKeysMode ? `\x1bO${letter}` : `\x1b[${letter}`);
    }
  };
  return (
    // The focus stays in the terminal, or the phone's keyboard would go.
    <div
      className="sshx-key-row"
      role="toolbar"
      aria-label={trans.__("Keys")}
      onPointerDown={keepFocus}
      onMouseDown={keepFocus}
    >
      <button type="button" onClick={() => press("\x1b")}>
        {trans.__("Esc")}
      </button>
      <button type="button" onClick={() => press("\t")}>
        {trans.__("Tab")}
      </button>
      <button type="button" aria-pressed={ctrl} onClick={() => onCtrl(!ctrl)}>
        {trans.__("Ctrl")}
      </button>
      {arrows().map(([name, sign, letter]) => (
        <button key={letter} type="button" aria-label={name} onClick={() => arrow(letter)}>
          {sign}
        </button>
      ))}
      {["|", "~", "/", "-"].map((char) => (
        <button key={char} type="button" onClick={() => press(char)}>
          {char}
        </button>
      ))}
    </div>
  );
}

function keepFocus(event: { preventDefault(): void }) {
  event.preventDefault();
}
