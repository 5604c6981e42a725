/** What one can do with a shell, as buttons: smaller, larger, find, close. */
import { useEffect, useRef, useState } from "react";
import { CloseIcon, FindIcon } from "./icons";

interface ShellActionsProps {
  /** Why nothing may be changed, or null. */
  readOnly: string | null;
  onStep(direction: 1 | -1): void;
  onFind(): void;
  onClose(): void;
  notify(text: string): void;
}

/** How long one is asked whether to close. */
const ASKING = 4000;

export function ShellActions({ readOnly, onStep, onFind, onClose, notify }: ShellActionsProps) {
  const [asking, setAsking] = useState(false);
  const close = useRef<HTMLButtonElement>(null);

  useEffect(() => {
    if (!asking) return;
    close.current?.focus();
    const timer = setTimeout(() => setAsking(false), ASKING);
    return () => clearTimeout(timer);
  }, [asking]);

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
      {asking ? (
        <button
          ref={close}
          type="button"
          className="sshx-close-for-everyone"
          onClick={onClose}
          onBlur={() => setAsking(false)}
          onKeyDown={(event) => {
            if (event.key !== "Escape") return;
            event.stopPropagation();
            setAsking(false);
          }}
        >
          Close for everyone
        </button>
      ) : (
        <button
          type="button"
          aria-label="Close shell"
          title={readOnly ?? "Close shell"}
          {...guarded(() => setAsking(true))}
        >
          <CloseIcon />
        </button>
      )}
    </span>
  );
}
