/**
 * Who reloads the page stays the same user in each session: the tokens for that wait in the tab's storage while the page
 * is away, and only then, so that a tab that is duplicated does not take the place of its original.
 */
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import type { SshxClient } from "../client";
import type { Credentials } from "../protocol/handshake";

const PREFIX = "sshx:resume:";
/** What was in the storage when the page came, by its key there. */
const waiting = new Map<string, string>();

/** The token that was kept for these credentials. It can be taken once. */
export function takeResume(credentials: Credentials): Uint8Array | null {
  try {
    emptyStorage();
    const key = keyOf(credentials);
    const token = waiting.get(key);
    waiting.delete(key);
    return token === undefined ? null : hexToBytes(token);
  } catch {
    return null; // no storage, or not what was put there
  }
}

/** Keep the client's token whenever the page goes away; returns how to stop that. */
export function keepResume(client: Pick<SshxClient, "resumeToken">, credentials: Credentials): () => void {
  const keep = () => {
    const token = client.resumeToken;
    if (token === null) return;
    try {
      sessionStorage.setItem(keyOf(credentials), bytesToHex(token));
    } catch {
      // Then it is another user who comes back.
    }
  };
  const back = () => void takeResume(credentials); // the browser has kept the page itself
  window.addEventListener("pagehide", keep);
  window.addEventListener("pageshow", back);
  return () => {
    window.removeEventListener("pagehide", keep);
    window.removeEventListener("pageshow", back);
  };
}

function emptyStorage(): void {
  for (const key of Object.keys(sessionStorage)) {
    if (!key.startsWith(PREFIX)) continue;
    waiting.set(key, sessionStorage.getItem(key)!);
    sessionStorage.removeItem(key);
  }
}

function keyOf({ sessionId, role }: Credentials): string {
  return `${PREFIX}${bytesToHex(sessionId)} ${role}`;
}
