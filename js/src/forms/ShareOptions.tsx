/** What a person chooses about a session that they share. */
import type { ShareOptions } from "../api/api";
import { useId } from "../view/useId";
import { Check, Field } from "./Field";

export interface ShareChoice {
  name: string;
  /** Names of Jupyter's terminals; none: a new one. */
  terminals: ReadonlySet<string>;
  readOnly: boolean;
  approve: boolean;
  password: string;
  /** Seconds; 0: until it is stopped. */
  duration: number;
}

const HOUR = 3600;
export const DURATIONS = [
  ["Until I stop it", 0],
  ["1 hour", HOUR],
  ["8 hours", 8 * HOUR],
  ["1 day", 24 * HOUR],
] as const;

interface ShareFieldsProps {
  choice: ShareChoice;
  onChoice: (choice: ShareChoice) => void;
  /** Names of the terminals that can be shared. */
  running: readonly string[];
  /** What terminals are called, if it is not by their names. */
  titles?: ReadonlyMap<string, string>;
}

export function ShareFields({ choice, onChoice, running, titles }: ShareFieldsProps) {
  const id = useId();
  const { terminals } = choice;
  const change = (what: Partial<ShareChoice>) => onChoice({ ...choice, ...what });
  const choose = (terminal: string, shared: boolean) => {
    const next = new Set(terminals);
    if (shared) next.add(terminal);
    else next.delete(terminal);
    change({ terminals: next });
  };
  return (
    <>
      <Field
        label="Session name"
        value={choice.name}
        onValue={(name) => change({ name })}
        placeholder="What you work on"
        maxLength={64}
      />
      {running.length > 0 && (
        <fieldset>
          <legend>Terminals</legend>
          <div className="sshx-form-choices">
            {running.map((terminal) => (
              <Check
                key={terminal}
                label={titles?.get(terminal) ?? `Terminal ${terminal}`}
                checked={terminals.has(terminal)}
                onChecked={(shared) => choose(terminal, shared)}
              />
            ))}
          </div>
          <p className="sshx-form-hint">
            {terminals.size > 0 ? "With what they have printed." : "None chosen: a new one."}
          </p>
        </fieldset>
      )}
      <Check
        label="Read-only"
        hint="Nobody but you types, and there is no link that would let anyone."
        checked={choice.readOnly}
        onChecked={(readOnly) => change({ readOnly })}
      />
      <Check
        label="Approve each guest"
        hint="Who comes waits until you let them in."
        checked={choice.approve}
        onChecked={(approve) => change({ approve })}
      />
      <div className="sshx-form-pair">
        <Field
          label="Password for guests"
          type="password"
          autoComplete="new-password"
          value={choice.password}
          onValue={(password) => change({ password })}
          placeholder="None"
        />
        <div className="sshx-form-field">
          <label htmlFor={id}>Ends after</label>
          <select
            id={id}
            value={choice.duration}
            onChange={(event) => change({ duration: Number(event.currentTarget.value) })}
          >
            {DURATIONS.map(([label, seconds]) => (
              <option key={seconds} value={seconds}>
                {label}
              </option>
            ))}
          </select>
        </div>
      </div>
    </>
  );
}

/** What the API is asked for. */
export function requestOf({ name, terminals, readOnly, approve, password, duration }: ShareChoice): ShareOptions {
  return {
    read_only: readOnly,
    approve,
    ...(name.trim() && { name: name.trim() }),
    ...(terminals.size > 0 && { terminals: [...terminals] }),
    ...(password && { password }),
    ...(duration > 0 && { expires_in: duration }),
  };
}
