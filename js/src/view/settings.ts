/** What a person chose for every session that they see in this browser. Kept in its local storage. */
import { useSyncExternalStore } from "react";
import type { Identity } from "../session/identity";

export interface Settings {
  /** Empty: the host makes one up. */
  name: string;
  /** `#rrggbb`, or empty: the host chooses. */
  color: string;
  appearance: "auto" | "light" | "dark";
  /** A name in `palettes.ts`; empty: one that fits the appearance. */
  palette: string;
  /** Pixels, 8 to 32. */
  fontSize: number;
  /** Lines, 0 to 100,000. */
  scrollback: number;
  shareCursor: boolean;
  predictiveEcho: boolean;
  /** Whether screen readers can read terminals. It costs time for each line that is printed. */
  screenReader: boolean;
}

export const DEFAULTS: Settings = {
  name: "",
  color: "",
  appearance: "auto",
  palette: "",
  fontSize: 14,
  scrollback: 10_000,
  shareCursor: true,
  predictiveEcho: true,
  screenReader: false,
};

const KEY = "sshx:settings";

let current = load();
const listeners = new Set<() => void>();

export function getSettings(): Settings {
  return current;
}

export function changeSettings(change: Partial<Settings>): void {
  current = { ...current, ...change };
  try {
    localStorage.setItem(KEY, JSON.stringify(current));
  } catch {
    // Storage may be full or forbidden: the choice then lasts as long as the page.
  }
  for (const listener of listeners) listener();
}

export function useSettings(): Settings {
  return useSyncExternalStore(onSettings, getSettings);
}

export function onSettings(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** What others see of the person: the settings come first, then `known`. */
export function chosenIdentity(known: Identity = {}): Identity {
  const name = current.name || known.name;
  const color = current.color || known.color;
  return { ...(name && { name }), ...(color && { color }) };
}

function load(): Settings {
  try {
    return { ...DEFAULTS, ...(JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Settings>) };
  } catch {
    return DEFAULTS;
  }
}
