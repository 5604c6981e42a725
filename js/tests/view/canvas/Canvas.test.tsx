// @vitest-environment happy-dom
import { createRef } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Canvas, type CanvasHandle } from "../../../src/view/canvas/Canvas";
import type { Question } from "../../../src/view/Question";
import { FakeClient, shell, user } from "../fakeClient";
import { terminals } from "../fakeTerminal";
import { act, after, all, press, texts } from "../render";

vi.mock("../../../src/view/terminal/terminal", async () => ({
  ShellTerminal: (await import("../fakeTerminal")).FakeTerminal,
}));

let client: FakeClient;
let root: Root;
let notes: string[];
/** What was asked, and what the person is going to answer. */
let questions: Question[];
let answers: string[];
const handle = createRef<CanvasHandle>();

function show({ narrow = false } = {}) {
  const props = {
    client: client,
    theme: "light",
    narrow,
    ask: (question: Question) => {
      questions.push(question);
      return Promise.resolve(answers.shift() ?? null);
    },
    notify: (text: string) => notes.push(text),
  } as const;
  after(() => root.render(<Canvas ref={handle} {...props} />));
}

const group = (name: string) => all("[role=group]").find((element) => element.getAttribute("aria-label") === name)!;
const button = (name: string, within: ParentNode = document) =>
  [...within.querySelectorAll("button")].find(
    (element) => (element.getAttribute("aria-label") ?? element.textContent) === name,
  )!;
const item = (label: string) => all("[role^=menuitem]").find((element) => element.textContent.endsWith(label))!;
const click = (element: HTMLElement) => after(() => element.click());
const settled = () => act(() => new Promise((resolve) => setTimeout(resolve)));
const calls = (name: string) => client.calls.filter(([called]) => called === name).map(([, ...args]) => args);
const last = (sid: number, what: string) => terminals.get(sid)!.log.findLast(([name]) => name === what);

beforeEach(() => {
  terminals.clear();
  notes = [];
  questions = [];
  answers = [];
  client = new FakeClient("writer");
  client.shells = new Map([
    [1, shell("bash", { x: 10, y: 20 })],
    [2, shell("", { x: 900, y: 20 })],
  ]);
  document.body.innerHTML = "<div id=root></div>";
  root = createRoot(document.getElementById("root")!);
});

afterEach(() => after(() => root.unmount()));

test("a window for each shell, named by its title or its number", () => {
  show();
  expect(all("[role=group]").map((element) => element.getAttribute("aria-label"))).toEqual([
    "Shell bash",
    "Shell Terminal 2",
  ]);
  expect(group("Shell bash").style.left).toBe("10px");
  expect(last(2, "title")).toEqual(["title", "Terminal 2"]);
});

test("a raised window stays the same element at the same place among its siblings", () => {
  show();
  const before = all("[role=group]");
  const [one, two] = [...client.shells];
  after(() => client.set({ shells: new Map([two!, one!]) }, "shells"));
  expect(all("[role=group]")).toEqual(before);
  expect(before.map((element) => element.style.zIndex)).toEqual(["1", "0"]);
  expect(terminals.get(1)!.log.some(([name]) => name === "close")).toBe(false);
});

test("a press raises a window that is not the topmost", () => {
  show();
  after(() => group("Shell Terminal 2").dispatchEvent(new PointerEvent("pointerdown", { bubbles: true })));
  expect(calls("move")).toEqual([]);
  after(() => group("Shell bash").dispatchEvent(new PointerEvent("pointerdown", { bubbles: true })));
  expect(calls("move")).toEqual([[1, null]]);
});

const MORE = "More rows and columns, for everyone";
const FEWER = "Fewer rows and columns, for everyone";

test("more and fewer rows and columns", () => {
  show();
  click(button(MORE, group("Shell bash")));
  click(button(MORE, group("Shell bash"))); // before the host has confirmed the first
  click(button(FEWER, group("Shell bash")));
  expect(calls("resize")).toEqual([
    [1, { rows: 26, cols: 87 }],
    [1, { rows: 28, cols: 94 }],
    [1, { rows: 26, cols: 87 }],
  ]);
});

test.each([
  ["viewed", "writer", /^The host has this terminal open.*You can zoom instead/],
  ["viewed", "owner", /^You have this terminal open in a tab.*You can zoom instead/],
  ["locked", "writer", /^The size is locked/],
] as const)("a size that is %s cannot be changed by a %s, who is told why", (flag, role, why) => {
  client = new FakeClient(role);
  client.shells = new Map([[1, shell("bash", { [flag]: true })]]);
  show();
  for (const name of [MORE, FEWER]) {
    expect(button(name).getAttribute("aria-disabled")).toBe("true");
    click(button(name));
  }
  press(group("Shell bash").querySelector(".sshx-title")!, "ArrowRight", { shiftKey: true });
  expect(notes).toHaveLength(3);
  for (const note of notes) expect(note).toMatch(why);
  expect(calls("resize")).toEqual([]);
  expect(all(".sshx-edge")).toEqual([]);
  press(group("Shell bash").querySelector(".sshx-title")!, "ArrowRight");
  expect(calls("move")).toEqual([[1, { x: 20, y: 0 }]]);
});

test("a shell with nothing in it is closed at once; if something runs, it is asked", async () => {
  show();
  click(button("Close shell", group("Shell bash")));
  await settled();
  expect(questions).toEqual([]);
  client.closing = { running: "vim" };
  click(button("Close shell", group("Shell bash")));
  await settled();
  expect(questions).toMatchObject([{ title: "Close “bash”?", choices: [{ label: "Close anyway", tone: "danger" }] }]);
  expect(questions[0]!.text).toContain("vim is running");
  expect(calls("closeShell")).toEqual([
    [1, false],
    [1, false],
  ]);
  answers = ["close"];
  click(button("Close shell", group("Shell bash")));
  await settled();
  expect(calls("closeShell").at(-1)).toEqual([1, true]);
});

test("a terminal that was running before is the host's to close, and to be removed is the first thing offered", async () => {
  client.shells = new Map([[1, shell("bash", { protected: true })]]);
  show();
  click(button("Close shell"));
  expect(notes).toEqual(["Only the host can close this terminal."]);
  click(button("Shell menu"));
  expect(texts("[role^=menuitem]")).toEqual(["Rename…", "Lock size"]);
  press(all("[role^=menuitem]")[0]!, "Escape");

  after(() => client.put(1, user("Me", { role: "owner" })));
  answers = ["remove"];
  click(button("Close shell"));
  await settled();
  expect(questions[0]!.choices.map(({ label, tone }) => [label, tone])).toEqual([
    ["Remove from session", "primary"],
    ["Close terminal", "danger"],
  ]);
  expect(calls("removeShell")).toEqual([[1]]);
  expect(calls("closeShell")).toEqual([]);

  client.closing = { running: "vim" };
  answers = ["close", "close"];
  click(button("Close shell"));
  await settled();
  expect(calls("closeShell")).toEqual([
    [1, false],
    [1, true],
  ]);
  click(button("Shell menu"));
  click(item("Remove from session"));
  expect(calls("removeShell")).toHaveLength(2);
});

test("the menu renames, and locks the size", () => {
  show();
  const shown = group("Shell bash");
  click(button("Shell menu", shown));
  press(document.activeElement!, "ArrowDown");
  expect(document.activeElement?.textContent).toBe("Lock size");
  click(item("Lock size"));
  expect(calls("lockSize")).toEqual([[1, true]]);
  expect(all("[role=menu]")).toEqual([]);

  const rename = (name: string, key: string) => {
    click(button("Shell menu", shown));
    click(item("Rename…"));
    const field = shown.querySelector<HTMLInputElement>("input")!;
    expect([field.value, document.activeElement]).toEqual(["bash", field]);
    field.value = name;
    press(field, key);
  };
  rename(" build ", "Enter");
  rename("other", "Escape");
  rename("bash", "Enter");
  rename("", "Enter");
  expect(calls("renameShell")).toEqual([
    [1, "build"],
    [1, ""],
  ]);
  click(button("Shell menu", shown));
  after(() => document.body.dispatchEvent(new PointerEvent("pointerdown", { bubbles: true })));
  expect(all("[role=menu]")).toEqual([]);
});

test("by keyboard: the title bar moves and resizes its window, and leads into the terminal", () => {
  show();
  const title = group("Shell bash").querySelector<HTMLElement>(".sshx-title")!;
  press(title, "ArrowRight");
  press(title, "ArrowDown", { shiftKey: true });
  press(title, "Enter");
  expect(calls("move")).toEqual([[1, { x: 30, y: 20 }]]);
  expect(calls("resize")).toEqual([[1, { rows: 25, cols: 80 }]]);
  expect(last(1, "focus")).toEqual(["focus"]);
});

test("the first button of a shell turns on screen reader support, in all of them", () => {
  show();
  const [first] = group("Shell bash").querySelectorAll("button");
  expect(first!.textContent).toBe("Turn on screen reader support");
  click(first!);
  expect(first!.textContent).toBe("Turn off screen reader support");
  for (const sid of [1, 2]) expect(last(sid, "options")).toMatchObject(["options", { screenReader: true }]);
  click(first!);
  expect(last(2, "options")).toMatchObject(["options", { screenReader: false }]);
});

test("a reader can do none of it, and is told why", () => {
  client = new FakeClient("reader");
  client.shells = new Map([[1, shell("bash")]]);
  show();
  for (const name of [FEWER, MORE, "Close shell"]) {
    expect(button(name).getAttribute("aria-disabled")).toBe("true");
    click(button(name));
  }
  after(() => handle.current!.newShell());
  expect(notes).toEqual(Array(4).fill("You have read-only access. Ask for write access to change this."));
  expect(client.calls.filter(([name]) => !["attach", "setCursor"].includes(name))).toEqual([]);
  expect(last(1, "typable")).toEqual(["typable", false]);

  after(() => client.put(1, user("Me", { role: "writer" })));
  expect(last(1, "typable")).toEqual(["typable", true]);
  expect(button(MORE).getAttribute("aria-disabled")).toBe("false");
});

test.each(["before", "after"])("a new shell is made where nothing is, and is gone to: %s it is known", async (when) => {
  show();
  client.created = Promise.resolve(4);
  const added: [number, ReturnType<typeof shell>][] = [
    [3, shell("someone else's", { x: 5, y: 5 })],
    [4, shell("mine")], // wherever the host has put it
  ];
  const arrive = () => after(() => client.set({ shells: new Map([...client.shells, ...added]) }, "shells"));
  if (when === "before") arrive();
  after(() => handle.current!.newShell());
  expect(calls("create")).toHaveLength(1);
  await act(() => client.created.then(() => undefined));
  if (when === "after") arrive();
  await vi.waitFor(() => expect(last(4, "focus")).toEqual(["focus"]));
  expect(last(3, "focus")).toBeUndefined();
});

test("a shell that could not be opened leaves one where one is", async () => {
  show();
  const focused = terminals.get(2)!.log.length;
  after(() => handle.current!.newShell());
  await act(() => client.created.then(() => undefined));
  expect(terminals.get(2)!.log.length).toBe(focused);
});

test("who is where is shown, oneself not", () => {
  show();
  after(() => {
    client.put(1, user("Me", { focus: 1 }));
    client.put(2, user("Ada", { focus: 1 }));
    client.put(3, user("Guest", { focus: 1, pending: true }));
  });
  expect(group("Shell bash").querySelector("[role=img]")!.getAttribute("aria-label")).toBe("Here: Ada");
  expect(group("Shell Terminal 2").querySelector("[role=img]")).toBeNull();
});

test("others' cursors, with their names as text", async () => {
  show();
  await act(async () => {
    client.put(1, user("Me", { cursor: [1, 1] }));
    client.put(2, user("<b>Ada</b>", { cursor: [30, 40] }));
    client.put(3, user("Guest", { cursor: [5, 5], pending: true }));
    await new Promise((drawn) => requestAnimationFrame(drawn));
  });
  expect(all(".sshx-cursor").map(({ textContent, style }) => [textContent, style.transform])).toEqual([
    ["<b>Ada</b>", "translate(30px, 40px)"],
  ]);
});

test("narrow: tabs, one shell at a time, with the same terminals", () => {
  show();
  const windows = all("[role=group]");
  show({ narrow: true });
  expect(all("[role=group]")).toEqual(windows);
  const tabs = all("[role=tab]");
  expect(tabs.map((tab) => [tab.textContent, tab.getAttribute("aria-selected")])).toEqual([
    ["bash", "false"],
    ["Terminal 2", "true"],
  ]);
  click(tabs[0]!);
  expect(windows.map(({ dataset }) => dataset.active)).toEqual(["true", "false"]);

  // Whatever others raise, one stays where one is.
  const [one, two] = [...client.shells];
  after(() => client.set({ shells: new Map([one!, two!]) }, "shells"));
  expect(windows.map(({ dataset }) => dataset.active)).toEqual(["true", "false"]);
  after(() => client.set({ shells: new Map([two!]) }, "shells"));
  expect(group("Shell Terminal 2").dataset.active).toBe("true");
  expect([...terminals.values()].map(({ log }) => log.filter(([name]) => name === "close").length)).toEqual([1, 0]);
});

test("narrow: the key row types into the shell that is shown", () => {
  show({ narrow: true });
  for (const name of ["Esc", "Tab", "Up", "|"]) click(button(name));
  click(button("Ctrl"));
  expect(button("Ctrl").getAttribute("aria-pressed")).toBe("true");
  expect(last(2, "ctrl")).toEqual(["ctrl", true]);
  expect(last(1, "ctrl")).toEqual(["ctrl", false]);
  click(button("Left"));
  expect(button("Ctrl").getAttribute("aria-pressed")).toBe("false");
  expect(
    terminals
      .get(2)!
      .log.filter(([name]) => name === "press")
      .map(([, data]) => data),
  ).toEqual(["\x1b", "\t", "\x1b[A", "|", "\x1b[1;5D"]);
});

test("who takes a window by its frame with the mouse goes on typing in it; by keyboard, one stays on the button", () => {
  show();
  const press = (detail: number) =>
    after(() => button(MORE, group("Shell bash")).dispatchEvent(new MouseEvent("click", { bubbles: true, detail })));
  const focused = () => terminals.get(1)!.log.filter(([what]) => what === "focus").length;
  const before = focused();
  press(0);
  expect(focused()).toBe(before);
  press(1);
  expect(focused()).toBe(before + 1);
});
