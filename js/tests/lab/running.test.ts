// @vitest-environment happy-dom
import type { IRunningSessions } from "@jupyterlab/running";
import { DisposableDelegate } from "@lumino/disposable";
import { Signal } from "@lumino/signaling";
import { beforeEach, expect, test, vi } from "vitest";
import { addRunning } from "../../src/lab/running";
import { SharedSessions } from "../../src/lab/sessions";
import type { Tabs } from "../../src/lab/tabs";
import { ApiError } from "../../src/api/api";
import { FakeApi, hosted } from "../api/fakeApi";
import { settled } from "../client/scriptedHost";

const { error } = vi.hoisted(() => ({ error: vi.fn() }));
vi.mock("@jupyterlab/apputils", () => ({ Notification: { error } }));
vi.mock("@jupyterlab/ui-components", () => ({
  LabIcon: class {
    readonly react = null;
  },
}));

const OWN = hosted(1);
/** One's own session, which one has joined as a guest as well. */
const JOINED = { id: OWN.id, name: "Joined", stage: { at: "live", session: null, client: { state: "connected" } } };
const MINE = { id: OWN.id, name: "Mine", stage: { at: "live", session: OWN, client: { state: "connected" } } };

let api: FakeApi;
let manager: IRunningSessions.IManager;
const tabs = { models: [MINE, JOINED], changed: new Signal<object, void>({}), activate: vi.fn(), close: vi.fn() };
const execute = vi.fn();

const items = () => manager.running();
const labelOf = (item: IRunningSessions.IRunningItem) =>
  (manager.shutdownLabel as (item: IRunningSessions.IRunningItem) => string)(item);

beforeEach(async () => {
  vi.clearAllMocks();
  api = new FakeApi();
  api.list = [OWN];
  const sessions = new SharedSessions(api, undefined);
  await sessions.refresh();
  const add = (each: IRunningSessions.IManager) => {
    manager = each;
    return new DisposableDelegate(() => undefined);
  };
  addRunning({ add }, sessions, tabs as unknown as Tabs, { execute });
});

test("what is shared and what is joined, each once", () => {
  expect(items().map((item) => [item.label(), labelOf(item)])).toEqual([
    ["Session 1", "Stop Sharing"],
    ["Joined", "Leave"],
  ]);
});

test("to leave is to close the tab of what was joined, and nothing else", () => {
  const [, joined] = items();
  joined!.open?.();
  joined!.shutdown?.();
  expect([tabs.activate.mock.lastCall, tabs.close.mock.calls]).toEqual([[JOINED], [[JOINED]]]);
  expect(api.stop).not.toHaveBeenCalled();
});

test("all are stopped and left at once", async () => {
  manager.shutdownAll();
  await settled();
  expect([api.stop.mock.calls, tabs.close.mock.calls]).toEqual([[[OWN.id]], [[JOINED]]]);
  expect(items()).toHaveLength(1); // the fake tab is still there
});

test("a session that cannot be stopped is still there, and one is told", async () => {
  api.failure = new ApiError("The server is tired.", 500);
  items()[0]!.shutdown?.();
  await settled();
  expect(error).toHaveBeenCalledWith("This session could not be stopped. The server is tired.");
  expect(items()).toHaveLength(2);
});
