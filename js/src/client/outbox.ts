/**
 * Everything that a client types, says and asks for, in order, on its way to the host: numbered, kept until the host has
 * taken or answered it, and sent again over the next link, so that nothing is lost and nothing happens twice.
 *
 * No I/O and no clock: the client opens it once a link is settled, sends what `next` gives, and says what the host has
 * taken and answered. Times are milliseconds of any clock that only goes forward.
 */
import { concatBytes } from "@noble/hashes/utils.js";
import type { ClientMessage, Failure, RequestMessage } from "../protocol/messages";

/** Most bytes of input in one message. */
const PIECE = 32 << 10;
/** Bytes that may be kept while there is a link, and while there is none; with those that the host has not taken yet. */
const OPEN_BYTES = 16 << 20;
const CLOSED_BYTES = 256 << 10;
/** Requests that may be unanswered: the host refuses more. */
const WINDOW = 64;
/** Requests that may wait to be sent. */
const MOST_QUEUED = 256;
/** Milliseconds without a link after which input, and requests that were never sent, may not be wanted any more. */
export const STALE = 10_000;

/** What a client asks for. */
export interface Ask {
  /** What it is, after "to": for a sentence such as "The host was not asked to open a shell". */
  readonly what: string;
  message(req: number): RequestMessage;
  /** Called once: with the value of `done`, or, if it was not done, with the host's reason, if it gave one. */
  settle(outcome: { value: unknown } | "failed", failure?: Failure): void;
  /** The code of a failure that the one who asks deals with. */
  readonly expects?: string;
  /** Of several that are not sent yet with the same key, only the last is. */
  readonly key?: string;
  /** Bytes of a chat message, which is sent however long it had to wait. */
  readonly chat?: number;
}

/** How far the host is with this client's stream, from `hello`. */
export interface Progress {
  /** The stream's name; null if the host gives none, so that it cannot be resumed. */
  readonly token: Uint8Array | null;
  /** Bytes of input that the host has taken. */
  readonly input: number;
  /** Number of the last request that it has taken. */
  readonly req: number;
}

/** What the user may do, now that a link is settled. */
export interface Terms {
  /** Whether the user may type. */
  readonly writable: boolean;
  takesInput(sid: number): boolean;
  /** Whether input that waited long is held until `sendHeld` or `discardHeld`. */
  readonly hold: boolean;
}

/**
 * - `unknown`: it was sent, and the host, which may have taken it, does not know this client any more; or it follows
 *   such input in the same shell;
 * - `noShell`: the shell is gone or has ended; `notAllowed`: the user may not type any more; `ended`: the session is over.
 */
export type LostReason = "unknown" | "noShell" | "notAllowed" | "ended";

/** Input that will not reach its shell, or may not have. */
export interface LostInput {
  readonly sid: number;
  readonly data: Uint8Array;
  readonly reason: LostReason;
}

export interface Dropped {
  readonly input: readonly LostInput[];
  /** Requests that were not done (`sent` is false), or may not have been. */
  readonly requests: readonly { readonly ask: Ask; readonly sent: boolean }[];
}

/** Input that waits for a person's decision. */
export interface Held {
  readonly data: Uint8Array;
  /** Milliseconds that the oldest of it had waited when the link was back. */
  readonly waited: number;
}

interface Input {
  readonly type: "input";
  readonly sid: number;
  data: Uint8Array;
  at: number;
  /** Position of its first byte in the stream, once it is sent. */
  n: number;
}

interface Request {
  readonly type: "request";
  readonly ask: Ask;
  readonly at: number;
  /** Its number; 0 before it is sent. */
  req: number;
}

type Item = Input | Request;

export class Outbox {
  /** Sent over this link and not taken or answered; or over the one before, while it is closed. */
  #sent: Item[] = [];
  /** To be sent, in this order. */
  #queue: Item[] = [];
  /** Input before all that is in the queue, which waits for a decision. */
  #held: Input[] = [];
  #waited = 0;
  #open = false;
  #token: Uint8Array | null = null;
  /** Position of the next byte of input. */
  #n = 0;
  /** Bytes of input that the host has taken, and when that became known. */
  #taken = 0;
  #takenAt = -Infinity;
  /** Number of the next request. */
  #req = 1;
  /** Bytes of input, and of chat, that are kept. */
  #inputBytes = 0;
  #chatBytes = 0;

  /** Bytes of input that the host is not known to have taken. */
  get inputBytes(): number {
    return this.#inputBytes;
  }

  get held(): Held | null {
    return this.#held.length === 0
      ? null
      : { data: concatBytes(...this.#held.map(({ data }) => data)), waited: this.#waited };
  }

  /** Whether `next` has something. */
  get ready(): boolean {
    return this.#first() >= 0;
  }

  /** A link is settled: go on where the host is. Returns what is not sent any more. */
  open({ token, input, req }: Progress, { writable, takesInput, hold }: Terms, now: number): Dropped {
    const same = this.#token !== null && token !== null && equal(this.#token, token);
    if (same) this.#forget(input);
    else this.#req = 1;
    this.#token = token;
    this.#n = this.#taken = input;
    this.#req = Math.max(this.#req, req + 1);
    this.#open = true;

    const lost: LostInput[] = [];
    const failed: Dropped["requests"][number][] = [];
    const lose = ({ sid, data }: Input, reason: LostReason) => lost.push({ sid, data, reason });
    const kept: Item[] = [];
    const uncertain = new Set(same ? [] : this.#sent);
    const shells = new Set([...uncertain].map((item) => (item.type === "input" ? item.sid : null)));
    for (const item of [...this.#sent, ...this.#queue]) {
      const unknown = uncertain.has(item);
      if (item.type === "request") {
        const stale = item.req === 0 && item.ask.chat === undefined && now - item.at > STALE;
        if (unknown || stale) failed.push({ ask: item.ask, sent: unknown });
        else kept.push(item);
      } else if (unknown || shells.has(item.sid)) lose(item, "unknown");
      else if (!writable) lose(item, "notAllowed");
      else if (!takesInput(item.sid)) lose(item, "noShell");
      else kept.push(item);
    }
    this.#sent = [];
    this.#queue = kept;
    this.#recount();

    const oldest = kept.find((item) => item.type === "input");
    const waited = oldest === undefined ? 0 : now - Math.max(oldest.at, this.#takenAt);
    if (hold && waited > STALE) {
      this.#held = kept.filter((item) => item.type === "input");
      this.#queue = kept.filter((item) => item.type === "request");
      this.#waited = waited;
    }
    return { input: lost, requests: failed };
  }

  /** The link is gone: keep everything for the next. */
  close(): void {
    this.#open = false;
    this.#release();
  }

  /** Add input for a shell; false, and nothing added, if it is more than may be kept. Small pieces become one. */
  type(sid: number, data: Uint8Array, now: number): boolean {
    if (!this.#fits(data.length)) return false;
    this.#inputBytes += data.length;
    const last = this.#queue.at(-1);
    if (last?.type === "input" && last.sid === sid && last.data.length + data.length <= PIECE) {
      last.data = concatBytes(last.data, data);
    } else {
      for (let start = 0; start < data.length; start += PIECE) {
        this.#queue.push({ type: "input", sid, data: data.slice(start, start + PIECE), at: now, n: -1 });
      }
    }
    return true;
  }

  /** Add a request; false, and nothing added, if it is more than may be kept. */
  ask(ask: Ask, now: number): boolean {
    const { key, chat = 0 } = ask;
    if (!this.#fits(chat)) return false;
    if (key !== undefined) {
      const before = this.#queue.findIndex((item) => item.type === "request" && item.req === 0 && item.ask.key === key);
      if (before >= 0) this.#queue.splice(before, 1);
    }
    if (this.#queue.filter(({ type }) => type === "request").length >= MOST_QUEUED) return false;
    this.#chatBytes += chat;
    this.#queue.push({ type: "request", ask, at: now, req: 0 });
    return true;
  }

  /** The next message to send now, which counts as sent from here on; null if there is none. */
  next(): ClientMessage | null {
    const at = this.#first();
    const [item] = at < 0 ? [] : this.#queue.splice(at, 1);
    if (item === undefined) return null;
    this.#sent.push(item);
    if (item.type === "request") {
      item.req ||= this.#req++;
      return item.ask.message(item.req);
    }
    item.n = this.#n;
    this.#n += item.data.length;
    return { data: [item.sid, item.n, item.data] };
  }

  /** The host has taken this many bytes of input in all. */
  taken(input: number, now: number): void {
    if (!this.#open || input <= this.#taken) return;
    this.#taken = Math.min(input, this.#n);
    this.#takenAt = now;
    this.#forget(input);
  }

  /** The host has answered the request of this number; null if it is none that waits for an answer. */
  answered(req: number): Ask | null {
    const at = this.#sent.findIndex((item) => item.type === "request" && item.req === req);
    const [item] = at < 0 ? [] : this.#sent.splice(at, 1);
    if (item?.type !== "request") return null;
    this.#chatBytes -= item.ask.chat ?? 0;
    return item.ask;
  }

  /** Send what is held, before all that was typed since. */
  sendHeld(now: number): void {
    for (const input of this.#held) input.at = now;
    this.#release();
  }

  discardHeld(): void {
    this.#held = [];
    this.#recount();
  }

  /** Without a link: give up all input that is kept. */
  discard(): void {
    if (this.#open) return;
    this.#sent = this.#sent.filter(({ type }) => type === "request");
    this.#queue = this.#queue.filter(({ type }) => type === "request");
    this.#recount();
  }

  /** The session is over: give up everything. What the host had time to take is not in what this returns. */
  end(): Dropped {
    const sent = this.#open ? [] : this.#sent.filter((item) => item.type === "input");
    const waiting = [...this.#held, ...this.#queue].filter((item) => item.type === "input");
    const requests = [...this.#sent, ...this.#queue].filter((item) => item.type === "request");
    this.close();
    this.#sent = [];
    this.#queue = [];
    this.#recount();
    return {
      input: [
        ...sent.map(({ sid, data }): LostInput => ({ sid, data, reason: "unknown" })),
        ...waiting.map(({ sid, data }): LostInput => ({ sid, data, reason: "ended" })),
      ],
      requests: requests.map(({ ask, req }) => ({ ask, sent: req > 0 })),
    };
  }

  /** Where in the queue the next is; -1 if nothing may be sent now. */
  #first(): number {
    if (!this.#open) return -1;
    const at =
      this.#held.length === 0
        ? Math.min(0, this.#queue.length - 1)
        : this.#queue.findIndex(({ type }) => type === "request");
    if (this.#queue[at]?.type !== "request") return at;
    const unanswered = this.#sent.filter(({ type }) => type === "request").length;
    return unanswered < WINDOW ? at : -1; // and what comes after it waits too
  }

  #fits(size: number): boolean {
    return this.#inputBytes + this.#chatBytes + size <= (this.#open ? OPEN_BYTES : CLOSED_BYTES);
  }

  #release(): void {
    this.#queue = [...this.#held, ...this.#queue];
    this.#held = [];
  }

  /** Drop input before this position from what was sent. */
  #forget(input: number): void {
    this.#sent = this.#sent.filter((item) => {
      if (item.type === "request") return true;
      const taken = Math.min(input - item.n, item.data.length);
      if (taken <= 0) return true;
      this.#inputBytes -= taken;
      item.data = item.data.subarray(taken);
      item.n += taken;
      return item.data.length > 0;
    });
  }

  #recount(): void {
    this.#inputBytes = this.#chatBytes = 0;
    for (const item of [...this.#sent, ...this.#held, ...this.#queue]) {
      if (item.type === "input") this.#inputBytes += item.data.length;
      else this.#chatBytes += item.ask.chat ?? 0;
    }
  }
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
