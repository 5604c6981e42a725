/** Stops sharing, from every place in JupyterLab: asks first if guests are there. */
import { Dialog, showDialog } from "@jupyterlab/apputils";
import type { HostedSession } from "../api/api";
import { guestsOf, stopConsequence } from "../session/people";
import type { SharedSessions } from "./sessions";
import { trans } from "../translation";

/** Whether the session was stopped, and not kept. Raises `ApiError`. */
export async function stopSharing(sessions: SharedSessions, session: HostedSession): Promise<boolean> {
  const monitor = sessions.monitor(session.id);
  const guests = monitor ? monitor.guests.length : guestsOf(session.users.map(here)).length;
  if (guests > 0) {
    const { button } = await showDialog({
      title: trans.__("Stop sharing “%1”?", monitor?.name ?? session.name),
      body: stopConsequence(guests),
      buttons: [
        Dialog.cancelButton({ label: trans.__("Keep Sharing") }),
        Dialog.warnButton({ label: trans.__("Stop Sharing") }),
      ],
    });
    if (!button.accept) return false;
  }
  await sessions.stop(session.id);
  return true;
}

/** The server lists nobody who waits. */
function here<T>(user: T) {
  return { ...user, pending: false };
}
