/** The Jupyter server's API, as far as the browser needs it. `server/openapi.yaml` describes it. */
import type { Dial } from "../links/link";
import { dialWebSocket, localUrl, pipeUrl } from "../links/websocket";
import type { Role } from "../protocol/messages";
import { trans } from "../translation";

/** A session that this server hosts, and that this person may go into. */
export interface HostedSession {
  id: string;
  name: string;
  /** ISO 8601. */
  created: string;
  tickets: { write: string | null; read: string };
  /** Links with the tickets; null where no page is known that guests could open. */
  urls: { write: string | null; read: string | null };
  /** Hexadecimal; makes its holder the session's owner. */
  owner_secret: string;
  /** `terminal` is the name of Jupyter's terminal. */
  shells: readonly { sid: number; terminal: string; title: string }[];
  users: readonly { uid: number; name: string; color: string; role: Role }[];
  options: ShareFlags & { password: boolean; expires_at: string | null; locked: boolean };
}

/** What one is told of a session who may know of it, but not go in. */
interface Closed {
  owner_secret: null;
}

/** The options of a session that are on or off, as they are unless someone chooses. */
export const SHARE_FLAGS = { read_only: false, approve: false, history: true };
export type ShareFlags = typeof SHARE_FLAGS;

/** How a session is shared. The server decides what is left out. */
export interface ShareOptions extends ShareFlags {
  /** The session's name, at most 64 characters. */
  name?: string;
  /** Names of Jupyter's terminals. Without any, a new one is opened. */
  terminals?: readonly string[];
  /** The directory in which a new terminal starts, from the server's root. */
  cwd?: string;
  password?: string;
  /** Seconds after which the session stops. */
  expires_in?: number;
}

/** Milliseconds that the server may take. Without relays within reach, a session's first ticket takes some seconds. */
const PATIENCE = 30_000;

/** A request that failed. The message is a sentence for the person. */
export class ApiError extends Error {
  /**
   * @param status - HTTP's; 0 if the server cannot be reached.
   * @param reason - the API's word; empty if it has given none.
   */
  constructor(
    message: string,
    readonly status = 0,
    readonly reason = "",
  ) {
    super(message);
  }
}

const unreachable = () =>
  trans.__("The Jupyter server cannot be reached. Check that it is running and that you are online.");

export class Api {
  /**
   * @param root - the server's address, up to its base URL with the slash at its end.
   * @param token - the server's own; empty where a cookie stands for it.
   * @param guests - whether the server lets guests in without a login, at `sshx/guest`.
   */
  constructor(
    readonly root: URL,
    private readonly token = "",
    readonly guests = false,
  ) {}

  /** The sessions that this person may go into. */
  async sessions(): Promise<HostedSession[]> {
    const sessions = (await this.request("GET", "sshx/api/sessions")) as (HostedSession | Closed)[];
    return sessions.filter((session) => session.owner_secret !== null);
  }

  /** The session of this id; null if it is none of them. */
  async find(id: string): Promise<HostedSession | null> {
    return (await this.sessions()).find((session) => session.id === id) ?? null;
  }

  async share(options: ShareOptions): Promise<HostedSession> {
    return (await this.request("POST", "sshx/api/sessions", options)) as HostedSession;
  }

  async rename(id: string, name: string): Promise<void> {
    await this.request("PATCH", `sshx/api/sessions/${id}`, { name });
  }

  /** Stop sharing. The terminals live on. */
  async stop(id: string): Promise<void> {
    await this.request("DELETE", `sshx/api/sessions/${id}`);
  }

  /** A new invite file of a session, which lets people in for so many seconds. */
  async invite(id: string, role: "reader" | "writer", seconds: number): Promise<{ html: string; expires_at: string }> {
    const path = `sshx/api/sessions/${id}/invite?role=${role}&expires_in=${seconds}`;
    return (await this.request("GET", path)) as { html: string; expires_at: string };
  }

  /** The names of Jupyter's terminals. */
  async terminals(): Promise<string[]> {
    const terminals = (await this.request("GET", "api/terminals")) as { name: string }[];
    return terminals.map(({ name }) => name);
  }

  /** Links to a session of this server. */
  dialHosted(id: string): Dial {
    return dialWebSocket(this.withToken(localUrl(this.root.href, id)));
  }

  /** Links to any session: straight to one that this very server hosts, else through it to the host at `addr`. */
  dialAny(id: string, addr: string): Dial {
    let url: string | undefined;
    return async (handlers) => {
      const { href } = this.root;
      url ??= (await this.find(id)) ? localUrl(href, id) : pipeUrl(href, id, addr);
      return dialWebSocket(this.withToken(url))(handlers);
    };
  }

  /** Match JupyterLab does it for a server that is not the page's own, where there is no cookie. */
  private withToken(url: string): string {
    if (!this.token || this.root.host === location.host) return url;
    const address = new URL(url);
    address.searchParams.set("token", this.token);
    return address.href;
  }

  private async request(method: string, path: string, body?: unknown): Promise<unknown> {
    const headers: Record<string, string> = { "Content-Type": "application/json" };
    // Jupyter takes changes only from who can read its cookie.
    const xsrf = /(?:^|; )_xsrf=([^;]*)/.exec(document.cookie)?.[1];
    if (xsrf) headers["X-XSRFToken"] = xsrf;
    if (this.token) headers.Authorization = `token ${this.token}`;
    let response: Response;
    try {
      const sent = body === undefined ? null : JSON.stringify(body);
      const signal = AbortSignal.timeout(PATIENCE);
      response = await fetch(new URL(path, this.root), { method, headers, body: sent, cache: "no-store", signal });
    } catch {
      throw new ApiError(unreachable());
    }
    if (response.status === 204) return null;
    const { status } = response;
    const reply = (await response.json().catch(() => null)) as { message?: unknown; reason?: unknown } | null;
    if (response.ok && reply !== null) return reply;
    const { message, reason } = reply ?? {};
    const sentence = trans.__("The Jupyter server answered with HTTP status %1. Reload the page to try again.", status);
    throw new ApiError(text(message) || sentence, status, text(reason));
  }
}

/** The API as others use it: its public members. The plugin takes this, so that tests can give it another. */
export type ServerApi = Pick<Api, keyof Api>;

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
