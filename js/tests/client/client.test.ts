/** A client from coming in to its end, at a scripted host. */
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { Dial, Link } from "../../src/links/link";
import { Refused } from "../../src/protocol/handshake";
import { SHELL, USER, bytes, refusal, settled } from "./scriptedHost";
import { JOIN, client, eachTest, errors, events, host, inside, knocksAgain, make, states } from "./testClient";

eachTest();

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
      host: "",
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
    expect(client.state).toBe("unreachable");
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
    expect(client.late).toBe(false);
    expect(Date.now() - start).toBeGreaterThanOrEqual(10_000);
    expect(Date.now() - start).toBeLessThan(10_500);
    expect(host.links.length).toBeGreaterThan(4);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(host.links).toHaveLength(known);
    client.connect();
    await host.welcome();
    expect(client.state).toBe("connected");
  });

  test("a host that answers late, and is busy, is not told as one that does not answer", async () => {
    make().connect();
    await vi.advanceTimersByTimeAsync(7_000);
    expect(client.state).toBe("unreachable");
    host.link.deliver(refusal("busy"));
    await settled();
    expect([client.state, client.late]).toEqual(["connecting", false]);
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
    expect([client.state, client.refusal, client.reason]).toEqual(["unreachable", null, "Nobody is there."]);
    expect(client.retryAt).not.toBeNull();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(client.state).toBe("unreachable");
    host.unreachable = null;
    client.connect();
    await host.welcome();
    expect(client.state).toBe("connected");
  });

  test("no way from the pipe to the host", async () => {
    make().connect();
    await settled();
    host.link.break("The host cannot be reached.", true);
    expect([client.state, client.reason]).toEqual(["unreachable", "The host cannot be reached."]);
  });

  test("a host that breaks off at once", async () => {
    make().connect();
    await settled();
    host.link.break();
    expect(client.state).toBe("unreachable");
    expect(client.reason).toContain("dropped immediately");
  });

  test("a host that says nothing", async () => {
    make().connect();
    await vi.advanceTimersByTimeAsync(2_900);
    expect([client.state, client.late]).toEqual(["connecting", false]);
    await vi.advanceTimersByTimeAsync(200);
    expect([client.state, client.late]).toEqual(["connecting", true]);
    await vi.advanceTimersByTimeAsync(3_000);
    expect([client.state, client.late, client.retryAt]).toEqual(["unreachable", false, null]); // this attempt goes on
    expect(client.reason).toContain("may have stopped sharing");
    client.connect(); // and the person need not wait for its end
    await settled();
    expect([client.state, host.links.length]).toEqual(["unreachable", 2]);
    await vi.advanceTimersByTimeAsync(9_000);
    expect(host.links[0]!.closed).toBe(true);
  });

  test("a host that is silent after the handshake has not let anyone in, so nothing is lost", async () => {
    make().connect();
    await settled();
    await host.link.shake();
    host.link.answers = false;
    await vi.advanceTimersByTimeAsync(13_000);
    expect([client.state, client.late]).toEqual(["connecting", true]);
    await vi.advanceTimersByTimeAsync(5_000);
    expect([client.state, client.late]).toEqual(["unreachable", false]);
    expect(states).not.toContain("reconnecting");
  });

  test("a host that answers late", async () => {
    make().connect();
    await vi.advanceTimersByTimeAsync(8_000);
    expect(client.state).toBe("unreachable");
    await host.welcome();
    expect(client.state).toBe("connected");
    await vi.advanceTimersByTimeAsync(10_000);
    expect([client.state, client.late]).toEqual(["connected", false]);
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
    host.link.say({ waiting: { name: "training run", host: "ada" } });
    expect(client.state).toBe("waiting");
    expect(client.info).toMatchObject({ name: "training run", host: "ada" });
    client.send(1, "kept until then");
    host.link.break();
    expect(client.state).toBe("reconnecting");
    await knocksAgain();
    await host.link.shake();
    host.link.say({ waiting: {} });
    expect(host.link.all("data")).toEqual([]);
    host.hello();
    expect(states).toEqual(["waiting", "reconnecting", "waiting", "connected"]);
    expect(host.link.all("data")).toEqual([[1, 0, bytes("kept until then")]]);
  });

  test("approval that is not given", async () => {
    make().connect();
    await settled();
    await host.link.shake();
    host.link.say({ waiting: {} });
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
  test("is listed while it says so, over all links", async () => {
    host.uid = 7;
    await inside({ observer: true, name: "Ada" });
    client.setListed(true);
    client.setListed(true);
    await settled();
    expect(host.link.heard.slice(1)).toEqual([{ setListed: [1, true] }]);
    host.link.break();
    await knocksAgain();
    await host.welcome();
    expect(host.link.heard.slice(1)).toEqual([{ setListed: [2, true] }]);
    client.setListed(false);
    await settled();
    expect(host.link.heard.slice(2)).toEqual([{ setListed: [3, false] }]);
  });

  test("asks for no output, and goes on with a stream of its own", async () => {
    host.uid = 7;
    await inside({ observer: true, name: "Ada", color: "#445566", resume: bytes("kept") });
    const join = { ...JOIN, name: "Ada", as: "mirror", passive: true };
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

  test("a person with several clients comes with the first one and leaves with the last", async () => {
    await inside();
    const owner = { ...bob, role: "owner", person: "b" };
    host.link.say({ userDiff: [2, owner] });
    host.link.say({ userDiff: [3, owner] });
    host.link.say({ userDiff: [4, { ...owner, person: "" }] });
    host.link.say({ userDiff: [2, null] });
    expect(comings()).toEqual(["Bob joined", "Bob joined"]);
    host.link.say({ userDiff: [3, null] });
    expect(comings()).toEqual(["Bob joined", "Bob joined", "Bob left"]);
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
    events.length = 0;
    host.link.say({ userDiff: [1, { ...USER, role: "reader" }] });
    expect(client.role).toBe("reader");
    expect(events.map(({ type }) => type)).toContain("info");
  });

  test("the session is renamed and locked", async () => {
    await inside();
    events.length = 0;
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
    void client.closeShell(1);
    client.move(1, { x: 0.5, y: 1e12 });
    client.move(1, null);
    client.resize(1, { rows: 0, cols: 80.2 });
    client.lockSize(1, true);
    client.renameShell(1, "build\ud800");
    client.removeShell(1);
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
      { close: [2, 1, false] },
      { move: [3, 1, [1, 10_000_000]] },
      { move: [4, 1, null] },
      { resize: [5, 1, 1, 80] },
      { lockSize: [6, 1, true] },
      { rename: [7, 1, "build\ufffd"] },
      { remove: [8, 1] },
      { requestWrite: 9 },
      { setRole: [10, 2, "reader"] },
      { kick: [11, 2, "bye\ufffd", true] },
      { approve: [12, 3, true] },
      { lock: [13, true] },
      { chat: [14, "hello"] },
      { setFocus: 1 },
      { setFocus: null },
    ]);
  });

  test("to close a shell in which something runs, one is asked first", async () => {
    await inside();
    host.takes = false;
    const [busy, idle] = [client.closeShell(1), client.closeShell(1, true)];
    await settled();
    host.link.say({ error: [1, "running", "vim is running.", { command: "vim" }] });
    host.link.say({ done: [2, null] });
    expect(await Promise.all([busy, idle])).toEqual([{ running: "vim" }, null]);
    expect(events.filter(({ type }) => type === "error")).toEqual([]); // the question is the answer
    const other = client.closeShell(1);
    await settled();
    host.link.say({ error: [3, "notAllowed", "Only the host can close this terminal.", {}] });
    expect(await other).toBeNull();
    expect(events.filter(({ type }) => type === "error")).toHaveLength(1);
  });

  test("what became of a shell is told", async () => {
    await inside();
    host.link.say({ shellChanged: [1, "closed", "vim", 2, "Ada"] });
    host.link.say({ shellChanged: [1, "ended", "vim", null, ""] });
    expect(events.filter(({ type }) => type === "shell")).toEqual([
      { type: "shell", sid: 1, change: "closed", title: "vim", uid: 2, name: "Ada" },
      { type: "shell", sid: 1, change: "ended", title: "vim", uid: null, name: "" },
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
    client.move(1, { x: 1, y: 1 });
    client.move(1, { x: 2, y: 2 });
    client.lock(true);
    await vi.advanceTimersByTimeAsync(500);
    await host.welcome();
    expect(host.link.heard.slice(1)).toEqual([{ create: [1, 0, 0] }, { move: [2, 1, [2, 2]] }, { lock: [3, true] }]);
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

describe("what is measured", () => {
  test("path, latencies and traffic", async () => {
    await inside();
    events.length = 0;
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
    events.length = 0;
    client.close();
    vi.restoreAllMocks();
    expect(events.map(({ type }) => type)).toEqual(["state", "state"]); // the first of these two is from `make`
    expect(later).toHaveLength(1);
    expect(later[0]).toThrow("a fault"); // and it is reported
  });
});
