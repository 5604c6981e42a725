/** What becomes of what a person types, whatever happens to the link. */
import { describe, expect, test, vi } from "vitest";
import { SHELL, USER, bytes, refusal, settled } from "./scriptedHost";
import { client, eachTest, errors, events, host, inside, knocksAgain } from "./testClient";

eachTest();

describe("typing", () => {
  const typed = () => (host.link.all("data") as [number, number, Uint8Array][]).map(([, , data]) => data);
  const total = () => typed().reduce((size, data) => size + data.length, 0);

  test("in one go is sent in one", async () => {
    await inside();
    client.send(1, "l");
    client.send(1, "s");
    client.send(2, "x");
    client.send(1, new Uint8Array([13]));
    await settled();
    expect(host.link.all("data")).toEqual([
      [1, 0, bytes("ls")],
      [2, 2, bytes("x")],
      [1, 3, bytes("\r")],
    ]);
  });

  test("is sent before what is done after it", async () => {
    await inside();
    client.send(1, "exit\n");
    void client.closeShell(1);
    client.setFocus(1);
    expect(host.link.heard.slice(1).map((message) => Object.keys(message)[0])).toEqual(["data", "close", "setFocus"]);
  });

  test("while the link is broken is kept in order, with the chat", async () => {
    await inside();
    host.link.break();
    client.send(1, "a");
    void client.chat("brb");
    client.send(1, "b");
    expect(client.waiting).toBe(2);
    await vi.advanceTimersByTimeAsync(500);
    await host.welcome();
    expect(client.waiting).toBe(0);
    expect(host.link.heard.slice(1)).toEqual([
      { data: [1, 0, bytes("a")] },
      { chat: [1, "brb"] },
      { data: [1, 1, bytes("b")] },
    ]);
  });

  test("is sent again if the host has not taken it", async () => {
    await inside();
    client.send(1, "taken");
    await vi.advanceTimersByTimeAsync(4000);
    host.takes = false;
    client.send(1, " lost");
    await settled();
    host.link.break();
    expect(client.waiting).toBe(5);
    client.send(1, "!");
    await vi.advanceTimersByTimeAsync(500);
    host.input = 7; // of " lost" it has got two bytes
    await host.welcome();
    expect(host.link.all("data")).toEqual([
      [1, 7, bytes("ost")],
      [1, 10, bytes("!")],
    ]);
  });

  /** The link is broken for 12 s. */
  async function longBreak(before: () => void): Promise<void> {
    host.unreachable = "Nobody is there.";
    host.link.break();
    before();
    await vi.advanceTimersByTimeAsync(12_000);
    host.unreachable = null;
    await knocksAgain();
    await host.welcome();
  }

  test("is held if it waited for more than 10 s, until the person decides", async () => {
    await inside();
    await longBreak(() => client.send(1, "rm -rf ./*\r\x03"));
    expect(client.heldInput?.text).toBe("rm -rf ./*↵^C");
    expect(client.heldInput!.waited).toBeGreaterThan(12_000);
    client.send(1, "later");
    void client.chat("hello");
    await settled();
    expect(host.link.heard.slice(1)).toEqual([{ chat: [1, "hello"] }]);
    client.sendHeld();
    expect(client.heldInput).toBeNull();
    await settled();
    expect(host.link.all("data")).toEqual([
      [1, 0, bytes("rm -rf ./*\r\x03")],
      [1, 12, bytes("later")],
    ]);
    expect(events.filter(({ type }) => type === "input")).toHaveLength(3); // waits, is held, is sent
  });

  test("is not sent if the person does not want it any more", async () => {
    await inside();
    await longBreak(() => client.send(1, "rm"));
    client.send(1, "ls");
    client.discardHeld();
    await settled();
    expect(host.link.all("data")).toEqual([[1, 0, bytes("ls")]]);
  });

  test("is sent all the same for who says so", async () => {
    await inside({ staleInput: "send" });
    await longBreak(() => client.send(1, "ls"));
    expect(client.heldInput).toBeNull();
    expect(host.link.all("data")).toEqual([[1, 0, bytes("ls")]]);
  });

  test("may be discarded while it waits", async () => {
    await inside();
    host.link.break();
    client.send(1, "rm");
    void client.chat("hello");
    client.discardWaiting();
    expect(client.waiting).toBe(0);
    await vi.advanceTimersByTimeAsync(500);
    await host.welcome();
    expect(host.link.heard.slice(1)).toEqual([{ chat: [1, "hello"] }]);
  });

  test("for a shell that is gone, or by who may only watch now, is told and not sent", async () => {
    const lost = () => events.filter(({ type }) => type === "lost");
    await inside();
    host.link.break();
    host.shells = [
      [1, SHELL],
      [8, { ...SHELL, ended: true }],
    ];
    client.send(8, "too late");
    client.send(9, "to nobody");
    client.send(1, "ls");
    await vi.advanceTimersByTimeAsync(500);
    await host.welcome();
    expect(lost()).toEqual([
      { type: "lost", sid: 8, text: "too late", reason: "noShell" },
      { type: "lost", sid: 9, text: "to nobody", reason: "noShell" },
    ]);
    expect(host.link.all("data")).toEqual([[1, 0, bytes("ls")]]);

    host.users = [[1, { ...USER, role: "reader" }]];
    host.link.break();
    client.send(1, "pwd");
    await vi.advanceTimersByTimeAsync(1000);
    await host.welcome();
    expect(lost().at(-1)).toEqual({ type: "lost", sid: 1, text: "pwd", reason: "notAllowed" });
    expect(host.link.all("data")).toEqual([]);
  });

  test("that nobody will get any more is told at the end", async () => {
    await inside();
    host.link.break();
    client.send(1, "ls");
    await knocksAgain();
    host.link.deliver(refusal("notFound"));
    expect(client.state).toBe("ended");
    expect(events.filter(({ type }) => type === "lost")).toEqual([
      { type: "lost", sid: 1, text: "ls", reason: "ended" },
    ]);
    expect(client.waiting).toBe(0);
  });

  test("much of it is acknowledged soon: the host is asked after each 64 KiB", async () => {
    await inside();
    const before = host.link.pings.length;
    client.send(1, new Uint8Array(1 << 20));
    await settled();
    expect(host.link.pings.length - before).toBe(16);
  });

  test("too much while the link is broken is an error, and none of it is sent", async () => {
    await inside();
    host.link.break();
    client.send(1, new Uint8Array(200 << 10));
    client.send(1, new Uint8Array(100 << 10));
    expect(errors()).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(500);
    await host.welcome();
    expect(total()).toBe(200 << 10);
  });

  test("a large paste waits while the link is full, and others go before it", async () => {
    await inside();
    const paste = Uint8Array.from({ length: 10_000_000 }, (_, i) => i % 251);
    host.link.buffered = 300 << 10;
    client.send(1, paste);
    paste.fill(0); // the caller's to use again
    await vi.advanceTimersByTimeAsync(1000);
    expect(total()).toBe(0);
    client.setCursor([1, 1]);
    expect(host.link.all("setCursor")).toHaveLength(1);
    host.link.buffered = 0;
    await vi.advanceTimersByTimeAsync(100);
    expect(total()).toBe(10_000_000);
    expect(Math.max(...typed().map((data) => data.length))).toBeLessThanOrEqual(32 << 10);
    const at = 7_654_321;
    expect(Buffer.concat(typed())[at]).toBe(at % 251);
  });

  test("too much of it is an error", async () => {
    await inside();
    host.link.buffered = 300 << 10;
    client.send(1, new Uint8Array(16 << 20));
    client.send(1, "x");
    expect(errors()).toHaveLength(1);
    host.link.buffered = 0;
    await vi.advanceTimersByTimeAsync(100);
    expect(total()).toBe(16 << 20);
    client.send(1, "x");
    expect(errors()).toHaveLength(1);
  });
});
