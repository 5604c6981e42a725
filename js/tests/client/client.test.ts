import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { SshxClient, type ClientEvent, type ClientOptions, type State } from "../../src/client";
import type { Dial, Link } from "../../src/links/link";
import { Refused } from "../../src/protocol/handshake";
import { CREDENTIALS, SHELL, ScriptedHost, USER, bytes, refusal, settled } from "./scriptedHost";

let host: ScriptedHost;
let client: SshxClient;
let events: ClientEvent[];
let states: State[];

function make(options: Partial<ClientOptions> = {}): SshxClient {
  client = new SshxClient({ credentials: CREDENTIALS, dial: host.dial, ...options });
  events = [];
  states = [];
  client.on((event) => {
    events.push(event);
    if (event.type === "state" && states.at(-1) !== client.state) states.push(client.state);
  });
  return client;
}

/** A client that has been let in. */
async function inside(options: Partial<ClientOptions> = {}): Promise<SshxClient> {
  make(options).connect();
  await host.welcome();
  return client;
}

/** Wait until the client has knocked again. */
async function knocksAgain(): Promise<void> {
  const known = host.links.length;
  for (let waited = 0; host.links.length === known && waited < 15_000; waited += 250) {
    await vi.advanceTimersByTimeAsync(250);
  }
  expect(host.links).toHaveLength(known + 1);
}

function errors(): string[] {
  return events.flatMap((event) => (event.type === "error" ? [event.text] : []));
}

beforeEach(() => {
  vi.useFakeTimers();
  host = new ScriptedHost();
});

afterEach(() => {
  client.close();
  expect(vi.getTimerCount(), "timers that go on after the end").toBe(0);
  vi.useRealTimers();
});

describe("coming in", () => {
  test("nothing happens before connect", async () => {
    make();
    await settled();
    expect(host.links).toHaveLength(0);
    expect(client.state).toBe("connecting");
  });

  test("the host is told who comes, and tells what there is", async () => {
    await inside({ name: "Ada" });
    expect(host.link.heard[0]).toEqual({
      join: { name: "Ada", resume: null, as: "user", of: null, passive: false, chat: 0, features: [] },
    });
    expect(client.state).toBe("connected");
    expect(client.uid).toBe(1);
    expect(client.info).toEqual({
      session: "01".repeat(16),
      name: "demo",
      readOnly: false,
      locked: false,
      created: 1.5,
    });
    expect([...client.shells]).toEqual([[1, SHELL]]);
    expect([...client.users]).toEqual([[1, USER]]);
    expect(client.role).toBe("writer");
    expect(client.bytesIn).toBeGreaterThan(0);
    expect(client.bytesOut).toBeGreaterThan(0);
  });

  test("a link that is never made is not waited for", async () => {
    let made: ((link: Link) => void) | undefined;
    const dial: Dial = () => new Promise((resolve) => (made = resolve));
    make({ dial }).connect();
    await vi.advanceTimersByTimeAsync(15_000);
    expect([client.state, client.refusal]).toEqual(["refused", "unreachable"]);
    const close = vi.fn();
    made!({ send: () => undefined, buffered: 0, close });
    await settled();
    expect(close).toHaveBeenCalledOnce();
  });

  test("who connects when told that the link is gone has one link", async () => {
    await inside();
    client.on((event) => event.type === "state" && client.state === "reconnecting" && client.connect());
    host.link.break();
    await settled();
    expect(host.links).toHaveLength(2);
  });

  test("who leaves when told that another attempt begins makes no link", async () => {
    await inside();
    host.link.break();
    client.on(() => client.close());
    await vi.advanceTimersByTimeAsync(15_000);
    expect(client.state).toBe("ended");
    expect(host.links).toHaveLength(1);
  });

  test("who connects twice is one user", async () => {
    make();
    client.connect();
    client.connect();
    await host.welcome();
    client.connect();
    await settled();
    expect(host.links).toHaveLength(1);
  });

  test.each(["invalidAuth", "passwordRequired", "notFound", "locked"])("refused: %s", async (reason) => {
    make().connect();
    await settled();
    host.link.deliver(refusal(reason));
    expect([client.state, client.refusal, client.reason]).toEqual(["refused", reason, new Refused(reason).message]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(host.links).toHaveLength(1);
    client.connect();
    expect([client.state, client.refusal]).toEqual(["connecting", null]);
    await host.welcome();
    expect(client.state).toBe("connected");
  });

  test.each(["full", "busy"])("refused because it is %s: tried again for 10 s", async (reason) => {
    make().connect();
    await settled();
    for (let tried = 0; tried < 40 && states.at(-1) !== "refused"; tried++) {
      host.link.deliver(refusal(reason));
      await vi.advanceTimersByTimeAsync(1000);
    }
    expect([client.state, client.refusal]).toEqual(["refused", reason]);
    expect(host.links.length).toBeGreaterThan(5);
    client.connect();
    await settled();
    host.link.deliver(refusal(reason));
    await knocksAgain();
    await host.welcome();
    expect(states.slice(-2)).toEqual(["connecting", "connected"]);
  });

  test("refused after the handshake", async () => {
    make().connect();
    await settled();
    await host.link.shake();
    host.link.say({ closed: ["locked", "Xyzzy."] });
    expect([client.state, client.refusal]).toEqual(["refused", "locked"]);
  });

  test("no way to the host", async () => {
    host.unreachable = "Nobody is there.";
    make().connect();
    await settled();
    expect([client.state, client.refusal, client.reason]).toEqual(["refused", "unreachable", "Nobody is there."]);
  });

  test("no way from the pipe to the host", async () => {
    make().connect();
    await settled();
    host.link.break("The host cannot be reached.", true);
    expect([client.state, client.refusal, client.reason]).toEqual([
      "refused",
      "unreachable",
      "The host cannot be reached.",
    ]);
  });

  test("a host that breaks off at once", async () => {
    make().connect();
    await settled();
    host.link.break();
    expect([client.state, client.refusal]).toEqual(["refused", "unreachable"]);
    expect(client.reason).toContain("broke at once");
  });

  test("a host that says nothing", async () => {
    make().connect();
    await vi.advanceTimersByTimeAsync(15_000);
    expect([client.state, client.refusal]).toEqual(["refused", "unreachable"]);
    expect(host.link.closed).toBe(true);
  });

  test("a host that is none", async () => {
    make().connect();
    await settled();
    host.link.deliver(bytes("HTTP/1.1 400 Bad Request"));
    expect([client.state, client.refusal]).toEqual(["refused", "malformed"]);
    expect(host.link.closed).toBe(true);
  });

  test("waiting for approval, over a broken link, until it is given", async () => {
    make().connect();
    await settled();
    await host.link.shake();
    host.link.say({ waiting: null });
    expect(client.state).toBe("waiting");
    client.send(1, "kept until then");
    host.link.break();
    expect(client.state).toBe("reconnecting");
    await knocksAgain();
    await host.link.shake();
    host.link.say({ waiting: null });
    expect(host.link.all("data")).toEqual([]);
    host.hello();
    expect(states).toEqual(["waiting", "reconnecting", "waiting", "connected"]);
    expect(host.link.all("data")).toEqual([[1, 0, bytes("kept until then")]]);
  });

  test("approval that is not given", async () => {
    make().connect();
    await settled();
    await host.link.shake();
    host.link.say({ waiting: null });
    host.link.say({ closed: ["notAdmitted", "Xyzzy."] });
    expect([client.state, client.reason, client.endCode]).toEqual(["ended", "Xyzzy.", "notAdmitted"]);
  });

  test("leaving while the link is being made", async () => {
    make().connect();
    client.close();
    await settled();
    expect(client.state).toBe("ended");
    expect(host.links.every((link) => link.closed)).toBe(true);
  });
});

describe("a link that breaks", () => {
  test("comes back by itself as the same user", async () => {
    await inside({ name: "Ada" });
    host.link.say({ hear: [1, 2, "Bob", "hello", 17.5] });
    host.link.break("The connection was lost.");
    expect([client.state, client.reason]).toEqual(["reconnecting", "The connection was lost."]);
    expect(client.retryAt! - Date.now()).toBeGreaterThanOrEqual(250);
    expect(client.retryAt! - Date.now()).toBeLessThanOrEqual(500);
    expect(client.shells.size).toBe(1); // what was there is still readable
    await vi.advanceTimersByTimeAsync(500);
    expect(client.retryAt).toBeNull();
    await host.welcome();
    expect(host.link.all("join")).toEqual([
      { name: "Ada", resume: bytes("token 1"), as: "user", of: null, passive: false, chat: 1, features: [] },
    ]);
    expect([client.state, client.reason]).toEqual(["connected", ""]);
    host.link.say({ hear: [1, 2, "Bob", "hello", 17.5] }); // said again
    host.link.say({ hear: [2, 2, "Bob", "again", 3] }); // whatever the clock says
    expect(client.messages.map(({ text }) => text)).toEqual(["hello", "again"]);
  });

  test("is tried again ever less often, and without end", async () => {
    await inside();
    host.unreachable = "Nobody is there.";
    host.link.break();
    const waits: number[] = [];
    for (let i = 0; i < 8; i++) {
      waits.push(client.retryAt! - Date.now());
      await vi.advanceTimersToNextTimerAsync();
      expect([client.state, client.reason]).toEqual(["reconnecting", "Nobody is there."]);
    }
    for (const [i, wait] of waits.entries()) {
      const most = Math.min(500 * 2 ** i, 15_000);
      expect(wait).toBeGreaterThanOrEqual(most / 2);
      expect(wait).toBeLessThanOrEqual(most);
    }
  });

  test("is tried at once when asked", async () => {
    await inside();
    host.link.break();
    client.connect();
    await host.welcome();
    expect(client.state).toBe("connected");
    await vi.advanceTimersByTimeAsync(5000);
    expect(host.links).toHaveLength(2); // the attempt that was planned is not made too
  });

  test.each(["busy", "rateLimited", "full", "tooSlow"])(
    "a refusal that may pass (%s) is not the end",
    async (reason) => {
      await inside();
      host.link.break();
      await knocksAgain();
      host.link.deliver(refusal(reason));
      expect(client.state).toBe("reconnecting");
      await knocksAgain();
      await host.welcome();
      expect(client.state).toBe("connected");
    },
  );

  test.each(["notFound", "invalidAuth"])("another refusal (%s) is", async (reason) => {
    await inside();
    host.link.break();
    await knocksAgain();
    host.link.deliver(refusal(reason));
    expect([client.state, client.refusal, client.reason]).toEqual(["ended", reason, new Refused(reason).message]);
    client.connect();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(host.links).toHaveLength(2);
  });

  test.each([
    ["changed on the way", (frame: Uint8Array) => frame.map((byte, i) => (i === 5 ? byte ^ 1 : byte))],
    ["cut short", (frame: Uint8Array) => frame.subarray(0, -1)],
  ])("a frame that is %s breaks it too", async (_, damage) => {
    await inside();
    const { link } = host;
    link.deliver(damage(link.seal({ error: [null, "full", "x", {}] })));
    expect(client.state).toBe("reconnecting");
    expect(link.closed).toBe(true);
    expect(errors()).toEqual([]);
  });

  test("a malformed message breaks it too", async () => {
    await inside();
    host.link.say({ shells: [[1, null]] });
    expect(client.state).toBe("reconnecting");
  });

  test("unknown messages do not", async () => {
    await inside();
    host.link.say({ later: [1, 2] });
    expect(client.state).toBe("connected");
  });
});

describe("silence", () => {
  test("a host that answers is not silent", async () => {
    await inside();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(states).toEqual(["connected"]);
    expect(host.link.pings.length).toBeGreaterThanOrEqual(30);
    expect(client.latency).toBe(0);
  });

  test("is told, and forgotten when the host is heard again", async () => {
    await inside();
    host.link.answers = false;
    await vi.advanceTimersByTimeAsync(4_000);
    expect(client.state).toBe("connected");
    await vi.advanceTimersByTimeAsync(4_000);
    expect(client.state).toBe("reconnecting");
    expect(client.reason).toMatch(/^Nothing has been heard/);
    expect(client.retryAt).toBeNull();
    client.send(1, "x"); // the link is still there
    await settled();
    expect(host.link.all("data")).toHaveLength(1);
    host.link.say({ pong: [0, 0] });
    expect([client.state, client.reason]).toEqual(["connected", ""]);
    expect(host.links).toHaveLength(1);
  });

  test("while waiting for approval is forgotten too", async () => {
    make().connect();
    await settled();
    await host.link.shake();
    host.link.say({ waiting: null });
    host.link.answers = false;
    await vi.advanceTimersByTimeAsync(8_000);
    host.link.say({ pong: [0, 0] });
    expect(states).toEqual(["waiting", "reconnecting", "waiting"]);
  });

  test("of 15 s ends the link", async () => {
    await inside();
    const { link } = host;
    link.answers = false;
    await vi.advanceTimersByTimeAsync(14_000);
    expect(link.closed).toBe(false);
    await vi.advanceTimersByTimeAsync(2_600);
    expect(link.closed).toBe(true);
    expect(host.links).toHaveLength(2);
    await host.welcome();
    expect(states).toEqual(["connected", "reconnecting", "connected"]);
  });

  test("a link in doubt is replaced when asked", async () => {
    await inside();
    host.link.answers = false;
    await vi.advanceTimersByTimeAsync(8_000);
    client.connect();
    await host.welcome();
    expect(client.state).toBe("connected");
    expect(host.links.map((link) => link.closed)).toEqual([true, false]);
  });

  /** The machine sleeps: time goes on, timers do not. */
  function sleep(milliseconds: number): void {
    const asleep = performance.now() + milliseconds;
    const now = vi.spyOn(performance, "now");
    const woken = Date.now();
    now.mockImplementation(() => asleep + Date.now() - woken);
  }

  test("while the machine slept is no silence of a host that answers then", async () => {
    await inside();
    sleep(100_000);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(states).toEqual(["connected"]);
    expect(host.links).toHaveLength(1);
  });

  test("after the machine slept ends the link soon", async () => {
    await inside();
    const { link } = host;
    link.answers = false;
    sleep(100_000);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(link.closed).toBe(false);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(link.closed).toBe(true);
  });
});

describe("a link that is held up", () => {
  test("may be silent, and gets no pings that would pile up", async () => {
    await inside();
    const { link } = host;
    link.held = true;
    link.answers = false;
    const pings = link.pings.length;
    await vi.advanceTimersByTimeAsync(120_000);
    expect([client.state, client.held]).toEqual(["connected", true]);
    expect(link.pings).toHaveLength(pings);
    link.held = false;
    await vi.advanceTimersByTimeAsync(5_000);
    expect([client.state, client.held]).toEqual(["connected", false]);
    await vi.advanceTimersByTimeAsync(15_000);
    expect(states).toContain("reconnecting");
  });

  test("is waited for also before the host has answered", async () => {
    make().connect();
    await settled();
    host.link.held = true;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(client.state).toBe("connecting");
    host.link.held = false;
    await vi.advanceTimersByTimeAsync(15_000);
    expect([client.state, client.refusal]).toEqual(["refused", "unreachable"]);
  });
});

describe("a companion", () => {
  const companion = bytes("the user's own");

  test("is the same user on every link, and goes on with its own stream", async () => {
    await inside({ companion });
    const join = { name: null, resume: null, as: "companion", of: companion, passive: true, chat: 0, features: [] };
    expect(host.link.all("join")).toEqual([join]);
    expect(client.resumeToken).toBeNull();
    host.link.break();
    await knocksAgain();
    await host.welcome();
    expect(host.link.all("join")).toEqual([{ ...join, resume: bytes("token 1") }]);
  });

  test("gives the user another name only if the person has chosen one", async () => {
    await inside({ companion, name: "Ada" });
    expect(host.link.all("setName")).toEqual([]);
    client.close();
    await inside({ companion, name: "Grace" });
    expect(host.link.all("setName")).toEqual([[1, "Grace"]]);
    client.close();
    await inside({ companion });
    expect(host.link.all("setName")).toEqual([]);
  });

  test("tries again while the user's own client is away, and not if it is refused for good", async () => {
    make({ companion }).connect();
    await settled();
    await host.link.shake();
    host.link.say({ closed: ["busy", "Xyzzy."] });
    expect([client.state, client.reason]).toEqual(["reconnecting", "Xyzzy."]);
    await knocksAgain();
    await host.welcome();
    expect(client.state).toBe("connected");

    client.close();
    make({ companion }).connect();
    await settled();
    await host.link.shake();
    host.link.say({ closed: ["locked", "Xyzzy."] });
    expect([client.state, client.refusal]).toEqual(["refused", "locked"]);
  });
});

describe("an observer", () => {
  test("says nothing of itself, and asks for no output", async () => {
    host.uid = 7;
    await inside({ observer: true, name: "Ada", color: "#445566" });
    const join = { name: null, resume: null, as: "mirror", of: null, passive: true, chat: 0, features: [] };
    expect(host.link.heard).toEqual([{ join }]);
    host.link.say({ hear: [17, 1, "Ada", "hello", 17.5] });
    host.link.break();
    await knocksAgain();
    host.uid = 8;
    await host.welcome();
    expect(host.link.heard).toEqual([{ join: { ...join, resume: bytes("token 1"), chat: 17 } }]);
    expect(client.resumeToken).toBeNull();
    expect([client.state, client.uid]).toEqual(["connected", 8]);
  });

  test("is told of the others, and may do what an owner may", async () => {
    host.uid = 7;
    await inside({ observer: true });
    host.hello({ role: "owner" });
    host.link.say({ userDiff: [2, USER] });
    host.link.say({ userDiff: [2, null] });
    expect(events.filter(({ type }) => type === "joined" || type === "left")).toHaveLength(2);
    expect([[...client.users.keys()], [...client.shells.keys()], client.role]).toEqual([[1], [1], "owner"]);
    client.setRole(1, "reader");
    client.kick(1);
    expect(host.link.heard.slice(1)).toEqual([{ setRole: [1, 1, "reader"] }, { kick: [2, 1, ""] }]);
  });
});

describe("the end", () => {
  test("the host stops sharing", async () => {
    await inside();
    host.link.say({ closed: ["stopped", "The host stopped sharing."] });
    expect([client.state, client.reason, client.endCode]).toEqual(["ended", "The host stopped sharing.", "stopped"]);
    expect(client.removed).toBe(false);
    expect(host.link.closed).toBe(true);
  });

  test("an owner removes this user", async () => {
    await inside();
    host.link.say({ closed: ["removed", "Xyzzy: lunch"] });
    expect([client.state, client.removed]).toEqual(["ended", true]);
  });

  test("leaving sends what was typed, and is for good", async () => {
    await inside();
    client.send(1, "exit\n");
    client.close();
    expect(host.link.all("data")).toEqual([[1, 0, bytes("exit\n")]]);
    expect([client.state, client.endCode]).toEqual(["ended", "left"]);
    const before = events.length;
    client.connect();
    client.close();
    client.send(1, "x");
    client.chat("x");
    void client.create(0, 0);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(host.links).toHaveLength(1);
    expect(events).toHaveLength(before);
  });
});

describe("who is here", () => {
  const bob = { ...USER, name: "Bob" };

  function comings(): string[] {
    return events.flatMap((event) =>
      event.type === "joined" || event.type === "left" ? [`${event.user.name} ${event.type}`] : [],
    );
  }

  test("who was there before does not come", async () => {
    host.users = [
      [1, USER],
      [2, bob],
    ];
    make().connect();
    await settled();
    await host.link.shake();
    host.link.say({ hello: [1, {}] });
    host.link.say({ users: host.users });
    host.link.say({ userDiff: [3, { ...USER, name: "Cid" }] }); // the rest of a long list
    host.link.say({ shells: [] });
    expect(comings()).toEqual([]);
    expect(client.users.size).toBe(3);
  });

  test("who comes and leaves is told once", async () => {
    await inside();
    const before = client.users;
    host.link.say({ userDiff: [2, bob] });
    host.link.say({ userDiff: [2, { ...bob, cursor: [1, 2.5] }] });
    expect(client.users).not.toBe(before);
    expect(client.users.get(2)?.cursor).toEqual([1, 2.5]);
    host.link.say({ userDiff: [2, null] });
    host.link.say({ userDiff: [2, null] });
    host.link.say({ userDiff: [1, { ...USER, name: "Ada L" }] });
    expect(comings()).toEqual(["Bob joined", "Bob left"]);
  });

  test("a host that lists without end is not followed", async () => {
    await inside();
    for (let uid = 2; uid < 4200; uid++) host.link.say({ userDiff: [uid, bob] });
    host.link.say({ userDiff: [2, { ...bob, name: "Bo" }] });
    expect(client.users.size).toBe(4096);
    expect(client.users.get(2)?.name).toBe("Bo");
    host.link.say({ shells: Array.from({ length: 400 }, (_, sid) => [sid, SHELL]) });
    expect(client.shells.size).toBe(256);
  });

  test("who waits for approval comes once it is given", async () => {
    await inside();
    host.link.say({ userDiff: [2, { ...bob, pending: true }] });
    host.link.say({ userDiff: [3, { ...bob, name: "Cid", pending: true }] });
    host.link.say({ userDiff: [3, null] });
    expect(comings()).toEqual([]);
    host.link.say({ userDiff: [2, bob] });
    expect(comings()).toEqual(["Bob joined"]);
  });

  test("a role changes while one is here", async () => {
    await inside();
    events = [];
    host.link.say({ userDiff: [1, { ...USER, role: "reader" }] });
    expect(client.role).toBe("reader");
    expect(events.map(({ type }) => type)).toContain("info");
  });

  test("the session is renamed and locked", async () => {
    await inside();
    events = [];
    host.hello({ name: "other", locked: true });
    expect(client.info).toMatchObject({ name: "other", locked: true });
    expect(events.map(({ type }) => type)).toContain("info");
    expect(states).toEqual(["connected"]);
  });

  test("name and colour are told now and after each break", async () => {
    await inside({ name: "Ada", color: "#445566" });
    expect(host.link.all("setColor")).toEqual([[1, "#445566"]]);
    client.setName("Grace");
    client.setColor("#778899");
    expect(host.link.all("setName")).toEqual([[2, "Grace"]]);
    expect(host.link.all("setColor")).toEqual([
      [1, "#445566"],
      [3, "#778899"],
    ]);
    for (const req of [1, 2, 3]) host.link.say({ done: [req, null] });
    host.link.break();
    client.setName("Hedy");
    await knocksAgain();
    await host.welcome();
    expect(host.link.all("join")).toMatchObject([{ name: "Hedy" }]);
    expect(host.link.all("setColor")).toEqual([[4, "#778899"]]);
  });
});

describe("what a user does", () => {
  test("goes to the host as it is", async () => {
    await inside();
    void client.create(1.4, -2.6);
    client.closeShell(1);
    client.move(1, { x: 0.5, y: 1e12, rows: 0, cols: 80.2 });
    client.move(1, null);
    client.setFocus(1);
    client.setFocus(1);
    client.setFocus(null);
    client.requestWrite();
    client.setRole(2, "reader");
    client.kick(2, "bye\ud800");
    client.approve(3, true);
    client.lock(true);
    client.chat("hello");
    await settled();
    expect(host.link.heard.slice(1)).toEqual([
      { create: [1, 1, -3] },
      { close: [2, 1] },
      { move: [3, 1, { x: 1, y: 10_000_000, rows: 1, cols: 80 }] },
      { move: [4, 1, null] },
      { setFocus: 1 },
      { setFocus: null },
      { requestWrite: 5 },
      { setRole: [6, 2, "reader"] },
      { kick: [7, 2, "bye\ufffd"] },
      { approve: [8, 3, true] },
      { lock: [9, true] },
      { chat: [10, "hello"] },
    ]);
  });

  test("the host's errors are told", async () => {
    await inside();
    const opened = client.create(0, 0);
    const failed = vi.fn();
    client.chat("hello", failed);
    host.link.say({ error: [1, "full", "There are 14 shells already.", { limit: 14 }] });
    expect(await opened).toBeNull();
    expect(failed).not.toHaveBeenCalled();
    host.link.say({ error: [2, "tooFast", "Not so fast.", {}] });
    expect(failed).toHaveBeenCalledOnce();
    expect(errors()).toEqual(["There are 14 shells already.", "Not so fast."]);
  });

  test("each shell is its creator's", async () => {
    await inside();
    const opened = [client.create(0, 0), client.create(0, 0)];
    host.link.say({ done: [2, 8] });
    host.link.say({ done: [1, 7] });
    expect(await Promise.all(opened)).toEqual([7, 8]);
    host.link.say({ done: [1, 9] }); // nobody waits for it
  });

  test("what is asked for without a link is asked for on the next, unless that takes long", async () => {
    await inside();
    host.link.break();
    const opened = client.create(0, 0);
    client.setCursor([1, 1]);
    await knocksAgain();
    await host.welcome();
    expect(host.link.heard.slice(1)).toEqual([{ create: [1, 0, 0] }]);
    host.link.say({ done: [1, 5] });
    expect(await opened).toBe(5);
    host.unreachable = "Nobody is there.";
    host.link.break();
    const late = client.create(0, 0);
    client.chat("still there?");
    await vi.advanceTimersByTimeAsync(11_000);
    host.unreachable = null;
    await knocksAgain();
    await host.welcome();
    expect(await late).toBeNull();
    expect(errors()).toHaveLength(1);
    expect(host.link.heard.slice(1)).toEqual([{ chat: [2, "still there?"] }]);
  });

  test("a text that fits into no frame is an error", async () => {
    await inside();
    client.chat("x".repeat(100_000));
    client.setName("x".repeat(100_000));
    await settled();
    expect(errors()).toHaveLength(2);
    expect(host.link.heard).toHaveLength(1);
  });

  test("the cursor is sent at most every 80 ms, the last place always", async () => {
    await inside();
    for (let x = 0; x < 100; x++) {
      client.setCursor([x, 0.5]);
      await vi.advanceTimersByTimeAsync(10);
    }
    await vi.advanceTimersByTimeAsync(80);
    const sent = host.link.all("setCursor") as number[][];
    expect(sent[0]).toEqual([0, 0.5]);
    expect(sent.at(-1)).toEqual([99, 0.5]);
    expect(sent.length).toBeGreaterThanOrEqual(12);
    expect(sent.length).toBeLessThanOrEqual(14);
    await vi.advanceTimersByTimeAsync(1000);
    expect(host.link.all("setCursor")).toHaveLength(sent.length);
    client.setCursor(null);
    expect(host.link.all("setCursor").at(-1)).toBeNull();
  });

  test("the focus is told again after a break, unless its shell has gone", async () => {
    await inside();
    client.setFocus(1);
    host.link.break();
    await knocksAgain();
    await host.welcome();
    expect(host.link.all("setFocus")).toEqual([1]);
    host.shells = [];
    host.link.break();
    await knocksAgain();
    await host.welcome();
    expect(host.link.all("setFocus")).toEqual([]);
  });
});

describe("typing", () => {
  const typed = () => (host.link.all("data") as [number, number, Uint8Array][]).map(([, , data]) => data);
  const total = () => typed().reduce((size, data) => size + data.length, 0);

  test("in one go is sent in one", async () => {
    await inside();
    client.send(1, "l");
    client.send(1, "s");
    client.send(2, "x");
    client.send(1, new Uint8Array([13]));
    await settled();
    expect(host.link.all("data")).toEqual([
      [1, 0, bytes("ls")],
      [2, 2, bytes("x")],
      [1, 3, bytes("\r")],
    ]);
  });

  test("is sent before what is done after it", async () => {
    await inside();
    client.send(1, "exit\n");
    client.closeShell(1);
    expect(host.link.heard.slice(1).map((message) => Object.keys(message)[0])).toEqual(["data", "close"]);
  });

  test("while the link is broken is kept in order, with the chat", async () => {
    await inside();
    host.link.break();
    client.send(1, "a");
    client.chat("brb");
    client.send(1, "b");
    await knocksAgain();
    await host.welcome();
    expect(host.link.heard.slice(1)).toEqual([
      { data: [1, 0, bytes("a")] },
      { chat: [1, "brb"] },
      { data: [1, 1, bytes("b")] },
    ]);
  });

  test("what the host has not taken is sent again, and nothing twice", async () => {
    await inside();
    client.send(1, "taken ");
    await settled();
    host.link.takes = false;
    client.send(1, "lost ");
    client.chat("lost too");
    await settled();
    host.link.break();
    expect(client.waiting).toBe(11); // the client cannot know
    await knocksAgain();
    await host.welcome();
    expect(host.link.heard.slice(1)).toEqual([{ data: [1, 6, bytes("lost ")] }, { chat: [1, "lost too"] }]);
    expect(client.waiting).toBe(0);
  });

  test("what waited for long is sent only if the person says so", async () => {
    host.shells = [...host.shells, [2, SHELL]];
    await inside();
    for (const sends of [true, false]) {
      host.unreachable = "Nobody is there.";
      host.link.break();
      client.send(1, "rm -rf ./*\r");
      await vi.advanceTimersByTimeAsync(11_000);
      host.unreachable = null;
      events = [];
      await knocksAgain();
      await host.welcome();
      expect(client.heldInput).toBe("rm -rf ./*↵");
      expect(events.map(({ type }) => type)).toContain("input");
      client.send(1, "!");
      await settled();
      expect(host.link.all("data")).toEqual([]);
      if (sends) client.sendHeld();
      else client.discardWaiting();
      expect([client.heldInput, client.waiting]).toEqual([null, 0]);
      expect(host.link.all("data")).toHaveLength(sends ? 1 : 0);
    }
  });

  test("what cannot be delivered any more is told", async () => {
    await inside();
    host.link.takes = false;
    client.send(1, "make deploy\r");
    await settled();
    host.token = bytes("token 2"); // the host knows nothing of us any more
    host.link.break();
    client.send(1, "y\r"); // means something else without it
    await knocksAgain();
    await host.welcome();
    expect(host.link.all("data")).toEqual([]);
    expect(errors()).toHaveLength(1);
    expect(errors()[0]).toMatch(/may not have arrived.*make deploy↵y↵/);
    host.link.break();
    client.send(1, "exit\r");
    host.shells = [];
    await knocksAgain();
    await host.welcome();
    expect(errors()[1]).toMatch(/has ended.*exit↵/);
  });

  test("too much while the link is broken is an error, and none of it is sent", async () => {
    await inside();
    host.link.break();
    client.send(1, new Uint8Array(200 << 10));
    client.send(1, new Uint8Array(100 << 10));
    expect(errors()).toHaveLength(1);
    await knocksAgain();
    await host.welcome();
    expect(total()).toBe(200 << 10);
  });

  test("a large paste waits while the link is full, and others go before it", async () => {
    await inside();
    const paste = Uint8Array.from({ length: 10_000_000 }, (_, i) => i % 251);
    host.link.buffered = 300 << 10;
    client.send(1, paste);
    paste.fill(0); // the caller's to use again
    await vi.advanceTimersByTimeAsync(1000);
    expect(total()).toBe(0);
    client.setCursor([1, 1]);
    expect(host.link.all("setCursor")).toHaveLength(1);
    host.link.buffered = 0;
    await vi.advanceTimersByTimeAsync(100);
    expect(total()).toBe(10_000_000);
    expect(Math.max(...typed().map((data) => data.length))).toBeLessThanOrEqual(32 << 10);
    const at = 7_654_321;
    expect(Buffer.concat(typed())[at]).toBe(at % 251);
  });

  test("too much of it is an error", async () => {
    await inside();
    host.link.buffered = 300 << 10;
    client.send(1, new Uint8Array(16 << 20));
    client.send(1, "x");
    expect(errors()).toHaveLength(1);
    host.link.buffered = 0;
    await vi.advanceTimersByTimeAsync(100);
    expect(total()).toBe(16 << 20);
    await vi.advanceTimersByTimeAsync(3000); // until the host has said that it has it
    client.send(1, "x");
    expect(errors()).toHaveLength(1);
  });
});

describe("what is measured", () => {
  test("path, latencies and traffic", async () => {
    await inside();
    events = [];
    expect(client.path).toBeNull();
    host.link.tellPath("relay");
    expect(client.path).toBe("relay");
    host.link.say({ shellLatency: 0.75 });
    expect(client.shellLatency).toBe(0.75);
    expect(events.map(({ type }) => type)).toEqual(["network", "network"]);
    host.link.break();
    expect([client.path, client.latency]).toEqual([null, null]);
  });

  test("a listener may stop, also while it is called", async () => {
    make();
    const calls: string[] = [];
    const stop = client.on(() => {
      calls.push("once");
      stop();
    });
    client.on((event) => calls.push(event.type));
    client.connect();
    await host.welcome();
    expect(calls.filter((call) => call === "once")).toHaveLength(1);
    expect(calls).toContain("shells");
  });

  test("a listener that fails keeps nothing from the others", () => {
    make();
    const later: (() => void)[] = [];
    vi.spyOn(globalThis, "queueMicrotask").mockImplementation((task) => void later.push(task));
    client.on(() => {
      throw new Error("a fault");
    });
    client.on((event) => events.push(event));
    events = [];
    client.close();
    vi.restoreAllMocks();
    expect(events.map(({ type }) => type)).toEqual(["state", "state"]); // the first of these two is from `make`
    expect(later).toHaveLength(1);
    expect(later[0]).toThrow("a fault"); // and it is reported
  });
});
