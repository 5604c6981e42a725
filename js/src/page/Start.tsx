/** The start page: share a terminal, join a session, or go to one that is shared from here. */
import type { Ticket } from "../ticket";
import type { Api, HostedSession } from "../api/api";
import { Frame } from "../forms/Frame";
import { Hosted } from "./Hosted";
import { JoinForm } from "../forms/JoinForm";
import { ShareForm } from "./ShareForm";
import { trans } from "../translation";
import { useMedia } from "./useMedia";

/** On a phone, a person joins rather than shares. */
const PHONE = "(width < 640px)";

interface StartProps {
  api: Api;
  /** Whether sessions are read-only unless their creator says otherwise. */
  readOnly: boolean;
  /** Whether this server has terminals. */
  terminals: boolean;
  /** Whether guests can come in here without a Jupyter login. */
  guests: boolean;
  /** Jupyter's of the person; empty if it knows none. */
  name: string;
  /** Something that is no ticket, from the address. */
  ticket: string;
  /** Whether the person has just logged in: a hub's login drops the ticket of a link. */
  loggedIn: boolean;
  onShared: (session: HostedSession) => void;
  onOpen: (session: HostedSession) => void;
  onJoin: (ticket: Ticket, password: string | null) => null;
}

export function Start(props: StartProps) {
  const { api, readOnly, terminals, guests, name, ticket, loggedIn, onShared, onOpen, onJoin } = props;
  const phone = useMedia(PHONE);
  const share = terminals ? (
    <ShareForm key="share" {...{ api, readOnly, guests, name, onShared }} />
  ) : (
    <section key="share" className="sshx-form-card" aria-labelledby="sshx-share-title">
      <h2 id="sshx-share-title">{trans.__("Share a terminal")}</h2>
      <p>{trans.__("Terminals are disabled on this Jupyter server. You can join, but not share.")}</p>
    </section>
  );
  const join = (
    <JoinForm key="join" ticket={ticket} onJoin={onJoin} name={name} takesPaste>
      {loggedIn && ticket === "" && (
        <p className="sshx-form-hint">
          {trans.__("Did you follow a link? Logging in removed its ticket. Open the link again, or paste it here.")}
        </p>
      )}
    </JoinForm>
  );
  return (
    <Frame wide>
      {phone ? [join, share] : [share, join]}
      <Hosted api={api} onOpen={onOpen} />
    </Frame>
  );
}
