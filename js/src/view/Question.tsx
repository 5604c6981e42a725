/** A question in the middle of the view, before something that cannot be undone. There is one at a time. */
import "./sharedStyles";
import "./Question.css";
import { useCallback, useEffect, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { useId } from "./useId";
import { trans } from "../translation";

export interface Choice {
  value: string;
  label: string;
  /** `primary` is what most people want: it has the focus. Without one, *Cancel* has it. */
  tone: "primary" | "danger";
}

export interface Question {
  title: string;
  text: string;
  /** Lines of text that the question is about, shown as in a terminal. */
  preview?: string;
  choices: readonly Choice[];
}

/** Asks the person; the value of the choice, or null for *Cancel*, Escape, and if another question takes its place. */
export type Ask = (question: Question) => Promise<string | null>;

/** How to ask, and the question to show. */
export function useQuestion(): [ask: Ask, shown: ReactNode] {
  const [open, setOpen] = useState<{ question: Question; answer(value: string | null): void } | null>(null);
  const last = useRef<(value: string | null) => void>(() => undefined);
  const ask = useCallback<Ask>((question) => {
    last.current(null);
    return new Promise((resolve) => {
      const answer = (value: string | null) => {
        setOpen((now) => (now?.answer === answer ? null : now));
        resolve(value);
      };
      last.current = answer;
      setOpen({ question, answer });
    });
  }, []);
  useEffect(() => () => last.current(null), []);
  return [ask, open && <Dialog key={open.question.title} {...open.question} onAnswer={open.answer} />];
}

interface DialogProps extends Question {
  onAnswer(value: string | null): void;
}

function Dialog({ title, text, preview, choices, onAnswer }: DialogProps) {
  const dialog = useRef<HTMLDivElement>(null);
  const [heading, body, lines] = [useId(), useId(), useId()];

  useEffect(() => {
    const before = document.activeElement;
    dialog.current!.querySelector<HTMLElement>("[data-first]")?.focus();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);

  const onKey = (event: KeyboardEvent) => {
    if (event.key === "Escape") onAnswer(null);
    else if (event.key === "Tab") cycle(dialog.current!, event.shiftKey ? -1 : 1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const primary = choices.some(({ tone }) => tone === "primary");
  return (
    <div className="sshx-veil">
      {/* The keys are those of its buttons. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions */}
      <div
        ref={dialog}
        role="alertdialog"
        aria-modal="true"
        aria-labelledby={heading}
        aria-describedby={preview === undefined ? body : `${body} ${lines}`}
        className="sshx-question"
        tabIndex={-1}
        data-lm-suppress-shortcuts="true"
        onKeyDown={onKey}
      >
        <h2 id={heading}>{title}</h2>
        <p id={body}>{text}</p>
        {preview !== undefined && <pre id={lines}>{preview}</pre>}
        <div className="sshx-actions">
          {choices.map(({ value, label, tone }) => (
            <button
              key={value}
              type="button"
              className={`sshx-button sshx-${tone}`}
              data-first={tone === "primary" || undefined}
              onClick={() => onAnswer(value)}
            >
              {label}
            </button>
          ))}
          <button
            type="button"
            className="sshx-button"
            data-first={!primary || undefined}
            onClick={() => onAnswer(null)}
          >
            {trans.__("Cancel")}
          </button>
        </div>
      </div>
    </div>
  );
}

/** The focus stays in the dialog. */
function cycle(dialog: HTMLElement, step: 1 | -1): void {
  const buttons = [...dialog.querySelectorAll<HTMLElement>("button")];
  const root = dialog.getRootNode() as Document | ShadowRoot;
  const at = buttons.findIndex((button) => button === root.activeElement);
  buttons.at((at + step) % buttons.length)?.focus();
}
