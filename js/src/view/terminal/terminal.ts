/** `ShellTerminal`: the xterm.js terminal that shows one shell and takes what is typed into it. */
import "@xterm/xterm/css/xterm.css";
import { SearchAddon } from "@xterm/addon-search";
import { UnicodeGraphemesAddon } from "@xterm/addon-unicode-graphemes";
import { WebLinksAddon } from "@xterm/addon-web-links";
import { Terminal, type IDisposable, type ITheme } from "@xterm/xterm";
import type { Client } from "../../client/client";
import type { TerminalSink } from "../../client/output";
import { control } from "./control";
import type { Box } from "../canvas/geometry";
import { PredictiveEcho } from "../predict/echo";
import { Images } from "./images";
import { ParseQueue } from "./parseQueue";
import { harmless, hasKeys } from "./pasting";
import { ignoreQueries, isFocusReport } from "./queries";
import { followOncePerFrame } from "./scrollBar";
import { unscaleMouse } from "./scaledMouse";
import { keyAction } from "./terminalKeys";
import { drawWithWebgl } from "./webgl";
import { trans } from "../../translation";

/** How a terminal looks and behaves for the person who watches it. */
export interface TerminalOptions {
  palette: ITheme;
  fontSize: number;
  scrollback: number;
  predictiveEcho: boolean;
  screenReader: boolean;
}

export interface TerminalEvents {
  /** The person wants to find text. */
  onFind(): void;
  /** The person wants to leave the terminal by keyboard. */
  onLeave(): void;
  /** The person typed while `typable` is false. */
  onRefused(): void;
  /** Ctrl was held for a key, and has been used. */
  onCtrlUsed(): void;
  /** The size on the page may be another. */
  onSize(): void;
  /** The person pastes lines that the program would run one by one. Resolves to whether they want that. */
  onPasteLines(text: string): Promise<boolean>;
}

const MAC = /Mac|iP(hone|ad|od)/.test(navigator.userAgent);
/** An unfinished sequence ends, and the terminal is as new. */
const RESET = new TextEncoder().encode("\x18\x1bc");

export class ShellTerminal implements TerminalSink {
  readonly xterm: Terminal;
  readonly search = new SearchAddon();
  private readonly echo: PredictiveEcho;
  private title = "";
  private readonly images: Images;
  private readonly queue: ParseQueue;
  private ctrl = false;
  private closed = false;
  /** Part of a line that `scrollBy` still owes. */
  private scrolled = 0;
  private readonly cleanups: (() => void)[] = [];

  constructor(
    private readonly element: HTMLElement,
    private readonly client: Client,
    private readonly sid: number,
    private readonly events: TerminalEvents,
    options: TerminalOptions,
  ) {
    const shell = client.shells.get(sid);
    this.xterm = new Terminal({
      allowProposedApi: true, // for the graphemes
      cursorBlink: !matchMedia("(prefers-reduced-motion: reduce)").matches,
      rows: shell?.rows ?? 24,
      cols: shell?.cols ?? 80,
      fontFamily: getComputedStyle(element).getPropertyValue("--sshx-mono") || "monospace",
      fontSize: options.fontSize,
      scrollback: options.scrollback,
      theme: options.palette,
    });
    this.xterm.loadAddon(new UnicodeGraphemesAddon());
    this.xterm.loadAddon(this.search);
    this.xterm.loadAddon(new WebLinksAddon(openLink));
    this.xterm.options.linkHandler = { activate: openLink };
    this.xterm.open(element);
    followOncePerFrame(this.xterm);
    // Tab is typed into the shell, so Tab must not lead in: one would not get past. Enter on the title does.
    this.xterm.textarea!.tabIndex = -1;
    // For tests and scripts: what the terminal shows, however it is drawn.
    (element as HTMLElement & { sshxTerminal?: Terminal }).sshxTerminal = this.xterm;

    this.echo = new PredictiveEcho(this.xterm);
    this.dispose(drawWithWebgl(this.xterm));
    this.dispose(ignoreQueries(this.xterm.parser));
    this.queue = new ParseQueue(this.xterm);
    this.cleanups.push(() => this.queue.dispose());
    this.images = new Images(this.xterm);
    this.dispose(this.images);
    this.cleanups.push(unscaleMouse(element, () => element.querySelector(".xterm-screen")));
    this.xterm.attachCustomKeyEventHandler((event) => this.onKey(event));
    this.xterm.attachCustomWheelEventHandler((event) => !event.ctrlKey && !event.metaKey);
    this.xterm.onData((data) => this.onInput(data));
    this.xterm.onBinary((data) =>
      client.send(
        sid,
        Uint8Array.from(data, (char) => char.charCodeAt(0)),
      ),
    );
    this.xterm.textarea!.addEventListener("focus", () => {
      client.setFocus(sid);
      this.announce(true);
    });
    this.xterm.textarea!.addEventListener("blur", () => {
      client.setFocus(null);
      this.announce(false);
    });
    element.addEventListener("paste", this.onPaste, { capture: true });

    this.setOptions(options);
    this.cleanups.push(
      client.on((event) => {
        if (event.type === "shells") this.resize();
        else if (event.type === "network") this.measure();
        else if (event.type === "state" || event.type === "input") this.wait();
      }),
    );
    this.measure();
    this.cleanups.push(client.attach(sid, this));
  }

  /** Ends everything; the element is left empty. */
  close(): void {
    this.closed = true;
    for (const cleanup of this.cleanups.reverse()) cleanup();
    this.element.removeEventListener("paste", this.onPaste, { capture: true });
    delete (this.element as HTMLElement & { sshxTerminal?: Terminal }).sshxTerminal;
    this.echo.dispose();
    this.xterm.dispose();
  }

  setOptions({ palette, fontSize, scrollback, predictiveEcho, screenReader }: TerminalOptions): void {
    const { options } = this.xterm;
    options.theme = palette;
    if (options.fontSize !== fontSize) {
      options.fontSize = fontSize;
      this.echo.reset();
      this.events.onSize();
    }
    if (options.scrollback !== scrollback) options.scrollback = scrollback;
    this.echo.enabled = predictiveEcho;
    if (options.screenReaderMode === screenReader) return;
    options.screenReaderMode = screenReader;
    this.nameScreen();
    const root = this.element.getRootNode() as Document | ShadowRoot;
    this.announce(this.xterm.textarea === root.activeElement);
  }

  /**
   * For screen readers.
   *
   * @param hint - the ID of the element that says how to leave the terminal.
   */
  setTitle(title: string, hint: string): void {
    this.title = title;
    this.xterm.textarea?.setAttribute("aria-label", trans.__("Terminal input of %1", title));
    this.xterm.textarea?.setAttribute("aria-describedby", hint);
    this.nameScreen();
  }

  /** Whether what the person types is sent. */
  setTypable(typable: boolean): void {
    this.xterm.options.disableStdin = !typable;
  }

  /** Whether Ctrl is held for the next character, by a button. */
  holdCtrl(held: boolean): void {
    this.ctrl = held;
  }

  focus(): void {
    this.xterm.focus();
  }

  /** Type, as if on the keyboard. */
  press(data: string): void {
    if (this.typable) this.xterm.input(data, true);
    else this.events.onRefused();
  }

  /** Scroll as a finger does, by pixels of an unscaled page; full-screen programs get it as a mouse wheel. */
  scrollBy(pixels: number, at: { clientX: number; clientY: number }): void {
    const { cell } = this;
    if (!cell) return;
    this.scrolled += pixels / cell.height;
    const lines = Math.trunc(this.scrolled);
    if (lines === 0) return;
    this.scrolled -= lines;
    if (this.xterm.buffer.active.type === "normal" && this.xterm.modes.mouseTrackingMode === "none") {
      this.xterm.scrollLines(lines);
      return;
    }
    const wheel = { deltaY: lines, deltaMode: WheelEvent.DOM_DELTA_LINE, bubbles: true, cancelable: true };
    this.xterm.element?.dispatchEvent(new WheelEvent("wheel", { ...wheel, ...at }));
  }

  /** The cell that the cursor is in, from the upper left corner of the element, on an unscaled page. */
  get cursor(): Box | null {
    const { cell } = this;
    if (!cell) return null;
    const { cursorX, cursorY } = this.xterm.buffer.active;
    const style = getComputedStyle(this.element);
    return {
      x: parseFloat(style.paddingLeft) + cursorX * cell.width,
      y: parseFloat(style.paddingTop) + cursorY * cell.height,
      ...cell,
    };
  }

  /** A cell's size on an unscaled page. */
  get cell(): { width: number; height: number } | null {
    const screen = this.element.querySelector<HTMLElement>(".xterm-screen");
    if (!screen?.offsetWidth) return null;
    return { width: screen.offsetWidth / this.xterm.cols, height: screen.offsetHeight / this.xterm.rows };
  }

  write(data: Uint8Array, parsed: () => void): void {
    this.images.write(data, () =>
      this.queue.write(data, () => {
        parsed();
        this.echo.printed();
      }),
    );
  }

  restore(data: Uint8Array, parsed: () => void): void {
    this.images.write(data, () => this.drawAnew(data, parsed)); // it may end within an image
  }

  private drawAnew(data: Uint8Array, parsed: () => void): void {
    // Where someone has scrolled up to read, they stay.
    let above = 0;
    const look = () => {
      const { baseY, viewportY } = this.xterm.buffer.active;
      above = baseY - viewportY;
    };
    const all = new Uint8Array(RESET.length + data.length);
    all.set(RESET);
    all.set(data, RESET.length);
    this.queue.replace(look, all, () => {
      if (above > 0) this.xterm.scrollToLine(Math.max(0, this.xterm.buffer.active.baseY - above));
      this.echo.reset();
      parsed();
    });
  }

  /** Give the terminal the shell's size, after the output that belongs to the old one. */
  private resize(): void {
    const shell = this.client.shells.get(this.sid);
    if (!shell) return;
    const { rows, cols } = shell;
    const follow = () => {
      if (rows === this.xterm.rows && cols === this.xterm.cols) return;
      this.xterm.resize(cols, rows);
      this.echo.reset();
      this.events.onSize();
    };
    this.images.inTurn(() => this.queue.inTurn(follow));
  }

  private nameScreen(): void {
    const rows = this.element.querySelector(".xterm-accessibility-tree");
    rows?.setAttribute("aria-label", trans.__("Screen of %1", this.title));
  }

  /** Screen readers say what is printed here. On a canvas with several shells, only one at a time can be heard. */
  private announce(heard: boolean): void {
    const printed = this.element.querySelector(".xterm-accessibility .live-region");
    printed?.setAttribute("aria-live", heard ? "assertive" : "off");
  }

  private get typable(): boolean {
    return this.xterm.options.disableStdin !== true;
  }

  private measure(): void {
    const { latency, shellLatency } = this.client;
    this.echo.roundTrip = latency === null ? null : latency + (shellLatency ?? 0);
  }

  /** Typed text stays in sight while it waits for the connection, or for the person's decision. */
  private wait(): void {
    const { state, waiting, heldInput } = this.client;
    const broken = state === "reconnecting";
    if (broken ? this.echo.waiting && waiting === 0 : state !== "connected") this.echo.reset(); // it was given up
    this.echo.waiting = broken || heldInput !== null;
  }

  private onInput(data: string): void {
    if (isFocusReport(data)) return;
    if (this.ctrl && data.length === 1) {
      data = control(data);
      this.ctrl = false;
      this.events.onCtrlUsed();
    }
    this.echo.typed(data);
    this.client.send(this.sid, data);
  }

  private onKey(event: KeyboardEvent): boolean {
    const action = keyAction(event, this.xterm.hasSelection(), MAC);
    switch (action) {
      case "terminal":
        if (!this.typable && event.type === "keydown" && isTyping(event)) this.events.onRefused();
        return true;
      case "browser":
        return false;
      case "copy":
        // The browser's own command: unlike the clipboard API, it also works on pages without TLS.
        // eslint-disable-next-line @typescript-eslint/no-deprecated
        if (this.xterm.hasSelection()) document.execCommand("copy");
        break;
      case "find":
        this.events.onFind();
        break;
      case "leave":
        this.events.onLeave();
        break;
    }
    event.preventDefault();
    return false;
  }

  private readonly onPaste = (event: ClipboardEvent) => {
    if (!this.typable) {
      this.events.onRefused();
      return;
    }
    const text = event.clipboardData?.getData("text/plain") ?? "";
    event.preventDefault();
    event.stopPropagation(); // xterm.js would paste it as it is
    if (this.xterm.modes.bracketedPasteMode || !hasKeys(text)) this.xterm.paste(harmless(text));
    else void this.pasteLines(text);
  };

  private async pasteLines(text: string): Promise<void> {
    const wanted = await this.events.onPasteLines(text);
    if (this.closed) return;
    if (wanted && this.typable) this.xterm.paste(this.xterm.modes.bracketedPasteMode ? harmless(text) : text);
    else if (wanted) this.events.onRefused(); // the role changed meanwhile
    this.xterm.focus();
  }

  private dispose(disposable: IDisposable): void {
    this.cleanups.push(() => disposable.dispose());
  }
}

function isTyping(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  return event.key.length === 1 || event.key === "Enter" || event.key === "Backspace";
}

function openLink(_event: MouseEvent, uri: string): void {
  if (/^https?:/i.test(uri)) window.open(uri, "_blank", "noopener,noreferrer");
}
