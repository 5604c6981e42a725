/** What follows when a link to the host has ended: whether to try again, when, and what to tell the person. No I/O. */
import { Refused } from "../protocol/handshake";
import { LinkLost, Unreachable } from "./connection";
import type { Refusal } from "./events";
import { trans } from "../translation";

/** Milliseconds before the first and, doubling, before the later attempts to reconnect. */
const BACKOFF = [500, 15_000] as const;
/** Codes of what may pass, so that a client tries again. */
const RETRY: readonly string[] = ["busy", "full", "rateLimited", "tooSlow", "unknownClient"];
/** Those of them for which a first join is tried again by itself, and for how many milliseconds. */
const RETRY_FIRST: readonly string[] = ["busy", "full"];
const FIRST_JOIN = 10_000;

const notUnderstood = () =>
  trans.__("The host gave an unexpected answer. Try again, or update sshx-jupyter on both sides.");

/** Milliseconds without an answer of the host after which a person is told, and after which it counts as unreachable. */
export const LATE = 3_000;
export const UNREACHABLE = 6_000;
export const noAnswer = () =>
  trans.__("The host has not answered. It may have stopped sharing, be asleep or offline, or be behind a firewall.");

/** Whether what the host says with this code may pass. */
export function mayPass(code: string): boolean {
  return RETRY.includes(code);
}

/** How far a client had got when its link ended. Times are milliseconds of any clock that only goes forward. */
export interface Attempt {
  /** Whether the host has ever let it in, and whether it has ever had it wait. */
  readonly entered: boolean;
  readonly waited: boolean;
  /** Whether it is another client of a user, who is refused while that user's own client is away. */
  readonly companion: boolean;
  /** When the person last asked to be let in. */
  readonly askedAt: number;
}

export type Verdict =
  | { readonly then: "end"; readonly code: string; readonly reason: string }
  | { readonly then: "refuse"; readonly refusal: Refusal; readonly reason: string }
  /** Nothing was heard of the host so far. */
  | { readonly then: "unreachable"; readonly reason: string }
  /** Try again within so many milliseconds. The person need not know. */
  | { readonly then: "retry"; readonly within: number }
  | { readonly then: "reconnect"; readonly reason: string };

/** What to do after a connection has ended with `error`. */
export function afterEnd(error: Error, { entered, waited, companion, askedAt }: Attempt, now: number): Verdict {
  if (error instanceof Refused && !mayPass(error.reason)) {
    if (entered) return { then: "end", code: error.reason, reason: error.message };
    return { then: "refuse", refusal: error.reason as Refusal, reason: error.message };
  }
  if (!entered && !waited) {
    if (error instanceof Refused) {
      if (!companion) {
        const left = RETRY_FIRST.includes(error.reason) ? askedAt + FIRST_JOIN - now : 0;
        if (left > 0) return { then: "retry", within: left };
        return { then: "refuse", refusal: error.reason as Refusal, reason: error.message };
      }
    } else if (error instanceof Unreachable) {
      return { then: "unreachable", reason: error.message };
    } else if (error instanceof LinkLost) {
      return { then: "unreachable", reason: trans.__("The host answered, but the connection dropped immediately.") };
    } else return { then: "refuse", refusal: "malformed", reason: notUnderstood() };
  }
  const said = error instanceof Unreachable || error instanceof LinkLost || error instanceof Refused;
  return { then: "reconnect", reason: said ? error.message : notUnderstood() };
}

/** How long to wait before each attempt: longer each time, and at random, so that not all clients come back at once. */
export class Backoff {
  #delay: number = BACKOFF[0];

  /** Milliseconds before the next attempt. */
  next(): number {
    const delay = this.#delay * (0.5 + Math.random() / 2);
    this.#delay = Math.min(this.#delay * 2, BACKOFF[1]);
    return delay;
  }

  reset(): void {
    this.#delay = BACKOFF[0];
  }

  /** Begin with short delays again if the last link lasted longer than the longest delay. */
  resetAfter(milliseconds: number): void {
    if (milliseconds > BACKOFF[1]) this.reset();
  }
}
