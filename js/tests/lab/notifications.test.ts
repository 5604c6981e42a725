// @vitest-environment happy-dom
import { Signal } from "@lumino/signaling";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { addChatNotifications } from "../../src/lab/chatNotifications";
import { addNotifications } from "../../src/lab/notifications";
import { SharedSessions } from "../../src/lab/sessions";
import { Settings, type Notify } from "../../src/lab/settings";
import type { Tabs } from "../../src/lab/tabs";
import { FakeApi, hosted } from "../api/fakeApi";
import { type HostLink, USER, settled } from "../client/scriptedHost";
import { FakeRegistry } from "./fakes";

interface Notice {
  id: string;
  type: string;
  message: string;
  autoClose: number | false;
  actions: { label: string; callback: () => void }[];
}

const { made, open, asked, answer, ring } = vi.hoisted(() => ({
  made: [] as Notice[],
  open: new Map<string, Notice>(),
  asked: [] as object[],
  answer: { text: null as string | null },
  ring: vi.fn(),
}));

vi.mock("../../src/lab/bell", () => ({ ring }));

vi.mock("@jupyterlab/apputils", () => {
  const add = (type: string) => (message: string, options: Omit<Notice, "id" | "type" | "message">) => {
    const notice = { id: `notice ${made.length}`, type, message, ...options };
    made.push(notice);
    open.set(notice.id, notice);
    return notice.id;
  };
  const dismiss = (id: string) => void open.delete(id);
  const update = ({ id, ...change }: Partial<Notice> & { id: string }) => {
    const notice = open.get(id);
    if (notice) Object.assign(notice, change);
    return notice !== undefined;
  };
  const getText = (options: object) => {
    asked.push(options);
    return Promise.resolve({ value: answer.text });
  };
  return {
    Notification: { info: add("info"), warning: add("warning"), error: add("error"), dismiss, update },
    InputDialog: { getText },
  };
});

const SESSION = hosted(1, { name: "demo" });
const ADA = { ...USER, name: "Ada" };
const WAITS = { ...USER, name: "Grace", pending: true };
const WANTS = { ...USER, name: "Alan", role: "reader", wantsWrite: true };

let api: FakeApi;
let sessions: SharedSessions;
let registry: FakeRegistry;
let link: HostLink;
let visible: string[];
let chatting: boolean;
const execute = vi.fn();
const tabs = {
  shows: (id: string) => visible.includes(id),
  showsChat: (id: string) => chatting && visible.includes(id),
  changed: new Signal<object, void>({}),
};

beforeEach(() => {
  made.length = 0;
  open.clear();
  visible = [];
  chatting = false;
  asked.length = 0;
  ring.mockReset();
  execute.mockReset();
});

afterEach(async () => {
  vi.useRealTimers();
  tabs.changed = new Signal<object, void>({});
  await refresh([]);
});

/** JupyterLab is there, in whose session there are these. */
async function start(users: [number, object][] = [], notifications?: Notify): Promise<void> {
  api = new FakeApi();
  sessions = new SharedSessions(api, undefined);
  registry = new FakeRegistry();
  if (notifications) registry.user = { notifications };
  const settings = new Settings();
  await settings.load(registry.asRegistry, "sshx-jupyter:plugin");
  for (const add of [addNotifications, addChatNotifications]) {
    add(sessions, settings, tabs as unknown as Tabs, { execute });
  }
  await refresh([SESSION]);
  api.host(SESSION.id).users = users;
  link = await api.letIn(SESSION);
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
}

const pass = (milliseconds: number) => vi.advanceTimersByTime(milliseconds);

async function refresh(list: readonly (typeof SESSION)[]): Promise<void> {
  api.list = list;
  await sessions.refresh();
  await vi.dynamicImportSettled();
}

/** Someone is there, or is another than before; null: not any more. */
const put = (uid: number, user: object | null) => link.say({ userDiff: [uid, user] });

function see(...ids: string[]): void {
  visible = ids;
  tabs.changed.emit();
}

const messages = () => made.map(({ message }) => message);
/** The requests that wait for an answer. */
const shown = () => [...open.values()].flatMap(({ type, message }) => (type === "warning" ? [message] : []));
const press = (label: string) =>
  made
    .at(-1)!
    .actions.find((action) => action.label === label)!
    .callback();

const COMES_IN = "Grace wants to join “demo”";
const TYPES = "Alan wants to type in “demo”";

describe("people", () => {
  test("who join and leave are told of, for a while", async () => {
    await start();
    put(5, ADA);
    put(5, { ...ADA, name: "Ada L." });
    put(5, null);
    pass(3000);
    expect(messages()).toEqual(["Ada joined “demo”", "Ada L. left “demo”"]);
    expect(made.map(({ type, autoClose }) => [type, autoClose])).toEqual([
      ["info", 5000],
      ["info", 5000],
    ]);
  });

  test("are in JupyterLab's list for a moment longer, and then not any more", async () => {
    await start();
    put(5, ADA);
    pass(5999);
    expect(open.size).toBe(1);
    pass(1);
    expect(open.size).toBe(0);
  });

  test("whose connection broke have neither left nor joined", async () => {
    await start([[5, ADA]]);
    for (let i = 0; i < 2; i++) {
      put(5, null);
      pass(2999);
      put(5, ADA);
    }
    pass(10_000);
    expect(messages()).toEqual([]);
    put(5, null);
    put(6, ADA);
    pass(3000);
    put(5, ADA);
    expect(messages()).toEqual(["Ada joined “demo”", "Ada left “demo”", "Ada joined “demo”"]);
  });

  test("who come back while one sees the session have not left", async () => {
    await start([[5, ADA]]);
    put(5, null);
    see(SESSION.id);
    put(5, ADA);
    see();
    pass(10_000);
    expect(messages()).toEqual([]);
  });

  test("who are there when the page comes have not joined", async () => {
    await start([[5, ADA]]);
    expect(messages()).toEqual([]);
    put(5, null);
    expect(messages()).toEqual([]);
    pass(3000);
    expect(messages()).toEqual(["Ada left “demo”"]);
  });

  test("who wait have joined when they are let in, and the host's own never", async () => {
    await start();
    put(2, { ...USER, name: "Host", role: "owner" });
    put(5, WAITS);
    put(5, { ...WAITS, pending: false });
    expect(messages()).toEqual([COMES_IN, "Grace joined “demo”"]);
  });

  test("are shown where they are listed", async () => {
    await start();
    put(5, ADA);
    press("Show");
    expect(execute).toHaveBeenCalledExactlyOnceWith("sshx:open-session", { id: SESSION.id, panel: "people" });
  });

  test("are not told of while one sees the session, nor later", async () => {
    await start();
    see(SESSION.id);
    put(5, ADA);
    see();
    expect(messages()).toEqual([]);
    put(6, { ...ADA, name: "Bob" });
    expect(messages()).toEqual(["Bob joined “demo”"]);
  });

  test.each(["requests", "none"] as const)("are not told of with %j", async (notifications) => {
    await start([], notifications);
    put(5, ADA);
    put(5, null);
    pass(10_000);
    expect(messages()).toEqual([]);
  });

  test("have not left who were in a session that is over", async () => {
    await start();
    put(5, ADA);
    put(5, null); // the host lets its guests go first
    await refresh([]);
    pass(10_000);
    expect(messages()).toEqual(["Ada joined “demo”"]);
  });
});

describe("requests", () => {
  test("are shown once, until they are answered", async () => {
    await start();
    put(5, WAITS);
    put(6, WANTS);
    put(6, { ...WANTS, cursor: [1, 2] });
    await refresh([SESSION]);
    tabs.changed.emit();
    expect(messages()).toEqual([COMES_IN, "Alan joined “demo”", TYPES]);
    expect(made.map(({ type, autoClose }) => [type, autoClose])).toEqual([
      ["warning", false],
      ["info", 5000],
      ["warning", false],
    ]);
  });

  test("are shown of those who asked before the page came", async () => {
    await start([[5, WAITS]]);
    expect(shown()).toEqual([COMES_IN]);
  });

  test.each([
    ["Let in", WAITS, { approve: [1, 5, true] }],
    ["Decline", WAITS, { approve: [1, 5, false] }],
    ["Allow", WANTS, { setRole: [1, 5, "writer"] }],
    ["Not now", WANTS, { setRole: [1, 5, "reader"] }],
  ])("are answered by “%s”", async (label, user, message) => {
    await start([[5, user]]);
    press(label);
    await settled();
    expect(link.heard).toContainEqual(message);
  });

  test("are gone when they are answered elsewhere, and back when they ask again", async () => {
    await start([[6, WANTS]]);
    put(6, { ...WANTS, wantsWrite: false });
    expect(shown()).toEqual([]);
    put(6, WANTS);
    expect(shown()).toEqual([TYPES]);
    put(6, null);
    expect(shown()).toEqual([]);
  });

  test("are another when who comes in wants to type", async () => {
    await start([[6, { ...WANTS, pending: true, wantsWrite: false }]]);
    expect(shown()).toEqual(["Alan wants to join “demo”"]);
    put(6, WANTS);
    expect(shown()).toEqual([TYPES]);
  });

  test("are gone when the session is over", async () => {
    await start([[5, WAITS]]);
    await refresh([]);
    expect(shown()).toEqual([]);
  });

  test("are not here while one sees the session, where they are as well", async () => {
    await start([[5, WAITS]]);
    see(SESSION.id);
    expect(shown()).toEqual([]);
    put(6, WANTS);
    expect(shown()).toEqual([]);
    see("another");
    expect(shown().toSorted()).toEqual([COMES_IN, TYPES].toSorted());
  });

  test("are shown with “requests”, and not with “none”", async () => {
    await start([[5, WAITS]], "none");
    expect(messages()).toEqual([]);
    registry.edit({ notifications: "requests" });
    expect(shown()).toEqual([COMES_IN]);
    registry.edit({ notifications: "none" });
    await settled();
    expect(shown()).toEqual([]);
  });
});

describe("chat", () => {
  let seq: number;
  const hear = (uid: number, text: string) => link.say({ hear: [++seq, uid, "Ada", text, 1_700_000_000] });
  const monitor = () => sessions.monitor(SESSION.id)!;

  const begin = async (notifications?: Notify) => {
    seq = 0;
    await start([[5, ADA]], notifications);
    await vi.waitUntil(() => monitor().client.latency !== null, { interval: 1 });
  };

  test("is one notification, with the newest message and how many there are", async () => {
    await begin();
    hear(5, "hello\nthere");
    expect(messages()).toEqual(["Ada: hello there (in “demo”)"]);
    hear(5, "𝄞".repeat(200));
    expect(messages()).toEqual([`Ada: ${"𝄞".repeat(99)}… (and 1 more in “demo”)`]);
  });

  test("is opened where it is written, and is read then", async () => {
    await begin();
    hear(5, "hello");
    press("Open Chat");
    expect(execute).toHaveBeenCalledExactlyOnceWith("sshx:open-session", { id: SESSION.id, panel: "chat" });
    expect([monitor().unread, open.size]).toEqual([[], 0]);
    hear(5, "and more");
    expect(messages().at(-1)).toBe("Ada: and more (in “demo”)");
  });

  test("is answered from the notification", async () => {
    await begin();
    hear(5, "hello");
    answer.text = " hi ";
    press("Reply");
    await settled();
    expect(asked).toMatchObject([{ title: "Reply in “demo”", label: "Ada: hello (in “demo”)" }]);
    expect(link.all("chat").map((chat) => (chat as unknown[])[1])).toEqual(["hi"]);
  });

  test("is still there if the answer was not sent, and so is the answer", async () => {
    await begin();
    hear(5, "hello");
    answer.text = "hi";
    const chat = vi.spyOn(monitor(), "chat").mockResolvedValueOnce(false).mockResolvedValueOnce(true);
    press("Reply");
    await settled();
    expect(asked).toMatchObject([{ text: "" }, { text: "hi", label: "Ada: hello (in “demo”)" }]);
    expect(chat).toHaveBeenCalledTimes(2);
    expect(monitor().unread).toEqual([]);
  });

  test("is not told while one sees the session, and is read once one sees the chat", async () => {
    await begin();
    see(SESSION.id);
    hear(5, "hello");
    expect(messages()).toEqual([]);
    expect(monitor().unread.length).toBe(1);
    chatting = true;
    tabs.changed.emit();
    expect(monitor().unread.length).toBe(0);
    hear(5, "more");
    expect(monitor().unread.length).toBe(0);
  });

  test("is not told while one sees the session in a notebook, and is read where its chat is", async () => {
    document.body.innerHTML = `<div class="sshx-widget"><div class="sshx-session" data-session="${SESSION.id}"></div></div>`;
    const view = document.querySelector(".sshx-session")!;
    const place = vi.spyOn(view, "getBoundingClientRect");
    await begin();
    place.mockReturnValue(new DOMRect(0, 100, 600, 300));
    hear(5, "hello");
    expect([messages(), monitor().unread.length]).toEqual([[], 1]);
    view.innerHTML = `<section data-panel="chat"></section>`;
    hear(5, "more");
    expect(monitor().unread.length).toBe(0);
    place.mockReturnValue(new DOMRect(0, -400, 600, 300)); // scrolled away
    hear(5, "again");
    expect(messages()).toEqual(["Ada: again (in “demo”)"]);
    document.body.innerHTML = "";
  });

  test("is not told with “requests”, but counted", async () => {
    await begin("requests");
    hear(5, "hello");
    expect(messages()).toEqual([]);
    expect(monitor().unread.length).toBe(1);
  });

  test("is gone when the session is over", async () => {
    await begin();
    hear(5, "hello");
    await refresh([]);
    expect(open.size).toBe(0);
  });

  test("rings if the host wants that", async () => {
    await begin();
    hear(5, "hello");
    expect(ring).not.toHaveBeenCalled();
    registry.edit({ sound: true });
    await settled();
    hear(5, "hello");
    put(6, WANTS);
    expect(ring).toHaveBeenCalledTimes(3); // who asks has joined as well
  });
});

test("what others do to shells is told", async () => {
  await start([[5, ADA]]);
  link.say({ shellChanged: [3, "opened", "bash", 5, "Ada"] });
  press("Show");
  link.say({ shellChanged: [3, "closed", "", 5, "Ada"] });
  link.say({ shellChanged: [4, "ended", "vim", null, ""] });
  expect(messages()).toEqual([
    "Ada opened “bash” in “demo”",
    "Ada closed a shell in “demo”",
    "“vim” in “demo” has ended",
  ]);
  expect(execute).toHaveBeenCalledExactlyOnceWith("sshx:open-session", { id: SESSION.id });
});

test.each(["<b>Ada</b>", "%2 %1 %s", "[Ada](https://example.org)"])("the name %j is text", async (name) => {
  await start([[5, { ...WAITS, name }]]);
  put(6, { ...ADA, name });
  expect(messages()).toEqual([`${name} wants to join “demo”`, `${name} joined “demo”`]);
});

test("where there are no tabs, all is told", async () => {
  api = new FakeApi();
  sessions = new SharedSessions(api, undefined);
  addNotifications(sessions, new Settings(), null, { execute });
  await refresh([SESSION]);
  api.host(SESSION.id).users = [];
  link = await api.letIn(SESSION);
  put(5, WAITS);
  put(6, ADA);
  expect(messages()).toEqual([COMES_IN, "Ada joined “demo”"]);
});
