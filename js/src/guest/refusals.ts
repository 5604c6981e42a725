/** What people on the guest page are told when the host turns them down for a reason that has to do with this page. */
import type { RefusalReason } from "../protocol/handshake";

/**
 * @param version - the package's version that the page is of.
 * @param atHost - whether the page is the host's own server's, through which it reaches that server's sessions only.
 * @param invited - whether the page is an invite file.
 */
export function refusalsAt(version: string, atHost: boolean, invited = false): Partial<Record<RefusalReason, string>> {
  const cannotTalk = `The host runs a version of sshx-jupyter that this page cannot talk to. This page is version ${version}.`;
  if (invited) return { version: `${cannotTalk} Ask the host for a new invite.` };
  if (!atHost) return { version: `${cannotTalk} Ask the host for a link to a page of their version.` };
  return {
    version: `${cannotTalk} Reload the page to get the one that the server has now.`,
    notFound:
      "This server does not share this session. Either the session has ended, or the ticket is for another server, " +
      "which this page cannot reach. Ask the host for a new link.",
  };
}
