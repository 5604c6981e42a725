/** Draws what is foretold above a terminal, and leaves the terminal itself alone. */
import type { Terminal } from "@xterm/xterm";
import type { Picture, PictureCell } from "./predictor";

export class Overlay {
  private readonly layer = document.createElement("div");
  private picture: Picture | null = null;

  constructor(private readonly terminal: Terminal) {
    this.layer.className = "sshx-predictions";
    // Screen readers hear the echo itself.
    this.layer.ariaHidden = "true";
    this.layer.hidden = true;
    terminal.element?.querySelector(".xterm-screen")?.append(this.layer);
  }

  /** @param waiting - whether what is foretold waits for the connection, which looks different. */
  show(picture: Picture | null, waiting = false): void {
    this.layer.toggleAttribute("data-waiting", waiting);
    if (!picture && !this.picture) return;
    this.picture = picture;
    this.refresh();
  }

  /** Draw again, as the terminal may look different now. */
  refresh(): void {
    const { picture, layer } = this;
    const { baseY, viewportY } = this.terminal.buffer.active;
    const spans = picture && viewportY === baseY ? this.draw(picture) : [];
    layer.hidden = spans.length === 0;
    if (layer.hidden && !layer.firstChild) return;
    if (!layer.hidden) this.style();
    layer.replaceChildren(...spans);
  }

  dispose(): void {
    this.layer.remove();
  }

  private draw({ x, y, cells }: Picture): HTMLElement[] {
    const { cursorX } = this.terminal.buffer.active;
    const spans = cells.map((cell) => span(cell, y, "sshx-predicted"));
    if (x === cursorX) return spans;
    const foretold = (column: number) => cells.find((cell) => cell.x === column);
    // The real cursor is hidden below the character that it is on.
    if (!foretold(cursorX)) spans.push(span(this.cellAt(cursorX), y, ""));
    spans.push(
      span(foretold(x) ?? this.cellAt(x), y, `sshx-predicted-${this.terminal.options.cursorStyle ?? "block"}`),
    );
    return spans;
  }

  private cellAt(x: number): PictureCell {
    const { active } = this.terminal.buffer;
    const cell = active.getLine(active.baseY + active.cursorY)?.getCell(x);
    return { x, char: cell?.getChars() ?? "", width: cell?.getWidth() ?? 1 };
  }

  /** Sizes and colors of the terminal, as it draws them now. */
  private style(): void {
    const { cols, rows, options } = this.terminal;
    const screen = this.layer.parentElement;
    if (!screen) return;
    // Not rounded, unlike offsetWidth; and not scaled by a zoomed canvas, unlike its bounding box.
    const { width, height } = getComputedStyle(screen);
    const theme = options.theme ?? {};
    const background = theme.background ?? "#000000";
    const foreground = theme.foreground ?? "#ffffff";
    const variables = {
      "--sshx-cell-width": `${parseFloat(width) / cols}px`,
      "--sshx-cell-height": `${parseFloat(height) / rows}px`,
      "--sshx-cell-font": `${options.fontWeight} ${options.fontSize}px ${options.fontFamily}`,
      "--sshx-cell-text": foreground,
      "--sshx-cell-background": background,
      "--sshx-cell-cursor": theme.cursor ?? foreground,
      "--sshx-cell-cursor-text": theme.cursorAccent ?? background,
    };
    for (const [name, value] of Object.entries(variables)) this.layer.style.setProperty(name, value);
  }
}

function span({ x, char, width }: PictureCell, y: number, className: string): HTMLElement {
  const element = document.createElement("span");
  element.className = className;
  element.textContent = char;
  element.style.left = `calc(var(--sshx-cell-width) * ${x})`;
  element.style.top = `calc(var(--sshx-cell-height) * ${y})`;
  element.style.width = `calc(var(--sshx-cell-width) * ${width})`;
  return element;
}
