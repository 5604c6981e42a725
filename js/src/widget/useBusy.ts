/** Whether the kernel runs a cell, kept up to date. */
import { useCallback, useSyncExternalStore } from "react";
import type { Kernel } from "./kernel";

export function useBusy(kernel: Kernel): boolean {
  const subscribe = useCallback((changed: () => void) => kernel.watch(changed), [kernel]);
  return useSyncExternalStore(subscribe, () => kernel.busy);
}
