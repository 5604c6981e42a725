/** The view of a session: toolbar, canvas, panels, notices. Knows nothing of the page that it is mounted on. */
import "./sharedStyles";
import "./SessionView.css";
import { memo, useCallback, useEffect, useLayoutEffect, useRef, useState, type RefObject } from "react";
import type { Client } from "../client/client";
import type { Invite } from "../session/access";
import { guestsOf } from "../session/people";
import { Canvas, type CanvasHandle } from "./canvas/Canvas";
import { ChatPanel } from "./panels/ChatPanel";
import { useConversation } from "./panels/conversation";
import { InvitePanel } from "./panels/InvitePanel";
import { NetworkPanel } from "./panels/NetworkPanel";
import { useNotices } from "./notices/notices";
import { Panel } from "./panels/Panel";
import { usePeople } from "./people";
import { PeoplePanel } from "./panels/PeoplePanel";
import { useQuestion } from "./Question";
import { Banner, Empty, Screen } from "./notices/Screens";
import { WaitingInput } from "./notices/WaitingInput";
import { SettingsPanel } from "./panels/SettingsPanel";
import { connectionStatusOf, type Pause } from "./notices/connectionStatus";
import { offerOf } from "./notices/notices";
import { useTheme, type Theme } from "./theme";
import { Toasts } from "./notices/Toasts";
import { panelTitle, Toolbar, type PanelName } from "./Toolbar";
import { useTraffic } from "./panels/traffic";
import { useClient } from "./useClient";
import { trans } from "../translation";

export type { PanelName } from "./Toolbar";

/** A panel to open. Each object is another opening, also of the same panel. */
export interface Opening {
  readonly panel: PanelName;
}

export interface SessionViewProps {
  client: Client;
  /** Shows `Share`. */
  invite?: Invite;
  /** Opens this panel by itself, once for each object given; `Share` once there is an invite. */
  opens?: Opening | undefined;
  /** Shows `Leave`. Called when the person wants to go, or to another session: the client is to be closed then. */
  onLeave?: () => void;
  /** The surrounding application's theme, instead of the person's setting. */
  theme?: Theme;
  /** The view is a part of a page that one scrolls: the wheel and the focus are the page's until one clicks into it. */
  embedded?: boolean;
  /** What is sent does not get through at the moment, though nothing is wrong: why. */
  pause?: Pause | undefined;
  /** Called with the panel that is open from now on; null: none is. */
  onPanel?: (panel: PanelName | null) => void;
}

/** Not rendered again for each key in the chat. */
const Shells = memo(Canvas);

/** Pixels below which the view is one for a telephone. */
const NARROW = 640;

export function SessionView(props: SessionViewProps) {
  const { client, opens, onLeave, theme: override, embedded = false, pause, onPanel } = props;
  const theme = useTheme(override);
  const root = useRef<HTMLDivElement>(null);
  const canvas = useRef<CanvasHandle>(null);
  const narrow = useNarrow(root);
  const [panel, setPanel] = useState<PanelName | null>(null);
  const people = usePeople(client);
  const conversation = useConversation(client, panel === "chat");
  const notices = useNotices(client, panel === "chat");
  const traffic = useTraffic(client);
  const status = useConnectionStatus(client, pause);
  const connected = useClient(client, (now) => now.state === "connected");
  const invite = useClient(client, (now) => now.state !== "ended") ? props.invite : undefined;
  const empty = useClient(client, (now) => now.shells.size === 0);
  const role = useClient(client, (now) => now.role);
  const { notify } = notices;
  const session = useClient(client, (now) => now.info?.session);
  const [ask, question] = useQuestion();
  const connecting = useClient(client, (now) => now.state === "connecting");
  const usable = status?.kind !== "screen" || connecting;

  const close = useCallback(() => {
    setPanel(null);
    if (panel !== null) root.current?.querySelector<HTMLElement>(`[data-opens="${panel}"]`)?.focus();
  }, [panel]);
  const [opened, setOpened] = useState<Opening | undefined>();
  if (opens !== undefined && opens !== opened && (opens.panel !== "share" || invite !== undefined)) {
    setOpened(opens);
    setPanel(opens.panel);
  }
  useEffect(() => onPanel?.(panel), [onPanel, panel]);
  useEscape(root, close);
  useWheelOfPage(root, embedded);
  useComeBack(client);

  const newShell = () => {
    if (!connected) notify(trans.__("The host is not connected right now."));
    else if (role === "reader") notify(trans.__("You have read-only access. Ask for write access to open a shell."));
    else canvas.current?.newShell();
  };
  const tidy = () => {
    if (!connected) notify(trans.__("The host is not connected right now."));
    else if (role === "reader")
      notify(trans.__("You have read-only access. Ask for write access to arrange the shells."));
    else canvas.current?.tidy();
  };
  return (
    <div
      ref={root}
      className="sshx sshx-session"
      data-session={session}
      data-theme={theme}
      data-narrow={narrow || undefined}
      tabIndex={embedded ? -1 : undefined}
    >
      <Toolbar
        {...{ client, people, panel, usable, onLeave }}
        unread={conversation.unread}
        onPanel={(name) => (name === panel ? close() : setPanel(name))}
        onNewShell={newShell}
        onTidy={tidy}
        onFitAll={() => canvas.current?.fitAll()}
        canShare={invite !== undefined}
      />
      <Toasts
        {...{ client, people, notices }}
        listed={panel === "people"}
        onPeople={() => setPanel("people")}
        onChat={() => setPanel("chat")}
      />
      <div className="sshx-body">
        <div className="sshx-main">
          <div className="sshx-connection-status" aria-live="polite">
            {status?.kind === "screen" && <Screen {...{ client, status, onLeave }} />}
            {status?.kind === "banner" && <Banner {...{ client, status, onLeave }} />}
          </div>
          <WaitingInput client={client} />
          {status?.kind !== "screen" && (
            <div className="sshx-view">
              <Shells ref={canvas} {...{ client, theme, narrow, embedded, ask, notify }} />
              {connected && empty && <Empty client={client} onNewShell={newShell} />}
            </div>
          )}
        </div>
        {panel !== null && (panel !== "share" || invite) && (
          <Panel key={panel} name={panel} title={panelTitle(panel)} onClose={close}>
            {panel === "chat" && <ChatPanel {...{ client, people, conversation, narrow }} />}
            {panel === "people" && <PeoplePanel {...{ client, people }} onShow={(sid) => canvas.current?.show(sid)} />}
            {panel === "network" && <NetworkPanel {...{ client, traffic }} />}
            {panel === "settings" && (
              <SettingsPanel
                {...{ client, theme }}
                me={people.find((person) => person.me)}
                themed={override !== undefined}
              />
            )}
            {panel === "share" && invite && <InvitePanel invite={invite} guests={guestsOf(people).length} />}
          </Panel>
        )}
      </div>
      {question}
    </div>
  );
}

function useConnectionStatus(client: Client, pause: Pause | undefined) {
  const state = useClient(client, (now) => now.state);
  const reason = useClient(client, (now) => now.reason);
  const refusal = useClient(client, (now) => now.refusal);
  const endCode = useClient(client, (now) => now.endCode);
  const shells = useClient(client, (now) => now.shells.size > 0);
  const offer = useClient(client, offerOf);
  const late = useClient(client, (now) => now.late);
  const owner = useClient(client, (now) => now.role === "owner");
  return connectionStatusOf({ state, late, owner, pause, reason, refusal, endCode, shells, offer });
}

function useNarrow(root: RefObject<HTMLElement>): boolean {
  const [narrow, setNarrow] = useState(false);
  useLayoutEffect(() => {
    const element = root.current!;
    const measure = () => {
      if (element.clientWidth > 0) setNarrow(element.clientWidth < NARROW); // as it was, while it is hidden
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [root]);
  return narrow;
}

/** Escape in the toolbar or the panel; in a terminal it is the shell's. */
function useEscape(root: RefObject<HTMLElement>, close: () => void): void {
  useEffect(() => {
    const element = root.current!;
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "Escape" || event.defaultPrevented || event.isComposing) return;
      if (event.target instanceof Element && event.target.closest(".sshx-toolbar, .sshx-panel") !== null) close();
    };
    element.addEventListener("keydown", onKey);
    return () => element.removeEventListener("keydown", onKey);
  }, [root, close]);
}

/** Over an embedded view the wheel scrolls the page, but for who is in the view or zooms. */
function useWheelOfPage(root: RefObject<HTMLElement>, embedded: boolean): void {
  useEffect(() => {
    const element = root.current!;
    if (!embedded) return;
    const onWheel = (event: WheelEvent) => {
      const used = event.ctrlKey || event.metaKey || element.contains(document.activeElement);
      if (!used) event.stopPropagation(); // and the browser scrolls
    };
    element.addEventListener("wheel", onWheel, { capture: true, passive: true });
    return () => element.removeEventListener("wheel", onWheel, { capture: true });
  }, [root, embedded]);
}

/** Whoever is back, online or at this tab, need not wait for the next attempt. */
function useComeBack(client: Client): void {
  useEffect(() => {
    const onBack = () => {
      const tries = client.state === "reconnecting" || client.state === "unreachable";
      if (tries && document.visibilityState === "visible") client.connect();
    };
    window.addEventListener("online", onBack);
    document.addEventListener("visibilitychange", onBack);
    return () => {
      window.removeEventListener("online", onBack);
      document.removeEventListener("visibilitychange", onBack);
    };
  }, [client]);
}
