/** Notices at the edge of the view. They go by themselves; requests stay until someone answers. */
import "../sharedStyles";
import "./Toasts.css";
import { useEffect, useState } from "react";
import type { Client } from "../../client/client";
import { filled } from "../filled";
import { CloseIcon } from "../icons";
import type { Notice, Notices } from "./notices";
import type { Person } from "../../session/people";
import { useClient } from "../useClient";
import { trans } from "../../translation";

const MOST = 4;
const DURATION = 6000;

interface ToastsProps {
  client: Client;
  people: readonly Person[];
  notices: Notices;
  /** Whether the list of people is open, which has the requests too. */
  listed: boolean;
  onPeople: () => void;
  onChat: () => void;
}

export function Toasts({ client, people, notices, listed, onPeople, onChat }: ToastsProps) {
  const owner = useClient(client, (now) => now.role === "owner" && now.state === "connected");
  const [held, setHeld] = useState(false);
  const [put, setPut] = useState<readonly string[]>([]);

  const open = owner ? people.filter((person) => !person.me && (person.pending || person.wantsWrite)) : [];
  const still = put.filter((key) => open.some((person) => keyOf(person) === key));
  if (still.length < put.length) setPut(still); // who asks again later is shown again
  const requests = listed ? [] : open.filter((person) => !put.includes(keyOf(person)));

  const shown = requests.length > MOST - 1 ? requests.slice(0, MOST - 2) : requests;
  const more = requests.length - shown.length;
  const room = MOST - shown.length - (more > 0 ? 1 : 0);
  return (
    <div
      className="sshx-toasts"
      role="region"
      aria-label={trans.__("Notices")}
      aria-live="polite"
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
    >
      {shown.map((person) => (
        <Request key={keyOf(person)} {...{ client, person }} onPut={() => setPut([...put, keyOf(person)])} />
      ))}
      {more > 0 && (
        <div className="sshx-toast" data-tone="request">
          <span>
            {trans._n("%1 more person is waiting for an answer", "%1 more people are waiting for an answer", more)}
          </span>
          <button type="button" className="sshx-button" onClick={onPeople}>
            {trans.__("Show them")}
          </button>
        </div>
      )}
      {notices.list.slice(-room).map((notice) => (
        <Toast key={notice.key} {...{ notice, held, onChat }} onGone={notices.drop} />
      ))}
    </div>
  );
}

function keyOf(person: Person): string {
  return `${person.pending ? "entry" : "write"} ${person.uid}`;
}

function Request({ client, person, onPut }: { client: Client; person: Person; onPut: () => void }) {
  const { uid, name, pending } = person;
  const answer = (allow: boolean) => {
    if (pending) client.approve(uid, allow);
    else client.setRole(uid, allow ? "writer" : "reader");
  };
  return (
    <div className="sshx-toast" data-tone="request">
      <span>
        {filled(
          (who) => (pending ? trans.__("%1 wants to join", who) : trans.__("%1 wants to type", who)),
          <bdi>
            <b>{name}</b>
          </bdi>,
        )}
      </span>
      <span className="sshx-actions">
        <button type="button" className="sshx-button sshx-primary" onClick={() => answer(true)}>
          {pending ? trans.__("Let in") : trans.__("Allow")}
        </button>
        <button type="button" className="sshx-button" onClick={() => answer(false)}>
          {pending ? trans.__("Decline") : trans.__("Not now")}
        </button>
      </span>
      <DismissButton onClick={onPut} title={trans.__("Decide later")} />
    </div>
  );
}

interface ToastProps {
  notice: Notice;
  held: boolean;
  onGone: (key: string) => void;
  onChat: () => void;
}

function Toast({ notice, held, onGone, onChat }: ToastProps) {
  useEffect(() => {
    if (held || notice.stays) return;
    const timer = setTimeout(() => onGone(notice.key), DURATION);
    return () => clearTimeout(timer);
  }, [notice, held, onGone]);
  return (
    <div className="sshx-toast" data-tone={notice.tone} role={notice.tone === "error" ? "alert" : undefined}>
      {notice.sender === undefined ? (
        <span>{notice.text}</span>
      ) : (
        <button type="button" className="sshx-toast-chat" title={trans.__("Open the chat")} onClick={onChat}>
          <bdi>
            <b>{notice.sender}</b>
          </bdi>
          {": "}
          <bdi>{notice.text}</bdi>
        </button>
      )}
      <DismissButton onClick={() => onGone(notice.key)} title={trans.__("Dismiss")} />
    </div>
  );
}

function DismissButton({ onClick, title }: { onClick: () => void; title: string }) {
  return (
    <button type="button" className="sshx-icon-button sshx-dismiss" aria-label={title} title={title} onClick={onClick}>
      <CloseIcon />
    </button>
  );
}
