/** A session that the page's Jupyter server hosts, as its owner has it. */
import { hexToBytes } from "@noble/hashes/utils.js";
import { useEffect, useState } from "react";
import type { Client } from "../client/client";
import type { Credentials } from "../protocol/handshake";
import type { Invite } from "../view/panels/InvitePanel";
import { useClient } from "../view/useClient";
import type { ServerApi, HostedSession } from "../api/api";

export function ownerOf({ id, owner_secret }: HostedSession): Credentials {
  return { sessionId: hexToBytes(id), role: "owner", secret: hexToBytes(owner_secret), password: null };
}

/** What lets others in. The tickets are others once new ones were made, or the host has other addresses. */
export function useInvite(api: ServerApi, { id, tickets, urls }: HostedSession, client: Client): Invite {
  const [invite, setInvite] = useState<Invite>({ tickets, urls });
  const connected = useClient(client, ({ state }) => state === "connected");
  const rotations = useClient(client, ({ info }) => info?.rotations);
  useEffect(() => {
    if (connected)
      api.find(id).then(
        (now) => now && setInvite({ tickets: now.tickets, urls: now.urls }),
        () => undefined,
      );
  }, [api, id, connected, rotations]);
  return invite;
}
