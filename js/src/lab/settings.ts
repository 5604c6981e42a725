/** The plugin's settings in JupyterLab's settings editor. The name and the echo are those of the view, which has them too. */
import type { ISettingRegistry } from "@jupyterlab/settingregistry";
import { SHARE_FLAGS, type ShareOptions } from "../api/api";
import { changeSettings, getSettings, onSettings, type Settings as ViewSettings } from "../view/settings";

/** Which notifications JupyterLab shows. */
export type Notify = "all" | "requests" | "none";

export interface LabSettings {
  readOnly: boolean;
  approve: boolean;
  /** Whether guests see what running terminals have printed so far. */
  history: boolean;
  /** Seconds after which a new session ends; 0: never. */
  expires: number;
  /** Light or dark: as JupyterLab, or as chosen in the view. */
  theme: "jupyterlab" | "own";
  notifications: Notify;
  /** Whether what is told is heard as well. */
  sound: boolean;
}

const DEFAULTS: LabSettings = {
  readOnly: false,
  approve: false,
  history: true,
  expires: 0,
  theme: "jupyterlab",
  notifications: "all",
  sound: false,
};

/** In both places. */
const SHARED = ["name", "predictiveEcho"] as const;

export class Settings {
  #now = DEFAULTS;
  readonly #listeners = new Set<() => void>();

  get now(): LabSettings {
    return this.#now;
  }

  /** How new sessions are shared, unless the person chooses otherwise. */
  get shareOptions(): ShareOptions {
    const { readOnly, approve, history, expires } = this.#now;
    return { ...SHARE_FLAGS, read_only: readOnly, approve, history, expires_in: expires };
  }

  on(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Follow the registry. Without it, or before it is loaded, the defaults hold. */
  async load(registry: ISettingRegistry, id: string): Promise<void> {
    const settings = await registry.load(id);
    let chosenBefore: readonly string[] = [];
    const read = () => {
      const values = settings.composite as unknown as LabSettings & Pick<ViewSettings, (typeof SHARED)[number]>;
      this.#now = { ...DEFAULTS, ...values };
      // What was chosen in the view holds until something else is chosen here.
      const keys = SHARED.filter((key) => key in settings.user || chosenBefore.includes(key)); // or reset here
      const chosen = Object.fromEntries(keys.map((key) => [key, values[key]]));
      chosenBefore = SHARED.filter((key) => key in settings.user);
      const view = getSettings();
      if (SHARED.some((key) => key in chosen && chosen[key] !== view[key])) changeSettings(chosen);
      for (const listener of [...this.#listeners]) listener();
    };
    read();
    settings.changed.connect(read);
    onSettings(() => {
      const view = getSettings();
      for (const key of SHARED) if (view[key] !== settings.composite[key]) void settings.set(key, view[key]);
    });
  }
}
