/** Predictive echo: shows typed characters before the host has echoed them. */
import type { IDisposable, Terminal } from "@xterm/xterm";
import { keysOf } from "./keys";
import { Overlay } from "./overlay";
import "./predict.css";
import { Predictor } from "./predictor";
import { readScreen, type Screen } from "./screen";

/** Round trips above the first are worth it, and stay so until they are below the second. In milliseconds. */
const SLOW = 30;
const FAST = 20;

export class PredictiveEcho {
  private readonly predictor = new Predictor();
  private readonly overlay: Overlay;
  private readonly listeners: IDisposable[];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private wanted = true;
  private measured: number | null = null;
  private slow = false;
  private broken = false;

  /** Draws above an opened terminal. */
  constructor(private readonly terminal: Terminal) {
    this.overlay = new Overlay(terminal);
    this.listeners = [
      terminal.onResize(() => this.reset()),
      terminal.buffer.onBufferChange(() => this.reset()),
      // Scrolling, another font and other colors are drawn too.
      terminal.onRender(() => this.overlay.refresh()),
    ];
  }

  get enabled(): boolean {
    return this.wanted;
  }

  set enabled(enabled: boolean) {
    this.wanted = enabled;
    if (!enabled) this.reset();
  }

  /** Milliseconds from a keystroke to its echo as measured, or null. */
  get roundTrip(): number | null {
    return this.measured;
  }

  set roundTrip(roundTrip: number | null) {
    if (this.broken && roundTrip === null) return;
    this.measured = roundTrip;
    this.predictor.roundTrip = roundTrip ?? 0;
    this.slow = roundTrip !== null && roundTrip > (this.slow ? FAST : SLOW);
    this.show();
  }

  /** Whether keys wait for the connection: until they are sent, what they will do stays in sight. */
  get waiting(): boolean {
    return this.broken;
  }

  set waiting(waiting: boolean) {
    if (waiting === this.broken) return;
    this.broken = waiting;
    if (!waiting) this.predictor.restart(performance.now());
    this.show();
  }

  /** The person typed `data`, which is on its way to the host. */
  typed(data: string): void {
    this.update((screen) => {
      const now = performance.now();
      for (const key of keysOf(data)) this.predictor.typed(key, screen, now);
    });
  }

  /** The terminal has parsed output of the host. */
  printed(): void {
    if (this.predictor.lateAt === null) return;
    this.update((screen) => this.predictor.printed(screen));
  }

  /** The screen was drawn anew, resized, or the session ended: forget all predictions. */
  reset(): void {
    this.predictor.forget();
    this.show();
  }

  dispose(): void {
    for (const listener of this.listeners) listener.dispose();
    clearTimeout(this.timer);
    this.overlay.dispose();
  }

  private update(change: (screen: Screen) => void): void {
    if (!this.wanted) return; // on a fast link it is not shown, and still learns whether the program echoes
    const screen = readScreen(this.terminal);
    if (screen) change(screen);
    else this.predictor.forget();
    this.show();
  }

  private show(): void {
    this.overlay.show(this.slow || this.broken ? this.predictor.picture : null, this.broken);
    clearTimeout(this.timer);
    const { lateAt } = this.predictor;
    if (lateAt === null || this.broken) return;
    const wait = Math.max(0, lateAt - performance.now());
    this.timer = setTimeout(() => this.update((screen) => this.predictor.expire(screen, performance.now())), wait);
  }
}
