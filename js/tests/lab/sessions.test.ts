// @vitest-environment happy-dom
import type { ServiceManager } from "@jupyterlab/services";
import { Signal } from "@lumino/signaling";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { SharedSessions } from "../../src/lab/sessions";
import { ApiError, SHARE_FLAGS, type HostedSession } from "../../src/api/api";
import { FakeApi, hosted } from "../api/fakeApi";
import { refusal, SHELL, USER, settled } from "../client/scriptedHost";
import { emissions, turn } from "./fakes";

const SESSION_EVENT = "https://schema.jupyter.org/sshx_jupyter/session/v1";
const ONE = hosted(1);
const TWO = hosted(2);

let api: FakeApi;
let stream: Signal<object, { schema_id: string }>;
let sessions: SharedSessions;

beforeEach(() => {
  api = new FakeApi();
  stream = new Signal<object, { schema_id: string }>({});
  sessions = new SharedSessions(api, { stream } as unknown as ServiceManager.IManager["events"]);
});

afterEach(async () => {
  vi.useRealTimers();
  api.failure = null;
  await refresh([]); // nothing is watched any more
  stream = new Signal({});
});

async function refresh(list: readonly HostedSession[]): Promise<void> {
  api.list = list;
  await sessions.refresh();
  await vi.dynamicImportSettled();
}

describe("available", () => {
  test("is not known before the server has answered", async () => {
    expect(sessions.available).toBeNull();
    const changed = emissions(sessions.changed);
    await refresh([]);
    expect(sessions.available).toBe(true);
    expect(changed).toHaveBeenCalledOnce();
  });

  test.each([401, 403, 404, 405])("is false after status %i, and there are no sessions", async (status) => {
    const changed = emissions(sessions.changed);
    api.failure = new ApiError("Not here.", status);
    await sessions.refresh();
    expect([sessions.available, sessions.list]).toEqual([false, []]);
    expect(changed).toHaveBeenCalledOnce();
  });

  test.each([401, 403, 404, 405])("stays as it was after status %i if something was known", async (status) => {
    await refresh([ONE]);
    const changed = emissions(sessions.changed);
    api.failure = new ApiError("Log in.", status);
    await sessions.refresh();
    expect([sessions.available, sessions.list]).toEqual([true, [ONE]]);
    expect(changed).not.toHaveBeenCalled();
  });

  test("is asked for until it is known, less and less often", async () => {
    vi.useFakeTimers();
    api.failure = new ApiError("Try again.", 502);
    await sessions.refresh();
    for (const [i, seconds] of [5, 10, 20, 40, 60, 60].entries()) {
      await vi.advanceTimersByTimeAsync(seconds * 1000 - 1);
      expect(api.sessions).toHaveBeenCalledTimes(i + 1);
      await vi.advanceTimersByTimeAsync(1);
      expect(api.sessions).toHaveBeenCalledTimes(i + 2);
    }
    api.failure = null;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sessions.available).toBe(true);
    api.sessions.mockClear();
    api.failure = new ApiError("Try again.", 502);
    await sessions.refresh();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(api.sessions).toHaveBeenCalledOnce();
  });

  test("is not asked for again once it is known that one may not", async () => {
    vi.useFakeTimers();
    api.failure = new ApiError("Forbidden.", 403);
    await sessions.refresh();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(api.sessions).toHaveBeenCalledOnce();
  });

  test.each([0, 500, 502])("stays as it was after status %i", async (status) => {
    api.failure = new ApiError("Try again.", status);
    await sessions.refresh();
    expect(sessions.available).toBeNull();
    api.failure = null;
    await refresh([ONE]);
    api.failure = new ApiError("Try again.", status);
    const changed = emissions(sessions.changed);
    await sessions.refresh();
    expect([sessions.available, sessions.list]).toEqual([true, [ONE]]);
    expect(changed).not.toHaveBeenCalled();
  });

  test("stays as it was if the answer is none of the API's", async () => {
    await refresh([ONE]);
    api.failure = new TypeError("list is not iterable");
    await sessions.refresh();
    expect([sessions.available, sessions.list]).toEqual([true, [ONE]]);
  });
});

test("a change is told of only if it is one", async () => {
  await refresh([ONE]);
  const changed = emissions(sessions.changed);
  await refresh([{ ...ONE }]);
  expect(changed).not.toHaveBeenCalled();
  await refresh([{ ...ONE, tickets: { write: "better", read: "better too" } }]);
  expect(changed).toHaveBeenCalledTimes(1);
  await refresh([{ ...ONE }, TWO]);
  expect(changed).toHaveBeenCalledTimes(2);
});

describe("refresh", () => {
  test("while the server is asked, looks again once", async () => {
    let answer!: (list: HostedSession[]) => void;
    api.sessions.mockImplementationOnce(() => new Promise((resolve) => (answer = resolve)));
    void sessions.refresh();
    for (let i = 0; i < 3; i++) void sessions.refresh();
    expect(api.sessions).toHaveBeenCalledTimes(1);
    api.list = [ONE, TWO];
    answer([ONE]);
    await settled();
    expect(api.sessions).toHaveBeenCalledTimes(2);
    expect(sessions.list).toEqual([ONE, TWO]);
  });

  test("does not bring back what was stopped while the server was asked", async () => {
    await refresh([ONE, TWO]);
    let answer!: (list: HostedSession[]) => void;
    api.sessions.mockImplementationOnce(() => new Promise((resolve) => (answer = resolve)));
    const looked = sessions.refresh();
    const changed = vi.fn();
    sessions.changed.connect(() => void changed(sessions.list));
    await sessions.stop(TWO.id);
    answer([ONE, TWO]);
    await looked;
    expect(changed.mock.calls.flat()).not.toContainEqual([ONE, TWO]);
    expect(sessions.list).toEqual([ONE]);
  });

  test("happens when the server tells of sessions, and not of other things", async () => {
    stream.emit({ schema_id: "https://events.jupyter.org/jupyter_server/contents_service/v1" });
    await settled();
    expect(api.sessions).not.toHaveBeenCalled();
    stream.emit({ schema_id: SESSION_EVENT });
    await settled();
    expect(api.sessions).toHaveBeenCalledOnce();
  });

  describe("of who comes back to the page", () => {
    beforeEach(() => vi.useFakeTimers({ toFake: ["Date"] }));

    afterEach(() => vi.useRealTimers());

    test("happens if it was away for more than 30 s", async () => {
      await refresh([]);
      vi.setSystemTime(Date.now() + 29_000);
      turn("visible");
      vi.setSystemTime(Date.now() + 2000);
      turn("hidden");
      expect(api.sessions).toHaveBeenCalledTimes(1);
      turn("visible");
      expect(api.sessions).toHaveBeenCalledTimes(2);
    });

    test("does not where one may not share", async () => {
      api.failure = new ApiError("Forbidden.", 403);
      await sessions.refresh();
      vi.setSystemTime(Date.now() + 31_000);
      turn("visible");
      expect(api.sessions).toHaveBeenCalledTimes(1);
    });
  });
});

test("a new session is there at once", async () => {
  await refresh([ONE]);
  const session = await sessions.share({ ...SHARE_FLAGS, name: "New" });
  expect(sessions.list).toEqual([ONE, session]);
  expect(api.sessions).toHaveBeenCalledTimes(1);
});

test("a session that has been seen before it is told of is there once", async () => {
  api.share.mockImplementationOnce(async () => {
    await refresh([TWO]);
    return TWO;
  });
  await sessions.share(SHARE_FLAGS);
  expect(sessions.list).toEqual([TWO]);
});

test("a stopped session is gone at once", async () => {
  await refresh([ONE, TWO]);
  await sessions.stop(ONE.id);
  expect(sessions.list).toEqual([TWO]);
  expect(api.stop).toHaveBeenCalledWith(ONE.id);
});

test("a session that someone else has stopped is gone, too", async () => {
  await refresh([ONE]);
  api.failure = new ApiError("There is no such session.", 404);
  await sessions.stop(ONE.id);
  expect(sessions.list).toEqual([]);
});

test("a session that could not be stopped is still there", async () => {
  await refresh([ONE]);
  api.failure = new ApiError("Cannot be reached.");
  await expect(sessions.stop(ONE.id)).rejects.toThrow("Cannot be reached.");
  expect(sessions.list).toEqual([ONE]);
});

test("sessions are found by id, and all of a terminal by that, the oldest first", async () => {
  const shell = (sid: number, terminal: string) => ({ sid, terminal, title: "" });
  const both = hosted(3, { shells: [shell(1, "1"), shell(2, "7")] });
  await refresh([ONE, TWO, both]);
  expect(sessions.find(TWO.id)).toBe(TWO);
  expect(sessions.find("00")).toBeNull();
  expect(sessions.ofTerminal("1")).toEqual([ONE, both]);
  expect(sessions.ofTerminal("7")).toEqual([both]);
  expect(sessions.ofTerminal("8")).toEqual([]);
});

describe("monitors", () => {
  test("are there for each session, the same ones as long as it is there", async () => {
    await refresh([ONE]);
    const monitor = sessions.monitor(ONE.id)!;
    expect(monitor.id).toBe(ONE.id);
    await refresh([{ ...ONE }, TWO]);
    expect(sessions.monitor(ONE.id)).toBe(monitor);
    expect(sessions.monitor(TWO.id)).not.toBeNull();
    expect(api.dialHosted).toHaveBeenCalledTimes(2);
  });

  test("are closed when their session is gone", async () => {
    await refresh([ONE]);
    const monitor = sessions.monitor(ONE.id)!;
    const link = await api.letIn(ONE);
    await refresh([]);
    expect(sessions.monitor(ONE.id)).toBeNull();
    expect(monitor.client.state).toBe("ended");
    expect(link.closed).toBe(true);
  });

  test("are none for a session that has gone in the meantime", async () => {
    api.list = [ONE];
    await sessions.refresh();
    await sessions.stop(ONE.id);
    await vi.dynamicImportSettled();
    expect(sessions.monitor(ONE.id)).toBeNull();
    expect(api.dialHosted).not.toHaveBeenCalled();
  });

  test("tell who is there", async () => {
    await refresh([ONE]);
    const told = emissions(sessions.peopleChanged);
    const link = await api.letIn(ONE);
    told.mockClear();
    link.say({ userDiff: [5, { ...USER, name: "Grace" }] });
    expect(told.mock.calls).toEqual([[sessions, sessions.monitor(ONE.id)]]);
  });

  test("have the server asked when there are other shells, or the session is over", async () => {
    await refresh([ONE]);
    const link = await api.letIn(ONE);
    expect(api.sessions).toHaveBeenCalledTimes(1);
    const shells = [
      [1, SHELL],
      [2, SHELL],
    ];
    link.say({ shells });
    await settled();
    expect(api.sessions).toHaveBeenCalledTimes(2);
    api.list = [];
    link.say({ closed: ["stopped", "The host stopped sharing."] });
    await settled();
    expect(sessions.list).toEqual([]);
  });

  test("that are refused try again by themselves, and ask nobody for the list", async () => {
    vi.useFakeTimers();
    await refresh([ONE]);
    const { links } = api.host(ONE.id);
    for (const wanted of [1, 2, 3]) {
      (await api.knocked(ONE.id)).deliver(refusal("busy"));
      expect(links).toHaveLength(wanted);
      await refresh([ONE]);
      expect(links).toHaveLength(wanted);
      await vi.advanceTimersByTimeAsync(4_000);
    }
    expect(api.sessions).toHaveBeenCalledTimes(4);
    await api.letIn(ONE);
    expect(sessions.monitor(ONE.id)!.client.state).toBe("connected");
  });

  test("that find nobody have the server asked", async () => {
    await refresh([ONE]);
    api.list = [];
    (await api.knocked(ONE.id)).deliver(refusal("notFound"));
    await settled();
    expect(sessions.list).toEqual([]);
  });
});
