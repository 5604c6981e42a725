/** What is around the plugin: JupyterLab's settings, signals and page. */
import type { ISettingRegistry } from "@jupyterlab/settingregistry";
import { Signal } from "@lumino/signaling";
import { onTestFinished, vi } from "vitest";

/** The plugin's settings in JupyterLab's registry. */
export class FakeRegistry {
  user: Record<string, unknown> = {};
  /** What the plugin has put into it. */
  readonly written: [key: string, value: unknown][] = [];
  readonly changed = new Signal<this, void>(this);

  constructor(readonly defaults: Record<string, unknown> = { name: "", predictiveEcho: true }) {}

  get asRegistry(): ISettingRegistry {
    return { load: () => Promise.resolve(this) } as unknown as ISettingRegistry;
  }

  get composite(): Record<string, unknown> {
    return { ...this.defaults, ...this.user };
  }

  async set(key: string, value: unknown): Promise<void> {
    this.written.push([key, value]);
    if (this.written.length > 20) throw new Error("it writes and writes");
    this.user = { ...this.user, [key]: value };
    await Promise.resolve(); // it is saved on the server first
    this.changed.emit();
  }

  /** The person edits them in JupyterLab. */
  edit(user: Record<string, unknown>): void {
    this.user = user;
    this.changed.emit();
  }
}

/** Count a signal's emissions. */
export function emissions<Sender, Args>(signal: { connect(slot: (sender: Sender, args: Args) => void): unknown }) {
  const slot = vi.fn<(sender: Sender, args: Args) => void>();
  signal.connect(slot);
  return slot;
}

/** The page is in front, or behind another, until the test is over. */
export function turn(state: "visible" | "hidden"): void {
  const spy = vi.spyOn(document, "visibilityState", "get").mockReturnValue(state);
  document.dispatchEvent(new Event("visibilitychange"));
  onTestFinished(() => spy.mockRestore());
}
