/** What is shown instead of the canvas, or above it, while the session cannot be used as usual. */
import "../sharedStyles";
import "./banner.css";
import "./Screens.css";
import { useEffect, useState, type ReactNode } from "react";
import type { Client } from "../../client/client";
import type { State } from "../../client/events";
import { DoorIcon, EndIcon, LockIcon, NewShellIcon, UnpluggedIcon, WaitIcon, WarningIcon } from "../icons";
import type { ConnectionStatus } from "./connectionStatus";
import { useClient } from "../useClient";
import { useId } from "../useId";
import { trans } from "../../translation";

const ICONS: Record<ConnectionStatus["mood"], () => ReactNode> = {
  wait: WaitIcon,
  door: DoorIcon,
  lock: LockIcon,
  warning: WarningIcon,
  unplugged: UnpluggedIcon,
  end: EndIcon,
};

interface StatusProps {
  client: Client;
  status: ConnectionStatus;
  onLeave: (() => void) | undefined;
}

export function Screen({ client, status, onLeave }: StatusProps) {
  return (
    <Message {...status} state={client.state}>
      {client.state === "unreachable" && (
        <p>
          <Countdown client={client} />
        </p>
      )}
      <div className="sshx-actions">
        {status.actions.map((action, at) =>
          action === "retry" ? (
            <Button key={action} primary={at === 0} text={trans.__("Try again")} onClick={() => client.connect()} />
          ) : (
            onLeave && (
              <Button
                key={action}
                primary={at === 0 && action === "leave"}
                text={action === "giveUp" ? trans.__("Give up") : leaving(client)}
                onClick={onLeave}
              />
            )
          ),
        )}
      </div>
    </Message>
  );
}

interface MessageProps extends Pick<ConnectionStatus, "mood" | "title" | "text"> {
  state?: State;
  children?: ReactNode;
}

/** A screen; also where there is no client yet. */
export function Message({ mood, title, text, state, children }: MessageProps) {
  const Icon = ICONS[mood];
  const id = useId();
  return (
    <section className="sshx-screen" data-state={state} aria-labelledby={id}>
      <div className="sshx-screen-body">
        <Icon />
        <h2 id={id}>{title}</h2>
        {text && <p>{text}</p>}
        {children}
      </div>
    </section>
  );
}

/** Leaves what was there readable below it. */
export function Banner({ client, status, onLeave }: StatusProps) {
  const { mood, title, text, actions } = status;
  const Icon = ICONS[mood];
  return (
    <section className="sshx-banner" data-state={client.state} aria-label={title}>
      <Icon />
      <p>
        <b>{title}.</b> {text} {actions.includes("retry") && <Countdown client={client} />}
      </p>
      {actions.includes("retry") && <Button text={trans.__("Try now")} onClick={() => client.connect()} />}
      {actions.includes("leave") && onLeave && <Button text={leaving(client)} onClick={onLeave} />}
    </section>
  );
}

function leaving(client: Client): string {
  return client.role === "owner" ? trans.__("Go back") : trans.__("Use another ticket"); // owners came without one
}

function Button({ text, primary = false, onClick }: { text: string; primary?: boolean; onClick: () => void }) {
  return (
    <button type="button" className={primary ? "sshx-button sshx-primary" : "sshx-button"} onClick={onClick}>
      {text}
    </button>
  );
}

/** How long until the next attempt. Not read out each second. */
function Countdown({ client }: { client: Client }) {
  const [seconds, setSeconds] = useState(() => secondsUntil(client.retryAt));
  useEffect(() => {
    const timer = setInterval(() => setSeconds(secondsUntil(client.retryAt)), 250);
    return () => clearInterval(timer);
  }, [client]);
  return (
    <span className="sshx-countdown" aria-live="off">
      {seconds === null
        ? waiting(client)
        : seconds === 0
          ? trans.__("Trying now…")
          : trans.__("Next attempt in %1 s.", seconds)}
    </span>
  );
}

/** What is said while no attempt is planned. */
function waiting(client: Client): string {
  return client.state === "unreachable" ? trans.__("Still trying…") : "";
}

function secondsUntil(time: number | null): number | null {
  return time === null ? null : Math.max(0, Math.ceil((time - Date.now()) / 1000));
}

/** Over an empty canvas. */
export function Empty({ client, onNewShell }: { client: Client; onNewShell: () => void }) {
  const reader = useClient(client, (now) => now.role === "reader");
  const id = useId();
  return (
    <section className="sshx-screen sshx-empty" aria-labelledby={id}>
      <div className="sshx-screen-body">
        <NewShellIcon />
        <h2 id={id}>{trans.__("No shells yet")}</h2>
        <p>
          {reader
            ? trans.__("When the host opens a shell, you see it here.")
            : trans.__("Open a shell. Everyone in the session can see it.")}
        </p>
        {!reader && <Button primary text={trans.__("Open the first shell")} onClick={onNewShell} />}
      </div>
    </section>
  );
}
