/** The page's side of a link over iroh, with a scripted worker; the real one runs in `tests/e2e/test_guest_page.py`. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { dialIroh, type IrohOptions } from "../../src/links/iroh";
import type { ToPage, ToWorker } from "../../src/links/irohWorker";
import type { Link } from "../../src/links/link";

class ScriptedWorker {
  onmessage: ((event: { data: ToPage }) => void) | null = null;
  onerror: (() => void) | null = null;
  terminated = false;
  readonly told: ToWorker[] = [];

  postMessage(message: ToWorker): void {
    this.told.push(message);
  }

  terminate(): void {
    this.terminated = true;
  }

  say(message: ToPage): void {
    this.onmessage?.({ data: message });
  }
}

const MODULE = {} as WebAssembly.Module;
const heard: [string, unknown][] = [];
let worker: ScriptedWorker;

beforeEach(() => {
  vi.useFakeTimers();
  heard.length = 0;
  worker = new ScriptedWorker();
});
afterEach(() => vi.useRealTimers());

function dial(options: Partial<IrohOptions> = {}): Promise<Link> {
  return dialIroh({
    worker: () => worker as unknown as Worker,
    module: () => Promise.resolve(MODULE),
    relays: ["https://relay.example.org/"],
    endpointTicket: "endpointabc",
    ...options,
  })({
    onFrame: (frame) => heard.push(["frame", [...frame]]),
    onPath: (path) => heard.push(["path", path]),
    onClose: (reason, unreachable) => heard.push(["close", [reason, unreachable]]),
  });
}

async function open(): Promise<Link> {
  const link = dial();
  await vi.advanceTimersByTimeAsync(0);
  worker.say("open");
  return link;
}

const bytes = (...values: number[]) => Uint8Array.from(values).buffer;

test("the worker is told where to go, and frames go both ways", async () => {
  const link = await open();
  expect(worker.told).toEqual([
    { module: MODULE, relays: ["https://relay.example.org/"], endpointTicket: "endpointabc" },
  ]);
  worker.say({ path: "relay" });
  worker.say(bytes(1, 2));
  const frame = Uint8Array.of(3, 4, 5);
  link.send(frame.subarray(1));
  expect(worker.told.slice(1)).toEqual([bytes(4, 5)]);
  expect(frame).toEqual(Uint8Array.of(3, 4, 5)); // the caller's own
  expect(heard).toEqual([["path", "relay"], ["frame", [1, 2]]]); // prettier-ignore
});

test("what the network has not taken is counted", async () => {
  const link = await open();
  link.send(new Uint8Array(100));
  link.send(new Uint8Array(50));
  expect(link.buffered).toBe(150);
  worker.say({ sent: 100 });
  expect(link.buffered).toBe(50);
});

test("the worker learns what the page has taken before its window of 1 MiB is used up", async () => {
  await open();
  let room = 1 << 20;
  for (let sent = 0; sent < 5 << 20; sent += 50_000) {
    room -= 50_000;
    expect(room).toBeGreaterThan(0);
    worker.say(new ArrayBuffer(50_000));
    for (const message of worker.told.splice(0))
      if (typeof message === "object" && "taken" in message) room += message.taken;
  }
});

test.each([
  ["noRelay", /no relay/],
  ["relayUnreachable", /relay of this session cannot be reached/],
  ["unreachable", /host cannot be reached/],
  ["badAddress", /ticket may be damaged/],
])("a link that cannot be made says why: %s", async (word, sentence) => {
  const link = dial();
  void link.catch(() => undefined);
  await vi.advanceTimersByTimeAsync(0);
  worker.say({ closed: word });
  await expect(link).rejects.toThrow(sentence);
  expect(worker.terminated).toBe(true);
});

test("without a relay there is no way, and no worker is started", async () => {
  const start = vi.fn();
  await expect(dial({ relays: [], worker: start })).rejects.toThrow(/no relay/);
  expect(start).not.toHaveBeenCalled();
});

test("a worker that does not start, or says nothing, is given up", async () => {
  await expect(dial({ worker: () => { throw new Error("forbidden"); } })).rejects.toThrow(/could not start/); // prettier-ignore
  const broken = dial();
  void broken.catch(() => undefined);
  await vi.advanceTimersByTimeAsync(0);
  worker.onerror!();
  await expect(broken).rejects.toThrow(/could not start/);
  worker = new ScriptedWorker();
  const silent = dial();
  void silent.catch(() => undefined);
  await vi.advanceTimersByTimeAsync(60_000);
  await expect(silent).rejects.toThrow(/cannot be reached/);
  expect(worker.terminated).toBe(true);
});

test.each([
  ["the host ends it", () => worker.say({ closed: "" })],
  ["the connection is lost", () => worker.say({ closed: "lost: timed out" })],
  ["the worker breaks", () => worker.onerror!()],
])("the link ends once when %s", async (_, happen) => {
  const link = await open();
  happen();
  worker.say(bytes(1));
  worker.onerror?.();
  expect(heard).toEqual([["close", ["The connection was lost.", false]]]);
  expect(worker.terminated).toBe(true);
  expect(link.buffered).toBe(Infinity);
  link.send(Uint8Array.of(1));
  expect(worker.told).toHaveLength(1);
});

test("a link that is closed says goodbye, and tells nothing more", async () => {
  const link = await open();
  link.close();
  link.close();
  expect(worker.told.slice(1)).toEqual(["close"]);
  worker.say(bytes(1));
  worker.say({ closed: "" });
  expect(heard).toEqual([]);
  expect(worker.terminated).toBe(false); // it has a second to deliver what it was given
  await vi.advanceTimersByTimeAsync(10_000);
  expect(worker.terminated).toBe(true);
});
