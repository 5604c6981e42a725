// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createElement, useState } from "react";
import { summary, useNotices, type Notices } from "../../../src/view/notices/notices";
import { usePeople } from "../../../src/view/people";
import { Toasts } from "../../../src/view/notices/Toasts";
import { FakeClient, user } from "../fakeClient";
import { after, all, buttons, cleanUp, click, show, texts } from "../render";

let client: FakeClient;
let notices: Notices;
const onPeople = vi.fn();
let setChatOpen: (open: boolean) => void;

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  cleanUp();
  vi.useRealTimers();
});

function showToasts(role: "owner" | "writer" | "reader" = "owner"): void {
  client = new FakeClient(role);
  show(() => {
    const [chatOpen, setOpen] = useState(false);
    setChatOpen = setOpen;
    notices = useNotices(client, chatOpen);
    const people = usePeople(client);
    return createElement(Toasts, {
      client: client,
      people,
      notices,
      listed: false,
      onPeople,
      onChat: () => setOpen(true),
    });
  }, {});
}

const toasts = () => texts(".sshx-toast > span:first-child");

test.each([
  [["Ada"], "Ada"],
  [["Ada", "Bob"], "Ada and Bob"],
  [["Ada", "Bob", "Cy"], "Ada, Bob, and 1 other"],
  [["Ada", "Bob", "Cy", "Di"], "Ada, Bob, and 2 others"],
])("summary of %j", (names, expected) => {
  expect(summary(names)).toBe(expected);
});

test("many who come at once are one notice, which goes by itself", () => {
  showToasts();
  for (let uid = 10; uid < 40; uid++) after(() => client.put(uid, user(`User ${uid}`)));
  expect(toasts()).toEqual(["User 10, User 11, and 28 others joined"]);
  after(() => vi.advanceTimersByTime(6000));
  expect(toasts()).toEqual([]);
  after(() => client.put(10, null));
  after(() => client.put(50, user("Late")));
  expect(toasts()).toEqual(["User 10 left", "Late joined"]);
});

test("a notice stays while the pointer is on it", () => {
  showToasts();
  after(() => notices.notify("Hello"));
  const region = all("[aria-label=Notices]")[0]!;
  after(() => void region.dispatchEvent(new PointerEvent("pointerenter")));
  after(() => vi.advanceTimersByTime(60_000));
  expect(toasts()).toEqual(["Hello"]);
  after(() => void region.dispatchEvent(new PointerEvent("pointerleave")));
  after(() => vi.advanceTimersByTime(6000));
  expect(toasts()).toEqual([]);
});

test("an owner hears of new tickets, and nobody else", () => {
  for (const role of ["owner", "writer"] as const) {
    showToasts(role);
    after(() => client.set({ info: { ...client.info!, rotations: 1 } }, "info"));
    expect(toasts()).toEqual(role === "owner" ? ["New tickets were made. The old ones no longer work"] : []);
    cleanUp();
  }
});

test("at most four, the newest; the same error is one", () => {
  showToasts();
  for (const text of ["a", "b", "b", "c", "d", "e"]) after(() => client.fail(text));
  expect(toasts()).toEqual(["b", "c", "d", "e"]);
  expect(all(".sshx-toast").every((toast) => toast.getAttribute("role") === "alert")).toBe(true);
});

test("input that nobody got is told with what it was, until one has seen it", () => {
  showToasts();
  after(() => client.emit({ type: "lost", sid: 1, text: "rm -rf ./*↵", reason: "noShell" }));
  after(() => vi.advanceTimersByTime(60_000));
  expect(toasts()).toEqual(["The shell closed before it received what you typed: «rm -rf ./*↵»."]);
  expect(all(".sshx-toast")[0]!.getAttribute("role")).toBe("alert");
  click("Dismiss");
  expect(toasts()).toEqual([]);
});

test("requests stay until they are answered", () => {
  showToasts();
  after(() => client.put(2, user("Rita", { role: "reader", wantsWrite: true })));
  after(() => client.put(3, user("Nina", { pending: true })));
  after(() => vi.advanceTimersByTime(60_000));
  expect(toasts()).toEqual(["Rita wants to type", "Nina wants to join"]);
  expect(buttons()).toEqual(["Allow", "Not now", "Decide later", "Let in", "Decline", "Decide later"]);
  click("Allow");
  click("Decline");
  expect(client.calls).toEqual([
    ["setRole", 2, "writer"],
    ["approve", 3, false],
  ]);
  after(() => client.put(2, user("Rita")));
  after(() => client.put(3, null));
  expect(toasts()).toEqual([]);
});

test("a request that was put off comes back when it is made again", () => {
  showToasts();
  const asks = user("Rita", { role: "reader", wantsWrite: true });
  after(() => client.put(2, asks));
  after(() => vi.advanceTimersByTime(6000));
  click("Decide later");
  expect(toasts()).toEqual([]);
  after(() => client.put(2, { ...asks, wantsWrite: false }));
  after(() => client.put(2, asks));
  expect(toasts()).toEqual(["Rita wants to type"]);
});

test("many requests lead to the list of people", () => {
  showToasts();
  for (let uid = 2; uid < 9; uid++) after(() => client.put(uid, user(`User ${uid}`, { pending: true })));
  expect(toasts()).toEqual(["User 2 wants to join", "User 3 wants to join", "5 more people are waiting for an answer"]);
  click("Show them");
  expect(onPeople).toHaveBeenCalledOnce();
});

test("requests are the owners' business", () => {
  showToasts("writer");
  after(() => client.put(2, user("Rita", { role: "reader", wantsWrite: true })));
  expect(buttons()).toEqual(["Dismiss"]); // that she joined
});

test("one's own role is told when it changes", () => {
  showToasts("reader");
  after(() => client.put(1, user("Me", { role: "reader", wantsWrite: true })));
  after(() => client.put(1, user("Me", { role: "reader" })));
  expect(toasts()).toEqual(["The host declined your request for write access"]);
  after(() => client.put(1, user("Me", { role: "writer" })));
  expect(toasts()).toContain("You now have write access");
  after(() => client.put(1, user("Me", { role: "reader" })));
  expect(toasts()).toContain("You now have read-only access");
});

test("after the end there are only errors", () => {
  showToasts();
  after(() => client.put(10, user("Ada")));
  after(() => client.fail("No room."));
  after(() => client.set({ state: "ended" }, "state"));
  expect(toasts()).toEqual(["No room."]);
});

test("that the connection is back is told, but not that it is there at first", () => {
  showToasts();
  after(() => client.set({ state: "connecting" }, "state"));
  after(() => client.set({ state: "connected" }, "state"));
  expect(toasts()).toEqual([]);
  after(() => client.set({ state: "reconnecting" }, "state"));
  after(() => client.set({ state: "connected" }, "state"));
  expect(toasts()).toEqual(["Reconnected"]);
});

const previews = () => texts(".sshx-toast-chat");

test("the newest chat message of others is shown while the chat is closed, and goes by itself", () => {
  showToasts("reader");
  after(() => client.put(2, user("Ada")));
  after(() => vi.advanceTimersByTime(6000));
  after(() => client.hear(2, "one"));
  after(() => client.hear(1, "mine"));
  expect(previews()).toEqual(["Ada: one"]);
  after(() => vi.advanceTimersByTime(5000));
  after(() => client.hear(2, "two\nlines"));
  expect(previews()).toEqual(["Ada: two lines"]);
  after(() => vi.advanceTimersByTime(5999));
  expect(previews()).toHaveLength(1);
  after(() => vi.advanceTimersByTime(1));
  expect(all(".sshx-toast")).toEqual([]);
  after(() => client.hear(2, "long ".repeat(800)));
  expect(previews()[0]).toHaveLength("Ada: ".length + 100);
});

test("a click on a chat message opens the chat, where no notice is needed", () => {
  showToasts("writer");
  after(() => client.hear(2, "one"));
  after(() => all(".sshx-toast-chat")[0]!.click());
  expect(previews()).toEqual([]);
  after(() => client.hear(2, "two"));
  after(() => setChatOpen(false));
  expect(previews()).toEqual([]);
  after(() => client.hear(2, "three"));
  expect(previews()).toEqual(["Gone: three"]);
  click("Dismiss");
  expect(previews()).toEqual([]);
});

test("chat messages from before one joined are no news, but those that came while the link was broken are", () => {
  showToasts("writer");
  after(() => client.set({ state: "connecting" }, "state"));
  after(() => client.hear(2, "old"));
  after(() => client.set({ state: "connected" }, "state"));
  expect(previews()).toEqual([]);
  after(() => client.set({ state: "reconnecting" }, "state"));
  after(() => client.hear(2, "meanwhile"));
  expect(previews()).toEqual(["Gone: meanwhile"]);
});
