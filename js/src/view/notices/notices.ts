/** What happens in a session, as short notices that go by themselves. */
import { useCallback, useEffect, useState } from "react";
import type { Client } from "../../client/client";
import type { LostReason } from "../../client/outbox";
import type { ClientEvent } from "../../client/events";
import type { ShellChanged } from "../../protocol/messages";
import { trans } from "../../translation";
import { excerpt } from "../../session/excerpt";

export interface Notice {
  /** One that comes with the key of another replaces it. */
  key: string;
  text: string;
  tone: "info" | "error";
  /** Whom it is about, so that several who come at once are one notice. */
  names?: readonly string[];
  /** Stays until it is dismissed. */
  stays?: boolean;
  /** The sender, if the text is the start of a chat message. */
  sender?: string;
}

export interface Notices {
  list: readonly Notice[];
  notify(text: string): void;
  drop(key: string): void;
}

const MOST = 20;
/** The key of the notice of the newest chat message. */
const CHAT = "chat";
/** Characters of a chat message that a notice shows. */
const CHAT_LENGTH = 100;

const LOST: Record<LostReason, () => string> = {
  unknown: () => trans.__("The host restarted. What you typed may not have arrived"),
  noShell: () => trans.__("The shell closed before it received what you typed"),
  notAllowed: () => trans.__("You have read-only access now, so this was not sent"),
  ended: () => trans.__("The session ended before it received what you typed"),
};

/** @param chatOpen - whether the person sees the chat, and needs no notice of its messages. */
export function useNotices(client: Client, chatOpen: boolean): Notices {
  const [list, setList] = useState<readonly Notice[]>(() => {
    const offer = client.state === "connected" ? offerOf(client) : "";
    return offer ? [note(offer)] : [];
  });

  const drop = useCallback((key: string) => setList((now) => now.filter((notice) => notice.key !== key)), []);
  const put = useCallback((key: string, make: (before: Notice | undefined) => Omit<Notice, "key">) => {
    setList((now) => {
      const others = now.filter((notice) => notice.key !== key);
      return [...others, { key, ...make(now.find((notice) => notice.key === key)) }].slice(-MOST);
    });
  }, []);
  const notify = useCallback((text: string) => put(`note ${text}`, () => note(text)), [put]);

  useEffect(() => {
    const ownNews = watchOneself(client, notify);
    return client.on((event) => {
      if (event.type === "error") put(`error ${event.text}`, () => ({ text: event.text, tone: "error" }));
      else if (event.type === "lost") {
        const { text, reason } = event;
        put(`lost ${reason} ${text}`, () => ({ text: `${LOST[reason]()}: «${text}».`, tone: "error", stays: true }));
      } else if (event.type === "joined" || event.type === "left") {
        const { type, user } = event;
        if (user.pending) return; // told as a request to its owners
        put(type, (before) => {
          const names = [...(before?.names ?? []).filter((name) => name !== user.name), user.name];
          const who = summary(names);
          const text = type === "joined" ? trans.__("%1 joined", who) : trans.__("%1 left", who);
          return { text, tone: "info", names };
        });
      } else if (event.type === "shell") {
        const text = event.uid === client.uid ? "" : shellNews(event);
        if (text) put(`shell ${event.sid} ${event.change}`, () => ({ text, tone: "info" }));
      } else {
        ownNews(event);
        // What happened before the end is no news beside it; what went wrong still is.
        if (event.type === "state" && client.state === "ended")
          setList((now) => now.filter(({ tone }) => tone === "error"));
      }
    });
  }, [client, notify, put]);

  useEffect(() => {
    if (chatOpen) return;
    return client.on((event) => {
      if (event.type !== "chat" || event.message.uid === client.uid || !hasArrived(client)) return;
      const { name, text } = event.message;
      put(CHAT, () => ({ text: excerpt(text, CHAT_LENGTH), tone: "info", sender: name }));
    });
  }, [client, chatOpen, put]);
  if (chatOpen && list.some(({ key }) => key === CHAT)) drop(CHAT);

  return { list, notify, drop };
}

/** Whether chat messages are new ones. The host sends those from before the client joined while it still connects. */
function hasArrived({ state }: Client): boolean {
  return state === "connected" || state === "reconnecting";
}

function note(text: string): Notice {
  return { key: `note ${text}`, text, tone: "info" };
}

/** What became of a shell, as a sentence without its period; empty for what only a newer host knows. */
export function shellNews({ change, title, name }: ShellChanged): string {
  const who = name || trans.__("The host");
  switch (change) {
    case "opened":
      return trans.__("%1 opened “%2”", who, title);
    case "closed":
      return trans.__("%1 closed “%2”", who, title);
    case "removed":
      return trans.__("%1 removed “%2” from the session", who, title);
    case "renamed":
      return trans.__("%1 renamed a shell to “%2”", who, title);
    case "ended":
      return trans.__("“%1” has ended", title);
    default:
      return "";
  }
}

/** Ada; Ada and Bob; Ada, Bob and 3 others. */
export function summary(names: readonly string[]): string {
  const [first = "", second] = names;
  if (second === undefined) return first;
  if (names.length === 2) return trans.__("%1 and %2", first, second);
  return trans._n("%2, %3, and %1 other", "%2, %3, and %1 others", names.length - 2, first, second);
}

/** The sentence that names the host and the session, without its period; empty for owners, and where the host tells neither. */
export function offerOf({ role, info }: Pick<Client, "role" | "info">): string {
  return role !== "owner" && info?.host && info.name ? trans.__("%1 shares “%2”", info.host, info.name) : "";
}

/** Tells what became of one's own connection and role, and an owner of new tickets. */
function watchOneself(client: Client, tell: (text: string) => void): (event: ClientEvent) => void {
  let { state } = client;
  let me = client.users.get(client.uid);
  let rotations = client.info?.rotations;
  return (event) => {
    if (event.type === "state") {
      if (state === "reconnecting" && client.state === "connected") tell(trans.__("Reconnected"));
      else if (state !== "connected" && client.state === "connected" && offerOf(client)) tell(offerOf(client));
      ({ state } = client);
    } else if (event.type === "users" || event.type === "info") {
      const now = client.users.get(client.uid);
      if (now !== undefined && me !== undefined) {
        if (now.role !== me.role)
          tell(
            now.role === "reader" ? trans.__("You now have read-only access") : trans.__("You now have write access"),
          );
        else if (me.wantsWrite && !now.wantsWrite) tell(trans.__("The host declined your request for write access"));
      }
      me = now ?? me;
      const renewed = client.info?.rotations;
      if (client.role === "owner" && rotations !== undefined && renewed !== undefined && renewed > rotations) {
        tell(trans.__("New tickets were made. The old ones no longer work"));
      }
      rotations = renewed ?? rotations;
    }
  };
}
