import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { SshxClient, type ClientOptions } from "../../src/client/client";
import type { ClientEvent, State } from "../../src/client/events";
import type { Dial, Link } from "../../src/links/link";
import { Refused } from "../../src/protocol/handshake";
import { CREDENTIALS, SHELL, ScriptedHost, USER, bytes, refusal, settled } from "./scriptedHost";

const JOIN = { name: null, as: "user", passive: false, chat: 0, features: [] };

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
  await vi.advanceTimersByTimeAsync(15_000);
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
    expect(host.link.heard[0]).toEqual({ join: { ...JOIN, name: "Ada" } });
    expect(client.state).toBe("connected");
    expect(client.uid).toBe(1);
    expect(client.info).toEqual({
      session: "01".repeat(16),
      name: "demo",
      readOnly: false,
      locked: false,
      created: 1.5,
      rotations: 0,
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

  test.each(["invalidAuth", "passwordRequired", "notFound", "locked", "rateLimited", "later"])(
    "refused: %s",
    async (reason) => {
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
    },
  );

  test("refused after the handshake", async () => {
    make().connect();
    await settled();
    await host.link.shake();
    host.link.say({ closed: ["locked", "Whatever the host says."] });
    expect([client.state, client.refusal, client.reason]).toEqual(["refused", "locked", "Whatever the host says."]);
  });

  test.each(["busy", "full"])("%s is tried again for 10 s, and then a refusal", async (reason) => {
    make().connect();
    const start = Date.now();
    let known = 0;
    while (client.state === "connecting" && Date.now() - start < 60_000) {
      await vi.advanceTimersByTimeAsync(50);
      if (host.links.length > known) host.link.deliver(refusal(reason));
      known = host.links.length;
    }
    expect([client.state, client.refusal]).toEqual(["refused", reason]);
    expect(Date.now() - start).toBeGreaterThanOrEqual(10_000);
    expect(Date.now() - start).toBeLessThan(10_500);
    expect(host.links.length).toBeGreaterThan(4);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(host.links).toHaveLength(known);
    client.connect();
    await host.welcome();
    expect(client.state).toBe("connected");
  });

  test("a host that was busy for a moment lets in", async () => {
    make().connect();
    await settled();
    host.link.deliver(refusal("busy"));
    expect(states).toEqual([]);
    await vi.advanceTimersByTimeAsync(500);
    await host.welcome();
    expect(states).toEqual(["connected"]);
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
    make({ staleInput: "send" }).connect();
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
    host.link.say({ closed: ["notAdmitted", "No."] });
    expect([client.state, client.endCode, client.reason, client.removed]).toEqual([
      "ended",
      "notAdmitted",
      "No.",
      false,
    ]);
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
    host.link.say({ hear: [5, 2, "Bob", "hello", 17.5] });
    host.link.break("The connection was lost.");
    expect([client.state, client.reason]).toEqual(["reconnecting", "The connection was lost."]);
    expect(client.retryAt! - Date.now()).toBeGreaterThanOrEqual(250);
    expect(client.retryAt! - Date.now()).toBeLessThanOrEqual(500);
    expect(client.shells.size).toBe(1); // what was there is still readable
    await vi.advanceTimersByTimeAsync(500);
    expect(client.retryAt).toBeNull();
    await host.welcome();
    expect(host.link.all("join")).toEqual([{ ...JOIN, name: "Ada", chat: 5 }]);
    expect(host.link.token).toEqual(bytes("token 1"));
    expect([client.state, client.reason]).toEqual(["connected", ""]);
    host.link.say({ hear: [5, 2, "Bob", "hello", 17.5] }); // and not twice
    host.link.say({ hear: [6, 2, "Bob", "again", 3] }); // whatever the host's clock says
    expect(client.messages.map(({ text }) => text)).toEqual(["hello", "again"]);
  });

  test("comes back with the ticket if the host has forgotten the client", async () => {
    await inside({ name: "Ada" });
    host.link.break();
    await knocksAgain();
    await settled();
    host.link.deliver(refusal("unknownClient"));
    expect(client.state).toBe("reconnecting");
    host.token = bytes("token 2");
    await host.welcome();
    expect(host.link.token).toBeNull();
    expect(client.state).toBe("connected");
    expect(client.resumeToken).toEqual(bytes("token 2"));
    host.link.break();
    await knocksAgain();
    await settled();
    host.link.deliver(refusal("unknownClient"));
    await settled();
    host.link.deliver(refusal("invalidAuth"));
    expect([client.state, client.endCode]).toEqual(["ended", "invalidAuth"]);
  });

  test("is not made again at once by a host that always lets in and forgets", async () => {
    await inside();
    host.link.say({ closed: ["unknownClient", "Who are you?"] });
    await settled();
    expect([client.state, host.links.length]).toEqual(["reconnecting", 1]);
    await knocksAgain();
    await host.welcome();
    expect([client.state, host.link.token]).toEqual(["connected", null]);
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

  test.each(["busy", "rateLimited", "full"])("a refusal that may pass (%s) is not the end", async (reason) => {
    await inside();
    host.link.break();
    await knocksAgain();
    host.link.deliver(refusal(reason));
    expect(client.state).toBe("reconnecting");
    await knocksAgain();
    await host.welcome();
    expect(client.state).toBe("connected");
  });

  test.each(["busy", "full", "rateLimited", "tooSlow"])("nor is being sent away for a while (%s)", async (code) => {
    await inside();
    host.link.say({ closed: [code, "Come back."] });
    expect([client.state, client.reason, client.endCode]).toEqual(["reconnecting", "Come back.", null]);
    await knocksAgain();
    await host.welcome();
    expect(client.state).toBe("connected");
  });

  test.each(["notFound", "invalidAuth", "locked"])("another refusal (%s) is", async (reason) => {
    await inside();
    host.link.break();
    await knocksAgain();
    host.link.deliver(refusal(reason));
    expect([client.state, client.refusal, client.reason]).toEqual(["ended", reason, new Refused(reason).message]);
    expect(client.endCode).toBe(reason);
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
    link.deliver(damage(link.seal({ error: [null, "x", "x", {}] })));
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
  let current = companion;
  const tokenOf = () => Promise.resolve(current);

  beforeEach(() => {
    host.tokens = [companion];
    current = companion;
  });

  test("is the same user on every link, and goes on with a stream of its own", async () => {
    await inside({ companion: tokenOf });
    const join = { ...JOIN, as: "companion", passive: true };
    expect(host.link.all("join")).toEqual([join]);
    expect(host.link.token).toEqual(companion);
    expect(client.resumeToken).toBeNull();
    host.link.break();
    await knocksAgain();
    await host.welcome();
    expect(host.link.all("join")).toEqual([join]);
    expect(host.link.token).toEqual(bytes("token 1"));
  });

  test("comes again with the key of the user's own client if the host has forgotten it", async () => {
    await inside({ companion: tokenOf });
    host.link.break();
    await knocksAgain();
    await settled();
    host.link.deliver(refusal("unknownClient"));
    await host.welcome();
    expect(host.link.token).toEqual(companion);
    host.link.break();
    await knocksAgain();
    await settled();
    host.link.deliver(refusal("unknownClient"));
    await settled();
    host.link.deliver(refusal("unknownClient")); // the user's own client is another one now
    expect(client.state).toBe("reconnecting");
    current = bytes("the user's new one");
    host.tokens = [current];
    await knocksAgain();
    await host.welcome();
    expect([client.state, host.link.token]).toEqual(["connected", current]);
  });

  test("gives the user another name only if the person has chosen one", async () => {
    await inside({ companion: tokenOf, name: "Ada" });
    expect(host.link.all("setName")).toEqual([]);
    client.close();
    await inside({ companion: tokenOf, name: "Grace" });
    expect(host.link.all("setName")).toEqual([[1, "Grace"]]);
    client.close();
    host.req = 0;
    await inside({ companion: tokenOf });
    expect(host.link.all("setName")).toEqual([]);
  });

  test("tries again while the user's own client is away, and not if it is refused for good", async () => {
    make({ companion: tokenOf }).connect();
    await settled();
    await host.link.shake();
    host.link.say({ closed: ["busy", "Not now."] });
    expect([client.state, client.reason]).toEqual(["reconnecting", "Not now."]);
    await knocksAgain();
    await host.welcome();
    expect(client.state).toBe("connected");

    client.close();
    make({ companion: tokenOf }).connect();
    await settled();
    await host.link.shake();
    host.link.say({ closed: ["locked", "Locked."] });
    expect([client.state, client.refusal]).toEqual(["refused", "locked"]);
  });
});

describe("an observer", () => {
  test("says nothing of itself, asks for no output, and goes on with a stream of its own", async () => {
    host.uid = 7;
    await inside({ observer: true, name: "Ada", color: "#445566", resume: bytes("kept") });
    const join = { ...JOIN, as: "mirror", passive: true };
    expect(host.link.heard).toEqual([{ join }]);
    expect(client.resumeToken).toBeNull();
    host.link.say({ hear: [3, 1, "Ada", "hello", 17.5] });
    host.link.break();
    await knocksAgain();
    host.uid = 8;
    await host.welcome();
    expect(host.link.heard).toEqual([{ join: { ...join, chat: 3 } }]);
    expect(host.link.token).toEqual(bytes("token 1"));
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
    await settled();
    expect(host.link.heard.slice(1)).toEqual([{ setRole: [1, 1, "reader"] }, { kick: [2, 1, "", true] }]);
  });
});

describe("the end", () => {
  test("the host stops sharing", async () => {
    await inside();
    host.link.say({ closed: ["stopped", "Over."] });
    expect([client.state, client.endCode, client.reason, client.removed]).toEqual(["ended", "stopped", "Over.", false]);
    expect(host.link.closed).toBe(true);
  });

  test("an owner removes this user", async () => {
    await inside();
    host.link.say({ closed: ["removed", "Whatever the host says."] });
    expect([client.state, client.endCode, client.removed]).toEqual(["ended", "removed", true]);
  });

  test("a code that only a newer host knows is the end", async () => {
    await inside();
    host.link.say({ closed: ["later", "You left the session.", 1] });
    expect([client.state, client.endCode, client.removed]).toEqual(["ended", "later", false]);
  });

  test("leaving sends what was typed, and is for good", async () => {
    await inside();
    client.send(1, "exit\n");
    client.close();
    expect(host.link.all("data")).toEqual([[1, 0, bytes("exit\n")]]);
    expect([client.state, client.endCode, client.reason]).toEqual(["ended", "left", "You left the session."]);
    const before = events.length;
    client.connect();
    client.close();
    client.send(1, "x");
    expect(await client.chat("x")).toBe(false);
    expect(await client.create(0, 0)).toBeNull();
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

  test("name and color are told now and after each break", async () => {
    await inside({ name: "Ada", color: "#445566" });
    expect(host.link.all("setColor")).toEqual([[1, "#445566"]]);
    client.setName("Grace");
    client.setColor("#778899");
    await settled();
    expect(host.link.all("setName")).toEqual([[2, "Grace"]]);
    expect(host.link.all("setColor").at(-1)).toEqual([3, "#778899"]);
    host.link.break();
    client.setName("Hedy");
    await knocksAgain();
    await host.welcome();
    expect(host.link.all("join")).toMatchObject([{ name: "Hedy" }]);
    expect(host.link.all("setColor")).toEqual([[4, "#778899"]]);
  });
});

describe("what a user does", () => {
  test("goes to the host as it is, in order and numbered", async () => {
    await inside();
    void client.create(1.4, -2.6);
    client.closeShell(1);
    client.move(1, { x: 0.5, y: 1e12, rows: 0, cols: 80.2 });
    client.move(1, null);
    client.requestWrite();
    client.setRole(2, "reader");
    client.kick(2, { reason: "bye\ud800" });
    client.approve(3, true);
    client.lock(true);
    void client.chat("hello");
    client.setFocus(1);
    client.setFocus(1);
    client.setFocus(null);
    await settled();
    expect(host.link.heard.slice(1)).toEqual([
      { create: [1, 1, -3] },
      { close: [2, 1] },
      { move: [3, 1, { x: 1, y: 10_000_000, rows: 1, cols: 80 }] },
      { move: [4, 1, null] },
      { requestWrite: 5 },
      { setRole: [6, 2, "reader"] },
      { kick: [7, 2, "bye\ufffd", true] },
      { approve: [8, 3, true] },
      { lock: [9, true] },
      { chat: [10, "hello"] },
      { setFocus: 1 },
      { setFocus: null },
    ]);
  });

  test("who opens a shell is told which one it is", async () => {
    await inside();
    host.takes = false;
    const [mine, none, odd] = [client.create(0, 0), client.create(0, 0), client.create(0, 0)];
    await settled();
    host.link.say({ done: [1, 7] });
    host.link.say({ done: [1, 8] });
    host.link.say({ error: [2, "full", "There are 14 shells already.", { most: 14 }] });
    host.link.say({ done: [3, null] });
    expect(await Promise.all([mine, none, odd])).toEqual([7, null, null]);
    expect(events.filter(({ type }) => type === "error")).toEqual([
      { type: "error", code: "full", text: "There are 14 shells already.", details: new Map([["most", 14]]) },
    ]);
  });

  test("the host's errors are told, each once", async () => {
    await inside();
    host.link.say({ error: [null, "noShell", "It is gone.", { sid: 1, n: 0, bytes: 3 }] });
    host.link.say({ error: [17, "invalid", "An answer to what nobody asked.", {}] });
    expect(errors()).toEqual(["It is gone."]);
  });

  test("whoever says something knows whether the host took it", async () => {
    await inside();
    host.takes = false;
    const said = [client.chat("a"), client.chat("b")];
    await settled();
    host.link.say({ error: [1, "tooFast", "Too many messages.", {}] });
    host.link.say({ done: [2, null] });
    expect(await Promise.all(said)).toEqual([false, true]);
  });

  test("what is asked for while the link is broken is done when it is back", async () => {
    await inside();
    host.link.break();
    const mine = client.create(0, 0);
    client.move(1, { x: 1, y: 1, rows: 24, cols: 80 });
    client.move(1, { x: 2, y: 2, rows: 24, cols: 80 });
    client.lock(true);
    await vi.advanceTimersByTimeAsync(500);
    await host.welcome();
    expect(host.link.heard.slice(1)).toEqual([
      { create: [1, 0, 0] },
      { move: [2, 1, { x: 2, y: 2, rows: 24, cols: 80 }] },
      { lock: [3, true] },
    ]);
    expect(await mine).toBeNull(); // this host gives no number
    expect(errors()).toEqual([]);
  });

  test("what was asked for more than 10 s before the link is back is not done, but what was said is", async () => {
    await inside();
    host.unreachable = "Nobody is there.";
    host.link.break();
    const [mine, said] = [client.create(0, 0), client.chat("hello")];
    await vi.advanceTimersByTimeAsync(12_000);
    host.unreachable = null;
    await knocksAgain();
    await host.welcome();
    expect(await Promise.all([mine, said])).toEqual([null, true]);
    expect(host.link.heard.slice(1)).toEqual([{ chat: [1, "hello"] }]);
    expect(events.flatMap((event) => (event.type === "error" ? [event.code] : []))).toEqual(["lost"]);
    expect(errors()[0]).toContain("open a shell");
  });

  test("a request without an answer is sent again with its number, and its answer counts once", async () => {
    await inside();
    host.takes = false;
    const mine = client.create(0, 0);
    await settled();
    host.req = 1; // it was done, and the answer is lost
    host.link.break();
    await vi.advanceTimersByTimeAsync(500);
    await host.welcome();
    expect(host.link.heard.slice(1)).toEqual([{ create: [1, 0, 0] }]);
    host.link.say({ done: [1, 7] });
    expect(await mine).toBe(7);
    client.lock(true);
    await settled();
    expect(host.link.all("lock")).toEqual([[2, true]]);
  });

  test("what the host may have done before it forgot this client is told, and not done again", async () => {
    await inside();
    host.takes = false;
    const mine = client.create(0, 0);
    client.send(1, "ls\r");
    await settled();
    host.link.break();
    client.send(1, "pwd\r");
    client.send(2, "date\r");
    host.shells = [
      [1, SHELL],
      [2, SHELL],
    ];
    host.token = bytes("token 2");
    await vi.advanceTimersByTimeAsync(500);
    await settled();
    host.link.deliver(refusal("unknownClient"));
    await host.welcome();
    expect(await mine).toBeNull();
    expect(host.link.heard.slice(1)).toEqual([{ data: [2, 0, bytes("date\r")] }]);
    expect(events.filter(({ type }) => type === "lost")).toEqual([
      { type: "lost", sid: 1, text: "ls↵pwd↵", reason: "unknown" },
    ]);
    expect(errors()).toHaveLength(1);
  });

  test("a client that comes after another goes on with its numbers", async () => {
    host.input = 100;
    host.req = 20;
    await inside({ resume: bytes("token 1") });
    client.send(1, "x");
    client.lock(true);
    await settled();
    expect(host.link.heard.slice(1)).toEqual([{ data: [1, 100, bytes("x")] }, { lock: [21, true] }]);
  });

  test("a text that fits into no frame is an error", async () => {
    await inside();
    void client.chat("x".repeat(100_000));
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
    client.setFocus(1);
    expect(host.link.heard.slice(1).map((message) => Object.keys(message)[0])).toEqual(["data", "close", "setFocus"]);
  });

  test("while the link is broken is kept in order, with the chat", async () => {
    await inside();
    host.link.break();
    client.send(1, "a");
    void client.chat("brb");
    client.send(1, "b");
    expect(client.waiting).toBe(2);
    await vi.advanceTimersByTimeAsync(500);
    await host.welcome();
    expect(client.waiting).toBe(0);
    expect(host.link.heard.slice(1)).toEqual([
      { data: [1, 0, bytes("a")] },
      { chat: [1, "brb"] },
      { data: [1, 1, bytes("b")] },
    ]);
  });

  test("is sent again if the host has not taken it", async () => {
    await inside();
    client.send(1, "taken");
    await vi.advanceTimersByTimeAsync(4000);
    host.takes = false;
    client.send(1, " lost");
    await settled();
    host.link.break();
    expect(client.waiting).toBe(5);
    client.send(1, "!");
    await vi.advanceTimersByTimeAsync(500);
    host.input = 7; // of " lost" it has got two bytes
    await host.welcome();
    expect(host.link.all("data")).toEqual([
      [1, 7, bytes("ost")],
      [1, 10, bytes("!")],
    ]);
  });

  /** The link is broken for 12 s. */
  async function longBreak(before: () => void): Promise<void> {
    host.unreachable = "Nobody is there.";
    host.link.break();
    before();
    await vi.advanceTimersByTimeAsync(12_000);
    host.unreachable = null;
    await knocksAgain();
    await host.welcome();
  }

  test("is held if it waited for more than 10 s, until the person decides", async () => {
    await inside();
    await longBreak(() => client.send(1, "rm -rf ./*\r\x03"));
    expect(client.heldInput?.text).toBe("rm -rf ./*↵^C");
    expect(client.heldInput!.waited).toBeGreaterThan(12_000);
    client.send(1, "later");
    void client.chat("hello");
    await settled();
    expect(host.link.heard.slice(1)).toEqual([{ chat: [1, "hello"] }]);
    client.sendHeld();
    expect(client.heldInput).toBeNull();
    await settled();
    expect(host.link.all("data")).toEqual([
      [1, 0, bytes("rm -rf ./*\r\x03")],
      [1, 12, bytes("later")],
    ]);
    expect(events.filter(({ type }) => type === "input")).toHaveLength(3); // waits, is held, is sent
  });

  test("is not sent if the person does not want it any more", async () => {
    await inside();
    await longBreak(() => client.send(1, "rm"));
    client.send(1, "ls");
    client.discardHeld();
    await settled();
    expect(host.link.all("data")).toEqual([[1, 0, bytes("ls")]]);
  });

  test("is sent all the same for who says so", async () => {
    await inside({ staleInput: "send" });
    await longBreak(() => client.send(1, "ls"));
    expect(client.heldInput).toBeNull();
    expect(host.link.all("data")).toEqual([[1, 0, bytes("ls")]]);
  });

  test("may be discarded while it waits", async () => {
    await inside();
    host.link.break();
    client.send(1, "rm");
    void client.chat("hello");
    client.discardWaiting();
    expect(client.waiting).toBe(0);
    await vi.advanceTimersByTimeAsync(500);
    await host.welcome();
    expect(host.link.heard.slice(1)).toEqual([{ chat: [1, "hello"] }]);
  });

  test("for a shell that is gone, or by who may only watch now, is told and not sent", async () => {
    const lost = () => events.filter(({ type }) => type === "lost");
    await inside();
    host.link.break();
    host.shells = [
      [1, SHELL],
      [8, { ...SHELL, ended: true }],
    ];
    client.send(8, "too late");
    client.send(9, "to nobody");
    client.send(1, "ls");
    await vi.advanceTimersByTimeAsync(500);
    await host.welcome();
    expect(lost()).toEqual([
      { type: "lost", sid: 8, text: "too late", reason: "noShell" },
      { type: "lost", sid: 9, text: "to nobody", reason: "noShell" },
    ]);
    expect(host.link.all("data")).toEqual([[1, 0, bytes("ls")]]);

    host.users = [[1, { ...USER, role: "reader" }]];
    host.link.break();
    client.send(1, "pwd");
    await vi.advanceTimersByTimeAsync(1000);
    await host.welcome();
    expect(lost().at(-1)).toEqual({ type: "lost", sid: 1, text: "pwd", reason: "notAllowed" });
    expect(host.link.all("data")).toEqual([]);
  });

  test("that nobody will get any more is told at the end", async () => {
    await inside();
    host.link.break();
    client.send(1, "ls");
    await knocksAgain();
    host.link.deliver(refusal("notFound"));
    expect(client.state).toBe("ended");
    expect(events.filter(({ type }) => type === "lost")).toEqual([
      { type: "lost", sid: 1, text: "ls", reason: "ended" },
    ]);
    expect(client.waiting).toBe(0);
  });

  test("much of it is acknowledged soon: the host is asked after each 64 KiB", async () => {
    await inside();
    const before = host.link.pings.length;
    client.send(1, new Uint8Array(1 << 20));
    await settled();
    expect(host.link.pings.length - before).toBe(16);
  });

  test("too much while the link is broken is an error, and none of it is sent", async () => {
    await inside();
    host.link.break();
    client.send(1, new Uint8Array(200 << 10));
    client.send(1, new Uint8Array(100 << 10));
    expect(errors()).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(500);
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
