/** Shows what the address says, and changes the address when the person goes somewhere else. */
import { useCallback, useEffect, useState } from "react";
import type { Api, HostedSession } from "../api/api";
import { read } from "../forms/JoinForm";
import { hiddenTicket, hideTicket } from "../session/hiddenTicket";
import { Ticket } from "../ticket";
import { addressOf, placeAt, START, type Place } from "./place";
import { Session } from "./Session";
import { Start } from "./Start";

interface AppProps {
  api: Api;
  readOnly: boolean;
  terminals: boolean;
  /** Whether guests can come in here without a Jupyter login. */
  guests: boolean;
  /** Jupyter's of the person; empty if it knows none. */
  name: string;
  /** Whether the person has just logged in. */
  loggedIn?: boolean;
}

/** What the address does not tell. It is forgotten when the page is loaded again. */
interface Known {
  /** A session that was just made. */
  fresh?: HostedSession;
  password?: string | null;
  loggedIn?: boolean;
}

export function App({ api, readOnly, terminals, guests, name, loggedIn = false }: AppProps) {
  const here = useCallback(() => placeAt(api.root, new URL(location.href), hiddenTicket()), [api]);
  const [place, setPlace] = useState(here);
  const [known, setKnown] = useState<Known>({ loggedIn });

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
  const hide = useCallback(() => {
    const now = read(place.ticket);
    if (now instanceof Ticket && location.hash) {
      hideTicket(now.encode(), addressOf(api.root, { id: now.session, ticket: "" }));
    }
  }, [api, place.ticket]);

  const id = ticket?.session ?? (place.ticket ? null : place.id);
  if (id !== null) {
    const { fresh = null, password = null } = known;
    const session = { api, id, ticket, password, fresh, name };
    return <Session key={ticket?.encode() ?? id} {...session} onIn={hide} onJoin={join} onLeave={leave} />;
  }
  return (
    <Start
      key={place.ticket}
      api={api}
      readOnly={readOnly}
      terminals={terminals}
      guests={guests}
      name={name}
      ticket={place.ticket}
      loggedIn={known.loggedIn ?? false}
      onShared={(fresh) => go({ id: fresh.id, ticket: "" }, { fresh })}
      onOpen={({ id }) => go({ id, ticket: "" })}
      onJoin={join}
    />
  );
}
