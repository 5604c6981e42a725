/** Sees who is in a session of this server, and what they ask for, without being listed there itself. */
import { SshxClient, type Client } from "../client/client";
import type { ServerApi, HostedSession } from "../api/api";
import { ownerOf } from "../session/access";
import { peopleReader, type Person } from "../session/people";

interface Listener {
  /** `people` or `name` is another. */
  onPeople: () => void;
  /** Another shell is there, or one is gone; or the session is over. */
  onShells: () => void;
}

/** Milliseconds before the first and, doubling, before the later attempts to be let in. */
const RETRY = [1_000, 30_000] as const;

export class SessionMonitor {
  readonly id: string;
  readonly client: Client;
  /** In the order in which the view lists them. The list stays the same while only cursors move. */
  people: readonly Person[] = [];
  name: string;
  readonly #off: () => void;
  #delay: number = RETRY[0];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(api: ServerApi, session: HostedSession, { onPeople, onShells }: Listener) {
    this.id = session.id;
    this.name = session.name;
    this.client = new SshxClient({ credentials: ownerOf(session), dial: api.dialHosted(session.id), observer: true });
    const read = peopleReader();
    let shells = session.shells.map(({ sid }) => sid).join();
    let known = false;
    this.#off = this.client.on(({ type }) => {
      known ||= type === "users";
      if (!known && type === "info") return; // who is there comes next
      if (type === "users" || type === "info") {
        const people = read(this.client);
        const name = this.client.info?.name ?? this.name;
        if (people === this.people && name === this.name) return;
        this.people = people;
        this.name = name;
        onPeople();
      } else if (type === "shells") {
        const now = [...this.client.shells.keys()].sort((a, b) => a - b).join();
        if (now !== shells) onShells();
        shells = now;
      } else if (type === "state") {
        const { state, refusal } = this.client;
        if (state === "connected") this.#delay = RETRY[0];
        else if (state === "ended" || refusal === "notFound") onShells();
        else if (state === "refused") this.#retry();
      }
    });
    this.client.connect();
  }

  /** Who is in, but for the host's own front ends. */
  get guests(): readonly Person[] {
    return this.people.filter((person) => !person.pending && person.role !== "owner");
  }

  /** Who waits for an answer. */
  get requests(): readonly Person[] {
    return this.people.filter((person) => person.pending || person.wantsWrite);
  }

  /** Whether the host is told; not while there is no connection. */
  answer({ uid, pending }: Person, allow: boolean): boolean {
    if (this.client.state !== "connected") return false;
    if (pending) this.client.approve(uid, allow);
    else this.client.setRole(uid, allow ? "writer" : "reader");
    return true;
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#off();
    this.client.close();
  }

  #retry(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.client.connect(), this.#delay);
    this.#delay = Math.min(this.#delay * 2, RETRY[1]);
  }
}
