// @vitest-environment happy-dom
import type { IStatusBar } from "@jupyterlab/statusbar";
import { DisposableDelegate } from "@lumino/disposable";
import { Signal } from "@lumino/signaling";
import type { ReactNode } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { SharedSessions } from "../../src/lab/sessions";
import { addStatus } from "../../src/lab/status";
import type { Tabs } from "../../src/lab/tabs";
import type { Stage } from "../../src/session/sessionModel";
import type { HostedSession } from "../../src/api/api";
import { FakeApi, hosted } from "../api/fakeApi";
import { USER } from "../client/scriptedHost";
import { FakeClient, user } from "../view/fakeClient";

vi.mock("@jupyterlab/ui-components", async () => {
  const { createRoot } = await import("react-dom/client");
  const { act } = await import("preact/test-utils");
  class ReactWidget {
    readonly node = document.createElement("div");
    readonly #root = createRoot(this.node);
    isDisposed = false;
    declare render: () => ReactNode;
    addClass(name: string) {
      this.node.classList.add(name);
    }
    /** The real one is rendered a little later. */
    update() {
      void act(() => this.#root.render(this.render()));
    }
    dispose() {
      this.#root.unmount();
      this.node.remove();
      this.isDisposed = true;
    }
  }
  class LabIcon {
    readonly react = () => null;
  }
  return { ReactWidget, LabIcon };
});

const ADA = { ...USER, name: "Ada" };
const NETWORK = "Click for the network panel";
const PEOPLE = "Click for people and tickets";

let api: FakeApi;
let sessions: SharedSessions;
let tabs: {
  models: object[];
  shows: (id: string) => boolean;
  changed: Signal<object, void>;
  measured: Signal<object, void>;
};
let disposed: number;
const execute = vi.fn();

beforeEach(() => {
  document.body.innerHTML = "";
  disposed = 0;
  execute.mockReset();
  api = new FakeApi();
  sessions = new SharedSessions(api, undefined);
  tabs = {
    ...{ models: [], shows: () => false },
    ...{ changed: new Signal<object, void>({}), measured: new Signal<object, void>({}) },
  };
  const registerStatusItem = (_: string, { item }: IStatusBar.IItem) => {
    document.body.append(item.node);
    item.update();
    return new DisposableDelegate(() => disposed++);
  };
  addStatus({ registerStatusItem }, sessions, tabs as unknown as Tabs, { execute });
});

afterEach(() => share());

async function share(...list: HostedSession[]): Promise<void> {
  api.list = list;
  await sessions.refresh();
  await vi.dynamicImportSettled();
}

function model(id: string, name: string, client: FakeClient, session: HostedSession | null = null): object {
  const stage: Stage = { at: "live", client, session, invite: null };
  return { id, name, client, stage, people: [...client.users.values()] };
}

function show(...models: object[]): void {
  tabs.models = models;
  tabs.changed.emit();
}

function clientWith(change: Partial<Pick<FakeClient, "state" | "path" | "latency">>): FakeClient {
  return Object.assign(new FakeClient(), change);
}

const item = () => document.querySelector("button");
const text = () => item()?.textContent;

test("there is nothing while nothing is shared or joined", () => {
  expect(item()).toBeNull();
  show({ id: null, name: "", client: null, stage: { at: "joining", ticket: null, refused: null } });
  expect(item()).toBeNull();
});

test("one session, and who is in it", async () => {
  const session = hosted(1);
  await share(session);
  expect(text()).toBe("Sharing: 0 guests");
  expect(item()!.title).toBe(`Shared from this server: Session 1\n${PEOPLE}`);
  api.host(session.id).users = [[2, { ...USER, role: "owner" }]];
  const link = await api.letIn(session);
  link.say({ userDiff: [5, ADA] });
  expect(text()).toBe("Sharing: 1 guest");
  link.say({ userDiff: [6, ADA] });
  expect(text()).toBe("Sharing: 2 guests");
});

test("several sessions, and who is in any of them", async () => {
  const list = [hosted(1), hosted(2)];
  await share(...list);
  for (const session of list) {
    api.host(session.id).users = [[5, ADA]];
    await api.letIn(session);
  }
  expect(text()).toBe("Sharing 2 sessions: 2 guests");
  expect(item()!.title).toContain("Session 1, Session 2");
});

test("is gone when nothing is shared any more, and back", async () => {
  await share(hosted(1));
  await share();
  expect(item()).toBeNull();
  expect(disposed).toBe(1);
  await share(hosted(2));
  expect(item()!.title).toContain("Session 2");
});

test.each([
  [{ path: "direct", latency: 12.4 }, "Joined Lecture · 1 person · direct · 12 ms"],
  [{ path: "relay", latency: 0.2 }, "Joined Lecture · 1 person · relayed · 1 ms"],
  [{ path: "local", latency: null }, "Joined Lecture · 1 person"],
  [{ state: "waiting" }, "Joined Lecture · waiting"],
  [{ state: "reconnecting", path: "direct", latency: 12 }, "Joined Lecture · reconnecting"],
] as const)("who has joined with %j", (change, wanted) => {
  show(model("07", "Lecture", clientWith(change)));
  expect(text()).toBe(wanted);
  expect(item()!.title).toBe(`Joined: Lecture\n${NETWORK}`);
});

test("who has joined sees with how many, and what was measured last", () => {
  const client = clientWith({ path: "direct", latency: 12 });
  client.users = new Map([...client.users, [2, user("Ada")]]);
  show(model("07", "Lecture", client));
  expect(text()).toBe("Joined Lecture · 2 people · direct · 12 ms");
  client.latency = 40;
  tabs.measured.emit();
  expect(text()).toBe("Joined Lecture · 2 people · direct · 40 ms");
});

test("one's own sessions in tabs are not joined, nor those that are over", async () => {
  const session = hosted(1);
  await share(session);
  show(model(session.id, "Session 1", new FakeClient(), session), model("07", "Past", clientWith({ state: "ended" })));
  expect(text()).toBe("Sharing: 0 guests");
});

test("what is shared and what is joined", async () => {
  await share(hosted(1));
  show(model("07", "Lecture", clientWith({ path: "direct" })), model("08", "Lab", new FakeClient()));
  expect(text()).toBe("Sharing: 0 guests  Joined Lecture · 1 person · direct  Joined Lab · 1 person");
});

test("chat that is not read is counted", async () => {
  const session = hosted(1);
  await share(session);
  api.host(session.id).users = [[5, ADA]];
  const link = await api.letIn(session);
  await vi.waitUntil(() => sessions.monitor(session.id)!.client.latency !== null);
  link.say({ hear: [1, 5, "Ada", "hello", 1_700_000_000] });
  expect(text()).toBe("Sharing: 1 guest · 1 unread message");
  sessions.monitor(session.id)!.markRead();
  expect(text()).toBe("Sharing: 1 guest");
});

test("a click opens people and tickets of what is shared, and the network of what is joined", async () => {
  const session = hosted(1);
  await share(session);
  item()!.click();
  expect(execute.mock.calls).toEqual([["sshx:share-terminal", { id: session.id }]]);
  await share();
  show(model("07", "Lecture", new FakeClient()));
  item()!.click();
  expect(execute.mock.lastCall).toEqual(["sshx:open-session", { id: "07", panel: "network" }]);
});

test("a click asks which one is meant", async () => {
  await share(hosted(1));
  show(model("07", "Lecture", new FakeClient()));
  item()!.click();
  expect(execute).not.toHaveBeenCalled();
  const labels = [...document.querySelectorAll(".lm-Menu-itemLabel")].map((label) => label.textContent);
  expect(labels).toEqual(["Sharing Session 1", "Joined Lecture"]);
});
