/** The parts that forms are made of. */
import type { InputHTMLAttributes, ReactNode } from "react";
import { useId } from "../view/useId";
import "./forms.css";

interface FieldProps extends Omit<InputHTMLAttributes<HTMLInputElement>, "value" | "onInput"> {
  label: string;
  value: string;
  onValue: (value: string) => void;
  /** What the text is for, or what it is found to be. */
  hint?: ReactNode;
  /** What is wrong with the text; empty if nothing is. */
  error?: string;
}

export function Field({ label, value, onValue, hint, error = "", ...rest }: FieldProps) {
  const id = useId();
  return (
    <div className="sshx-form-field">
      <label htmlFor={id}>{label}</label>
      <input
        type="text"
        autoComplete="off"
        spellCheck={false}
        {...rest}
        id={id}
        value={value}
        onInput={(event) => onValue(event.currentTarget.value)}
        aria-invalid={error ? true : undefined}
        aria-describedby={`${id}-hint`}
      />
      {/* Two elements: an alert is told when it appears. */}
      {error ? (
        <p key="error" id={`${id}-hint`} className="sshx-form-error" role="alert">
          {error}
        </p>
      ) : (
        <p key="hint" id={`${id}-hint`} className="sshx-form-hint" aria-live="polite">
          {hint}
        </p>
      )}
    </div>
  );
}

interface CheckProps {
  label: ReactNode;
  hint?: string;
  checked: boolean;
  onChecked: (checked: boolean) => void;
}

export function Check({ label, hint, checked, onChecked }: CheckProps) {
  const id = useId();
  return (
    <div className="sshx-form-check">
      <input
        id={id}
        type="checkbox"
        checked={checked}
        onChange={(event) => onChecked(event.currentTarget.checked)}
        aria-describedby={hint ? `${id}-hint` : undefined}
      />
      <label htmlFor={id}>{label}</label>
      {hint && (
        <p id={`${id}-hint`} className="sshx-form-hint">
          {hint}
        </p>
      )}
    </div>
  );
}

/** What went wrong with a whole form; nothing if nothing did. */
export function Problem({ children }: { children: string }) {
  if (!children) return null;
  return (
    <p className="sshx-form-error" role="alert">
      {children}
    </p>
  );
}
