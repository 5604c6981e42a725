// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

const heard = [vi.spyOn(window, "addEventListener"), vi.spyOn(document, "addEventListener")];
let page: typeof import("../../src/session/away");

beforeEach(load);

afterEach(() => {
  vi.unstubAllGlobals();
  sessionStorage.clear();
});

/** Another page comes into the browser tab, and nothing of the one before is left. */
async function load(): Promise<void> {
  for (const { mock } of heard) {
    for (const [at, [type, listener]] of mock.calls.entries())
      (mock.contexts[at] as EventTarget).removeEventListener(type, listener);
  }
  for (const spy of heard) spy.mockClear();
  vi.resetModules();
  page = await import("../../src/session/away");
}

const stored = () => Object.fromEntries(Object.keys(sessionStorage).map((key) => [key, sessionStorage.getItem(key)]));
const leave = () => window.dispatchEvent(new Event("pagehide"));
/** The browser has kept the page, and shows it again. */
const comeBack = () => window.dispatchEvent(new Event("pageshow"));

async function reload(): Promise<void> {
  leave();
  await load();
}

test("a value is in the browser tab's storage only while the page is away", async () => {
  page.keep("a", () => "1");
  expect(sessionStorage.length).toBe(0);
  leave();
  expect(stored()).toEqual({ "sshx:away:a": "1" });
  await load();
  expect(page.take("a")).toBe("1");
  expect(sessionStorage.length).toBe(0);
});

test("a hidden page keeps it too: it may be thrown away without a word", async () => {
  page.keep("a", () => "1");
  const isHidden = vi.spyOn(document, "hidden", "get");
  const hide = (hidden: boolean) => {
    isHidden.mockReturnValue(hidden);
    document.dispatchEvent(new Event("visibilitychange"));
  };
  hide(true);
  expect(stored()).toEqual({ "sshx:away:a": "1" });
  hide(false);
  expect(sessionStorage.length).toBe(0);
  hide(true);
  await load();
  expect([page.has("a"), page.take("a"), page.has("a")]).toEqual([true, "1", false]);
  isHidden.mockRestore();
});

test("it can be kept elsewhere", () => {
  const values: Record<string, string>[] = [{ a: "1" }];
  page.keepIn({
    lastEvent: "beforeunload",
    take: () => values.pop() ?? {},
    put: (kept) => values.push(Object.fromEntries(kept)),
  });
  expect(page.take("a")).toBe("1");
  page.keep("b", () => "2");
  window.dispatchEvent(new Event("beforeunload"));
  expect(values).toEqual([{ b: "2" }]);
  expect(sessionStorage.length).toBe(0);
});

test("it can be taken once", async () => {
  page.keep("a", () => "1");
  await reload();
  expect([page.take("b"), page.take("a"), page.take("a")]).toEqual([null, "1", null]);
  await reload();
  expect(page.take("a")).toBeNull();
});

test("what nobody has taken is there after the next reload, too", async () => {
  page.keep("a", () => "1");
  await reload();
  page.take("b");
  expect(sessionStorage.length).toBe(0);
  await reload(); // of a page that did ask
  await reload(); // of one that did not
  expect(page.take("a")).toBe("1");
});

test("what others keep in the tab stays", async () => {
  sessionStorage.setItem("other", "1");
  page.keep("a", () => "1");
  await reload();
  page.take("a");
  page.forget("");
  await reload();
  expect(stored()).toEqual({ other: "1" });
});

describe("keeping", () => {
  test("is of what there is when the page goes, if there is anything", async () => {
    let now: string | null = "1";
    page.keep("a", () => now);
    page.keep("b", () => null);
    now = "2";
    await reload();
    expect([page.take("a"), page.take("b")]).toEqual(["2", null]);
  });

  test("takes the place of what was kept, or came with the page", async () => {
    page.keep("a", () => "1");
    page.keep("a", () => "2");
    await reload();
    page.keep("a", () => "3");
    expect(page.take("a")).toBeNull();
    await reload();
    expect(page.take("a")).toBe("3");
  });

  test("ends, but not that of another", async () => {
    const stop = page.keep("a", () => "1");
    stop();
    leave();
    expect(sessionStorage.length).toBe(0);
    page.keep("a", () => "2");
    stop();
    await reload();
    expect(page.take("a")).toBe("2");
  });
});

test("what nobody will take is forgotten, by how it begins", async () => {
  for (const key of ["ticket 1", "ticket 2", "resume 1"]) page.keep(key, () => key);
  await reload();
  page.keep("ticket 3", () => "ticket 3");
  page.take("ticket 2");
  page.forget("ticket ");
  expect(page.take("ticket 1")).toBeNull();
  await reload();
  expect([page.take("resume 1"), page.take("ticket 3")]).toEqual(["resume 1", "ticket 3"]);
});

test("a page that the browser has kept goes on as before", async () => {
  page.keep("a", () => "1");
  await reload();
  page.keep("b", () => "2");
  leave();
  comeBack();
  expect(sessionStorage.length).toBe(0);
  expect([page.take("a"), page.take("b")]).toEqual(["1", null]);
  await reload();
  expect(page.take("b")).toBe("2");
});

test("without storage nothing is kept", async () => {
  vi.stubGlobal("sessionStorage", undefined);
  page.keep("a", () => "1");
  leave();
  comeBack();
  vi.unstubAllGlobals();
  await load();
  expect(page.take("a")).toBeNull();
});
