/** What a person is told while the session cannot be used as usual, and what they can do about it. */
import type { Refusal, State } from "../../client/events";
import { isRefusalReason } from "../../protocol/handshake";
import { trans } from "../../translation";

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

/** What a person reads first about a refusal; a newer host may have more reasons. */
function refused(refusal: string | null): Refused {
  switch (refusal as Refusal | null) {
    case "invalidAuth":
      return { mood: "lock", title: trans.__("This ticket was not accepted"), actions: ["leave", "retry"] };
    case "passwordRequired":
      return { mood: "lock", title: trans.__("This session needs a password"), actions: ["leave"] };
    case "version":
      return {
        mood: "warning",
        title: trans.__("The sshx-jupyter versions do not match"),
        actions: ["retry", "leave"],
      };
    case "malformed":
      return { mood: "warning", title: trans.__("The host could not read the request"), actions: ["retry", "leave"] };
    case "notFound":
      return { mood: "end", title: trans.__("This session has ended"), actions: ["leave", "retry"] };
    case "full":
      return { mood: "door", title: trans.__("This session is full"), actions: ["retry", "leave"] };
    case "locked":
      return { mood: "lock", title: trans.__("This session is locked"), actions: ["retry", "leave"] };
    case "busy":
      return { mood: "wait", title: trans.__("The host is busy"), actions: ["retry", "leave"] };
    case "inviteEnded":
      return { mood: "end", title: trans.__("This invite has ended"), actions: ["leave", "retry"] };
    case "unknownClient":
      return { mood: "door", title: trans.__("The host does not recognize you"), actions: ["leave", "retry"] };
    case "rateLimited":
      return { mood: "wait", title: trans.__("Too many attempts"), actions: ["retry", "leave"] };
    default:
      return { mood: "door", title: trans.__("The host did not let you in"), actions: ["retry", "leave"] };
  }
}

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
      if (late) return noAnswerYet();
      return { kind: "screen", mood: "wait", title: trans.__("Connecting to the host…"), text: "", actions: [] };
    case "unreachable":
      return {
        kind: "screen",
        mood: "unplugged",
        title: trans.__("The host cannot be reached"),
        text: reason,
        actions: ["retry", "giveUp"],
      };
    case "waiting":
      return {
        kind: "screen",
        mood: "door",
        title: offer || trans.__("Waiting for the host"),
        text: trans.__("The host has been asked to let you in. The session opens here when they accept."),
        actions: [],
      };
    case "reconnecting":
      if (pause) return { kind: "banner", mood: "wait", actions: [], ...pause };
      return { kind: "banner", mood: "unplugged", title: trans.__("Reconnecting"), text: reason, actions: ["retry"] };
    case "refused":
      return { kind: "screen", text: reason, ...refused(refusal) };
    case "ended":
      if (endCode === "removed") return { ...ended(), mood: "door", title: trans.__("You were removed"), text: reason };
      if (endCode === "left") return { ...ended(), title: trans.__("You left the session"), text: "" };
      if (endCode === "notAdmitted")
        return {
          ...ended(),
          mood: "door",
          title: trans.__("You were not let in"),
          text: trans.__("The host declined your request to join."),
        };
      return over(now);
  }
}

/** The host has ended the session, or does not let this person come back. */
function over({ reason, endCode, shells, owner }: Case): ConnectionStatus {
  const byOwner = owner && endCode === "stopped";
  const title = byOwner ? { title: trans.__("You stopped sharing") } : turnedAway(endCode);
  const text = byOwner ? trans.__("Your guests were disconnected.") : reason;
  if (!shells) return { ...ended(), ...title, text };
  return { ...ended(), ...title, kind: "banner", text: `${text} ${trans.__("You can still read the terminals.")}` };
}

/** The session may go on, but not for this person, who could not come back. */
function turnedAway(code: string | null): Pick<ConnectionStatus, "mood" | "title"> | null {
  if (code === null || code === "notFound" || !isRefusalReason(code)) return null;
  const { mood, title } = refused(code);
  return { mood, title };
}

function noAnswerYet(): ConnectionStatus {
  const text = trans.__("The host has not answered yet. Still trying…");
  return { kind: "screen", mood: "wait", title: trans.__("No answer yet"), text, actions: ["giveUp"] };
}

function ended(): ConnectionStatus {
  return { kind: "screen", mood: "end", title: trans.__("The session has ended"), text: "", actions: ["leave"] };
}
