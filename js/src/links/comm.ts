/**
 * Links over the messages of a widget to its kernel, which has or makes the link to the host. The front end's half of
 * `links/comm.py`.
 *
 * The kernel takes nothing while it runs a cell, unless it has a thread of its own for that: links are `held` then.
 * JupyterLab starts such a thread, and until it has, it sends messages the old way, where they wait for the cell and are
 * overtaken. So frames are numbered, and sent again if a kernel that runs a cell does not take them; the kernel puts them
 * in order.
 */
import type { Dial, Link, LinkHandlers, PathKind } from "./link";
import { trans } from "../translation";

/** What a message holds besides its buffers, each of which is one frame. */
export interface CommMessage {
  type: string;
  link?: string;
  [field: string]: unknown;
}

/** The messages of a widget, both ways. */
export interface Comm {
  /** Whether the kernel is known to run a cell. */
  readonly busy: boolean;
  send(message: CommMessage, frames?: readonly Uint8Array[]): void;
  /** Call `listener` for each message; returns how to stop that. */
  on(listener: (message: CommMessage, frames: readonly Uint8Array[]) => void): () => void;
}

/** Milliseconds that a kernel which is not busy takes at most. */
const PROMPT = 1000;
/** Bytes that are sent again at a time. */
const REPEATED = 64 << 10;

const closed = () => trans.__("The host closed the connection.");

export function dialComm(comm: Comm): Dial {
  return (handlers) => Promise.resolve(new CommLink(comm, handlers));
}

class CommLink implements Link {
  readonly #comm: Comm;
  readonly #handlers: LinkHandlers;
  readonly #link = Math.random().toString(36).slice(2);
  readonly #stop: () => void;
  /** Whether the kernel has opened its side. Frames wait until then. */
  #opened = false;
  /** Frames that the kernel has not taken, from number `#taken` on. */
  #unread: Uint8Array[] = [];
  #taken = 0;
  #buffered = 0;
  /** When what the kernel has not taken began to wait, or null if it has taken everything. */
  #waitsSince: number | null = performance.now();
  /** Milliseconds until it is sent again: longer each time. */
  #patience = PROMPT;
  #repeating: ReturnType<typeof setTimeout> | undefined;

  constructor(comm: Comm, handlers: LinkHandlers) {
    this.#comm = comm;
    this.#handlers = handlers;
    this.#stop = comm.on((message, frames) => {
      if (message.link === this.#link) this.#receive(message, frames);
    });
    comm.send({ type: "open", link: this.#link });
  }

  get buffered(): number {
    return this.#buffered;
  }

  get held(): boolean {
    return this.#comm.busy && this.#waitsSince !== null && performance.now() - this.#waitsSince > PROMPT;
  }

  send(frame: Uint8Array): void {
    const number = this.#taken + this.#unread.length;
    this.#unread.push(frame);
    this.#buffered += frame.length;
    this.#waitsSince ??= performance.now();
    if (this.#opened) this.#post(number, [frame]);
    this.#repeatLater();
  }

  close(): void {
    this.#end();
    this.#comm.send({ type: "close", link: this.#link });
  }

  /** Send frames, the first of which has this number. */
  #post(first: number, frames: readonly Uint8Array[]): void {
    this.#comm.send({ type: "frames", link: this.#link, first }, frames);
  }

  #repeatLater(): void {
    this.#repeating ??= setTimeout(() => {
      this.#repeating = undefined;
      if (this.#unread.length === 0) return;
      if (this.#opened && this.#comm.busy) {
        let size = 0;
        this.#post(
          this.#taken,
          this.#unread.filter((frame, i) => (size += frame.length) <= REPEATED || i === 0),
        );
        this.#patience *= 2;
      }
      this.#repeatLater();
    }, this.#patience);
  }

  /** The kernel has taken all frames before this number. */
  #take(next: number): void {
    const frames = this.#unread.splice(0, Math.max(0, next - this.#taken));
    this.#taken += frames.length;
    for (const { length } of frames) this.#buffered -= length;
    this.#waitsSince = this.#unread.length > 0 ? performance.now() : null;
    clearTimeout(this.#repeating);
    this.#repeating = undefined;
    this.#patience = PROMPT;
    if (this.#unread.length > 0) this.#repeatLater();
  }

  #end(): void {
    this.#stop();
    clearTimeout(this.#repeating);
  }

  #receive(message: CommMessage, frames: readonly Uint8Array[]): void {
    switch (message.type) {
      case "opened":
        this.#opened = true;
        if (this.#unread.length > 0) this.#post(0, [...this.#unread]);
        this.#take(0);
        break;
      case "frames":
        for (const frame of frames) this.#handlers.onFrame(frame);
        break;
      case "taken":
        this.#take(Number(message.frames));
        break;
      case "path":
        if (isPath(message.path)) this.#handlers.onPath(message.path);
        break;
      case "closed":
        this.#end();
        this.#handlers.onClose(text(message.reason) || closed(), message.unreachable === true);
        break;
    }
  }
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function isPath(path: unknown): path is PathKind {
  return path === "local" || path === "direct" || path === "relay";
}
