/** On a narrow screen, keeps the cursor in view after one has typed, until one drags or pinches. */
import type { ShellTerminal } from "../terminal/terminal";
import type { Viewport } from "./viewport";

/** Milliseconds that the cursor must rest: programs that print a lot do not shake the view. */
const RESTED = 100;

export class CursorFollower {
  private following = true;
  private moving: ReturnType<typeof setTimeout> | null = null;
  private readonly listeners;

  constructor(
    private readonly terminal: ShellTerminal,
    private readonly viewport: Viewport,
    private readonly frame: HTMLElement,
  ) {
    const { xterm } = terminal;
    this.listeners = [
      xterm.onData(() => {
        this.following = true;
        this.keep();
      }),
      // Full-screen programs leave the cursor anywhere.
      xterm.onCursorMove(() => {
        if (this.following && xterm.buffer.active.type === "normal") this.keepSoon();
      }),
    ];
  }

  close(): void {
    for (const listener of this.listeners) listener.dispose();
    if (this.moving !== null) clearTimeout(this.moving);
  }

  /** The person looks elsewhere. */
  letGo(): void {
    this.following = false;
  }

  /** Show the cursor, with the line up to it if there is room. */
  keep(): void {
    const { cursor } = this.terminal;
    if (!cursor) return;
    const width = cursor.x + cursor.width;
    const fits = width * this.viewport.scale <= this.frame.clientWidth;
    this.viewport.include(fits ? { ...cursor, x: 0, width } : cursor);
  }

  private keepSoon(): void {
    if (this.moving !== null) clearTimeout(this.moving);
    this.moving = setTimeout(() => this.keep(), RESTED);
  }
}
