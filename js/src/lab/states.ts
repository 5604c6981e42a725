/** States of a session, in words. */
import type { TranslationBundle } from "@jupyterlab/translation";
import type { State } from "../client/events";

export function stateText(trans: TranslationBundle, state: State): string {
  switch (state) {
    case "connected":
      return trans.__("connected");
    case "unreachable":
      return trans.__("unreachable");
    case "reconnecting":
      return trans.__("reconnecting");
    case "waiting":
      return trans.__("waiting for the host");
    case "ended":
      return trans.__("ended");
    case "refused":
      return trans.__("not let in");
    case "connecting":
      return trans.__("connecting");
  }
}

/** How many chat messages are unread; empty if none is. */
export function unreadText(trans: TranslationBundle, unread: number): string {
  return unread === 0 ? "" : trans._n("%1 unread message", "%1 unread messages", unread);
}
