// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createElement, forwardRef, useImperativeHandle, useState } from "react";
import type { Refusal, State } from "../../src/client/events";
import type { Invite } from "../../src/session/access";
import { SessionView, type Opening, type SessionViewProps } from "../../src/view/SessionView";
import { FakeClient, sessionInfo, shell, user } from "./fakeClient";
import { after, all, button, buttons, cleanUp, click, press, says, show, texts } from "./render";

const canvas = { newShell: vi.fn(), fitAll: vi.fn(), show: vi.fn() };
vi.mock("../../src/view/canvas/Canvas", () => ({
  Canvas: forwardRef(function Canvas({ narrow }: { narrow: boolean }, handle) {
    useImperativeHandle(handle, () => canvas);
    return createElement("div", { id: "canvas", "data-narrow": String(narrow) });
  }),
}));

const LINK = "https://a.example/sshx/p2p/00#";
const TICKETS = { write: "sshx1write", read: "sshx1read" };
const SHARE: Opening = { panel: "share" };
const INVITE = { tickets: TICKETS, urls: { write: LINK + TICKETS.write, read: LINK + TICKETS.read } };

let client: FakeClient;

beforeEach(() => {
  vi.clearAllMocks();
  client = new FakeClient();
  client.shells = new Map([[1, shell("zsh")]]);
});

afterEach(() => {
  cleanUp();
  vi.restoreAllMocks();
});

function view(more: Partial<SessionViewProps> = {}): HTMLElement {
  return show(SessionView, { client: client, ...more });
}

const status = () => all("[role=status][aria-label=Connection]").map((element) => element.textContent);

test("the toolbar's buttons have the names that others rely on", () => {
  view({ invite: INVITE, onLeave: () => undefined });
  expect(buttons(".sshx-toolbar")).toEqual(
    ["New shell", "Tidy", "Fit all", "Chat", "People", "Network", "Settings", "Share", "Leave"], // prettier-ignore
  );
  view();
  expect(buttons(".sshx-toolbar")).toEqual(["New shell", "Tidy", "Fit all", "Chat", "People", "Network", "Settings"]);
});

test.each<State>(["connecting", "waiting", "connected", "reconnecting", "refused", "ended"])(
  "the connection's status tells %s",
  (state) => {
    client.state = state;
    view();
    expect(status()).toEqual([state]);
  },
);

test("a panel opens, takes the focus, and Escape gives it back to the button", () => {
  view();
  click("People");
  expect(button("People").getAttribute("aria-expanded")).toBe("true");
  expect(texts("h2")).toEqual(["People"]);
  const panel = all(".sshx-panel")[0]!;
  expect(panel.contains(document.activeElement)).toBe(true);
  press(panel, "Escape");
  expect(all(".sshx-panel")).toEqual([]);
  expect(document.activeElement).toBe(button("People"));

  click("Network");
  click("Settings");
  expect(texts("h2")).toEqual(["Settings"]);
  click("Settings");
  expect(all(".sshx-panel")).toEqual([]);
});

test("Escape in a terminal is the shell's", () => {
  view();
  click("People");
  press(all("#canvas")[0]!, "Escape");
  expect(all(".sshx-panel")).toHaveLength(1);
});

test("the chat's messages take the focus to the field, and are unread while it is closed", () => {
  client.users = new Map([...client.users, [2, user("Ada")]]);
  view();
  after(() => client.hear(2, "one"));
  after(() => client.hear(1, "mine"));
  after(() => client.hear(2, "two"));
  expect(button("Chat").title).toBe("Chat, 2 unread messages");
  expect(says("2 unread messages")).toBe(true);
  click("Chat");
  expect(document.activeElement).toBe(all("[aria-label=Message]")[0]);
  click("Close Chat");
  expect(button("Chat").title).toBe("Chat");
  after(() => client.hear(2, "three"));
  expect(button("Chat").title).toBe("Chat, 1 unread message");
});

test("what was written stays when the chat is closed", () => {
  view();
  click("Chat");
  const field = all("[aria-label=Message]")[0] as HTMLTextAreaElement;
  after(() => {
    field.value = "not yet";
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
  click("Close Chat");
  click("Chat");
  expect((all("[aria-label=Message]")[0] as HTMLTextAreaElement).value).toBe("not yet");
});

test("readers have a badge, and learn why they cannot open a shell", () => {
  client.users = new Map([[1, user("Me", { role: "reader" })]]);
  view();
  expect(texts(".sshx-badge")).toEqual(["Read-only"]);
  expect(button("New shell").getAttribute("aria-disabled")).toBe("true");
  click("New shell");
  expect(canvas.newShell).not.toHaveBeenCalled();
  expect(says("Ask for write access to open a shell")).toBe(true);
  after(() => client.put(1, user("Me")));
  expect(texts(".sshx-badge")).toEqual([]);
  click("New shell");
  expect(canvas.newShell).toHaveBeenCalledOnce();
});

test("Fit all and a person's shell are the canvas's", () => {
  client.users = new Map([...client.users, [2, user("Ada", { focus: 1 })]]);
  view();
  click("Fit all");
  click("People");
  click("zsh");
  expect(canvas.fitAll).toHaveBeenCalledOnce();
  expect(canvas.show).toHaveBeenCalledWith(1);
});

test("an empty session says what to do next", () => {
  client.shells = new Map();
  view();
  click("Open the first shell");
  expect(canvas.newShell).toHaveBeenCalledOnce();
  after(() => client.put(1, user("Me", { role: "reader" })));
  expect(says("No shells yet")).toBe(true);
  expect(buttons()).not.toContain("Open the first shell");
  after(() => client.set({ shells: new Map([[1, shell("zsh")]]) }, "shells"));
  expect(says("No shells yet")).toBe(false);
});

const REFUSALS: Refusal[] = [
  ...(["invalidAuth", "passwordRequired", "version", "malformed", "notFound", "full"] as const),
  ...(["locked", "busy", "rateLimited"] as const),
];

test("each refusal has a screen of its own, with the reason and something to do", () => {
  const onLeave = vi.fn();
  client.state = "refused";
  client.users = new Map();
  const titles = REFUSALS.map((refusal) => {
    client.refusal = refusal;
    client.reason = `Because of ${refusal}.`;
    view({ onLeave });
    expect(all("#canvas")).toEqual([]);
    expect(says(`Because of ${refusal}.`)).toBe(true);
    expect(buttons(".sshx-screen").length).toBeGreaterThan(0);
    for (const name of buttons(".sshx-screen")) click(name);
    return texts("h2").join();
  });
  expect(new Set(titles).size).toBe(REFUSALS.length);
  expect(onLeave.mock.calls.length).toBe(REFUSALS.length);
  expect(client.calls.every(([name]) => name === "connect")).toBe(true);
});

test("a host that does not answer: told in steps, and one gives up or not", () => {
  const onLeave = vi.fn();
  client.state = "connecting";
  client.users = new Map();
  view({ onLeave });
  expect([texts("h2"), buttons(".sshx-screen")]).toEqual([["Connecting to the host…"], []]);
  after(() => client.set({ late: true }, "state"));
  expect([texts("h2"), buttons(".sshx-screen")]).toEqual([["No answer yet"], ["Give up"]]);
  expect(texts(".sshx-connection [role=status]")).toEqual(["connecting"]);
  after(() => client.set({ state: "unreachable", late: false, reason: "It may be asleep." }, "state"));
  expect([texts("h2"), buttons(".sshx-screen")]).toEqual([["The host cannot be reached"], ["Try again", "Give up"]]);
  expect([says("It may be asleep."), says("Still trying…"), texts(".sshx-connection [role=status]")]).toEqual([
    true,
    true,
    ["unreachable"],
  ]);
  after(() => client.set({ retryAt: Date.now() + 4_500 }, "state"));
  click("Try again");
  click("Give up");
  expect(client.calls).toEqual([["connect"]]);
  expect(onLeave).toHaveBeenCalledOnce();
});

test("each end has its own word", () => {
  client.set({ state: "ended", endCode: "notAdmitted" }, "state");
  view({ onLeave: () => undefined });
  expect([texts(".sshx-connection [role=status]"), texts("h2")]).toEqual([["refused"], ["You were not let in"]]);
  after(() => client.set({ endCode: "stopped", reason: "The host stopped sharing." }, "state"));
  expect([texts(".sshx-connection [role=status]"), says("You stopped sharing.")]).toEqual([["ended"], true]);
  expect(says("The host stopped sharing.")).toBe(false);
  after(() => client.put(1, user("Me", { role: "writer" })));
  expect(says("The host stopped sharing.")).toBe(true);
});

test("a refusal that only a newer host knows has a screen too", () => {
  client.state = "refused";
  client.refusal = "toString" as Refusal;
  client.reason = "For a reason.";
  view({ onLeave: () => undefined });
  expect(texts("h2")).toEqual(["The host did not let you in"]);
});

test("a guest reads who shares what: while waiting, on the way in, and from then on", () => {
  client = new FakeClient("reader");
  client.info = sessionInfo("training run", { host: "Ada" });
  client.state = "waiting";
  view();
  expect(texts("h2")).toEqual(["Ada shares “training run”"]);
  after(() => client.set({ state: "connected" }, "state"));
  expect(texts(".sshx-toast > span:first-child")).toEqual(["Ada shares “training run”"]);
  expect(texts(".sshx-host")).toEqual(["shared by Ada"]);
  view(); // as where the view is shown once one is in
  expect(texts(".sshx-toast > span:first-child")).toEqual(["Ada shares “training run”"]);
});

test("an owner does not", () => {
  client.info = sessionInfo("training run", { host: "Ada" });
  view();
  expect(says("Ada")).toBe(false);
});

test("someone who could not come back reads why, and not that the session has ended", () => {
  const reason = "This invite has ended. Ask the host for a new one.";
  Object.assign(client, { state: "ended", reason, endCode: "inviteEnded", shells: new Map() });
  view({ onLeave: () => undefined });
  expect(texts("h2")).toEqual(["This invite has ended"]);
  expect(says(reason)).toBe(true);
});

test("waiting for approval has a screen, and no tools for what is not there yet", () => {
  client.state = "waiting";
  view();
  expect(texts("h2")).toEqual(["Waiting for the host"]);
  expect(buttons(".sshx-toolbar")).toEqual(["Settings"]);
});

test.each([
  ["removed", "You were removed"],
  ["left", "You left the session"],
  ["notAdmitted", "You were not let in"],
])("%s is told instead of the canvas, whatever the host's words", (endCode, title) => {
  Object.assign(client, { state: "ended", reason: "Some words.", endCode });
  view({ onLeave: () => undefined });
  expect(texts("h2")).toEqual([title]);
  expect(all("#canvas")).toEqual([]);
  expect(buttons(".sshx-toolbar")).toEqual(["Settings", "Leave"]);
});

test.each([
  ["writer", "The session has ended", "The host stopped sharing. You can still read the terminals."],
  ["owner", "You stopped sharing", "Your guests were disconnected. You can still read the terminals."],
] as const)("what was there stays readable after the end, for a %s", (role, title, text) => {
  Object.assign(client, { state: "ended", reason: "The host stopped sharing.", endCode: "stopped" });
  client.users = new Map([[1, user("Me", { role })]]);
  view({ onLeave: () => undefined });
  expect(all("#canvas")).toHaveLength(1);
  expect(texts(".sshx-banner p")).toEqual([`${title}. ${text} `]);
  after(() => client.set({ shells: new Map() }, "shells"));
  expect(texts("h2")).toEqual([title]);
});

test("while reconnecting one sees when the next attempt is, and can try at once", () => {
  vi.useFakeTimers();
  Object.assign(client, { state: "reconnecting", reason: "The link broke.", retryAt: Date.now() + 4000 });
  view();
  expect(all("#canvas")).toHaveLength(1);
  expect(texts(".sshx-banner").join()).toContain("Next attempt in 4 s.");
  after(() => vi.advanceTimersByTime(3000));
  expect(texts(".sshx-banner").join()).toContain("Next attempt in 1 s.");
  click("Try now");
  expect(client.calls).toEqual([["connect"]]);
  vi.useRealTimers();
});

test("what was typed waits for the connection in sight, and can be discarded", () => {
  Object.assign(client, { state: "reconnecting", reason: "The link broke.", waiting: 12 });
  view();
  const notice = () => texts("[role=status] [aria-label='Waiting input'] p");
  expect(notice()).toEqual(["12 typed characters are waiting for the connection."]);
  click("Discard");
  expect(client.calls).toEqual([["discardWaiting"]]);
  after(() => client.set({ waiting: 1 }, "input"));
  expect(notice()).toEqual(["1 typed character is waiting for the connection."]);
  after(() => client.set({ waiting: 0 }, "input"));
  expect(notice()).toEqual([]);
});

test("what waited long is sent only if the person still wants it", () => {
  client.heldInput = { text: "rm -rf ./*", waited: 34_200 };
  view();
  const notice = () => texts("[role=alert] [aria-label='Held input'] p");
  expect(notice()).toEqual(["The connection was lost for 34 s. Send what you typed in the meantime? «rm -rf ./*»"]);
  const [held] = all("[aria-label='Held input']");
  expect([...held!.querySelectorAll("button")].map(({ textContent }) => textContent)).toEqual(["Send", "Discard"]);
  click("Send");
  click("Discard");
  expect(client.calls).toEqual([["sendHeld"], ["discardHeld"]]);
  after(() => client.set({ heldInput: null }, "input"));
  expect(notice()).toEqual([]);
});

test("who comes back online or to the tab need not wait", () => {
  client.state = "reconnecting";
  view();
  window.dispatchEvent(new Event("online"));
  document.dispatchEvent(new Event("visibilitychange"));
  expect(client.calls).toEqual([["connect"], ["connect"]]);
  after(() => client.set({ state: "connected" }, "state"));
  window.dispatchEvent(new Event("online"));
  expect(client.calls).toHaveLength(2);
});

test("a new session begins with its links in view", () => {
  view({ invite: INVITE, opens: SHARE });
  expect(texts("h2")).toEqual(["Share"]);
});

test("an application opens panels, each once", () => {
  let give!: (props: { opens?: Opening; invite?: Invite }) => void;
  function Application() {
    const [props, setProps] = useState({});
    give = (more) => after(() => setProps(more));
    return createElement(SessionView, { client: client, ...props });
  }
  show(Application, {});
  const opens: Opening = { panel: "network" };
  give({ opens });
  expect(texts("h2")).toEqual(["Network"]);
  click("Close Network");
  give({ opens, invite: INVITE });
  expect(texts("h2")).toEqual([]);
  give({ opens: { panel: "network" } });
  expect(texts("h2")).toEqual(["Network"]);
  give({ opens: SHARE });
  expect(texts("h2")).toEqual(["Network"]);
  give({ opens: SHARE, invite: INVITE });
  expect(texts("h2")).toEqual(["Share"]);
});

test("how to let others in goes with the session", () => {
  view({ invite: INVITE, opens: SHARE });
  after(() => client.set({ state: "ended", reason: "The host stopped sharing." }, "state"));
  expect(texts("h2")).toEqual([]);
  expect(buttons()).not.toContain("Share");
});

test("a panel that opens by itself leaves the focus to who is elsewhere", () => {
  const elsewhere = document.body.appendChild(document.createElement("input"));
  elsewhere.focus();
  view({ invite: INVITE, opens: SHARE });
  expect(document.activeElement).toBe(elsewhere);
  elsewhere.remove();
});

test("a pause is told, and does not keep one from anything", () => {
  view({ pause: { title: "The kernel is busy", text: "Wait." } });
  expect(texts(".sshx-banner")).toEqual(["The kernel is busy. Wait. "]);
  click("New shell");
  expect(canvas.newShell).toHaveBeenCalledOnce();
  after(() => client.set({ state: "reconnecting", reason: "Lost.", retryAt: Date.now() }, "state"));
  expect(texts(".sshx-banner")).toEqual(["The kernel is busy. Wait. "]);
});

test("over an embedded view the wheel is the page's, but for who is in it or zooms", () => {
  view({ embedded: true });
  const inside = all("#canvas")[0]!;
  const used = vi.fn();
  inside.addEventListener("wheel", used);
  const turn = (init: WheelEventInit = {}) => {
    const event = new WheelEvent("wheel", { bubbles: true, cancelable: true, ...init });
    // happy-dom leaves these out
    Object.defineProperty(event, "ctrlKey", { value: init.ctrlKey ?? false });
    inside.dispatchEvent(event);
    return event.defaultPrevented;
  };
  expect(turn()).toBe(false);
  expect(used).not.toHaveBeenCalled();
  turn({ ctrlKey: true });
  expect(used).toHaveBeenCalledTimes(1);
  button("Chat").focus();
  turn();
  expect(used).toHaveBeenCalledTimes(2);
  button("Chat").blur();
  turn();
  expect(used).toHaveBeenCalledTimes(2);
});

test("below 640 pixels it is the view for a telephone", () => {
  let width = 390;
  vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockImplementation(() => width);
  view();
  expect(all("#canvas")[0]?.dataset.narrow).toBe("true");
  click("Chat");
  expect(document.activeElement).not.toBe(all("[aria-label=Message]")[0]); // no keyboard over half of the screen
  width = 640;
  view();
  expect(all("#canvas")[0]?.dataset.narrow).toBe("false");
});

test("while it is hidden it stays the view that it was", () => {
  let width = 390;
  let measure!: () => void;
  class FakeObserver {
    constructor(onSize: () => void) {
      measure = onSize;
    }
    observe = () => undefined;
    disconnect = () => undefined;
  }
  vi.stubGlobal("ResizeObserver", FakeObserver);
  vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockImplementation(() => width);
  view();
  const narrow = [0, 1000, 0, 390].map((next) => {
    width = next;
    after(measure);
    return all("#canvas")[0]?.dataset.narrow;
  });
  expect(narrow).toEqual(["true", "false", "false", "true"]);
  vi.unstubAllGlobals();
});

test("the surrounding application's theme wins", () => {
  const themes = (["light", "dark"] as const).map((theme) => {
    view({ theme });
    return all(".sshx")[0]?.dataset.theme;
  });
  expect(themes).toEqual(["light", "dark"]);
  click("Settings");
  expect(says("Interface")).toBe(false);
});
