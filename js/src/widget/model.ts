/** What anywidget gives to a widget's front end (its "AFM"), and what of the widget the kernel keeps in step. */

/** The state; some front ends save it in the notebook file, so no secret is ever in it. */
export interface State {
  /** The package's version in the kernel. */
  _version: string;
  /** 32 hexadecimal digits; empty for a ticket box whose ticket has not been used yet. */
  session_id: string;
  /** Whether the person shares this session, rather than having joined it. */
  own: boolean;
  /** Pixels. */
  height: number;
  /** Why it is over, a sentence; empty while it is not. */
  ended: string;
  /** The session's name; empty if it is not known. */
  name: string;
}

export interface Model {
  get<Key extends keyof State>(key: Key): State[Key];
  on(event: string, callback: (...args: never[]) => void): void;
  off(event: string, callback: (...args: never[]) => void): void;
  send(content: unknown, callbacks?: unknown, buffers?: readonly (ArrayBuffer | ArrayBufferView)[]): unknown;
}

/** Call `listener` after each change; returns how to stop that. */
export function onChange(model: Model, key: keyof State, listener: () => void): () => void {
  model.on(`change:${key}`, listener);
  return () => model.off(`change:${key}`, listener);
}
