/** What a client does about a link that breaks, is silent, or is held up. */
import { describe, expect, test, vi } from "vitest";
import { Refused } from "../../src/protocol/handshake";
import { bytes, refusal, settled } from "./scriptedHost";
import { JOIN, client, eachTest, errors, host, inside, knocksAgain, make, states } from "./testClient";

eachTest();

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
    expect(client.latency).toBe(0);
  });

  test("needs a ping every 2 s, or every 4 s while nothing else is sent or received", async () => {
    await inside();
    const pings = async (): Promise<number> => {
      const before = host.link.pings.length;
      await vi.advanceTimersByTimeAsync(4_000);
      return host.link.pings.length - before;
    };
    await pings();
    expect(await pings()).toBe(1);
    expect(await pings()).toBe(1);
    const sending = setInterval(() => client.send(1, "x"), 1_000);
    await pings();
    expect(await pings()).toBe(2);
    clearInterval(sending);
    const saying = setInterval(() => host.link.say({ later: [1] }), 1_000);
    await pings();
    expect(await pings()).toBe(2);
    clearInterval(saying);
    await pings();
    expect(await pings()).toBe(1);
  });

  test("is told, and forgotten when the host is heard again", async () => {
    await inside();
    host.link.answers = false;
    await vi.advanceTimersByTimeAsync(4_000);
    expect(client.state).toBe("connected");
    await vi.advanceTimersByTimeAsync(4_000);
    expect(client.state).toBe("reconnecting");
    expect(client.reason).toMatch(/^The host has stopped responding/);
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
    host.link.say({ waiting: {} });
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
    expect(client.state).toBe("unreachable");
  });
});
