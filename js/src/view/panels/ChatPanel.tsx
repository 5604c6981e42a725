/** The chat: what was said, and the field to say something. */
import "../sharedStyles";
import "./ChatPanel.css";
import { Fragment, memo, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { FormEvent, KeyboardEvent } from "react";
import type { Client } from "../../client/client";
import type { Hear } from "../../protocol/messages";
import { Avatar } from "../Avatar";
import { dateOf, grouped, type Conversation } from "./conversation";
import { DownIcon, SendIcon } from "../icons";
import { linkify } from "./linkify";
import type { Person } from "../../session/people";
import { useClient } from "../useClient";
import { trans } from "../../translation";

/** Characters in a message, as the host counts them. */
const MOST = 4000;
const COUNT_FROM = MOST - 400;
/** Messages that are shown at first, and more each time. */
const PAGE = 200;
/** Pixels from the end within which someone counts as reading the end. */
const NEAR_END = 32;

interface ChatPanelProps {
  client: Client;
  people: readonly Person[];
  conversation: Conversation;
  narrow: boolean;
}

export function ChatPanel({ client, people, conversation, narrow }: ChatPanelProps) {
  const { messages } = conversation;
  const uid = useClient(client, (now) => now.uid);
  const [most, setMost] = useState(PAGE);
  const shown = useMemo(() => messages.slice(-most), [messages, most]);
  const { log, behind, onScroll, toEnd } = useStickyEnd(messages, uid);
  return (
    <>
      <div className="sshx-chat">
        {/* The log scrolls, so the keyboard has to reach it. */}
        {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
        <div ref={log} className="sshx-log" role="log" aria-label={trans.__("Chat")} tabIndex={0} onScroll={onScroll}>
          {messages.length > most && (
            <button type="button" className="sshx-button sshx-earlier" onClick={() => setMost(most + PAGE)}>
              {trans.__("Earlier messages")}
            </button>
          )}
          <Talks messages={shown} people={people} uid={uid} />
        </div>
        {behind && (
          <button type="button" className="sshx-button sshx-primary sshx-to-end" onClick={toEnd}>
            <DownIcon />
            {trans.__("New messages")}
          </button>
        )}
      </div>
      <MessageField client={client} conversation={conversation} focused={!narrow} />
    </>
  );
}

// Parts that stay as they are while someone types, or another message comes: there may be a thousand of them.

interface TalksProps {
  messages: readonly Hear[];
  people: readonly Person[];
  uid: number;
}

const Talks = memo(function Talks({ messages, people, uid }: TalksProps) {
  if (messages.length === 0) {
    return <p className="sshx-hint">{trans.__("No messages yet. Everyone in the session can read the chat.")}</p>;
  }
  const colors = new Map(people.flatMap(({ clients, color }) => clients.map((client) => [client, color])));
  return grouped(messages).map(({ uid: author, name, messages, newDay }) => (
    <div key={keyOf(messages[0])} className="sshx-talk" data-own={author === uid || undefined}>
      <TalkHead first={messages[0]} own={author === uid} {...{ name, newDay }} color={colors.get(author) ?? GONE} />
      {messages.map((message) => (
        <Said key={keyOf(message)} message={message} />
      ))}
    </div>
  ));
});

function keyOf(message: Hear): string {
  return `${message.time} ${message.uid}`;
}

/** The color of who is not here any more. */
const GONE = "#808080";

const dayOf = formatter({ weekday: "long", day: "numeric", month: "long" });
const timeOf = formatter({ timeStyle: "short" });
const dateAndTimeOf = formatter({ dateStyle: "full", timeStyle: "medium" });

/** Makes the format when it is first used: that takes 15 ms, which a page that is being loaded has not. */
function formatter(options: Intl.DateTimeFormatOptions): (date: Date) => string {
  let format: Intl.DateTimeFormat | undefined;
  return (date) => (format ??= new Intl.DateTimeFormat([], options)).format(date);
}

interface TalkHeadProps {
  first: Hear;
  name: string;
  own: boolean;
  newDay: boolean;
  color: string;
}

const TalkHead = memo(function TalkHead({ first, name, own, newDay, color }: TalkHeadProps) {
  const date = dateOf(first);
  return (
    <>
      {newDay && <p className="sshx-day">{dayOf(date)}</p>}
      <Avatar name={name} color={color} />
      <div className="sshx-talk-head">
        <bdi className="sshx-author">{name}</bdi>
        {own && <span className="sshx-soft">{trans.__("(you)")}</span>}
        <time className="sshx-soft" dateTime={date.toISOString()} title={dateAndTimeOf(date)}>
          {timeOf(date)}
        </time>
      </div>
    </>
  );
});

const Said = memo(function Said({ message }: { message: Hear }) {
  return (
    <p className="sshx-said" title={dateAndTimeOf(dateOf(message))}>
      <Words text={message.text} />
    </p>
  );
});

function Words({ text }: { text: string }) {
  return linkify(text).map((piece, at) => (
    <Fragment key={at}>
      {piece.href === null ? (
        piece.text
      ) : (
        <a href={piece.href} target="_blank" rel="noopener noreferrer">
          {piece.text}
        </a>
      )}
    </Fragment>
  ));
}

/** Keeps the end in view for who reads the end, and leaves the others where they are. */
function useStickyEnd(messages: readonly Hear[], uid: number) {
  const log = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const [behind, setBehind] = useState(false);
  const shown = useRef(messages);

  const toEnd = () => {
    if (log.current !== null) log.current.scrollTop = log.current.scrollHeight;
  };
  const onScroll = () => {
    const { scrollHeight, scrollTop, clientHeight } = log.current!;
    atEnd.current = scrollHeight - scrollTop - clientHeight < NEAR_END;
    if (atEnd.current) setBehind(false);
  };
  useLayoutEffect(() => {
    const more = shown.current !== messages;
    shown.current = messages;
    if (atEnd.current || (more && messages.at(-1)?.uid === uid)) toEnd();
    else if (more) setBehind(true);
  }, [messages, uid]);
  useEffect(() => {
    // A panel that gets smaller, for a keyboard on the screen perhaps, keeps showing the end.
    const observer = new ResizeObserver(() => {
      if (atEnd.current) toEnd();
    });
    observer.observe(log.current!);
    return () => observer.disconnect();
  }, []);
  return { log, behind, onScroll, toEnd };
}

interface MessageFieldProps {
  client: Client;
  conversation: Conversation;
  /** Whether to take the focus. */
  focused: boolean;
}

function MessageField({ client, conversation, focused }: MessageFieldProps) {
  const { draft, write, send } = conversation;
  const connected = useClient(client, (now) => now.state === "connected");
  const ended = useClient(client, (now) => now.state === "ended");
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    if (focused) field.current?.focus({ preventScroll: true });
  }, [focused]);

  const length = draft.length > 4 * MOST ? draft.length : Array.from(draft.trim()).length;
  const tooLong = length > MOST;
  const hint = tooLong
    ? trans.__("A message can have at most %1 characters. This one has %2.", MOST, length)
    : ended
      ? trans.__("The session has ended.")
      : !connected
        ? trans.__("You are not connected. Send the message after you reconnect.")
        : length > COUNT_FROM
          ? trans._n("%1 character left", "%1 characters left", MOST - length)
          : "";

  const submit = (event: FormEvent | KeyboardEvent) => {
    event.preventDefault();
    if (connected && !tooLong && length > 0) send(draft.trim());
  };
  return (
    <form className="sshx-say" onSubmit={submit}>
      <textarea
        ref={field}
        aria-label={trans.__("Message")}
        aria-describedby="sshx-say-hint"
        aria-invalid={tooLong || undefined}
        placeholder={trans.__("Message everyone")}
        title={trans.__("Enter to send, Shift+Enter for a new line")}
        rows={1}
        value={draft}
        onChange={(event) => write(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) submit(event);
        }}
      />
      <button
        type="submit"
        className="sshx-icon-button sshx-send"
        aria-label={trans.__("Send")}
        title={trans.__("Send")}
        aria-disabled={!connected || tooLong || length === 0 || undefined}
      >
        <SendIcon />
      </button>
      <p id="sshx-say-hint" className="sshx-hint" data-wrong={tooLong || undefined} aria-live="polite">
        {hint}
      </p>
    </form>
  );
}
