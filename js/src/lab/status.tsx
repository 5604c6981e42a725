/** The item in JupyterLab's status bar: there only while something is shared or joined. */
import type { IStatusBar } from "@jupyterlab/statusbar";
import { ReactWidget } from "@jupyterlab/ui-components";
import { CommandRegistry } from "@lumino/commands";
import type { IDisposable } from "@lumino/disposable";
import { Menu } from "@lumino/widgets";
import { Command } from "./command";
import { sharedIcon } from "./icons";
import type { SharedSessions } from "./sessions";
import { stateText, unreadText } from "../session/statusWord";
import type { Tabs } from "./tabs";
import { trans } from "../translation";

/** A session that the item is about. */
interface Subject {
  id: string;
  label: string;
  /** Whether this server hosts it. */
  hosted: boolean;
}

/** What the item says, and the sessions that it is about. */
interface Status {
  text: string;
  title: string;
  unread: number;
  subjects: readonly Subject[];
}

export function addStatus(
  statusBar: Pick<IStatusBar, "registerStatusItem">,
  sessions: SharedSessions,
  tabs: Tabs,
  commands: Pick<CommandRegistry, "execute">,
): void {
  let item: IDisposable | null = null;
  let widget: StatusItem | null = null;
  const show = ({ id, hosted }: Subject) => {
    if (hosted) void commands.execute(Command.share, { id });
    else void commands.execute(Command.open, { id, panel: "network" });
  };
  const onClick = ({ subjects }: Status, button: HTMLElement) => {
    const [first, ...others] = subjects;
    if (others.length === 0) show(first!);
    else choose(subjects, button, show);
  };
  const update = () => {
    const status = statusOf(sessions, tabs);
    if (status && widget) widget.tell(status);
    else if (status) {
      widget = new StatusItem(status, onClick);
      item = statusBar.registerStatusItem("sshx-jupyter:status", { item: widget, align: "left", rank: 20 });
    } else if (item) {
      item.dispose();
      widget!.dispose();
      item = widget = null;
    }
  };
  sessions.changed.connect(update);
  sessions.peopleChanged.connect(update);
  sessions.chatChanged.connect(update);
  tabs.changed.connect(update);
  tabs.measured.connect(update);
  update();
}

/** A menu above the item with what it is about. */
function choose(subjects: readonly Subject[], button: HTMLElement, show: (subject: Subject) => void): void {
  const commands = new CommandRegistry();
  const menu = new Menu({ commands });
  for (const [at, subject] of subjects.entries()) {
    const command = `show-${at}`;
    commands.addCommand(command, { label: subject.label, execute: () => show(subject) });
    menu.addItem({ command });
  }
  menu.aboutToClose.connect(() => void setTimeout(() => menu.dispose())); // the command is run after it has closed
  const { left, top } = button.getBoundingClientRect();
  menu.open(left, top); // above it, as there is no room below
}

/** Null if nothing is shared or joined. */
function statusOf(sessions: SharedSessions, tabs: Tabs): Status | null {
  const { list } = sessions;
  const joined = tabs.models.filter(({ stage }) => {
    return stage.at === "live" && !stage.session && stage.client.state !== "ended";
  });
  const guests = list.reduce((sum, { id }) => sum + (sessions.monitor(id)?.guests.length ?? 0), 0);
  const unread = list.reduce((sum, { id }) => sum + (sessions.monitor(id)?.unread.length ?? 0), 0);
  const parts: string[] = [];
  const titles: string[] = [];
  if (list.length > 0) {
    const people = trans._n("%1 guest", "%1 guests", guests);
    const sharing =
      list.length === 1
        ? trans.__("Sharing: %1", people)
        : trans._n("Sharing %1 session: %2", "Sharing %1 sessions: %2", list.length, people);
    parts.push([sharing, unreadText(unread)].filter(Boolean).join(" · "));
    titles.push(trans.__("Shared from this server: %1", list.map(({ name }) => name).join(", ")));
  }
  for (const { client, name, people } of joined) {
    const how =
      client!.state === "connected"
        ? [trans._n("%1 person", "%1 people", people.length), pathText(client!.path), latencyText(client!.latency)]
        : [stateText(client!.state)];
    parts.push([trans.__("Joined %1", name), ...how].filter(Boolean).join(" · "));
    titles.push(trans.__("Joined: %1", name));
  }
  if (parts.length === 0) return null;
  const subjects = [
    ...list.map(({ id, name }) => ({ id, label: trans.__("Sharing %1", name), hosted: true })),
    ...joined.map(({ id, name }) => ({ id: id!, label: trans.__("Joined %1", name), hosted: false })),
  ];
  const action = list.length > 0 ? trans.__("Click for people and tickets") : trans.__("Click for the network panel");
  return { text: parts.join("  "), title: [...titles, action].join("\n"), unread, subjects };
}

function pathText(path: string | null): string {
  if (path === "direct") return trans.__("direct");
  if (path === "relay") return trans.__("relayed");
  return "";
}

function latencyText(latency: number | null): string {
  return latency === null ? "" : `${Math.max(1, Math.round(latency))} ms`;
}

class StatusItem extends ReactWidget {
  constructor(
    private status: Status,
    private readonly onClick: (status: Status, button: HTMLElement) => void,
  ) {
    super();
    this.addClass("jp-mod-highlighted");
  }

  tell(status: Status): void {
    if (JSON.stringify(status) === JSON.stringify(this.status)) return;
    this.status = status;
    this.update();
  }

  protected override render() {
    const { text, title, unread } = this.status;
    return (
      <button
        type="button"
        className="sshx-status"
        title={title}
        data-unread={unread > 0 || undefined}
        onClick={(event) => this.onClick(this.status, event.currentTarget)}
      >
        <sharedIcon.react tag="span" elementSize="normal" />
        <span>{text}</span>
      </button>
    );
  }
}
