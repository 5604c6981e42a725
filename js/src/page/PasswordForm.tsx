/** Asks for a session's password. */
import { useState, type FormEvent } from "react";
import { Field, Problem } from "../forms/Field";
import { Frame } from "../forms/Frame";

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
        <h2 id="sshx-password-title">This session has a password</h2>
        <p className="sshx-form-lead">It is needed besides the ticket. The host knows it.</p>
        <Problem>{problem}</Problem>
        <Field
          label="Password"
          type="password"
          autoComplete="current-password"
          // eslint-disable-next-line jsx-a11y/no-autofocus -- the only thing to do here
          autoFocus
          value={password}
          onValue={setPassword}
        />
        <div className="sshx-form-actions">
          <button type="submit" className="sshx-form-primary">
            Join
          </button>
          <button type="button" onClick={onLeave}>
            Use another ticket
          </button>
        </div>
      </form>
    </Frame>
  );
}
