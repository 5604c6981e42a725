/** The frame of what opens beside the canvas, or over it on a narrow screen. */
import "../sharedStyles";
import "./Panel.css";
import { useEffect, useRef, type ReactNode } from "react";
import { CloseIcon } from "../icons";
import { useId } from "../useId";
import { trans } from "../../translation";

interface PanelProps {
  /** For programs. */
  name: string;
  title: string;
  onClose: () => void;
  children: ReactNode;
}

/**
 * The panel takes the focus, unless something in it has, or something outside the view. Escape is the session view's,
 * which knows the button.
 */
export function Panel({ name, title, onClose, children }: PanelProps) {
  const panel = useRef<HTMLElement>(null);
  const id = useId();
  useEffect(() => {
    const { activeElement, body } = document;
    const view = panel.current!.closest(".sshx-session");
    const free = activeElement === body || view?.contains(activeElement);
    if (free && !panel.current!.contains(activeElement)) panel.current!.focus({ preventScroll: true });
  }, []);
  return (
    <section ref={panel} className="sshx-panel" data-panel={name} aria-labelledby={id} tabIndex={-1}>
      <header className="sshx-panel-head">
        <h2 id={id}>{title}</h2>
        <button
          type="button"
          className="sshx-icon-button"
          aria-label={trans.__("Close %1", title)}
          title={trans.__("Close")}
          onClick={onClose}
        >
          <CloseIcon />
        </button>
      </header>
      {children}
    </section>
  );
}
