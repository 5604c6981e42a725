import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { dialComm, type Comm, type CommMessage } from "../../src/links/comm";
import type { Link } from "../../src/links/link";

/** The kernel's end of a widget's messages. */
class FakeComm implements Comm {
  busy = false;
  readonly sent: [message: CommMessage, frames: readonly Uint8Array[]][] = [];
  readonly listeners = new Set<Parameters<Comm["on"]>[0]>();

  send(message: CommMessage, frames: readonly Uint8Array[] = []): void {
    this.sent.push([message, frames]);
  }

  on(listener: Parameters<Comm["on"]>[0]): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  say(message: CommMessage, frames: readonly Uint8Array[] = []): void {
    for (const listener of [...this.listeners]) listener(message, frames);
  }
}

let comm: FakeComm;
let heard: unknown[];

beforeEach(() => {
  vi.useFakeTimers();
  comm = new FakeComm();
  heard = [];
});
afterEach(() => void vi.useRealTimers());

async function dial(): Promise<{ near: Link; link: string }> {
  const near = await dialComm(comm)({
    onFrame: (frame) => heard.push([...frame]),
    onPath: (path) => heard.push(path),
    onClose: (...why) => heard.push(why),
  });
  return { near, link: comm.sent.at(-1)![0].link! };
}

const frame = (...bytes: number[]) => Uint8Array.from(bytes);

test("carries frames both ways, and what is sent before the kernel has opened its side waits", async () => {
  const { near, link } = await dial();
  expect(comm.sent).toEqual([[{ type: "open", link }, []]]);
  near.send(frame(1));
  near.send(frame(2, 3));
  expect(comm.sent).toHaveLength(1);
  comm.say({ type: "opened", link });
  near.send(frame(4));
  expect(comm.sent.slice(1)).toEqual([
    [{ type: "frames", link, first: 0 }, [frame(1), frame(2, 3)]],
    [{ type: "frames", link, first: 2 }, [frame(4)]],
  ]);
  comm.say({ type: "path", link, path: "relay" });
  comm.say({ type: "path", link, path: "pigeon" });
  comm.say({ type: "frames", link }, [frame(5), frame(6)]);
  expect(heard).toEqual(["relay", [5], [6]]);
});

test("several are apart", async () => {
  const [one, other] = [await dial(), await dial()];
  expect(one.link).not.toBe(other.link);
  comm.say({ type: "opened", link: one.link });
  other.near.send(frame(1));
  expect(comm.sent.filter(([{ type }]) => type === "frames")).toEqual([]);
  comm.say({ type: "closed", link: one.link, reason: "It is over.", unreachable: false });
  comm.say({ type: "closed", link: other.link, reason: "", unreachable: true });
  expect(heard).toEqual([
    ["It is over.", false],
    [expect.stringMatching(/^[A-Z].*\.$/), true],
  ]);
});

test("what the kernel has not taken is buffered", async () => {
  const { near, link } = await dial();
  near.send(frame(1, 2, 3));
  comm.say({ type: "opened", link });
  near.send(frame(4, 5));
  expect(near.buffered).toBe(5);
  comm.say({ type: "taken", link, frames: 1 });
  expect(near.buffered).toBe(2);
  comm.say({ type: "taken", link, frames: 1 });
  comm.say({ type: "taken", link, frames: "many" });
  expect(near.buffered).toBe(2);
  comm.say({ type: "taken", link, frames: 2000 });
  expect(near.buffered).toBe(0);
});

test("what a busy kernel does not take is sent again, more and more rarely", async () => {
  const { near, link } = await dial();
  comm.say({ type: "opened", link });
  near.send(frame(1));
  near.send(frame(2));
  near.send(frame(3));
  comm.sent.length = 0;
  vi.advanceTimersByTime(5000);
  expect(comm.sent, "a kernel that is not busy").toEqual([]);
  comm.busy = true;
  comm.say({ type: "taken", link, frames: 1 });
  const times: number[] = [];
  for (let seconds = 1; seconds <= 20; seconds++) {
    vi.advanceTimersByTime(1000);
    if (comm.sent.length > times.length) times.push(seconds);
  }
  expect(times).toEqual([1, 3, 7, 15]);
  expect(comm.sent[0]).toEqual([{ type: "frames", link, first: 1 }, [frame(2), frame(3)]]);
  comm.say({ type: "taken", link, frames: 3 });
  vi.advanceTimersByTime(60_000);
  expect(comm.sent).toHaveLength(4);
  near.send(frame(4));
  vi.advanceTimersByTime(1000);
  expect(comm.sent.slice(4)).toEqual([
    [{ type: "frames", link, first: 3 }, [frame(4)]],
    [{ type: "frames", link, first: 3 }, [frame(4)]],
  ]);
  near.close();
  vi.advanceTimersByTime(60_000);
  expect(comm.sent.at(-1)![0].type).toBe("close");
});

test("not much is sent again at a time", async () => {
  const { near, link } = await dial();
  comm.say({ type: "opened", link });
  comm.busy = true;
  for (let i = 0; i < 5; i++) near.send(new Uint8Array(30 << 10));
  vi.advanceTimersByTime(1000);
  expect(comm.sent.at(-1)![1]).toHaveLength(2);
});

test("is held while a busy kernel takes nothing for more than a second", async () => {
  const { near, link } = await dial();
  vi.advanceTimersByTime(1500);
  expect(near.held, "a kernel that is not busy").toBe(false);
  comm.busy = true;
  expect(near.held, "not opened").toBe(true);
  comm.say({ type: "opened", link });
  vi.advanceTimersByTime(1500);
  expect(near.held, "nothing sent").toBe(false);
  near.send(frame(1));
  vi.advanceTimersByTime(900);
  expect(near.held).toBe(false);
  vi.advanceTimersByTime(200);
  expect(near.held).toBe(true);
  comm.say({ type: "taken", link, frames: 1 });
  expect(near.held).toBe(false);
});

test("says nothing once it is closed from here", async () => {
  const { near, link } = await dial();
  comm.say({ type: "opened", link });
  near.close();
  expect(comm.sent.at(-1)).toEqual([{ type: "close", link }, []]);
  comm.say({ type: "frames", link }, [frame(1)]);
  comm.say({ type: "closed", link, reason: "Gone.", unreachable: false });
  expect(heard).toEqual([]);
  expect(comm.listeners.size).toBe(0);
});
