/**
 * Shares the page's main thread between its terminals. They parse one after the other, for a few milliseconds in all
 * between two frames, so that the page can draw. xterm.js alone gives each terminal a slice of its own, three of which
 * are longer than two frames.
 *
 * A hidden page parses nothing. So it acknowledges nothing, and the host stops sending once its window is full.
 */

/** What has output to parse. */
export interface ParseTask {
  /** Whether there is something to parse now. */
  readonly waiting: boolean;
  /** Parse a piece, which takes a millisecond or two, and call `done`, perhaps later. */
  parse(done: () => void): void;
}

/** Milliseconds of parsing between two frames. The rest of a frame's 16 ms is for drawing and for what people do. */
const BUDGET = 8;
/** Milliseconds to the next frame from which on the machine does not keep up. Some screens show 30 frames a second. */
const LATE = 40;

export class ParseScheduler {
  /** In the order in which it is their turn. */
  readonly #tasks = new Set<ParseTask>();
  /** The task that parses, in an object of its own for each piece. */
  #turn: { task: ParseTask } | null = null;
  /** The turn that went on when the last frame was drawn. */
  #earlier: { task: ParseTask } | null = null;
  /** Tasks that take longer than a frame for a piece, such as to decode an image: the others do not wait for them. */
  readonly #slow = new Set<ParseTask>();
  #spent = 0;
  #frame = 0;
  #askedAt = 0;
  /** Whether the frame to come is without output, because the one before was late. */
  #resting = false;
  /** Whether a frame is being drawn. */
  #drawing = false;

  get #pausing(): boolean {
    return this.#drawing || this.#resting;
  }

  /** The task has something to parse. */
  add(task: ParseTask): void {
    this.#tasks.add(task);
    this.#next();
  }

  /** The task is never to be called again. */
  remove(task: ParseTask): void {
    this.#tasks.delete(task);
    this.#slow.delete(task);
    if (this.#turn?.task === task) this.#turn = null;
    this.#next();
  }

  #next(): void {
    while (this.#turn === null && this.#spent < BUDGET && !this.#pausing) {
      const task = this.#choose();
      if (task === undefined) return;
      this.#expectFrame();
      if (document.hidden) return; // the next frame comes when someone looks
      this.#parse(task);
    }
  }

  #choose(): ParseTask | undefined {
    for (const task of this.#tasks) {
      if (this.#slow.has(task)) continue;
      if (task.waiting) return task;
      this.#tasks.delete(task);
    }
    return undefined;
  }

  #parse(task: ParseTask): void {
    const turn = { task };
    const started = performance.now();
    this.#tasks.delete(task);
    this.#tasks.add(task); // after the others
    this.#turn = turn;
    task.parse(() => {
      this.#slow.delete(task);
      if (this.#turn === turn) {
        this.#turn = null;
        this.#spent += performance.now() - started;
      }
      this.#next();
    });
  }

  #expectFrame(): void {
    if (this.#frame !== 0) return;
    this.#askedAt = performance.now();
    this.#frame = requestAnimationFrame(() => this.#onFrame());
  }

  /** A frame is about to be drawn: go on after it. */
  #onFrame(): void {
    this.#frame = 0;
    const late = performance.now() - this.#askedAt > LATE;
    this.#resting = late && !this.#resting;
    if (this.#resting) {
      this.#expectFrame();
      return;
    }
    this.#drawing = true;
    setTimeout(() => {
      this.#drawing = false;
      this.#spent = 0;
      if (this.#turn !== null && this.#turn === this.#earlier) {
        this.#slow.add(this.#turn.task);
        this.#turn = null;
      }
      this.#earlier = this.#turn;
      if (this.#turn !== null) this.#expectFrame();
      this.#next();
    });
  }
}
