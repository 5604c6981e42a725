// @vitest-environment happy-dom
import { createElement } from "react";
import { afterEach, expect, test } from "vitest";
import { WaitingInput } from "../../src/view/WaitingInput";
import { FakeClient } from "./fakeClient";
import { after, all, cleanUp, click, show } from "./render";

afterEach(cleanUp);

function showWaiting(client: FakeClient): void {
  show(() => createElement(WaitingInput, { client: client.asClient }), {});
}

test("input that waits for the connection is counted, and can be discarded", () => {
  const client = new FakeClient();
  showWaiting(client);
  expect(all("section")).toEqual([]);
  after(() => client.set({ waiting: 12 }, "input"));
  expect(all("[role=status]")[0]!.textContent).toContain("12 characters that you typed wait for the connection.");
  click("Discard");
  expect(client.calls).toEqual([["discardWaiting"]]);
});

test.each([
  ["Send", "sendHeld"],
  ["Discard", "discardWaiting"],
])("input that is held is shown, and answered by %s", (name, call) => {
  const client = new FakeClient();
  showWaiting(client);
  after(() => client.set({ waiting: 11, heldInput: "rm -rf ./*↵" }, "input"));
  expect(all("[role=alert] code")[0]!.textContent).toBe("rm -rf ./*↵");
  click(name);
  expect(client.calls).toEqual([[call]]);
  after(() => client.set({ waiting: 0, heldInput: null }, "input"));
  expect(all("section")).toEqual([]);
});
