// @vitest-environment happy-dom
import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Client, ClientOptions } from "../../src/client/client";
import type { ClientEvent, SessionInfo, State as ClientState } from "../../src/client/events";
import type { User } from "../../src/protocol/messages";
import { Ticket } from "../../src/ticket";
import type { SessionViewProps } from "../../src/view/SessionView";
import { Kernel } from "../../src/widget/kernel";
import type { State } from "../../src/widget/model";
import { sessionInfo, user } from "../view/fakeClient";
import { button, says } from "../view/render";
import { FakeModel } from "./fakeModel";

const { FakeClient, clients, views, dialled } = vi.hoisted(() => {
  class FakeClient implements Partial<Client> {
    state: ClientState = "connecting";
    held = false;
    info: SessionInfo | null = null;
    uid = 1;
    users: ReadonlyMap<number, User> = new Map();
    calls: string[] = [];
    listeners = new Set<(event: ClientEvent) => void>();
    constructor(readonly options: ClientOptions) {
      clients.push(this);
    }
    on = (listener: (event: ClientEvent) => void) => {
      this.listeners.add(listener);
      return () => this.listeners.delete(listener);
    };
    connect = () => void this.calls.push("connect");
    close = (reason = "") => void this.calls.push(`close ${reason}`.trim());
  }
  const clients: FakeClient[] = [];
  /** What the views were given, the latest last; and where links were dialled. */
  return { FakeClient, clients, views: [] as SessionViewProps[], dialled: [] as string[] };
});

vi.mock("../../src/client/client", () => ({ SshxClient: FakeClient }));
vi.mock("../../src/view/SessionView", () => ({
  SessionView: (props: SessionViewProps) => {
    views.push(props);
    return <p>The session</p>;
  },
}));
vi.mock("../../src/links/websocket", async (original) => ({
  ...(await original()),
  dialWebSocket: (url: string) => () => {
    dialled.push(url);
    return Promise.reject(new Error("Nothing there."));
  },
}));
vi.stubGlobal("VERSION", "1.2.3");
const { start, version } = await import("../../src/widget");

const ID = "07".repeat(16);
const TICKETS = { write: "sshx1write", read: "sshx1read" };
const HOSTED = { id: ID, tickets: TICKETS, urls: { write: "w", read: "r" }, owner_secret: "08".repeat(16) };
const ACCESS = {
  type: "access",
  session: ID,
  role: "writer",
  secret: "",
  addr: "endpointaaaa",
  companion: "0a".repeat(16),
  tickets: null,
  urls: null,
};
const bytes = (size: number, value: number) => new Uint8Array(size).fill(value);
const handlers = { onFrame: () => undefined, onPath: () => undefined, onClose: () => undefined };

let sessions: unknown[] | null;
let headers: Record<string, string>;
let removes: (() => void)[];

beforeEach(() => {
  clients.length = views.length = dialled.length = 0;
  sessions = null;
  removes = [];
  document.body.innerHTML = "";
  vi.useFakeTimers();
  vi.stubGlobal("fetch", (url: URL, init: { headers: Record<string, string> }) => {
    ({ headers } = init);
    expect(url.href).toBe("http://localhost:3000/user/ada/sshx/api/sessions");
    const [body, status] = sessions ? [sessions, 200] : [{ message: "no extension" }, 404];
    return Promise.resolve(new Response(JSON.stringify(body), { status }));
  });
});

afterEach(async () => {
  await act(() => {
    for (const remove of removes) remove();
  });
  await vi.advanceTimersByTimeAsync(5_000);
  vi.useRealTimers();
  localStorage.clear();
  delete document.body.dataset.jpThemeLight;
});

/** The page is one of a Jupyter server, which hosts these sessions; null: which does not have the extension. */
function serve(hosted: unknown[] | null): void {
  document.body.innerHTML = `<script id="jupyter-config-data">{"baseUrl": "/user/ada/", "token": "tok"}</script>`;
  sessions = hosted;
}

const settle = (ms = 1) => act(() => vi.advanceTimersByTimeAsync(ms) as unknown as Promise<void>);
const types = (model: FakeModel) => model.sent.map(({ type }) => type);
const client = () => clients.at(-1)!;
const view = () => views.at(-1)!;

async function open(state: Partial<State>) {
  const model = new FakeModel({ session_id: ID, ...state });
  const kernel = new Kernel(model);
  const show = start(model, kernel);
  const more = async () => {
    const el = document.body.appendChild(document.createElement("div"));
    let remove: () => void;
    await act(() => void (remove = show(el)));
    removes.push(() => remove());
    await settle();
    return { el, remove: () => act(() => remove()) };
  };
  return { model, kernel, more, ...(await more()) };
}

const tell = (change: Partial<InstanceType<typeof FakeClient>>) =>
  act(() => {
    Object.assign(client(), change);
    for (const listener of client().listeners) listener({ type: "state" });
  });

test("has the version of the package", () => expect(version).toBe("1.2.3"));

test("one's own session is the server's: the kernel need not be there", async () => {
  serve([HOSTED]);
  const { model } = await open({ own: true });
  expect(types(model)).toEqual([]);
  expect(headers.Authorization).toBe("token tok");
  const { credentials, dial, companion } = client().options;
  expect(credentials).toEqual({ sessionId: bytes(16, 7), role: "owner", secret: bytes(16, 8), password: null });
  expect(companion).toBeUndefined();
  expect(client().calls).toEqual(["connect"]);
  expect(view()).toMatchObject({ embedded: true, invite: { tickets: TICKETS, urls: HOSTED.urls } });
  await dial(handlers).catch(() => undefined);
  expect(dialled).toEqual([`ws://localhost:3000/user/ada/sshx/api/link/${ID}`]);
  await act(() => model.emit("comm_live_update"));
  expect(client().calls).toEqual(["connect"]);
});

test("another session is the kernel's, through the server if that leads to the host", async () => {
  serve([]);
  const { model } = await open({});
  expect(types(model)).toEqual(["access"]);
  await act(() => model.answer("access", ACCESS));
  await settle();
  const { credentials, dial, companion } = client().options;
  expect(credentials).toEqual({ sessionId: bytes(16, 7), role: "writer", secret: bytes(0, 0), password: null });
  expect(await companion!()).toEqual(bytes(16, 10));
  const later = companion!();
  await act(() => model.answer("access", { ...ACCESS, companion: "0b".repeat(16) }));
  expect(await later).toEqual(bytes(16, 11));
  expect(view().invite).toBeUndefined();
  await dial(handlers);
  await settle();
  expect(dialled).toEqual([`ws://localhost:3000/user/ada/sshx/api/link/${ID}?addr=endpointaaaa`]);
  expect(types(model)).toEqual(["access", "access", "open"]);
  expect(JSON.stringify(model.state)).not.toMatch(/0a0a|0b0b/);
});

test("on a page that is no Jupyter server's, one's own session is reached through the kernel", async () => {
  const { model } = await open({ own: true });
  await act(() =>
    model.answer("access", { ...ACCESS, role: "owner", secret: "09".repeat(16), companion: null, tickets: TICKETS }),
  );
  await settle();
  expect(view().invite).toMatchObject({ tickets: TICKETS, urls: null });
  await client().options.dial(handlers);
  expect(types(model)).toEqual(["access", "open"]);
});

test("one's own session is stopped through the kernel, which says if that did not work", async () => {
  const { model } = await open({ own: true });
  const own = { role: "owner", secret: "09".repeat(16), companion: null, tickets: TICKETS, closes_terminals: true };
  await act(() => model.answer("access", { ...ACCESS, ...own }));
  await settle();
  const { stop, closesTerminals } = view().invite!;
  expect(closesTerminals).toBe(true);
  const failed = expect(stop!()).rejects.toThrow("The server is tired.");
  model.answer("stop", { type: "refused", message: "The server is tired." });
  await failed;
  const stopped = stop!();
  model.answer("stop", { type: "stopped" });
  await stopped;
});

test("a busy kernel is waited for, and named when it holds up what one types", async () => {
  const { model } = await open({});
  await act(() => model.say({ type: "kernel", busy: true }));
  expect(says("The kernel is busy")).toBe(true);
  await settle(60_000);
  expect(says("The kernel is busy")).toBe(true);
  await act(() => model.answer("access", ACCESS));
  await settle();
  expect(view().pause).toBeUndefined();
  await tell({ state: "connected", held: true });
  await settle(600);
  expect(view().pause?.title).toBe("The kernel is busy");
  await act(() => model.say({ type: "kernel", busy: false }));
  expect(view().pause).toBeUndefined();
});

test("a kernel that does not answer is gone, until it does", async () => {
  const { model } = await open({});
  await settle(9_000);
  expect(says("ended")).toBe(false);
  await settle(2_000);
  expect(says("This session has ended")).toBe(true);
  expect(says("Run the cell again")).toBe(true);
  await act(() => model.answer("access", ACCESS));
  await settle();
  expect(says("The session")).toBe(true);
});

test("what the kernel says instead of how to take part", async () => {
  const { model } = await open({});
  await act(() => model.answer("access", { type: "ended", reason: "The host stopped sharing." }));
  await settle();
  expect(says("The host stopped sharing.")).toBe(true);
});

test.each<[string, (model: FakeModel) => void, RegExp]>([
  ["the kernel says that it is over", (model) => model.set({ ended: "You left." }), /^close You left\.$/],
  ["the kernel was restarted", (model) => model.emit("comm_live_update"), /^close The kernel was shut down/],
])("the client ends when %s", async (_, change, call) => {
  const { model } = await open({});
  await act(() => model.answer("access", ACCESS));
  await settle();
  await act(() => change(model));
  expect(client().calls).toEqual(["connect", expect.stringMatching(call)]);
});

test("all views have one client, which goes a while after the last of them", async () => {
  const { model, more, remove } = await open({});
  await act(() => model.answer("access", ACCESS));
  const second = await more();
  expect(clients).toHaveLength(1);
  await remove();
  await second.remove();
  await settle(2_000);
  const third = await more(); // a cell was moved
  await settle(5_000);
  expect([clients.length, client().calls]).toEqual([1, ["connect"]]);
  await third.remove();
  await settle(4_000);
  expect(client().calls).toEqual(["connect", "close"]);
  await more();
  await act(() => model.answer("access", ACCESS));
  await settle();
  expect(clients).toHaveLength(2);
});

test("no form shows by the way for a session that there is", async () => {
  let forms = 0;
  const observer = new MutationObserver((records) => {
    const added = records.flatMap(({ addedNodes }) => [...addedNodes]);
    forms += added.filter(
      (node) => node instanceof Element && (node.matches("form") || node.querySelector("form")),
    ).length;
  });
  observer.observe(document.body, { childList: true, subtree: true });
  const { more, remove } = await open({});
  await remove();
  await settle(4_000);
  await more();
  expect(forms).toBe(0);
  await open({ session_id: "" });
  expect(forms).toBeGreaterThan(0);
  observer.disconnect();
});

test("height and theme follow the notebook", async () => {
  document.body.dataset.jpThemeLight = "true";
  const { model, el } = await open({});
  await act(() => model.answer("access", ACCESS));
  await settle();
  const frame = el.firstElementChild as HTMLElement;
  expect([frame.style.height, frame.dataset.lmSuppressShortcuts, view().theme]).toEqual(["480px", "true", "light"]);
  document.body.dataset.jpThemeLight = "false";
  await act(() => model.set({ height: 300 }));
  await settle();
  expect([frame.style.height, view().theme]).toEqual(["300px", "dark"]);
});

test.each([
  ["a new session with nobody else", 850, 0, 1, true],
  ["an older one", 850, 600, 1, false],
  ["one where others are", 850, 0, 2, false],
  ["a narrow view", 500, 0, 1, false],
])("how to let others in shows by itself: %s", async (_, width, age, users, shown) => {
  vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockReturnValue(width);
  serve([HOSTED]);
  await open({ own: true });
  expect(view().opens).toBeUndefined();
  const info = sessionInfo("", { created: Date.now() / 1000 - age });
  await tell({ state: "connected", info, users: new Map(Array.from({ length: users }, (_, uid) => [uid, user("")])) });
  expect(view().opens?.panel).toBe(shown ? "share" : undefined);
  vi.restoreAllMocks();
});

// The ticket box.

const ticket = (password = false) => new Ticket(bytes(30, 5), bytes(16, 7), bytes(16, 9), "writer", password);
const field = (label: string) => {
  const found = [...document.querySelectorAll("label")].find((each) => each.textContent === label);
  return document.getElementById(found!.htmlFor) as HTMLInputElement;
};
const errorOf = (label: string) => {
  const hint = document.getElementById(field(label).getAttribute("aria-describedby")!)!;
  return hint.getAttribute("role") === "alert" ? hint.textContent : "";
};
async function fill(label: string, value: string) {
  await act(() => {
    field(label).value = value;
    field(label).dispatchEvent(new Event("input", { bubbles: true }));
  });
}
async function join() {
  await act(() => button("Join").click());
  await settle();
}

test("a ticket is given to the kernel, and the session takes the box's place", async () => {
  const { model } = await open({ session_id: "" });
  await fill("Ticket", ticket().encode());
  expect(says("You can watch and type.")).toBe(true);
  await fill("Your name", " Ada ");
  await join();
  expect(model.sent[0]).toMatchObject({ type: "join", ticket: ticket().encode(), name: "Ada", password: null });
  expect(button("Join").getAttribute("aria-disabled")).toBe("true");
  await join();
  expect(types(model).filter((type) => type === "join")).toHaveLength(1);
  await act(() => model.answer("access", { type: "ended", reason: "not yet" }));
  await settle(60_000); // as long as the host thinks about it
  expect(says("Connecting…")).toBe(true);
  await act(() => model.set({ session_id: ID }));
  await act(() => model.answer("join", { type: "joined" }));
  await settle();
  await act(() => model.answer("access", ACCESS));
  await settle();
  expect(client().options.name).toBe("Ada");
  expect(says("The session")).toBe(true);
});

test("what the host does not accept is told at its field", async () => {
  const { model } = await open({ session_id: "" });
  const refused = async (reason: string) => {
    await join();
    await act(() => model.answer("join", { type: "refused", reason, message: `Because: ${reason}.` }));
    await settle();
  };
  await fill("Ticket", ticket().encode());
  await refused("invalidAuth");
  expect(errorOf("Ticket")).toBe("Because: invalidAuth.");
  await refused("passwordRequired");
  expect(errorOf("Password")).toBe("Because: passwordRequired.");
  expect(document.activeElement).toBe(field("Password"));
  await fill("Password", "wrong");
  expect(errorOf("Password")).toBe("");
  await refused("invalidAuth");
  expect(model.sent.findLast(({ type }) => type === "join")).toMatchObject({ password: "wrong" });
  expect(errorOf("Password")).toBe("Because: invalidAuth.");
  await refused("full");
  expect(document.querySelector("[role=alert]")?.textContent).toBe("Because: full.");
});

test("a box whose kernel is gone says so", async () => {
  await open({ session_id: "" });
  await fill("Ticket", ticket().encode());
  await join();
  await settle(11_000);
  expect(document.querySelector("[role=alert]")?.textContent).toMatch(/^The kernel was shut down/);
  expect(button("Join").getAttribute("aria-disabled")).toBe("false");
});
