/** The stage of a session model, kept up to date. */
import { useCallback, useSyncExternalStore } from "react";
import type { SessionModel, Stage } from "../session/sessionModel";

export function useStage(model: SessionModel): Stage {
  const subscribe = useCallback((changed: () => void) => model.on(changed), [model]);
  return useSyncExternalStore(subscribe, () => model.stage);
}
