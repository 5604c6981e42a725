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

test("a host with several clients is one person", () => {
  const client = new FakeClient("reader");
  client.uid = 9;
  client.users = new Map([
    [2, user("Ada", { role: "owner", person: "a" })],
    [3, user("Ada", { role: "owner", person: "a", focus: 4 })],
    [4, user("Cleo", { role: "owner", person: "c" })],
    [5, user("Dan", { role: "owner" })],
    [6, user("Dan", { role: "owner" })],
    [9, user("Bob", { role: "reader" })],
  ]);
  const read = peopleReader();
  expect(read(client).map(({ uid, focus }) => [uid, focus])).toEqual([
    [9, null],
    [2, 4],
    [4, null],
    [5, null],
    [6, null],
  ]);
  expect(read(client)[1]!.clients).toEqual([2, 3]);
  client.uid = 3;
  expect(read(client).map(({ uid, me }) => [uid, me])).toEqual([
    [3, true],
    [4, false],
    [5, false],
    [6, false],
    [9, false],
  ]);
});
