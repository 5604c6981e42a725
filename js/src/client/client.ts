/**
 * `SshxClient`: takes part in a session over any link. The mirror of `client/client.py`; no DOM.
 *
 *     const ticket = Ticket.decode(text);
 *     const dial = dialWebSocket(pipeUrl(baseUrl, ticket.session, ticket.endpointTicket));
 *     const client = new SshxClient({ credentials: ticket.credentials(password), dial });
 *     client.on((event) => ...);
 *     client.connect();
 *
 * It keeps the session's state as the host tells it, reconnects by itself with backoff, and resumes: same user, no
 * output and no input lost, none twice.
 */
import { concatBytes } from "@noble/hashes/utils.js";
import type { Dial, PathKind } from "../links/link";
import { clientKey, credentialsKey, isRefusalReason, Refused, type Credentials, type Key } from "../protocol/handshake";
import type {
  ClientMessage,
  Failure,
  HostMessage,
  Place,
  RequestMessage,
  Role,
  Size,
  User,
} from "../protocol/messages";
import { Connection } from "./connection";
import type { HeldInput, Refusal, State } from "./events";
import { coordinate, position, size, TEXT_LENGTH, wellFormed } from "./limits";
import { Outbox, type Ask, type Dropped } from "./outbox";
import { ShellOutput, type TerminalSink } from "./output";
import { readable } from "./preview";
import { afterEnd, Backoff, LATE, mayPass, noAnswer, UNREACHABLE } from "./retry";
import { SessionState, type Writable } from "./state";
import { trans } from "../translation";

export interface ClientOptions {
  /** From a ticket, or of the host's own front ends. */
  credentials: Credentials;
  /** Makes links, such as `dialWebSocket`. */
  dial: Dial;
  /** What others see; the host makes one up if there is none. */
  name?: string;
  /** `#rrggbb`; the host chooses one if there is none. */
  color?: string;
  /** The `resumeToken` of a client that is gone, to be the same user. Not for companions and observers. */
  resume?: Uint8Array;
  /**
   * Gives the `resumeToken` of a client that is there, to be another client of the same user, who is listed once. Asked
   * before each link on which this client cannot go on as itself.
   */
  companion?: () => Promise<Uint8Array>;
  /**
   * Takes part without being listed among the users; for owners only: the host lists others all the same. A session that
   * lasts as long as its owners does not last for this one.
   */
  observer?: boolean;
  /** What becomes of input that has waited for more than 10 s for the link: held for the person to decide, or sent. */
  staleInput?: "hold" | "send";
}

/** Milliseconds from one cursor position sent to the next. */
const CURSOR_PERIOD = 80;
/** Bytes in the link beyond which more is held back. */
const LINK_BYTES = 256 << 10;
/** Milliseconds after which a full link is looked at again: nothing tells when it has room. */
const FULL_DELAY = 20;

/** One user of a session. What is known is in the properties; `on` tells when they have changed. */
export class SshxClient extends SessionState {
  readonly state: State = "connecting";
  /** Whether the host has not answered for some seconds, while `connecting`. */
  readonly late: boolean = false;
  /** A sentence that says why, for `unreachable`, `reconnecting`, `refused` and `ended`. */
  readonly reason: string = "";
  /** Why the host does not let this client in, in a word, for `refused`, and for `ended` if that is why. */
  readonly refusal: Refusal | null = null;
  /** Why it has ended, in a word, for `ended`: the host's, or "left". Null before the end. */
  readonly endCode: string | null = null;
  /** When the next attempt to reconnect begins, as `Date.now()`; null while none is planned. */
  readonly retryAt: number | null = null;
  /** Bytes of input that were typed and are not known to be taken, while there is no link; 0 while there is. */
  readonly waiting: number = 0;
  /** A new object after each change. */
  readonly heldInput: HeldInput | null = null;

  /** This, whose properties are read-only to others. */
  readonly #self: Writable<SshxClient> = this;
  readonly #credentials: Credentials;
  readonly #dial: Dial;
  readonly #outputs = new Map<number, ShellOutput>();
  readonly #outbox = new Outbox();
  readonly #staleInput: "hold" | "send";
  #flushing = false;
  #flushTimer: ReturnType<typeof setTimeout> | undefined;
  readonly #traffic = { in: 0, out: 0 };
  #name: string | null;
  #color: string | null;
  #cursor: readonly [number, number] | null = null;
  #cursorTimer: ReturnType<typeof setTimeout> | undefined;
  #focus: number | null = null;
  /** The key of the credentials. */
  #firstKey: Promise<Key> | null = null;
  /** What makes this client the same one on its next link. */
  #token: Uint8Array | null = null;
  /** How much of its input and requests the host has taken, as it said last. */
  #progress = { input: 0, req: 0 };
  readonly #companion: (() => Promise<Uint8Array>) | null;
  /** Whether this client is not listed as a user of its own. */
  readonly #observer: boolean;
  /** Whether it is listed all the same. */
  #listed = false;
  #connection: Connection | null = null;
  /** Whether the host has told all that it tells those who come, on this link. */
  #settled = false;
  /** Whether the host has said hello on this link. */
  #welcomed = false;
  /** Whether the host has ever let this client in, and whether it has ever had it wait. */
  #entered = false;
  #waited = false;
  /** The state before the link came into doubt. */
  #certain: State = "connecting";
  readonly #backoff = new Backoff();
  #openedAt = 0;
  /** When the person last asked to be let in. */
  #askedAt = 0;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #patience: ReturnType<typeof setTimeout> | undefined;

  /** Nothing happens before `connect`. */
  constructor(options: ClientOptions) {
    const { credentials, dial, name, color, resume, companion, observer = false, staleInput = "hold" } = options;
    super(credentials.role);
    this.#credentials = credentials;
    this.#dial = dial;
    this.#name = name ?? null;
    this.#color = color ?? null;
    this.#companion = companion ?? null;
    this.#observer = observer || this.#companion !== null;
    this.#token = this.#observer ? null : (resume ?? null);
    this.#staleInput = staleInput;
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

  /**
   * What makes another client with the same ticket this user, while this one is away; null while there is none, and for
   * companions and observers. Secret.
   */
  get resumeToken(): Uint8Array | null {
    return this.#observer ? null : this.#token;
  }

  /** Start, or start again after `refused`, or at once while `unreachable` or `reconnecting`. */
  connect(): void {
    if (this.state === "ended") return;
    if (this.#connection !== null) {
      if (!this.#connection.silent && this.state !== "unreachable") return;
      this.#dropConnection(); // whatever has become of it, a new one is there sooner
      this.#tellInput();
    }
    clearTimeout(this.#retryTimer);
    this.#backoff.reset();
    this.#askedAt = performance.now();
    if (this.state === "reconnecting" || this.state === "unreachable") this.#become(this.state, this.reason);
    else this.#expectAnswer();
    this.#open();
  }

  /** The person is told when the host does not answer for long. */
  #expectAnswer(): void {
    this.#become("connecting");
    this.#beforeLong(LATE, () => {
      this.#self.late = true;
      this.emit({ type: "state" });
      this.#beforeLong(UNREACHABLE - LATE, () => this.#become("unreachable", noAnswer()));
    });
  }

  /** What is to happen without an answer. The host is not to blame for a link that is held. */
  #beforeLong(milliseconds: number, then: () => void): void {
    clearTimeout(this.#patience);
    this.#patience = setTimeout(() => (this.held ? this.#beforeLong(milliseconds, then) : then()), milliseconds);
  }

  /** Leave for good: the state is `ended`. `code` is another if the session is known to be over. */
  close(reason = trans.__("You left the session."), code = "left"): void {
    this.#flush();
    this.#end(code, reason);
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

  // What a user does. What is not allowed, the host answers with an `error` event. Nothing is done when the session is
  // over. While the link is broken all of it is kept, and done in the same order when it is back.

  /** Open a shell at a place on the canvas, in whole pixels. Its number; null if it failed, which an `error` event told. */
  create(x: number, y: number): Promise<number | null> {
    const create = (req: number) => ({ create: [req, position(x), position(y)] as const });
    return this.#ask(trans.__("open a shell"), create).then((outcome) =>
      outcome !== "failed" && typeof outcome.value === "number" ? outcome.value : null,
    );
  }

  /**
   * End a shell for everyone. If something runs in it and `force` is false, nothing is done, and what comes back is its
   * name, which may be empty; else null.
   */
  closeShell(sid: number, force = false): Promise<{ running: string } | null> {
    return new Promise((resolve) => {
      const settle: Ask["settle"] = (_, failure) => {
        const command = failure?.code === "running" ? failure.details.get("command") : undefined;
        resolve(failure?.code === "running" ? { running: typeof command === "string" ? command : "" } : null);
      };
      this.#put({
        what: trans.__("close a shell"),
        message: (req) => ({ close: [req, sid, force] }),
        settle,
        expects: "running",
      });
    });
  }

  /** Take a terminal that was running before it was shared out of the session, where it runs on; for owners. */
  removeShell(sid: number): void {
    void this.#ask(trans.__("remove a shell"), (req) => ({ remove: [req, sid] }));
  }

  /**
   * Type. Kept until the host has taken it, which may be after another link: up to 16 MiB, or 256 KiB while there is no
   * link; what is more is dropped with an `error` event.
   */
  send(sid: number, data: string | Uint8Array): void {
    if (this.state === "ended" || data.length === 0) return;
    const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
    if (this.#outbox.type(sid, bytes, performance.now())) this.#changed();
    else {
      this.#complain(
        "tooMuch",
        this.#settled
          ? trans.__("This input is too large, so it was not sent. Save it to a file instead.")
          : trans.__("You are not connected, and too much input is already waiting. Your latest input was not sent."),
      );
    }
  }

  /** Say something to everyone. Whether the host took it; if not, an `error` event told why. */
  async chat(text: string): Promise<boolean> {
    if (!this.#isShort(text)) return false;
    const said = wellFormed(text);
    const chat = (req: number) => ({ chat: [req, said] as const });
    return (await this.#ask(trans.__("send your message"), chat, { chat: said.length })) !== "failed";
  }

  /** Change one's own name, now and for later connections. */
  setName(name: string): void {
    if (!this.#isShort(name)) return;
    this.#name = wellFormed(name);
    if (this.#settled) this.#tellName(this.#name); // or it is told with the next `join`
  }

  /** Change one's own color (`#rrggbb`), now and for later connections. */
  setColor(color: string): void {
    if (!this.#isShort(color)) return;
    this.#color = wellFormed(color);
    if (this.#settled) this.#tellColor(this.#color);
  }

  /** Say where one's pointer is on the canvas. At most every 80 ms one is sent, the last one always. */
  setCursor(at: readonly [number, number] | null): void {
    this.#cursor = at === null ? null : [coordinate(at[0]), coordinate(at[1])];
    if (this.#cursorTimer === undefined) this.#sendCursor();
  }

  /** Say which shell one types into. */
  setFocus(sid: number | null): void {
    if (sid === this.#focus) return;
    this.#focus = sid;
    this.#post({ setFocus: sid });
  }

  /** Move a shell, or only raise it above the others (null). Rounded, and kept within what is possible. */
  move(sid: number, to: Place | null): void {
    const fitting = to === null ? null : ([position(to.x), position(to.y)] as const);
    const key = `${to === null ? "raise" : "move"} ${sid}`;
    void this.#ask(trans.__("move a shell"), (req) => ({ move: [req, sid, fitting] }), { key });
  }

  /** Resize a shell. Rounded, and kept within what is possible. */
  resize(sid: number, to: Size): void {
    const { rows, cols } = size(to);
    void this.#ask(trans.__("resize a shell"), (req) => ({ resize: [req, sid, rows, cols] }), { key: `resize ${sid}` });
  }

  /** Keep a shell's size as it is for everyone, or let it be changed again. */
  lockSize(sid: number, locked: boolean): void {
    void this.#ask(locked ? trans.__("lock a size") : trans.__("unlock a size"), (req) => ({
      lockSize: [req, sid, locked],
    }));
  }

  /** Give a shell a name or, with an empty one, the title that its program sets. */
  renameShell(sid: number, name: string): void {
    if (this.#isShort(name))
      void this.#ask(trans.__("rename a shell"), (req) => ({ rename: [req, sid, wellFormed(name)] }));
  }

  /** Ask the owners for write access. */
  requestWrite(): void {
    void this.#ask(trans.__("ask for write access"), (req) => ({ requestWrite: req }));
  }

  /** Change what a user may do; for owners. */
  setRole(uid: number, role: Role): void {
    void this.#ask(trans.__("change what someone may do"), (req) => ({ setRole: [req, uid, role] }));
  }

  /** Remove a user; for owners. Without new tickets, the old ticket lets them in again. */
  kick(uid: number, { reason = "", newTickets = true } = {}): void {
    if (!this.#isShort(reason)) return;
    void this.#ask(trans.__("remove someone"), (req) => ({ kick: [req, uid, wellFormed(reason), newTickets] }));
  }

  /** Make new tickets; for owners. The old ones let nobody in any more, but who has been inside comes back. */
  newTickets(): void {
    void this.#ask(trans.__("make new tickets"), (req) => ({ newTickets: req }));
  }

  /** Let in a user who waits, or not; for owners. */
  approve(uid: number, allow: boolean): void {
    void this.#ask(allow ? trans.__("let someone in") : trans.__("turn someone away"), (req) => ({
      approve: [req, uid, allow],
    }));
  }

  /** Keep new people out of the session, or let them in again; for owners. */
  lock(locked: boolean): void {
    void this.#ask(locked ? trans.__("lock the session") : trans.__("unlock the session"), (req) => ({
      lock: [req, locked],
    }));
  }

  /** For an observer: be listed among the users, now and on later links, or hide again. */
  setListed(listed: boolean): void {
    if (listed === this.#listed) return;
    this.#listed = listed;
    if (this.#settled) this.#tellListed(); // or it is told once the link is settled
  }

  /** Send `heldInput`, before all that was typed since. */
  sendHeld(): void {
    this.#outbox.sendHeld(performance.now());
    this.#changed();
  }

  /** Give up `heldInput`. What was typed since is sent. */
  discardHeld(): void {
    this.#outbox.discardHeld();
    this.#changed();
  }

  /** Give up the input that waits for the link. */
  discardWaiting(): void {
    this.#outbox.discard();
    this.#changed();
  }

  // Sending.

  /** Ask the host for something; what it answers, also over another link. */
  #ask(
    what: string,
    message: (req: number) => RequestMessage,
    options: Pick<Ask, "key" | "chat"> = {},
  ): Promise<{ value: unknown } | "failed"> {
    return new Promise((resolve) => this.#put({ what, message, settle: resolve, ...options }));
  }

  #put(ask: Ask): void {
    if (this.state === "ended") ask.settle("failed");
    else if (this.#outbox.ask(ask, performance.now())) this.#changed();
    else {
      ask.settle("failed");
      this.#complain(
        "tooMuch",
        trans.__("Too many requests are waiting. The host was not asked to %1. Try again later.", ask.what),
      );
    }
  }

  #tellListed(): void {
    const listed = this.#listed;
    void this.#ask(trans.__("show you among the people"), (req) => ({ setListed: [req, listed] }), { key: "listed" });
  }

  #tellName(name: string): void {
    void this.#ask(trans.__("change your name"), (req) => ({ setName: [req, name] }), { key: "name" });
  }

  #tellColor(color: string): void {
    void this.#ask(trans.__("change your color"), (req) => ({ setColor: [req, color] }), { key: "color" });
  }

  /** Send a message that needs no answer, if the host can be told at the moment. */
  #post(message: ClientMessage): void {
    if (!this.#settled) return;
    this.#flush(); // first what came first
    this.#connection?.send(message);
  }

  #sendCursor(): void {
    const cursor = this.#cursor;
    this.#post({ setCursor: cursor });
    this.#cursorTimer = setTimeout(() => {
      this.#cursorTimer = undefined;
      if (this.#cursor !== cursor) this.#sendCursor();
    }, CURSOR_PERIOD);
  }

  /** The outbox has changed: send what it has, once all that is typed in one go is in it, and tell. */
  #changed(): void {
    this.#tellInput();
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
    if (this.#outbox.ready) this.#flushTimer = setTimeout(() => this.#flush(), FULL_DELAY);
  }

  #isShort(text: string): boolean {
    if (text.length > TEXT_LENGTH) this.#complain("tooLong", trans.__("This text is too long, so it was not sent."));
    return text.length <= TEXT_LENGTH;
  }

  #complain(code: string, text: string, details: Failure["details"] = new Map()): void {
    this.emit({ type: "error", code, text, details });
  }

  /** Tell of what will not be done. */
  #drop({ input, requests }: Dropped): void {
    for (let start = 0, end = 0; start < input.length; start = end) {
      const { sid, reason } = input[start]!;
      while (end < input.length && input[end]!.sid === sid && input[end]!.reason === reason) end += 1;
      const data = input.slice(start, end).map((lost) => lost.data);
      this.emit({ type: "lost", sid, text: readable(concatBytes(...data)), reason });
    }
    for (const { ask, sent } of requests) {
      ask.settle("failed");
      if (this.endCode !== null) continue; // there is nothing to try again
      this.#complain(
        "lost",
        sent
          ? trans.__(
              "The host restarted. It may not have received your request to %1. Try again if it did not.",
              ask.what,
            )
          : trans.__("The connection was lost for too long. The host was not asked to %1. Try again.", ask.what),
      );
    }
  }

  #tellInput(): void {
    const held = this.#outbox.held;
    const waiting = this.#settled || this.state === "ended" ? 0 : this.#outbox.inputBytes;
    const before = this.heldInput;
    if (waiting === this.waiting && (held === null) === (before === null)) return;
    this.#self.waiting = waiting;
    if (held === null || before === null) {
      this.#self.heldInput = held && { text: readable(held.data), waited: held.waited };
    }
    this.emit({ type: "input" });
  }

  // Connecting.

  #open(): void {
    if (this.#connection !== null || this.state === "ended") return; // who was told of the new state was quicker
    this.#openedAt = performance.now();
    this.#welcomed = false;
    this.#connection = new Connection(this.#key(), this.#dial, this.#traffic, {
      onSecured: () => {
        if (this.state === "connecting" || this.state === "unreachable") this.#become("connecting");
        clearTimeout(this.#patience);
        this.#join();
      },
      onMessage: (message) => this.#receive(message),
      onDoubt: (silent) => this.#doubt(silent),
      onMeasured: () => this.emit({ type: "network" }),
      onTaken: (input) => this.#outbox.taken(input, performance.now()),
      onEnd: (error) => this.#lost(error),
    });
  }

  /** This client's own key if it has been inside, else that of the user's own client or of the ticket. */
  #key(): Promise<Key> {
    if (this.#token !== null) return Promise.resolve(clientKey(this.#credentials, this.#token));
    if (this.#companion !== null) return this.#companion().then((token) => clientKey(this.#credentials, token));
    return (this.#firstKey ??= credentialsKey(this.#credentials));
  }

  #join(): void {
    this.#connection?.send({
      join: {
        name: this.#companion === null ? this.#name : null,
        as: !this.#observer ? "user" : this.#companion === null ? "mirror" : "companion",
        passive: this.#observer,
        chat: this.heard,
        features: [],
      },
    });
  }

  #dropConnection(): void {
    this.#connection?.close();
    this.#connection = null;
    this.#settled = false;
    clearTimeout(this.#flushTimer);
    this.#outbox.close();
    for (const output of this.#outputs.values()) output.unlink();
  }

  /** The link has ended: try again, or say why not. */
  #lost(error: Error): void {
    this.#dropConnection();
    if (error instanceof Refused && error.reason === "unknownClient" && this.#token !== null) {
      this.#token = null; // the host has forgotten it: join as for the first time
      if (!this.#welcomed) {
        this.#open(); // at once, unless this link brought that token
        return;
      }
    }
    const now = performance.now();
    const attempt = {
      entered: this.#entered,
      waited: this.#waited,
      companion: this.#companion !== null,
      askedAt: this.#askedAt,
    };
    const verdict = afterEnd(error, attempt, now);
    switch (verdict.then) {
      case "end":
        this.#end(verdict.code, verdict.reason, verdict.code);
        break;
      case "unreachable": {
        const wait = this.#backoff.next();
        this.#retryIn(wait);
        this.#become("unreachable", verdict.reason, null, Date.now() + wait);
        break;
      }
      case "refuse":
        this.#become("refused", verdict.reason, verdict.refusal);
        break;
      case "retry":
        clearTimeout(this.#patience); // the host has answered
        this.#become("connecting");
        this.#retryIn(Math.min(this.#backoff.next(), verdict.within));
        break;
      case "reconnect": {
        this.#backoff.resetAfter(now - this.#openedAt);
        const wait = this.#backoff.next();
        this.#retryIn(wait);
        this.#tellInput();
        this.#become("reconnecting", verdict.reason, null, Date.now() + wait);
        this.emit({ type: "network" });
        break;
      }
    }
  }

  #retryIn(milliseconds: number): void {
    this.#retryTimer = setTimeout(() => {
      if (this.state === "reconnecting" || this.state === "unreachable") this.#become(this.state, this.reason);
      this.#open();
    }, milliseconds);
  }

  #doubt(silent: boolean): void {
    if (!this.#entered && !this.#waited) {
      this.#self.late = silent; // there is nothing to come back to
      this.emit({ type: "state" });
    } else if (silent) {
      this.#certain = this.state;
      this.#become("reconnecting", trans.__("The host has stopped responding."));
    } else this.#become(this.#certain);
  }

  #end(code: string, reason: string, refusal?: string): void {
    if (this.state === "ended") return;
    const dropped = this.#outbox.end();
    this.#dropConnection();
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#cursorTimer);
    this.#self.endCode = code;
    this.#become(
      "ended",
      reason || trans.__("The session has ended."),
      refusal !== undefined && isRefusalReason(refusal) ? refusal : null,
    );
    this.#tellInput();
    this.#drop(code === "left" ? { input: [], requests: dropped.requests } : dropped);
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
        this.takeUsers(message);
        break;
      case "userDiff":
        this.takeUser(message, this.#settled);
        break;
      case "shells":
        this.takeShells(message);
        this.#onShells();
        break;
      case "hear":
        this.takeChat(message);
        break;
      case "shellChanged":
        if (this.#settled) this.emit({ ...message, type: "shell" });
        break;
      case "shellLatency":
        this.takeShellLatency(message);
        break;
      case "done":
        this.#outbox.answered(message.req)?.settle({ value: message.value });
        this.#flush(); // another may be sent now
        break;
      case "error":
        this.#onError(message);
        break;
      case "hello":
        this.#onHello(message.info);
        this.takeHello(message);
        break;
      case "waiting":
        this.#waited = true;
        this.takeWaiting(message);
        this.#become("waiting");
        break;
      case "closed":
        this.#onClosed(message.code, message.text);
        break;
    }
  }

  #onClosed(code: string, text: string): void {
    if (mayPass(code) || (isRefusalReason(code) && !this.#entered)) this.#lost(new Refused(code, text));
    else this.#end(code, text, code);
  }

  #onError(failure: Failure): void {
    const { req, code, text, details } = failure;
    if (req !== null) {
      const ask = this.#outbox.answered(req);
      if (ask === null) return; // an answer that has come before
      ask.settle("failed", failure);
      this.#flush();
      if (code === ask.expects) return;
    }
    this.#complain(code, text, details);
  }

  /** Comes first on each link, and again when what it says has changed. */
  #onHello(info: ReadonlyMap<string, unknown>): void {
    const token = info.get("token");
    const input = count(info.get("input"));
    if (this.#settled) this.#outbox.taken(input, performance.now());
    else {
      this.#token = token instanceof Uint8Array ? token : null;
      this.#progress = { input, req: count(info.get("req")) };
    }
    this.#entered = true;
    this.#welcomed = true;
  }

  #onShells(): void {
    const { shells } = this;
    for (const [sid, output] of this.#outputs) {
      if (shells.has(sid)) output.link();
      else {
        output.unlink();
        this.#outputs.delete(sid);
      }
    }
    if (this.#focus !== null && !shells.has(this.#focus)) this.#focus = null;
    if (!this.#settled) this.#settle();
    this.emit({ type: "shells" });
  }

  /** Now all is known that the host tells those who come. */
  #settle(): void {
    const connection = this.#connection;
    if (connection === null) return;
    this.#settled = true;
    const user = this.users.get(this.uid);
    if (user !== undefined) this.#introduce(user);
    if (this.#listed) this.#tellListed();
    const dropped = this.#outbox.open(
      { token: this.#token, ...this.#progress },
      {
        writable: this.role !== "reader",
        takesInput: (sid) => this.shells.get(sid)?.ended === false,
        hold: this.#staleInput === "hold",
      },
      performance.now(),
    );
    this.#flush();
    this.#become("connected");
    this.#tellInput();
    this.#drop(dropped);
  }

  /** Tell what this user is other than the host has it. */
  #introduce(user: User): void {
    if (this.#companion !== null && this.#name !== null && user.name !== this.#name) this.#tellName(this.#name);
    if (this.#color !== null && user.color !== this.#color) this.#tellColor(this.#color);
    if (this.#focus !== null) this.#connection?.send({ setFocus: this.#focus });
  }

  // Telling.

  #become(state: State, reason = "", refusal: Refusal | null = null, retryAt: number | null = null): void {
    const same = state === this.state && reason === this.reason && refusal === this.refusal && retryAt === this.retryAt;
    if (same && !this.late) return;
    clearTimeout(this.#patience);
    this.#self.late = false;
    this.#self.state = state;
    this.#self.reason = reason;
    this.#self.refusal = refusal;
    this.#self.retryAt = retryAt;
    this.emit({ type: "state" });
  }
}

/** What a client offers to others: its public members. The views take this, so that tests can give them another. */
export type Client = Pick<SshxClient, keyof SshxClient>;

/** A count that the host gave, or 0 if it gave none. */
function count(value: unknown): number {
  return Number.isSafeInteger(value) ? Math.max(0, value as number) : 0;
}
