/** Creates a session on this Jupyter server. */
import { useEffect, useState, type FormEvent } from "react";
import type { Api, HostedSession } from "../api/api";
import { Problem } from "../forms/Field";
import { ShareFields, requestOf, type ShareChoice } from "../forms/ShareOptions";

interface ShareFormProps {
  api: Api;
  /** What guests may be if the creator does not say, as the server is configured. */
  readOnly: boolean;
  onShared: (session: HostedSession) => void;
}

export function ShareForm({ api, readOnly, onShared }: ShareFormProps) {
  const [choice, setChoice] = useState<ShareChoice>({
    name: "",
    terminals: new Set(),
    readOnly,
    approve: false,
    password: "",
    duration: 0,
  });
  const [running, setRunning] = useState<string[]>([]);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");

  useEffect(() => {
    // Where the list cannot be had, a new terminal can be shared all the same, or the request says why not.
    api.terminals().then(setRunning, () => undefined);
  }, [api]);

  const share = async (event: FormEvent) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setProblem("");
    try {
      onShared(await api.share(requestOf(choice)));
    } catch (error) {
      setProblem((error as Error).message);
      setBusy(false);
    }
  };

  return (
    <form className="sshx-form-card" aria-labelledby="sshx-share-title" onSubmit={(event) => void share(event)}>
      <h2 id="sshx-share-title">Share a terminal</h2>
      <p className="sshx-form-lead">You get two links: one lets people type, the other one only watch.</p>
      <ShareFields choice={choice} onChoice={setChoice} running={running} />
      <Problem>{problem}</Problem>
      <button type="submit" className="sshx-form-primary" aria-disabled={busy}>
        Share
      </button>
    </form>
  );
}
