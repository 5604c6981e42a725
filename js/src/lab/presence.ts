/** Lists the host among the people of a session while they work in its plain terminal. */
import type { JupyterFrontEnd } from "@jupyterlab/application";
import type { ITerminalTracker } from "@jupyterlab/terminal";
import type { Me } from "../session/identity";
import type { SharedSessions } from "./sessions";
import type { Tabs } from "./tabs";

export function addPresence(
  sessions: SharedSessions,
  terminals: ITerminalTracker,
  tabs: Tabs | null,
  shell: Pick<JupyterFrontEnd.IShell, "currentWidget" | "currentChanged">,
  me: Me,
): void {
  const update = () => {
    const open = new Map<string, boolean>();
    terminals.forEach((tab) => {
      if (!tab.isDisposed) open.set(tab.content.session.name, tab === shell.currentWidget);
    });
    for (const { id, shells } of sessions.list) {
      // In a tab with the session itself, the person is listed already.
      const listed = shells.some(({ terminal }) => open.has(terminal)) && !tabs?.has(id);
      const focus = listed ? shells.find(({ terminal }) => open.get(terminal)) : undefined;
      sessions.monitor(id)?.appear({ ...me.now(), listed, focus: focus?.sid ?? null });
    }
  };
  terminals.widgetAdded.connect((_, tab) => {
    tab.disposed.connect(update);
    update();
  });
  terminals.forEach((tab) => void tab.disposed.connect(update));
  sessions.changed.connect(update);
  sessions.peopleChanged.connect(update);
  tabs?.changed.connect(update);
  shell.currentChanged?.connect(update);
  me.on?.(update);
  void me.ready?.then(update);
}
