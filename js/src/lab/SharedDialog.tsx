/** What lets others into a session, and who is there. */
import { Dialog, Notification } from "@jupyterlab/apputils";
import { ReactWidget } from "@jupyterlab/ui-components";
import { useSyncExternalStore } from "react";
import type { HostedSession } from "../api/api";
import { inviteOf } from "../session/access";
import { InvitePanel } from "../view/panels/InvitePanel";
import { PeoplePanel } from "../view/panels/PeoplePanel";
import type { SharedSessions } from "./sessions";
import { Themed } from "./Themed";
import { trans } from "../translation";

/** The place of *Open Session* among the dialog's buttons. */
const OPEN = 1;

/** What to do next, as the person has chosen. */
export type Next = "open" | "stop" | "nothing";

export async function showShared(sessions: SharedSessions, session: HostedSession): Promise<Next> {
  let dialog: SharedDialog | null = null;
  const onShow = () => dialog?.resolve(OPEN);
  const body = ReactWidget.create(<Shared sessions={sessions} first={session} onShow={onShow} />);
  const open = Dialog.createButton({ label: trans.__("Open Session"), caption: trans.__("See what your guests see") });
  dialog = new SharedDialog({
    title: trans.__("“%1” is shared", session.name),
    body,
    hasClose: true,
    focusNodeSelector: ".sshx-invite-first button",
    buttons: [
      Dialog.warnButton({ label: trans.__("Stop Sharing"), accept: false, actions: ["stop"] }),
      { ...open, accept: false, actions: ["open"] },
      Dialog.okButton({ label: trans.__("Done") }),
    ],
    defaultButton: 2,
  });
  dialog.addClass("sshx-dialog");
  const onChange = () => {
    if (sessions.find(session.id)) return;
    dialog.reject(); // its tickets are good for nothing
    Notification.info(trans.__("“%1” is no longer shared.", session.name), { autoClose: 5000 });
  };
  sessions.changed.connect(onChange);
  const { button } = await dialog.launch();
  sessions.changed.disconnect(onChange);
  const [action] = button.actions;
  return action === "stop" || action === "open" ? action : "nothing";
}

class SharedDialog extends Dialog<unknown> {
  /** JupyterLab 4.2 takes Enter on any button as an answer to the dialog. */
  protected override _evtKeydown(event: KeyboardEvent): void {
    const inside =
      event.target instanceof Element && event.target.closest(".jp-Dialog-body :is(button, input, select)") !== null;
    if (event.key !== "Enter" || !inside) super._evtKeydown(event);
  }
}

interface SharedProps {
  sessions: SharedSessions;
  first: HostedSession;
  onShow: () => void;
}

function Shared({ sessions, first, onShow }: SharedProps) {
  // Tickets improve: a relay may be found after the session has begun.
  const session = useSyncExternalStore(
    (listener) => {
      sessions.changed.connect(listener);
      return () => sessions.changed.disconnect(listener);
    },
    () => sessions.find(first.id) ?? first,
  );
  const people = useSyncExternalStore(
    (listener) => {
      sessions.peopleChanged.connect(listener);
      return () => sessions.peopleChanged.disconnect(listener);
    },
    () => sessions.monitor(first.id)?.people,
  );
  const client = sessions.monitor(first.id)?.client;
  const alone = !people?.some((person) => person.role !== "owner");
  const invite = inviteOf(sessions.api, session);
  delete invite.stop; // the dialog has a button for it
  return (
    <Themed className="sshx-dialog-shared">
      <section>
        <InvitePanel invite={invite} />
      </section>
      <section className="sshx-dialog-people">
        <h3>{trans.__("People")}</h3>
        {alone && <p className="sshx-hint">{trans.__("No guests are here.")}</p>}
        {client && people && <PeoplePanel client={client} people={people} onShow={onShow} />}
      </section>
    </Themed>
  );
}
