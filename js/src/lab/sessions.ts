/** The sessions that this Jupyter server hosts, kept up to date: which there are, and who is in them. */
import type { Event, ServiceManager } from "@jupyterlab/services";
import { type ISignal, Signal } from "@lumino/signaling";
import { ApiError, type ServerApi, type HostedSession, type ShareOptions } from "../api/api";
import type { Hear, ShellChanged } from "../protocol/messages";
import type { SessionMonitor } from "./sessionMonitor";

/** The server tells so that a session has started or stopped; see `server/events/session.yaml`. */
const SESSION_EVENT = "https://schema.jupyter.org/sshx_jupyter/session/v1";
/** Answers that mean that this person, or this server, has nothing to do with sessions. */
const NOT_HERE = [401, 403, 404, 405];
/** Milliseconds after which someone who comes back to the page may have missed events. */
const STALE = 30_000;
/** Milliseconds from one attempt to the next, while nothing is known. */
const PATIENCE = [5_000, 60_000] as const;

interface ChatChange {
  monitor: SessionMonitor;
  /** Null: the chat was read. */
  message: Hear | null;
}

interface ShellChange {
  monitor: SessionMonitor;
  change: ShellChanged;
}

export class SharedSessions {
  /** Oldest first. A new array after each change. */
  list: readonly HostedSession[] = [];
  /** Whether this person may share and join here; null while it is not known. */
  available: boolean | null = null;
  #told: boolean | null = null;
  readonly #monitors = new Map<string, SessionMonitor>();
  readonly #changed = new Signal<this, void>(this);
  readonly #peopleChanged = new Signal<this, SessionMonitor>(this);
  readonly #chatChanged = new Signal<this, ChatChange>(this);
  readonly #shellChanged = new Signal<this, ShellChange>(this);
  #looked = 0;
  #patience: number = PATIENCE[0];
  #later: ReturnType<typeof setTimeout> | undefined;
  #looking: Promise<void> | null = null;
  /** Whether the server has to be asked, or asked again. */
  #again = false;

  constructor(
    readonly api: ServerApi,
    events: ServiceManager.IManager["events"] | undefined,
  ) {
    events?.stream.connect((_, event: Event.Emission) => {
      if (event.schema_id === SESSION_EVENT) void this.refresh();
    });
    document.addEventListener("visibilitychange", () => {
      const missed = Date.now() - this.#looked > STALE;
      if (document.visibilityState === "visible" && missed && this.available !== false) void this.refresh();
    });
  }

  /** `list` or `available` is another. */
  get changed(): ISignal<this, void> {
    return this.#changed;
  }

  /** The people of a session are others, or it has just become known who they are. */
  get peopleChanged(): ISignal<this, SessionMonitor> {
    return this.#peopleChanged;
  }

  /** A guest has written something, or the chat was read. */
  get chatChanged(): ISignal<this, ChatChange> {
    return this.#chatChanged;
  }

  /** Somebody else opened, closed or removed a shell, or it ended by itself. */
  get shellChanged(): ISignal<this, ShellChange> {
    return this.#shellChanged;
  }

  find(id: string): HostedSession | null {
    return this.list.find((session) => session.id === id) ?? null;
  }

  /** The sessions that share this terminal of Jupyter's. */
  ofTerminal(name: string): readonly HostedSession[] {
    return this.list.filter(({ shells }) => shells.some(({ terminal }) => terminal === name));
  }

  /** Who is in a session, and what they ask for; null until that is known. */
  monitor(id: string): SessionMonitor | null {
    return this.#monitors.get(id) ?? null;
  }

  async share(options: ShareOptions): Promise<HostedSession> {
    const session = await this.api.share(options);
    this.#again = true;
    this.#set([...this.list.filter(({ id }) => id !== session.id), session]);
    return session;
  }

  /** For everyone. The terminals live on. Raises `ApiError`. */
  async stop(id: string): Promise<void> {
    try {
      await this.api.stop(id);
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 404)) throw error; // someone else was quicker
    }
    this.#again = true;
    this.#set(this.list.filter((session) => session.id !== id));
  }

  /** Ask the server. Never fails: what is not known stays as it was. */
  refresh(): Promise<void> {
    this.#again = true;
    this.#looking ??= this.#lookUntilFresh().finally(() => (this.#looking = null));
    return this.#looking;
  }

  /** What happens while the server is asked may not be in its answer. */
  async #lookUntilFresh(): Promise<void> {
    while (this.#again) {
      this.#again = false;
      await this.#look();
    }
  }

  async #look(): Promise<void> {
    this.#looked = Date.now();
    try {
      const list = await this.api.sessions();
      this.available = true;
      this.#set(this.#again ? this.list : list);
    } catch (error) {
      const refused = error instanceof ApiError && NOT_HERE.includes(error.status);
      if (this.available !== null) return; // a login that has ended, or a server that is away, comes back
      if (!refused) {
        clearTimeout(this.#later);
        this.#later = setTimeout(() => void this.refresh(), this.#patience);
        this.#patience = Math.min(this.#patience * 2, PATIENCE[1]);
        return;
      }
      this.available = false;
      this.#set([]);
    }
  }

  #set(list: readonly HostedSession[]): void {
    const before = JSON.stringify([this.#told, this.list]);
    this.list = list;
    this.#told = this.available;
    for (const [id, monitor] of this.#monitors) {
      if (this.find(id)) continue;
      this.#monitors.delete(id);
      monitor.close();
    }
    if (JSON.stringify([this.#told, list]) !== before) this.#changed.emit();
    if (list.some(({ id }) => !this.#monitors.has(id))) void this.#monitorAll();
  }

  /** The client is loaded when there is a session to monitor. */
  async #monitorAll(): Promise<void> {
    const { SessionMonitor } = await import("./sessionMonitor");
    for (const session of this.list) {
      if (this.#monitors.has(session.id)) continue;
      const monitor = new SessionMonitor(this.api, session, {
        onPeople: () => this.#peopleChanged.emit(monitor),
        onShells: () => void this.refresh(), // a new shell is a new terminal
        onTickets: () => void this.refresh(),
        onChat: (message) => this.#chatChanged.emit({ monitor, message }),
        onShell: (change) => this.#shellChanged.emit({ monitor, change }),
      });
      this.#monitors.set(session.id, monitor);
    }
  }
}
