/** Marks JupyterLab's own terminals that are shared: on the tab, and by a button in the toolbar. */
import type { MainAreaWidget } from "@jupyterlab/apputils";
import type { ITerminal, ITerminalTracker } from "@jupyterlab/terminal";
import { LabIcon, ToolbarButton } from "@jupyterlab/ui-components";
import type { CommandRegistry } from "@lumino/commands";
import { Command } from "./command";
import { onTab, sharedIcon } from "./icons";
import { unreadText } from "../session/statusWord";
import type { SharedSessions } from "./sessions";
import { trans } from "../translation";

type TerminalTab = MainAreaWidget<ITerminal.ITerminal>;

const BUTTON = "sshx-shared";

/** In the toolbars of the terminals that are shared, and what they say. */
const buttons = new WeakMap<TerminalTab, { button: ToolbarButton; says: string }>();
/** What the titles of those terminals had before. */
const originals = new WeakMap<TerminalTab, Pick<TerminalTab["title"], "icon" | "caption">>();

export function markTerminals(terminals: ITerminalTracker, sessions: SharedSessions, commands: CommandRegistry): void {
  const markAll = () => terminals.forEach((tab) => mark(tab, sessions, commands));
  terminals.widgetAdded.connect((_, tab) => mark(tab, sessions, commands));
  sessions.changed.connect(markAll);
  sessions.peopleChanged.connect(markAll);
  sessions.chatChanged.connect(markAll);
  markAll();
}

/** By its name: JupyterLab makes another icon of it when it adds a restored tab. */
function isShared(icon: TerminalTab["title"]["icon"]): boolean {
  return icon instanceof LabIcon && icon.name === sharedIcon.name;
}

function mark(tab: TerminalTab, sessions: SharedSessions, commands: CommandRegistry): void {
  if (tab.isDisposed) return;
  const { title } = tab;
  const { name } = tab.content.session;
  const shared = sessions.ofTerminal(name);
  const guests = shared.flatMap(({ id }) => sessions.monitor(id)?.guests ?? []).map((guest) => guest.name);
  const unread = shared.reduce((sum, { id }) => sum + (sessions.monitor(id)?.unread.length ?? 0), 0);
  const who =
    guests.length > 0 ? trans.__("Shared with %1", guests.join(", ")) : trans.__("Shared, nobody has joined yet");

  // Others, such as JupyterLab, write into it too.
  const dataset: Record<string, string> = { ...title.dataset };
  delete dataset["sshx-session"];
  delete dataset["sshx-guests"];
  delete dataset["sshx-unread"];
  if (sessions.available) dataset["sshx-terminal"] = name;
  if (shared.length > 0) {
    dataset["sshx-session"] = shared[0]!.id;
    if (guests.length > 0) dataset["sshx-guests"] = String(guests.length);
    if (unread > 0) dataset["sshx-unread"] = String(unread);
    if (!isShared(title.icon)) {
      const icon = title.icon instanceof LabIcon ? onTab(title.icon) : title.icon;
      originals.set(tab, { icon, caption: title.caption });
      title.icon = onTab(sharedIcon);
    }
    title.caption = [who, unreadText(unread)].filter(Boolean).join("\n");
  } else {
    const original = originals.get(tab);
    if (original) Object.assign(title, original);
    originals.delete(tab);
  }
  if (JSON.stringify(dataset) !== JSON.stringify(title.dataset)) title.dataset = dataset;
  tab.content.toggleClass("sshx-shared", shared.length > 0);

  const label =
    guests.length > 0 ? trans.__("Shared: %1…", trans._n("%1 guest", "%1 guests", guests.length)) : trans.__("Shared…");
  const old = buttons.get(tab);
  if (old && shared.length > 0 && old.says === label + who) return; // whoever is about to press it still can
  old?.button.dispose();
  buttons.delete(tab);
  if (shared.length === 0) return;
  const button = new ToolbarButton({
    icon: sharedIcon,
    label,
    tooltip: `${who}\n${trans.__("Show tickets and people, or stop sharing")}`,
    className: "sshx-manage",
    onClick: () => void commands.execute(Command.share, { terminal: name }),
  });
  buttons.set(tab, { button, says: label + who });
  tab.toolbar.addItem(BUTTON, button);
}
