// @vitest-environment happy-dom
import { beforeEach, expect, test, vi } from "vitest";
import SCHEMA from "../../schema/plugin.json";
import { SHARE_FLAGS } from "../../src/api/api";
import { Settings } from "../../src/lab/settings";
import { changeSettings, DEFAULTS, getSettings } from "../../src/view/settings";
import { settled } from "../client/scriptedHost";
import { FakeRegistry } from "./fakes";

const ID = "sshx-jupyter:plugin";
const VIEW_SETTINGS = ["name", "predictiveEcho"];
const LAB_DEFAULTS = Object.fromEntries(
  Object.entries(SCHEMA.properties)
    .filter(([name]) => !VIEW_SETTINGS.includes(name))
    .map(([name, property]) => [name, property.default]),
);

let registry: FakeRegistry;
let settings: Settings;
const listener = vi.fn();

beforeEach(() => {
  changeSettings(DEFAULTS);
  registry = new FakeRegistry({ ...LAB_DEFAULTS, name: "", predictiveEcho: true });
  settings = new Settings();
  listener.mockReset();
  settings.on(listener);
});

const load = () => settings.load(registry.asRegistry, ID);

test("before they are loaded, the defaults hold", () => {
  expect(settings.now).toEqual(LAB_DEFAULTS);
});

test("what an older registry has no value for is as by default", async () => {
  registry = new FakeRegistry({ name: "", predictiveEcho: true });
  registry.user = { approve: true };
  await load();
  expect(settings.now).toMatchObject({ ...LAB_DEFAULTS, approve: true });
});

test("new sessions are shared as the person has set it", async () => {
  expect(settings.shareOptions).toEqual({ ...SHARE_FLAGS, expires_in: 0 });
  registry.user = { readOnly: true, approve: true, history: false, expires: 3600 };
  await load();
  expect(settings.shareOptions).toEqual({ read_only: true, approve: true, history: false, expires_in: 3600 });
});

test("what the person chooses in JupyterLab holds, and is told of", async () => {
  registry.user = { readOnly: true, expires: 3600 };
  await load();
  expect(settings.now).toMatchObject({ readOnly: true, expires: 3600, notifications: "all" });
  expect(listener).toHaveBeenCalledOnce();
  registry.edit({ notifications: "none" });
  expect(settings.now).toMatchObject({ readOnly: false, notifications: "none" });
  expect(listener).toHaveBeenCalledTimes(2);
});

test("who does not want to be told is not", async () => {
  const off = settings.on(listener);
  off();
  await load();
  expect(listener).not.toHaveBeenCalled();
});

test("a name and an echo that were chosen in JupyterLab are the view's, too", async () => {
  changeSettings({ name: "Someone", fontSize: 20 });
  registry.user = { name: "Ada", predictiveEcho: false };
  await load();
  expect(getSettings()).toEqual({ ...DEFAULTS, name: "Ada", predictiveEcho: false, fontSize: 20 });
  registry.edit({ name: "Grace", predictiveEcho: true });
  expect(getSettings()).toMatchObject({ name: "Grace", predictiveEcho: true });
  await settled();
  expect(registry.written).toEqual([]);
});

test("what was chosen in the view holds where nothing is chosen in JupyterLab", async () => {
  changeSettings({ name: "Ada", predictiveEcho: false });
  await load();
  expect(getSettings()).toMatchObject({ name: "Ada", predictiveEcho: false });
});

test("what is chosen in the view is in JupyterLab's settings, once", async () => {
  await load();
  changeSettings({ name: "Ada" });
  await settled();
  changeSettings({ predictiveEcho: false });
  await settled();
  expect(registry.written).toEqual([
    ["name", "Ada"],
    ["predictiveEcho", false],
  ]);
  expect(registry.user).toEqual({ name: "Ada", predictiveEcho: false });
  expect(getSettings()).toMatchObject({ name: "Ada", predictiveEcho: false });
});

test("of several names the last one stays", async () => {
  await load();
  changeSettings({ name: "A" });
  changeSettings({ name: "Ad" });
  changeSettings({ name: "Ada" });
  await settled();
  expect([getSettings().name, registry.user.name]).toEqual(["Ada", "Ada"]);
});

test("what is reset in JupyterLab is as by default in the view, too", async () => {
  await load();
  registry.edit({ name: "Ada" });
  expect(getSettings().name).toBe("Ada");
  registry.edit({});
  expect(getSettings().name).toBe("");
  changeSettings({ fontSize: 20 });
  await settled();
  expect(registry.user).toEqual({});
});

test("what only the view has is in no other place", async () => {
  await load();
  changeSettings({ fontSize: 20, appearance: "dark" });
  await settled();
  expect(registry.written).toEqual([]);
});
