import { expect, test } from "vitest";
import { readable } from "../../src/client/preview";
import { bytes } from "./scriptedHost";

test.each([
  ["ls -l\r", "ls -l↵"],
  ["\x03\x1b[A\x1bOB\t\x7f\x1b", "^C↑↓⇥⌫^["],
  ["\x1b[200~pasted\x1b[201~", "pasted"],
  ["é🚀中", "é🚀中"],
])("%j is shown as %j", (data, shown) => {
  expect(readable(bytes(data))).toBe(shown);
});

test("much is shown in part", () => {
  expect(readable(new Uint8Array(1 << 20).fill(97))).toBe(`${"a".repeat(200)}…`);
});
