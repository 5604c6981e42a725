/**
 * What a person types and asks for on its way to the host, in order, until the host has it. The mirror of `outbox.py`.
 *
 * Input is kept until the host says that it was taken, and a request until it is answered. After a broken link what the
 * host does not have goes out again, so that nothing is lost, doubled or reordered. No I/O; `now` is in milliseconds.
 */
import type { ClientMessage, RequestMessage } from "./protocol/messages";

/** Most bytes of one `data` message. */
const PIECE = 32 << 10;
/** Bytes of input that the host may not have, while there is a link and while there is none. */
const OPEN_BYTES = 16 << 20;
const CLOSED_BYTES = 256 << 10;
/** Requests that may wait. */
const REQUESTS = 256;
/** Requests that may be unanswered at a time; see `MAX_UNANSWERED` in Python. */
export const UNANSWERED = 64;
/** Milliseconds after which input that waited for a new link is not sent without asking: the screen may be another now. */
export const STALE = 10_000;

/** What becomes of input that has waited for longer than `STALE`: it is held until a person decides, or sent. */
export type StaleInput = "hold" | "send";

/**
 * Why input or a request was not delivered: it had waited for too long, its shell has ended, the user may not type any
 * more, or the link broke and the host has forgotten whether it had arrived.
 */
export type LossCode = "stale" | "noShell" | "notAllowed" | "lost";

/** Input for a shell, whose first byte has position `n` in the stream once it was sent. */
export interface Input {
  readonly sid: number;
  data: Uint8Array;
  readonly since: number;
  n: number;
}

/** What is asked of the host. */
export interface Wish {
  /** The message, once its number is known. */
  message: (req: number) => RequestMessage;
  /** A move of this shell, which a later one may replace while it is not sent. */
  move?: number;
  /** Whether it is sent however long it has waited. */
  ageless?: boolean;
  /** Called once: with the value of the host's answer, or with what went wrong. */
  done?: (value: unknown) => void;
  failed: (code: string, text: string) => void;
}

export interface Ask {
  wish: Wish;
  readonly since: number;
  /** Its number once it was sent, and 0 before. */
  req: number;
}

/** Input or a request that will not be delivered, or whose fate is not known (`lost`). */
export interface Loss {
  item: Input | Ask;
  code: LossCode;
}

export function isInput(item: Input | Ask): item is Input {
  return "data" in item;
}

export class Outbox {
  /** Whether input waits for `release` or `discard`. */
  held = false;
  readonly #stale: StaleInput;
  /** Sent over this link, and neither taken nor answered. */
  #sent: (Input | Ask)[] = [];
  #queue: (Input | Ask)[] = [];
  /** The requests that were sent, on any link, and are not answered. */
  readonly #asked = new Map<number, Ask>();
  /** Position in the stream of the next byte that is sent. */
  #position = 0;
  #req = 0;
  #stream: string | null = null;
  #open = false;
  #size = 0;

  constructor(stale: StaleInput = "hold") {
    this.#stale = stale;
  }

  /** Bytes of input that the host may not have. */
  get size(): number {
    return this.#size;
  }

  /** The input that waits for a link or for a decision: all that the host may not have. */
  waiting(): Input[] {
    return this.#open && !this.held ? [] : [...this.#sent, ...this.#queue].filter(isInput);
  }

  /** Add input for a shell; false, and nothing added, if it is more than may wait. */
  type(sid: number, data: Uint8Array, now: number): boolean {
    if (this.#size + data.length > (this.#open ? OPEN_BYTES : CLOSED_BYTES)) return false;
    this.#size += data.length;
    const last = this.#queue.at(-1);
    if (last !== undefined && isInput(last) && last.sid === sid && last.data.length + data.length <= PIECE) {
      const both = new Uint8Array(last.data.length + data.length);
      both.set(last.data);
      both.set(data, last.data.length);
      last.data = both;
      return true;
    }
    for (let start = 0; start < data.length; start += PIECE) {
      this.#queue.push({ sid, data: data.slice(start, start + PIECE), since: now, n: -1 });
    }
    return true;
  }

  /** Add a request; false, and nothing added, if too many wait. */
  ask(wish: Wish, now: number): boolean {
    const last = this.#queue.at(-1);
    if (wish.move !== undefined && last !== undefined && !isInput(last) && last.req === 0) {
      if (last.wish.move === wish.move) {
        last.wish = wish;
        return true;
      }
    }
    if (this.#queue.reduce((count, item) => count + (isInput(item) ? 0 : 1), 0) >= REQUESTS) return false;
    this.#queue.push({ wish, since: now, req: 0 });
    return true;
  }

  /**
   * A link is there, and the host has told all that it tells a client that joins.
   *
   * @param stream - the token of the stream that the host goes on with, or has begun.
   * @param taken - bytes of this stream's input that the host has taken.
   * @param req - number of the last request that it has taken.
   * @param shells - the shells that are there.
   * @param mayWrite - whether this user may type.
   * @returns what will not be sent.
   */
  open(
    stream: string | null,
    taken: number,
    req: number,
    shells: { has(sid: number): boolean },
    mayWrite: boolean,
    now: number,
  ): Loss[] {
    const losses: Loss[] = [];
    if (stream !== null && stream === this.#stream) {
      this.acknowledge(taken);
      this.#req = Math.max(this.#req, req);
    } else {
      losses.push(...this.#forgetStream());
      this.#req = req;
    }
    this.#stream = stream;
    this.#queue = [...this.#sent, ...this.#queue];
    this.#sent = [];
    this.#position = taken;
    this.#open = true;
    const undeliverable: Loss[] = [];
    for (const item of this.#queue) {
      const code = undeliverableAs(item, shells, mayWrite, now);
      if (code !== null) undeliverable.push({ item, code });
    }
    this.#drop(undeliverable);
    const stale = this.#queue.some((item) => isInput(item) && now - item.since > STALE);
    this.held = stale && this.#stale === "hold";
    return [...losses, ...undeliverable];
  }

  /** The link is gone. */
  close(): void {
    this.#open = false;
  }

  /** The next message to send, or null if there is none to send now. */
  next(): ClientMessage | null {
    if (!this.#open) return null;
    const at = this.held ? this.#queue.findIndex((item) => !isInput(item)) : 0;
    const item = this.#queue[at];
    if (item === undefined) return null;
    if (!isInput(item) && item.req === 0) {
      if (this.#asked.size >= UNANSWERED) return null;
      item.req = this.#req += 1;
      this.#asked.set(item.req, item);
    }
    this.#queue.splice(at, 1);
    this.#sent.push(item);
    if (!isInput(item)) return item.wish.message(item.req);
    item.n = this.#position;
    this.#position += item.data.length;
    return { data: [item.sid, item.n, item.data] };
  }

  /** The host has taken the input before position `taken`. */
  acknowledge(taken: number): void {
    this.#sent = this.#sent.filter((item) => {
      if (!isInput(item) || item.n >= taken) return true;
      const done = Math.min(item.data.length, taken - item.n);
      this.#size -= done;
      item.data = item.data.subarray(done);
      item.n += done;
      return item.data.length > 0;
    });
  }

  /** The request that was answered, or null if none waits for that. */
  answered(req: number): Wish | null {
    const ask = this.#asked.get(req);
    if (ask === undefined) return null;
    this.#drop([{ item: ask, code: "lost" }]);
    return ask.wish;
  }

  /** Send the input that is held. */
  release(): void {
    this.held = false;
  }

  /** Forget the input that waits. Without a link some of it may have arrived. */
  discard(): void {
    this.#drop(this.waiting().map((item) => ({ item, code: "stale" })));
    this.held = false;
  }

  /** What has no place in the host's new stream: what was sent, and input that means something else without it. */
  #forgetStream(): Loss[] {
    const cut = new Set(this.#sent.filter(isInput).map((item) => item.sid));
    const later = this.#queue.filter((item) => (isInput(item) ? cut.has(item.sid) : item.req > 0));
    const losses = [...this.#sent, ...later].map((item): Loss => ({ item, code: "lost" }));
    this.#drop(losses);
    return losses;
  }

  #drop(losses: readonly Loss[]): void {
    const gone = new Set(losses.map(({ item }) => item));
    this.#sent = this.#sent.filter((item) => !gone.has(item));
    this.#queue = this.#queue.filter((item) => !gone.has(item));
    for (const item of gone) {
      if (isInput(item)) this.#size -= item.data.length;
      else this.#asked.delete(item.req);
    }
  }
}

function undeliverableAs(
  item: Input | Ask,
  shells: { has(sid: number): boolean },
  mayWrite: boolean,
  now: number,
): LossCode | null {
  if (isInput(item)) return !shells.has(item.sid) ? "noShell" : mayWrite ? null : "notAllowed";
  return item.req === 0 && !item.wish.ageless && now - item.since > STALE ? "stale" : null;
}
