/** The fields in which a person chooses how to share. */
import type { ShareFlags, ShareOptions } from "../api/api";
import { useId } from "../view/useId";
import { Check, Field } from "./Field";
import { trans } from "../translation";

function wordsOf(flag: keyof ShareFlags): { label: string; hint: string } {
  switch (flag) {
    case "read_only":
      return {
        label: trans.__("Read-only"),
        hint: trans.__("Only you can type. There is no link that lets guests type."),
      };
    case "approve":
      return { label: trans.__("Approve each guest"), hint: trans.__("Guests wait until you let them in.") };
    case "history":
      return {
        label: trans.__("Show guests what the terminals have printed so far"),
        hint: trans.__(
          "If this is off, guests start with an empty screen. Full-screen programs appear when they redraw.",
        ),
      };
  }
}

const HOUR = 3600;

/** How long a session may last: what a person reads, and seconds, 0 for no end. */
export function durations(): [text: string, seconds: number][] {
  return [
    [trans.__("Until I stop it"), 0],
    [hours(1), HOUR],
    [hours(8), 8 * HOUR],
    [trans._n("%1 day", "%1 days", 1), 24 * HOUR],
  ];
}

function hours(n: number): string {
  return trans._n("%1 hour", "%1 hours", n);
}

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
    change({ history, ...(!history && suggested && { name: trans.__("Terminal %1", terminals[0]!) }) });
  };
  return (
    <>
      <Field
        label={trans.__("Session name")}
        value={name}
        onValue={(name) => change({ name })}
        placeholder={trans.__("e.g. Debugging the pipeline")}
        maxLength={64}
      />
      {running.length > 0 && (
        <fieldset>
          <legend>{trans.__("Terminals")}</legend>
          <div className="sshx-form-choices">
            {running.map((terminal) => (
              <Check
                key={terminal}
                label={titles?.get(terminal) ?? trans.__("Terminal %1", terminal)}
                checked={terminals.includes(terminal)}
                onChecked={(shared) => choose(terminal, shared)}
              />
            ))}
          </div>
          {terminals.length > 0 ? (
            <Check {...wordsOf("history")} checked={options.history} onChecked={showHistory} />
          ) : (
            <p className="sshx-form-hint">{trans.__("No terminal is selected, so a new one opens.")}</p>
          )}
        </fieldset>
      )}
      {(["read_only", "approve"] as const).map((flag) => (
        <Check
          key={flag}
          {...wordsOf(flag)}
          checked={options[flag]}
          onChecked={(checked) => change({ [flag]: checked })}
        />
      ))}
      <div className="sshx-form-pair">
        <Field
          label={trans.__("Password for guests")}
          type="password"
          autoComplete="new-password"
          value={password}
          onValue={(password) => change({ password })}
          placeholder={trans.__("None")}
        />
        <div className="sshx-form-field">
          <label htmlFor={id}>{trans.__("Ends after")}</label>
          <select
            id={id}
            value={expires_in}
            onChange={(event) => change({ expires_in: Number(event.currentTarget.value) })}
          >
            {durations().map(([label, seconds]) => (
              <option key={seconds} value={seconds}>
                {label}
              </option>
            ))}
          </select>
        </div>
      </div>
      {guests && (
        <p className="sshx-form-hint">
          {trans.__("Guests can join through this server with only the ticket. They do not need a Jupyter login.")}
        </p>
      )}
    </>
  );
}
