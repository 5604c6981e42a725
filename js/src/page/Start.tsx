/** The start page: share a terminal, join a session, or go to one that is shared from here. */
import type { Ticket } from "../ticket";
import type { Api, HostedSession } from "../api/api";
import { Frame } from "../forms/Frame";
import { Hosted } from "./Hosted";
import { JoinForm } from "../forms/JoinForm";
import { ShareForm } from "./ShareForm";

interface StartProps {
  api: Api;
  /** Whether sessions are read-only unless their creator says otherwise. */
  readOnly: boolean;
  /** Whether this server has terminals. */
  terminals: boolean;
  /** Jupyter's of the person; empty if it knows none. */
  name: string;
  /** Something that is no ticket, from the address. */
  ticket: string;
  onShared: (session: HostedSession) => void;
  onOpen: (session: HostedSession) => void;
  onJoin: (ticket: Ticket, password: string | null) => null;
}

export function Start({ api, readOnly, terminals, name, ticket, onShared, onOpen, onJoin }: StartProps) {
  return (
    <Frame wide>
      {terminals ? (
        <ShareForm api={api} readOnly={readOnly} onShared={onShared} />
      ) : (
        <section className="sshx-form-card" aria-labelledby="sshx-share-title">
          <h2 id="sshx-share-title">Share a terminal</h2>
          <p>Terminals are disabled on this Jupyter server: you can join, but not share.</p>
        </section>
      )}
      <JoinForm ticket={ticket} onJoin={onJoin} name={name} />
      <Hosted api={api} onOpen={onOpen} />
    </Frame>
  );
}
