/** The tabs with sessions: opened once for each, and back after a reload. */
import type { ILayoutRestorer, JupyterFrontEnd } from "@jupyterlab/application";
import { MainAreaWidget, WidgetTracker } from "@jupyterlab/apputils";
import { type ISignal, Signal } from "@lumino/signaling";
import { UUID } from "@lumino/coreutils";
import type { Widget } from "@lumino/widgets";
import type { Me } from "../session/identity";
import { hasTicket } from "../session/kept";
import type { SessionModel } from "../session/sessionModel";
import type { PanelName } from "../view/SessionView";
import { Command } from "./command";
import type { SessionTab } from "./SessionTab";
import type { SharedSessions } from "./sessions";
import type { Settings } from "./settings";

type Tab = MainAreaWidget<SessionTab>;

export class Tabs {
  readonly #tracker = new WidgetTracker<Tab>({ namespace: "sshx" });
  readonly #changed = new Signal<this, void>(this);
  readonly #measured = new Signal<this, void>(this);

  constructor(
    private readonly app: JupyterFrontEnd,
    private readonly sessions: SharedSessions,
    private readonly me: Me,
    private readonly settings: Settings,
  ) {}

  /** A tab has come or gone, or what is in one has changed. */
  get changed(): ISignal<this, void> {
    return this.#changed;
  }

  /** A connection has been measured. */
  get measured(): ISignal<this, void> {
    return this.#measured;
  }

  /** What the tabs show; the one that was used last comes last. */
  get models(): readonly SessionModel[] {
    const models: SessionModel[] = [];
    this.#tracker.forEach(({ content }) => models.push(content.model));
    return models;
  }

  /** What the tab shows that passes the test. */
  find(test: (tab: Widget) => boolean): SessionModel | null {
    return this.#find(test)?.content.model ?? null;
  }

  /** Whether the person sees this session at the moment. */
  shows(id: string): boolean {
    return this.#of(id)?.isVisible ?? false;
  }

  /** Whether one of the tabs takes part in this session, seen or not. */
  has(id: string): boolean {
    const tab = this.#of(id);
    return tab !== null && !isOver(tab.content.model);
  }

  /** Whether the person sees this session's chat at the moment. */
  showsChat(id: string): boolean {
    const tab = this.#of(id);
    return tab !== null && tab.isVisible && tab.content.panel === "chat";
  }

  /**
   * Show a session, or for null the form to join one, and one of the view's panels if there is one given. `name` is that
   * of a tab in the layout, which lasts from its beginning, whatever comes to be in it.
   */
  async open(id: string | null, panel?: PanelName, name = `sshx-${UUID.uuid4()}`): Promise<Tab> {
    const [{ SessionTab }, { SessionModel }, { hostedAccess, throughServer }] = await this.load();
    let tab = id === null ? null : this.#of(id);
    if (!tab) {
      const model = new SessionModel({
        me: this.me,
        ...throughServer(this.sessions.api),
        keeps: "user and ticket",
      });
      const known = id !== null && !hasTicket(id) ? this.sessions.find(id) : null;
      if (known)
        model.enter(hostedAccess(this.sessions.api, known)); // without asking the server once more
      else if (id !== null) void model.open(id);
      tab = new MainAreaWidget({ content: new SessionTab(model, this.settings) });
      tab.id = name;
      tab.toolbar.hide(); // the view has its own
      this.#follow(tab, model);
      this.app.shell.add(tab, "main", { type: "Shared Session" });
    }
    if (panel) tab.content.open(panel);
    this.app.shell.activateById(tab.id);
    return tab;
  }

  /** Load what tabs need; at once, where a tab is about to be opened. */
  load() {
    return Promise.all([import("./SessionTab"), import("../session/sessionModel"), import("../session/access")]);
  }

  /** Go to the tab that shows this. */
  activate(model: SessionModel): void {
    const tab = this.#find(({ content }) => content.model === model);
    if (tab) this.app.shell.activateById(tab.id);
  }

  /** Leave a session by closing its tab. */
  close(model: SessionModel): void {
    this.#find(({ content }) => content.model === model)?.close();
  }

  restore(restorer: ILayoutRestorer): void {
    void restorer.restore(this.#tracker, {
      command: Command.open,
      args: ({ content, id }) => ({ id: content.model.id, tab: id }),
      name: ({ content, id }) => (isOver(content.model) ? "" : id),
    });
  }

  #follow(tab: Tab, model: SessionModel): void {
    let saved = model.id;
    model.on((event) => {
      if (event === "measured") {
        this.#measured.emit();
        return;
      }
      const now = isOver(model) ? null : model.id;
      if (now !== saved) void this.#tracker.save(tab);
      saved = now;
      tab.title.dataset = datasetOf(tab, this.sessions);
      this.#changed.emit();
    });
    tab.content.visibilityChanged.connect(() => this.#changed.emit());
    tab.content.panelChanged.connect(() => this.#changed.emit());
    const onChat = () => void (tab.title.dataset = datasetOf(tab, this.sessions));
    this.sessions.chatChanged.connect(onChat);
    tab.disposed.connect(() => this.sessions.chatChanged.disconnect(onChat));
    tab.disposed.connect(() => this.#changed.emit());
    void this.#tracker.add(tab).then(() => this.#changed.emit());
  }

  /** One's own sessions are shown by who owns them, whatever else one has joined them as. */
  #of(id: string): Tab | null {
    const hosted = this.sessions.find(id) !== null;
    return this.#find(({ content: { model } }) => {
      const asGuest = model.stage.at === "live" && model.stage.session === null;
      return model.id === id && !(hosted && asGuest);
    });
  }

  #find(test: (tab: Tab) => boolean): Tab | null {
    return this.#tracker.find(test) ?? null;
  }
}

/** What the tab's context menu goes by. */
function datasetOf({ title, content }: Tab, sessions: SharedSessions): Record<string, string> {
  const dataset: Record<string, string> = { ...title.dataset };
  const { id } = content.model;
  if (id !== null && sessions.find(id)) dataset["sshx-session"] = id;
  else delete dataset["sshx-session"];
  const unread = id === null ? 0 : (sessions.monitor(id)?.unread.length ?? 0);
  if (unread > 0) dataset["sshx-unread"] = String(unread);
  else delete dataset["sshx-unread"];
  return dataset;
}

/** Whether there is nothing to come back to. */
function isOver({ client }: SessionModel): boolean {
  return client?.state === "ended";
}
