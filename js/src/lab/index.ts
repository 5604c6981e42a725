/** Sharing terminals, as a part of JupyterLab and, where the same things are there, of Notebook. */
import { type JupyterFrontEnd, type JupyterFrontEndPlugin, ILabShell, ILayoutRestorer } from "@jupyterlab/application";
import { ICommandPalette } from "@jupyterlab/apputils";
import { PageConfig } from "@jupyterlab/coreutils";
import { ILauncher } from "@jupyterlab/launcher";
import { IRunningSessionManagers } from "@jupyterlab/running";
import { ISettingRegistry } from "@jupyterlab/settingregistry";
import { IStatusBar } from "@jupyterlab/statusbar";
import { ITerminalTracker } from "@jupyterlab/terminal";
import { ITranslator, nullTranslator } from "@jupyterlab/translation";
import { Api } from "../api/api";
import { forgetTickets } from "../session/kept";
import { Command } from "./command";
import { addCommands } from "./commands";
import { meOf } from "./identity";
import { addChatNotifications } from "./chatNotifications";
import { addNotifications } from "./notifications";
import { addPresence } from "./presence";
import { addRunning } from "./running";
import { SharedSessions } from "./sessions";
import { Settings } from "./settings";
import { addStatus } from "./status";
import { Tabs } from "./tabs";
import { endConnectionsWithTabs } from "./terminalConnections";
import { markTerminals } from "./terminals";
import "./lab.css";
// Here rather than only with what is loaded later: the bundler does not keep the order of modules from chunk to chunk.
import "../view/sharedStyles";
import { letsGuestsIn } from "./pageConfig";
import { trans, setTranslation } from "../translation";

const ID = "sshx-jupyter:plugin";

const plugin: JupyterFrontEndPlugin<void> = {
  id: ID,
  description: "Shares terminals with others, and joins theirs.",
  autoStart: true,
  optional: [
    ITranslator,
    ISettingRegistry,
    ILabShell,
    ILayoutRestorer,
    ICommandPalette,
    ILauncher,
    IRunningSessionManagers,
    IStatusBar,
    ITerminalTracker,
  ],
  activate: (
    app: JupyterFrontEnd,
    translator: ITranslator | null,
    registry: ISettingRegistry | null,
    labShell: ILabShell | null,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null,
    launcher: ILauncher | null,
    running: IRunningSessionManagers | null,
    statusBar: IStatusBar | null,
    terminals: ITerminalTracker | null,
  ) => {
    if (!PageConfig.getOption("sshxDefaultRole")) return; // the server has not this extension
    setTranslation((translator ?? nullTranslator).load("sshx_jupyter"));
    const { commands, serviceManager } = app;
    const { baseUrl, token } = serviceManager.serverSettings;
    const api = new Api(new URL(baseUrl, location.href), token, letsGuestsIn());

    const settings = new Settings();
    if (registry) settings.load(registry, ID).catch(() => undefined); // then the defaults hold
    const sessions = new SharedSessions(api, serviceManager.events);
    const me = meOf(serviceManager.user);
    const tabs = labShell && new Tabs(app, sessions, me, settings);

    addCommands({ app, sessions, settings, tabs, terminals });
    addNotifications(sessions, settings, tabs, commands);
    addChatNotifications(sessions, settings, tabs, commands);
    if (terminals) {
      markTerminals(terminals, sessions, commands);
      endConnectionsWithTabs(terminals);
      addPresence(sessions, terminals, tabs, app.shell, me);
    }
    if (statusBar && tabs) addStatus(statusBar, sessions, tabs, commands);
    if (restorer && tabs) tabs.restore(restorer);
    void app.restored.then(forgetTickets);

    // Where a person may not use it, nothing of it is to be seen.
    const whenAvailable = () => {
      if (sessions.available !== true) return;
      sessions.changed.disconnect(whenAvailable);
      if (running) addRunning(running, sessions, tabs, commands);
      const category = trans.__("Shared Terminals");
      for (const command of [
        Command.share,
        Command.create,
        Command.join,
        Command.copy,
        Command.copyRead,
        Command.stop,
      ]) {
        palette?.addItem({ command, category });
      }
      launcher?.add({ command: Command.create, category: trans.__("Other"), rank: 5 });
      launcher?.add({ command: Command.join, category: trans.__("Other"), rank: 6 });
    };
    sessions.changed.connect(whenAvailable);
    void sessions.refresh();
  },
};

export default plugin;
