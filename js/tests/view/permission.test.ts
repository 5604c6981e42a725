import { expect, test } from "vitest";
import { whyReadOnly } from "../../src/view/permission";
import { FakeClient } from "./fakeClient";

test.each(["owner", "writer"] as const)("an %s may", (role) => {
  expect(whyReadOnly(new FakeClient(role))).toBeNull();
});

test("a reader may not, and can ask", () => {
  expect(whyReadOnly(new FakeClient("reader"))).toMatch(/Ask for write access/);
});

test("where nobody may, asking is no advice", () => {
  const client = new FakeClient("reader");
  client.info = { ...client.info!, readOnly: true };
  expect(whyReadOnly(client)).toBe("This session is read-only for everyone.");
});

test("after the end nobody may", () => {
  const client = new FakeClient("owner");
  client.state = "ended";
  expect(whyReadOnly(client)).toBe("The session has ended.");
});
