/**
 * What a page that is loaded again has to know, and nobody else may: it waits in the browser tab's own storage while the
 * page is away or hidden, and only then: a hidden page can be thrown away without a word. So a tab that is duplicated does
 * not take the place of its original either.
 */

/** Where it waits. Nothing is thrown where there is no storage: then the page does not know it when it is back. */
export interface PageStorage {
  /** The last event of a page that goes at which something can be put there. */
  readonly lastEvent: "pagehide" | "beforeunload";
  /** Everything that was put there. It is gone from there then. */
  take(): Record<string, string>;
  put(values: ReadonlyMap<string, string>): void;
}

const PREFIX = "sshx:away:";

/** The session storage. */
export const tabStorage: PageStorage = {
  lastEvent: "pagehide",
  take() {
    const values: Record<string, string> = {};
    try {
      for (const name of Object.keys(sessionStorage)) {
        if (!name.startsWith(PREFIX)) continue;
        values[name.slice(PREFIX.length)] = sessionStorage.getItem(name)!;
        sessionStorage.removeItem(name);
      }
    } catch {
      // There is no storage.
    }
    return values;
  },
  put(values) {
    try {
      for (const [key, value] of values) sessionStorage.setItem(PREFIX + key, value);
    } catch {
      // There is no storage, or it is full.
    }
  },
};

let storage = tabStorage;
/** What came with the page and has not been taken. */
const waiting = new Map<string, string>();
/** What is to wait when the page goes. */
const kept = new Map<string, () => string | null>();
let watching = false;

/** Keep it there instead of in `tabStorage`. Call before anything else here. */
export function keepIn(chosen: PageStorage): void {
  storage = chosen;
}

/** Whether something that came with the page can be taken. */
export function has(key: string): boolean {
  watch();
  return waiting.has(key);
}

/** What was kept under this key. It can be taken once. */
export function take(key: string): string | null {
  watch();
  const value = waiting.get(key) ?? null;
  waiting.delete(key);
  return value;
}

/** Keep what `value` gives, if that is anything, whenever the page goes; returns how to stop that. */
export function keep(key: string, value: () => string | null): () => void {
  watch();
  waiting.delete(key);
  kept.set(key, value);
  return () => {
    if (kept.get(key) === value) kept.delete(key);
  };
}

/** Have `value` wait as if it had come with the page. */
export function put(key: string, value: string): void {
  watch();
  waiting.set(key, value);
}

/** Drop what came with the page and begins so, and has not been taken. */
export function forget(prefix: string): void {
  watch();
  for (const key of [...waiting.keys()]) if (key.startsWith(prefix)) waiting.delete(key);
}

function watch(): void {
  if (watching) return;
  watching = true;
  arrive();
  window.addEventListener(storage.lastEvent, leave);
  window.addEventListener("pageshow", arrive); // the browser may have kept the page itself
  document.addEventListener("visibilitychange", () => (document.hidden ? leave() : arrive()));
}

function arrive(): void {
  for (const [key, value] of Object.entries(storage.take())) if (!kept.has(key)) waiting.set(key, value);
}

function leave(): void {
  const values = new Map(waiting);
  for (const [key, value] of kept) {
    const now = value();
    if (now !== null) values.set(key, now);
  }
  storage.put(values);
}
