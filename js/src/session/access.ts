/** The ways into a session: as its owner if the Jupyter server hosts it, else with a ticket. */
import { hexToBytes } from "@noble/hashes/utils.js";
import type { HostedSession, ServerApi } from "../api/api";
import type { Dial } from "../links/link";
import type { Credentials } from "../protocol/handshake";
import type { Ticket } from "../ticket";

/** What lets others in. A session that is read-only for everyone has no `write`. */
export interface Invite {
  tickets: { write: string | null; read: string };
  /** Links with the tickets; null where no page is known that guests could open. */
  urls: { write: string | null; read: string } | null;
  /** Whether guests can use a ticket at `sshx/guest` of the session's server, without a login. */
  atServer?: boolean;
  /** Makes invite files, where the session's server does. */
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
  return {
    tickets,
    urls: read === null ? null : { write, read },
    atServer: api.guests,
    stop: () => api.stop(id),
    makeFile: async (role, seconds) => {
      const { html, expires_at } = await api.invite(id, role, seconds);
      const words = name.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
      return { name: ["invite", ...words].join("-") + ".html", html, expires: new Date(expires_at) };
    },
  };
}
