import { expect, test } from "vitest";
import { keyAction } from "../../../src/view/terminal/terminalKeys";

function press(keys: string, { selected = false, mac = false, type = "keydown" } = {}) {
  const parts = keys.split("+");
  const held = (name: string) => parts.slice(0, -1).includes(name);
  return keyAction(
    {
      type,
      key: parts.at(-1)!,
      ctrlKey: held("Ctrl"),
      shiftKey: held("Shift"),
      altKey: held("Alt"),
      metaKey: held("Meta"),
    },
    selected,
    mac,
  );
}

test("typing, Tab and control keys are the terminal's", () => {
  for (const keys of ["a", "Tab", "Shift+Tab", "Escape", "F6", "Ctrl+c", "Ctrl+d", "Ctrl+f", "Alt+c", "Ctrl+Alt+v"]) {
    expect([keys, press(keys)]).toEqual([keys, "terminal"]);
  }
});

test("copy and paste as in JupyterLab", () => {
  expect(press("Ctrl+c", { selected: true })).toBe("browser");
  expect(press("Ctrl+v")).toBe("browser");
  expect(press("Ctrl+Shift+C")).toBe("copy");
  expect(press("Ctrl+Shift+V")).toBe("browser");
});

test("on a Mac, Command is the browser's and Control the terminal's", () => {
  const mac = true;
  expect(press("Meta+c", { mac })).toBe("browser");
  expect(press("Meta+f", { mac })).toBe("find");
  expect(press("Ctrl+c", { mac, selected: true })).toBe("terminal");
  expect(press("Ctrl+v", { mac })).toBe("terminal");
});

test("find and leave, once for each press", () => {
  expect(press("Ctrl+Shift+F")).toBe("find");
  expect(press("Ctrl+Shift+Enter")).toBe("leave");
  expect(press("Ctrl+Shift+Enter", { type: "keyup" })).toBe("terminal");
});
