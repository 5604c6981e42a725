/** What people on the guest page are told when the host turns them down for a reason that has to do with this page. */
import type { RefusalReason } from "../protocol/handshake";
import { trans } from "../translation";

/**
 * @param version - the package's version that the page is of.
 * @param atHost - whether the page is the host's own server's, through which it reaches that server's sessions only.
 * @param invited - whether the page is an invite file.
 */
export function refusalsAt(
  version: string,
  atHost: boolean,
  invited = false,
): Partial<Record<RefusalReason, () => string>> {
  const cannotTalk = () =>
    trans.__("This page cannot connect to the host's version of sshx-jupyter. This page is version %1.", version);
  if (invited) return { version: () => `${cannotTalk()} ${trans.__("Ask the host for a new invite.")}` };
  if (!atHost) {
    return { version: () => `${cannotTalk()} ${trans.__("Ask the host for a link to a page of their version.")}` };
  }
  return {
    version: () => `${cannotTalk()} ${trans.__("Reload the page to get the server's current version.")}`,
    notFound: () =>
      trans.__(
        "This server does not share this session. The session has ended, or the ticket is for another server. Ask the host for a new link.",
      ),
  };
}
