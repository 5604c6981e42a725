/** One view of a widget: its session, or the way there. */
import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from "react";
import type { Client } from "../client/client";
import type { Invite } from "../session/access";
import type { Stage } from "../session/sessionModel";
import { MessageView } from "../view/MessageView";
import type { Pause } from "../view/notices/connectionStatus";
import { usePageTheme } from "../view/pageTheme";
import { SessionView, type Opening } from "../view/SessionView";
import type { Theme } from "../view/theme";
import { useClient } from "../view/useClient";
import { useStage } from "../view/useStage";
import { Join } from "./Join";
import type { Kernel } from "./kernel";
import { onChange } from "./model";
import type { WidgetSession } from "./session";
import { useBusy } from "./useBusy";
import "../view/theme.css";
import "./widget.css";
import { trans } from "../translation";

function busyText(): Pause {
  return {
    title: trans.__("The kernel is busy"),
    text: trans.__("It is running a cell. What you type arrives when the cell finishes."),
  };
}
/** Milliseconds from one look at whether the kernel holds up what is sent to the next. */
const LOOK = 500;
/** Seconds that a session is new. */
const NEW = 60;
/** Pixels for a word where there is nothing to see. */
const SHORT = 240;
/** Pixels from which there is room for a panel beside the canvas. */
const WIDE = 640;
const TO_SHARE: Opening = { panel: "share" };

export function Widget({ widget }: { widget: WidgetSession }) {
  const { model, kernel, session } = widget;
  const theme = usePageTheme();
  const height = useSyncExternalStore(
    useCallback((changed) => onChange(model, "height", changed), [model]),
    () => model.get("height"),
  );
  const stage = useStage(session);
  useEffect(() => widget.enter(), [widget]);

  if (!model.get("session_id")) return <Join kernel={kernel} theme={theme} />;
  const tall = stage.at === "failed" ? Math.min(height, SHORT) : height;
  return (
    // Keys typed here are no shortcuts of the notebook.
    <div className="sshx-widget" style={{ height: tall }} data-lm-suppress-shortcuts="true">
      {show(stage, kernel, theme)}
    </div>
  );
}

function show(stage: Stage, kernel: Kernel, theme: Theme | undefined) {
  switch (stage.at) {
    case "joining": // it is opened as soon as the view is there
    case "looking":
      return <Looking kernel={kernel} theme={theme} />;
    case "failed": // the kernel says that it has ended, or is gone
      return <MessageView theme={theme} mood="end" title={trans.__("This session has ended")} text={stage.reason} />;
    case "live": {
      const { client, session, invite } = stage;
      if (session) return <Live client={client} invite={invite} theme={theme} />;
      return <Known client={client} invite={invite} kernel={kernel} theme={theme} />;
    }
  }
}

function Looking({ kernel, theme }: { kernel: Kernel; theme: Theme | undefined }) {
  const text = trans.__("It is running a cell. The session opens here when the cell finishes.");
  return useBusy(kernel) ? (
    <MessageView theme={theme} mood="wait" title={busyText().title} text={text} />
  ) : (
    <MessageView theme={theme} mood="wait" title={trans.__("Looking for the session…")} text="" state="connecting" />
  );
}

interface KnownProps {
  client: Client;
  invite: Invite | null;
  kernel: Kernel;
  theme: Theme | undefined;
}

function Known({ client, invite, kernel, theme }: KnownProps) {
  const held = useHeld(kernel, client);
  return <Live client={client} invite={invite} theme={theme} pause={held ? busyText() : undefined} />;
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
