/** A Jupyter server with its sessions. */
import { vi } from "vitest";
import { SHARE_FLAGS, type HostedSession, type ServerApi, type ShareOptions } from "../../src/api/api";
import type { Dial } from "../../src/links/link";
import type { Credentials } from "../../src/protocol/handshake";
import { ownerOf } from "../../src/session/access";
import { CREDENTIALS, type HostLink, ScriptedHost } from "../client/scriptedHost";

export function hosted(number: number, change: Partial<HostedSession> = {}): HostedSession {
  return {
    id: String(number).padStart(2, "0").repeat(16),
    name: `Session ${number}`,
    created: "2024-01-01T00:00:00Z",
    tickets: { write: `write${number}`, read: `read${number}` },
    urls: { write: null, read: null },
    owner_secret: "02".repeat(16),
    shells: [{ sid: 1, terminal: String(number), title: "bash" }],
    users: [],
    options: { ...SHARE_FLAGS, password: false, expires_at: null, locked: false },
    ...change,
  };
}

/** The server's API. Each session's host says what the test tells it to. */
export class FakeApi implements ServerApi {
  readonly root = new URL("http://localhost:3000/");
  guests = false;
  list: readonly HostedSession[] = [];
  /** What the next requests fail with. */
  failure: Error | null = null;
  readonly #hosts = new Map<string, ScriptedHost>();

  readonly sessions = vi.fn(() => this.#answer(() => [...this.list]));
  readonly find = vi.fn((id: string) => this.#answer(() => this.list.find((each) => each.id === id) ?? null));
  readonly share = vi.fn((options: ShareOptions) =>
    this.#answer(() => {
      const session = hosted(this.list.length + 1, { name: options.name ?? "" });
      this.list = [...this.list, session];
      return session;
    }),
  );
  readonly rename = vi.fn((id: string, name: string) =>
    this.#answer(() => {
      this.list = this.list.map((each) => (each.id === id ? { ...each, name } : each));
    }),
  );
  readonly stop = vi.fn((id: string) =>
    this.#answer(() => {
      this.list = this.list.filter((each) => each.id !== id);
    }),
  );
  readonly invite = vi.fn((id: string, role: string, seconds: number) =>
    this.#answer(() => ({ html: `${id} ${role} ${seconds}`, expires_at: "2024-01-02T00:00:00Z" })),
  );
  readonly terminals = vi.fn(() => this.#answer((): string[] => []));
  readonly dialHosted = vi.fn((id: string) => this.host(id).dial);
  readonly dialAny = vi.fn<(id: string, addr: string) => Dial>((id) => this.host(id).dial);

  host(id: string): ScriptedHost {
    let host = this.#hosts.get(id);
    if (!host) this.#hosts.set(id, (host = new ScriptedHost()));
    return host;
  }

  /** Let in who knocks at a session's host, with the host's own credentials if no others are given. */
  async letIn(session: HostedSession, credentials: Credentials = ownerOf(session)): Promise<HostLink> {
    Object.assign(CREDENTIALS, credentials);
    await this.knocked(session.id);
    return this.host(session.id).welcome();
  }

  /** Someone waits for the host's answer. */
  async knocked(id: string): Promise<HostLink> {
    const host = this.host(id);
    const knocked = () => host.links.some((link) => link.knock.length === 2 && !link.closed);
    await vi.waitUntil(knocked, { interval: 2, timeout: 10_000 }); // passwords take their time
    return host.link;
  }

  #answer<T>(answer: () => T): Promise<T> {
    return this.failure ? Promise.reject(this.failure) : Promise.resolve().then(answer);
  }
}
