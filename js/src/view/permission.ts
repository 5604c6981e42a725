/** Why this user may not change the session; null if they may. */
import type { Client } from "../client/client";

export function whyReadOnly(client: Client): string | null {
  if (client.state === "ended") return "The session has ended.";
  if (client.role !== "reader") return null;
  if (client.info?.readOnly) return "This session is read-only for everyone.";
  return "You can watch but not change this. Ask for write access.";
}
