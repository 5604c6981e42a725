/**
 * xterm.js 6 moves its scroll bar at each line that scrolls, with timers to show and hide it, which takes longer than
 * to parse the line. This makes it follow once a frame. It leaves other versions alone.
 */
import type { Terminal } from "@xterm/xterm";

interface XtermViewport {
  /** Moves the scroll bar to where the buffer is; `line` is given where xterm.js has gathered calls itself. */
  _sync(line?: number): void;
  scrollLines(count: number): void;
  scrollToLine(line: number, atOnce?: boolean): void;
}

export function followOncePerFrame(terminal: Terminal): void {
  const viewport = (terminal as unknown as { _core?: { _viewport?: Partial<XtermViewport> } })._core?._viewport;
  const { _sync, scrollLines, scrollToLine } = viewport ?? {};
  if (!viewport || !_sync || !scrollLines || !scrollToLine) return;
  let frame = 0;
  const follow = () => {
    frame = 0;
    if (terminal.element?.isConnected) _sync.call(viewport);
  };
  /** These start from where the scroll bar is. */
  const catchUp = () => {
    if (frame === 0) return;
    cancelAnimationFrame(frame);
    follow();
  };
  viewport._sync = (line) => {
    if (line !== undefined) _sync.call(viewport, line);
    else if (frame === 0) frame = requestAnimationFrame(follow);
  };
  viewport.scrollLines = (count) => {
    catchUp();
    scrollLines.call(viewport, count);
  };
  viewport.scrollToLine = (line, atOnce) => {
    catchUp();
    scrollToLine.call(viewport, line, atOnce);
  };
}
