/** What windows ask of a terminal: xterm.js measures and draws, which needs a browser. */

/** The terminals that were made, by their shells. */
export const terminals = new Map<number, FakeTerminal>();

export class FakeTerminal {
  readonly log: unknown[][] = [];
  readonly xterm = {
    onData: () => ({ dispose: () => undefined }),
    onCursorMove: () => ({ dispose: () => undefined }),
    modes: { applicationCursorKeysMode: false },
  };
  readonly search = {};
  readonly cell = { width: 8, height: 16 };
  readonly cursor = null;

  constructor(_element: HTMLElement, _client: unknown, sid: number) {
    terminals.set(sid, this);
  }

  close = () => this.log.push(["close"]);
  setOptions = (...args: unknown[]) => void this.log.push(["options", ...args]);
  setTitle = (title: string) => void this.log.push(["title", title]);
  setTypable = (typable: boolean) => void this.log.push(["typable", typable]);
  holdCtrl = (held: boolean) => void this.log.push(["ctrl", held]);
  focus = () => void this.log.push(["focus"]);
  press = (data: string) => void this.log.push(["press", data]);
}
