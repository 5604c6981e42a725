// @vitest-environment happy-dom
import { afterEach, expect, test, vi } from "vitest";
import { createElement, Fragment } from "react";
import { useQuestion, type Ask } from "../../../src/view/Question";
import { askToPaste, harmless, hasKeys, preview } from "../../../src/view/terminal/pasting";
import { after, all, buttons, cleanUp, click, show, texts } from "../render";

afterEach(cleanUp);

test.each([
  ["ls", false],
  ["", false],
  ["ls\n", true],
  ["a\nb", true],
  ["a\rb", true],
  ["a\r\n", true],
  ["a\tb é 👍", false],
  ["echo a\x0f", true],
  ["a\x1b[D", true],
  ["a\u009b1m", true],
])("%j has keys: %s", (text, expected) => {
  expect(hasKeys(text)).toBe(expected);
});

test("a text cannot end bracketed-paste mode", () => {
  expect(harmless("a\x1b[201~\nb\u009b1m\n")).toBe("a␛[201~\nb␛1m\n");
});

test.each([
  ["one\ntwo", "one\ntwo"],
  ["one\r\ntwo\rthree\n", "one\ntwo\nthree"],
  ["a\tb", "a\tb"],
  ["\x1b[31mred\x03\x7f", "^[[31mred^C^?"],
  ["zero\u200bwidth, \u202ereversed, \u009b1m", "zero\ufffdwidth, \ufffdreversed, \ufffd1m"],
  ["1\n".repeat(200), "1\n".repeat(200).trimEnd()],
  ["1\n".repeat(201), `${"1\n".repeat(200)}…`],
  ["x".repeat(1000), "x".repeat(1000)],
  ["x".repeat(1_000_000), `${"x".repeat(1000)}…`],
  ["\u{1f44d}".repeat(1001), `${"\u{1f44d}".repeat(1000)}…`],
  ["\n", ""],
])("preview of %j", (text, expected) => {
  expect(preview(text)).toBe(expected);
});

function showAsk(): Ask {
  let ask: Ask | undefined;
  show(() => {
    const [now, shown] = useQuestion();
    ask = now;
    return createElement(Fragment, null, createElement("textarea"), shown);
  }, {});
  return ask!;
}

async function answered(text: string, button: string): Promise<[titles: string[], result: boolean]> {
  const ask = showAsk();
  const result = vi.fn<(wanted: boolean) => void>();
  after(() => void askToPaste(ask, "bash", text).then(result));
  const titles = texts("[role=alertdialog] h2");
  click(button);
  await vi.waitFor(() => expect(result).toHaveBeenCalledOnce());
  return [titles, result.mock.calls[0]![0]];
}

test("the question says how many lines there are", async () => {
  expect(await answered("rm -r x\n", "Paste")).toEqual([["Paste 1 line into “bash”?"], true]);
  expect(await answered("cd x\nrm *", "Paste")).toEqual([["Paste 2 lines into “bash”?"], true]);
  expect(await answered("cd x\nrm *\n", "Cancel")).toEqual([["Paste 2 lines into “bash”?"], false]);
});

test("the question shows the lines, and gives the focus back", async () => {
  const ask = showAsk();
  const before = all("textarea")[0]!;
  before.focus();
  let wanted: Promise<boolean>;
  after(() => void (wanted = askToPaste(ask, "bash", "cd x\nrm *")));
  expect(texts("[role=alertdialog] pre")).toEqual(["cd x\nrm *"]);
  expect(buttons("[role=alertdialog]")).toEqual(["Paste", "Cancel"]);
  expect(document.activeElement?.textContent).toBe("Paste");
  const described = all("[role=alertdialog]")[0]!.getAttribute("aria-describedby")!.split(" ");
  expect(described.map((id) => document.getElementById(id)!.tagName)).toEqual(["P", "PRE"]);
  click("Cancel");
  expect(await wanted!).toBe(false);
  expect(document.activeElement).toBe(before);
});
