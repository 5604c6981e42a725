/** Asks for a session's password. */
import { useState, type FormEvent } from "react";
import { Field, Problem } from "../forms/Field";
import { Frame } from "../forms/Frame";
import { trans } from "../translation";

interface PasswordFormProps {
  /** Why the host refused; empty before the first attempt. */
  problem: string;
  onPassword: (password: string) => void;
  onLeave: () => void;
}

export function PasswordForm({ problem, onPassword, onLeave }: PasswordFormProps) {
  const [password, setPassword] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (password) onPassword(password);
  };
  return (
    <Frame>
      <form className="sshx-form-card" aria-labelledby="sshx-password-title" onSubmit={submit}>
        <h2 id="sshx-password-title">{trans.__("This session has a password")}</h2>
        <p className="sshx-form-lead">{trans.__("Ask the host for the password.")}</p>
        <Problem>{problem}</Problem>
        <Field
          label={trans.__("Password")}
          type="password"
          autoComplete="current-password"
          // eslint-disable-next-line jsx-a11y/no-autofocus -- the only thing to do here
          autoFocus
          value={password}
          onValue={setPassword}
        />
        <div className="sshx-form-actions">
          <button type="submit" className="sshx-form-primary">
            {trans.__("Join")}
          </button>
          <button type="button" onClick={onLeave}>
            {trans.__("Use another ticket")}
          </button>
        </div>
      </form>
    </Frame>
  );
}
