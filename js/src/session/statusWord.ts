/** The state of a client in one word, as people and tests read it. */
import type { State } from "../client/events";
import { trans } from "../translation";

/** A client that the host has turned away has `ended`, though the session has not. */
export function statusWord({
  state,
  endCode,
  refusal,
}: {
  state: State;
  endCode: string | null;
  refusal: string | null;
}): State {
  return state === "ended" && (endCode === "notAdmitted" || refusal !== null) ? "refused" : state;
}

export function stateText(state: State): string {
  const words: Record<State, string> = {
    connecting: trans.__("connecting"),
    connected: trans.__("connected"),
    reconnecting: trans.__("reconnecting"),
    waiting: trans.__("waiting"),
    unreachable: trans.__("unreachable"),
    refused: trans.__("refused"),
    ended: trans.__("ended"),
  };
  return words[state];
}

/** How many chat messages are unread; empty if none is. */
export function unreadText(unread: number): string {
  return unread === 0 ? "" : trans._n("%1 unread message", "%1 unread messages", unread);
}
