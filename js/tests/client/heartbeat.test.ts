import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { heartbeat } from "../../src/client/heartbeat";

/** A worker as browsers have it, as far as the heartbeat knows it. */
class FakeWorker {
  static last: FakeWorker;
  onmessage: (() => void) | null = null;
  onerror: (() => void) | null = null;
  terminated = false;

  constructor(readonly url: string) {
    FakeWorker.last = this;
  }

  terminate(): void {
    this.terminated = true;
  }
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

function beat(): { ticks: () => number; stop: () => void } {
  const tick = vi.fn();
  const stop = heartbeat(1000, tick);
  return { ticks: () => tick.mock.calls.length, stop };
}

describe("heartbeat", () => {
  test("without workers is a timer", () => {
    vi.stubGlobal("Worker", undefined);
    const { ticks, stop } = beat();
    vi.advanceTimersByTime(3500);
    expect(ticks()).toBe(3);
    stop();
    vi.advanceTimersByTime(3500);
    expect(ticks()).toBe(3);
  });

  test("comes from a worker, whose script has the period", async () => {
    vi.stubGlobal("Worker", FakeWorker);
    const { ticks, stop } = beat();
    const worker = FakeWorker.last;
    expect(await (await fetch(worker.url)).text()).toContain("1000");
    worker.onmessage!();
    expect(ticks()).toBe(1);
    stop();
    expect([worker.terminated, worker.onmessage]).toEqual([true, null]);
    await expect(fetch(worker.url)).rejects.toThrow();
  });

  test("is a timer where the page's policy allows no worker", () => {
    vi.stubGlobal("Worker", function () {
      throw new DOMException("no", "SecurityError");
    });
    const { ticks, stop } = beat();
    vi.advanceTimersByTime(1000);
    expect(ticks()).toBe(1);
    stop();
  });

  test("is a timer where the browser says so only later", () => {
    vi.stubGlobal("Worker", FakeWorker);
    const { ticks, stop } = beat();
    FakeWorker.last.onerror!();
    vi.advanceTimersByTime(2000);
    expect(ticks()).toBe(2);
    stop();
  });
});
