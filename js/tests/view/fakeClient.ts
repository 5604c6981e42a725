/** A client without a host: tests say what is the case, and see what the view asked for. */
import type { Client } from "../../src/client/client";
import type { ClientEvent, HeldInput, Refusal, SessionInfo, State } from "../../src/client/events";
import type { PathKind } from "../../src/links/link";
import type { Hear, Role, ShellInfo, User } from "../../src/protocol/messages";

/** What the view has asked for: the method's name and its arguments. */
export type Call = [name: string, ...args: unknown[]];

export class FakeClient implements Client {
  state: State = "connected";
  reason = "";
  late = false;
  refusal: Refusal | null = null;
  retryAt: number | null = null;
  endCode: string | null = null;
  waiting = 0;
  heldInput: HeldInput | null = null;
  uid = 1;
  info: SessionInfo | null = sessionInfo("Demo");
  users: ReadonlyMap<number, User> = new Map();
  shells: ReadonlyMap<number, ShellInfo> = new Map();
  messages: readonly Hear[] = [];
  latency: number | null = null;
  shellLatency: number | null = null;
  path: PathKind | null = null;
  bytesIn = 0;
  bytesOut = 0;
  held = false;
  readonly resumeToken = null;
  /** What comes of `closeShell`, of `create` and of `chat`. */
  closing: { running: string } | null = null;
  created: Promise<number | null> = Promise.resolve(null);
  said: Promise<boolean> = Promise.resolve(true);
  readonly calls: Call[] = [];
  readonly #listeners = new Set<(event: ClientEvent) => void>();

  constructor(role: Role = "owner") {
    this.users = new Map([[1, user("Me", { role })]]);
  }

  get removed(): boolean {
    return this.endCode === "removed";
  }

  get role(): Role {
    return this.users.get(this.uid)?.role ?? "reader";
  }

  on(listener: (event: ClientEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  fail(text: string, code = "invalid"): void {
    this.emit({ type: "error", code, text, details: new Map() });
  }

  emit(event: ClientEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
  }

  /** Change what is the case, and tell. */
  set(
    change: Partial<Omit<FakeClient, "role" | "removed" | "resumeToken" | "calls">>,
    type: "state" | "info" | "users" | "shells" | "input",
  ): void {
    Object.assign(this, change);
    this.emit({ type });
  }

  /** Someone is here, or is another than before; null: not any more. */
  put(uid: number, now: User | null): void {
    const before = this.users.get(uid);
    const users = new Map(this.users);
    if (now === null) users.delete(uid);
    else users.set(uid, now);
    this.set({ users }, "users");
    if (now !== null && !now.pending && (before?.pending ?? true)) this.emit({ type: "joined", uid, user: now });
    if (now === null && before?.pending === false) this.emit({ type: "left", uid, user: before });
  }

  hear(uid: number, text: string, time = 1_700_000_000): void {
    const message = { seq: this.messages.length + 1, uid, name: this.users.get(uid)?.name ?? "Gone", text, time };
    this.messages = [...this.messages, message];
    this.emit({ type: "chat", message });
  }

  attach(...args: unknown[]): () => void {
    this.calls.push(["attach", ...args]);
    return () => undefined;
  }

  connect = this.#recorded("connect");
  close = this.#recorded("close");
  create = (x: number, y: number): Promise<number | null> => {
    this.calls.push(["create", x, y]);
    return this.created;
  };
  chat = (text: string): Promise<boolean> => {
    this.calls.push(["chat", text]);
    return this.said;
  };
  closeShell = (sid: number, force = false): Promise<{ running: string } | null> => {
    this.calls.push(["closeShell", sid, force]);
    return Promise.resolve(force ? null : this.closing);
  };
  removeShell = this.#recorded("removeShell");
  resize = this.#recorded("resize");
  lockSize = this.#recorded("lockSize");
  renameShell = this.#recorded("renameShell");
  setListed = this.#recorded("setListed");
  send = this.#recorded("send");
  setName = this.#recorded("setName");
  setColor = this.#recorded("setColor");
  setCursor = this.#recorded("setCursor");
  setFocus = this.#recorded("setFocus");
  move = this.#recorded("move");
  requestWrite = this.#recorded("requestWrite");
  setRole = this.#recorded("setRole");
  kick = this.#recorded("kick");
  approve = this.#recorded("approve");
  lock = this.#recorded("lock");
  newTickets = this.#recorded("newTickets");
  sendHeld = this.#recorded("sendHeld");
  discardHeld = this.#recorded("discardHeld");
  discardWaiting = this.#recorded("discardWaiting");

  #recorded(name: string) {
    return (...args: unknown[]): void => void this.calls.push([name, ...args]);
  }
}

export function sessionInfo(name: string, change: Partial<SessionInfo> = {}): SessionInfo {
  return { session: "00", name, host: "", readOnly: false, locked: false, created: 0, rotations: 0, ...change };
}

export function user(name: string, change: Partial<User> = {}): User {
  return {
    ...{ name, color: "#0090ff", role: "writer", cursor: null, focus: null, pending: false, wantsWrite: false },
    ticket: null,
    person: "",
    ...change,
  };
}

export function shell(title: string, change: Partial<ShellInfo> = {}): ShellInfo {
  return {
    ...{ x: 0, y: 0, rows: 24, cols: 80, title, ended: false },
    ...{ protected: false, viewed: false, locked: false, aid: "" },
    ...change,
  };
}
