// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test } from "vitest";
import { PALETTES, paletteOf } from "../../../src/view/terminal/palettes";
import { usePeople } from "../../../src/view/people";
import { changeSettings, DEFAULTS, getSettings } from "../../../src/view/settings";
import { SettingsPanel } from "../../../src/view/panels/SettingsPanel";
import { createElement } from "react";
import { FakeClient } from "../fakeClient";
import { after, all, cleanUp, press, says, show, type } from "../render";

let client: FakeClient;

beforeEach(() => {
  changeSettings(DEFAULTS);
  client = new FakeClient();
  show(() => {
    const [me] = usePeople(client);
    return createElement(SettingsPanel, { client: client, me, theme: "light", themed: false });
  }, {});
});

afterEach(cleanUp);

function labelled(label: string): HTMLInputElement {
  const found = all("label").find((each) => each.textContent === label) as HTMLLabelElement;
  return document.getElementById(found.htmlFor) as HTMLInputElement;
}

test("a name is taken on Enter and when the field is left, and only then", () => {
  const field = labelled("Your name");
  expect(field.value).toBe("Me");
  type(field, " Ada ");
  expect(client.calls).toEqual([]);
  press(field, "Enter");
  expect(client.calls).toEqual([["setName", "Ada"]]);
  expect(getSettings().name).toBe("Ada");
  type(field, "Grace");
  after(() => {
    field.focus();
    field.blur();
  });
  expect(client.calls).toEqual([
    ["setName", "Ada"],
    ["setName", "Grace"],
  ]);
});

test.each([
  ["x".repeat(65), "This one has 65"],
  ["   ", "at least one visible character"],
])("the name %j is not taken, and that is said", (name, complaint) => {
  const field = labelled("Your name");
  type(field, name);
  press(field, "Enter");
  expect(client.calls).toEqual([]);
  expect(getSettings().name).toBe("");
  expect(says(complaint)).toBe(true);
  expect(field.getAttribute("aria-invalid")).toBe("true");
});

test("a name of 64 characters is one, whatever they are", () => {
  const name = "🎉".repeat(64);
  type(labelled("Your name"), name);
  press(labelled("Your name"), "Enter");
  expect(client.calls).toEqual([["setName", name]]);
});

test("a color holds at once", () => {
  const [red] = all("input[aria-label=Red]") as HTMLInputElement[];
  after(() => red!.click());
  expect(client.calls).toEqual([["setColor", "#e5484d"]]);
  expect(getSettings().color).toBe("#e5484d");
});

test("a number out of bounds is not taken, and forgotten when the field is left", () => {
  const field = labelled("Font size (pixels)");
  type(field, "20");
  expect(getSettings().fontSize).toBe(20);
  for (const bad of ["200", "", "7", "12.5"]) {
    type(field, bad);
    expect(getSettings().fontSize).toBe(20);
    expect(says("Enter a whole number from 8 to 32")).toBe(true);
  }
  after(() => {
    field.focus();
    field.blur();
  });
  expect(field.value).toBe("20");
  expect(says("A whole number")).toBe(false);
});

test("switches hold at once", () => {
  after(() => labelled("Share my cursor").click());
  after(() => labelled("Predictive echo").click());
  after(() => labelled("Screen reader support").click());
  expect(getSettings()).toMatchObject({ shareCursor: false, predictiveEcho: false, screenReader: true });
});

test("every palette is complete, and an unknown one is the theme's", () => {
  expect(Object.keys(PALETTES).length).toBeGreaterThanOrEqual(8);
  for (const palette of Object.values(PALETTES)) {
    expect(Object.keys(palette)).toHaveLength(21);
    expect(Object.values(palette).filter((color) => !/^#[0-9a-f]{6}([0-9a-f]{2})?$/u.test(String(color)))).toEqual([]);
  }
  expect(paletteOf({ ...DEFAULTS, palette: "gone" }, "dark")).toBe(PALETTES["JupyterLab dark"]);
  expect(paletteOf({ ...DEFAULTS, palette: "Nord" }, "light")).toBe(PALETTES.Nord);
});
