/**
 * Links over the messages of a widget to its kernel, which has or makes the link to the host. The front end's half of
 * `links/comm.py`.
 *
 * The kernel takes nothing while it runs a cell, unless it has a thread of its own for that: links are `held` then.
 */
import type { Dial, Link, LinkHandlers, PathKind } from "./link";

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

const CLOSED = "The host has closed the link.";

export function dialComm(comm: Comm): Dial {
  return (handlers) => Promise.resolve(new CommLink(comm, handlers));
}

class CommLink implements Link {
  readonly #comm: Comm;
  readonly #handlers: LinkHandlers;
  readonly #link = Math.random().toString(36).slice(2);
  readonly #stop: () => void;
  /** Frames that wait until the kernel has opened its side; null once it has. */
  #early: Uint8Array[] | null = [];
  #buffered = 0;
  /** When what the kernel has not taken began to wait, or null if it has taken everything. */
  #waitsSince: number | null = performance.now();

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
    this.#buffered += frame.length;
    this.#waitsSince ??= performance.now();
    if (this.#early) this.#early.push(frame);
    else this.#comm.send({ type: "frames", link: this.#link }, [frame]);
  }

  close(): void {
    this.#stop();
    this.#comm.send({ type: "close", link: this.#link });
  }

  #receive(message: CommMessage, frames: readonly Uint8Array[]): void {
    switch (message.type) {
      case "opened":
        this.#waitsSince = this.#buffered > 0 ? performance.now() : null;
        if (this.#early?.length) this.#comm.send({ type: "frames", link: this.#link }, this.#early);
        this.#early = null;
        break;
      case "frames":
        for (const frame of frames) this.#handlers.onFrame(frame);
        break;
      case "taken":
        this.#buffered = Math.max(0, this.#buffered - Number(message.bytes));
        this.#waitsSince = this.#buffered > 0 ? performance.now() : null;
        break;
      case "path":
        if (isPath(message.path)) this.#handlers.onPath(message.path);
        break;
      case "closed":
        this.#stop();
        this.#handlers.onClose(text(message.reason) || CLOSED, message.unreachable === true);
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
