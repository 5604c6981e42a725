import { afterEach, vi } from "vitest";

/** What a test has begun to load is there before its file's environment goes: Vitest counts a load cut short as an error. */
afterEach(() => vi.dynamicImportSettled());

// As the bundler does it where there are no translations.
Object.assign(globalThis, { CATALOGS: {} });
