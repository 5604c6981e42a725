/** Creates a session on this Jupyter server. */
import { useEffect, useState, type FormEvent } from "react";
import { SHARE_FLAGS, type Api, type HostedSession, type ShareOptions } from "../api/api";
import { Field, Problem } from "../forms/Field";
import { ShareFields } from "../forms/ShareFields";
import { requestOf } from "../forms/shareRequest";
import { LONGEST_NAME } from "../forms/JoinForm";
import { changeSettings, getSettings } from "../view/settings";
import { trans } from "../translation";

interface ShareFormProps {
  api: Api;
  /** What guests may be if the creator does not say, as the server is configured. */
  readOnly: boolean;
  /** Whether guests can come in here without a Jupyter login. */
  guests: boolean;
  /** Jupyter's name of the person; empty if it knows none. */
  name: string;
  onShared: (session: HostedSession) => void;
}

export function ShareForm({ api, readOnly, guests, name: known, onShared }: ShareFormProps) {
  const [options, setOptions] = useState<ShareOptions>({ ...SHARE_FLAGS, read_only: readOnly });
  const [running, setRunning] = useState<string[]>([]);
  const [name, setName] = useState(() => getSettings().name);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");

  useEffect(() => {
    // Where the list cannot be had, a new terminal can be shared all the same, or the request says why not.
    const names = Promise.all([api.terminals(), api.sessions()]).then(([terminals, sessions]) => {
      const shared = new Set(sessions.flatMap(({ shells }) => shells.map(({ terminal }) => terminal)));
      return terminals.filter((terminal) => !shared.has(terminal)); // the others are listed with their sessions
    });
    names.then(setRunning, () => undefined);
  }, [api]);

  const share = async (event: FormEvent) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setProblem("");
    changeSettings({ name: name.trim() });
    try {
      onShared(await api.share(requestOf(options)));
    } catch (error) {
      setProblem((error as Error).message);
      setBusy(false);
    }
  };

  return (
    <form className="sshx-form-card" aria-labelledby="sshx-share-title" onSubmit={(event) => void share(event)}>
      <h2 id="sshx-share-title">{trans.__("Share a terminal")}</h2>
      <p className="sshx-form-lead">{trans.__("You get two tickets: one for typing, and one for only watching.")}</p>
      <ShareFields options={options} onOptions={setOptions} running={running} guests={guests} />
      <Field
        label={trans.__("Your name as the host")}
        placeholder={known || trans.__("Shown to your guests")}
        autoComplete="nickname"
        maxLength={LONGEST_NAME}
        value={name}
        onValue={setName}
      />
      <Problem>{problem}</Problem>
      <button type="submit" className="sshx-form-primary" aria-disabled={busy}>
        {trans.__("Share")}
      </button>
    </form>
  );
}
