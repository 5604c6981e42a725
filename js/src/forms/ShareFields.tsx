/** The fields in which a person chooses how to share. */
import type { ShareFlags, ShareOptions } from "../api/api";
import { useId } from "../view/useId";
import { Check, Field } from "./Field";

const FLAGS: Record<keyof ShareFlags, { label: string; hint: string }> = {
  read_only: { label: "Read-only", hint: "Nobody but you types, and there is no link that would let anyone." },
  approve: { label: "Approve each guest", hint: "Guests wait until you let them in." },
  history: {
    label: "Show guests what the terminals have printed so far",
    hint: "Otherwise guests begin with an empty screen; full-screen programs show up when they redraw.",
  },
};

const HOUR = 3600;
export const DURATIONS = [
  ["Until I stop it", 0],
  ["1 hour", HOUR],
  ["8 hours", 8 * HOUR],
  ["1 day", 24 * HOUR],
] as const;

/** What it means for the host that `SshxApp.guests` is on. */
export const LETS_GUESTS_IN = "This server lets guests in with the ticket alone, without a Jupyter login.";

interface ShareFieldsProps {
  options: ShareOptions;
  onOptions: (options: ShareOptions) => void;
  /** Names of the terminals that can be shared. */
  running: readonly string[];
  /** What terminals are called, if it is not by their names. */
  titles?: ReadonlyMap<string, string>;
  /** Whether guests can come in here without a Jupyter login. */
  guests: boolean;
}

export function ShareFields({ options, onOptions, running, titles, guests }: ShareFieldsProps) {
  const id = useId();
  const { name = "", terminals = [], password = "", expires_in = 0 } = options;
  const change = (what: Partial<ShareOptions>) => onOptions({ ...options, ...what });
  const choose = (terminal: string, shared: boolean) => {
    const others = terminals.filter((each) => each !== terminal);
    change({ terminals: shared ? [...others, terminal] : others });
  };
  const showHistory = (history: boolean) => {
    // A program has set the title before, so it is history, too: as the session's name guests would see it.
    const suggested = [...(titles?.values() ?? [])].some((title) => name !== "" && title.startsWith(name));
    change({ history, ...(!history && suggested && { name: `Terminal ${terminals[0]}` }) });
  };
  return (
    <>
      <Field
        label="Session name"
        value={name}
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
                checked={terminals.includes(terminal)}
                onChecked={(shared) => choose(terminal, shared)}
              />
            ))}
          </div>
          {terminals.length > 0 ? (
            <Check {...FLAGS.history} checked={options.history} onChecked={showHistory} />
          ) : (
            <p className="sshx-form-hint">None chosen: a new one.</p>
          )}
        </fieldset>
      )}
      {(["read_only", "approve"] as const).map((flag) => (
        <Check
          key={flag}
          {...FLAGS[flag]}
          checked={options[flag]}
          onChecked={(checked) => change({ [flag]: checked })}
        />
      ))}
      <div className="sshx-form-pair">
        <Field
          label="Password for guests"
          type="password"
          autoComplete="new-password"
          value={password}
          onValue={(password) => change({ password })}
          placeholder="None"
        />
        <div className="sshx-form-field">
          <label htmlFor={id}>Ends after</label>
          <select
            id={id}
            value={expires_in}
            onChange={(event) => change({ expires_in: Number(event.currentTarget.value) })}
          >
            {DURATIONS.map(([label, seconds]) => (
              <option key={seconds} value={seconds}>
                {label}
              </option>
            ))}
          </select>
        </div>
      </div>
      {guests && <p className="sshx-form-hint">{LETS_GUESTS_IN}</p>}
    </>
  );
}
