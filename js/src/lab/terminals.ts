/** Marks JupyterLab's own terminals that are shared: on the tab, and by a button in the toolbar. */
import type { MainAreaWidget } from "@jupyterlab/apputils";
import type { ITerminal, ITerminalTracker } from "@jupyterlab/terminal";
import type { TranslationBundle } from "@jupyterlab/translation";
import { terminalIcon, ToolbarButton } from "@jupyterlab/ui-components";
import type { CommandRegistry } from "@lumino/commands";
import { Command } from "./command";
import { sharedIcon } from "./icons";
import type { SharedSessions } from "./sessions";

type TerminalTab = MainAreaWidget<ITerminal.ITerminal>;

const BUTTON = "sshx-shared";

/** In the toolbars of the terminals that are shared. */
const buttons = new WeakMap<TerminalTab, ToolbarButton>();

export function markTerminals(
  terminals: ITerminalTracker,
  sessions: SharedSessions,
  commands: CommandRegistry,
  trans: TranslationBundle,
): void {
  const markAll = () => terminals.forEach((tab) => mark(tab, sessions, commands, trans));
  terminals.widgetAdded.connect((_, tab) => mark(tab, sessions, commands, trans));
  sessions.changed.connect(markAll);
  sessions.peopleChanged.connect(markAll);
  markAll();
}

function mark(tab: TerminalTab, sessions: SharedSessions, commands: CommandRegistry, trans: TranslationBundle): void {
  if (tab.isDisposed) return;
  const { name } = tab.content.session;
  const session = sessions.ofTerminal(name);
  const guests = (session && sessions.watch(session.id)?.guests) ?? [];

  // Others, such as JupyterLab, write into it too.
  const dataset: Record<string, string> = { ...tab.title.dataset };
  delete dataset["sshx-session"];
  delete dataset["sshx-guests"];
  if (sessions.available) dataset["sshx-terminal"] = name;
  if (session) {
    dataset["sshx-session"] = session.id;
    if (guests.length > 0) dataset["sshx-guests"] = String(guests.length);
  }
  if (JSON.stringify(dataset) !== JSON.stringify(tab.title.dataset)) tab.title.dataset = dataset;

  if (session) tab.title.icon = sharedIcon;
  else if (tab.title.icon === sharedIcon) tab.title.icon = terminalIcon;
  tab.content.toggleClass("sshx-shared", session !== null);
  buttons.get(tab)?.dispose();
  if (!session) return;
  const who = guests.map((guest) => guest.name);
  const button = new ToolbarButton({
    icon: sharedIcon,
    label: who.length > 0 ? trans._n("%1 guest", "%1 guests", who.length) : trans.__("Shared"),
    tooltip: who.length > 0 ? trans.__("Shared with %1", who.join(", ")) : trans.__("Shared, nobody has joined yet"),
    onClick: () => void commands.execute(Command.share, { terminal: name }),
  });
  buttons.set(tab, button);
  tab.toolbar.addItem(BUTTON, button);
}
