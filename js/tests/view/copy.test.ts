// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { copy } from "../../src/view/copy";

/** What was copied from a field, and what that was put into. */
let copied: { text: string; parent: Element }[];

beforeEach(() => {
  copied = [];
  vi.stubGlobal("navigator", {});
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- what is used without a clipboard
  document.execCommand = () => {
    const field = document.activeElement as HTMLTextAreaElement;
    copied.push({ text: field.value, parent: field.parentElement! });
    return true;
  };
});

afterEach(() => {
  vi.unstubAllGlobals();
  document.body.innerHTML = "";
});

test.each([
  ["a part of the page", "section", "", "body"],
  ["JupyterLab's dialog", "div", "jp-Dialog", ".jp-Dialog"],
  ["the browser's dialog", "dialog", "", "dialog"],
])("without a clipboard, in %s", async (_, tag, className, parent) => {
  const part = document.body.appendChild(document.createElement(tag));
  part.className = className;
  part.innerHTML = "<p><button>Copy</button></p>";
  const button = part.querySelector("button")!;
  button.focus();
  expect(await copy("sshx1ticket")).toBe(true);
  expect(copied).toEqual([{ text: "sshx1ticket", parent: document.querySelector(parent) }]);
  expect(document.querySelector("textarea")).toBeNull();
  expect(document.activeElement).toBe(button);
});
