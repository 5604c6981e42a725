// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { SessionMonitor } from "../../src/lab/sessionMonitor";
import type { ShellChanged } from "../../src/protocol/messages";
import { FakeApi, hosted } from "../api/fakeApi";
import { type HostLink, refusal, SHELL, USER, settled } from "../client/scriptedHost";

const SESSION = hosted(1, { name: "demo" });
const OWNER = { ...USER, name: "Host", role: "owner" };
const ADA = { ...USER, name: "Ada" };
const GRACE = { ...USER, name: "Grace", role: "reader" };

let api: FakeApi;
let monitor: SessionMonitor;
let link: HostLink;
const onPeople = vi.fn();
const onShells = vi.fn();
const onChat = vi.fn<(message: object | null) => void>();
const onShell = vi.fn<(change: ShellChanged) => void>();
const onTickets = vi.fn();
const listener = { onPeople, onShells, onTickets, onChat, onShell };

beforeEach(() => {
  api = new FakeApi();
  onPeople.mockReset();
  onShells.mockReset();
  onTickets.mockReset();
  onChat.mockReset();
  onShell.mockReset();
  monitor = new SessionMonitor(api, SESSION, listener);
});

afterEach(() => {
  monitor.close();
  vi.useRealTimers();
});

/** The host lets it in, where these are. */
async function enter(users: [number, object][]): Promise<void> {
  api.host(SESSION.id).users = users;
  link = await api.letIn(SESSION);
  onPeople.mockClear();
}

const names = (people: readonly { name: string }[]) => people.map(({ name }) => name);

test("comes as one of the host's own, unseen", async () => {
  await enter([]);
  expect(link.all("join")).toMatchObject([{ as: "mirror", passive: true }]);
});

test.each([
  ["someone", [[2, ADA]], ["Ada"]],
  ["nobody", [], []],
])("tells first of all who is there, if that is %s", async (_, users, guests) => {
  api.host(SESSION.id).users = users;
  const told: string[][] = [];
  onPeople.mockImplementation(() => told.push(names(monitor.guests)));
  await api.letIn(SESSION);
  expect(told).toEqual([guests]);
});

test("guests are those who are in, but for the host's own", async () => {
  await enter([
    [1, OWNER],
    [2, ADA],
    [3, { ...GRACE, pending: true }],
  ]);
  expect(names(monitor.guests)).toEqual(["Ada"]);
  link.say({ userDiff: [3, GRACE] });
  expect(names(monitor.guests)).toEqual(["Ada", "Grace"]);
});

test("requests are those to come in and those to type", async () => {
  await enter([
    [2, ADA],
    [3, { ...GRACE, pending: true }],
    [4, { ...GRACE, name: "Alan", wantsWrite: true }],
  ]);
  expect(names(monitor.requests)).toEqual(["Grace", "Alan"]);
  expect(names(monitor.guests)).toEqual(["Alan", "Ada"]);
});

test("cursors alone are not told of", async () => {
  await enter([[2, ADA]]);
  const { people } = monitor;
  link.say({ userDiff: [2, { ...ADA, cursor: [1, 2] }] });
  expect(onPeople).not.toHaveBeenCalled();
  expect(monitor.people).toBe(people);
  link.say({ userDiff: [2, { ...ADA, name: "Ada L." }] });
  expect(onPeople).toHaveBeenCalledOnce();
});

test("the session's name is what the host says last", async () => {
  expect(monitor.name).toBe("demo");
  await enter([]);
  api.host(SESSION.id).hello({ name: "Lecture" });
  expect(monitor.name).toBe("Lecture");
  expect(onPeople).toHaveBeenCalledOnce();
});

test("answers let people in or not, and let them type or not", async () => {
  await enter([
    [3, { ...GRACE, pending: true }],
    [4, { ...GRACE, wantsWrite: true }],
  ]);
  const [waits, wants] = monitor.requests;
  for (const allow of [true, false]) {
    monitor.answer(waits!, allow);
    monitor.answer(wants!, allow);
  }
  await settled();
  expect(link.all("approve")).toEqual([
    [1, 3, true],
    [3, 3, false],
  ]);
  expect(link.all("setRole")).toEqual([
    [2, 4, "writer"],
    [4, 4, "reader"],
  ]);
});

test("other shells are told of once, moved ones are not", async () => {
  await enter([]);
  expect(onShells).not.toHaveBeenCalled();
  const two = [
    [2, SHELL],
    [1, SHELL],
  ];
  link.say({ shells: two });
  link.say({ shells: two.toReversed() });
  link.say({ shells: two.map(([sid]) => [sid, { ...SHELL, x: 7 }]) });
  expect(onShells).toHaveBeenCalledOnce();
  link.say({ shells: two.slice(1) });
  expect(onShells).toHaveBeenCalledTimes(2);
});

test("new tickets are told of", async () => {
  await enter([]);
  expect(onTickets).not.toHaveBeenCalled();
  link.say({ hello: [1, { name: "demo", rotations: 1 }] });
  expect(onTickets).toHaveBeenCalledOnce();
});

test("the session's end is told of, and that it does not let one in", async () => {
  (await api.knocked(SESSION.id)).deliver(refusal("notFound"));
  expect(onShells).toHaveBeenCalledOnce();
  monitor.client.connect();
  await enter([]);
  link.say({ closed: ["stopped", "The host stopped sharing."] });
  expect(onShells).toHaveBeenCalledTimes(2);
});

describe("chat", () => {
  let seq = 0;
  const hear = (uid: number, text: string) => link.say({ hear: [++seq, uid, "Ada", text, 1_700_000_000] });
  const unread = () => monitor.unread.map(({ text }) => text);

  beforeEach(async () => {
    seq = 0;
    await enter([
      [1, OWNER],
      [2, ADA],
    ]);
  });

  const current = () => vi.waitUntil(() => monitor.client.latency !== null);

  test("is unread until it is read, but for what the host says", async () => {
    await current();
    hear(2, "hello");
    hear(1, "what the host says");
    hear(2, "look");
    expect(unread()).toEqual(["hello", "look"]);
    expect(onChat).toHaveBeenCalledTimes(2);
    monitor.markRead();
    monitor.markRead();
    expect(unread()).toEqual([]);
    expect(onChat.mock.calls.slice(2)).toEqual([[null]]);
  });

  test("is bounded", async () => {
    await current();
    for (let i = 0; i < 110; i++) hear(2, String(i));
    expect([monitor.unread.length, unread()[0], unread().at(-1)]).toEqual([100, "10", "109"]);
  });
});

test("chat from before it came is not new", async () => {
  api.host(SESSION.id).users = [[2, ADA]];
  (await api.knocked(SESSION.id)).answers = false;
  link = await api.letIn(SESSION);
  expect(monitor.client.latency).toBeNull();
  link.say({ hear: [1, 2, "Ada", "long ago", 1_700_000_000] });
  expect(monitor.unread).toEqual([]);
});

test("what others do to shells is told of, and what ends by itself", async () => {
  await enter([
    [1, OWNER],
    [2, ADA],
  ]);
  for (const change of [
    [3, "opened", "bash", 2, "Ada"],
    [4, "opened", "bash", 1, "Host"],
    [3, "closed", "bash", 2, "Ada"],
    [5, "ended", "vim", null, ""],
    [6, "removed", "top", null, ""],
  ]) {
    link.say({ shellChanged: change });
  }
  expect(onShell.mock.calls.map(([change]) => [change.sid, change.change])).toEqual([
    [3, "opened"],
    [3, "closed"],
    [5, "ended"],
  ]);
});

test("the host is listed by name while they are there", async () => {
  await enter([]);
  monitor.appear({ name: "Grace", listed: true, focus: 1 });
  await settled();
  monitor.appear({ name: "Grace", listed: false, focus: null });
  await settled();
  const asked = link.heard.filter((message) => "setName" in message || "setListed" in message);
  expect(asked.map((message) => Object.values(message).flat().slice(1)).flat()).toEqual(["Grace", true, false]);
});

describe("who is refused", () => {
  beforeEach(() => void vi.useFakeTimers());

  const refuse = async (reason: string) => (await api.knocked(SESSION.id)).deliver(refusal(reason));
  const attempts = () => api.host(SESSION.id).links.length;

  test("tries again, less and less often, and bothers nobody", async () => {
    for (const [i, seconds] of [1, 2, 4, 8, 16, 30, 30].entries()) {
      await refuse("rateLimited");
      await vi.advanceTimersByTimeAsync(seconds * 1000 - 1);
      expect(attempts()).toBe(i + 1);
      await vi.advanceTimersByTimeAsync(1);
      expect(attempts()).toBe(i + 2);
    }
    expect(onShells).not.toHaveBeenCalled();
    await enter([[2, ADA]]);
    expect(names(monitor.guests)).toEqual(["Ada"]);
  });

  test("tries again if there is no way to the host", async () => {
    monitor.close();
    api.host(SESSION.id).unreachable = "Nobody is there.";
    monitor = new SessionMonitor(api, SESSION, listener);
    await vi.advanceTimersByTimeAsync(500);
    expect(monitor.client.state).toBe("unreachable");
    api.host(SESSION.id).unreachable = null;
    await vi.advanceTimersByTimeAsync(1000);
    await enter([]);
    expect(monitor.client.state).toBe("connected");
  });

  test("does not if there is no such session", async () => {
    await refuse("notFound");
    await vi.advanceTimersByTimeAsync(600_000);
    expect(attempts()).toBe(1);
    expect(onShells).toHaveBeenCalledOnce();
  });

  test("does not after it is closed", async () => {
    await refuse("busy");
    monitor.close();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(attempts()).toBe(1);
  });
});

test("who closes it is told nothing more", async () => {
  await enter([]);
  monitor.close();
  expect(link.closed).toBe(true);
  expect(onShells).not.toHaveBeenCalled();
});
