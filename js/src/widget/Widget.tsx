/** One view of a widget: its session, or the way there. */
import { useCallback, useEffect, useRef, useState, useSyncExternalStore, type ReactNode } from "react";
import type { Client } from "../client/client";
import { useInvite } from "../session/hosted";
import { Message } from "../view/notices/Screens";
import { SessionView, type Invite, type Opening } from "../view/SessionView";
import type { Pause } from "../view/notices/connectionStatus";
import { useTheme, type Theme } from "../view/theme";
import { useClient } from "../view/useClient";
import { Join } from "./Join";
import type { Kernel } from "./kernel";
import { onChange } from "./model";
import { usePageTheme } from "../view/pageTheme";
import type { Session, Stage } from "./session";
import { useBusy } from "./useBusy";
import "../view/theme.css";
import "./widget.css";

const BUSY: Pause = {
  title: "The kernel is busy",
  text: "It is running a cell: what you type arrives when it is done.",
};
/** Milliseconds from one look at whether the kernel holds up what is sent to the next. */
const LOOK = 500;
/** Seconds that a session is new. */
const NEW = 60;
/** Pixels for a word where there is nothing to see. */
const SHORT = 240;
/** Pixels from which there is room for a panel beside the canvas. */
const WIDE = 640;
const TO_SHARE: Opening = { panel: "Share" };

export function Widget({ session }: { session: Session }) {
  const { model, kernel } = session;
  const theme = usePageTheme();
  const height = useSyncExternalStore(
    useCallback((changed) => onChange(model, "height", changed), [model]),
    () => model.get("height"),
  );
  const stage = useSyncExternalStore(
    useCallback((changed) => session.on(changed), [session]),
    () => session.stage,
  );
  useEffect(() => session.enter(), [session]);

  if (stage.at === "joining") return <Join kernel={kernel} theme={theme} />;
  const tall = stage.at === "ended" ? Math.min(height, SHORT) : height;
  return (
    // Keys typed here are no shortcuts of the notebook.
    <div className="sshx-widget" style={{ height: tall }} data-lm-suppress-shortcuts="true">
      {show(stage, kernel, theme)}
    </div>
  );
}

function show(stage: Exclude<Stage, { at: "joining" }>, kernel: Kernel, theme: Theme | undefined) {
  switch (stage.at) {
    case "looking":
      return <Looking kernel={kernel} theme={theme} />;
    case "hosted":
      return <Hosted {...stage} theme={theme} />;
    case "known":
      return <Known {...stage} kernel={kernel} theme={theme} />;
    case "ended":
      return (
        <Plain theme={theme}>
          <Message mood="end" title="This session has ended" text={stage.reason} />
        </Plain>
      );
  }
}

function Plain({ theme, children }: { theme: Theme | undefined; children: ReactNode }) {
  return (
    <div className="sshx sshx-session" data-theme={useTheme(theme)}>
      <div className="sshx-main">{children}</div>
    </div>
  );
}

function Looking({ kernel, theme }: { kernel: Kernel; theme: Theme | undefined }) {
  const busy = useBusy(kernel);
  return (
    <Plain theme={theme}>
      {busy ? (
        <Message mood="wait" title={BUSY.title} text="It is running a cell: the session opens here when it is done." />
      ) : (
        <Message mood="wait" title="Looking for the session…" text="" state="connecting" />
      )}
    </Plain>
  );
}

function Hosted({ api, session, client, theme }: Extract<Stage, { at: "hosted" }> & { theme: Theme | undefined }) {
  return <Live client={client} invite={useInvite(api, session, client)} theme={theme} />;
}

interface KnownProps {
  client: Client;
  invite: Invite | null;
  kernel: Kernel;
  theme: Theme | undefined;
}

function Known({ client, invite, kernel, theme }: KnownProps) {
  const held = useHeld(kernel, client);
  return <Live client={client} invite={invite} theme={theme} pause={held ? BUSY : undefined} />;
}

interface LiveProps {
  client: Client;
  invite: Invite | null;
  theme: Theme | undefined;
  pause?: Pause | undefined;
}

function Live({ client, invite, theme, pause }: LiveProps) {
  const place = useRef<HTMLDivElement>(null);
  const fresh = useClient(client, isFresh);
  const [opens, setOpens] = useState<Opening>();
  useEffect(() => {
    if (fresh && place.current!.clientWidth >= WIDE) setOpens(TO_SHARE);
  }, [fresh]);
  return (
    <div ref={place} className="sshx-widget-live">
      <SessionView {...{ client, opens, pause }} {...(invite && { invite })} {...(theme && { theme })} embedded />
    </div>
  );
}

/** Whether the session has just begun, and nobody else is there yet. */
function isFresh({ state, info, users }: Client): boolean {
  if (state !== "connected" || info === null || users.size > 1) return false;
  return Math.abs(Date.now() / 1000 - info.created) < NEW;
}

/** Whether a busy kernel holds up what is sent. */
function useHeld(kernel: Kernel, client: Client): boolean {
  const busy = useBusy(kernel);
  const [held, setHeld] = useState(false);
  useEffect(() => {
    if (!busy) return;
    const timer = setInterval(() => setHeld(client.held), LOOK);
    return () => {
      clearInterval(timer);
      setHeld(false);
    };
  }, [busy, client]);
  return held;
}
