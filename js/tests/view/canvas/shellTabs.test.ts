// @vitest-environment happy-dom
import { createElement, useState } from "react";
import { afterEach, expect, test, vi } from "vitest";
import { ShellTabs } from "../../../src/view/canvas/ShellTabs";
import { after, all, cleanUp, click, press, show, texts } from "../render";

const SHELLS = [
  { sid: 1, name: "zsh" },
  { sid: 2, name: "top" },
  { sid: 3, name: "vim" },
];
let select: (sid: number) => void;

afterEach(() => {
  cleanUp();
  vi.restoreAllMocks();
});

function showTabs(): void {
  show(() => {
    const [active, onSelect] = useState(1);
    select = onSelect;
    return createElement(ShellTabs, { shells: SHELLS, active, onSelect });
  }, {});
}

const selected = () => texts("[aria-selected=true]");

test("one is chosen with the mouse, or with the arrows around", () => {
  showTabs();
  expect(selected()).toEqual(["zsh"]);
  click("top");
  expect(selected()).toEqual(["top"]);
  const [list] = all("[role=tablist]");
  for (const [key, name] of [
    ["ArrowRight", "vim"],
    ["ArrowRight", "zsh"],
    ["ArrowLeft", "vim"],
  ] as const) {
    press(list!, key);
    expect(selected()).toEqual([name]);
    expect(document.activeElement?.textContent).toBe(name);
  }
});

test("the active one is in sight, whatever the browser returns for that", () => {
  // It is called if it is taken for what is to be done afterwards.
  const promise = Object.assign(vi.fn(), { then: () => undefined });
  const into = vi.spyOn(HTMLElement.prototype, "scrollIntoView").mockReturnValue(promise as never);
  showTabs();
  after(() => select(2));
  after(() => select(3));
  cleanUp();
  expect(into.mock.contexts.map((tab) => (tab as HTMLElement).dataset.sid)).toEqual(["1", "2", "3"]);
  expect(promise).not.toHaveBeenCalled();
});
