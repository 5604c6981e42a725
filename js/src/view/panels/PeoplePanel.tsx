/** Who is here, where they are, and what they may do. Its owners change the latter, and decide who comes in. */
import "../sharedStyles";
import "./PeoplePanel.css";
import { useEffect, useRef, useState, type ReactNode } from "react";
import type { Client } from "../../client/client";
import type { Role } from "../../protocol/messages";
import { Avatar } from "../Avatar";
import { filled } from "../filled";
import type { Person } from "../../session/people";
import { useClient } from "../useClient";
import { WriteAccess } from "../WriteAccess";
import { trans } from "../../translation";

interface PeoplePanelProps {
  client: Client;
  people: readonly Person[];
  onShow: (sid: number) => void;
}

export function PeoplePanel({ client, people, onShow }: PeoplePanelProps) {
  const owner = useClient(client, (now) => now.role === "owner");
  const locked = useClient(client, (now) => now.info?.locked === true);
  const readOnly = useClient(client, (now) => now.info?.readOnly === true);
  const host = useClient(client, (now) => now.info?.host ?? "");
  const hostViews = owner || people.some((person) => person.role === "owner");
  return (
    <>
      <ul className="sshx-people" aria-label={trans.__("People")}>
        {people.map((person) => (
          <PersonRow key={person.uid} {...{ client, person, owner, readOnly, onShow }} />
        ))}
      </ul>
      <div className="sshx-panel-foot">
        {!hostViews && (
          <p className="sshx-hint">
            {filled(
              (who) => trans.__("%1 shares this session but is not viewing it.", who),
              <bdi>{host || trans.__("The host")}</bdi>,
            )}
          </p>
        )}
        <WriteAccess client={client} people={people} />
        {owner && (
          <label className="sshx-check">
            <input
              type="checkbox"
              checked={locked}
              onChange={(event) => {
                client.lock(event.currentTarget.checked);
                event.currentTarget.checked = locked; // it shows what the host says
              }}
            />
            <span>
              {trans.__("Lock session")}
              <small>{trans.__("Nobody new can join. People who are here stay, and can reconnect.")}</small>
            </span>
          </label>
        )}
        {owner && <NewTickets client={client} />}
        {readOnly && <p className="sshx-hint">{trans.__("Only the host can type in this session.")}</p>}
      </div>
    </>
  );
}

interface PersonRowProps {
  client: Client;
  person: Person;
  owner: boolean;
  readOnly: boolean;
  onShow: (sid: number) => void;
}

function PersonRow({ client, person, owner, readOnly, onShow }: PersonRowProps) {
  const over = useClient(client, (now) => now.state === "ended");
  const title = useClient(client, (now) => (person.focus === null ? null : now.shells.get(person.focus)?.title));
  const asks = owner && (person.pending || person.wantsWrite);
  return (
    <li className="sshx-person" data-asks={asks || undefined}>
      <Avatar name={person.name} color={person.color} />
      <div className="sshx-person-about">
        <span className="sshx-person-name" title={person.name}>
          <bdi>{person.name}</bdi>
          {person.me && <span className="sshx-soft"> {trans.__("(you)")}</span>}
        </span>
        <span className="sshx-soft">
          {over ? trans.__("Was here") : roleText(person, owner)}
          {!over && person.focus !== null && title !== undefined && title !== null && (
            <>
              {" · "}
              {filled(
                (shell) => trans.__("in %1", shell),
                <button
                  type="button"
                  className="sshx-link"
                  title={trans.__("Show this shell")}
                  onClick={() => onShow(person.focus!)}
                >
                  <bdi>{title || trans.__("Terminal %1", person.focus)}</bdi>
                </button>,
              )}
            </>
          )}
        </span>
        {owner && person.role === "reader" && person.ticket === "writer" && (
          <p className="sshx-hint">
            {trans.__("With their ticket they can rejoin and type again. Make new tickets to prevent that.")}
          </p>
        )}
      </div>
      {owner && !person.me && person.role !== "owner" && <PersonActions {...{ client, person, readOnly }} />}
    </li>
  );
}

function roleText(person: Person, owner: boolean): string {
  if (person.pending) return trans.__("Wants to join");
  if (person.wantsWrite && owner) return trans.__("Watching, wants to type");
  const texts: Record<Role, string> = {
    owner: trans.__("Host"),
    writer: trans.__("Can type"),
    reader: trans.__("Watching"),
  };
  return texts[person.role];
}

function PersonActions({ client, person, readOnly }: { client: Client; person: Person; readOnly: boolean }) {
  const [removing, setRemoving] = useState(false);
  const { uid, name } = person;
  if (removing) {
    return (
      <ConfirmRemoval
        name={name}
        onRemove={(newTickets) => client.kick(uid, { newTickets })}
        onKeep={() => setRemoving(false)}
      />
    );
  }
  const action = (text: string, onClick: () => void, style = "") => (
    <button type="button" className={`sshx-button ${style}`} aria-label={`${text}: ${name}`} onClick={onClick}>
      {text}
    </button>
  );
  if (person.pending) {
    return (
      <div className="sshx-actions">
        {action(trans.__("Let in"), () => client.approve(uid, true), "sshx-primary")}
        {action(trans.__("Decline"), () => client.approve(uid, false))}
      </div>
    );
  }
  return (
    <div className="sshx-actions">
      {person.wantsWrite && action(trans.__("Allow"), () => client.setRole(uid, "writer"), "sshx-primary")}
      {person.wantsWrite && action(trans.__("Not now"), () => client.setRole(uid, "reader"))}
      {!person.wantsWrite &&
        person.role === "reader" &&
        !readOnly &&
        action(trans.__("Make writer"), () => client.setRole(uid, "writer"))}
      {person.role === "writer" && action(trans.__("Make reader"), () => client.setRole(uid, "reader"))}
      {action(trans.__("Remove"), () => setRemoving(true), "sshx-danger")}
    </div>
  );
}

interface ConfirmRemovalProps {
  name: string;
  onRemove: (newTickets: boolean) => void;
  onKeep: () => void;
}

function ConfirmRemoval({ name, onRemove, onKeep }: ConfirmRemovalProps) {
  const [newTickets, setNewTickets] = useState(true);
  return (
    <Confirm question={trans.__("Remove from the session?")} label={trans.__("Remove %1 from the session?", name)}>
      <label className="sshx-check">
        <input type="checkbox" checked={newTickets} onChange={(event) => setNewTickets(event.currentTarget.checked)} />
        <span>
          {trans.__("Make new tickets")}
          <small>
            {newTickets
              ? trans.__("The old tickets stop working. Everyone else stays.")
              : trans.__("They can rejoin with their old ticket.")}
          </small>
        </span>
      </label>
      <First
        className="sshx-button sshx-danger"
        label={trans.__("Remove %1 now", name)}
        onClick={() => onRemove(newTickets)}
      >
        {trans.__("Remove")}
      </First>
      <button type="button" className="sshx-button" onClick={onKeep}>
        {trans.__("Keep")}
      </button>
    </Confirm>
  );
}

/** For owners: make the tickets that were given out worthless. */
function NewTickets({ client }: { client: Client }) {
  const [asking, setAsking] = useState(false);
  if (!asking) {
    return (
      <button type="button" className="sshx-button" onClick={() => setAsking(true)}>
        {trans.__("Make new tickets…")}
      </button>
    );
  }
  const make = () => {
    client.newTickets();
    setAsking(false);
  };
  return (
    <Confirm question={trans.__("Make new tickets?")} label={trans.__("Make new tickets?")}>
      <small>{trans.__("The tickets and links that you shared stop working. Everyone who is here stays.")}</small>
      <First className="sshx-button sshx-primary" label={trans.__("Make new tickets")} onClick={make}>
        {trans.__("Make new tickets")}
      </First>
      <button type="button" className="sshx-button" onClick={() => setAsking(false)}>
        {trans.__("Keep old tickets")}
      </button>
    </Confirm>
  );
}

function Confirm({ question, label, children }: { question: string; label: string; children: ReactNode }) {
  return (
    <div className="sshx-actions sshx-confirm" role="group" aria-label={label}>
      <span>{question}</span>
      {children}
    </div>
  );
}

interface FirstProps {
  className: string;
  label: string;
  onClick: () => void;
  children: ReactNode;
}

/** The button that has the focus when the question appears. */
function First({ className, label, onClick, children }: FirstProps) {
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => button.current?.focus(), []);
  return (
    <button type="button" ref={button} className={className} aria-label={label} onClick={onClick}>
      {children}
    </button>
  );
}
