/** Tells the host in JupyterLab what guests write: one notification a session, from which the host answers. */
import { InputDialog, Notification } from "@jupyterlab/apputils";
import type { CommandRegistry } from "@lumino/commands";
import { excerpt } from "../session/excerpt";
import { ring } from "./bell";
import { Command } from "./command";
import type { SessionMonitor } from "./sessionMonitor";
import type { SharedSessions } from "./sessions";
import type { Settings } from "./settings";
import type { Tabs } from "./tabs";
import { seesChat, seesSession } from "./seen";
import { trans } from "../translation";

/** Milliseconds that chat stays in sight. After that it is in JupyterLab's list until it is read. */
const DURATION = 15_000;
/** Milliseconds that a failure stays. */
const FAILURE_DURATION = 5_000;
/** Characters of a message that are shown. */
const LENGTH = 100;

export function addChatNotifications(
  sessions: SharedSessions,
  settings: Settings,
  tabs: Tabs | null,
  commands: Pick<CommandRegistry, "execute">,
): void {
  /** The notifications, by session. */
  const chats = new Map<string, string>();

  const open = (id: string) => void commands.execute(Command.open, { id, panel: "chat" });
  const reply = async (monitor: SessionMonitor, label = chatText(monitor), text = ""): Promise<void> => {
    const { value } = await InputDialog.getText({
      text,
      title: trans.__("Reply in “%1”", monitor.name),
      label,
      placeholder: trans.__("Everyone can see your reply"),
      okLabel: trans.__("Send"),
    });
    if (!value?.trim()) return;
    if (await monitor.chat(value.trim())) {
      monitor.markRead();
      return;
    }
    Notification.error(trans.__("Your message was not sent. Try again."), { autoClose: FAILURE_DURATION });
    await reply(monitor, label, value);
  };
  const chatText = ({ unread, name }: SessionMonitor) => {
    const last = unread.at(-1)!;
    const said = `${last.name}: ${excerpt(last.text, LENGTH)}`;
    const others = unread.length - 1;
    return others === 0
      ? trans.__("%1 (in “%2”)", said, name)
      : trans.__("%1 (and %2 more in “%3”)", said, others, name);
  };
  const updateChat = (monitor: SessionMonitor, isNew: boolean) => {
    const { id } = monitor;
    if (seesChat(tabs, id)) monitor.markRead();
    const before = chats.get(id);
    const quiet = settings.now.notifications !== "all" || seesSession(tabs, id); // the view counts it, too
    if (monitor.unread.length === 0 || quiet) {
      if (before !== undefined) Notification.dismiss(before);
      chats.delete(id);
      return;
    }
    if (!isNew) return;
    if (settings.now.sound) ring();
    const read = (then: () => void) => () => {
      then();
      monitor.markRead();
    };
    const message = chatText(monitor);
    const options = {
      autoClose: DURATION,
      actions: [
        { label: trans.__("Reply"), displayType: "accent" as const, callback: () => void reply(monitor) },
        { label: trans.__("Open Chat"), callback: read(() => open(id)) },
      ],
    };
    const updated = before !== undefined && Notification.update({ id: before, message, ...options });
    if (!updated) chats.set(id, Notification.info(message, options));
  };

  const updateAll = () => {
    for (const [id, notification] of chats) {
      if (sessions.find(id)) continue;
      Notification.dismiss(notification);
      chats.delete(id);
    }
    for (const { id } of sessions.list) {
      const monitor = sessions.monitor(id);
      if (monitor) updateChat(monitor, false);
    }
  };
  sessions.chatChanged.connect((_, { monitor, message }) => updateChat(monitor, message !== null));
  sessions.changed.connect(updateAll);
  tabs?.changed.connect(updateAll);
  settings.on(updateAll);
}
