/** What the view keeps of the chat while its panel is closed: what is unread, and what is not sent yet. */
import { useState } from "react";
import type { Client } from "../../client/client";
import type { Hear } from "../../protocol/messages";
import { useClient } from "../useClient";

export interface Conversation {
  messages: readonly Hear[];
  unread: number;
  draft: string;
  write(draft: string): void;
  send(text: string): void;
}

export function useConversation(client: Client, open: boolean): Conversation {
  const messages = useClient(client, (now) => now.messages);
  const last = messages.at(-1) ?? null;
  const [seen, setSeen] = useState<Hear | null>(null);
  // What was said before one came is not new.
  const [arrived, setArrived] = useState(false);
  const connected = useClient(client, (now) => now.state === "connected");
  if (connected && !arrived) setArrived(true);
  if ((open || (connected && !arrived)) && seen !== last) setSeen(last);

  const [draft, setDraft] = useState("");
  return {
    messages,
    unread: open ? 0 : unreadCount(messages, seen, client.uid),
    draft,
    write: setDraft,
    send(text) {
      setDraft("");
      void client.chat(text).then((taken) => {
        if (!taken) setDraft((now) => now || text); // what the host refuses goes back into the field
      });
    },
  };
}

/** How many messages of others follow the one that was seen last. */
export function unreadCount(messages: readonly Hear[], seen: Hear | null, uid: number): number {
  const from = seen === null ? 0 : messages.indexOf(seen) + 1; // one that is not kept any more: all are newer
  return messages.slice(from).filter((message) => message.uid !== uid).length;
}

/** Consecutive messages of one person, each at most five minutes after the one before, on one day. */
export interface Group {
  uid: number;
  name: string;
  messages: [Hear, ...Hear[]];
  /** Whether it is the first of its day. */
  newDay: boolean;
}

const PAUSE = 5 * 60;

export function grouped(messages: readonly Hear[]): Group[] {
  const groups: Group[] = [];
  let before: Hear | null = null;
  for (const message of messages) {
    const newDay = before === null || dateOf(message).toDateString() !== dateOf(before).toDateString();
    const group = groups.at(-1);
    const goesOn = group?.uid === message.uid && group.name === message.name && !newDay;
    if (goesOn && message.time - before!.time <= PAUSE) group.messages.push(message);
    else groups.push({ uid: message.uid, name: message.name, messages: [message], newDay });
    before = message;
  }
  return groups;
}

/** When it was said, also if the host's clock is nonsense. */
export function dateOf(message: Hear): Date {
  const date = new Date(message.time * 1000);
  return Number.isNaN(date.getTime()) ? new Date(0) : date;
}
