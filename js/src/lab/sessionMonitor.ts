/** Follows a session of this server: who is there, what they ask for, write and do. It is listed only if it is told to. */
import { SshxClient, type Client } from "../client/client";
import type { ServerApi, HostedSession } from "../api/api";
import { ownerOf } from "../session/access";
import type { Identity } from "../session/identity";
import { guestsOf, peopleReader, type Person } from "../session/people";
import type { Hear, ShellChanged } from "../protocol/messages";

interface Listener {
  /** `people` or `name` is another. */
  onPeople: () => void;
  /** Another shell is there, or one is gone; or the session is over. */
  onShells: () => void;
  /** New tickets were made. */
  onTickets: () => void;
  /** `unread` is another: a guest has written this, or it was read (null). */
  onChat: (message: Hear | null) => void;
  /** Somebody else opened, closed or removed a shell, or it ended by itself. */
  onShell: (change: ShellChanged) => void;
}

/** How the host appears among the people. */
export interface Appearance extends Identity {
  listed: boolean;
  /** The shell that they type into. */
  focus: number | null;
}

/** Unread messages that are kept. */
const UNREAD = 100;

/** Milliseconds before the first and, doubling, before the later attempts to be let in. */
const RETRY = [1_000, 30_000] as const;

export class SessionMonitor {
  readonly id: string;
  readonly client: Client;
  /** In the order in which the view lists them. The list stays the same while only cursors move. */
  people: readonly Person[] = [];
  name: string;
  /** What guests have written and the host has not seen; oldest first, the newest 100. */
  unread: readonly Hear[] = [];
  readonly #onChat: Listener["onChat"];
  #appearance: Appearance | null = null;
  /** What the host's server has been told of it on this link. */
  #told: Identity = {};
  readonly #off: () => void;
  #delay: number = RETRY[0];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(api: ServerApi, session: HostedSession, { onPeople, onShells, onTickets, onChat, onShell }: Listener) {
    this.id = session.id;
    this.name = session.name;
    this.client = new SshxClient({ credentials: ownerOf(session), dial: api.dialHosted(session.id), observer: true });
    const read = peopleReader();
    let shells = session.shells.map(({ sid }) => sid).join();
    let rotations: number | undefined;
    let known = false;
    // What was written before this client came is told after it is in, and before the host's first answer to a ping.
    let current = false;
    this.#onChat = onChat;
    this.#off = this.client.on((event) => {
      const { type } = event;
      if (type === "state" || type === "network") {
        current ||= this.client.state === "connected" && this.client.latency !== null;
      }
      known ||= type === "users";
      const renewed = this.client.info?.rotations;
      if (renewed !== rotations && rotations !== undefined) onTickets();
      rotations = renewed;
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
      } else if (type === "chat") {
        const { message } = event;
        if (!current || this.#isHosts(message.uid)) return;
        this.unread = [...this.unread, message].slice(-UNREAD);
        onChat(message);
      } else if (type === "shell") {
        if (event.change === "ended" || (event.uid !== null && !this.#isHosts(event.uid))) onShell(event);
      } else if (type === "state") {
        const { state, refusal } = this.client;
        if (state === "connected") {
          this.#delay = RETRY[0];
          this.#told = {};
          this.client.setFocus(null); // a new link knows of no focus
          this.#introduce();
        } else if (state === "ended" || refusal === "notFound") onShells();
        else if (state === "refused") this.#retry();
      }
    });
    this.client.connect();
  }

  /** Who is in, but for the host's own front ends. */
  get guests(): readonly Person[] {
    return guestsOf(this.people);
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

  /** The host has seen the chat. */
  markRead(): void {
    if (this.unread.length === 0) return;
    this.unread = [];
    this.#onChat(null);
  }

  /** Say something as the host. Whether the host's server took it. */
  chat(text: string): Promise<boolean> {
    return this.client.chat(text);
  }

  /** List the host among the people, as this; or hide them. */
  appear(as: Appearance): void {
    this.#appearance = as;
    this.#introduce();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#off();
    this.client.close();
  }

  /** While the link is not ready, nothing is told: what is told then does not last. */
  #introduce(): void {
    if (this.#appearance === null || this.client.state !== "connected") return;
    const { name, color, listed, focus } = this.#appearance;
    if (name && name !== this.#told.name) this.client.setName(name);
    if (color && color !== this.#told.color) this.client.setColor(color);
    this.#told = { ...(name && { name }), ...(color && { color }) };
    this.client.setListed(listed);
    this.client.setFocus(focus);
  }

  #isHosts(uid: number): boolean {
    return uid === this.client.uid || this.client.users.get(uid)?.role === "owner";
  }

  #retry(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.client.connect(), this.#delay);
    this.#delay = Math.min(this.#delay * 2, RETRY[1]);
  }
}
