/** What lets others into a session, and who is there. */
import { Dialog } from "@jupyterlab/apputils";
import type { TranslationBundle } from "@jupyterlab/translation";
import { ReactWidget } from "@jupyterlab/ui-components";
import { useSyncExternalStore } from "react";
import type { HostedSession } from "../server/api";
import { Avatar } from "../view/Avatar";
import { InvitePanel } from "../view/InvitePanel";
import type { SharedSessions } from "./sessions";
import { Themed } from "./Themed";

/** What to do next, as the person has chosen. */
export type Next = "open" | "stop" | "nothing";

export async function showShared(
  sessions: SharedSessions,
  session: HostedSession,
  trans: TranslationBundle,
): Promise<Next> {
  const body = ReactWidget.create(<Shared sessions={sessions} first={session} trans={trans} />);
  const open = Dialog.createButton({ label: trans.__("Open Session"), caption: trans.__("See it as your guests do") });
  const dialog = new Dialog({
    title: trans.__("“%1” is shared", session.name),
    body,
    hasClose: true,
    buttons: [
      Dialog.warnButton({ label: trans.__("Stop Sharing"), accept: false, actions: ["stop"] }),
      { ...open, accept: false, actions: ["open"] },
      Dialog.okButton({ label: trans.__("Done") }),
    ],
    defaultButton: 2,
  });
  dialog.addClass("sshx-dialog");
  const { button } = await dialog.launch();
  const [action] = button.actions;
  return action === "stop" || action === "open" ? action : "nothing";
}

interface SharedProps {
  sessions: SharedSessions;
  first: HostedSession;
  trans: TranslationBundle;
}

function Shared({ sessions, first, trans }: SharedProps) {
  // Tickets improve: a relay may be found after the session has begun.
  const session = useSyncExternalStore(
    (listener) => {
      sessions.changed.connect(listener);
      return () => sessions.changed.disconnect(listener);
    },
    () => sessions.find(first.id) ?? first,
  );
  const guests = useSyncExternalStore(
    (listener) => {
      sessions.peopleChanged.connect(listener);
      return () => sessions.peopleChanged.disconnect(listener);
    },
    () => sessions.watch(first.id)?.people,
  )?.filter((person) => !person.pending && person.role !== "owner");
  return (
    <Themed className="sshx-dialog-shared">
      <InvitePanel invite={session} />
      <div className="sshx-dialog-people">
        <h3>{trans.__("Here now")}</h3>
        {!guests?.length && <p>{trans.__("Nobody has joined yet.")}</p>}
        <ul>
          {guests?.map(({ uid, name, color, role }) => (
            <li key={uid}>
              <Avatar name={name} color={color} /> <bdi>{name}</bdi>{" "}
              <small>{role === "writer" ? trans.__("can type") : trans.__("watches")}</small>
            </li>
          ))}
        </ul>
      </div>
    </Themed>
  );
}
