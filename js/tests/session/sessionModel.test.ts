// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ApiError } from "../../src/api/api";
import { hostedAccess, throughServer, type Access } from "../../src/session/access";
import { forget, keep } from "../../src/session/away";
import type { Identity } from "../../src/session/identity";
import { SessionModel, type SessionEvent, type SessionOptions } from "../../src/session/sessionModel";
import { Ticket } from "../../src/ticket";
import { FakeApi, hosted } from "../api/fakeApi";
import { CREDENTIALS, refusal, settled, USER } from "../client/scriptedHost";

const bytes = (size: number, value: number) => new Uint8Array(size).fill(value);
const ticket = (password = false) => new Ticket(bytes(30, 5), bytes(16, 1), bytes(16, 2), "writer", password);
const TICKET = ticket();
const FORM = { at: "joining", ticket: null, refused: null };
/** The session of the ticket, as the server tells of it if it hosts it. */
const SESSION = hosted(1);
const ID = SESSION.id;
const INVITE = { tickets: SESSION.tickets, urls: null };

let api: FakeApi;
let models: SessionModel[];
let identity: Identity;
/** Until it is known who the person is. */
let ready: Promise<void>;
/** Those who are told that the identity has changed. */
let watchers: Set<() => void>;

beforeEach(() => {
  api = new FakeApi();
  models = [];
  identity = { name: "Ada", color: "#112233" };
  ready = Promise.resolve();
  watchers = new Set();
});

afterEach(() => {
  for (const model of models) model.close();
  forget("");
});

function model(id: string | null, options: Partial<SessionOptions> = {}): SessionModel {
  const on = (watcher: () => void) => {
    watchers.add(watcher);
    return () => watchers.delete(watcher);
  };
  const me = { now: () => identity, ready, on };
  const made = new SessionModel({ me, ...throughServer(api), keeps: "user and ticket", ...options });
  models.push(made);
  if (id !== null) void made.open(id);
  return made;
}

/** Counts the events of one kind. */
function told(made: SessionModel, event: SessionEvent) {
  const listener = vi.fn();
  made.on((each) => {
    if (each === event) listener();
  });
  return listener;
}

function rename(name?: string): void {
  identity = name === undefined ? {} : { name };
  for (const watcher of [...watchers]) watcher();
}

/** Someone who has joined with the ticket. */
async function joined(): Promise<SessionModel> {
  const made = model(null);
  const joining = made.join(TICKET, null);
  await api.letIn(SESSION, TICKET.credentials());
  expect(await joining).toBeNull();
  return made;
}

/** Someone at the form whom the host refuses. */
async function refused(reason: string, password: string | null = null) {
  const made = model(null);
  const joining = made.join(TICKET, password);
  (await api.knocked(ID)).deliver(refusal(reason));
  return { made, complaint: (await joining)! };
}

/** The page goes away and comes back, with JupyterLab's layout. */
function reload(): SessionModel {
  window.dispatchEvent(new Event("pagehide"));
  for (const each of models) each.close();
  window.dispatchEvent(new Event("pageshow"));
  return model(ID);
}

/** What is kept for a page that comes after this one, by what it is: tickets and tokens. */
function left(): string[] {
  window.dispatchEvent(new Event("pagehide"));
  const keys = Object.keys(sessionStorage);
  window.dispatchEvent(new Event("pageshow"));
  return keys.map((key) => /sshx:away:(\w+)/.exec(key)![1]!).sort();
}

describe("a session of this server", () => {
  beforeEach(() => void (api.list = [SESSION]));

  test("is looked for, and entered as its owner", async () => {
    const made = model(ID);
    const changed = told(made, "changed");
    expect([made.stage.at, made.client, made.name, made.id]).toEqual(["looking", null, "", ID]);
    const link = await api.letIn(SESSION);
    expect(made.stage).toMatchObject({ at: "live", client: made.client, session: SESSION, invite: INVITE });
    expect(api.dialHosted).toHaveBeenCalledExactlyOnceWith(ID);
    expect(link.all("join")).toMatchObject([{ name: "Ada", as: "user" }]);
    expect(changed).toHaveBeenCalled();
  });

  test("has the name that the host says, and before that the server's", async () => {
    const made = model(ID);
    await settled();
    expect(made.name).toBe("Session 1");
    await api.letIn(SESSION);
    expect(made.name).toBe("demo");
  });

  test("is not left with a ticket for it when the page goes away", async () => {
    model(ID);
    await api.letIn(SESSION);
    expect(left()).toEqual(["resume"]);
  });

  test("is entered when it is known who the person is", async () => {
    let know!: () => void;
    ready = new Promise((resolve) => (know = resolve));
    identity = {};
    model(ID);
    await settled();
    expect(api.host(ID).links).toEqual([]);
    identity = { name: "Grace" };
    know();
    const link = await api.letIn(SESSION);
    expect(link.all("join")).toMatchObject([{ name: "Grace" }]);
  });

  test("is entered as its owner after a reload, as the same user", async () => {
    model(ID);
    await api.letIn(SESSION);
    const made = reload();
    await vi.waitUntil(() => api.host(ID).links.length === 2);
    const link = await api.letIn(SESSION);
    expect(made.stage).toMatchObject({ at: "live", session: SESSION });
    expect(link.token).toEqual(api.host(ID).token);
  });

  test("is entered after a reload as what one has joined it as", async () => {
    await joined();
    const made = reload();
    await vi.waitUntil(() => api.host(ID).links.length === 2);
    await api.letIn(SESSION, TICKET.credentials());
    await settled();
    expect(made.stage).toMatchObject({ at: "live", session: null, client: { state: "connected" } });
  });

  test("is looked for again after the server could not be asked", async () => {
    api.failure = new ApiError("The Jupyter server cannot be reached.");
    const made = model(ID);
    await settled();
    expect(made.stage).toEqual({ at: "failed", reason: "The Jupyter server cannot be reached." });
    api.failure = null;
    const looking = made.retry();
    expect(made.stage.at).toBe("looking");
    await looking;
    expect(made.stage.at).toBe("live");
  });

  test("has an invite that follows the host's addresses", async () => {
    const made = model(ID);
    await settled();
    const urls = { write: "other", read: "other too" };
    api.list = [{ ...SESSION, urls }];
    await api.letIn(SESSION);
    await settled();
    expect(made.stage).toMatchObject({ at: "live", session: SESSION, invite: { ...INVITE, urls } });
    api.failure = new ApiError("The Jupyter server cannot be reached.");
    api.host(ID).link.break();
    made.client!.connect();
    await vi.waitUntil(() => api.host(ID).links.length === 2);
    await api.letIn(SESSION);
    await settled();
    expect(made.stage).toMatchObject({ at: "live", invite: { ...INVITE, urls } });
  });

  test("has an invite that follows new tickets", async () => {
    const made = model(ID);
    await settled();
    const link = await api.letIn(SESSION);
    await settled();
    const tickets = { write: "another", read: "another too" };
    api.list = [{ ...SESSION, tickets }];
    link.say({ hello: [1, { name: "demo", rotations: 1 }] });
    await settled();
    expect(made.stage).toMatchObject({ at: "live", invite: { ...INVITE, tickets } });
  });

  test("is entered at once by who has just made it", async () => {
    const made = model(null);
    made.enter(hostedAccess(api, SESSION));
    expect(made.stage).toMatchObject({ at: "live", client: made.client, session: SESSION, invite: INVITE });
    expect([made.id, made.name]).toEqual([ID, "Session 1"]);
    expect(api.find).not.toHaveBeenCalled();
    await api.letIn(SESSION);
    expect(made.client!.state).toBe("connected");
  });

  test("is not entered by who has closed it while it was looked for", async () => {
    const made = model(ID);
    const changed = told(made, "changed");
    made.close();
    await settled();
    expect(api.host(ID).links).toEqual([]);
    expect(changed).not.toHaveBeenCalled();
  });
});

test("a session of which nothing is known needs a ticket", async () => {
  const made = model(ID);
  await settled();
  expect([made.stage, made.id]).toEqual([FORM, ID]);
});

describe("joining", () => {
  test("begins with the form", () => {
    const made = model(null);
    expect([made.stage, made.id]).toEqual([FORM, null]);
    expect(api.find).not.toHaveBeenCalled();
  });

  test("ends in the session, which is not this server's", async () => {
    const made = await joined();
    expect(made.stage).toMatchObject({ at: "live", client: made.client, session: null, invite: null });
    expect([made.id, made.name]).toEqual([ID, "demo"]);
    expect(api.dialAny).toHaveBeenCalledExactlyOnceWith(ID, TICKET.endpointTicket);
    expect(api.host(ID).link.all("join")).toMatchObject([{ name: "Ada" }]);
  });

  test("begins when it is known who the person is", async () => {
    let know!: () => void;
    ready = new Promise((resolve) => (know = resolve));
    const joining = model(null).join(TICKET, null);
    await settled();
    expect(api.dialAny).not.toHaveBeenCalled();
    identity = { name: "Grace" };
    know();
    const link = await api.letIn(SESSION, TICKET.credentials());
    await joining;
    expect(link.all("join")).toMatchObject([{ name: "Grace" }]);
  });

  test("does not begin if the tab is closed before that", async () => {
    let know!: () => void;
    ready = new Promise((resolve) => (know = resolve));
    const made = model(null);
    void made.join(TICKET, null);
    made.close();
    know();
    await settled();
    expect(api.dialAny).not.toHaveBeenCalled();
    expect(left()).toEqual([]);
  });

  test("leaves the form as soon as the host thinks about it", async () => {
    const made = model(null);
    const joining = made.join(TICKET, null);
    const link = await api.knocked(ID);
    Object.assign(CREDENTIALS, TICKET.credentials());
    await link.shake();
    link.say({ waiting: {} });
    expect(await joining).toBeNull();
    expect(made.client!.state).toBe("waiting");
  });

  test.each([
    ["ticket", "invalidAuth", null],
    ["ticket", "notFound", null],
    ["password", "passwordRequired", null],
    ["password", "invalidAuth", "wrong"],
    [null, "locked", null],
  ])("fails at the field %j for %s", async (field, reason, password) => {
    const { made, complaint } = await refused(reason, password);
    expect(complaint.field).toBe(field);
    expect(complaint.message).toMatch(/^[A-Z].*\.$/);
    expect([made.stage.at, made.id]).toEqual(["joining", null]);
    expect(left()).toEqual([]);
  });

  test("goes on trying if there is no way to the host, until the person gives up", async () => {
    api.host(ID).unreachable = "Nobody is there.";
    const made = model(null);
    expect(await made.join(TICKET, null)).toBeNull();
    expect([made.client?.state, made.client?.reason]).toEqual(["unreachable", "Nobody is there."]);
    made.leave();
    expect([made.stage.at, made.client]).toEqual(["joining", null]);
  });

  test("works after it has failed", async () => {
    const { made } = await refused("invalidAuth");
    const joining = made.join(TICKET, null);
    await vi.waitUntil(() => api.host(ID).links.length === 2);
    await api.letIn(SESSION, TICKET.credentials());
    expect(await joining).toBeNull();
    expect(made.stage.at).toBe("live");
  });

  test("leaves no client behind if the tab is closed meanwhile", async () => {
    const made = model(null);
    const changed = told(made, "changed");
    const joining = made.join(TICKET, null);
    const link = await api.knocked(ID);
    made.close();
    if (!link.closed) await api.letIn(SESSION, TICKET.credentials());
    await joining;
    expect(link.closed).toBe(true);
    expect(changed).not.toHaveBeenCalled();
  });
});

describe("who has joined", () => {
  test("is told of other people, names and states, and of nothing else", async () => {
    const made = await joined();
    const host = api.host(ID);
    const changed = told(made, "changed");
    host.link.say({ userDiff: [1, { ...USER, cursor: [1, 2] }] });
    host.link.say({ hear: [1, 1, "Ada", "Hello.", 1] });
    host.link.say({ error: [null, "tooFast", "Not so fast.", {}] });
    host.link.say({ shells: [] });
    expect(changed).not.toHaveBeenCalled();
    host.link.say({ userDiff: [2, USER] });
    expect(changed).toHaveBeenCalledTimes(1);
    host.hello({ name: "Lecture" });
    expect(made.name).toBe("Lecture");
    expect(changed).toHaveBeenCalledTimes(3);
    host.link.break();
    expect(made.client!.state).toBe("reconnecting");
    expect(changed).toHaveBeenCalledTimes(4);
  });

  test("is told of measurements apart from that", async () => {
    const made = await joined();
    const changed = told(made, "changed");
    const measured = told(made, "measured");
    api.host(ID).link.say({ shellLatency: 7 });
    expect(measured).toHaveBeenCalledOnce();
    expect(changed).not.toHaveBeenCalled();
  });

  test("knows who is in, which is not who waits for that", async () => {
    const made = await joined();
    const { link } = api.host(ID);
    link.say({ userDiff: [2, { ...USER, name: "Grace" }] });
    link.say({ userDiff: [3, { ...USER, name: "Alan", pending: true }] });
    expect(made.people.map(({ name }) => name)).toEqual(["Ada", "Grace"]);
    link.say({ userDiff: [2, null] });
    expect(made.people.map(({ name }) => name)).toEqual(["Ada"]);
  });

  test("tells the host of another name that is chosen elsewhere", async () => {
    const made = await joined();
    const { link } = api.host(ID);
    rename("Ada");
    rename();
    expect(link.all("setName")).toEqual([]);
    rename("Grace");
    rename("Grace");
    await settled();
    expect(link.all("setName")).toEqual([[1, "Grace"]]);
    made.leave();
    rename("Alan");
    await settled();
    expect(link.all("setName")).toEqual([[1, "Grace"]]);
  });

  test("comes back to the form, and is the same user when they join again", async () => {
    const made = await joined();
    const { link } = api.host(ID);
    made.leave();
    expect(link.closed).toBe(true);
    expect([made.stage, made.id]).toEqual([FORM, null]);
    expect(left()).toEqual(["resume"]);
    const again = made.join(TICKET, null);
    await api.letIn(SESSION, TICKET.credentials());
    expect(await again).toBeNull();
    expect(api.host(ID).link.token).toEqual(api.host(ID).token);
  });

  test("leaves with the tab", async () => {
    const made = await joined();
    made.close();
    expect(api.host(ID).link.closed).toBe(true);
    expect(left()).toEqual(["resume"]);
  });

  test("is back after a reload, as the same user, as often as that", async () => {
    await joined();
    for (const links of [2, 3]) {
      const made = reload();
      await vi.waitUntil(() => api.host(ID).links.length === links);
      expect(Object.keys(sessionStorage)).toEqual([]);
      const link = await api.letIn(SESSION, TICKET.credentials());
      await settled();
      expect(made.stage).toMatchObject({ at: "live", session: null });
      expect(link.token).toEqual(api.host(ID).token);
    }
  });

  test("needs a ticket after a reload if what was kept is none", async () => {
    const stop = keep(`ticket ${ID}`, () => JSON.stringify({ ticket: "sshx1", password: null }));
    window.dispatchEvent(new Event("pagehide"));
    stop();
    window.dispatchEvent(new Event("pageshow"));
    const made = model(ID);
    await settled();
    expect(made.stage).toEqual(FORM);
    expect(left()).toEqual([]);
  });

  test("loses nothing by a reload before it is back", async () => {
    await joined();
    reload(); // it has not been asked for yet whose session it is
    const looking = reload();
    await vi.waitUntil(() => api.host(ID).links.length === 2);
    await api.knocked(ID);
    expect(looking.stage.at).toBe("looking");
    expect(left()).toEqual(["resume", "ticket"]);
    const made = reload(); // the host has not let it in yet
    await vi.waitUntil(() => api.host(ID).links.length === 3);
    const link = await api.letIn(SESSION, TICKET.credentials());
    await settled();
    expect(made.stage.at).toBe("live");
    expect(link.token).toEqual(api.host(ID).token);
  });

  test("loses nothing by a reload while the server cannot be asked", async () => {
    await joined();
    api.failure = new ApiError("The Jupyter server cannot be reached.");
    reload();
    await settled();
    expect(left()).toEqual(["resume", "ticket"]);
  });

  test("has nothing to come back to when the session has ended", async () => {
    const made = await joined();
    expect(left()).toEqual(["resume", "ticket"]);
    api.host(ID).link.say({ closed: ["stopped", "The host stopped sharing."] });
    expect(made.client!.state).toBe("ended");
    expect(left()).toEqual([]);
  });

  test("is at the form after a reload if the host refuses", async () => {
    await joined();
    const made = reload();
    await vi.waitUntil(() => api.host(ID).links.length === 2);
    (await api.knocked(ID)).deliver(refusal("notFound"));
    await settled();
    const refused = { reason: "notFound", message: expect.stringContaining("no longer shared") as string };
    expect([made.stage, made.id]).toEqual([{ at: "joining", ticket: TICKET, refused }, ID]);
    expect(left()).toEqual([]);
  });

  test("keeps the ticket while the server cannot be asked", async () => {
    await joined();
    api.failure = new ApiError("The Jupyter server cannot be reached.");
    const made = reload();
    await settled();
    expect(made.stage.at).toBe("failed");
    api.failure = null;
    void made.retry();
    await vi.waitUntil(() => api.host(ID).links.length === 2);
    await api.letIn(SESSION, TICKET.credentials());
    await settled();
    expect(made.stage.at).toBe("live");
  });

  test("is in another browser tab only with a ticket", async () => {
    await joined();
    const made = model(ID);
    await settled();
    expect(made.stage).toEqual(FORM);
  });
});

describe("who follows a link", () => {
  /** The host's answer to the last attempt. */
  async function refuse(made: SessionModel, reason: string): Promise<void> {
    (await api.knocked(ID)).deliver(refusal(reason));
    await vi.waitUntil(() => made.client?.state !== "connecting");
  }

  test("is in view of the session while the host answers", async () => {
    const made = model(null);
    await made.followLink(TICKET, null);
    expect(made.stage).toMatchObject({ at: "live", client: made.client, session: null, invite: null });
    expect([made.id, made.client!.state]).toEqual([ID, "connecting"]);
    await api.letIn(SESSION, TICKET.credentials());
    expect(made.client!.state).toBe("connected");
  });

  test("sees there why the host refuses", async () => {
    const made = model(null);
    await made.followLink(TICKET, null);
    await refuse(made, "notFound");
    expect([made.stage.at, made.client!.refusal]).toEqual(["live", "notFound"]);
    await made.followLink(TICKET, null);
    await refuse(made, "invalidAuth"); // without a password it is the ticket
    expect([made.stage.at, made.client!.refusal]).toEqual(["live", "invalidAuth"]);
  });

  test("is asked for the password that the ticket needs", async () => {
    const made = model(null);
    await made.followLink(ticket(true), null);
    expect([made.stage, made.id]).toEqual([{ at: "joining", ticket: ticket(true), refused: null }, ID]);
    expect(api.dialAny).not.toHaveBeenCalled();
  });

  test.each([
    ["passwordRequired", null],
    ["invalidAuth", "wrong"],
  ])("is asked for the password again after %s", async (reason, password) => {
    const made = model(null);
    await made.followLink(TICKET, password);
    await refuse(made, reason);
    const refused = { reason, message: expect.stringMatching(/^[A-Z].*\.$/) as string };
    expect([made.stage, made.client, made.id]).toEqual([{ at: "joining", ticket: TICKET, refused }, null, ID]);
    expect(left()).toEqual([]);
  });

  test("is the same user after a reload, with the ticket in the address", async () => {
    const made = model(null, { keeps: "user" });
    await made.followLink(TICKET, null);
    await api.letIn(SESSION, TICKET.credentials());
    expect(left()).toEqual(["resume"]);
  });
});

describe("a session that is found in another way", () => {
  let found: Promise<Access>;
  let answer: (access: Access) => void;
  let doubt: (reason: string) => void;
  const find: SessionOptions["find"] = (_, tell) => {
    doubt = tell;
    return found;
  };

  beforeEach(() => void (found = new Promise((resolve) => (answer = resolve))));

  const way = (): Access => ({
    ...{ credentials: TICKET.credentials(), dial: api.host(ID).dial, companion: () => Promise.resolve(bytes(32, 3)) },
    ...{ session: null, invite: INVITE },
  });

  test("is entered as it says, and nothing of it is kept", async () => {
    const made = model(ID, { find, keeps: "nothing" });
    api.host(ID).tokens = [bytes(32, 3)];
    answer(way());
    const link = await api.letIn(SESSION, TICKET.credentials());
    expect(link.all("join")).toMatchObject([{ as: "companion" }]);
    expect(link.token).toEqual(bytes(32, 3));
    expect(made.stage).toMatchObject({ at: "live", client: made.client, session: null, invite: INVITE });
    expect(left()).toEqual([]);
  });

  test("is entered even after it was in doubt", async () => {
    const made = model(ID, { find });
    doubt("Nobody answers.");
    expect(made.stage).toEqual({ at: "failed", reason: "Nobody answers." });
    answer(way());
    await settled();
    expect(made.stage.at).toBe("live");
    doubt("Nobody answers.");
    expect(made.stage.at).toBe("live");
  });

  test("is not entered after its end", async () => {
    const made = model(ID, { find });
    made.end("It is over.");
    answer(way());
    await settled();
    doubt("Nobody answers.");
    expect(made.stage).toEqual({ at: "failed", reason: "It is over." });
  });

  test("ends for its client as well", async () => {
    const made = model(ID, { find });
    answer(way());
    await settled();
    const { client } = made;
    made.end("It is over.");
    expect(made.stage).toMatchObject({ at: "live", client });
    expect([client!.state, client!.endCode, client!.reason]).toEqual(["ended", "ended", "It is over."]);
  });

  test("can be opened again after it was left", async () => {
    const made = model(ID, { find });
    made.leave();
    answer(way());
    await settled();
    expect([made.stage, made.id]).toEqual([FORM, null]);
    void made.open(ID);
    await settled();
    expect(made.stage.at).toBe("live");
  });
});
