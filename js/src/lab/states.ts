/** The states of a connection, in words. */
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
