// @vitest-environment happy-dom
import { createElement, useState } from "react";
import { afterEach, expect, test, vi } from "vitest";
import { SHARE_FLAGS, type ShareOptions } from "../../src/api/api";
import { durations, ShareFields } from "../../src/forms/ShareFields";
import { requestOf } from "../../src/forms/shareRequest";
import { after, all, cleanUp, says, show, texts, type } from "../view/render";

const told = vi.fn<(options: ShareOptions) => void>();
const request = () => requestOf(told.mock.lastCall?.[0] ?? SHARE_FLAGS);

interface FormProps {
  running: string[];
  titles?: ReadonlyMap<string, string>;
  guests?: boolean;
}

function Form({ running, titles, guests = false }: FormProps) {
  const [options, setOptions] = useState<ShareOptions>(SHARE_FLAGS);
  const onOptions = (next: ShareOptions) => {
    told(next);
    setOptions(next);
  };
  return createElement(ShareFields, { options, onOptions, running, guests, ...(titles && { titles }) });
}

function labelled(label: string): HTMLInputElement {
  const found = (all("label") as HTMLLabelElement[]).find((each) => each.textContent === label);
  return document.getElementById(found!.htmlFor) as HTMLInputElement;
}

const click = (label: string) => after(() => labelled(label).click());

afterEach(() => {
  cleanUp();
  told.mockReset();
});

test("the person who shares is told when guests need no login", () => {
  const told = "Guests can join through this server with only the ticket. They do not need a Jupyter login.";
  show(Form, { running: [] });
  expect(says(told)).toBe(false);
  show(Form, { running: [], guests: true });
  expect(says(told)).toBe(true);
});

test("what is chosen is what the API is asked for", () => {
  show(Form, { running: ["1", "2"] });
  expect(request()).toEqual(SHARE_FLAGS);
  expect(says("No terminal is selected, so a new one opens.")).toBe(true);
  type(labelled("Session name"), " Lecture ");
  click("Terminal 1");
  click("Terminal 2");
  click("Terminal 1");
  click("Read-only");
  click("Approve each guest");
  type(labelled("Password for guests"), " pw ");
  after(() => {
    labelled("Ends after").value = "28800";
    labelled("Ends after").dispatchEvent(new Event("change", { bubbles: true }));
  });
  expect(request()).toEqual({
    ...SHARE_FLAGS,
    name: "Lecture",
    terminals: ["2"],
    read_only: true,
    approve: true,
    password: " pw ",
    expires_in: 28_800,
  });
});

const HISTORY = "Show guests what the terminals have printed so far";

test("history is for terminals that run already, and shown unless the person chooses otherwise", () => {
  show(Form, { running: ["1"] });
  expect(texts("label")).not.toContain(HISTORY);
  click("Terminal 1");
  expect(labelled(HISTORY).checked).toBe(true);
  click(HISTORY);
  expect(request()).toEqual({ ...SHARE_FLAGS, terminals: ["1"], history: false });
  click(HISTORY);
  expect(request()).toEqual({ ...SHARE_FLAGS, terminals: ["1"] });
});

test("without history, the title that a program has set is not the session's name", () => {
  show(Form, { running: ["1"], titles: new Map([["1", "vim secret.txt"]]) });
  click("vim secret.txt");
  for (const [name, wanted] of [
    ["vim secret.txt", "Terminal 1"],
    ["Lecture", "Lecture"],
  ] as const) {
    type(labelled("Session name"), name);
    click(HISTORY);
    expect(request()).toMatchObject({ history: false, name: wanted });
    click(HISTORY);
    expect(request()).toMatchObject({ history: true, name: wanted });
  }
});

test("the request leaves out what is empty, and keeps what it has no field for", () => {
  const empty = { name: " ", terminals: [], cwd: "", password: "", expires_in: 0 };
  expect(requestOf({ ...SHARE_FLAGS, ...empty })).toEqual(SHARE_FLAGS);
  expect(requestOf({ ...SHARE_FLAGS, cwd: "work" })).toEqual({ ...SHARE_FLAGS, cwd: "work" });
});

test("terminals have their names, or what they are called", () => {
  show(Form, { running: ["1", "2"], titles: new Map([["2", "vim notes.md"]]) });
  expect(texts(".sshx-form-choices label")).toEqual(["Terminal 1", "vim notes.md"]);
});

test("without terminals there are none to choose", () => {
  show(Form, { running: [] });
  expect(texts("legend")).toEqual([]);
  expect(texts("option")).toEqual(durations().map(([label]) => label));
});

test("two forms on one page have fields of their own", () => {
  const Two = () => [createElement(Form, { key: 1, running: ["1"] }), createElement(Form, { key: 2, running: ["1"] })];
  show(Two as never, {});
  const ids = all("input, select").map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});
