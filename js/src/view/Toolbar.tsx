/** The bar above the canvas: which session, how it is connected, who is here, and the way to everything else. */
import "./sharedStyles";
import "./Toolbar.css";
import type { ReactNode } from "react";
import type { Client } from "../client/client";
import type { State } from "../client/events";
import { Avatar } from "./Avatar";
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
import { statusWord } from "../session/statusWord";
import { useClient } from "./useClient";
import { WriteAccess } from "./WriteAccess";

export type PanelName = "Chat" | "People" | "Network" | "Settings" | "Share";

export interface ToolbarProps {
  client: Client;
  people: readonly Person[];
  unread: number;
  panel: PanelName | null;
  onPanel: (panel: PanelName) => void;
  onNewShell: () => void;
  onTidy: () => void;
  onFitAll: () => void;
  canShare: boolean;
  onLeave: (() => void) | undefined;
}

const FACES = 5;

export function Toolbar(props: ToolbarProps) {
  const { client, people, unread, panel, onPanel, onNewShell, onTidy, onFitAll, ...rest } = props;
  const state = useClient(client, (now) => now.state);
  const name = useClient(client, (now) => now.info?.name) ?? "Shared session";
  const host = useClient(client, (now) => (now.role === "owner" ? "" : (now.info?.host ?? "")));
  const reader = useClient(client, (now) => now.role === "reader");
  const here = people.filter((person) => !person.pending);
  const word = useClient(client, statusWord);
  const usable = state !== "refused" && state !== "unreachable";
  const opens = (which: PanelName) => ({ opens: which, expanded: panel === which, onClick: () => onPanel(which) });
  const unreadText = `${unread} unread ${unread === 1 ? "message" : "messages"}`;
  return (
    <div className="sshx-toolbar" role="region" aria-label="Session">
      <div className="sshx-about">
        <h1 className="sshx-name" title={name}>
          <bdi>{name}</bdi>
        </h1>
        {host && (
          <span className="sshx-host" title={`Shared by ${host}`}>
            shared by <bdi>{host}</bdi>
          </span>
        )}
        <Connection state={word} />
        {reader && usable && (
          <>
            <span className="sshx-badge" title="You can watch but not change anything here">
              Read-only
            </span>
            <WriteAccess client={client} people={people} />
          </>
        )}
      </div>
      <div className="sshx-tools">
        {usable && (
          <>
            <Tool
              name="New shell"
              tip={reader ? "New shell: only for those who may write" : "New shell"}
              text
              off={reader || state !== "connected"}
              onClick={onNewShell}
            >
              <NewShellIcon />
            </Tool>
            <Tool
              name="Tidy"
              tip={reader ? "Tidy: only for those who may write" : "Arrange all shells without overlap, for everyone"}
              off={reader || state !== "connected"}
              onClick={onTidy}
            >
              <TidyIcon />
            </Tool>
            <Tool name="Fit all" tip="Fit all shells into view" onClick={onFitAll}>
              <FitIcon />
            </Tool>
            <span className="sshx-rule" />
            <Tool name="Chat" tip={unread ? `Chat, ${unreadText}` : "Chat"} {...opens("Chat")}>
              <ChatIcon />
              {unread > 0 && (
                <span className="sshx-count" data-text={unread > 99 ? "99+" : unread} aria-hidden="true" />
              )}
            </Tool>
            <Tool name="People" tip={`${here.length} here: ${summary(here.map(said))}`} {...opens("People")}>
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
            <Tool name="Network" tip="Network" {...opens("Network")}>
              <NetworkIcon />
            </Tool>
          </>
        )}
        <Tool name="Settings" tip="Settings" {...opens("Settings")}>
          <SettingsIcon />
        </Tool>
        {rest.canShare && usable && (
          <Tool name="Share" tip="Share: let others in" text {...opens("Share")} primary>
            <ShareIcon />
          </Tool>
        )}
        {rest.onLeave && (
          <Tool name="Leave" tip="Leave the session" text onClick={rest.onLeave}>
            <LeaveIcon />
          </Tool>
        )}
      </div>
      <span className="sshx-unseen" aria-live="polite">
        {unread > 0 && unreadText}
      </span>
    </div>
  );
}

function said(person: Person): string {
  return person.me ? "you" : person.name;
}

function Connection({ state }: { state: State }) {
  return (
    <span className="sshx-connection" data-state={state}>
      <span className="sshx-dot" aria-hidden="true" />
      <span role="status" aria-label="Connection">
        {state}
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
