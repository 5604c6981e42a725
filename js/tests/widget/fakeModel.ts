/** A widget's model without a kernel: tests see what is sent, and say what the kernel would. */
import type { Model, State } from "../../src/widget/model";

interface Sent {
  type: string;
  id: string;
  [field: string]: unknown;
}

export class FakeModel implements Model {
  readonly sent: Sent[] = [];
  /** What `send` fails with. */
  broken: Error | null = null;
  readonly state: State = { _version: "1.2.3", session_id: "", own: false, height: 480, ended: "", name: "" };
  readonly #listeners = new Map<string, Set<(...args: never[]) => void>>();

  constructor(state: Partial<State> = {}) {
    Object.assign(this.state, state);
  }

  get<Key extends keyof State>(key: Key): State[Key] {
    return this.state[key];
  }

  on(event: string, callback: (...args: never[]) => void): void {
    this.#listeners.set(event, (this.#listeners.get(event) ?? new Set()).add(callback));
  }

  off(event: string, callback: (...args: never[]) => void): void {
    this.#listeners.get(event)?.delete(callback);
  }

  send(content: unknown): void {
    if (this.broken) throw this.broken;
    this.sent.push(content as Sent);
  }

  // What the other side does.

  set(change: Partial<State>): void {
    Object.assign(this.state, change);
    for (const key of Object.keys(change)) this.emit(`change:${key}`);
  }

  emit(event: string, ...args: unknown[]): void {
    for (const callback of [...(this.#listeners.get(event) ?? [])]) callback(...(args as never[]));
  }

  /** A message from the kernel, with each buffer in the middle of a larger one, as they come. */
  say(message: Record<string, unknown>, ...buffers: Uint8Array[]): void {
    const views = buffers.map((bytes) => {
      const all = Uint8Array.of(0, ...bytes, 0);
      return new DataView(all.buffer, 1, bytes.length);
    });
    this.emit("msg:custom", message, views);
  }

  /** Answer the last message of a type. */
  answer(type: string, message: Record<string, unknown>, ...buffers: Uint8Array[]): void {
    const { id } = this.sent.findLast((sent) => sent.type === type)!;
    this.say({ ...message, id }, ...buffers);
  }
}
