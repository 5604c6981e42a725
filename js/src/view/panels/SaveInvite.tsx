/** Saves an invite: an HTML file. Anyone who opens it in a browser can join for a while, with nothing installed. */
import { useState } from "react";
import type { InviteFile, InviteRole, MakeFile } from "../../session/access";
import { useId } from "../useId";
import { trans } from "../../translation";

const HOUR = 3600;

function durations(): [text: string, seconds: number][] {
  return [
    [trans._n("%1 hour", "%1 hours", 1), HOUR],
    [trans._n("%1 day", "%1 days", 1), 24 * HOUR],
    [trans._n("%1 week", "%1 weeks", 1), 7 * 24 * HOUR],
  ];
}

interface SaveInviteProps {
  make: MakeFile;
  /** Whether there are invites that let people type. */
  mayWrite: boolean;
}

export function SaveInvite({ make, mayWrite }: SaveInviteProps) {
  const [open, setOpen] = useState(false);
  const [role, setRole] = useState<InviteRole>("reader");
  const [seconds, setSeconds] = useState(24 * HOUR);
  const [busy, setBusy] = useState(false);
  const [saved, setSaved] = useState("");
  const [problem, setProblem] = useState("");
  const id = useId();

  const save = async () => {
    if (busy) return;
    setBusy(true);
    setSaved("");
    setProblem("");
    try {
      const file = await make(role, seconds);
      download(file);
      setSaved(trans.__("The invite was saved as %1. It works until %2.", file.name, timeOf(file.expires)));
    } catch (error) {
      setProblem((error as Error).message);
    }
    setBusy(false);
  };
  return (
    <div className="sshx-save-invite">
      <button type="button" className="sshx-button" aria-expanded={open} onClick={() => setOpen(!open)}>
        {trans.__("Save invite…")}
      </button>
      {open && (
        <fieldset>
          <legend className="sshx-unseen">{trans.__("Invite")}</legend>
          <p className="sshx-hint">
            {trans.__(
              "Send this file to guests. They open it in a browser and join, with nothing installed. It connects through a relay. Passwords and approval apply as usual.",
            )}
          </p>
          <div className="sshx-save-invite-choices">
            {mayWrite && (
              <label className="sshx-field" htmlFor={`${id}-role`}>
                {trans.__("People can")}
                <select
                  id={`${id}-role`}
                  value={role}
                  onChange={(event) => setRole(event.currentTarget.value as InviteRole)}
                >
                  <option value="reader">{trans.__("watch")}</option>
                  <option value="writer">{trans.__("watch and type")}</option>
                </select>
              </label>
            )}
            <label className="sshx-field" htmlFor={`${id}-end`}>
              {trans.__("The invite works for")}
              <select
                id={`${id}-end`}
                value={seconds}
                onChange={(event) => setSeconds(Number(event.currentTarget.value))}
              >
                {durations().map(([text, value]) => (
                  <option key={value} value={value}>
                    {text}
                  </option>
                ))}
              </select>
            </label>
          </div>
          <button type="button" className="sshx-button" aria-disabled={busy} onClick={() => void save()}>
            {trans.__("Save")}
          </button>
          <p className="sshx-hint" role="status">
            {busy ? trans.__("Making the invite…") : saved}
          </p>
          {problem && (
            <p className="sshx-hint" data-wrong role="alert">
              {problem}
            </p>
          )}
        </fieldset>
      )}
    </div>
  );
}

function download({ name, html }: InviteFile): void {
  const url = URL.createObjectURL(new Blob([html], { type: "text/html" }));
  const anchor = document.createElement("a");
  anchor.href = url;
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000); // some browsers read it later
}

function timeOf(expires: Date): string {
  return expires.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}
