// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createElement } from "react";
import { Api, SHARE_FLAGS } from "../src/api/api";
import type { Refusal, State } from "../src/client/events";
import { JoinForm } from "../src/forms/JoinForm";
import { ShareFields } from "../src/forms/ShareFields";
import { Hosted } from "../src/page/Hosted";
import { PasswordForm } from "../src/page/PasswordForm";
import { setLanguage, setTranslation, trans, translationFor, type Translation } from "../src/translation";
import { SessionView, type PanelName } from "../src/view/SessionView";
import { filled } from "../src/view/filled";
import { PALETTES } from "../src/view/terminal/palettes";
import { FakeClient, sessionInfo, shell, user } from "./view/fakeClient";
import { after, all, cleanUp, click, show } from "./view/render";

vi.mock("../src/view/terminal/terminal", async () => ({
  ShellTerminal: (await import("./view/fakeTerminal")).FakeTerminal,
}));

const ENGLISH = translationFor([], {});

afterEach(() => {
  cleanUp();
  setTranslation(ENGLISH);
  vi.unstubAllGlobals();
});

// --- Catalogs ---

const GERMAN = {
  Cancel: ["Abbrechen"],
  "%1 shares “%2”": ["„%2“ von %1"],
  "%1 day": ["%1 Tag", "%1 Tage"],
};

test("strings are those of the first language that has a catalog, and English where they are missing", () => {
  const german = translationFor(["fr", "de-AT"], { "de-DE": GERMAN });
  expect(german.__("Cancel")).toBe("Abbrechen");
  expect(german.__("%1 shares “%2”", "Ada", "Demo")).toBe("„Demo“ von Ada");
  expect([german.__("Chat"), german.__("Close")]).toEqual(["Chat", "Close"]);
  const chinese = { "zh-CN": { Cancel: ["取消"] } };
  const written = ["zh-SG", "zh-TW", "zh_CN", "x"].map((language) => translationFor([language], chinese).__("Cancel"));
  expect(written).toEqual(["取消", "Cancel", "Cancel", "Cancel"]);
  expect(translationFor(["en-GB", "de"], { "de-DE": GERMAN }).__("Cancel")).toBe("Cancel");
});

test("there is a form for each number", () => {
  const day = (languages: string[], forms: string[], n: number) =>
    translationFor(languages, { [languages[0]!]: { "%1 day": forms } })._n("%1 day", "%1 days", n);
  expect([0, 1, 2].map((n) => day(["de"], ["%1 Tag", "%1 Tage"], n))).toEqual(["0 Tage", "1 Tag", "2 Tage"]);
  const polish = ["%1 dzień", "%1 dni", "%1 dni (many)"];
  expect([1, 2, 5].map((n) => day(["pl"], polish, n))).toEqual(["1 dzień", "2 dni", "5 dni (many)"]);
  expect([1, 2].map((n) => day(["ja"], ["%1日", "%1日"], n))).toEqual(["1日", "2日"]);
  expect([1, 2].map((n) => ENGLISH._n("%1 day", "%1 days", n))).toEqual(["1 day", "2 days"]);
});

test("a text is put in as it is, and what is missing stays in sight", () => {
  expect(ENGLISH.__("%1 and %2", "%2", "$&")).toBe("%2 and $&");
  expect(ENGLISH.__("%1 and %2", "a")).toBe("a and %2");
});

test("JupyterLab's translations have what is put in as it is", () => {
  const bundle = (text: string, ...args: unknown[]) =>
    text
      .replace(/%%/g, "%% ")
      .replace(/%(\d+)/g, (_, at: number) => String(args[at - 1]))
      .replace(/%% /g, "%");
  setTranslation({ __: bundle, _n: (one, many, n, ...args) => bundle(n === 1 ? one : many, n, ...args) });
  expect(trans.__("%1 joined “%2”", "100%% %1", "$&")).toBe("100%% %1 joined “$&”");
  expect(trans._n("%2 has %1 guest", "%2 has %1 guests", 2, "50%%")).toBe("50%% has 2 guests");
});

test("the page has the language of its catalog", () => {
  vi.stubGlobal("CATALOGS", { "de-DE": GERMAN });
  expect(setLanguage(["de"])).toBe("de-DE");
  expect(trans.__("Cancel")).toBe("Abbrechen");
  expect(setLanguage(["fr"])).toBe("en");
  expect(trans.__("Cancel")).toBe("Cancel");
});

test("elements are where the sentence has them", () => {
  const bold = (text: string) => createElement("b", null, text);
  const Sentence = () => filled((a, b) => trans.__("%1 shares “%2”", a, b), bold("Ada"), bold("Demo"));
  setTranslation(translationFor(["de"], { de: GERMAN }));
  show(Sentence as never, {});
  expect(document.body.innerHTML).toContain("„<b>Demo</b>“ von <b>Ada</b>");
});

// --- Everything that people read is from the catalog ---

/** Texts of the session, and units. */
const DATA = /\b(?:zsh|Me|Ada|Wren|Demo|Hello|ms|kB|B|s|h|sshx\w*|https:\S*|Terminal \d)\b/g;
const READ = ["aria-label", "title", "placeholder", "alt", "aria-description"];
const marked: Translation = {
  __: (text, ...args) => `⟦${ENGLISH.__(text, ...args)}⟧`,
  _n: (one, many, n, ...args) => `⟦${ENGLISH._n(one, many, n, ...args)}⟧`,
};

/** What can be read on the page beside strings of the catalog. */
function bypassing(): string[] {
  const texts: string[] = [];
  const look = (node: Node) => {
    if (node.nodeType === Node.TEXT_NODE) texts.push(node.textContent ?? "");
    else if (!(node as Element).matches("style, script, code, time, [aria-hidden=true]")) node.childNodes.forEach(look);
  };
  look(document.body);
  const attributes = all("*").flatMap((element) => READ.map((name) => element.getAttribute(name) ?? ""));
  // A sentence with elements in it has several text nodes.
  return [...outside(texts.join("\n")).split("\n"), ...attributes.map(outside)]
    .map((text) => text.replace(DATA, ""))
    .filter((text) => /[a-z]{2}/i.test(text));
}

/** What of a text is not in the marks. */
function outside(text: string): string {
  let depth = 0;
  let found = "";
  for (const char of text) {
    if (char === "⟦") depth += 1;
    else if (char === "⟧") depth -= 1;
    else if (depth === 0) found += char;
  }
  return found;
}

const TICKETS = { write: "sshx1write", read: "sshx1read" };
const URLS = { write: "https://a.example/#sshx1write", read: "https://a.example/#sshx1read" };

function client(role: "owner" | "writer" | "reader" = "owner"): FakeClient {
  const made = new FakeClient(role);
  made.shells = new Map([[1, shell("zsh")]]);
  return made;
}

beforeEach(() => setTranslation(marked));

test("the test would find what is not", () => {
  document.body.innerHTML = `<p>⟦Close⟧ it</p><button title="Open">⟦x ⟦y⟧⟧</button>`;
  expect(bypassing()).toEqual([" it", "Open"]);
  document.body.innerHTML = "";
});

test.each<PanelName>(["chat", "people", "network", "settings", "share"])("in the panel %s", async (panel) => {
  const made = client();
  made.put(2, user("Ada", { pending: true }));
  made.put(3, user("Wren", { role: "reader", wantsWrite: true, focus: 1, ticket: "writer" }));
  const invite = { tickets: TICKETS, urls: URLS, stop: vi.fn(), makeFile: vi.fn() };
  show(SessionView, { client: made, invite, opens: { panel }, onLeave: () => undefined });
  if (panel === "share") for (const name of ["⟦More⟧", "⟦Save invite…⟧", "⟦Stop sharing⟧"]) click(name);
  if (panel === "people") for (const name of ["⟦Remove⟧: Wren", "⟦Make new tickets…⟧"]) click(name);
  await vi.dynamicImportSettled();
  expect(bypassing().filter((text) => !(text in PALETTES))).toEqual([]);
});

test.each<[State, Refusal | null]>([
  ["connecting", null],
  ["waiting", null],
  ["unreachable", null],
  ["reconnecting", null],
  ["ended", null],
  ["refused", "full"],
  ["refused", "version"],
])("while the client is %s (%s)", (state, refusal) => {
  const made = client("reader");
  Object.assign(made, { state, refusal, waiting: 3, heldInput: { text: "Hello", waited: 9000 } });
  made.info = sessionInfo("Demo", { host: "Ada" });
  show(SessionView, { client: made, onLeave: () => undefined });
  expect(bypassing()).toEqual([]);
});

test("in the forms", async () => {
  const options = { ...SHARE_FLAGS, terminals: ["1"] };
  show(ShareFields, { options, onOptions: vi.fn(), running: ["1"], guests: true });
  expect(bypassing()).toEqual([]);
  show(JoinForm, { ticket: "sshx", onJoin: () => null });
  click("⟦Join⟧");
  await vi.dynamicImportSettled();
  expect(bypassing()).toEqual([]);
  show(PasswordForm, { problem: "", onPassword: vi.fn(), onOther: vi.fn() } as never);
  expect(bypassing()).toEqual([]);
  const api = new Api(new URL("http://localhost/"));
  vi.spyOn(api, "sessions").mockResolvedValue([
    { id: "1", name: "Demo", shells: [{}], users: [{ role: "reader" }] } as never,
  ]);
  show(Hosted, { api, onOpen: vi.fn() });
  await vi.waitFor(() => expect(all("li")).toHaveLength(1));
  after(() => click("⟦Stop sharing Demo⟧"));
  expect(bypassing()).toEqual([]);
});
