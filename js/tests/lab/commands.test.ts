// @vitest-environment happy-dom
import { PageConfig } from "@jupyterlab/coreutils";
import { CommandRegistry } from "@lumino/commands";
import { Signal } from "@lumino/signaling";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Command } from "../../src/lab/command";
import { addCommands, type CommandOptions } from "../../src/lab/commands";
import { SharedSessions } from "../../src/lab/sessions";
import type { ShareDialogOptions } from "../../src/lab/ShareDialog";
import { Settings } from "../../src/lab/settings";
import { ApiError, type HostedSession } from "../../src/api/api";
import { FakeApi, hosted } from "../api/fakeApi";
import { USER } from "../client/scriptedHost";
import { emissions, FakeRegistry } from "./fakes";

const { dialogs, success, accept, askToShare } = vi.hoisted(() => ({
  /** The titles of the dialogs that were shown. */
  dialogs: [] as string[],
  success: [] as string[],
  accept: { now: true },
  askToShare: vi.fn<(options: ShareDialogOptions) => Promise<HostedSession | null>>(),
}));

vi.mock("@jupyterlab/apputils", () => ({
  Dialog: { cancelButton: () => null, warnButton: () => null },
  Notification: { success: (message: string) => void success.push(message) },
  showDialog: ({ title, body }: { title: string; body: string }) => {
    dialogs.push(`${title} ${body}`);
    return Promise.resolve({ button: { accept: accept.now } });
  },
  showErrorMessage: (title: string, message: string) => Promise.resolve(void dialogs.push(`${title}: ${message}`)),
}));
vi.mock("@jupyterlab/ui-components", () => ({ LabIcon: vi.fn() }));
vi.mock("../../src/lab/ShareDialog", () => ({ askToShare }));
vi.mock("../../src/lab/SharedDialog", () => ({
  showShared: (_: unknown, { name }: HostedSession) => {
    dialogs.push(`about ${name}`);
    return Promise.resolve(next.shift() ?? "nothing");
  },
}));

/** What the person chooses in the dialog about a session, the first time and later. */
let next: string[] = [];
const READ_ONLY = { write: null, read: "read9" };

/** A widget in the main area. */
interface Tab {
  id: string;
  node: HTMLElement;
  content: { session: { name: string } };
  title: { label: string };
}

let api: FakeApi;
let sessions: SharedSessions;
let commands: CommandRegistry;
let available: boolean;
/** Jupyter's terminals, and the tabs of them and of sessions. */
let terminals: Tab[];
let models: { tab: Tab; id: string | null; client: object | null }[];
/** What is active, and what is under the pointer, from the inside out. */
let current: Tab | null;
let under: HTMLElement[];
let currentChanged: Signal<object, void>;
const open = vi.fn();
/** What was opened last: a session's id, or null, and a panel. */
const opened = () => open.mock.lastCall?.slice(0, 2);

function tab(id: string, terminal = ""): Tab {
  const node = document.createElement("div");
  return { id, node, content: { session: { name: terminal } }, title: { label: `bash in ${terminal}` } };
}

function tabIcon(id: string): HTMLElement {
  const node = document.createElement("li");
  node.dataset.id = id;
  return node;
}

async function start({ withTabs = true, chosen = {} } = {}): Promise<void> {
  commands = new CommandRegistry();
  currentChanged = new Signal<object, void>({});
  const settings = new Settings();
  const registry = new FakeRegistry();
  registry.user = { approve: true, expires: 60, ...chosen };
  await settings.load(registry.asRegistry, "");
  const app = {
    commands,
    shell: {
      currentChanged,
      get currentWidget() {
        return current;
      },
    },
    contextMenuHitTest: (hits: (node: HTMLElement) => boolean) => under.find(hits),
    serviceManager: {
      terminals: { isAvailable: () => available, running: () => terminals.map(({ content }) => content.session) },
      contents: {
        driveName: (path: string) => /^(.*?):/.exec(path)?.[1] ?? "",
        localPath: (path: string) => path.replace(/^.*?:/, ""),
      },
    },
  };
  const tabs = {
    open,
    load: () => Promise.resolve(),
    changed: new Signal<object, void>({}),
    find: (test: (tab: Tab) => boolean) => models.find((model) => test(model.tab)) ?? null,
  };
  const tracker = {
    currentChanged: new Signal<object, void>({}),
    find: (test: (tab: Tab) => boolean) => terminals.find(test),
    forEach: (each: (tab: Tab) => void) => terminals.forEach(each),
  };
  addCommands({
    ...{ app, sessions, settings, terminals: tracker, tabs: withTabs ? tabs : null },
  } as unknown as CommandOptions);
}

beforeEach(async () => {
  dialogs.length = success.length = 0;
  open.mockReset();
  askToShare.mockReset();
  accept.now = available = true;
  current = null;
  under = [];
  models = [];
  terminals = [tab("a", "1"), tab("b", "2"), tab("c", "3")];
  api = new FakeApi();
  sessions = new SharedSessions(api, undefined);
  vi.stubGlobal("navigator", { clipboard: { writeText: vi.fn(() => Promise.resolve()) } });
  await start();
});

afterEach(async () => {
  vi.unstubAllGlobals();
  PageConfig.setOption("sshxDefaultRole", "");
  api.failure = null;
  await share();
});

async function share(...list: HostedSession[]): Promise<void> {
  api.list = list;
  await sessions.refresh();
  await vi.dynamicImportSettled();
}

/** Why a command cannot be used; empty if it can. */
function whyNot(command: string, args = {}): string {
  return commands.isEnabled(command, args) ? "" : commands.caption(command, args);
}

const copied = () => vi.mocked(navigator.clipboard.writeText).mock.lastCall?.[0];

const OPEN_ONE = "Open the terminal that you want to share first.";
const DISABLED = "Terminals are disabled on this Jupyter server. You can join sessions, but not share.";
const SOMEONES = "Someone else hosts this session.";
const NOTHING = "Nothing is shared from this server.";
const STOP = "Stop sharing “demo”? 1 guest is here and will be disconnected. Your terminals stay open.";
const SEVERAL = "Several sessions are shared. Switch to the tab of the session that you want.";

const VISIBLE = [Command.share, Command.create, Command.join, Command.copy, Command.copyRead, Command.stop];

test("nothing is to be seen or used before it is known that one may share", async () => {
  for (const command of Object.values(Command)) expect(commands.isVisible(command)).toBe(false);
  [current] = terminals as [Tab];
  for (const command of VISIBLE) expect(commands.isEnabled(command)).toBe(false);
  await share(hosted(1));
  for (const command of VISIBLE) {
    expect(commands.isVisible(command)).toBe(true);
    expect(commands.isEnabled(command)).toBe(true);
  }
});

test("nothing is to be seen, used or opened where one may not share", async () => {
  api.failure = new ApiError("Forbidden.", 403);
  await sessions.refresh();
  for (const command of Object.values(Command)) expect(commands.isVisible(command)).toBe(false);
  for (const command of VISIBLE) expect(commands.isEnabled(command)).toBe(false);
  await commands.execute(Command.open, { id: "07" });
  expect(open).not.toHaveBeenCalled();
});

test("they are other ones when there are other sessions, or another widget is the current one", async () => {
  const changed = emissions(commands.commandChanged);
  const others = () => changed.mock.calls.splice(0).map(([, { id }]) => id);
  await share();
  expect(others()).toEqual(VISIBLE);
  await share(hosted(1));
  expect(others()).toEqual(VISIBLE);
  await share(hosted(1, { name: "Another name" }));
  currentChanged.emit();
  expect(others()).toEqual([]);
  [current] = terminals as [Tab];
  currentChanged.emit();
  expect(others()).toEqual(VISIBLE);
});

test.each([
  [Command.share, `Share Terminal: ${OPEN_ONE}`],
  [Command.copy, `Copy Ticket: ${NOTHING}`],
  [Command.stop, `Stop Sharing: ${NOTHING}`],
])("%s without anything that it could be about says so", async (command, dialog) => {
  await share();
  await commands.execute(command);
  expect(dialogs).toEqual([dialog]);
});

describe("sharing", () => {
  test("is of the terminal that is active, under the pointer, or given", async () => {
    await share();
    expect(whyNot(Command.share)).toBe(OPEN_ONE);
    expect(whyNot(Command.share, { at: "pointer" })).toBe(OPEN_ONE);
    expect(whyNot(Command.share, { terminal: "7" })).toBe("");
    [current] = terminals as [Tab];
    expect(whyNot(Command.share)).toBe("");
    expect(whyNot(Command.share, { at: "pointer" })).toBe(OPEN_ONE);
    current = tab("notebook");
    under = [document.createElement("span"), tabIcon("b")];
    expect(whyNot(Command.share)).toBe(OPEN_ONE);
    expect(whyNot(Command.share, { at: "pointer" })).toBe("");
    expect(commands.caption(Command.share, { at: "pointer" })).toMatch(/^Let others watch/);
  });

  test("is not possible without terminals, but joining is", async () => {
    await share();
    available = false;
    [current] = terminals as [Tab];
    expect(whyNot(Command.share)).toBe(DISABLED);
    expect(whyNot(Command.create)).toBe(DISABLED);
    expect(whyNot(Command.join)).toBe("");
  });

  test("of a terminal that is shared, or of a session that is given, is managed", async () => {
    await share(hosted(1), hosted(2));
    const label = (args = {}) => commands.label(Command.share, args);
    expect([label(), label({ terminal: "1" }), label({ id: hosted(2).id })]).toEqual([
      "Share Terminal…",
      "Manage Sharing…",
      "Manage Sharing…",
    ]);
    available = false; // it is shared all the same
    expect(commands.caption(Command.share, { id: hosted(2).id })).toBe("Show tickets and people, or stop sharing");
    await commands.execute(Command.share, { id: hosted(2).id });
    available = true;
    under = [tabIcon("b")];
    await commands.execute(Command.share, { at: "pointer" });
    [current] = terminals as [Tab];
    await commands.execute(Command.share);
    expect(dialogs).toEqual(["about Session 2", "about Session 2", "about Session 1"]);
  });

  test("of another is asked about, once at a time, and then shows its session", async () => {
    await share(hosted(2));
    let answer!: (session: HostedSession | null) => void;
    askToShare.mockImplementation(() => new Promise((resolve) => (answer = resolve)));
    [current] = terminals as [Tab];
    const first = commands.execute(Command.share);
    await commands.execute(Command.share);
    await commands.execute(Command.share, { terminal: "2" });
    await vi.waitUntil(() => askToShare.mock.calls.length > 0);
    answer(null);
    await first;
    expect(askToShare).toHaveBeenCalledOnce();
    expect(dialogs).toEqual([]);
    askToShare.mockResolvedValue(hosted(1));
    await commands.execute(Command.share);
    expect(askToShare).toHaveBeenCalledTimes(2);
    expect(dialogs).toEqual(["about Session 1"]);
  });

  test("is offered with the other terminals that are not shared", async () => {
    await share(hosted(2));
    terminals[0]!.title.label = "𝄞".repeat(70);
    await commands.execute(Command.share, { terminal: "1" });
    const [{ options, terminals: offered }] = askToShare.mock.lastCall!;
    expect([...offered.keys()]).toEqual(["1", "3"]);
    expect(options).toMatchObject({ name: "𝄞".repeat(64), terminals: ["1"], approve: true, expires_in: 60 });
    await commands.execute(Command.share, { terminal: "7" });
    expect([...askToShare.mock.lastCall![0].terminals]).toEqual([
      ["7", "Terminal 7"],
      ["1", "𝄞".repeat(70)],
      ["3", "bash in 3"],
    ]);
  });

  test("without history begins with a name that is not from the terminal", async () => {
    await start({ chosen: { history: false } });
    await commands.execute(Command.share, { terminal: "1" });
    expect(askToShare.mock.lastCall![0].options).toMatchObject({ name: "Terminal 1", history: false });
  });

  test("of a new terminal is as it is set, and opens the session", async () => {
    open.mockResolvedValue("the tab");
    expect(await commands.execute(Command.create)).toBe("the tab");
    expect(api.share.mock.lastCall![0]).toMatchObject({ approve: true, read_only: false, expires_in: 60 });
    expect(opened()).toEqual([sessions.list[0]!.id, "share"]);
  });

  test.each([
    ["work/data", "work/data"],
    ["RTC:work", "work"],
    ["", undefined],
    ["RTC:", undefined],
    ["S3:bucket", undefined],
    [undefined, undefined],
  ])("of a new terminal in %j begins in %j", async (cwd, wanted) => {
    await commands.execute(Command.create, cwd === undefined ? {} : { cwd });
    expect(api.share.mock.lastCall![0].cwd).toBe(wanted);
  });

  test("is read-only if that is the server's default", async () => {
    PageConfig.setOption("sshxDefaultRole", "reader");
    await commands.execute(Command.create);
    expect(api.share.mock.lastCall![0]).toMatchObject({ read_only: true });
  });

  test("that fails says why", async () => {
    api.failure = new ApiError("There are 64 sessions already.", 409);
    await commands.execute(Command.create);
    expect(dialogs).toEqual(["New Shared Session: There are 64 sessions already."]);
    expect(open).not.toHaveBeenCalled();
  });
});

describe("of a session", () => {
  test("there is one, or it is told why not", async () => {
    for (const command of [Command.copy, Command.copyRead, Command.stop]) {
      await share();
      expect(whyNot(command)).toBe(NOTHING);
      await share(hosted(1));
      expect(whyNot(command)).toBe("");
      await share(hosted(1), hosted(2));
      expect(whyNot(command)).toBe(SEVERAL);
      expect(whyNot(command, { id: hosted(2).id })).toBe("");
      expect(whyNot(command, { id: "07" })).toBe(SEVERAL);
    }
  });

  test("it is that of the terminal, or the tab, which is active", async () => {
    await share(hosted(1), hosted(2));
    current = terminals[1]!;
    await commands.execute(Command.copy);
    expect(copied()).toBe("write2");
    current = tab("session");
    models = [{ tab: current, id: hosted(1).id, client: {} }];
    await commands.execute(Command.copyRead);
    expect(copied()).toBe("read1");
    current = terminals[2]!;
    expect(whyNot(Command.copy)).toBe(SEVERAL);
  });

  test("it is that under the pointer, and no other", async () => {
    await share(hosted(1));
    expect(whyNot(Command.stop, { at: "pointer" })).not.toBe("");
    under = [terminals[1]!.node];
    expect(whyNot(Command.stop, { at: "pointer" })).not.toBe("");
    under = [terminals[0]!.node];
    expect(whyNot(Command.stop, { at: "pointer" })).toBe("");
    const session = tab("session");
    models = [{ tab: session, id: hosted(1).id, client: {} }];
    under = [tabIcon("session")];
    expect(whyNot(Command.stop, { at: "pointer" })).toBe("");
  });

  test("it is none in the tab of one that was joined, or of the form", async () => {
    await share(hosted(1));
    current = tab("session");
    models = [{ tab: current, id: "07", client: {} }];
    for (const command of [Command.copy, Command.copyRead, Command.stop]) expect(whyNot(command)).toBe(SOMEONES);
    models = [{ tab: current, id: null, client: null }];
    expect(whyNot(Command.stop)).not.toBe("");
    expect(whyNot(Command.stop)).not.toBe(SOMEONES);
  });

  test("without a ticket to type, the other one can be copied", async () => {
    await share(hosted(1, { tickets: READ_ONLY }));
    expect(whyNot(Command.copy)).toMatch(/^This session is read-only/);
    await commands.execute(Command.copyRead);
    expect(copied()).toBe("read9");
  });
});

describe("copying", () => {
  test("takes the latest ticket, and says what it is good for", async () => {
    await share(hosted(1));
    api.list = [hosted(1, { tickets: { write: "better", read: "better too" } })];
    await commands.execute(Command.copy);
    expect(copied()).toBe("better");
    await commands.execute(Command.copyRead);
    expect(copied()).toBe("better too");
    expect(success).toEqual(["Ticket copied. Anyone with it can type.", "Ticket copied. Anyone with it can watch."]);
  });

  test("takes what is known if the server cannot be asked", async () => {
    await share(hosted(1));
    api.failure = new ApiError("Cannot be reached.");
    await commands.execute(Command.copy);
    expect(copied()).toBe("write1");
  });

  test("that does not work shows the tickets instead", async () => {
    await share(hosted(1));
    vi.mocked(navigator.clipboard.writeText).mockRejectedValue(new Error("Not allowed."));
    await commands.execute(Command.copy);
    expect(dialogs).toEqual(["about Session 1"]);
    expect(success).toEqual([]);
  });
});

describe("stopping", () => {
  test("without guests happens at once", async () => {
    await share(hosted(1), hosted(2));
    current = terminals[1]!;
    await commands.execute(Command.stop);
    expect(dialogs).toEqual([]);
    expect(api.stop).toHaveBeenCalledExactlyOnceWith(hosted(2).id);
  });

  test("from the dialog about a session leads back there if the person keeps sharing", async () => {
    await share(hosted(1));
    api.host(hosted(1).id).users = [[5, USER]];
    await api.letIn(hosted(1));
    accept.now = false;
    next = ["stop"];
    await commands.execute(Command.share, { terminal: "1" });
    expect(dialogs).toEqual(["about Session 1", STOP, "about Session 1"]);
    expect(api.stop).not.toHaveBeenCalled();
  });

  test("with guests is asked about", async () => {
    await share(hosted(1));
    api.host(hosted(1).id).users = [[5, USER]];
    await api.letIn(hosted(1));
    accept.now = false;
    await commands.execute(Command.stop);
    expect(api.stop).not.toHaveBeenCalled();
    accept.now = true;
    await commands.execute(Command.stop);
    expect(api.stop).toHaveBeenCalledOnce();
    expect(dialogs).toEqual([STOP, STOP]);
  });

  test("that fails says why", async () => {
    await share(hosted(1));
    api.failure = new ApiError("Cannot be reached.");
    await commands.execute(Command.stop);
    expect(dialogs).toEqual(["Stop Sharing: Cannot be reached."]);
  });
});

describe("opening", () => {
  test("shows a session, one of its panels, or the form to join", async () => {
    await commands.execute(Command.open, { id: "07", panel: "people" });
    expect(opened()).toEqual(["07", "people"]);
    await commands.execute(Command.join);
    expect(opened()).toEqual([null, undefined]);
  });

  test("without tabs leads to a page of its own", async () => {
    const pages = vi.spyOn(window, "open").mockReturnValue(null);
    await start({ withTabs: false });
    await commands.execute(Command.open, { id: "07" });
    await commands.execute(Command.join);
    expect(pages.mock.calls.map(([url]) => (url as URL).href)).toEqual([
      "http://localhost:3000/sshx/p2p/07",
      "http://localhost:3000/sshx/p2p",
    ]);
  });

  test("without tabs leads to a page that knows nothing of this one", async () => {
    const page = { opener: window };
    vi.spyOn(window, "open").mockReturnValue(page as unknown as Window);
    await start({ withTabs: false });
    await share(hosted(1));
    await commands.execute(Command.open, { id: hosted(1).id });
    expect(page.opener).toBeNull();
    expect(dialogs).toEqual([]);
  });

  test("a page that the browser has blocked leaves one with the session's dialog", async () => {
    vi.spyOn(window, "open").mockReturnValue(null);
    await start({ withTabs: false });
    await share(hosted(1));
    await commands.execute(Command.open, { id: hosted(1).id });
    expect(dialogs).toEqual(["about Session 1"]);
  });
});
