import { describe, expect, test } from "vitest";
import { keysOf } from "../../../src/view/predict/keys";

const types = (data: string) => keysOf(data).map(({ type }) => type);

describe("keysOf", () => {
  test("takes text apart", () => {
    expect(keysOf("aé日")).toEqual([
      { type: "text", char: "a", width: 1 },
      { type: "text", char: "é", width: 1 },
      { type: "text", char: "日", width: 2 },
    ]);
  });

  test("knows the keys that edit a line, in both cursor key modes", () => {
    expect(types("\x7f\x1b[D\x1b[C\x1bOD\x1bOC\b")).toEqual([
      "backspace",
      "left",
      "right",
      "left",
      "right",
      "backspace",
    ]);
  });

  test.each(["\r", "\n", "\x03", "\x04"])("%j ends a line", (data) => {
    expect(types(data)).toEqual(["end"]);
  });

  test.each(["\t", "\x1b", "\x1b[A", "\x1b[1;5C", "\x1bb", "\x01", "😀", "e\u0301".slice(1), "\u200d", "\u00ad", "ع"])(
    "%j is left alone",
    (data) => {
      expect(types(data)).toEqual(["other"]);
    },
  );

  test("nothing is foretold of what follows an unknown key", () => {
    expect(types("ab\x1b[200~cd\x1b[201~")).toEqual(["text", "text", "other"]);
    expect(types("👍🏽a")).toEqual(["other"]);
  });

  test("a long paste is one unknown key", () => {
    expect(types("a".repeat(200))).toHaveLength(200);
    expect(types("a".repeat(201))).toEqual(["other"]);
  });
});
