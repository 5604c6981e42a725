/** The Jupyter server's REST API, as far as the page needs it. `server/openapi.yaml` describes it. */

/** A session that this server hosts. */
export interface HostedSession {
  id: string;
  name: string;
  urls: { write: string | null; read: string };
  /** Hexadecimal; makes its holder the session's owner. */
  owner_secret: string;
  shells: readonly unknown[];
  users: readonly unknown[];
}

/** What a new session is to be; what is left out, the server decides. */
export interface ShareOptions {
  name?: string;
  /** Names of Jupyter's terminals; without them, a new one is opened. */
  terminals?: string[];
  read_only: boolean;
  approve: boolean;
  password?: string;
  /** Seconds. */
  expires_in?: number;
}

/** Milliseconds that the server may take. Without relays within reach, a session's first ticket takes some seconds. */
const PATIENCE = 30_000;

/** A request that failed. The message is a sentence for the person. */
export class ApiError extends Error {}

const UNREACHABLE = "The Jupyter server cannot be reached. Check that it is running and that you are online.";

export class Api {
  /** `root`: the server's address, up to its base URL with the slash at its end. */
  constructor(readonly root: URL) {}

  async sessions(): Promise<HostedSession[]> {
    return (await this.request("GET", "sshx/api/sessions")) as HostedSession[];
  }

  /** The session of this id; null if it is not hosted here. */
  async find(id: string): Promise<HostedSession | null> {
    return (await this.sessions()).find((session) => session.id === id) ?? null;
  }

  async share(options: ShareOptions): Promise<HostedSession> {
    return (await this.request("POST", "sshx/api/sessions", options)) as HostedSession;
  }

  /** Stop sharing. The terminals live on. */
  async stop(id: string): Promise<void> {
    await this.request("DELETE", `sshx/api/sessions/${id}`);
  }

  /** The names of Jupyter's terminals. */
  async terminals(): Promise<string[]> {
    const terminals = (await this.request("GET", "api/terminals")) as { name: string }[];
    return terminals.map(({ name }) => name);
  }

  private async request(method: string, path: string, body?: unknown): Promise<unknown> {
    const headers: Record<string, string> = { "Content-Type": "application/json" };
    // Jupyter takes changes only from who can read its cookie.
    const token = /(?:^|; )_xsrf=([^;]*)/.exec(document.cookie)?.[1];
    if (token) headers["X-XSRFToken"] = token;
    let response: Response;
    try {
      const sent = body === undefined ? null : JSON.stringify(body);
      const signal = AbortSignal.timeout(PATIENCE);
      response = await fetch(new URL(path, this.root), { method, headers, body: sent, cache: "no-store", signal });
    } catch {
      throw new ApiError(UNREACHABLE);
    }
    if (response.status === 204) return null;
    const reply = (await response.json().catch(() => null)) as { message?: unknown } | null;
    if (response.ok && reply !== null) return reply;
    const { message } = reply ?? {};
    if (typeof message === "string" && message) throw new ApiError(message);
    throw new ApiError(
      `The Jupyter server answered with HTTP status ${response.status}. Reload the page to try again.`,
    );
  }
}
