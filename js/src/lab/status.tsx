/** The item in JupyterLab's status bar: there only while something is shared or joined. */
import type { IStatusBar } from "@jupyterlab/statusbar";
import type { TranslationBundle } from "@jupyterlab/translation";
import { ReactWidget } from "@jupyterlab/ui-components";
import type { CommandRegistry } from "@lumino/commands";
import type { IDisposable } from "@lumino/disposable";
import { Command } from "./command";
import { sharedIcon } from "./icons";
import type { SharedSessions } from "./sessions";
import { stateText } from "./states";
import type { Tabs } from "./tabs";

/** What the item is about and says. */
interface Status {
  id: string;
  text: string;
  title: string;
}

export function addStatus(
  statusBar: Pick<IStatusBar, "registerStatusItem">,
  sessions: SharedSessions,
  tabs: Tabs,
  commands: Pick<CommandRegistry, "execute">,
  trans: TranslationBundle,
): void {
  let item: IDisposable | null = null;
  let widget: StatusItem | null = null;
  const update = () => {
    const status = statusOf(sessions, tabs, trans);
    if (status && widget) widget.tell(status);
    else if (status) {
      widget = new StatusItem(status, ({ id }) => void commands.execute(Command.open, { id, panel: "Network" }));
      item = statusBar.registerStatusItem("sshx-jupyter:status", { item: widget, align: "left", rank: 20 });
    } else if (item) {
      item.dispose();
      widget!.dispose();
      item = widget = null;
    }
  };
  sessions.changed.connect(update);
  sessions.peopleChanged.connect(update);
  tabs.changed.connect(update);
  tabs.measured.connect(update);
  update();
}

/** Of what the person sees at the moment; else of what is shared, or joined. Null if there is nothing. */
function statusOf(sessions: SharedSessions, tabs: Tabs, trans: TranslationBundle): Status | null {
  const { list } = sessions;
  const joined = tabs.models.filter(({ stage }) => {
    return stage.at === "live" && !stage.session && stage.client.state !== "ended";
  });
  const guests = list.reduce((sum, { id }) => sum + (sessions.monitor(id)?.guests.length ?? 0), 0);
  const parts: string[] = [];
  const titles: string[] = [];
  if (list.length > 0) {
    const people = trans._n("%1 guest", "%1 guests", guests);
    parts.push(
      list.length === 1 ? trans.__("Sharing: %1", people) : trans.__("Sharing %1 sessions: %2", list.length, people),
    );
    titles.push(trans.__("Shared from this server: %1", list.map(({ name }) => name).join(", ")));
  }
  for (const { client, name, people } of joined) {
    const how =
      client!.state === "connected"
        ? [
            trans._n("%1 person", "%1 people", people.length),
            pathText(client!.path, trans),
            latencyText(client!.latency),
          ]
        : [stateText(trans, client!.state)];
    parts.push([trans.__("Joined %1", name), ...how].filter(Boolean).join(" · "));
    titles.push(trans.__("Joined: %1", name));
  }
  const shown = tabs.models.find(({ id }) => id !== null && tabs.shows(id));
  const id = shown?.client ? shown.id : (joined[0]?.id ?? list[0]?.id);
  if (!id || parts.length === 0) return null;
  return { id, text: parts.join("  "), title: [...titles, trans.__("Click for the network panel")].join("\n") };
}

function pathText(path: string | null, trans: TranslationBundle): string {
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
    private readonly onClick: (status: Status) => void,
  ) {
    super();
    this.addClass("jp-mod-highlighted");
  }

  tell(status: Status): void {
    const { id, text, title } = this.status;
    if (id === status.id && text === status.text && title === status.title) return;
    this.status = status;
    this.update();
  }

  protected override render() {
    const { text, title } = this.status;
    return (
      <button type="button" className="sshx-status" title={title} onClick={() => this.onClick(this.status)}>
        <sharedIcon.react tag="span" elementSize="normal" />
        <span>{text}</span>
      </button>
    );
  }
}
