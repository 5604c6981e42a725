/** Tells the host in JupyterLab what happens in their sessions. Requests are answered from there. */
import { Notification } from "@jupyterlab/apputils";
import type { CommandRegistry } from "@lumino/commands";
import type { ShellChanged } from "../protocol/messages";
import type { Person } from "../session/people";
import { ring } from "./bell";
import { excerpt } from "../session/excerpt";
import { Command } from "./command";
import type { SharedSessions } from "./sessions";
import type { Settings } from "./settings";
import type { Tabs } from "./tabs";
import type { SessionMonitor } from "./sessionMonitor";
import { seesSession } from "./seen";
import { trans } from "../translation";

/** Milliseconds that a notice stays. */
const DURATION = 5000;
/** Characters of a shell's title that are shown. */
const TITLE = 40;
/** Milliseconds in which who has lost the connection may come back without a word. */
const RETURN = 3000;

export function addNotifications(
  sessions: SharedSessions,
  settings: Settings,
  tabs: Tabs | null,
  commands: Pick<CommandRegistry, "execute">,
): void {
  /** The open requests, by session, person and what they want, each with its notification. */
  const shown = new Map<string, string>();
  /** Who has left, and may come back at once: their connection broke. */
  const leaving = new Map<string, ReturnType<typeof setTimeout>>();
  /** Who was there at the last look, by session. */
  const known = new Map<string, ReadonlyMap<number, string>>();

  const sound = () => {
    if (settings.now.sound) ring();
  };

  const ask = (monitor: SessionMonitor, person: Person): string => {
    const { name, pending } = person;
    const answer = (allow: boolean) => () => {
      if (monitor.answer(person, allow)) return;
      Notification.error(trans.__("The Jupyter server is not connected. Try again in a moment."), {
        autoClose: DURATION,
      });
      shown.delete(keyOf(monitor, person)); // an answered notification goes
    };
    const message = pending
      ? trans.__("%1 wants to join “%2”", name, monitor.name)
      : trans.__("%1 wants to type in “%2”", name, monitor.name);
    return Notification.warning(message, {
      autoClose: false,
      actions: [
        { label: pending ? trans.__("Let in") : trans.__("Allow"), displayType: "accent", callback: answer(true) },
        { label: pending ? trans.__("Decline") : trans.__("Not now"), callback: answer(false) },
      ],
    });
  };

  const updateRequests = () => {
    const open = new Map<string, () => string>();
    for (const { id } of sessions.list) {
      const monitor = sessions.monitor(id);
      if (!monitor || settings.now.notifications === "none" || seesSession(tabs, id)) continue; // the view asks there
      for (const person of monitor.requests) {
        open.set(keyOf(monitor, person), () => ask(monitor, person));
      }
    }
    for (const [key, notification] of shown) {
      if (open.has(key)) continue;
      Notification.dismiss(notification);
      shown.delete(key);
    }
    for (const [key, show] of open) {
      if (shown.has(key)) continue;
      shown.set(key, show());
      sound();
    }
  };

  /** For a while, also in JupyterLab's list of notifications. */
  const tell = (text: string, actions: Notification.IAction[] = []) => {
    sound();
    const id = Notification.info(text, { autoClose: DURATION, actions });
    setTimeout(() => Notification.dismiss(id), DURATION + 1_000);
  };

  const tellOfPeople = (monitor: SessionMonitor) => {
    const now = new Map(monitor.guests.map(({ uid, name }) => [uid, name]));
    const before = known.get(monitor.id);
    known.set(monitor.id, now);
    const back = new Set<number>();
    for (const uid of now.keys()) {
      const key = `${monitor.id} ${uid}`;
      clearTimeout(leaving.get(key));
      if (leaving.delete(key)) back.add(uid);
    }
    if (!before || settings.now.notifications !== "all" || seesSession(tabs, monitor.id)) return;
    const show = {
      label: trans.__("Show"),
      callback: () => openPanel(monitor, "people"),
    };
    for (const [uid, name] of now) {
      if (!before.has(uid) && !back.has(uid)) tell(trans.__("%1 joined “%2”", name, monitor.name), [show]);
    }
    for (const [uid, name] of before) {
      if (now.has(uid)) continue;
      const key = `${monitor.id} ${uid}`;
      const left = () => {
        leaving.delete(key);
        tell(trans.__("%1 left “%2”", name, monitor.name));
      };
      leaving.set(key, setTimeout(left, RETURN));
    }
  };

  const openPanel = ({ id }: SessionMonitor, panel: "chat" | "people") => {
    void commands.execute(Command.open, { id, panel });
  };
  const tellOfShell = (monitor: SessionMonitor, change: ShellChanged) => {
    if (settings.now.notifications !== "all" || seesSession(tabs, monitor.id)) return;
    const { name } = monitor;
    const who = change.name;
    const what = change.title ? `“${excerpt(change.title, TITLE)}”` : trans.__("a shell");
    const show = { label: trans.__("Show"), callback: () => void commands.execute(Command.open, { id: monitor.id }) };
    if (change.change === "opened") tell(trans.__("%1 opened %2 in “%3”", who, what, name), [show]);
    else if (change.change === "closed") tell(trans.__("%1 closed %2 in “%3”", who, what, name));
    else if (change.change === "removed") tell(trans.__("%1 removed %2 from “%3”", who, what, name));
    else if (change.change === "ended") tell(trans.__("%1 in “%2” has ended", what, name));
  };

  sessions.shellChanged.connect((_, { monitor, change }) => tellOfShell(monitor, change));
  sessions.peopleChanged.connect((_, monitor) => {
    tellOfPeople(monitor);
    updateRequests();
  });
  sessions.changed.connect(() => {
    for (const id of known.keys()) if (!sessions.find(id)) known.delete(id);
    for (const [key, timer] of leaving) {
      if (sessions.find(key.split(" ")[0]!)) continue;
      clearTimeout(timer); // the session has ended for them
      leaving.delete(key);
    }
    updateRequests();
  });
  tabs?.changed.connect(updateRequests);
  settings.on(updateRequests);
}

function keyOf({ id }: SessionMonitor, { uid, pending }: Person): string {
  return `${id} ${uid} ${pending ? "entry" : "write"}`;
}
