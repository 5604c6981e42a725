/** The widget's other half in the kernel, and the messages to and from it. Several front ends may have the widget. */
import type { Comm, CommMessage } from "../links/comm";
import type { Model } from "./model";
import { trans } from "../translation";

/** Milliseconds after which a kernel that does not say it is busy is taken for gone. */
const SILENCE = 10_000;

export const kernelGone = () => trans.__("The kernel was shut down or restarted. Run the cell again.");

type Listener = (message: CommMessage, buffers: readonly Uint8Array[]) => void;

export interface Answer {
  message: CommMessage;
  buffers: readonly Uint8Array[];
}

export class Kernel implements Comm {
  /** Whether a cell has been running for a while. */
  busy = false;
  /** Whether the kernel has been restarted, or has ended: this widget is not known there any more. */
  gone = false;
  /** Whether there are answers that it still owes. */
  get asked(): boolean {
    return this.#asked > 0;
  }
  /** This front end, to which the kernel's answers go. */
  readonly #id = Math.random().toString(36).slice(2);
  readonly #model: Model;
  readonly #listeners = new Set<Listener>();
  #asked = 0;
  readonly #watchers = new Set<() => void>();

  constructor(model: Model) {
    this.#model = model;
    model.on("msg:custom", (message: CommMessage, buffers: readonly DataView[] = []) => {
      if (message.type === "kernel") {
        this.busy = message.busy === true;
        this.#changed();
      } else this.#heard(message, buffers);
    });
    // The notebook's widget manager has lost the kernel.
    model.on("comm_live_update", () => this.lose());
  }

  send(message: CommMessage, buffers: readonly Uint8Array[] = []): void {
    if (this.gone) return;
    try {
      void this.#model.send({ ...message, id: this.#id }, undefined, buffers);
    } catch {
      this.lose();
    }
  }

  on(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Call `watcher` when `busy` or `gone` has changed; returns how to stop that. */
  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** Send a message; resolves with the first answer to it that is of one of these types, whenever that comes. */
  ask(message: CommMessage, ...answers: readonly string[]): Promise<Answer> {
    this.#asked += 1;
    return new Promise((resolve) => {
      const stop = this.on((answer, buffers) => {
        if (answer.id !== this.#id || !answers.includes(answer.type)) return;
        stop();
        this.#asked -= 1;
        resolve({ message: answer, buffers });
      });
      this.send(message);
    });
  }

  /** The kernel that knows this widget is gone. */
  lose(): void {
    if (this.gone) return;
    this.gone = true;
    this.busy = false;
    this.#changed();
  }

  /** Resolves when there has been no answer for long, though the kernel is not known to be busy, or when it is gone. */
  silence(answer: Promise<unknown>): Promise<void> {
    return new Promise((resolve) => {
      let timer: ReturnType<typeof setTimeout>;
      const wait = () => {
        timer = setTimeout(() => (this.busy ? wait() : end()), SILENCE);
      };
      const end = () => {
        stop();
        resolve();
      };
      const unwatch = this.watch(() => this.gone && end());
      const stop = () => {
        clearTimeout(timer);
        unwatch();
      };
      void answer.then(stop);
      wait();
      if (this.gone) end();
    });
  }

  #heard(message: CommMessage, views: readonly DataView[]): void {
    const buffers = views.map(({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength));
    for (const listener of [...this.#listeners]) listener(message, buffers);
  }

  #changed(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }
}
