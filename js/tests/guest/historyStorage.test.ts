// @vitest-environment happy-dom
import { beforeEach, expect, test } from "vitest";
import { historyStorage } from "../../src/guest/historyStorage";

beforeEach(() => history.replaceState(null, ""));

test("values come back once, and what others keep in the tab's history stays", () => {
  history.replaceState({ theirs: 1 }, "");
  historyStorage.put(new Map([["a", "1"], ["b", "2"]])); // prettier-ignore
  expect(history.state).toEqual({ theirs: 1, sshx: { a: "1", b: "2" } });
  expect(historyStorage.take()).toEqual({ a: "1", b: "2" });
  expect(history.state).toEqual({ theirs: 1 });
  expect(historyStorage.take()).toEqual({});
});

test("a page without a history has kept nothing", () => {
  expect(historyStorage.take()).toEqual({});
  expect(history.state).toBeNull();
});
