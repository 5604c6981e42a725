/**
 * One link to the host from its making to its end: handshake, encryption, signs of life. What the messages mean is the
 * client's business.
 */
import { heartbeat } from "./heartbeat";
import type { Dial, Link, PathKind } from "../links/link";
import { ClientHandshake, Refused, type Key, type Secured } from "../protocol/handshake";
import { MalformedMessage, decodeHost, encode, type ClientMessage, type HostMessage } from "../protocol/messages";
import { NoiseError } from "../protocol/noise";
import { noAnswer } from "./retry";
import { trans } from "../translation";

/**
 * Milliseconds from one look at the link to the next, and from one ping to the next; twice that while nothing else is
 * sent or received. The host has the pings of all its guests to answer.
 */
const PING_PERIOD = 2_000;
/** Bytes sent after which the host is asked at once how much of the input it has taken. */
const PING_BYTES = 64 << 10;
/** Milliseconds without a word from the host after which something is wrong, and after which the link is dead. */
const DOUBT = 6_000;
const SILENCE = 15_000;

/** There is no way to the host. The message is a sentence for the person. */
export class Unreachable extends Error {
  override readonly name = "Unreachable";
}

/** There was a link, and it is gone. The message is a sentence for the person. */
export class LinkLost extends Error {
  override readonly name = "LinkLost";
}

export interface ConnectionHandlers {
  /** The handshake is done: say who you are. */
  onSecured(): void;
  /** Everything that the host says, except for pongs. */
  onMessage(message: HostMessage): void;
  /** Nothing has been heard for a while (true), or the host is heard again (false). */
  onDoubt(silent: boolean): void;
  /** `latency` or `path` has been measured. */
  onMeasured(): void;
  /** The host has taken this many bytes of this client's input. */
  onTaken(input: number): void;
  /** It has ended by itself: `Unreachable`, `LinkLost`, `Refused`, `NoiseError` or `MalformedMessage`. Called last, once. */
  onEnd(error: Error): void;
}

export class Connection {
  /** Milliseconds to the host and back, or null before it is known. */
  latency: number | null = null;
  path: PathKind | null = null;
  /** Whether nothing has been heard for a while. */
  silent = false;
  readonly #handlers: ConnectionHandlers;
  readonly #traffic: { in: number; out: number };
  #link: Link | null = null;
  #handshake: ClientHandshake | null = null;
  #secured: Secured | null = null;
  #ended = false;
  #heardAt = 0;
  #tickedAt = 0;
  /** Bytes sent since the last ping. */
  #unpinged = 0;
  /** Whether more than pings and their answers was sent or received since the last look. */
  #used = true;
  /** Whether no ping was sent at the last look. */
  #leftOut = false;
  #timeout: ReturnType<typeof setTimeout> | undefined;
  #stopHeartbeat: () => void = () => undefined;

  /** @param traffic - where bytes are counted. */
  constructor(key: Promise<Key>, dial: Dial, traffic: { in: number; out: number }, handlers: ConnectionHandlers) {
    this.#handlers = handlers;
    this.#traffic = traffic;
    this.#open(key, dial).catch((error: unknown) => this.#end(error as Error));
  }

  /** Bytes that were sent and that the network has not taken. */
  get buffered(): number {
    return this.#link?.buffered ?? 0;
  }

  /** Whether what is sent does not get through at the moment, though nothing is wrong. */
  get held(): boolean {
    return this.#link?.held ?? false;
  }

  /** Send a message; only after `onSecured`. */
  send(message: ClientMessage): void {
    if (this.#ended || this.#secured === null) return;
    const frame = this.#secured.seal(encode(message));
    this.#sendFrame(frame);
    if (!("ping" in message)) this.#used = true;
    this.#unpinged += frame.length;
    if (this.#unpinged >= PING_BYTES) this.#ping();
  }

  /** End it; no handler is called any more. */
  close(): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#timeout);
    this.#stopHeartbeat();
    this.#link?.close();
  }

  async #open(key: Promise<Key>, dial: Dial): Promise<void> {
    const known = await key;
    if (this.#ended) return;
    this.#expectAnswer();
    let link: Link;
    try {
      const dialing = dial({
        onFrame: (frame) => this.#receive(frame),
        onPath: (path) => {
          this.path = path;
          if (!this.#ended) this.#handlers.onMeasured();
        },
        onClose: (reason, unreachable) => this.#end(unreachable ? new Unreachable(reason) : new LinkLost(reason)),
      });
      this.#handshake = new ClientHandshake(known); // meanwhile: it computes for some milliseconds
      link = await dialing;
    } catch (error) {
      this.#end(new Unreachable((error as Error).message));
      return;
    }
    if (this.#isOver()) {
      link.close();
      return;
    }
    this.#link = link;
    this.#expectAnswer();
    for (const frame of this.#handshake.start()) this.#sendFrame(frame);
  }

  /** Wait no longer than this for the link, or for the host's answer to the handshake. */
  #expectAnswer(): void {
    clearTimeout(this.#timeout);
    this.#timeout = setTimeout(() => {
      if (this.held) this.#expectAnswer();
      else this.#end(new Unreachable(noAnswer()));
    }, SILENCE);
  }

  /** `#ended`, which may have become true during an `await`. */
  #isOver(): boolean {
    return this.#ended;
  }

  #sendFrame(frame: Uint8Array): void {
    this.#traffic.out += frame.length;
    this.#link?.send(frame);
  }

  #receive(frame: Uint8Array): void {
    if (this.#ended) return;
    this.#traffic.in += frame.length;
    this.#heard();
    try {
      if (this.#secured === null) this.#shake(frame);
      else this.#take(decodeHost(this.#secured.open(frame)));
    } catch (error) {
      if (!(error instanceof NoiseError || error instanceof Refused || error instanceof MalformedMessage)) throw error;
      this.#end(error);
    }
  }

  #shake(frame: Uint8Array): void {
    this.#secured = this.#handshake!.receive(frame);
    clearTimeout(this.#timeout);
    this.#handlers.onSecured();
    this.#ping();
    this.#tickedAt = performance.now();
    this.#stopHeartbeat = heartbeat(PING_PERIOD, () => this.#tick());
  }

  #take(message: HostMessage | null): void {
    if (message?.type === "pong") {
      this.latency = Math.max(0, performance.now() - message.t);
      this.#handlers.onMeasured();
      this.#handlers.onTaken(message.taken);
      return;
    }
    this.#used = true;
    if (message !== null) this.#handlers.onMessage(message);
  }

  #heard(): void {
    this.#heardAt = performance.now();
    this.#doubt(false);
  }

  #ping(): void {
    this.#unpinged = 0;
    this.send({ ping: performance.now() });
  }

  #tick(): void {
    if (this.#ended) return;
    const now = performance.now();
    const gap = now - this.#tickedAt;
    const silence = now - this.#heardAt;
    this.#tickedAt = now;
    if (this.held) {
      this.#heard(); // and no more pings, which would only pile up
      return;
    }
    // After a gap this machine has slept, or was busy: what silence there was counts only if this ping has no answer.
    if (gap < DOUBT) {
      if (silence >= SILENCE) {
        this.#end(new LinkLost(trans.__("The host did not respond.")));
        return;
      }
      this.#doubt(silence >= DOUBT);
    }
    this.#leftOut = gap < DOUBT && !this.#used && !this.#leftOut;
    this.#used = false;
    if (!this.#leftOut) this.#ping();
  }

  #doubt(silent: boolean): void {
    if (silent === this.silent) return;
    this.silent = silent;
    this.#handlers.onDoubt(silent);
  }

  #end(error: Error): void {
    if (this.#ended) return;
    this.close();
    this.#handlers.onEnd(error);
  }
}
