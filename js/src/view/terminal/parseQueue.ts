/** What a terminal is yet to parse, in order: output in small pieces, and steps between them. */
import type { Terminal } from "@xterm/xterm";
import { ParseScheduler, type ParseTask } from "./parseScheduler";

/** Bytes that are parsed at a stretch: a few milliseconds, also where there is little but line ends. */
const PIECE = 8 << 10;

type Entry = Output | (() => void);

interface Output {
  data: Uint8Array;
  /** How much of it the terminal was given. */
  given: number;
  /** In one piece, so that nobody sees the terminal in between. */
  whole: boolean;
  parsed(): void;
}

/** All terminals of the page. */
const shared = new ParseScheduler();

/** The host sends little ahead of what is parsed, so this is bounded. */
export class ParseQueue implements ParseTask {
  #entries: Entry[] = [];

  constructor(
    private readonly terminal: Pick<Terminal, "write">,
    private readonly scheduler = shared,
  ) {}

  get waiting(): boolean {
    return this.#entries.length > 0;
  }

  write(data: Uint8Array, parsed: () => void): void {
    this.#add({ data, given: 0, whole: false, parsed });
  }

  /** Output that draws the whole terminal anew, after a step: earlier output that waits is dropped as if it were parsed. */
  replace(step: () => void, data: Uint8Array, parsed: () => void): void {
    const dropped = this.#entries.filter((entry) => typeof entry !== "function");
    this.#entries = this.#entries.filter((entry) => typeof entry === "function");
    for (const output of dropped) output.parsed();
    this.#entries.push(step);
    this.#add({ data, given: 0, whole: true, parsed });
  }

  /** Do something with the terminal after the output that came before. */
  inTurn(step: () => void): void {
    this.#add(step);
  }

  parse(done: () => void): void {
    const entry = this.#entries[0]!;
    if (typeof entry === "function") {
      this.#entries.shift();
      entry();
      done();
      return;
    }
    const end = entry.whole ? entry.data.length : Math.min(entry.given + PIECE, entry.data.length);
    const piece = entry.data.subarray(entry.given, end);
    entry.given = end;
    if (end === entry.data.length) this.#entries.shift();
    this.terminal.write(piece, () => {
      if (end === entry.data.length) entry.parsed();
      done();
    });
  }

  dispose(): void {
    this.#entries = [];
    this.scheduler.remove(this);
  }

  #add(entry: Entry): void {
    this.#entries.push(entry);
    this.scheduler.add(this);
  }
}
