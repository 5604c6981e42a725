/** The people of a session, for components. */
import { useMemo } from "react";
import type { Client } from "../client/client";
import { peopleReader, type Person } from "../session/people";
import { useClient } from "./useClient";

export function usePeople(client: Client): readonly Person[] {
  return useClient(
    client,
    useMemo(() => peopleReader(), []),
  );
}
