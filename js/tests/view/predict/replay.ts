/** Plays a recorded session to a terminal with predictions, over a link with a round trip of its own. */
import { readFileSync } from "node:fs";
import { Terminal } from "@xterm/headless";
import { keysOf } from "../../../src/view/predict/keys";
import { Predictor, type Picture } from "../../../src/view/predict/predictor";
import { readScreen, type Screen } from "../../../src/view/predict/screen";

export type Recording = ["in" | "out", string][];

export function recording(name: string): Recording {
  return JSON.parse(readFileSync(`${import.meta.dirname}/recordings/${name}.json`, "utf8")) as Recording;
}

export interface Moment {
  picture: Picture | null;
  /** What is seen: the real line with the picture above it. Null in full-screen programs. */
  seen: Screen | null;
  alternate: boolean;
  /** How many keys have been typed, and how many of them are fully echoed. */
  typed: number;
  echoed: number;
}

export interface Link {
  /** Milliseconds from each key to its echo. */
  roundTrip: (now: number) => number;
  /** Milliseconds from key to key. */
  pause: () => number;
  /** What the client believes the round trip to be. */
  measured: number;
  /** In which pieces output arrives. */
  split?: (data: string) => string[];
}

export class Replay {
  /** What a terminal next to the host shows once it has answered the n-th key. */
  readonly truth: (Screen | null)[] = [];
  /** After each key. */
  readonly typed: Moment[] = [];
  /** After each parse. */
  readonly parsed: Moment[] = [];

  static async run(events: Recording, link: Link): Promise<Replay> {
    const replay = new Replay(events);
    await replay.findTruth();
    await replay.play(link);
    return replay;
  }

  private constructor(private readonly events: Recording) {}

  private async findTruth(): Promise<void> {
    const terminal = newTerminal();
    for (const [who, data] of this.events) {
      if (who === "in") this.truth.push(readScreen(terminal));
      else await write(terminal, data);
    }
    this.truth.push(readScreen(terminal));
    terminal.dispose();
  }

  private async play(link: Link): Promise<void> {
    const terminal = newTerminal();
    const predictor = new Predictor();
    predictor.roundTrip = link.measured;
    const counts = { typed: 0, echoed: 0 };
    const moment = (): Moment => {
      const screen = readScreen(terminal);
      const { picture } = predictor;
      const alternate = terminal.buffer.active.type === "alternate";
      return { picture, seen: screen && overlaid(screen, picture), alternate, ...counts };
    };

    // When each thing happens. Output comes a round trip after the key that it follows, in order.
    const timeline: { at: number; action: () => void | Promise<void> }[] = [];
    let typedAt = 0;
    let arrives = 0;
    for (const [i, [who, data]] of this.events.entries()) {
      if (who === "in") {
        typedAt += link.pause();
        arrives = Math.max(arrives, typedAt + link.roundTrip(typedAt));
        const at = typedAt;
        timeline.push({
          at,
          action: () => {
            const screen = readScreen(terminal);
            if (screen) for (const key of keysOf(data)) predictor.typed(key, screen, at);
            else predictor.forget();
            counts.typed++;
            this.typed.push(moment());
          },
        });
      } else {
        const pieces = link.split?.(data) ?? [data];
        for (const [n, piece] of pieces.entries()) {
          const at = arrives;
          const last = n === pieces.length - 1 && this.events[i + 1]?.[0] !== "out";
          const echoed = this.events.slice(0, i).filter(([who]) => who === "in").length;
          timeline.push({
            at,
            action: async () => {
              await write(terminal, piece);
              if (last) counts.echoed = echoed;
              const screen = readScreen(terminal);
              if (screen) predictor.printed(screen);
              else predictor.forget();
              this.parsed.push(moment());
            },
          });
        }
      }
    }
    timeline.sort((a, b) => a.at - b.at);
    const expire = (now: number) => {
      for (let late = predictor.lateAt; late !== null && late <= now; late = predictor.lateAt) {
        const screen = readScreen(terminal);
        if (screen) predictor.expire(screen, late);
        else predictor.forget();
      }
    };
    for (const { at, action } of timeline) {
      expire(at);
      await action();
    }
    counts.echoed = counts.typed;
    this.parsed.push(moment());
    expire(Infinity);
    this.parsed.push(moment());
    terminal.dispose();
  }

  /** Whether the n-th key was seen as soon as it was typed, where the host would show it. */
  isInstant(n: number): boolean {
    const { picture, seen } = this.typed[n]!;
    return picture !== null && seen !== null && this.isTrue(seen, n + 1);
  }

  /** Whether the line up to the cursor looks as the host shows it after `n` keys. */
  isTrue(seen: Screen, n: number): boolean {
    const truth = this.truth[n];
    if (truth?.x !== seen.x || truth.y !== seen.y) return false;
    return truth.row.slice(0, truth.x).join() === seen.row.slice(0, seen.x).join();
  }
}

export function newTerminal(): Terminal {
  return new Terminal({ cols: 80, rows: 24, allowProposedApi: true });
}

export function write(terminal: Terminal, data: string): Promise<void> {
  return new Promise((resolve) => terminal.write(data, resolve));
}

/** What is seen with a picture above a terminal. */
export function overlaid(screen: Screen, picture: Picture | null): Screen {
  if (!picture) return screen;
  const row = [...screen.row];
  for (const { x, char, width } of picture.cells) {
    row[x] = char;
    if (width === 2) row[x + 1] = "";
  }
  return { x: picture.x, y: picture.y, row };
}

/** Numbers from 0 to 1, the same for each seed. */
export function random(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let n = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    n = (n + Math.imul(n ^ (n >>> 7), 61 | n)) ^ n;
    return ((n ^ (n >>> 14)) >>> 0) / 2 ** 32;
  };
}
