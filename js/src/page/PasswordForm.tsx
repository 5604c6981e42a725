/** Asks for a session's password. */
import { useEffect, useRef, useState, type FormEvent } from "react";
import { Field } from "../forms/Field";
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
  const form = useRef<HTMLFormElement>(null);
  // The only thing to do here, also after a wrong one.
  useEffect(() => form.current?.querySelector("input")?.focus(), [problem]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (password) onPassword(password);
  };
  return (
    <Frame>
      <form ref={form} className="sshx-form-card" aria-labelledby="sshx-password-title" onSubmit={submit}>
        <h2 id="sshx-password-title">{trans.__("This session has a password")}</h2>
        <p className="sshx-form-lead">{trans.__("Ask the host for the password.")}</p>
        <Field
          label={trans.__("Password")}
          type="password"
          autoComplete="current-password"
          value={password}
          onValue={setPassword}
          error={password === "" ? problem : ""}
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
