/** Marks JupyterLab's own terminals that are shared: on the tab, and by a button in the toolbar. */
import type { MainAreaWidget } from "@jupyterlab/apputils";
import type { ITerminal, ITerminalTracker } from "@jupyterlab/terminal";
import type { TranslationBundle } from "@jupyterlab/translation";
import { ToolbarButton } from "@jupyterlab/ui-components";
import type { CommandRegistry } from "@lumino/commands";
import { Command } from "./command";
import { sharedIcon } from "./icons";
import type { SharedSessions } from "./sessions";

type TerminalTab = MainAreaWidget<ITerminal.ITerminal>;

const BUTTON = "sshx-shared";

/** In the toolbars of the terminals that are shared, and what they say. */
const buttons = new WeakMap<TerminalTab, { button: ToolbarButton; says: string }>();
/** What the titles of those terminals had before. */
const originals = new WeakMap<TerminalTab, Pick<TerminalTab["title"], "icon" | "caption">>();

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
  const { title } = tab;
  const { name } = tab.content.session;
  const shared = sessions.ofTerminal(name);
  const guests = shared.flatMap(({ id }) => sessions.monitor(id)?.guests ?? []).map((guest) => guest.name);
  const who =
    guests.length > 0 ? trans.__("Shared with %1", guests.join(", ")) : trans.__("Shared, nobody has joined yet");

  // Others, such as JupyterLab, write into it too.
  const dataset: Record<string, string> = { ...title.dataset };
  delete dataset["sshx-session"];
  delete dataset["sshx-guests"];
  if (sessions.available) dataset["sshx-terminal"] = name;
  if (shared.length > 0) {
    dataset["sshx-session"] = shared[0]!.id;
    if (guests.length > 0) dataset["sshx-guests"] = String(guests.length);
    if (title.icon !== sharedIcon) originals.set(tab, { icon: title.icon, caption: title.caption });
    title.icon = sharedIcon;
    title.caption = who;
  } else {
    const original = originals.get(tab);
    if (original) Object.assign(title, original);
    originals.delete(tab);
  }
  if (JSON.stringify(dataset) !== JSON.stringify(title.dataset)) title.dataset = dataset;
  tab.content.toggleClass("sshx-shared", shared.length > 0);

  const label = guests.length > 0 ? trans._n("%1 guest", "%1 guests", guests.length) : trans.__("Shared");
  const old = buttons.get(tab);
  if (old && shared.length > 0 && old.says === label + who) return; // whoever is about to press it still can
  old?.button.dispose();
  buttons.delete(tab);
  if (shared.length === 0) return;
  const button = new ToolbarButton({
    icon: sharedIcon,
    label,
    tooltip: who,
    onClick: () => void commands.execute(Command.share, { terminal: name }),
  });
  buttons.set(tab, { button, says: label + who });
  tab.toolbar.addItem(BUTTON, button);
}
