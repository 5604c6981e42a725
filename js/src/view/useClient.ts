/** What components know of the client: they render again when it has changed. */
import { useCallback, useSyncExternalStore } from "react";
import type { Client } from "../client/client";

/**
 * The value of `read(client)`, kept up to date. `read` must give the same value as long as nothing has changed, as the
 * client's own properties do.
 */
export function useClient<T>(client: Client, read: (client: Client) => T): T {
  const subscribe = useCallback((changed: () => void) => client.on(changed), [client]);
  return useSyncExternalStore(subscribe, () => read(client));
}
