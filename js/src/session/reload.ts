/** Who reloads the page, or leaves and joins again in the same tab, stays the same user in each session. */
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import type { Client } from "../client/client";
import type { Credentials } from "../protocol/handshake";
import { keep, put, take } from "./away";

/** The token that was kept for these credentials. It can be taken once. */
export function takeResume(credentials: Credentials): Uint8Array | null {
  const token = take(keyOf(credentials));
  try {
    return token === null ? null : hexToBytes(token);
  } catch {
    return null; // not what was put there
  }
}

/**
 * Keep the client's token whenever the page goes away; returns how to stop that. If the session is not over for the client
 * by then, the person leaves it: the token is kept for when they come back.
 */
export function keepResume(client: Pick<Client, "resumeToken" | "state">, credentials: Credentials): () => void {
  const token = () => client.resumeToken && bytesToHex(client.resumeToken);
  const stop = keep(keyOf(credentials), token);
  return () => {
    stop();
    const now = client.state === "ended" || client.state === "refused" ? null : token();
    if (now !== null) put(keyOf(credentials), now);
  };
}

function keyOf({ sessionId, role }: Credentials): string {
  return `resume ${bytesToHex(sessionId)} ${role}`;
}
