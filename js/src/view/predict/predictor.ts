/**
 * Foretells what the keys that are on their way to the host will do to the line that is edited, in the manner of
 * Mosh's speculative echo. No terminal and no clock of its own: screens and times come in, a picture comes out.
 *
 * Each key gives a state: how the line looks once the key is echoed. After each parse the screen has to look like
 * one of these states, or like the line before them; otherwise all of them were wrong, and go.
 *
 * A state belongs to an epoch, and is shown only after another one of the same epoch has come true: the program
 * echoes, and in the way expected. A key that nobody can foretell, and any output that was not foretold, begin a new
 * epoch. So what is typed at a password prompt never shows.
 */
import type { Key } from "./keys";
import type { Screen } from "./screen";

/** The line as it should look, with what is different from the real one. */
export interface Picture {
  readonly x: number;
  readonly y: number;
  readonly cells: readonly PictureCell[];
}

export interface PictureCell {
  readonly x: number;
  readonly char: string;
  /** Columns. */
  readonly width: number;
}

interface State extends Screen {
  /** Columns before this one are foretold; nothing is known of the others. */
  readonly known: number;
  /** What was right of the cursor before the key. */
  readonly rest: readonly string[];
  readonly epoch: number;
  /** Whether the program must have echoed the key, if the screen comes to look so. */
  readonly proof: boolean;
}

/** What a state is made from: another one, or the real screen. */
type Before = Pick<State, "x" | "y" | "row" | "known">;

interface Sent {
  readonly key: Key;
  readonly at: number;
}

/** What the first `count` keys have done, the last of them as `states` say. */
interface Explanation {
  readonly states: State[];
  readonly count: number;
  readonly middle: boolean;
}

/** Keys in flight. With more, something else is going on than typing. */
const MAX_SENT = 256;
/** How many of them are tried to find out which one was echoed. */
const MAX_TRIED = 32;
/** How many right predictions it takes to be trusted again after a wrong one was shown, and after many. */
const DOUBT = 3;
const MAX_DOUBT = 12;
/** Milliseconds after which a prediction is given up, at least. */
const LATE = 1000;

/** What masks a password, or cannot be told from an erased cell. To see it typed proves nothing. */
const UNPROVEN = new Set([" ", "*", "•", "●", "·"]);

export class Predictor {
  /** Milliseconds from a key to its echo. */
  roundTrip = 0;

  /** The line as it really was when last looked at. */
  private base: Screen | null = null;
  /** The keys that may not have been echoed yet. */
  private sent: Sent[] = [];
  /** Whether `base` has the echo of no key in `sent`, and of all before. Otherwise some of the first may be echoed. */
  private synced = true;
  /** While in sync: the line after the first key, after the second, and so on up to a key that nobody can foretell. */
  private states: State[] = [];
  private epoch = 1;
  private confirmed = 0;
  /** Whether this epoch has edited a line's middle. */
  private middle = false;
  /** Whether typing moves what is right of the cursor. It does not if that is a suggestion, or a prompt of its own. */
  private shifts = true;
  /** Where what the person may edit begins: backspace and arrows stop there. */
  private floor: Screen | null = null;
  private doubt = 0;

  /** A key was sent while the terminal showed `screen`. */
  typed(key: Key, screen: Screen, now: number): void {
    if (this.sent.length >= MAX_SENT) this.forget();
    if (this.sent.length === 0) {
      if (!this.base || !looksLike(screen, this.base, this.knownOf(this.base))) this.begin();
      this.base = screen;
      this.synced = true;
      if (this.floor && !startsWith(screen, this.floor)) this.floor = null;
    }
    this.floor ??= screen;
    this.sent.push({ key, at: now });
    if (this.synced && this.states.length === this.sent.length - 1) this.foretell();
    if (key.type === "end") this.floor = null;
  }

  /** The terminal has parsed output, and shows `screen` now. */
  printed(screen: Screen): void {
    const { base } = this;
    if (!base || this.sent.length === 0) return;
    if (looksLike(screen, base, this.knownOf(base))) {
      this.base = screen;
      return;
    }
    if (this.synced) {
      const echoed = this.states.findIndex((state) => looksLike(screen, state, state.known)) + 1;
      if (echoed > 0) {
        this.advance(screen, this.states.slice(0, echoed), echoed);
        return;
      }
      // Where an unforeseeable key was on its way, a new look of the line refutes nothing.
      if (this.states.length === this.sent.length) this.refuted();
    }
    this.find(screen, base);
  }

  /** Give up what should have come true by now. */
  expire(screen: Screen, now: number): void {
    const { lateAt } = this;
    if (lateAt === null || now < lateAt) return;
    const last = this.states.at(-1);
    // Keys that undo each other leave the line as it was, and nobody saw when.
    if (last && looksLike(screen, last, last.known)) {
      this.base = screen;
      this.sent = this.sent.slice(this.states.length);
      this.states = [];
    } else {
      if (last) this.refuted();
      this.startOver(
        screen,
        this.sent.filter(({ at }) => at + this.patience > now),
      );
    }
  }

  /** The keys are sent only now. */
  restart(now: number): void {
    this.sent = this.sent.map(({ key }) => ({ key, at: now }));
  }

  /** When to call `expire`, or null. */
  get lateAt(): number | null {
    const oldest = this.sent[0];
    return oldest ? oldest.at + this.patience : null;
  }

  /** What to show now, or null. */
  get picture(): Picture | null {
    const shown = this.shown();
    if (!this.base || !shown) return null;
    const { row } = this.base;
    const cells = [];
    for (let x = 0; x < shown.known; x++) {
      const char = shown.row[x]!;
      if (char !== row[x] && char !== "") cells.push({ x, char, width: widthAt(shown.row, x) });
    }
    if (cells.length === 0 && shown.x === this.base.x) return null;
    return { x: shown.x, y: shown.y, cells };
  }

  /** Nothing is known of the screen any more. */
  forget(): void {
    this.base = null;
    this.floor = null;
    this.sent = [];
    this.states = [];
    this.begin();
  }

  private get patience(): number {
    return Math.max(LATE, 4 * this.roundTrip);
  }

  /** Begin a new epoch. */
  private begin(): void {
    this.epoch++;
    this.middle = false;
  }

  /** Go on from a screen of which it is not known what keys it has echoed. */
  private startOver(screen: Screen, sent: Sent[]): void {
    this.begin();
    this.base = screen;
    this.sent = sent;
    this.states = [];
    this.synced = sent.length === 0;
  }

  /** `screen` has the echo of the first `count` keys, the last of them as `echoed` foretold. */
  private advance(screen: Screen, echoed: State[], count: number): void {
    for (const { proof, epoch } of echoed) {
      if (!proof) continue;
      this.confirmed = Math.max(this.confirmed, epoch);
      this.doubt = Math.max(0, this.doubt - 1);
    }
    this.base = screen;
    this.sent = this.sent.slice(count);
    this.states = this.states.slice(count);

    const { x, row } = screen;
    const { rest } = echoed.at(-1)!;
    if (this.shifts || rest.length === 0 || textEnd(row) !== x + rest.length) return;
    if (rest.some((char, i) => row[x + i] !== char)) return;
    // The end of the line has moved after all.
    this.shifts = true;
    this.refuted();
    this.begin();
    this.states = [];
    this.foretell();
  }

  /** The line went from `base` to `screen`: find out by which keys. */
  private find(screen: Screen, base: Screen): void {
    const { sent } = this;
    let found = this.explain(screen, base);
    if (found.length === 0 && this.shifts) {
      this.shifts = false;
      found = this.explain(screen, base);
      this.shifts = found.length === 0;
    }
    const first = found[0];
    if (!first) {
      // The line may begin elsewhere now, except if this is what a key has done.
      if (sent.every(({ key }) => key.type !== "other")) this.floor = null;
      this.startOver(screen, sent);
    } else if (found.some(({ count }) => count !== first.count)) {
      // It could be the one or the other: wait for what comes next.
      const count = Math.min(...found.map((each) => each.count));
      this.startOver(screen, sent.slice(count));
    } else {
      this.states = [];
      this.synced = true;
      this.epoch = first.states.at(-1)!.epoch;
      this.middle = first.middle;
      this.advance(screen, first.states, first.count);
      this.foretell();
    }
  }

  /** Each way in which some of the keys, one after the other, change `base` to `screen`. */
  private explain(screen: Screen, base: Screen): Explanation[] {
    const found = [];
    for (let start = Math.max(0, this.sent.length - MAX_TRIED); start < this.sent.length; start++) {
      this.begin();
      const states: State[] = [];
      let before = this.before(base);
      for (const { key } of this.sent.slice(start)) {
        const state = this.after(key, before);
        if (!state) break;
        states.push(state);
        before = state;
        if (!looksLike(screen, state, state.known)) continue;
        found.push({ states, count: start + states.length, middle: this.middle });
        break;
      }
    }
    return found;
  }

  /** A prediction was wrong. */
  private refuted(): void {
    if (this.shown()) this.doubt = Math.min(MAX_DOUBT, this.doubt + DOUBT);
  }

  private shown(): State | undefined {
    if (this.doubt > 0) return undefined;
    return this.states.findLast((state) => state.epoch <= this.confirmed);
  }

  /** Foretell all keys that have no state yet, up to one that nobody can. */
  private foretell(): void {
    for (const { key } of this.sent.slice(this.states.length)) {
      const before = this.states.at(-1) ?? (this.base && this.before(this.base));
      const state = before && this.after(key, before);
      if (!state) {
        this.begin();
        return;
      }
      this.states.push(state);
    }
  }

  private before(screen: Screen): Before {
    return { ...screen, known: this.knownOf(screen) };
  }

  private knownOf({ x, row }: Screen): number {
    return this.shifts ? Math.max(x, textEnd(row)) : x;
  }

  private after(key: Key, before: Before): State | null {
    switch (key.type) {
      case "text":
        return this.afterText(key.char, key.width, before);
      case "backspace":
        return this.afterBackspace(before);
      case "left":
        return this.shifts ? this.moved(before, before.x - widthBefore(before)) : null;
      case "right":
        return this.shifts ? this.moved(before, before.x + widthAt(before.row, before.x)) : null;
      default:
        return null;
    }
  }

  private afterText(char: string, width: number, before: Before): State | null {
    const { x, row } = before;
    const cols = row.length;
    // What happens at the last column is up to the program.
    if (x + width >= cols) return null;
    const rest = row.slice(x, textEnd(row));
    this.edit(rest);
    const typed = width === 2 ? [char, ""] : [char];
    const right = this.shifts ? row.slice(x, cols - width) : row.slice(x + width);
    return {
      x: x + width,
      y: before.y,
      row: [...row.slice(0, x), ...typed, ...right],
      known: Math.max(before.known, x + width, this.shifts ? Math.min(cols, x + width + rest.length) : 0),
      rest,
      epoch: this.epoch,
      proof: !UNPROVEN.has(char) && row[x] !== char,
    };
  }

  private afterBackspace(before: Before): State | null {
    const { row } = before;
    const width = widthBefore(before);
    const x = before.x - width;
    if (!this.isEditable(x, before.y)) return null;
    this.edit(row.slice(before.x, textEnd(row)));
    const state = { x, y: before.y, rest: [], epoch: this.epoch, proof: false };
    // A suggestion may come back.
    if (!this.shifts) return { ...state, row, known: x };
    const blanks = Array<string>(width).fill(" ");
    return {
      ...state,
      row: [...row.slice(0, x), ...row.slice(before.x), ...blanks],
      // A line that fills the row may go on in the next one.
      known: Math.min(Math.max(before.known, before.x), row.length - width),
    };
  }

  private moved({ y, row, known }: Before, x: number): State | null {
    if (!this.isEditable(x, y) || x > textEnd(row) || x >= row.length) return null;
    return { x, y, row, known: Math.max(known, x), rest: [], epoch: this.epoch, proof: false };
  }

  /** To move the end of a line is a guess of its own. */
  private edit(rest: readonly string[]): void {
    if (rest.length === 0 || !this.shifts || this.middle) return;
    this.begin();
    this.middle = true;
  }

  private isEditable(x: number, y: number): boolean {
    return this.floor !== null && y === this.floor.y && x >= this.floor.x;
  }
}

/** Whether the cursors are at the same place, what is left of them is the same, and all before column `known`. */
function looksLike(screen: Screen, other: Screen, known: number): boolean {
  if (screen.x !== other.x || screen.y !== other.y || screen.row.length !== other.row.length) return false;
  const end = Math.max(screen.x, known);
  for (let x = 0; x < end; x++) if (screen.row[x] !== other.row[x]) return false;
  return true;
}

/** Whether the line has the text that `start` has left of its cursor, and the cursor not before its end. */
function startsWith(screen: Screen, start: Screen): boolean {
  return screen.x >= start.x && looksLike({ ...screen, x: start.x }, start, 0);
}

/** The column after the last that is not blank. */
function textEnd(row: readonly string[]): number {
  return row.findLastIndex((char) => char !== " ") + 1;
}

function widthAt(row: readonly string[], x: number): number {
  return row[x + 1] === "" ? 2 : 1;
}

function widthBefore({ x, row }: Before): number {
  return row[x - 1] === "" ? 2 : 1;
}
