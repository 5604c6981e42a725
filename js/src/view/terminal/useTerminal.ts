/** A shell's terminal in a component: made once, and changed as its options and its permission change. */
import { useEffect, useLayoutEffect, useRef, useState, type RefObject } from "react";
import type { Client } from "../../client/client";
import { ShellTerminal, type TerminalEvents, type TerminalOptions } from "./terminal";

interface Props {
  options: TerminalOptions;
  title: string;
  /** The ID of the element that says how to leave the terminal. */
  hint: string;
  typable: boolean;
  /** These need not be the same functions at each call. */
  events: TerminalEvents;
}

export function useTerminal(
  element: RefObject<HTMLElement>,
  client: Client,
  sid: number,
  { options, title, hint, typable, events }: Props,
): ShellTerminal | null {
  const [terminal, setTerminal] = useState<ShellTerminal | null>(null);
  const latest = useRef({ options, events });
  useLayoutEffect(() => {
    latest.current = { options, events };
  });

  useLayoutEffect(() => {
    const made = new ShellTerminal(
      element.current!,
      client,
      sid,
      {
        onFind: () => latest.current.events.onFind(),
        onLeave: () => latest.current.events.onLeave(),
        onRefused: () => latest.current.events.onRefused(),
        onCtrlUsed: () => latest.current.events.onCtrlUsed(),
        onSize: () => latest.current.events.onSize(),
        onPasteLines: (text) => latest.current.events.onPasteLines(text),
      },
      latest.current.options,
    );
    setTerminal(made);
    return () => made.close();
  }, [element, client, sid]);

  useEffect(() => terminal?.setOptions(options), [terminal, options]);
  useEffect(() => terminal?.setTitle(title, hint), [terminal, title, hint]);
  useEffect(() => terminal?.setTypable(typable), [terminal, typable]);
  return terminal;
}
