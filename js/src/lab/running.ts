/** The section *Shared Sessions* of JupyterLab's Running panel: what this server hosts, and what one has joined. */
import { Notification } from "@jupyterlab/apputils";
import type { IRunningSessionManagers, IRunningSessions } from "@jupyterlab/running";
import type { CommandRegistry } from "@lumino/commands";
import { Signal } from "@lumino/signaling";
import type { HostedSession } from "../api/api";
import type { SessionModel } from "../session/sessionModel";
import { Command } from "./command";
import { sessionIcon } from "./icons";
import { stopSharing } from "./stopping";
import type { SharedSessions } from "./sessions";
import type { Tabs } from "./tabs";
import { trans } from "../translation";

export function addRunning(
  managers: Pick<IRunningSessionManagers, "add">,
  sessions: SharedSessions,
  tabs: Tabs | null,
  commands: Pick<CommandRegistry, "execute">,
): void {
  const changed = new Signal<object, void>({});
  sessions.changed.connect(() => changed.emit());
  sessions.peopleChanged.connect(() => changed.emit());
  tabs?.changed.connect(() => changed.emit());

  /** The items of what this server hosts. */
  const own = new WeakSet<IRunningSessions.IRunningItem>();
  const stopped = (stopping: Promise<unknown>) => {
    stopping.catch((error: unknown) => {
      Notification.error(`${trans.__("This session could not be stopped.")} ${(error as Error).message}`);
    });
  };
  const hosted = (session: HostedSession): IRunningSessions.IRunningItem => {
    const item = hostedItem(session);
    own.add(item);
    return item;
  };
  const hostedItem = (session: HostedSession): IRunningSessions.IRunningItem => ({
    label: () => sessions.monitor(session.id)?.name ?? session.name,
    labelTitle: () => {
      const terminals = session.shells.map(({ terminal }) => terminal).join(", ");
      return trans.__("Shared from this server since %1; terminals: %2", time(session.created), terminals);
    },
    detail: () => {
      const guests = sessions.monitor(session.id)?.guests.length ?? 0;
      return guests > 0 ? trans._n("%1 guest", "%1 guests", guests) : "";
    },
    icon: () => sessionIcon,
    open: () => void commands.execute(Command.open, { id: session.id }),
    shutdown: () => stopped(stopSharing(sessions, session)),
  });
  const joined = (model: SessionModel): IRunningSessions.IRunningItem => ({
    label: () => model.name,
    labelTitle: () => trans.__("Joined with a ticket"),
    detail: () => trans.__("joined"),
    icon: () => sessionIcon,
    open: () => tabs?.activate(model),
    shutdown: () => tabs?.close(model),
  });

  managers.add({
    name: trans.__("Shared Sessions"),
    running: () => [...sessions.list.map(hosted), ...(tabs?.models ?? []).filter(isJoined).map(joined)],
    shutdownAll: () => {
      for (const { id } of sessions.list) stopped(sessions.stop(id)); // JupyterLab has asked
      for (const model of tabs?.models ?? []) if (isJoined(model)) tabs!.close(model);
    },
    refreshRunning: () => void sessions.refresh(),
    runningChanged: changed,
    shutdownLabel: (item) => (own.has(item) ? trans.__("Stop Sharing") : trans.__("Leave")),
    shutdownAllLabel: trans.__("Stop All"),
    shutdownAllConfirmationText: trans.__(
      "Are you sure you want to stop all shared sessions and leave the sessions that you joined? The terminals stay open.",
    ),
  });
}

function isJoined({ stage }: SessionModel): boolean {
  return stage.at === "live" && stage.session === null && stage.client.state !== "ended";
}

function time(created: string): string {
  return new Date(created).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}
