/** Shows what the address says, and changes the address when the person goes somewhere else. */
import { useCallback, useEffect, useState } from "react";
import { Ticket } from "../ticket";
import type { Api, HostedSession } from "../api/api";
import { Problem } from "../forms/Field";
import { Frame } from "./Frame";
import { JoinForm, read } from "../forms/JoinForm";
import { addressOf, placeAt, START, type Place } from "./place";
import { GuestSession, OwnSession } from "./Session";
import { Start } from "./Start";

interface AppProps {
  api: Api;
  readOnly: boolean;
  terminals: boolean;
  /** Jupyter's of the person; empty if it knows none. */
  name: string;
}

/** What the address does not tell. It is forgotten when the page is loaded again. */
interface Known {
  /** A session that was just made. */
  fresh?: HostedSession;
  password?: string | null;
}

export function App({ api, readOnly, terminals, name }: AppProps) {
  const here = useCallback(() => placeAt(api.root, new URL(location.href)), [api]);
  const [place, setPlace] = useState(here);
  const [known, setKnown] = useState<Known>({});

  useEffect(() => {
    const moved = () => {
      setKnown({});
      setPlace(here());
    };
    addEventListener("popstate", moved);
    addEventListener("hashchange", moved);
    return () => {
      removeEventListener("popstate", moved);
      removeEventListener("hashchange", moved);
    };
  }, [here]);

  const go = (to: Place, what: Known = {}) => {
    history.pushState(null, "", addressOf(api.root, to));
    setKnown(what);
    setPlace(to);
  };
  const leave = () => go(START);
  const join = (ticket: Ticket, password: string | null) => {
    go({ id: ticket.session, ticket: ticket.encode() }, { password });
    return null;
  };

  const found = read(place.ticket);
  const ticket = found instanceof Ticket ? found : null;
  const elsewhere = ticket !== null && ticket.session !== place.id;
  useEffect(() => {
    // The ticket decides which session this is.
    if (elsewhere) history.replaceState(null, "", addressOf(api.root, { ...place, id: ticket.session }));
  });

  if (ticket) {
    const password = known.password ?? null;
    return (
      <GuestSession key={ticket.encode()} api={api} ticket={ticket} password={password} name={name} onLeave={leave} />
    );
  }
  if (place.id !== null && !place.ticket) {
    const { fresh = null } = known;
    return <Looked key={place.id} api={api} id={place.id} fresh={fresh} name={name} onJoin={join} onLeave={leave} />;
  }
  return (
    <Start
      key={place.ticket}
      api={api}
      readOnly={readOnly}
      terminals={terminals}
      name={name}
      ticket={place.ticket}
      onShared={(fresh) => go({ id: fresh.id, ticket: "" }, { fresh })}
      onOpen={({ id }) => go({ id, ticket: "" })}
      onJoin={join}
    />
  );
}

interface LookedProps {
  api: Api;
  id: string;
  fresh: HostedSession | null;
  name: string;
  onJoin: (ticket: Ticket, password: string | null) => null;
  onLeave: () => void;
}

/** A session without a ticket: whoever may use this server owns what it hosts, and needs a ticket for anything else. */
function Looked({ api, id, fresh, name, onJoin, onLeave }: LookedProps) {
  const [session, setSession] = useState(fresh);
  const [missing, setMissing] = useState(false);
  const [problem, setProblem] = useState("");

  const look = useCallback(() => {
    api.find(id).then(
      (found) => {
        setSession(found);
        setMissing(found === null);
      },
      (error: unknown) => setProblem((error as Error).message),
    );
  }, [api, id]);
  useEffect(() => {
    if (!fresh) look();
  }, [fresh, look]);

  if (session) return <OwnSession api={api} session={session} fresh={fresh !== null} name={name} onLeave={onLeave} />;
  if (missing) {
    return (
      <Frame>
        <section className="sshx-form-card" role="alert">
          <h2>This session is not shared from this server</h2>
          <p>
            It has ended, or someone else hosts it. With their ticket or their whole link, up to its last character, you
            can join it from here.
          </p>
        </section>
        <JoinForm onJoin={onJoin} name={name} />
        <button type="button" onClick={onLeave}>
          To the start page
        </button>
      </Frame>
    );
  }
  return (
    <Frame>
      <section className="sshx-form-card">
        {!problem && <p role="status">Looking for the session…</p>}
        <Problem>{problem}</Problem>
        {problem && (
          <div className="sshx-form-actions">
            <button
              type="button"
              className="sshx-form-primary"
              onClick={() => {
                setProblem("");
                look();
              }}
            >
              Try again
            </button>
            <button type="button" onClick={onLeave}>
              To the start page
            </button>
          </div>
        )}
      </section>
    </Frame>
  );
}
