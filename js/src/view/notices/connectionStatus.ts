/** What a person is told while the session cannot be used as usual, and what they can do about it. */
import type { Refusal, State } from "../../client/events";

/** `retry` connects again; `leave` goes back to where one can use another ticket, and `giveUp` too, from what goes on. */
export type Action = "retry" | "leave" | "giveUp";

export interface ConnectionStatus {
  /** Instead of the canvas, or above it. */
  kind: "screen" | "banner";
  mood: "wait" | "door" | "lock" | "warning" | "unplugged" | "end";
  title: string;
  /** A sentence; empty: the title says it all. */
  text: string;
  actions: readonly Action[];
}

type Refused = Pick<ConnectionStatus, "mood" | "title" | "actions">;

const REFUSALS: Record<Refusal, Refused> = {
  invalidAuth: { mood: "lock", title: "This ticket was not accepted", actions: ["leave", "retry"] },
  passwordRequired: { mood: "lock", title: "This session needs a password", actions: ["leave"] },
  version: { mood: "warning", title: "The two sides do not speak the same version", actions: ["retry", "leave"] },
  malformed: { mood: "warning", title: "The host did not understand", actions: ["retry", "leave"] },
  notFound: { mood: "end", title: "This session has ended", actions: ["leave", "retry"] },
  full: { mood: "door", title: "This session is full", actions: ["retry", "leave"] },
  locked: { mood: "lock", title: "This session is locked", actions: ["retry", "leave"] },
  busy: { mood: "wait", title: "The host is busy", actions: ["retry", "leave"] },
  inviteEnded: { mood: "end", title: "This invite has ended", actions: ["leave", "retry"] },
  unknownClient: { mood: "door", title: "The host does not know you any more", actions: ["leave", "retry"] },
  rateLimited: { mood: "wait", title: "Too many attempts", actions: ["retry", "leave"] },
};

const OTHER: Refused = { mood: "door", title: "The host did not let you in", actions: ["retry", "leave"] };

/** Why nothing gets through at the moment though nothing is wrong. */
export type Pause = Pick<ConnectionStatus, "title" | "text">;

/** What of a client decides it. */
interface Case {
  state: State;
  /** Whether the host has not answered for some seconds. */
  late: boolean;
  pause?: Pause | undefined;
  reason: string;
  refusal: Refusal | null;
  /** Why it has ended, in a word. */
  endCode: string | null;
  /** Whether there is something to read behind a banner. */
  shells: boolean;
  /** The sentence that names the host and the session, without its period; empty before the host has told them. */
  offer: string;
  /** Whether this is one of the host's own front ends. */
  owner: boolean;
}

/** What is the case; null while all is well. */
export function connectionStatusOf(now: Case): ConnectionStatus | null {
  const { state, late, pause, reason, refusal, endCode, offer } = now;
  switch (state) {
    case "connected":
      return pause ? { kind: "banner", mood: "wait", actions: [], ...pause } : null;
    case "connecting":
      if (pause) return { kind: "screen", mood: "wait", actions: [], ...pause };
      if (late) return NO_ANSWER_YET;
      return { kind: "screen", mood: "wait", title: "Connecting to the host…", text: "", actions: [] };
    case "unreachable":
      return {
        kind: "screen",
        mood: "unplugged",
        title: "The host cannot be reached",
        text: reason,
        actions: ["retry", "giveUp"],
      };
    case "waiting":
      return {
        kind: "screen",
        mood: "door",
        title: offer || "The host has to let you in",
        text: "The host has to let you in, and has been asked. The session opens here as soon as they agree.",
        actions: [],
      };
    case "reconnecting":
      if (pause) return { kind: "banner", mood: "wait", actions: [], ...pause };
      return { kind: "banner", mood: "unplugged", title: "Reconnecting", text: reason, actions: ["retry"] };
    case "refused":
      return { kind: "screen", text: reason, ...refused(refusal) };
    case "ended":
      if (endCode === "removed") return { ...ENDED, mood: "door", title: "You were removed", text: reason };
      if (endCode === "left") return { ...ENDED, title: "You left the session", text: "" };
      if (endCode === "notAdmitted") return { ...ENDED, mood: "door", title: "You were not let in", text: "" };
      return over(now);
  }
}

/** The host has ended the session, or does not let this person come back. */
function over({ reason, endCode, shells, owner }: Case): ConnectionStatus {
  const byOwner = owner && endCode === "stopped";
  const title = byOwner ? { title: "You stopped sharing" } : turnedAway(endCode);
  const text = byOwner ? "Your guests are not connected any more." : reason;
  if (!shells) return { ...ENDED, ...title, text };
  return { ...ENDED, ...title, kind: "banner", text: `${text} What was there stays readable.` };
}

/** A newer host may have more reasons. */
function refused(refusal: Refusal | null): Refused {
  return refusal !== null && Object.hasOwn(REFUSALS, refusal) ? REFUSALS[refusal] : OTHER;
}

/** The session may go on, but not for this person, who could not come back. */
function turnedAway(code: string | null): Pick<ConnectionStatus, "mood" | "title"> | null {
  if (code === null || code === "notFound" || !Object.hasOwn(REFUSALS, code)) return null;
  const { mood, title } = REFUSALS[code as Refusal];
  return { mood, title };
}

const NO_ANSWER_YET: ConnectionStatus = {
  kind: "screen",
  mood: "wait",
  title: "No answer yet",
  text: "The host has not answered so far. Still trying…",
  actions: ["giveUp"],
};

const ENDED: ConnectionStatus = {
  kind: "screen",
  mood: "end",
  title: "The session has ended",
  text: "",
  actions: ["leave"],
};
