/**
 * `SshxClient`: takes part in a session over any link. The mirror of `client.py`; no DOM.
 *
 *     const ticket = Ticket.decode(text);
 *     const dial = dialWebSocket(pipeUrl(baseUrl, ticket.session, ticket.endpointTicket));
 *     const client = new SshxClient({ credentials: ticket.credentials(password), dial });
 *     client.on((event) => ...);
 *     client.connect();
 *
 * It keeps the session's state as the host tells it, reconnects by itself with backoff, and resumes: same user, and no
 * output, input or request lost or done twice.
 */
import { Connection, LinkLost, Unreachable } from "./connection";
import type { Dial, PathKind } from "./links/link";
import { Outbox, isInput, type LossCode, type StaleInput, type Wish } from "./outbox";
import { ShellOutput, type TerminalSink } from "./output";
import { readable } from "./preview";
import { Refused, isRefusalReason, type Credentials, type RefusalReason } from "./protocol/handshake";
import {
  MAX_COLS,
  MAX_POSITION,
  MAX_ROWS,
  type Geometry,
  type Hear,
  type HostMessage,
  type RequestMessage,
  type Role,
  type ShellInfo,
  type User,
} from "./protocol/messages";
import { derivePsk } from "./protocol/noise";

export type { TerminalSink } from "./output";

/**
 * - `connecting`: no link yet; `waiting`: an owner has to approve; `connected`;
 * - `reconnecting`: the link broke, or nothing was heard for a while; it tries again by itself;
 * - `refused`: the host did not let this client in (`refusal` says why), or there is no way to it; `connect()` tries again;
 * - `ended`: the session is over for this client: stopped, removed, or left.
 */
export type State = "connecting" | "waiting" | "connected" | "reconnecting" | "refused" | "ended";

/** Why a client was not let in; `unreachable` is this side's own. The others are the host's, see `protocol/handshake.py`. */
export type Refusal = "unreachable" | RefusalReason;

/** What the host says of the session. */
export interface SessionInfo {
  session: string;
  name: string;
  readOnly: boolean;
  /** Whether nobody new is let in. */
  locked: boolean;
  /** Unix time in seconds. */
  created: number;
}

export type ClientEvent =
  /** `state`, `reason`, `refusal` or `retryAt` is another. */
  | { type: "state" }
  /** `info`, `uid` or `role` is another. */
  | { type: "info" }
  /** `waiting` or `heldInput` is another. */
  | { type: "input" }
  /** Anything in `users`, also cursors. */
  | { type: "users" }
  /**
   * Someone came or left, while this client was connected. Never this client itself, and never who waits for approval:
   * they are in `users` (of owners), and have come once they are let in.
   */
  | { type: "joined"; uid: number; user: User }
  | { type: "left"; uid: number; user: User }
  | { type: "shells" }
  | { type: "chat"; message: Hear }
  /** `latency`, `shellLatency`, `path`, `bytesIn` and `bytesOut`, once a second or so. */
  | { type: "network" }
  /**
   * Something that this client asked for did not work. `text` is a sentence for the person; programs go by `code`: the
   * host's, or `lost`, `stale`, `noShell` and `notAllowed` for what could not be delivered after a broken link.
   */
  | { type: "error"; code: string; text: string };

export interface ClientOptions {
  /** From a ticket, or of the host's own front ends. */
  credentials: Credentials;
  /** Makes links, such as `dialWebSocket`. */
  dial: Dial;
  /** What others see; the host makes one up if there is none. */
  name?: string;
  /** `#rrggbb`; the host chooses one if there is none. */
  color?: string;
  /** The `resumeToken` of a client that is gone, to be the same user. */
  resume?: Uint8Array;
  /** The `resumeToken` of a client that is there, to be another client of the same user, who is listed once. */
  companion?: Uint8Array;
  /**
   * Takes part without being listed among the users; for owners only: the host lists others all the same. A session that
   * lasts as long as its owners does not last for this one.
   */
  observer?: boolean;
  /** What becomes of input that has waited for a new link for longer than 10 s; "hold" if there is none. */
  staleInput?: StaleInput;
}

/** Milliseconds before the first and, doubling, before the later attempts to reconnect. */
const BACKOFF = [500, 15_000] as const;
/** Milliseconds from one cursor position sent to the next. */
const CURSOR_PERIOD = 80;
const MESSAGES = 1000;
/** Far more than a host allows; what a hostile one lists beyond is not shown. */
const USERS = 4096;
const SHELLS = 256;
/** Longest text that is sent: with it a message fits into a frame. The host sets much lower limits. */
const TEXT_LENGTH = 16_000;
/** Codes after which a client that was inside before tries again; see `protocol/codes.py`. */
const RETRY: readonly string[] = ["busy", "rateLimited", "full", "tooSlow"];
/** Those after which also a client tries again that joins for the first time, for so many milliseconds. */
const RETRY_FIRST: readonly string[] = ["busy", "full"];
const FIRST_TRIES = 10_000;
/** Bytes in the link beyond which more is held back. */
const LINK_BYTES = 256 << 10;
/** Milliseconds after which a full link is looked at again: nothing tells when it has room. */
const FULL_DELAY = 20;

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** One user of a session. What is known of the session is in the properties; `on` tells when they have changed. */
export class SshxClient {
  readonly state: State = "connecting";
  /** A sentence that says why, for `reconnecting`, `refused` and `ended`. */
  readonly reason: string = "";
  /** Why the host does not let this client in, in a word, for `refused`, and for `ended` if that is why. */
  readonly refusal: Refusal | null = null;
  /** In a word, why the session is over for this client: the host's code, or `left`; null while it is not. */
  readonly endCode: string | null = null;
  /** When the next attempt to reconnect begins, as `Date.now()`; null while none is planned. */
  readonly retryAt: number | null = null;
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
  readonly #self: Writable<SshxClient> = this;
  readonly #credentials: Credentials;
  readonly #dial: Dial;
  readonly #listeners = new Set<(event: ClientEvent) => void>();
  readonly #outputs = new Map<number, ShellOutput>();
  readonly #outbox: Outbox;
  #flushing = false;
  #flushTimer: ReturnType<typeof setTimeout> | undefined;
  /** What of the input was told to wait, so that changes are told once. */
  #told = "";
  readonly #traffic = { in: 0, out: 0 };
  #name: string | null;
  #color: string | null;
  #cursor: readonly [number, number] | null = null;
  #cursorTimer: ReturnType<typeof setTimeout> | undefined;
  #focus: number | null = null;
  #psk: Promise<Uint8Array> | null = null;
  /** The role that the host has given or, before that, the one that is claimed. */
  #role: Role;
  /** What makes this client the same user on its next link. */
  #resume: Uint8Array | null = null;
  readonly #companion: Uint8Array | null;
  /** Whether this client is not listed as a user of its own. */
  readonly #observer: boolean;
  /** Number of the last chat message. */
  #chat = 0;
  /** How far the host has taken this client's stream, as it said first on this link. */
  #taken = { input: 0, req: 0 };
  /** When this client first tried to join. */
  #begunAt = 0;
  #connection: Connection | null = null;
  /** Whether the host has told all that it tells those who come, on this link. */
  #settled = false;
  /** Whether the host has said hello on this link. */
  #greeted = false;
  /** Whether the host has ever let this client in, and whether it has ever had it wait. */
  #entered = false;
  #waited = false;
  /** The state before the link came into doubt. */
  #certain: State = "connecting";
  #delay: number = BACKOFF[0];
  #openedAt = 0;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;

  /** Nothing happens before `connect`. */
  constructor({ credentials, dial, name, color, resume, companion, observer = false, staleInput }: ClientOptions) {
    this.#credentials = credentials;
    this.#dial = dial;
    this.#name = name ?? null;
    this.#color = color ?? null;
    this.#resume = resume ?? null;
    this.#companion = companion ?? null;
    this.#observer = observer || this.#companion !== null;
    this.#role = credentials.role;
    this.#outbox = new Outbox(staleInput);
  }

  /** What this user may do now. */
  get role(): Role {
    return this.users.get(this.uid)?.role ?? this.#role;
  }

  /** Whether the session is over for this client, and goes on for others, because an owner has removed it. */
  get removed(): boolean {
    return this.endCode === "removed";
  }

  /** Milliseconds from here to the host and back, or null while it is not known. */
  get latency(): number | null {
    return this.#connection?.latency ?? null;
  }

  get path(): PathKind | null {
    return this.#connection?.path ?? null;
  }

  /** Traffic of all links so far. */
  get bytesIn(): number {
    return this.#traffic.in;
  }

  get bytesOut(): number {
    return this.#traffic.out;
  }

  /** Whether what is sent does not get through at the moment, though the host is not to blame. Nothing tells when. */
  get held(): boolean {
    return this.#connection?.held ?? false;
  }

  /** Bytes of input that wait for the connection, or for the person's decision, and may not have arrived. */
  get waiting(): number {
    return this.state === "ended" ? 0 : this.#outbox.waiting().reduce((size, { data }) => size + data.length, 0);
  }

  /**
   * Input that was typed while the connection was broken for long, and waits for `sendHeld` or `discardWaiting`, as a
   * person can read it (at most 200 characters); else null.
   */
  get heldInput(): string | null {
    if (!this.#outbox.held || this.state === "ended") return null;
    return readable(joined(this.#outbox.waiting().map(({ data }) => data)));
  }

  /** Resume token: makes another client with the same ticket this user, while this one is away. Secret. */
  get resumeToken(): Uint8Array | null {
    return this.#observer ? null : this.#resume;
  }

  /** Call `listener` after each change; returns how to stop that. */
  on(listener: (event: ClientEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Start, or start again after `refused`, or at once while `reconnecting`. */
  connect(): void {
    if (this.state === "ended") return;
    if (this.#connection !== null) {
      if (!this.#connection.silent) return;
      this.#dropConnection(); // whatever has become of it, a new one is there sooner
    }
    clearTimeout(this.#retryTimer);
    this.#delay = BACKOFF[0];
    this.#begunAt = performance.now();
    if (this.state === "reconnecting") this.#become("reconnecting", this.reason);
    else this.#become("connecting");
    this.#open();
  }

  /** Leave for good: the state is `ended`. */
  close(reason = "You left the session."): void {
    this.#flush();
    this.#end("left", reason);
  }

  /** Show a shell in a terminal, from its present screen on. Returns how to stop that. */
  attach(sid: number, sink: TerminalSink): () => void {
    let output = this.#outputs.get(sid);
    if (output === undefined) {
      output = new ShellOutput(sid, (message) => this.#connection?.send(message));
      this.#outputs.set(sid, output);
      if (this.#settled && this.shells.has(sid)) output.link();
    }
    output.attach(sink);
    return () => output.detach(sink);
  }

  // What a user does. What does not work is told by an `error` event. Nothing is done when the session is over.

  /** Open a shell at a place on the canvas, in whole pixels. Returns its sid, or null if it was not opened. */
  create(x: number, y: number): Promise<number | null> {
    const at = [position(x), position(y)] as const;
    return new Promise((resolve) => {
      const done = (value: unknown) => resolve(typeof value === "number" ? value : null);
      if (!this.#ask((req) => ({ create: [req, ...at] }), { done, failed: () => resolve(null) })) resolve(null);
    });
  }

  /** End a shell for everyone. */
  closeShell(sid: number): void {
    this.#ask((req) => ({ close: [req, sid] }));
  }

  /**
   * Type. Kept until the host has it: up to 256 KiB while the link is broken, and up to 16 MiB otherwise; what is more is
   * not sent, which an `error` event tells.
   */
  send(sid: number, data: string | Uint8Array): void {
    if (this.state === "ended" || data.length === 0) return;
    const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
    if (!this.#outbox.type(sid, bytes, performance.now())) {
      this.#complain(
        "tooLong",
        this.#settled
          ? "This is too much input at once: it was not sent. Put it into a file and use that."
          : "You are not connected, and there is no room to keep more of what you type: it was not sent.",
      );
      return;
    }
    this.#flushSoon();
    this.#tellInput();
  }

  /** Send the input that is held. */
  sendHeld(): void {
    this.#outbox.release();
    this.#flush();
    this.#tellInput();
  }

  /** Forget the input that is held, or that waits for the connection. */
  discardWaiting(): void {
    this.#outbox.discard();
    this.#tellInput();
  }

  /** Say something to everyone. `failed` is called if it was not said, which an `error` event tells too. */
  chat(text: string, failed?: () => void): void {
    if (this.state === "ended" || !this.#isShort(text)) return;
    const said = wellFormed(text);
    this.#ask((req) => ({ chat: [req, said] }), { ageless: true, ...(failed && { failed }) });
  }

  /** Change one's own name, now and for later connections. */
  setName(name: string): void {
    if (!this.#isShort(name)) return;
    this.#name = wellFormed(name);
    const said = this.#name;
    if (this.#settled) this.#ask((req) => ({ setName: [req, said] })); // else `join` tells it
  }

  /** Change one's own colour (`#rrggbb`), now and for later connections. */
  setColor(color: string): void {
    if (!this.#isShort(color)) return;
    this.#color = wellFormed(color);
    const said = this.#color;
    if (this.#settled) this.#ask((req) => ({ setColor: [req, said] }));
  }

  /** Say where one's pointer is on the canvas. At most every 80 ms one is sent, the last one always. */
  setCursor(at: readonly [number, number] | null): void {
    this.#cursor =
      at === null ? null : [within(at[0], -MAX_POSITION, MAX_POSITION), within(at[1], -MAX_POSITION, MAX_POSITION)];
    if (this.#cursorTimer === undefined) this.#sendCursor();
  }

  /** Say which shell one types into. */
  setFocus(sid: number | null): void {
    if (sid === this.#focus) return;
    this.#focus = sid;
    this.#tell({ setFocus: sid });
  }

  /** Move and resize a shell, or raise it above the others (null). Rounded, and kept within what is possible. */
  move(sid: number, to: Geometry | null): void {
    const fitting = to === null ? null : { x: position(to.x), y: position(to.y), ...size(to) };
    this.#ask((req) => ({ move: [req, sid, fitting] }), fitting === null ? {} : { move: sid });
  }

  /** Ask the owners for write access. */
  requestWrite(): void {
    this.#ask((req) => ({ requestWrite: req }));
  }

  /** Change what a user may do; for owners. */
  setRole(uid: number, role: Role): void {
    this.#ask((req) => ({ setRole: [req, uid, role] }));
  }

  /** Remove a user; for owners. */
  kick(uid: number, reason = ""): void {
    if (this.#isShort(reason)) this.#ask((req) => ({ kick: [req, uid, wellFormed(reason)] }));
  }

  /** Let in a user who waits, or not; for owners. */
  approve(uid: number, allow: boolean): void {
    this.#ask((req) => ({ approve: [req, uid, allow] }));
  }

  /** Let nobody new in, or let them in again; for owners. */
  lock(locked: boolean): void {
    this.#ask((req) => ({ lock: [req, locked] }));
  }

  // Sending.

  /** Tell what belongs to this link alone. */
  #tell(message: { setCursor: readonly [number, number] | null } | { setFocus: number | null }): void {
    if (this.#settled) this.#connection?.send(message);
  }

  /** Ask for something; false if that cannot even wait. */
  #ask(message: (req: number) => RequestMessage, how: Partial<Omit<Wish, "message">> = {}): boolean {
    if (this.state === "ended") return false;
    const failed = (code: string, text: string) => {
      how.failed?.(code, text);
      this.#complain(code, text);
    };
    if (!this.#outbox.ask({ ...how, message, failed }, performance.now())) {
      failed("tooFast", "Too much waits for the host already: this was not done. Try again in a moment.");
      return false;
    }
    this.#flush();
    return true;
  }

  /** What is typed in one go is sent in one. */
  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    queueMicrotask(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  /** Send what the link takes now. */
  #flush(): void {
    clearTimeout(this.#flushTimer);
    this.#flushTimer = undefined;
    const connection = this.#connection;
    if (connection === null || !this.#settled) return;
    while (connection.buffered <= LINK_BYTES) {
      const message = this.#outbox.next();
      if (message === null) return;
      connection.send(message);
    }
    this.#flushTimer = setTimeout(() => this.#flush(), FULL_DELAY);
  }

  /** Tell if `waiting` or `heldInput` has changed. */
  #tellInput(): void {
    const told = `${this.waiting} ${this.#outbox.held}`;
    if (told === this.#told) return;
    this.#told = told;
    this.#emit({ type: "input" });
  }

  #sendCursor(): void {
    const cursor = this.#cursor;
    this.#tell({ setCursor: cursor });
    this.#cursorTimer = setTimeout(() => {
      this.#cursorTimer = undefined;
      if (this.#cursor !== cursor) this.#sendCursor();
    }, CURSOR_PERIOD);
  }

  #isShort(text: string): boolean {
    if (text.length > TEXT_LENGTH) this.#complain("tooLong", "This text is too long: it was not sent.");
    return text.length <= TEXT_LENGTH;
  }

  #complain(code: string, text: string): void {
    this.#emit({ type: "error", code, text });
  }

  // Connecting.

  #open(): void {
    if (this.#connection !== null || this.state === "ended") return; // who was told of the new state was quicker
    const { sessionId, role, secret, password } = this.#credentials;
    this.#psk ??= derivePsk(secret, sessionId, role, password);
    this.#openedAt = performance.now();
    this.#connection = new Connection(this.#credentials, this.#psk, this.#dial, this.#traffic, {
      onSecured: () => this.#join(),
      onMessage: (message) => this.#receive(message),
      onDoubt: (silent) => this.#doubt(silent),
      onMeasured: () => this.#emit({ type: "network" }),
      onTaken: (taken) => this.#onTaken(taken),
      onEnd: (error) => this.#lost(error),
    });
  }

  #join(): void {
    const as = this.#companion !== null ? "companion" : this.#observer ? "mirror" : "user";
    this.#connection?.send({
      join: {
        name: this.#observer ? null : this.#name,
        resume: this.#resume,
        as,
        of: this.#companion,
        passive: this.#observer,
        chat: this.#chat,
        features: [],
      },
    });
  }

  #dropConnection(): void {
    this.#connection?.close();
    this.#connection = null;
    this.#settled = false;
    this.#greeted = false;
    this.#outbox.close();
    clearTimeout(this.#flushTimer);
    this.#flushTimer = undefined;
    for (const output of this.#outputs.values()) output.unlink();
  }

  /** The link has ended: try again, or say why not. */
  #lost(error: Error): void {
    this.#dropConnection();
    if (error instanceof Refused) {
      const early = performance.now() - this.#begunAt < FIRST_TRIES;
      const again = !this.#observer && RETRY_FIRST.includes(error.reason) && early;
      // A companion is refused while its user's own client is away.
      if (!this.#entered && !(this.#companion !== null && RETRY.includes(error.reason)) && !again) {
        this.#become("refused", error.message, error.reason as Refusal);
        return;
      }
      if (!RETRY.includes(error.reason)) {
        this.#end(error.reason, error.message, error.reason as Refusal);
        return;
      }
    } else if (!this.#entered && !this.#waited) {
      if (error instanceof Unreachable) this.#become("refused", error.message, "unreachable");
      else if (error instanceof LinkLost) {
        this.#become("refused", "The host answered, but the connection broke at once. Try again.", "unreachable");
      } else this.#become("refused", NOT_UNDERSTOOD, "malformed");
      return;
    }
    const said = error instanceof Unreachable || error instanceof LinkLost || error instanceof Refused;
    const reason = said ? error.message : NOT_UNDERSTOOD;
    if (performance.now() - this.#openedAt > BACKOFF[1]) this.#delay = BACKOFF[0];
    const wait = this.#delay * (0.5 + Math.random() / 2);
    this.#delay = Math.min(this.#delay * 2, BACKOFF[1]);
    const first = !this.#entered && !this.#waited && error instanceof Refused && this.#companion === null;
    this.#retryTimer = setTimeout(() => {
      if (!first) this.#become("reconnecting", this.reason);
      this.#open();
    }, wait);
    if (first) this.#become("connecting");
    else this.#become("reconnecting", reason, null, Date.now() + wait);
    this.#tellInput();
    this.#emit({ type: "network" });
  }

  #doubt(silent: boolean): void {
    if (silent) {
      this.#certain = this.state;
      this.#become("reconnecting", "Nothing has been heard from the host for a while.");
    } else this.#become(this.#certain);
  }

  #end(code: string, reason: string, refusal: Refusal | null = null): void {
    if (this.state === "ended") return;
    this.#self.endCode = code;
    this.#dropConnection();
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#cursorTimer);
    this.#become("ended", reason || "The session has ended.", refusal);
  }

  // What the host says.

  #receive(message: HostMessage): void {
    switch (message.type) {
      case "chunks":
        this.#outputs.get(message.sid)?.takeChunks(message);
        break;
      case "snapshot":
        this.#outputs.get(message.sid)?.takeSnapshot(message);
        break;
      case "users":
        this.#self.users = new Map(message.users);
        this.#emit({ type: "users" });
        break;
      case "userDiff":
        this.#onUser(message.uid, message.user);
        break;
      case "shells":
        this.#onShells(new Map(message.shells.slice(-SHELLS)));
        break;
      case "hear": {
        const { seq, uid, name, text, time } = message;
        if (seq <= this.#chat) break; // said again
        const heard: Hear = { seq, uid, name, text, time };
        this.#chat = seq;
        this.#self.messages = [...this.messages.slice(1 - MESSAGES), heard];
        this.#emit({ type: "chat", message: heard });
        break;
      }
      case "shellLatency":
        this.#self.shellLatency = message.ms;
        this.#emit({ type: "network" });
        break;
      case "done":
        this.#outbox.answered(message.req)?.done?.(message.value);
        this.#flush(); // one more may be asked
        break;
      case "error": {
        const { req, code, text } = message;
        if (req === null) this.#complain(code, text);
        else this.#outbox.answered(req)?.failed(code, text);
        this.#flush();
        break;
      }
      case "hello":
        this.#onHello(message.uid, message.info);
        break;
      case "waiting":
        this.#waited = true;
        this.#become("waiting");
        break;
      case "closed": {
        const { code, text } = message;
        if (RETRY.includes(code) || isRefusalReason(code)) this.#lost(new Refused(code, text));
        else this.#end(code, text);
        break;
      }
    }
  }

  /** Comes first on each link, and again when what it says has changed. */
  #onHello(uid: number, info: ReadonlyMap<string, unknown>): void {
    const text = (key: string) => {
      const value = info.get(key);
      return typeof value === "string" ? value : "";
    };
    const token = info.get("token");
    const role = text("role");
    if (token instanceof Uint8Array) this.#resume = token;
    const count = (key: string) => {
      const value = info.get(key);
      return Number.isSafeInteger(value) ? Math.max(0, value as number) : 0;
    };
    if (!this.#greeted) this.#taken = { input: count("input"), req: count("req") };
    this.#greeted = true;
    if (role === "owner" || role === "writer" || role === "reader") this.#role = role;
    this.#entered = true;
    this.#self.uid = uid;
    this.#self.info = {
      session: text("session"),
      name: text("name"),
      readOnly: info.get("readOnly") === true,
      locked: info.get("locked") === true,
      created: Number(info.get("created")),
    };
    this.#emit({ type: "info" });
  }

  #onUser(uid: number, user: User | null): void {
    const before = this.users.get(uid);
    const users = new Map(this.users);
    if (user === null) users.delete(uid);
    else if (before !== undefined || users.size < USERS) users.set(uid, user);
    else return;
    this.#self.users = users;
    this.#emit({ type: "users" });
    if (uid === this.uid) {
      if (user?.role !== before?.role) this.#emit({ type: "info" });
    } else if (this.#settled) {
      const wasHere = before !== undefined && !before.pending;
      if (user !== null && !user.pending && !wasHere) this.#emit({ type: "joined", uid, user });
      if (user === null && wasHere) this.#emit({ type: "left", uid, user: before });
    }
  }

  #onShells(shells: ReadonlyMap<number, ShellInfo>): void {
    this.#self.shells = shells;
    for (const [sid, output] of this.#outputs) {
      if (shells.has(sid)) output.link();
      else {
        output.unlink();
        this.#outputs.delete(sid);
      }
    }
    if (this.#focus !== null && !shells.has(this.#focus)) this.#focus = null;
    if (!this.#settled) this.#settle();
    this.#emit({ type: "shells" });
  }

  /** Now all is known that the host tells those who come. */
  #settle(): void {
    const connection = this.#connection;
    if (connection === null) return;
    this.#settled = true;
    const user = this.users.get(this.uid);
    const stream = this.#resume === null ? null : String(this.#resume);
    const { input, req } = this.#taken;
    const running = new Set([...this.shells].filter(([, shell]) => !shell.ended).map(([sid]) => sid));
    const losses = this.#outbox.open(stream, input, req, running, this.role !== "reader", performance.now());
    if (user !== undefined) this.#introduce(user);
    this.#become("connected");
    for (const { item, code } of losses) if (!isInput(item)) item.wish.failed(code, notDone(code));
    this.#tellLostInput(losses.flatMap(({ item, code }) => (isInput(item) ? [{ ...item, code }] : [])));
    this.#flush();
    this.#tellInput();
  }

  #tellLostInput(inputs: readonly { code: LossCode; data: Uint8Array }[]): void {
    for (const code of new Set(inputs.map((input) => input.code))) {
      const text = readable(joined(inputs.filter((input) => input.code === code).map(({ data }) => data)));
      this.#complain(code, notDelivered(code, text));
    }
  }

  #onTaken(taken: number): void {
    if (this.#settled) this.#outbox.acknowledge(taken);
  }

  /** Tell what this user is other than the host has it. */
  #introduce(user: User): void {
    if (this.#companion !== null && this.#name !== null && user.name !== this.#name) {
      const name = this.#name;
      this.#ask((req) => ({ setName: [req, name] }));
    }
    const color = this.#color;
    if (color !== null && user.color !== color) this.#ask((req) => ({ setColor: [req, color] }));
    if (this.#focus !== null) this.#tell({ setFocus: this.#focus });
  }

  // Telling.

  #become(state: State, reason = "", refusal: Refusal | null = null, retryAt: number | null = null): void {
    const same = state === this.state && reason === this.reason && refusal === this.refusal && retryAt === this.retryAt;
    if (same) return;
    this.#self.state = state;
    this.#self.reason = reason;
    this.#self.refusal = refusal;
    this.#self.retryAt = retryAt;
    this.#emit({ type: "state" });
  }

  #emit(event: ClientEvent): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(event);
      } catch (error) {
        // Its fault is no reason for the others not to know.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}

const NOT_UNDERSTOOD =
  "The host did not answer as it should. Try again; if it stays so, update sshx-jupyter on both sides.";

function notDelivered(code: LossCode, text: string): string {
  switch (code) {
    case "noShell":
      return `The shell has ended, so what you typed was not sent: ${text}`;
    case "notAllowed":
      return `You may not type here any more, so this was not sent: ${text}`;
    default:
      return `The connection broke, and this may not have arrived. Look before you go on: ${text}`;
  }
}

function notDone(code: LossCode): string {
  return code === "stale"
    ? "The connection was broken for long, so this was not done. Try again."
    : "The connection broke, and the host does not know whether this was done. Look before you try again.";
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** The number, or the nearest that the host takes. */
function within(value: number, low: number, high: number): number {
  return Math.min(Math.max(value || 0, low), high);
}

/** A place on the canvas in whole pixels. */
function position(value: number): number {
  return within(Math.round(value), -MAX_POSITION, MAX_POSITION);
}

function size({ rows, cols }: Geometry): { rows: number; cols: number } {
  return { rows: within(Math.round(rows), 1, MAX_ROWS), cols: within(Math.round(cols), 1, MAX_COLS) };
}

/** The text with U+FFFD for halves of characters, which UTF-8 cannot express. */
function wellFormed(text: string): string {
  return new TextDecoder().decode(new TextEncoder().encode(text));
}
