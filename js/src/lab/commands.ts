/** What one can do, by palette, menus and keyboard. */
import type { JupyterFrontEnd } from "@jupyterlab/application";
import { Notification, showErrorMessage } from "@jupyterlab/apputils";
import type { ITerminalTracker } from "@jupyterlab/terminal";
import type { LabIcon } from "@jupyterlab/ui-components";
import type { ReadonlyPartialJSONObject } from "@lumino/coreutils";
import type { Widget } from "@lumino/widgets";
import type { HostedSession, ShareOptions } from "../api/api";
import { requestOf } from "../forms/shareRequest";
import { copy } from "../view/copy";
import type { PanelName } from "../view/SessionView";
import { Command } from "./command";
import { joinIcon, sessionIcon, sharedIcon } from "./icons";
import { defaultsToReadOnly } from "./pageConfig";
import type { SharedSessions } from "./sessions";
import type { Settings } from "./settings";
import { stopSharing } from "./stopping";
import type { Tabs } from "./tabs";
import { trans } from "../translation";

export interface CommandOptions {
  app: JupyterFrontEnd;
  sessions: SharedSessions;
  settings: Settings;
  /** Null where there is no main area for tabs, as in Notebook: then sessions open as pages of their own. */
  tabs: Tabs | null;
  terminals: ITerminalTracker | null;
}

/**
 * Arguments of all commands: `at: "pointer"` for what the context menu was opened on, instead of what is active.
 * `terminal` is a terminal's name, `id` a session's, `panel` one of the view's panels to open.
 */
type Args = ReadonlyPartialJSONObject;

export function addCommands({ app, sessions, settings, tabs, terminals }: CommandOptions): void {
  const { commands, shell } = app;

  // What a command is about.

  const isMeant = (args: Args) => (widget: Widget) =>
    args.at === "pointer"
      ? app.contextMenuHitTest((node) => node === widget.node || node.dataset.id === widget.id) !== undefined
      : shell.currentWidget === widget;
  const terminalOf = (args: Args): string | null => {
    if (typeof args.terminal === "string") return args.terminal;
    return terminals?.find(isMeant(args))?.content.session.name ?? null;
  };
  const sessionOf = (args: Args): HostedSession | null => {
    if (typeof args.id === "string") return sessions.find(args.id);
    const model = tabs?.find(isMeant(args));
    if (model) return model.id === null ? null : sessions.find(model.id);
    const terminal = terminalOf(args);
    const session = terminal === null ? undefined : sessions.ofTerminal(terminal)[0];
    const only = args.at !== "pointer" && sessions.list.length === 1 ? sessions.list[0]! : null;
    return session ?? only;
  };

  /** The session that shares the terminal already, or that is given. */
  const managed = (args: Args): HostedSession | null => {
    if (typeof args.id === "string") return sessions.find(args.id);
    const terminal = terminalOf(args);
    return (terminal === null ? undefined : sessions.ofTerminal(terminal)[0]) ?? null;
  };

  // Why a command cannot be used; empty if it can.

  const noTerminals = () =>
    app.serviceManager.terminals.isAvailable()
      ? ""
      : trans.__("Terminals are disabled on this Jupyter server. You can join sessions, but not share.");
  const noTerminal = (args: Args) => {
    if (managed(args)) return "";
    return (
      noTerminals() || (terminalOf(args) === null ? trans.__("Open the terminal that you want to share first.") : "")
    );
  };
  const noSession = (args: Args) => {
    if (sessionOf(args)) return "";
    if (tabs?.find(isMeant(args))?.client) return trans.__("Someone else hosts this session.");
    if (sessions.list.length === 0) return trans.__("Nothing is shared from this server.");
    return trans.__("Several sessions are shared. Switch to the tab of the session that you want.");
  };
  const noTicket = (args: Args) =>
    noSession(args) ||
    (sessionOf(args)!.tickets.write === null ? trans.__("This session is read-only. Only you can type.") : "");

  const add = (
    id: string,
    label: string | ((args: Args) => string),
    what: string | ((args: Args) => string),
    whyNot: (args: Args) => string,
    execute: (args: Args) => Promise<unknown>,
  ) =>
    commands.addCommand(id, {
      label,
      icon: ICONS.get(id),
      caption: (args) => whyNot(args) || textOf(what, args),
      isEnabled: (args) => sessions.available === true && whyNot(args) === "",
      isVisible: () => sessions.available === true,
      describedBy: { args: DESCRIBED },
      execute: async (args) => {
        try {
          const reason = whyNot(args);
          if (reason) throw new Error(reason);
          return await execute(args);
        } catch (error) {
          await showErrorMessage(textOf(label, args).replace("…", ""), (error as Error).message);
          return null;
        }
      },
    });

  // The dialogs are loaded when they are needed. There is one at a time.
  let sharing = false;

  const showSession = async (session: HostedSession): Promise<void> => {
    const { showShared } = await import("./SharedDialog");
    void sessions.refresh();
    const next = await showShared(sessions, session);
    if (next === "open") await commands.execute(Command.open, { id: session.id });
    // A person who keeps sharing is back where they were.
    if (next === "stop" && !(await stopSharing(sessions, session)) && sessions.find(session.id)) {
      await showSession(session);
    }
  };
  const titles = () => {
    const names = [...app.serviceManager.terminals.running()].map(({ name }) => name);
    const widgets = new Map<string, string>();
    terminals?.forEach(({ content, title }) => widgets.set(content.session.name, title.label));
    return new Map(names.map((name) => [name, widgets.get(name) ?? trans.__("Terminal %1", name)]));
  };
  const newOptions = (): ShareOptions => {
    const { shareOptions } = settings;
    return {
      ...shareOptions,
      read_only: shareOptions.read_only || defaultsToReadOnly(),
    };
  };

  add(
    Command.share,
    (args) => (managed(args) ? trans.__("Manage Sharing…") : trans.__("Share Terminal…")),
    (args) =>
      managed(args)
        ? trans.__("Show tickets and people, or stop sharing")
        : trans.__("Let others watch this terminal live and, if you allow it, type in it"),
    noTerminal,
    async (args) => {
      if (sharing) return; // a second click, while the dialog comes
      sharing = true;
      try {
        let session = managed(args);
        if (!session) {
          const terminal = terminalOf(args)!;
          const { askToShare } = await import("./ShareDialog");
          const free = [...titles()].filter(([name]) => name !== terminal && sessions.ofTerminal(name).length === 0);
          const name = titles().get(terminal) ?? trans.__("Terminal %1", terminal);
          const running = new Map([[terminal, name], ...free]);
          const chosen = newOptions();
          // A program has set the title before, so it is history, too.
          const suggested = chosen.history ? (titles().get(terminal) ?? "") : trans.__("Terminal %1", terminal);
          const options = {
            ...chosen,
            name: Array.from(suggested).slice(0, LONGEST_NAME).join(""),
            terminals: [terminal],
          };
          session = await askToShare({ sessions, options, terminals: running });
        }
        if (session) await showSession(session);
      } finally {
        sharing = false;
      }
    },
  );

  add(
    Command.create,
    trans.__("New Shared Session"),
    trans.__("Open a new terminal and share it"),
    noTerminals,
    async ({ cwd }) => {
      void tabs?.load(); // while the server starts the terminal
      const { contents } = app.serviceManager;
      // The launcher says where; other drives are no directories of this server.
      const here = typeof cwd === "string" && cwd !== "" && ["", "RTC"].includes(contents.driveName(cwd));
      const options = { ...newOptions(), cwd: here ? contents.localPath(cwd) : "" };
      const session = await sessions.share(requestOf(options));
      return commands.execute(Command.open, { id: session.id, panel: "share" });
    },
  );

  add(
    Command.join,
    trans.__("Join Shared Session…"),
    trans.__("With a ticket or link that someone sent you"),
    () => "",
    () => commands.execute(Command.open, { id: null }),
  );

  commands.addCommand(Command.open, {
    label: trans.__("Open Shared Session"),
    isVisible: () => false, // it needs arguments
    describedBy: { args: DESCRIBED },
    execute: async ({ id, panel, tab }) => {
      const session = typeof id === "string" ? id : null;
      if (sessions.available === false) return null;
      if (tabs) return tabs.open(session, panel as PanelName | undefined, tab as string | undefined);
      const page = window.open(new URL(`sshx/p2p${session ? `/${session}` : ""}`, sessions.api.root), "_blank");
      const hosted = session && sessions.find(session);
      if (page) page.opener = null;
      else if (hosted) await showSession(hosted); // the browser has blocked it: from there it is one's own click
      return null;
    },
  });

  const copyTicket = async (args: Args, kind: "write" | "read") => {
    const before = sessionOf(args)!;
    await sessions.refresh(); // tickets improve: a relay may have been found
    const now = sessions.find(before.id);
    if (!now) throw new Error(trans.__("This session has ended."));
    const { tickets } = now;
    if (!(await copy((kind === "write" ? tickets.write : tickets.read)!))) await showSession(before);
    else if (kind === "read")
      Notification.success(trans.__("Ticket copied. Anyone with it can watch."), { autoClose: 4000 });
    else Notification.success(trans.__("Ticket copied. Anyone with it can type."), { autoClose: 4000 });
  };
  add(
    Command.copy,
    trans.__("Copy Ticket"),
    trans.__("Anyone with it can type in every shell of the session"),
    noTicket,
    (args) => copyTicket(args, "write"),
  );
  add(Command.copyRead, trans.__("Copy Read-only Ticket"), trans.__("Anyone with it can watch"), noSession, (args) =>
    copyTicket(args, "read"),
  );

  add(
    Command.stop,
    trans.__("Stop Sharing"),
    trans.__("End the session for everyone. The terminals stay open."),
    noSession,
    (args) => stopSharing(sessions, sessionOf(args)!),
  );

  // What lists commands, such as the palette, is drawn anew each time.
  let before = "";
  const changed = () => {
    const now = JSON.stringify([sessions.available, sessions.list.map(({ id }) => id), shell.currentWidget?.id]);
    if (now === before) return;
    before = now;
    for (const id of [Command.share, Command.create, Command.join, Command.copy, Command.copyRead, Command.stop]) {
      commands.notifyCommandChanged(id);
    }
  };
  sessions.changed.connect(changed);
  tabs?.changed.connect(changed);
  shell.currentChanged?.connect(changed);
}

/** Those of the launcher's cards, and of the first thing that one looks for. */
const ICONS = new Map<string, LabIcon>([
  [Command.share, sharedIcon],
  [Command.create, sessionIcon],
  [Command.join, joinIcon],
]);

function textOf(text: string | ((args: Args) => string), args: Args): string {
  return typeof text === "string" ? text : text(args);
}

/** Characters; the server's own default. */
const LONGEST_NAME = 64;

const DESCRIBED = {
  type: "object",
  properties: {
    at: { type: "string", enum: ["pointer"], description: "What the context menu was opened on, not what is active" },
    terminal: { type: "string", description: "The name of a terminal" },
    cwd: { type: "string", description: "Where a new terminal begins" },
    id: { type: ["string", "null"], description: "The id of a session; null: the form to join one" },
    tab: { type: "string", description: "The name of the tab in the layout" },
    panel: { type: "string", enum: ["chat", "people", "network", "settings", "share"], description: "What to open" },
  },
} as const;
