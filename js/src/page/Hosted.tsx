/** The sessions that this Jupyter server hosts: go there, or stop them. */
import { useCallback, useEffect, useState, type MouseEvent } from "react";
import type { Api, HostedSession } from "../api/api";
import { Problem } from "../forms/Field";
import { addressOf } from "./place";

interface HostedProps {
  api: Api;
  onOpen: (session: HostedSession) => void;
}

export function Hosted({ api, onOpen }: HostedProps) {
  const [sessions, setSessions] = useState<readonly HostedSession[]>([]);
  const [stopping, setStopping] = useState("");
  const [problem, setProblem] = useState("");

  const look = useCallback(
    () => api.sessions().then(setSessions, (error: unknown) => setProblem((error as Error).message)),
    [api],
  );
  useEffect(() => {
    void look();
    const whenBack = () => void look();
    addEventListener("focus", whenBack);
    return () => removeEventListener("focus", whenBack);
  }, [look]);

  const stop = async ({ id }: HostedSession) => {
    setProblem("");
    try {
      await api.stop(id);
    } catch (error) {
      setProblem((error as Error).message);
    }
    setStopping("");
    await look();
  };

  const open = (event: MouseEvent, session: HostedSession) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return; // to a tab or window of its own
    event.preventDefault();
    onOpen(session);
  };

  if (sessions.length === 0) return <Problem>{problem}</Problem>;
  return (
    <section className="sshx-form-card sshx-page-hosted" aria-labelledby="sshx-hosted-title">
      <h2 id="sshx-hosted-title">Shared from this server</h2>
      <Problem>{problem}</Problem>
      <ul>
        {sessions.map((session) => (
          <li key={session.id}>
            <a href={addressOf(api.root, { id: session.id, ticket: "" })} onClick={(event) => open(event, session)}>
              {session.name}
            </a>
            <span className="sshx-form-hint">
              {count(session.shells.length, "shell")}, {count(session.users.length, "person", "people")} here
            </span>
            {stopping === session.id ? (
              <>
                <button type="button" className="sshx-form-danger" onClick={() => void stop(session)}>
                  Stop for everyone
                </button>
                <button type="button" onClick={() => setStopping("")}>
                  Go on
                </button>
              </>
            ) : (
              <button type="button" aria-label={`Stop ${session.name}`} onClick={() => setStopping(session.id)}>
                Stop
              </button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}
