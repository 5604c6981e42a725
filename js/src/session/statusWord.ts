/** The state of a client in one word, as people and tests read it. */
import type { State } from "../client/events";

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
