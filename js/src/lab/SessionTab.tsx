/** A session in a tab of JupyterLab's main area. */
import { ReactWidget } from "@jupyterlab/ui-components";
import type { Message as LuminoMessage } from "@lumino/messaging";
import { type ISignal, Signal } from "@lumino/signaling";
import { useEffect, useRef, useSyncExternalStore } from "react";
import type { Client } from "../client/client";
import { JoinForm } from "../forms/JoinForm";
import type { SessionModel, Stage } from "../session/sessionModel";
import { MessageView } from "../view/MessageView";
import { usePageTheme } from "../view/pageTheme";
import { SessionView, type Opening, type PanelName } from "../view/SessionView";
import { useTheme, type Theme } from "../view/theme";
import { useStage } from "../view/useStage";
import { brokenIcon, onTab, sessionIcon, waitingIcon } from "./icons";
import type { Settings } from "./settings";
import { stateText } from "../session/statusWord";
import "./lab.css";
import { trans } from "../translation";

export class SessionTab extends ReactWidget {
  #opening: Opening | undefined;
  #panel: PanelName | null = null;
  readonly #panelChanged = new Signal<this, void>(this);
  readonly #visibilityChanged = new Signal<this, void>(this);

  constructor(
    readonly model: SessionModel,
    private readonly settings: Settings,
  ) {
    super();
    this.addClass("sshx-tab");
    this.title.closable = true;
    model.on((event) => {
      if (event === "measured") return;
      if (model.stage.at === "joining") this.#opening = undefined;
      this.#entitle();
    });
    this.#entitle();
  }

  /** Show a panel of the view, at once or as soon as there is a view. */
  open(panel: Opening["panel"]): void {
    this.#opening = { panel };
    this.update();
  }

  override dispose(): void {
    if (this.isDisposed) return;
    this.model.close();
    super.dispose();
  }

  /** The person sees it now, or does not any more. */
  get visibilityChanged(): ISignal<this, void> {
    return this.#visibilityChanged;
  }

  /** The panel that is open beside the canvas. */
  get panel(): PanelName | null {
    return this.#panel;
  }

  /** Another panel is open, or none. */
  get panelChanged(): ISignal<this, void> {
    return this.#panelChanged;
  }

  protected override onAfterShow(message: LuminoMessage): void {
    super.onAfterShow(message);
    this.#visibilityChanged.emit();
  }

  protected override onAfterHide(message: LuminoMessage): void {
    super.onAfterHide(message);
    this.#visibilityChanged.emit();
  }

  protected override render() {
    return (
      <Tab
        model={this.model}
        settings={this.settings}
        opening={this.#opening}
        onPanel={this.#onPanel}
        onClose={() => this.parent?.close()}
      />
    );
  }

  readonly #onPanel = (panel: PanelName | null): void => {
    this.#panel = panel;
    this.#panelChanged.emit();
  };

  #entitle(): void {
    const { model } = this;
    const state = model.client?.state ?? "connecting";
    const name = model.name || trans.__("Shared session");
    // Not the name alone: the terminal that is shared has a tab, too, and often gave the session its name.
    if (model.name) this.title.label = trans.__("Session: %1", name);
    else this.title.label = model.id === null ? trans.__("Join a session") : name;
    if (["unreachable", "reconnecting", "refused", "ended"].includes(state)) this.title.icon = onTab(brokenIcon);
    else this.title.icon = onTab(state === "connected" || model.id === null ? sessionIcon : waitingIcon);
    this.title.caption = model.client
      ? `${trans.__("Shared session")}: ${name} (${stateText(state)})`
      : this.title.label;
  }
}

interface TabProps {
  model: SessionModel;
  settings: Settings;
  opening: Opening | undefined;
  onPanel: (panel: PanelName | null) => void;
  onClose: () => void;
}

function Tab({ model, settings, opening, onPanel, onClose }: TabProps) {
  const theme = useLabTheme(settings);
  const stage = useStage(model);
  switch (stage.at) {
    case "looking":
      return (
        <MessageView
          theme={theme}
          mood="wait"
          title={trans.__("Looking for the session…")}
          text=""
          state="connecting"
        />
      );
    case "failed":
      return (
        <MessageView
          theme={theme}
          mood="unplugged"
          title={trans.__("This session cannot be reached")}
          text={stage.reason}
        >
          <div className="sshx-actions">
            <button type="button" className="sshx-button sshx-primary" onClick={() => void model.retry()}>
              {trans.__("Try again")}
            </button>
          </div>
        </MessageView>
      );
    case "joining":
      return <Joining model={model} stage={stage} theme={theme} />;
    case "live": {
      const onLeave = () => (stage.session || isIn(stage.client) ? onClose() : model.leave());
      return (
        <SessionView
          client={stage.client}
          onLeave={onLeave}
          onPanel={onPanel}
          {...(opening && { opens: opening })}
          {...(stage.invite && { invite: stage.invite })}
          {...(theme && { theme })}
        />
      );
    }
  }
}

function isIn({ state }: Client): boolean {
  return state === "connected" || state === "reconnecting" || state === "waiting";
}

interface JoiningProps {
  model: SessionModel;
  stage: Extract<Stage, { at: "joining" }>;
  theme: Theme | undefined;
}

function Joining({ model, stage: { ticket, refused }, theme }: JoiningProps) {
  const form = useRef<HTMLDivElement>(null);
  const lost = model.id !== null; // the tab showed this session before the page was reloaded
  useEffect(() => {
    // Who has just opened it is about to paste a ticket.
    if (!lost) form.current!.querySelector<HTMLInputElement>("input[name=ticket]")?.focus();
  }, [lost]);
  return (
    <div ref={form} className="sshx sshx-forms sshx-tab-join" data-theme={useTheme(theme)}>
      {lost && (
        <section className="sshx-form-card" role="status">
          <h2>
            {refused
              ? trans.__("You are no longer in this session")
              : trans.__("This session is not shared from this server")}
          </h2>
          <p>
            {refused?.message ??
              trans.__("It has ended, or someone else hosts it. You can rejoin with their ticket or link.")}
          </p>
        </section>
      )}
      <JoinForm
        ticket={ticket?.encode() ?? ""}
        onJoin={(ticket, password) => model.join(ticket, password)}
        waiting={trans.__("Connecting…")}
        name={model.identity.name ?? ""}
      />
    </div>
  );
}

function useLabTheme(settings: Settings): Theme | undefined {
  const page = usePageTheme();
  const choice = useSyncExternalStore(
    (listener) => settings.on(listener),
    () => settings.now.theme,
  );
  return choice === "jupyterlab" ? page : undefined;
}
