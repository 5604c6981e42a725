/** Creates a session on this Jupyter server. */
import { useEffect, useState, type FormEvent } from "react";
import type { Api, HostedSession } from "../server/api";
import { Check, Field, Problem } from "../forms/Field";

const HOUR = 3600;
const DURATIONS = [
  ["Until I stop it", 0],
  ["1 hour", HOUR],
  ["8 hours", 8 * HOUR],
  ["1 day", 24 * HOUR],
] as const;

interface ShareFormProps {
  api: Api;
  /** What guests may be if the creator does not say, as the server is configured. */
  readOnly: boolean;
  onShared: (session: HostedSession) => void;
}

export function ShareForm({ api, readOnly: readOnlyAtFirst, onShared }: ShareFormProps) {
  const [name, setName] = useState("");
  const [readOnly, setReadOnly] = useState(readOnlyAtFirst);
  const [approve, setApprove] = useState(false);
  const [password, setPassword] = useState("");
  const [duration, setDuration] = useState(0);
  const [running, setRunning] = useState<string[]>([]);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");

  useEffect(() => {
    // Where the list cannot be had, a new terminal can be shared all the same, or the request says why not.
    api.terminals().then(setRunning, () => undefined);
  }, [api]);

  const choose = (terminal: string, shared: boolean) => {
    const next = new Set(chosen);
    if (shared) next.add(terminal);
    else next.delete(terminal);
    setChosen(next);
  };

  const share = async (event: FormEvent) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setProblem("");
    try {
      onShared(
        await api.share({
          read_only: readOnly,
          approve,
          ...(name.trim() && { name: name.trim() }),
          ...(chosen.size > 0 && { terminals: [...chosen] }),
          ...(password && { password }),
          ...(duration > 0 && { expires_in: duration }),
        }),
      );
    } catch (error) {
      setProblem((error as Error).message);
      setBusy(false);
    }
  };

  return (
    <form className="sshx-form-card" aria-labelledby="sshx-share-title" onSubmit={(event) => void share(event)}>
      <h2 id="sshx-share-title">Share a terminal</h2>
      <p className="sshx-form-lead">You get two links: one lets people type, the other one only watch.</p>
      <Field label="Session name" value={name} onValue={setName} placeholder="What you work on" />
      {running.length > 0 && (
        <fieldset>
          <legend>Terminals</legend>
          <div className="sshx-page-choices">
            {running.map((terminal) => (
              <Check
                key={terminal}
                label={`Terminal ${terminal}`}
                checked={chosen.has(terminal)}
                onChecked={(shared) => choose(terminal, shared)}
              />
            ))}
          </div>
          <p className="sshx-form-hint">
            {chosen.size > 0 ? "With what they have printed." : "None chosen: a new one."}
          </p>
        </fieldset>
      )}
      <Check
        label="Read-only"
        hint="Nobody but you types, and there is no link that would let anyone."
        checked={readOnly}
        onChecked={setReadOnly}
      />
      <Check
        label="Approve each guest"
        hint="Who comes waits until you let them in."
        checked={approve}
        onChecked={setApprove}
      />
      <div className="sshx-page-pair">
        <Field
          label="Password for guests"
          type="password"
          autoComplete="new-password"
          value={password}
          onValue={setPassword}
          placeholder="None"
        />
        <div className="sshx-form-field">
          <label htmlFor="sshx-duration">Ends after</label>
          <select
            id="sshx-duration"
            value={duration}
            onChange={(event) => setDuration(Number(event.currentTarget.value))}
          >
            {DURATIONS.map(([label, seconds]) => (
              <option key={seconds} value={seconds}>
                {label}
              </option>
            ))}
          </select>
        </div>
      </div>
      <Problem>{problem}</Problem>
      <button type="submit" className="sshx-form-primary" aria-disabled={busy}>
        Share
      </button>
    </form>
  );
}
