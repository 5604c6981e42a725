import { expect, test } from "vitest";
import { strings, updated } from "../catalog.mjs";

test("a catalog that is brought up to date keeps what was translated", () => {
  const catalog = updated({ "": { language: "de_DE" }, Cancel: ["Abbrechen"], "Not there": ["Weg"] }, "de_DE");
  expect(catalog).toMatchObject({
    "": { language: "de-DE" },
    Cancel: ["Abbrechen"],
    "%1 hour": ["%1 hour", "%1 hours"],
  });
  expect(catalog).not.toHaveProperty("Not there");
  expect(Object.keys(catalog)).toHaveLength(strings().size + 1);
});

test("all strings are there to be translated, once, with the same meaning in both numbers", () => {
  const all = strings();
  expect(all.size).toBeGreaterThan(400);
  for (const [one, many] of all) {
    expect(one).toBe(one.trim());
    if (many !== null) expect(many.match(/%\d/g)?.sort()).toEqual(one.match(/%\d/g)?.sort());
  }
});
