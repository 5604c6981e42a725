/**
 * Who reloads the page stays the same user: the token for that waits in the tab's storage while the page is away, and
 * only then, so that a tab that is duplicated does not take the place of its original.
 */
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import type { SshxClient } from "../client";
import type { Credentials } from "../protocol/handshake";

const KEY = "sshx:resume";

/** The token that was kept for these credentials. It can be taken once. */
export function takeResume(credentials: Credentials): Uint8Array | null {
  try {
    const kept = sessionStorage.getItem(KEY);
    sessionStorage.removeItem(KEY);
    const whose = prefix(credentials);
    return kept?.startsWith(whose) ? hexToBytes(kept.slice(whose.length)) : null;
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
      sessionStorage.setItem(KEY, prefix(credentials) + bytesToHex(token));
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

function prefix({ sessionId, role }: Credentials): string {
  return `${bytesToHex(sessionId)} ${role} `;
}
