/** What a client tells of its session, and who is told. */
import type { RefusalReason } from "../protocol/handshake";
import type { Failure, Hear, ShellChanged, User } from "../protocol/messages";
import type { LostReason } from "./outbox";

/**
 * - `connecting`: no answer yet; `waiting`: an owner has to approve; `connected`;
 * - `unreachable`: the host has not answered for long, or there is no way to it; it tries again by itself;
 * - `reconnecting`: the link broke, or nothing was heard for a while; it tries again by itself;
 * - `refused`: the host did not let this client in (`refusal` says why); `connect()` tries again;
 * - `ended`: the session is over for this client: stopped, removed, or left.
 */
export type State = "connecting" | "unreachable" | "waiting" | "connected" | "reconnecting" | "refused" | "ended";

/** Why a client was not let in; see `protocol/codes.py`. */
export type Refusal = RefusalReason;

/** Input that was typed long before the link was back, and waits for `sendHeld` or `discardHeld`. */
export interface HeldInput {
  /** Its beginning as a person can read it. */
  text: string;
  /** Milliseconds that it had waited when the link was back. */
  waited: number;
}

/** What the host says of the session. */
export interface SessionInfo {
  session: string;
  name: string;
  /** The name of the person who shares; empty if the host does not tell it. */
  host: string;
  readOnly: boolean;
  /** Whether nobody new is let in. */
  locked: boolean;
  /** How often new tickets were made. */
  rotations: number;
  /** Unix time in seconds. */
  created: number;
}

export type ClientEvent =
  /** `state`, `reason`, `refusal`, `retryAt` or `late` changed. */
  | { type: "state" }
  /** `info`, `uid` or `role` changed. */
  | { type: "info" }
  /** Anything in `users`, also cursors. */
  | { type: "users" }
  /**
   * Someone came or left, while this client was connected. Never this client itself, and never who waits for approval:
   * they are in `users` (of owners), and have come once they are let in.
   */
  | { type: "joined"; uid: number; user: User }
  | { type: "left"; uid: number; user: User }
  | { type: "shells" }
  | { type: "chat"; message: Hear }
  /** What became of a shell. */
  | ({ type: "shell" } & ShellChanged)
  /** `latency`, `shellLatency`, `path`, `bytesIn` and `bytesOut`, once a second or so. */
  | { type: "network" }
  /** `waiting` or `heldInput` changed. */
  | { type: "input" }
  /** Input that will not reach its shell, or may not have; `text` is its beginning as a person can read it. */
  | { type: "lost"; sid: number; text: string; reason: LostReason }
  /**
   * Something that this client asked for did not work. `text` is a sentence for the person; `code` is the host's, or
   * this side's own: `lost` (not done, or nobody knows), `tooMuch`, `tooLong`.
   */
  | { type: "error"; code: string; text: string; details: Failure["details"] };

/** Tells each event to all listeners. */
export class Events {
  readonly #listeners = new Set<(event: ClientEvent) => void>();

  /** Call `listener` with each event from now on. Returns how to stop that. */
  on(listener: (event: ClientEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  protected emit(event: ClientEvent): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(event);
      } catch (error) {
        // One listener's failure must not keep the event from the others.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
