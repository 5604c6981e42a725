/** Why this user may not do something; null if they may. */
import type { Client } from "../client/client";
import type { ShellInfo } from "../protocol/messages";

/** Why nothing of the session may be changed. */
export function whyReadOnly(client: Client): string | null {
  if (client.state === "ended") return "The session has ended.";
  if (client.role !== "reader") return null;
  if (client.info?.readOnly) return "This session is read-only for everyone.";
  return "You can watch but not change this. Ask for write access.";
}

/** Why a shell's size may not be changed, by those who may change other things. */
export function whySizeIsFixed(
  { viewed, locked }: Pick<ShellInfo, "viewed" | "locked">,
  owner: boolean,
): string | null {
  if (viewed) {
    return owner
      ? "You have this terminal open in a tab, so its size follows that tab. Zoom in or out instead."
      : "The host has this terminal open, so its size follows the host's window. Zoom in or out instead.";
  }
  return locked ? "The size is locked for everyone. Unlock it in the shell's menu." : null;
}
