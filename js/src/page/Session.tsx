/** A session's page: makes the client and shows its view, for the host and for guests. */
import { useEffect, useState, type FormEvent } from "react";
import { SshxClient, type Client } from "../client/client";
import { Field, Problem } from "../forms/Field";
import type { Dial } from "../links/link";
import type { Credentials } from "../protocol/handshake";
import type { Api, HostedSession } from "../api/api";
import { ownerOf, useInvite } from "../session/hosted";
import { keepResume, takeResume } from "../session/reload";
import type { Ticket } from "../ticket";
import { SessionView, type Invite, type Opening } from "../view/SessionView";
import { getSettings } from "../view/settings";
import { useClient } from "../view/useClient";
import { Frame } from "./Frame";

const TO_SHARE: Opening = { panel: "Share" };

interface OwnSessionProps {
  api: Api;
  session: HostedSession;
  /** Whether it has just been made: then its links are shown. */
  fresh: boolean;
  /** What Jupyter knows of the person, for who has not chosen a name. */
  name: string;
  onLeave: () => void;
}

/** A session that this server hosts, as its owner. */
export function OwnSession({ api, session, fresh, name, onLeave }: OwnSessionProps) {
  const [credentials] = useState(() => ownerOf(session));
  const [client] = useState(() => newClient(credentials, api.dialHosted(session.id), name));
  const invite = useInvite(api, session, client);
  return <Connected {...{ client, credentials, invite, onLeave }} opens={fresh ? TO_SHARE : undefined} />;
}

interface GuestSessionProps {
  api: Api;
  ticket: Ticket;
  password: string | null;
  name: string;
  onLeave: () => void;
}

/** Any session, with a ticket. Asks for a password until it is the right one. */
export function GuestSession({ api, ticket, password: first, name, onLeave }: GuestSessionProps) {
  const [password, setPassword] = useState(first);
  const [problem, setProblem] = useState("");
  if (password === null && (ticket.password || problem)) {
    return <PasswordForm problem={problem} onPassword={setPassword} onLeave={onLeave} />;
  }
  const onRefused = (message: string) => {
    setProblem(message);
    setPassword(null);
  };
  return <Guest api={api} ticket={ticket} password={password} name={name} onRefused={onRefused} onLeave={onLeave} />;
}

interface GuestProps extends GuestSessionProps {
  /** The password is wrong or missing. */
  onRefused: (message: string) => void;
}

function Guest({ api, ticket, password, name, onRefused, onLeave }: GuestProps) {
  const [credentials] = useState(() => ticket.credentials(password));
  const [client] = useState(() => newClient(credentials, api.dialAny(ticket.session, ticket.endpointTicket), name));
  const refusal = useClient(client, ({ refusal }) => refusal);

  useEffect(() => {
    if (refusal === "passwordRequired") onRefused("This session needs a password as well. The host knows it.");
    if (refusal === "invalidAuth" && password !== null) {
      onRefused("The host does not accept this password. Type it again; if it is right, ask for a new ticket.");
    }
  });

  return <Connected {...{ client, credentials, onLeave }} />;
}

interface ConnectedProps {
  client: Client;
  credentials: Credentials;
  invite?: Invite;
  opens?: Opening | undefined;
  onLeave: () => void;
}

/** The view of a client that is connected as long as this is shown. */
function Connected({ client, credentials, onLeave, ...rest }: ConnectedProps) {
  const name = useClient(client, ({ info }) => info?.name ?? "");

  useEffect(() => {
    client.connect();
    const stopKeeping = keepResume(client, credentials);
    return () => {
      stopKeeping();
      client.close();
    };
  }, [client, credentials]);
  useEffect(() => {
    document.title = name ? `${name} · sshx` : "sshx";
    return () => {
      document.title = "sshx";
    };
  }, [name]);

  return <SessionView client={client} onLeave={onLeave} {...rest} />;
}

interface PasswordFormProps {
  problem: string;
  onPassword: (password: string) => void;
  onLeave: () => void;
}

function PasswordForm({ problem, onPassword, onLeave }: PasswordFormProps) {
  const [password, setPassword] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (password) onPassword(password);
  };
  return (
    <Frame>
      <form className="sshx-form-card" aria-labelledby="sshx-password-title" onSubmit={submit}>
        <h2 id="sshx-password-title">This session has a password</h2>
        <p className="sshx-form-lead">It is needed besides the ticket. The host knows it.</p>
        <Problem>{problem}</Problem>
        <Field
          label="Password"
          type="password"
          autoComplete="current-password"
          // eslint-disable-next-line jsx-a11y/no-autofocus -- the only thing to do here
          autoFocus
          value={password}
          onValue={setPassword}
        />
        <div className="sshx-form-actions">
          <button type="submit" className="sshx-form-primary">
            Join
          </button>
          <button type="button" onClick={onLeave}>
            Use another ticket
          </button>
        </div>
      </form>
    </Frame>
  );
}

function newClient(credentials: Credentials, dial: Dial, known: string): Client {
  const { color } = getSettings();
  const name = getSettings().name || known;
  const resume = takeResume(credentials);
  return new SshxClient({
    credentials,
    dial,
    ...(name && { name }),
    ...(color && { color }),
    ...(resume && { resume }),
  });
}
