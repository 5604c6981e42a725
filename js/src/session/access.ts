/** The ways into a session: as its owner if the Jupyter server hosts it, else with a ticket. */
import { hexToBytes } from "@noble/hashes/utils.js";
import type { HostedSession, ServerApi } from "../api/api";
import type { Dial } from "../links/link";
import type { Credentials } from "../protocol/handshake";
import { Ticket, TicketError } from "../ticket";

/** What lets others in. A session that is read-only for everyone has no `write`. */
export interface Invite {
  tickets: { write: string | null; read: string };
  /** Links with the tickets; null where no page is known that guests could open. */
  urls: { write: string | null; read: string } | null;
  /** The page of the session's server where guests can use a ticket without a login; null if there is none. */
  guestPage?: string | null;
  /** Makes invite files, where the session's server does and browsers can reach the host over a relay. */
  makeFile?: MakeFile;
  /** Ends the session for everyone; for its owners. A rejection's message is a sentence. */
  stop?: () => Promise<void>;
  /** Whether the terminals close then, because nothing else could show them. */
  closesTerminals?: boolean;
}

export type InviteRole = "reader" | "writer";

/** An HTML file: anyone who opens it in a browser can join until it ends. A secret. */
export interface InviteFile {
  name: string;
  html: string;
  expires: Date;
}

/** A rejection's message is a sentence. */
export type MakeFile = (role: InviteRole, seconds: number) => Promise<InviteFile>;

export interface Access {
  credentials: Credentials;
  dial: Dial;
  /** The token of another client of the same user; see `ClientOptions`. */
  companion?: () => Promise<Uint8Array>;
  /** The server's description; null if the page's Jupyter server does not host the session. */
  session: HostedSession | null;
  invite: Invite | null;
  /** Asks for the invite again: new tickets were made, or the host has other addresses, which the tickets contain. */
  renewInvite?: () => Promise<Invite | null>;
}

/** Finds and dials sessions through a Jupyter server. */
export function throughServer(api: ServerApi) {
  return {
    find: async (id: string): Promise<Access | null> => {
      const session = await api.find(id);
      return session && hostedAccess(api, session);
    },
    dial: ({ session, endpointTicket }: Ticket): Dial => api.dialAny(session, endpointTicket),
  };
}

/** The owner's way into a session that the server hosts. */
export function hostedAccess(api: ServerApi, session: HostedSession): Access {
  const { id } = session;
  return {
    credentials: ownerOf(session),
    dial: api.dialHosted(id),
    session,
    invite: inviteOf(api, session),
    renewInvite: async () => {
      const now = await api.find(id);
      return now && inviteOf(api, now);
    },
  };
}

export function ownerOf({ id, owner_secret }: HostedSession): Credentials {
  return { sessionId: hexToBytes(id), role: "owner", secret: hexToBytes(owner_secret), password: null };
}

export function inviteOf(api: ServerApi, { id, name, tickets, urls: { write, read } }: HostedSession): Invite {
  const makeFile: MakeFile = async (role, seconds) => {
    const { html, expires_at } = await api.invite(id, role, seconds);
    const words = name.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
    return { name: ["invite", ...words].join("-") + ".html", html, expires: new Date(expires_at) };
  };
  return {
    tickets,
    urls: read === null ? null : { write, read },
    guestPage: api.guests ? new URL("sshx/guest", api.root).href : null,
    stop: () => api.stop(id),
    ...(namesRelay(tickets.read) && { makeFile }),
  };
}

/** Whether the host has a relay. A ticket of a version that this page cannot read may name one. */
function namesRelay(ticket: string): boolean {
  try {
    return Ticket.decode(ticket).relays.length > 0;
  } catch (error) {
    if (error instanceof TicketError) return true;
    throw error;
  }
}
