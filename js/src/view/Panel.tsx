/** The frame of what opens beside the canvas, or over it on a narrow screen. */
import { useEffect, useId, useRef, type ReactNode } from "react";
import { CloseIcon } from "./icons";

/** The panel takes the focus, unless something in it has. Escape is the session view's, which knows the button. */
export function Panel({ title, onClose, children }: { title: string; onClose: () => void; children: ReactNode }) {
  const panel = useRef<HTMLElement>(null);
  const id = useId();
  useEffect(() => {
    if (panel.current?.contains(document.activeElement) === false) panel.current.focus({ preventScroll: true });
  }, []);
  return (
    <section ref={panel} className="sshx-panel" aria-labelledby={id} tabIndex={-1}>
      <header className="sshx-panel-head">
        <h2 id={id}>{title}</h2>
        <button
          type="button"
          className="sshx-icon-button"
          aria-label={`Close ${title}`}
          title="Close"
          onClick={onClose}
        >
          <CloseIcon />
        </button>
      </header>
      {children}
    </section>
  );
}
