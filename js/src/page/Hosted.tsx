/** The sessions that this Jupyter server hosts: go there, or stop them. */
import { useCallback, useEffect, useState, type MouseEvent } from "react";
import type { Api, HostedSession } from "../api/api";
import { Problem } from "../forms/Field";
import { guestsOf, stopConsequence } from "../session/people";
import { addressOf } from "./place";
import { trans } from "../translation";

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

  const ask = (session: HostedSession) => {
    if (guestCount(session) === 0) void stop(session);
    else setStopping(session.id);
  };

  const open = (event: MouseEvent, session: HostedSession) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return; // to a tab or window of its own
    event.preventDefault();
    onOpen(session);
  };

  if (sessions.length === 0) return <Problem>{problem}</Problem>;
  return (
    <section className="sshx-form-card sshx-page-hosted" aria-labelledby="sshx-hosted-title">
      <h2 id="sshx-hosted-title">{trans.__("Shared from this server")}</h2>
      <Problem>{problem}</Problem>
      <ul>
        {sessions.map((session) => (
          <li key={session.id}>
            <a href={addressOf(api.root, { id: session.id, ticket: "" })} onClick={(event) => open(event, session)}>
              {session.name}
            </a>
            <span className="sshx-form-hint">
              {trans._n("%1 shell", "%1 shells", session.shells.length)},{" "}
              {trans._n("%1 person here", "%1 people here", session.users.length)}
            </span>
            {stopping === session.id ? (
              <>
                <span className="sshx-form-hint" role="alert">
                  {stopConsequence(guestCount(session))}
                </span>
                <button type="button" className="sshx-form-danger" onClick={() => void stop(session)}>
                  {trans.__("Stop for everyone")}
                </button>
                <button type="button" onClick={() => setStopping("")}>
                  {trans.__("Keep sharing")}
                </button>
              </>
            ) : (
              <button type="button" aria-label={trans.__("Stop sharing %1", session.name)} onClick={() => ask(session)}>
                {trans.__("Stop sharing")}
              </button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** The server lists nobody who waits. */
function guestCount({ users }: HostedSession): number {
  return guestsOf(users.map(({ role }) => ({ role, pending: false }))).length;
}
