/** `Follow`: keeps in view what the person looks at, until they pan or zoom by hand. */
import { around, type Box } from "./geometry";

/** All shells; or one, which may fill the view; or, once the person pans or zooms, nothing. */
export type Subject = "all" | { readonly sid: number; readonly fills: boolean } | null;

/** What changed: the frame, which shells there are, or only how large windows are and where. */
export type Change = "frame" | "shells" | "windows";

/** From what moves the view least to what moves it most. */
const CHANGES: readonly Change[] = ["windows", "shells", "frame"];

/** The part of a `Viewport` that shows boxes. */
export interface Sight {
  readonly scale: number;
  /** The scale at which `fit` shows a box. */
  scaleFor(box: Box): number;
  shows(box: Box): boolean;
  fit(box: Box, largest?: number): void;
  reveal(box: Box): void;
}

/** The windows of the shells that are there; a window's box is null while it has no size. */
export interface Windows {
  has(sid: number): boolean;
  boxOf(sid: number): Box | null;
  allBoxes(): readonly Box[];
}

/** A shell that fills the view is drawn at most this large. */
const FILLED = 1.5;
/** All shells may be this much smaller than they could be before a moved window makes the view fit them again. */
const LOOSE = 1.25;

export class Follow {
  subject: Subject = "all";
  private held = false;
  private missed: Change | null = null;

  constructor(private readonly windows: Windows) {}

  /** Show all shells, or all of `boxes`, where they are about to be. */
  all(sight: Sight, boxes = this.windows.allBoxes()): void {
    this.subject = "all";
    const all = around(boxes);
    if (all) sight.fit(all);
  }

  /** Show one shell as large as it goes. */
  fill(sight: Sight, sid: number): void {
    this.subject = { sid, fills: true };
    const box = this.windows.boxOf(sid);
    if (box) sight.fit(box, FILLED);
  }

  /** Go to one shell, at the present scale if it fits. */
  show(sight: Sight, sid: number): void {
    this.subject = { sid, fills: false };
    const box = this.windows.boxOf(sid);
    if (box) sight.reveal(box);
  }

  /** The person opened this shell: it is among all shells, or they go to it. */
  opened(sight: Sight, sid: number): void {
    if (this.subject !== "all") this.show(sight, sid);
  }

  /** The person turned to a shell that they see. */
  turnTo(sid: number): void {
    if (this.subject === null || this.subject === "all" || this.subject.sid === sid) return;
    this.subject = { sid, fills: false };
  }

  /** The person panned or zoomed. */
  letGo(): void {
    this.subject = null;
  }

  /** Nothing moves under a pressed button: the person drags or selects something. */
  hold(): void {
    this.held = true;
  }

  /** Without a sight, on a narrow screen, there is nothing to move. */
  release(sight: Sight | null): void {
    this.held = false;
    const { missed } = this;
    this.missed = null;
    if (missed && sight) this.changed(sight, missed);
  }

  changed(sight: Sight, change: Change): void {
    if (this.held) {
      const before = this.missed === null ? -1 : CHANGES.indexOf(this.missed);
      this.missed = CHANGES[Math.max(before, CHANGES.indexOf(change))]!;
      return;
    }
    const { subject, windows } = this;
    if (subject === null) return;
    // Nobody is left with the place where a shell was.
    if (subject === "all" || !windows.has(subject.sid)) {
      const all = around(windows.allBoxes());
      const fitted = all !== null && sight.shows(all) && sight.scaleFor(all) < LOOSE * sight.scale;
      if (change !== "windows" || !fitted) this.all(sight);
      return;
    }
    const box = windows.boxOf(subject.sid);
    if (!box) return;
    if (!subject.fills) sight.reveal(box);
    else if (change === "frame" || !sight.shows(box)) sight.fit(box, FILLED);
  }
}
