/** A session as the host describes it: its properties, users, shells and chat. No I/O. */
import type { Hear, HostMessage, Role, ShellInfo, User } from "../protocol/messages";
import { Events, type SessionInfo } from "./events";

type Told<Type extends HostMessage["type"]> = Extract<HostMessage, { type: Type }>;
export type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** Chat messages that are kept. */
const MESSAGES = 1000;
/** Far more than a host allows. What a hostile host lists beyond is not shown. */
const USERS = 4096;
const SHELLS = 256;

/** What is known of the session is in the properties; `on` tells when they have changed. */
export class SessionState extends Events {
  /** This user's number; 0 before the first connection. */
  readonly uid: number = 0;
  readonly info: SessionInfo | null = null;
  /** A new map after each change. */
  readonly users: ReadonlyMap<number, User> = new Map();
  /** The topmost last. A new map after each change. */
  readonly shells: ReadonlyMap<number, ShellInfo> = new Map();
  /** Oldest first, at most 1000. A new array after each change. */
  readonly messages: readonly Hear[] = [];
  /** Milliseconds from input to output at the host, or null before it is known. */
  readonly shellLatency: number | null = null;

  /** This, whose properties are read-only to others. */
  readonly #session: Writable<SessionState> = this;
  /** The role that the host has given or, before that, the one that is claimed. */
  #role: Role;
  /** Number of the last chat message. */
  #heard = 0;
  /** What `info` was made of. */
  #told: ReadonlyMap<string, unknown> = new Map();

  /** @param role - the one that the credentials claim. */
  constructor(role: Role) {
    super();
    this.#role = role;
  }

  /** What this user may do now. */
  get role(): Role {
    return this.users.get(this.uid)?.role ?? this.#role;
  }

  protected get heard(): number {
    return this.#heard;
  }

  protected takeHello({ uid, info }: Told<"hello">): void {
    const role = info.get("role");
    if (role === "owner" || role === "writer" || role === "reader") this.#role = role;
    this.#session.uid = uid;
    this.#takeInfo(info);
  }

  protected takeWaiting({ info }: Told<"waiting">): void {
    this.#takeInfo(new Map([...this.#told, ...info])); // what is known from earlier stays
  }

  #takeInfo(info: ReadonlyMap<string, unknown>): void {
    this.#told = info;
    const text = (key: string) => {
      const value = info.get(key);
      return typeof value === "string" ? value : "";
    };
    this.#session.info = {
      session: text("session"),
      name: text("name"),
      host: text("host"),
      readOnly: info.get("readOnly") === true,
      locked: info.get("locked") === true,
      rotations: Number(info.get("rotations") ?? 0),
      created: Number(info.get("created") ?? 0),
    };
    this.emit({ type: "info" });
  }

  protected takeUsers({ users }: Told<"users">): void {
    this.#session.users = new Map(users);
    this.emit({ type: "users" });
  }

  /** @param announce - whether who comes and leaves is news, and not told because this client itself has come. */
  protected takeUser({ uid, user }: Told<"userDiff">, announce: boolean): void {
    const before = this.users.get(uid);
    const users = new Map(this.users);
    if (user === null) users.delete(uid);
    else if (before !== undefined || users.size < USERS) users.set(uid, user);
    else return;
    this.#session.users = users;
    this.emit({ type: "users" });
    if (uid === this.uid) {
      if (user?.role !== before?.role) this.emit({ type: "info" });
    } else if (announce && !this.#isElsewhere(uid, user ?? before)) {
      const wasHere = before !== undefined && !before.pending;
      if (user !== null && !user.pending && !wasHere) this.emit({ type: "joined", uid, user });
      if (user === null && wasHere) this.emit({ type: "left", uid, user: before });
    }
  }

  /** Whether another client of this user's person is here, who therefore has neither come nor left. */
  #isElsewhere(uid: number, user: User | undefined): boolean {
    if (user === undefined || user.person === "") return false;
    return [...this.users].some(([other, { person }]) => other !== uid && person === user.person);
  }

  /** Emits nothing: the client first does what the new shells ask of it. */
  protected takeShells({ shells }: Told<"shells">): void {
    this.#session.shells = new Map(shells.slice(-SHELLS));
  }

  protected takeChat({ seq, uid, name, text, time }: Told<"hear">): void {
    if (seq <= this.#heard) return;
    const message: Hear = { seq, uid, name, text, time };
    this.#heard = seq;
    this.#session.messages = [...this.messages.slice(1 - MESSAGES), message];
    this.emit({ type: "chat", message });
  }

  protected takeShellLatency({ ms }: Told<"shellLatency">): void {
    this.#session.shellLatency = ms;
    this.emit({ type: "network" });
  }
}
