// @vitest-environment happy-dom
import { afterEach, expect, test } from "vitest";
import { inkOn, initials } from "../../../src/view/Avatar";
import { usePeople } from "../../../src/view/people";
import { PeoplePanel } from "../../../src/view/panels/PeoplePanel";
import { createElement } from "react";
import type { Role } from "../../../src/protocol/messages";
import { FakeClient, sessionInfo, shell, user } from "../fakeClient";
import { after, all, button, buttons, cleanUp, click, says, show, texts } from "../render";

afterEach(cleanUp);

function showPeople(client: FakeClient): number[] {
  const shown: number[] = [];
  show(() => {
    const people = usePeople(client);
    return createElement(PeoplePanel, { client: client, people, onShow: (sid) => shown.push(sid) });
  }, {});
  return shown;
}

function clientWith(role: Role, ...others: [number, ReturnType<typeof user>][]): FakeClient {
  const client = new FakeClient(role);
  client.users = new Map([...client.users, ...others]);
  return client;
}

test.each<[Role, string[]]>([
  ["owner", ["Make reader: Wren", "Remove: Wren", "Make writer: Rita", "Remove: Rita", "Make new tickets…"]],
  ["writer", []],
  ["reader", ["Ask for write access"]],
])("what a %s can do about others", (role, expected) => {
  showPeople(
    clientWith(role, [2, user("Wren")], [3, user("Rita", { role: "reader" })], [4, user("Hal", { role: "owner" })]),
  );
  expect(buttons()).toEqual(expected);
  expect(says("(you)")).toBe(true);
});

test("after the end nobody can type, and nobody is anywhere", () => {
  const client = clientWith("writer", [2, user("Rita", { focus: 1 })]);
  client.shells = new Map([[1, shell("bash")]]);
  showPeople(client);
  expect([says("Can type"), says("in bash")]).toEqual([true, true]);
  after(() => client.set({ state: "ended" }, "state"));
  expect([says("Can type"), says("in bash"), says("Was here")]).toEqual([false, false, true]);
});

test("an owner answers requests", () => {
  const client = clientWith(
    "owner",
    [2, user("Rita", { role: "reader", wantsWrite: true })],
    [3, user("Nina", { pending: true })],
  );
  showPeople(client);
  click("Allow: Rita");
  click("Not now: Rita");
  click("Let in: Nina");
  click("Decline: Nina");
  expect(client.calls).toEqual([
    ["setRole", 2, "writer"],
    ["setRole", 2, "reader"],
    ["approve", 3, true],
    ["approve", 3, false],
  ]);
});

test("someone is removed only after a second click", () => {
  const client = clientWith("owner", [2, user("Wren")]);
  showPeople(client);
  click("Remove: Wren");
  expect(client.calls).toEqual([]);
  expect(document.activeElement).toBe(button("Remove Wren now"));
  click("Keep");
  click("Remove: Wren");
  expect(says("The old tickets stop working.")).toBe(true);
  click("Remove Wren now");
  expect(client.calls).toEqual([["kick", 2, { newTickets: true }]]);
});

test("someone is removed who may come back, if the owner wants that", () => {
  const client = clientWith("owner", [2, user("Wren")]);
  showPeople(client);
  click("Remove: Wren");
  after(() => (all(".sshx-confirm input")[0] as HTMLInputElement).click());
  expect(says("They can rejoin with their old ticket.")).toBe(true);
  click("Remove Wren now");
  expect(client.calls).toEqual([["kick", 2, { newTickets: false }]]);
});

test("new tickets are made after a second click", () => {
  const client = clientWith("owner");
  showPeople(client);
  click("Make new tickets…");
  expect(client.calls).toEqual([]);
  expect(document.activeElement).toBe(button("Make new tickets"));
  click("Keep old tickets");
  click("Make new tickets…");
  click("Make new tickets");
  expect(client.calls).toEqual([["newTickets"]]);
  expect(buttons()).toEqual(["Make new tickets…"]);
});

test("an owner sees what the ticket of a reader still allows", () => {
  const client = clientWith("owner", [2, user("Wren", { role: "reader", ticket: "writer" })]);
  showPeople(client);
  expect(says("With their ticket they can rejoin")).toBe(true);
  after(() => client.put(2, user("Wren", { role: "reader", ticket: null })));
  expect(says("With their ticket they can rejoin")).toBe(false);
});

test("in a session that is read-only for everyone nobody can be made a writer or ask for it", () => {
  const client = clientWith("owner", [2, user("Rita", { role: "reader" })]);
  client.info = { ...client.info!, readOnly: true };
  showPeople(client);
  expect(buttons()).toEqual(["Remove: Rita", "Make new tickets…"]);
  client.users = new Map([[1, user("Me", { role: "reader" })]]);
  showPeople(client);
  expect(buttons()).toEqual([]);
});

test("a reader who has asked sees that", () => {
  const client = clientWith("reader");
  showPeople(client);
  click("Ask for write access");
  expect(client.calls).toEqual([["requestWrite"]]);
  after(() => client.put(1, user("Me", { role: "reader", wantsWrite: true })));
  expect(buttons()).toEqual([]);
  expect(says("Asked")).toBe(true);
});

test("where someone is leads there", () => {
  const client = clientWith("writer", [2, user("Ada", { focus: 7 })], [3, user("Bob", { focus: 8 })]);
  client.shells = new Map([
    [7, shell("vim")],
    [8, shell("")],
  ]);
  const shown = showPeople(client);
  click("vim");
  click("Terminal 8");
  expect(shown).toEqual([7, 8]);
});

test("owners lock the session, and see when another has", () => {
  const client = clientWith("owner");
  showPeople(client);
  const [box] = all("input[type=checkbox]") as HTMLInputElement[];
  after(() => box!.click());
  expect(client.calls).toEqual([["lock", true]]);
  expect(box!.checked).toBe(false); // until the host says so
  after(() => client.set({ info: { ...client.info!, locked: true } }, "info"));
  expect(box!.checked).toBe(true);
});

test("names are text, whatever they hold", () => {
  showPeople(clientWith("writer", [2, user("<img src=x onerror=alert(1)>")]));
  expect(all("img")).toEqual([]);
  expect(texts("[aria-label=People] li")).toHaveLength(2);
});

test.each([
  ["Ada Lovelace", "AL"],
  ["ada", "A"],
  ["Guest 12", "G1"],
  ["渡辺 健", "渡健"],
  ["🎉 party", "🎉P"],
  ["  ", "?"],
])("initials of %j", (name, expected) => {
  expect(initials(name)).toBe(expected);
});

test.each([
  ["#ffffff", "#000000"],
  ["#000000", "#ffffff"],
  ["#ffc53d", "#000000"],
  ["#3e63dd", "#ffffff"],
])("ink on %s", (color, ink) => {
  expect(inkOn(color)).toBe(ink);
});

test("a host who has no view of the session is named, and not one of the people", () => {
  const client = clientWith("reader", [2, user("Wren")]);
  client.info = sessionInfo("demo", { host: "Hal" });
  showPeople(client);
  expect(says("Hal shares this session but is not viewing it.")).toBe(true);
  expect(all(".sshx-person")).toHaveLength(2);
  after(() => client.put(3, user("Hal", { role: "owner" })));
  expect(says("is not viewing it")).toBe(false);
  after(() => client.put(3, null));
  expect(says("is not viewing it")).toBe(true);
});

test("a host without a name is the host", () => {
  showPeople(clientWith("writer"));
  expect(says("The host shares this session but is not viewing it.")).toBe(true);
});
