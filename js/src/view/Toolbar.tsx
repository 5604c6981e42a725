/** The bar above the canvas: which session, how it is connected, who is here, and the way to everything else. */
import "./sharedStyles";
import "./Toolbar.css";
import type { ReactNode } from "react";
import type { Client } from "../client/client";
import type { State } from "../client/events";
import { Avatar } from "./Avatar";
import { filled } from "./filled";
import {
  ChatIcon,
  FitIcon,
  LeaveIcon,
  NetworkIcon,
  NewShellIcon,
  PeopleIcon,
  SettingsIcon,
  ShareIcon,
  TidyIcon,
} from "./icons";
import type { Person } from "../session/people";
import { summary } from "./notices/notices";
import { stateText, statusWord, unreadText } from "../session/statusWord";
import { useClient } from "./useClient";
import { WriteAccess } from "./WriteAccess";
import { trans } from "../translation";

export type PanelName = "chat" | "people" | "network" | "settings" | "share";

export function panelTitle(panel: PanelName): string {
  const titles: Record<PanelName, string> = {
    chat: trans.__("Chat"),
    people: trans.__("People"),
    network: trans.__("Network"),
    settings: trans.__("Settings"),
    share: trans.__("Share"),
  };
  return titles[panel];
}

export interface ToolbarProps {
  client: Client;
  people: readonly Person[];
  unread: number;
  panel: PanelName | null;
  /** Whether there is a session to see, or about to be. */
  usable: boolean;
  onPanel: (panel: PanelName) => void;
  onNewShell: () => void;
  onTidy: () => void;
  onFitAll: () => void;
  canShare: boolean;
  onLeave: (() => void) | undefined;
}

const FACES = 5;

export function Toolbar(props: ToolbarProps) {
  const { client, people, unread, panel, usable, onPanel, onNewShell, onTidy, onFitAll, ...rest } = props;
  const state = useClient(client, (now) => now.state);
  const name = useClient(client, (now) => now.info?.name) ?? trans.__("Shared session");
  const host = useClient(client, (now) => (now.role === "owner" ? "" : (now.info?.host ?? "")));
  const reader = useClient(client, (now) => now.role === "reader");
  const here = people.filter((person) => !person.pending);
  const word = useClient(client, statusWord);
  const opens = (which: PanelName) => ({ opens: which, expanded: panel === which, onClick: () => onPanel(which) });
  const news = unreadText(unread);
  return (
    <div className="sshx-toolbar" role="region" aria-label={trans.__("Session")}>
      <div className="sshx-about">
        <h1 className="sshx-name" title={name}>
          <bdi>{name}</bdi>
        </h1>
        {host && (
          <span className="sshx-host" title={trans.__("Shared by %1", host)}>
            {filled((who) => trans.__("shared by %1", who), <bdi>{host}</bdi>)}
          </span>
        )}
        <Connection state={word} />
        {reader && usable && (
          <>
            <span className="sshx-badge" title={trans.__("You can watch but not type")}>
              {trans.__("Read-only")}
            </span>
            <WriteAccess client={client} people={people} />
          </>
        )}
      </div>
      <div className="sshx-tools">
        {usable && (
          <>
            <Tool
              name={trans.__("New shell")}
              tip={reader ? trans.__("New shell (requires write access)") : trans.__("New shell")}
              text
              off={reader || state !== "connected"}
              onClick={onNewShell}
            >
              <NewShellIcon />
            </Tool>
            <Tool
              name={trans.__("Tidy")}
              tip={
                reader
                  ? trans.__("Tidy (requires write access)")
                  : trans.__("Arrange all shells without overlap, for everyone")
              }
              off={reader || state !== "connected"}
              onClick={onTidy}
            >
              <TidyIcon />
            </Tool>
            <Tool name={trans.__("Fit all")} tip={trans.__("Fit all shells into view")} onClick={onFitAll}>
              <FitIcon />
            </Tool>
            <span className="sshx-rule" />
            <Tool
              name={panelTitle("chat")}
              tip={unread ? trans.__("Chat, %1", news) : panelTitle("chat")}
              {...opens("chat")}
            >
              <ChatIcon />
              {unread > 0 && (
                <span className="sshx-count" data-text={unread > 99 ? "99+" : unread} aria-hidden="true" />
              )}
            </Tool>
            <Tool
              name={panelTitle("people")}
              tip={trans.__("%1 here: %2", here.length, summary(here.map(said)))}
              {...opens("people")}
            >
              <PeopleIcon />
              <span className="sshx-faces" aria-hidden="true">
                {here.slice(0, FACES).map((person) => (
                  <Avatar key={person.uid} name={person.name} color={person.color} />
                ))}
                {here.length > FACES && <span className="sshx-more" data-text={`+${here.length - FACES}`} />}
              </span>
              <span className="sshx-total" data-text={here.length} aria-hidden="true" />
              {here.length < people.length && <span className="sshx-count sshx-waits" aria-hidden="true" />}
            </Tool>
            <Tool name={panelTitle("network")} tip={panelTitle("network")} {...opens("network")}>
              <NetworkIcon />
            </Tool>
          </>
        )}
        <Tool name={panelTitle("settings")} tip={panelTitle("settings")} {...opens("settings")}>
          <SettingsIcon />
        </Tool>
        {rest.canShare && usable && (
          <Tool name={panelTitle("share")} tip={trans.__("Share: invite others")} text {...opens("share")} primary>
            <ShareIcon />
          </Tool>
        )}
        {rest.onLeave && (
          <Tool name={trans.__("Leave")} tip={trans.__("Leave the session")} text onClick={rest.onLeave}>
            <LeaveIcon />
          </Tool>
        )}
      </div>
      <span className="sshx-unseen" aria-live="polite">
        {news}
      </span>
    </div>
  );
}

function said(person: Person): string {
  return person.me ? trans.__("you") : person.name;
}

function Connection({ state }: { state: State }) {
  return (
    <span className="sshx-connection" data-state={state}>
      <span className="sshx-dot" aria-hidden="true" />
      <span role="status" aria-label={trans.__("Connection")}>
        {stateText(state)}
      </span>
    </span>
  );
}

interface ToolProps {
  /** What a screen reader says. */
  name: string;
  tip: string;
  /** Whether the name is also shown where there is room. */
  text?: boolean;
  primary?: boolean;
  /** Not to be used now, for the reason that a click tells. */
  off?: boolean;
  opens?: PanelName;
  expanded?: boolean;
  onClick: () => void;
  children: ReactNode;
}

function Tool({ name, tip, text, primary, off, opens, expanded, onClick, children }: ToolProps) {
  return (
    <button
      type="button"
      className={primary ? "sshx-tool sshx-primary" : "sshx-tool"}
      aria-label={name}
      title={tip}
      aria-expanded={expanded}
      aria-disabled={off}
      data-opens={opens}
      onClick={onClick}
    >
      {children}
      {text && <span className="sshx-label">{name}</span>}
    </button>
  );
}
