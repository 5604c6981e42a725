import { expect, test } from "vitest";
import { peopleReader } from "../../src/session/people";
import { FakeClient, user } from "../view/fakeClient";

test("the list stays the same while cursors move", () => {
  const client = new FakeClient("writer");
  client.put(2, user("Ada"));
  const read = peopleReader();
  const before = read(client);
  client.put(2, user("Ada", { cursor: [1, 2] }));
  expect(read(client)).toBe(before);
  client.put(2, user("Ada", { focus: 1 }));
  expect(read(client)).not.toBe(before);
});

test("oneself comes first, then who waits for an answer", () => {
  const client = new FakeClient();
  client.uid = 5;
  client.users = new Map([
    [9, user("Nina", { pending: true, role: "reader" })],
    [3, user("Carl")],
    [2, user("Bob")],
    [5, user("Me")],
  ]);
  expect(peopleReader()(client).map(({ name }) => name)).toEqual(["Me", "Nina", "Bob", "Carl"]);
});
