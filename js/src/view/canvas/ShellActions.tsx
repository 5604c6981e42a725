/** What one can do with a shell, as buttons: smaller, larger, find, close. */
import "./ShellActions.css";
import { CloseIcon, FindIcon } from "../icons";

interface ShellActionsProps {
  /** Why nothing may be changed, or null. */
  readOnly: string | null;
  onStep(direction: 1 | -1): void;
  onFind(): void;
  onClose(): void;
  notify(text: string): void;
}

export function ShellActions({ readOnly, onStep, onFind, onClose, notify }: ShellActionsProps) {
  const guarded = (action: () => void) => ({
    "aria-disabled": readOnly !== null,
    onClick: () => (readOnly === null ? action() : notify(readOnly)),
  });
  return (
    <span className="sshx-shell-actions">
      <button type="button" aria-label="Smaller" title={readOnly ?? "Smaller"} {...guarded(() => onStep(-1))}>
        −
      </button>
      <button type="button" aria-label="Larger" title={readOnly ?? "Larger"} {...guarded(() => onStep(1))}>
        +
      </button>
      <button type="button" aria-label="Find" title="Find (Ctrl+Shift+F)" onClick={onFind}>
        <FindIcon />
      </button>
      <button type="button" aria-label="Close shell" title={readOnly ?? "Close shell"} {...guarded(onClose)}>
        <CloseIcon />
      </button>
    </span>
  );
}
