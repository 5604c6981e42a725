/**
 * What a page that is loaded again has to know, and nobody else may: it waits in the browser tab's own storage while the
 * page is away, and only then. So a tab that is duplicated does not take the place of its original either.
 */

const PREFIX = "sshx:away:";
/** What came with the page and has not been taken. */
const waiting = new Map<string, string>();
/** What is to wait when the page goes. */
const kept = new Map<string, () => string | null>();
let watching = false;

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
  window.addEventListener("pagehide", leave);
  window.addEventListener("pageshow", arrive); // the browser may have kept the page itself
}

function arrive(): void {
  try {
    for (const name of Object.keys(sessionStorage)) {
      if (!name.startsWith(PREFIX)) continue;
      const key = name.slice(PREFIX.length);
      if (!kept.has(key)) waiting.set(key, sessionStorage.getItem(name)!);
      sessionStorage.removeItem(name);
    }
  } catch {
    // There is no storage.
  }
}

function leave(): void {
  const values = new Map(waiting);
  for (const [key, value] of kept) {
    const now = value();
    if (now !== null) values.set(key, now);
  }
  try {
    for (const [key, value] of values) sessionStorage.setItem(PREFIX + key, value);
  } catch {
    // Then it is not known when the page is back.
  }
}
