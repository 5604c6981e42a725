/** Why this user may not do something; null if they may. */
import type { Client } from "../client/client";
import type { ShellInfo } from "../protocol/messages";
import { trans } from "../translation";

/** Why nothing of the session may be changed. */
export function whyReadOnly(client: Client): string | null {
  if (client.state === "ended") return trans.__("The session has ended.");
  if (client.role !== "reader") return null;
  if (client.info?.readOnly) return trans.__("This session is read-only for everyone.");
  return trans.__("You have read-only access. Ask for write access to change this.");
}

/** Why a shell's size may not be changed, by those who may change other things. */
export function whySizeIsFixed(
  { viewed, locked }: Pick<ShellInfo, "viewed" | "locked">,
  owner: boolean,
): string | null {
  if (viewed) {
    return owner
      ? trans.__("You have this terminal open in a tab, so its size follows that tab. You can zoom instead.")
      : trans.__("The host has this terminal open, so its size follows the host's window. You can zoom instead.");
  }
  return locked ? trans.__("The size is locked for everyone. Unlock it in the shell's menu.") : null;
}
