/** Who reloads the page stays the same user in each session. */
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import type { Client } from "../client/client";
import type { Credentials } from "../protocol/handshake";
import { keep, take } from "./away";

/** The token that was kept for these credentials. It can be taken once. */
export function takeResume(credentials: Credentials): Uint8Array | null {
  const token = take(keyOf(credentials));
  try {
    return token === null ? null : hexToBytes(token);
  } catch {
    return null; // not what was put there
  }
}

/** Keep the client's token whenever the page goes away; returns how to stop that. */
export function keepResume(client: Pick<Client, "resumeToken">, credentials: Credentials): () => void {
  return keep(keyOf(credentials), () => client.resumeToken && bytesToHex(client.resumeToken));
}

function keyOf({ sessionId, role }: Credentials): string {
  return `resume ${bytesToHex(sessionId)} ${role}`;
}
