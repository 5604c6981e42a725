// @vitest-environment happy-dom
import { afterEach, expect, test } from "vitest";
import { ChatPanel } from "../../../src/view/panels/ChatPanel";
import { grouped, unreadCount, useConversation } from "../../../src/view/panels/conversation";
import { linkify } from "../../../src/view/panels/linkify";
import { usePeople } from "../../../src/view/people";
import { FakeClient, user } from "../fakeClient";
import { createElement } from "react";
import { act, after, all, button, cleanUp, click, press, says, show, texts, type } from "../render";

afterEach(cleanUp);

const NOON = new Date(2025, 0, 15, 12).getTime() / 1000;
const said = (uid: number, text: string, time = NOON) => ({ seq: 1, uid, name: `User ${uid}`, text, time });

function showChat(client: FakeClient): HTMLElement {
  return show(() => {
    const people = usePeople(client);
    const conversation = useConversation(client, true);
    return createElement(ChatPanel, { client: client, people, conversation, narrow: false });
  }, {});
}

const field = () => all("textarea")[0] as HTMLTextAreaElement;

test("messages of one person within five minutes are one group", () => {
  const groups = grouped([
    said(1, "a", NOON),
    said(1, "b", NOON + 299),
    said(1, "c", NOON + 600),
    said(2, "d", NOON + 601),
    said(1, "e", NOON + 602),
  ]);
  expect(groups.map((group) => group.messages.map(({ text }) => text).join(""))).toEqual(["ab", "c", "d", "e"]);
  expect(groups.map((group) => group.newDay)).toEqual([true, false, false, false]);
});

test("a group ends at midnight, and when its author has another name", () => {
  const midnight = new Date(2025, 0, 16).getTime() / 1000;
  const groups = grouped([
    said(1, "a", midnight - 10),
    said(1, "b", midnight + 10),
    { ...said(1, "c", midnight + 20), name: "Renamed" },
  ]);
  expect(groups.map((group) => group.newDay)).toEqual([true, true, false]);
});

test("what others said since the last message seen is unread", () => {
  const messages = [said(2, "a"), said(1, "mine"), said(3, "b")];
  expect(unreadCount(messages, null, 1)).toBe(2);
  expect(unreadCount(messages, messages[0]!, 1)).toBe(1);
  expect(unreadCount(messages, messages[2]!, 1)).toBe(0);
  expect(unreadCount(messages, said(2, "not kept any more"), 1)).toBe(2);
});

test("a nonsensical time does not break the chat", () => {
  const client = new FakeClient();
  client.hear(2, "hi", 1e300);
  showChat(client);
  expect(says("hi")).toBe(true);
});

test.each([
  ["see https://a.example/x?y=1#z.", ["https://a.example/x?y=1#z"]],
  ["(http://a.example/a_(b)) and https://b.example!", ["http://a.example/a_(b)", "https://b.example/"]],
  ["javascript:alert(1) ftp://a.example file:///etc www.a.example", []],
  ["https:// http://", []],
  ['<a href="https://a.example">', ["https://a.example/"]],
])("links in %j", (text, hrefs) => {
  const pieces = linkify(text);
  expect(pieces.flatMap(({ href }) => href ?? [])).toEqual(hrefs);
  expect(pieces.map((piece) => piece.text).join("")).toBe(text);
});

test("a message of brackets does not hold anybody up", () => {
  const start = performance.now();
  for (let i = 0; i < 20; i++) linkify(`https://a.example/${")".repeat(4000)}`);
  expect(performance.now() - start).toBeLessThan(500);
});

test("a link opens elsewhere and learns nothing of this page; other markup is text", () => {
  const client = new FakeClient();
  client.hear(2, "<b>look</b> https://a.example/");
  showChat(client);
  const [link] = all("[role=log] a") as HTMLAnchorElement[];
  expect([link?.href, link?.target, link?.rel]).toEqual(["https://a.example/", "_blank", "noopener noreferrer"]);
  expect(says("<b>look</b>")).toBe(true);
});

test("Enter sends, Shift+Enter and an unfinished composition do not, blanks are not sent", () => {
  const client = new FakeClient();
  showChat(client);
  press(field(), "Enter");
  type(field(), "  ");
  press(field(), "Enter");
  type(field(), " hello ");
  press(field(), "Enter", { shiftKey: true });
  press(field(), "Enter", { isComposing: true });
  expect(client.calls).toEqual([]);
  press(field(), "Enter");
  expect(client.calls).toEqual([["chat", "hello"]]);
  expect(field().value).toBe("");
});

test("a message that is too long is not sent and says so", () => {
  const client = new FakeClient();
  showChat(client);
  type(field(), "x".repeat(3900));
  expect(says("100 characters left")).toBe(true);
  type(field(), "🎉".repeat(4001));
  expect(says("This one has 4001")).toBe(true);
  press(field(), "Enter");
  expect(client.calls).toEqual([]);
  expect(field().value).not.toBe("");
  type(field(), "🎉".repeat(4000));
  press(field(), "Enter");
  expect(client.calls).toHaveLength(1);
});

test("what the host refuses goes back into the field, and nothing else does", async () => {
  const client = new FakeClient();
  showChat(client);
  client.said = Promise.resolve(true);
  type(field(), "one");
  press(field(), "Enter");
  await act(() => client.said.then(() => undefined));
  after(() => client.fail("Of something else."));
  expect(field().value).toBe("");
  client.said = Promise.resolve(false);
  type(field(), "two");
  press(field(), "Enter");
  expect(field().value).toBe("");
  await act(() => client.said.then(() => undefined));
  expect(field().value).toBe("two");
});

test("what the host refuses takes nothing away that was written since", async () => {
  const client = new FakeClient();
  showChat(client);
  client.said = Promise.resolve(false);
  type(field(), "one");
  press(field(), "Enter");
  type(field(), "two");
  await act(() => client.said.then(() => undefined));
  expect(field().value).toBe("two");
});

test("nothing is sent without a connection, and the draft stays", () => {
  const client = new FakeClient();
  showChat(client);
  after(() => client.set({ state: "reconnecting" }, "state"));
  type(field(), "hello");
  press(field(), "Enter");
  expect(client.calls).toEqual([]);
  expect(field().value).toBe("hello");
  expect(says("You are not connected.")).toBe(true);
});

test("the end stays in view for who reads the end, and others are told of new messages", () => {
  const client = new FakeClient();
  client.users = new Map([...client.users, [2, user("Ada")]]);
  showChat(client);
  const log = all("[role=log]")[0]!;
  let height = 1000;
  Object.defineProperty(log, "scrollHeight", { get: () => height });
  Object.defineProperty(log, "clientHeight", { get: () => 200 });

  after(() => client.hear(2, "one"));
  expect(log.scrollTop).toBe(1000);

  log.scrollTop = 300;
  after(() => void log.dispatchEvent(new Event("scroll")));
  height = 1100;
  after(() => client.hear(2, "two", NOON));
  expect(log.scrollTop).toBe(300);
  click("New messages");
  expect(log.scrollTop).toBe(1100);

  log.scrollTop = 900;
  after(() => void log.dispatchEvent(new Event("scroll")));
  expect(texts("button")).not.toContain("New messages");
});

test("of a long conversation the last part is shown, and more when asked for", () => {
  const client = new FakeClient();
  for (let number = 0; number < 450; number++) client.hear(2, `No. ${number}`, NOON + number);
  showChat(client);
  const shown = () => texts(".sshx-said");
  expect([shown().length, shown()[0], shown().at(-1)]).toEqual([200, "No. 250", "No. 449"]);
  click("Earlier messages");
  click("Earlier messages");
  expect([shown().length, shown()[0]]).toEqual([450, "No. 0"]);
  expect(texts("button")).not.toContain("Earlier messages");
});

test("one's own message is shown wherever one was reading", () => {
  const client = new FakeClient();
  showChat(client);
  const log = all("[role=log]")[0]!;
  Object.defineProperty(log, "scrollHeight", { get: () => 1000 });
  log.scrollTop = 10;
  after(() => void log.dispatchEvent(new Event("scroll")));
  after(() => client.hear(1, "mine"));
  expect(log.scrollTop).toBe(1000);
});

test("own messages and those of others can be told apart", () => {
  const client = new FakeClient();
  client.users = new Map([...client.users, [2, user("Ada")]]);
  client.hear(1, "mine");
  client.hear(2, "theirs");
  showChat(client);
  expect(all("[data-own]").map((group) => group.querySelector(".sshx-said")?.textContent)).toEqual(["mine"]);
  expect(button("Send").type).toBe("submit");
});
