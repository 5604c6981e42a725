import { expect, test } from "vitest";
import { control } from "../../../src/view/terminal/control";

test.each([
  ["c", "\x03"],
  ["C", "\x03"],
  ["z", "\x1a"],
  ["[", "\x1b"],
  ["\\", "\x1c"],
  ["@", "\0"],
  [" ", "\0"],
  ["?", "\x7f"],
])("Ctrl and %j", (key, sent) => {
  expect(control(key)).toBe(sent);
});

test.each(["1", "é", "\x1b[A", "\r", "ab", ""])("%j stays as it is", (data) => {
  expect(control(data)).toBe(data);
});
