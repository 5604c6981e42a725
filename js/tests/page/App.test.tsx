// @vitest-environment happy-dom
import { act } from "preact/test-utils";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Client, ClientOptions } from "../../src/client/client";
import type { ClientEvent, Refusal, SessionInfo, State } from "../../src/client/events";
import { Api, SHARE_FLAGS } from "../../src/api/api";
import { App } from "../../src/page/App";
import type { User } from "../../src/protocol/messages";
import { Ticket } from "../../src/ticket";
import type { SessionViewProps } from "../../src/view/SessionView";
import { sessionInfo } from "../view/fakeClient";

const { FakeClient, clients, view, dialled } = vi.hoisted(() => {
  class FakeClient implements Partial<Client> {
    state: State = "connecting";
    reason = "";
    refusal: Refusal | null = null;
    info: SessionInfo | null = null;
    uid = 1;
    users: ReadonlyMap<number, User> = new Map();
    resumeToken = null;
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
    close = () => {
      this.refusal = null;
      this.calls.push("close");
    };
  }
  /** The clients that were made, the newest last. */
  const clients: FakeClient[] = [];
  /** The view as it was last shown, and where links were dialled. */
  return { FakeClient, clients, view: { props: null as SessionViewProps | null }, dialled: [] as string[] };
});

vi.mock("../../src/client/client", () => ({ SshxClient: FakeClient }));
vi.mock("../../src/view/SessionView", () => ({
  SessionView: (props: SessionViewProps) => {
    view.props = props;
    return <p>The session</p>;
  },
}));
vi.mock("../../src/links/websocket", async (original) => ({
  ...(await original()),
  dialWebSocket: (url: string) => () => Promise.resolve(void dialled.push(url)),
}));

const ROOT = "http://localhost:3000/user/a%40b/";
const bytes = (size: number, value: number) => new Uint8Array(size).fill(value);
const ticket = (id: number, role: "writer" | "reader" = "writer", password = false) =>
  new Ticket(bytes(30, 5), bytes(16, id), bytes(16, 9), role, password);
const HOSTED = {
  id: "07".repeat(16),
  name: "Lecture",
  tickets: { write: "sshx1write", read: "sshx1read" },
  urls: { write: "http://host/write", read: "http://host/read" },
  owner_secret: "08".repeat(16),
  shells: [{}],
  users: [{}, {}],
};
const INVITE = { tickets: HOSTED.tickets, urls: HOSTED.urls };

let root: Root;
let requests: { method: string; path: string; headers: Record<string, string>; body: unknown }[];
let answers: Record<string, [status: number, body: unknown]>;

beforeEach(() => {
  clients.length = dialled.length = 0;
  requests = [];
  view.props = null;
  answers = {
    "GET sshx/api/sessions": [200, []],
    "GET api/terminals": [200, [{ name: "1" }, { name: "2" }]],
    "POST sshx/api/sessions": [201, HOSTED],
  };
  document.cookie = "_xsrf=2|abc";
  document.title = "";
  document.body.innerHTML = "<div id=sshx></div>";
  vi.stubGlobal("fetch", (url: URL, options: RequestInit) => {
    const path = url.href.replace(ROOT, "");
    const method = options.method!;
    const body: unknown = typeof options.body === "string" ? JSON.parse(options.body) : undefined;
    requests.push({ method, path, headers: options.headers as Record<string, string>, body });
    const answer = answers[`${method} ${path}`];
    if (!answer) return Promise.reject(new TypeError("Failed to fetch"));
    const [status, reply] = answer;
    return Promise.resolve(new Response(status === 204 ? null : JSON.stringify(reply), { status }));
  });
});

afterEach(async () => {
  await act(() => root.unmount());
  localStorage.clear();
  vi.unstubAllGlobals();
});

async function open(path = "sshx/p2p", { terminals = true, readOnly = false, guests = false, loggedIn = false } = {}) {
  history.replaceState(null, "", new URL(path, ROOT));
  await settle(); // happy-dom tells of a change of the address later, browsers not at all
  root = createRoot(document.getElementById("sshx")!);
  const how = { terminals, readOnly, guests, loggedIn };
  await act(() => root.render(<App api={new Api(new URL(ROOT))} {...how} name="" />));
  await settle();
}

/** Let requests be answered. */
const settle = () => act(() => new Promise<void>((resolve) => setTimeout(resolve, 5)));
const tell = (client: InstanceType<typeof FakeClient>, change: Partial<InstanceType<typeof FakeClient>>) =>
  act(() => {
    Object.assign(client, change);
    for (const listener of client.listeners) listener({ type: "state" });
  });
const text = () => document.body.textContent;
const labelled = (label: string) => {
  const found = [...document.querySelectorAll("label")].find((each) => each.textContent === label);
  return document.getElementById(found!.htmlFor) as HTMLInputElement;
};
const button = (name: string) =>
  [...document.querySelectorAll("button")].find(
    (each) => (each.getAttribute("aria-label") ?? each.textContent.trim()) === name,
  )!;
const alert = () => document.querySelector("[role=alert]")?.textContent ?? "";

async function fill(label: string, value: string) {
  const input = labelled(label);
  await act(() => {
    input.value = value;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  });
}

async function press(name: string) {
  await act(() => button(name).click());
  await settle();
}

test.each([
  [false, ["Share a terminal", "Join a session"]],
  [true, ["Join a session", "Share a terminal"]],
])("on a phone (%s), joining comes first", async (phone, expected) => {
  const list = Object.assign(new EventTarget(), { matches: phone });
  vi.stubGlobal("matchMedia", () => list);
  await open();
  const titles = () => [...document.querySelectorAll("h2")].map((each) => each.textContent).slice(0, 2);
  expect(titles()).toEqual(expected);
  await fill("Ticket", "not yet");
  list.matches = !phone;
  await act(() => void list.dispatchEvent(new Event("change")));
  expect(titles()).toEqual([...expected].reverse());
  expect(labelled("Ticket").value).toBe("not yet");
});

test("share: what was chosen is sent, and the owner's view opens with the links", async () => {
  await open();
  await fill("Session name", " Lecture ");
  await fill("Password for guests", "pw");
  await act(() => labelled("Read-only").click());
  await act(() => labelled("Terminal 2").click());
  await press("Share");
  const { headers, body } = requests.find(({ method }) => method === "POST")!;
  expect(headers["X-XSRFToken"]).toBe("2|abc");
  expect(body).toEqual({ ...SHARE_FLAGS, name: "Lecture", password: "pw", read_only: true, terminals: ["2"] });
  expect(location.href).toBe(`${ROOT}sshx/p2p/${HOSTED.id}`);
  expect(view.props).toMatchObject({ invite: INVITE, opens: { panel: "share" } });
  const { credentials } = clients[0]!.options;
  expect(credentials).toEqual({ sessionId: bytes(16, 7), role: "owner", secret: bytes(16, 8), password: null });
  expect(clients[0]!.calls).toEqual(["connect"]);
});

test("share: without history, if that is what the person chooses", async () => {
  await open();
  await act(() => labelled("Terminal 2").click());
  await act(() => labelled("Show guests what the terminals have printed so far").click());
  await press("Share");
  const { body } = requests.find(({ method }) => method === "POST")!;
  expect(body).toEqual({ ...SHARE_FLAGS, terminals: ["2"], history: false });
});

test("share: who shares is told when guests need no login", async () => {
  await open();
  expect(text()).not.toContain("without a Jupyter login");
  await act(() => root.unmount());
  await open("sshx/p2p", { guests: true });
  expect(text()).toContain(
    "Guests can join through this server with only the ticket. They do not need a Jupyter login.",
  );
});

test("share: a refusal is told at the form, which stays as it is", async () => {
  answers["POST sshx/api/sessions"] = [409, { message: "There are 64 sessions already.", reason: "full" }];
  await open();
  await fill("Session name", "Lecture");
  await press("Share");
  expect(alert()).toBe("There are 64 sessions already.");
  expect(labelled("Session name").value).toBe("Lecture");
  delete answers["POST sshx/api/sessions"];
  await press("Share");
  expect(alert()).toMatch(/The Jupyter server cannot be reached/);
});

test("without terminals there is nothing to share, but a way to join", async () => {
  await open("sshx/p2p", { terminals: false });
  expect(text()).toContain("Terminals are disabled");
  expect(button("Join")).toBeDefined();
});

test("join: the ticket says what it is while it is typed", async () => {
  await open();
  await fill("Ticket", ticket(1, "reader").encode());
  expect(text()).toContain("You can watch but not type.");
  await fill("Ticket", `https://host/sshx/p2p/${ticket(1).session}#${ticket(1).encode()}`);
  expect(text()).toContain("You can watch and type.");
  expect(alert()).toBe("");
  await fill("Ticket", ticket(1).encode().slice(0, -4));
  expect(alert()).toMatch(/incomplete/);
  expect(labelled("Ticket").getAttribute("aria-invalid")).toBe("true");
  await press("Join");
  expect(document.activeElement).toBe(labelled("Ticket"));
  expect(clients).toHaveLength(0);
});

test("join: through the server to a host elsewhere, or straight to one here", async () => {
  answers["GET sshx/api/sessions"] = [200, [HOSTED]];
  await open();
  for (const [id, wanted] of [
    [1, /^ws:\/\/localhost:3000\/user\/a%40b\/sshx\/api\/link\/(01){16}\?addr=endpoint[a-z2-7]+$/],
    [7, /^ws:\/\/localhost:3000\/user\/a%40b\/sshx\/api\/link\/(07){16}$/],
  ] as const) {
    await fill("Ticket", ticket(id).encode());
    await fill("Your name", "Grace");
    await press("Join");
    expect(location.hash).toBe(`#${ticket(id).encode()}`);
    const { dial, name } = clients.at(-1)!.options;
    expect(name).toBe("Grace");
    await dial({ onFrame: () => undefined, onPath: () => undefined, onClose: () => undefined });
    expect(dialled.at(-1)).toMatch(wanted);
    expect(view.props!.invite).toBeUndefined();
    await act(() => view.props!.onLeave!());
    await settle();
    expect(clients.at(-1)!.calls).toEqual(["connect", "close"]);
    expect(location.href).toBe(`${ROOT}sshx/p2p`);
  }
});

test("join: a password is asked for until it is the right one, and is in no address", async () => {
  await open();
  await fill("Ticket", ticket(1, "writer", true).encode());
  await press("Join");
  expect(alert()).toMatch(/needs a password/);
  await fill("Password", "wrong");
  await press("Join");
  expect(clients.at(-1)!.options.credentials.password).toBe("wrong");
  await tell(clients.at(-1)!, { state: "refused", refusal: "invalidAuth" });
  expect(clients.at(-1)!.calls).toEqual(["connect", "close"]);
  expect(alert()).toMatch(/did not accept this password/);
  await fill("Password", "right");
  await press("Join");
  expect(clients).toHaveLength(2);
  expect(clients.at(-1)!.options.credentials.password).toBe("right");
  await tell(clients.at(-1)!, { state: "connected", info: sessionInfo("Lecture") });
  expect(document.title).toBe("Lecture · sshx");
  expect(location.href).not.toMatch(/wrong|right/);
});

test("join: a password that only the host tells of is asked for", async () => {
  await open(`sshx/p2p/${ticket(1).session}#${ticket(1).encode()}`);
  await tell(clients[0]!, { state: "refused", refusal: "passwordRequired" });
  expect(alert()).toBe("This session needs a password. Ask the host for it.");
  await fill("Password", "pw");
  await press("Join");
  expect(clients[1]!.options.credentials.password).toBe("pw");
});

test("a link: the ticket decides which session it is", async () => {
  await open(`sshx/p2p/${"00".repeat(16)}#${ticket(1).encode().toUpperCase()}`);
  expect(clients).toHaveLength(1);
  expect(location.pathname).toBe(`/user/a%40b/sshx/p2p/${ticket(1).session}`);
});

test("a link with something else than a ticket", async () => {
  await open(`sshx/p2p/${ticket(1).session}#hello`);
  expect(labelled("Ticket").value).toBe("hello");
  expect(alert()).toMatch(/not an sshx ticket/);
});

test("a session without a ticket: the owner's if it is hosted here, else a ticket is asked for", async () => {
  answers["GET sshx/api/sessions"] = [200, [HOSTED]];
  await open(`sshx/p2p/${HOSTED.id}`);
  expect(view.props).toMatchObject({ invite: INVITE, opens: undefined });
  await act(() => root.unmount());
  await open(`sshx/p2p/${ticket(1).session}`);
  expect(alert()).toContain("The ticket is missing");
  expect(alert()).toContain("the login removed the ticket");
  await fill("Ticket", ticket(1).encode());
  await press("Join");
  expect(clients.at(-1)!.options.credentials.role).toBe("writer");
});

test("a link to no session in particular, after a login that dropped its ticket", async () => {
  await open("sshx/p2p", { loggedIn: true });
  expect(text()).toContain("Did you follow a link? Logging in removed its ticket.");
  await fill("Ticket", ticket(3).encode());
  await press("Join");
  history.back();
  await settle();
  expect(labelled("Ticket").value).toBe("");
  expect(text()).not.toContain("Did you come by a link?");
});

test("a session that cannot be looked for: try again", async () => {
  answers["GET sshx/api/sessions"] = [403, { message: "You are not logged in.", reason: "forbidden" }];
  await open(`sshx/p2p/${HOSTED.id}`);
  expect(alert()).toBe("You are not logged in.");
  answers["GET sshx/api/sessions"] = [200, [HOSTED]];
  await press("Try again");
  expect(view.props).not.toBeNull();
});

test("the owner's links follow the host's addresses", async () => {
  answers["GET sshx/api/sessions"] = [200, [HOSTED]];
  await open(`sshx/p2p/${HOSTED.id}`);
  const urls = { write: "http://host/other", read: "http://host/other-too" };
  answers["GET sshx/api/sessions"] = [200, [{ ...HOSTED, urls }]];
  await tell(clients[0]!, { state: "connected" });
  await settle();
  expect(view.props!.invite).toMatchObject({ ...INVITE, urls });
});

test("the ticket leaves the address bar once one is in, and a reload finds it", async () => {
  const link = `sshx/p2p/${ticket(1).session}#${ticket(1).encode()}`;
  await open(link);
  await tell(clients[0]!, { state: "connecting" });
  expect(location.href).toBe(ROOT + link);
  await tell(clients[0]!, { state: "connected" });
  expect(location.href).toBe(`${ROOT}sshx/p2p/${ticket(1).session}`);
  expect(clients).toHaveLength(1);
  await act(() => root.unmount());
  root = createRoot(document.getElementById("sshx")!);
  const how = { terminals: true, readOnly: false, guests: false, loggedIn: false };
  await act(() => root.render(<App api={new Api(new URL(ROOT))} {...how} name="" />));
  await settle();
  expect(clients[1]!.options.credentials.role).toBe("writer");
});

test("share: the host says what guests are to call them, and shares no terminal twice", async () => {
  const shells = [{ sid: 1, terminal: "1", title: "bash" }];
  answers["GET sshx/api/sessions"] = [200, [{ ...HOSTED, shells }]];
  await open();
  expect(text()).toContain("Terminal 2");
  expect(text()).not.toContain("Terminal 1");
  await fill("Your name as the host", "Grace");
  await press("Share");
  expect(clients[0]!.options.name).toBe("Grace");
});

test("back and forward go from session to session", async () => {
  await open();
  await fill("Ticket", ticket(1).encode());
  await press("Join");
  history.replaceState(null, "", `${ROOT}sshx/p2p/${ticket(2).session}#${ticket(2).encode()}`);
  await act(() => void dispatchEvent(new Event("hashchange")));
  expect(clients[0]!.calls).toEqual(["connect", "close"]);
  expect(clients[1]!.options.credentials.sessionId).toEqual(bytes(16, 2));
});

test("hosted sessions are listed, and stopped once it is known what that means for guests", async () => {
  answers["GET sshx/api/sessions"] = [200, [{ ...HOSTED, name: "<b>Lecture</b>" }]];
  answers[`DELETE sshx/api/sessions/${HOSTED.id}`] = [204, null];
  await open();
  expect(text()).toContain("<b>Lecture</b>");
  expect(text()).toContain("1 shell, 2 people here");
  await press("Stop sharing <b>Lecture</b>");
  expect(alert()).toBe("2 guests are here and will be disconnected. Your terminals stay open.");
  expect(requests.some(({ method }) => method === "DELETE")).toBe(false);
  answers["GET sshx/api/sessions"] = [200, []];
  await press("Stop for everyone");
  expect(requests.find(({ method }) => method === "DELETE")!.headers["X-XSRFToken"]).toBe("2|abc");
  expect(text()).not.toContain("Lecture");
});
