/** A shell's terminal in a component: made once, and changed as its look and its permission change. */
import { useEffect, useLayoutEffect, useRef, useState, type RefObject } from "react";
import type { SshxClient } from "../../client/client";
import { ShellTerminal, type Look, type TerminalEvents } from "./terminal";

/** `events` need not be the same functions at each call. */
export function useTerminal(
  element: RefObject<HTMLElement>,
  client: SshxClient,
  sid: number,
  { look, title, typable, events }: { look: Look; title: string; typable: boolean; events: TerminalEvents },
): ShellTerminal | null {
  const [terminal, setTerminal] = useState<ShellTerminal | null>(null);
  const latest = useRef({ look, events });
  useLayoutEffect(() => {
    latest.current = { look, events };
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
      },
      latest.current.look,
    );
    setTerminal(made);
    return () => made.close();
  }, [element, client, sid]);

  useEffect(() => terminal?.setLook(look), [terminal, look]);
  useEffect(() => terminal?.setTitle(title), [terminal, title]);
  useEffect(() => terminal?.setTypable(typable), [terminal, typable]);
  return terminal;
}
