/**
 * Images in a terminal: sixels, and iTerm2's inline images. The addon that draws them is loaded when the first one
 * comes, and the output waits for it, so that no image and no line is out of place.
 */
import type { IDisposable, Terminal } from "@xterm/xterm";
import { ignoreQueries } from "./queries";

type Addon = typeof import("./imageAddon");

/** Pixels of an image: more than a screen has. Larger ones are not drawn. */
const PIXELS = 4 << 20;
/** Megabytes of a terminal's images, 4 bytes a pixel. The oldest give way. */
const STORAGE = 32;
/** Bytes of an image as it is sent. */
const SENT = 8 << 20;
/** Milliseconds that the output waits for the addon. */
const PATIENCE = 5000;

export class Images {
  private readonly scanner = new ImageScanner();
  private state: "none" | "loading" | "settled" = "none";
  /** What waits for the addon. The host sends little ahead of what is parsed, so this is bounded. */
  private waiting: (() => void)[] = [];
  private queries: IDisposable | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private disposed = false;

  constructor(
    private readonly terminal: Terminal,
    private readonly load: () => Promise<Addon> = () => import("./imageAddon"),
  ) {}

  /** Give the terminal output: at once, or in its turn while the addon loads. */
  write(output: Uint8Array, write: () => void): void {
    if (this.state === "none" && this.scanner.finds(output)) this.begin();
    this.inTurn(write);
  }

  /** Do something with the terminal after the output that came before. */
  inTurn(step: () => void): void {
    if (this.state === "loading") this.waiting.push(step);
    else step();
  }

  dispose(): void {
    this.disposed = true;
    this.waiting = [];
    clearTimeout(this.timer);
    this.queries?.dispose();
  }

  private begin(): void {
    this.state = "loading";
    this.timer = setTimeout(() => this.settle(), PATIENCE);
    // A page from a disk cannot load it: there are no images there.
    this.add().then(
      () => this.settle(),
      () => this.settle(),
    );
  }

  private async add(): Promise<void> {
    const { addImages } = await this.load();
    if (this.disposed) return;
    const limits = { pixelLimit: PIXELS, storageLimit: STORAGE, sixelSizeLimit: SENT, iipSizeLimit: SENT };
    const added = addImages(this.terminal, { ...limits, enableSizeReports: false });
    this.queries = ignoreQueries(this.terminal.parser); // the addon would answer them
    await added;
  }

  private settle(): void {
    clearTimeout(this.timer);
    this.state = "settled";
    for (const step of this.waiting.splice(0)) step();
  }
}

const ESC = 0x1b;
/** A sixel's DCS up to its `q`; iTerm2's OSC up to its data. */
const IMAGE = /^\x1b(?:P[0-9;]*q|\]1337;(?:Multipart)?File=)/;
const UNFINISHED = /^\x1b(?:P[0-9;]*|\](?:1(?:3(?:3(?:7(?:;[A-Za-z]*)?)?)?)?)?)?$/;
/** Longer than such a beginning is. */
const LONGEST = 32;

/** Finds the first image in output that comes in pieces. */
export class ImageScanner {
  private tail = "";

  /** Whether an image begins in this piece, which follows the one before. */
  finds(piece: Uint8Array): boolean {
    if (this.tail !== "") {
      const text = this.tail + latin1(piece.subarray(0, LONGEST));
      this.tail = "";
      if (IMAGE.test(text)) return true;
      if (text.length < LONGEST && UNFINISHED.test(text)) this.tail = text;
    }
    for (let at = piece.indexOf(ESC); at !== -1; at = piece.indexOf(ESC, at + 1)) {
      const next = piece[at + 1];
      if (next !== undefined && next !== 0x50 && next !== 0x5d) continue; // P, ]
      const text = latin1(piece.subarray(at, at + LONGEST));
      if (IMAGE.test(text)) return true;
      if (at + text.length === piece.length && text.length < LONGEST && UNFINISHED.test(text)) this.tail = text;
    }
    return false;
  }
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
