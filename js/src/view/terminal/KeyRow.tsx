/** The keys that a phone's keyboard does not have. */
import "./KeyRow.css";
import type { ShellTerminal } from "./terminal";

const ARROWS = [
  ["Left", "←", "D"],
  ["Up", "↑", "A"],
  ["Down", "↓", "B"],
  ["Right", "→", "C"],
] as const;

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
    <div className="sshx-key-row" role="toolbar" aria-label="Keys" onPointerDown={keepFocus} onMouseDown={keepFocus}>
      <button type="button" onClick={() => press("\x1b")}>
        Esc
      </button>
      <button type="button" onClick={() => press("\t")}>
        Tab
      </button>
      <button type="button" aria-pressed={ctrl} onClick={() => onCtrl(!ctrl)}>
        Ctrl
      </button>
      {ARROWS.map(([name, sign, letter]) => (
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
