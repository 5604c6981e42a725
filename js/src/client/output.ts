/**
 * One shell's output on its way to the terminals that show it: puts snapshots together, keeps the place in the stream
 * from which to resume, and acknowledges to the host what all of them have parsed.
 *
 * The host sends so much ahead of what is acknowledged and no more, so this holds little; what nobody shows is
 * acknowledged at once.
 */
import { MalformedMessage, type Chunks, type ClientMessage, type Snapshot } from "../protocol/messages";

/** A terminal that shows a shell. Each call's `parsed` is to be called once its data is parsed, in order. */
export interface TerminalSink {
  /** Output that follows what was written so far. */
  write(data: Uint8Array, parsed: () => void): void;
  /** The whole screen and scrollback, to be drawn anew from an empty terminal. */
  restore(data: Uint8Array, parsed: () => void): void;
}

/** Parsed output is acknowledged after this many bytes, or milliseconds, whatever comes first. */
const ACK_BYTES = 16 << 10;
const ACK_DELAY = 20;
/** Output that is kept while a snapshot arrives in parts, to follow it. */
const REPLAY_BYTES = 2 << 20;
/** Far more than a screen and its scrollback are. */
const SNAPSHOT_BYTES = 64 << 20;

/** A snapshot that is arriving, and the output since it was taken. */
interface Arriving {
  seq: number;
  parts: Uint8Array[];
  size: number;
  replay: Uint8Array[];
  replaySize: number;
}

export class ShellOutput {
  readonly #sid: number;
  readonly #post: (message: ClientMessage) => void;
  readonly #sinks = new Set<TerminalSink>();
  #linked = false;
  /** Position up to which the terminals were given output; -1 before their first snapshot. */
  #seq = -1;
  #arriving: Arriving | null = null;
  /** Whether the snapshot that is arriving is no use any more, and another is to be asked for after it. */
  #givenUp = false;
  /** Bytes parsed since the link began, and what of them the host knows. */
  #received = 0;
  #acknowledged = 0;
  /** Bytes that the terminals were given and have not all parsed. */
  #unparsed = 0;
  /** Another for each change of terminals and links: what was given before does not count. */
  #turn = {};
  #ackTimer: ReturnType<typeof setTimeout> | undefined;

  /** @param post - sends a message, if there is a link. */
  constructor(sid: number, post: (message: ClientMessage) => void) {
    this.#sid = sid;
    this.#post = post;
  }

  /** Show the output in a terminal too, from the present screen on, which the others draw anew with it. */
  attach(sink: TerminalSink): void {
    this.#release();
    this.#sinks.add(sink);
    this.#seq = -1;
    if (this.#linked) this.#subscribe();
  }

  /** Give this terminal nothing more. */
  detach(sink: TerminalSink): void {
    if (!this.#sinks.delete(sink)) return;
    if (this.#sinks.size > 0) this.#forget();
    else this.#release();
  }

  /** The shell is there at the host, on a link on which it was not known yet: go on where the terminals are. */
  link(): void {
    if (this.#linked) return;
    this.#linked = true;
    if (this.#sinks.size > 0) this.#subscribe();
  }

  /** The link is gone, and the host counts from 0 on the next. */
  unlink(): void {
    this.#release();
    clearTimeout(this.#ackTimer);
    this.#ackTimer = undefined;
    this.#received = this.#acknowledged = 0;
    this.#linked = false;
  }

  /** @throws MalformedMessage if the snapshot has no end. */
  takeSnapshot({ seq, data, part, more }: Snapshot): void {
    if (part === 0) {
      this.#arriving = { seq, parts: [], size: 0, replay: [], replaySize: 0 };
      this.#givenUp = false;
    }
    const arriving = this.#arriving;
    if (this.#sinks.size === 0 || arriving === null) {
      this.#parsed(data.length);
      if (!more && this.#givenUp) {
        this.#givenUp = false;
        this.#subscribe(-1);
      }
      return;
    }
    arriving.parts.push(data);
    arriving.size += data.length;
    if (arriving.size > SNAPSHOT_BYTES) throw new MalformedMessage("snapshot: it has no end");
    if (more) {
      this.#parsed(data.length); // or the host would wait with the next
      return;
    }
    this.#arriving = null;
    this.#seq = Math.max(this.#seq, arriving.seq);
    this.#give("restore", join([...arriving.parts, ...arriving.replay]), data.length);
  }

  takeChunks({ seq, chunks }: Chunks): void {
    const data = join(chunks);
    if (this.#sinks.size === 0 || seq !== this.#seq) {
      this.#parsed(data.length);
      return;
    }
    const arriving = this.#arriving;
    if (arriving !== null) {
      const later = data.subarray(Math.max(0, arriving.seq - seq));
      arriving.replay.push(later);
      arriving.replaySize += later.length;
      if (arriving.replaySize > REPLAY_BYTES) {
        this.#arriving = null; // it would be old by the time it is there
        this.#givenUp = true;
      }
    }
    this.#seq += data.length;
    this.#give("write", data, data.length);
  }

  #subscribe(seq = this.#seq): void {
    this.#post({ subscribe: [this.#sid, seq] });
  }

  /** Hand data to the terminals; `size` bytes are acknowledged when the slowest has parsed it. */
  #give(how: "write" | "restore", data: Uint8Array, size: number): void {
    const turn = this.#turn;
    let waiting = this.#sinks.size;
    this.#unparsed += size;
    for (const sink of this.#sinks) {
      sink[how](data, () => {
        waiting -= 1;
        if (waiting > 0 || turn !== this.#turn) return;
        this.#unparsed -= size;
        this.#parsed(size);
      });
    }
  }

  /** Begin anew, with the next snapshot. */
  #release(): void {
    this.#arriving = null;
    this.#givenUp = false;
    this.#forget();
  }

  /** What was given to terminals and is not parsed counts as parsed. */
  #forget(): void {
    const size = this.#unparsed;
    this.#turn = {};
    this.#unparsed = 0;
    if (size > 0) this.#parsed(size);
  }

  #parsed(size: number): void {
    this.#received += size;
    if (this.#received - this.#acknowledged >= ACK_BYTES) this.#acknowledge();
    else this.#ackTimer ??= setTimeout(() => this.#acknowledge(), ACK_DELAY);
  }

  #acknowledge(): void {
    clearTimeout(this.#ackTimer);
    this.#ackTimer = undefined;
    if (this.#received === this.#acknowledged) return;
    this.#acknowledged = this.#received;
    this.#post({ ack: [this.#sid, this.#received] });
  }
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
