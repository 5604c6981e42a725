// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Identity } from "../../src/lab/identity";
import { SessionModel } from "../../src/lab/sessionModel";
import { ApiError } from "../../src/api/api";
import { forget } from "../../src/session/away";
import { Ticket } from "../../src/ticket";
import { changeSettings } from "../../src/view/settings";
import { CREDENTIALS, refusal, USER } from "../client/scriptedHost";
import { emissions, FakeApi, hosted, settled } from "./fakes";

const bytes = (size: number, value: number) => new Uint8Array(size).fill(value);
const TICKET = new Ticket(bytes(30, 5), bytes(16, 1), bytes(16, 2), "writer");
/** The session of the ticket, as the server tells of it if it hosts it. */
const SESSION = hosted(1);
const ID = SESSION.id;

let api: FakeApi;
let models: SessionModel[];
let identity: Identity;
/** Until it is known who the person is. */
let ready: Promise<void>;

beforeEach(() => {
  api = new FakeApi();
  models = [];
  identity = { name: "Ada", color: "#112233" };
  ready = Promise.resolve();
});

afterEach(() => {
  for (const model of models) model.close();
  forget("");
});

function model(id: string | null): SessionModel {
  const made = new SessionModel(api, { now: () => identity, ready }, id);
  models.push(made);
  return made;
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
    const changed = emissions(made.changed);
    expect([made.stage.at, made.client, made.name, made.id]).toEqual(["looking", null, "", ID]);
    const link = await api.letIn(SESSION);
    expect(made.stage).toEqual({ at: "live", client: made.client, session: SESSION });
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
    expect(api.dialHosted).not.toHaveBeenCalled();
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
    expect(link.all("join")).toMatchObject([{ resume: api.host(ID).token }]);
  });

  test("is entered after a reload as what one has joined it as", async () => {
    await joined();
    const made = reload();
    await vi.waitUntil(() => api.host(ID).links.length === 2);
    await api.letIn(SESSION, TICKET.credentials());
    await settled();
    expect(made.stage).toMatchObject({ at: "live", session: null });
    expect(api.dialHosted).not.toHaveBeenCalled();
  });

  test("is looked for again after the server could not be asked", async () => {
    api.failure = new ApiError("The Jupyter server cannot be reached.");
    const made = model(ID);
    await settled();
    expect(made.stage).toEqual({ at: "failed", reason: "The Jupyter server cannot be reached." });
    api.failure = null;
    const looking = made.look();
    expect(made.stage.at).toBe("looking");
    await looking;
    expect(made.stage.at).toBe("live");
  });

  test("is not entered by who has closed it while it was looked for", async () => {
    const made = model(ID);
    const changed = emissions(made.changed);
    made.close();
    await settled();
    expect(api.dialHosted).not.toHaveBeenCalled();
    expect(changed).not.toHaveBeenCalled();
  });
});

test("a session of which nothing is known any more is lost", async () => {
  const made = model(ID);
  await settled();
  expect(made.stage).toEqual({ at: "joining", ticket: "", lost: "" });
});

describe("joining", () => {
  test("begins with the form", () => {
    const made = model(null);
    expect([made.stage, made.id]).toEqual([{ at: "joining", ticket: "", lost: null }, null]);
    expect(api.find).not.toHaveBeenCalled();
  });

  test("ends in the session, which is not this server's", async () => {
    const made = await joined();
    expect(made.stage).toEqual({ at: "live", client: made.client, session: null });
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
    link.say({ waiting: null });
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

  test("fails if there is no way to the host", async () => {
    api.host(ID).unreachable = "Nobody is there.";
    expect(await model(null).join(TICKET, null)).toEqual({ field: null, message: "Nobody is there." });
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
    const changed = emissions(made.changed);
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
    const changed = emissions(made.changed);
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
    const changed = emissions(made.changed);
    const measured = emissions(made.measured);
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

  test("tells the host of another name that is chosen in the settings", async () => {
    const made = await joined();
    const { link } = api.host(ID);
    changeSettings({ fontSize: 15 });
    identity = {};
    changeSettings({ name: "" });
    expect(link.all("setName")).toEqual([]);
    identity = { name: "Grace" };
    changeSettings({ name: "Grace" });
    changeSettings({ fontSize: 14 });
    await settled();
    expect(link.all("setName")).toEqual([[1, "Grace"]]);
    made.again();
    identity = { name: "Alan" };
    changeSettings({ name: "Alan" });
    await settled();
    expect(link.all("setName")).toEqual([[1, "Grace"]]);
  });

  test("comes back to the form, and is in the session no more", async () => {
    const made = await joined();
    const { link } = api.host(ID);
    made.again();
    expect(link.closed).toBe(true);
    expect([made.stage, made.id]).toEqual([{ at: "joining", ticket: "", lost: null }, null]);
    expect(left()).toEqual([]);
  });

  test("leaves with the tab", async () => {
    const made = await joined();
    made.close();
    expect(api.host(ID).link.closed).toBe(true);
    expect(left()).toEqual([]);
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
      expect(link.all("join")).toMatchObject([{ resume: api.host(ID).token }]);
    }
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
    expect(link.all("join")).toMatchObject([{ resume: api.host(ID).token }]);
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
    const lost = expect.stringContaining("not shared any more") as string;
    expect(made.stage).toEqual({ at: "joining", ticket: TICKET.encode(), lost });
    expect(left()).toEqual([]);
  });

  test("keeps the ticket while the server cannot be asked", async () => {
    await joined();
    api.failure = new ApiError("The Jupyter server cannot be reached.");
    const made = reload();
    await settled();
    expect(made.stage.at).toBe("failed");
    api.failure = null;
    void made.look();
    await vi.waitUntil(() => api.host(ID).links.length === 2);
    await api.letIn(SESSION, TICKET.credentials());
    await settled();
    expect(made.stage.at).toBe("live");
  });

  test("is in another browser tab only with a ticket", async () => {
    await joined();
    const made = model(ID);
    await settled();
    expect(made.stage).toEqual({ at: "joining", ticket: "", lost: "" });
  });
});
