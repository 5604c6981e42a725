// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ParseScheduler, type ParseTask } from "../../../src/view/terminal/parseScheduler";

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  expect(vi.getTimerCount(), "frames and timers that go on after the end").toBe(0);
  vi.useRealTimers();
});

/** Parses in pieces that take 2 ms each. */
class Busy implements ParseTask {
  pieces = 0;

  constructor(
    readonly log: string[],
    readonly name: string,
    public left: number,
  ) {}

  get waiting(): boolean {
    return this.left > 0;
  }

  parse(done: () => void): void {
    this.left -= 1;
    setTimeout(() => {
      this.pieces += 1;
      this.log.push(this.name);
      done();
    }, 2);
  }
}

/** Never says that it is done. */
class Stuck extends Busy {
  override parse(): void {
    this.left -= 1;
    this.log.push(this.name);
  }
}

const frame = () => vi.advanceTimersByTime(16);

test("three terminals share what one has between two frames", () => {
  const scheduler = new ParseScheduler();
  const log: string[] = [];
  const tasks = ["a", "b", "c"].map((name) => new Busy(log, name, 100));
  for (const task of tasks) scheduler.add(task);
  frame();
  expect(log.join("")).toBe("aabc"); // 8 ms
  for (let frames = 1; frames < 6; frames += 1) frame();
  expect(log.length).toBeLessThanOrEqual(4 * 6);
  for (const { pieces } of tasks) expect(pieces).toBeGreaterThanOrEqual(7);
  for (const task of tasks) scheduler.remove(task);
  vi.runAllTimers();
});

test("an echo does not wait for the terminals that have had their turn", () => {
  const scheduler = new ParseScheduler();
  const log: string[] = [];
  const flood = new Busy(log, "flood", 1000);
  scheduler.add(flood);
  for (let frames = 0; frames < 3; frames += 1) frame();
  scheduler.add(new Busy(log, "echo", 1));
  log.length = 0;
  frame();
  expect(log.indexOf("echo")).toBeGreaterThanOrEqual(0);
  expect(log.indexOf("echo")).toBeLessThanOrEqual(1);
  scheduler.remove(flood);
  vi.runAllTimers();
});

test("a page without frames parses nothing more", () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  const frames: FrameRequestCallback[] = [];
  vi.stubGlobal("requestAnimationFrame", (callback: FrameRequestCallback) => frames.push(callback));
  const scheduler = new ParseScheduler();
  const log: string[] = [];
  const task = new Busy(log, "a", 100);
  scheduler.add(task);
  vi.advanceTimersByTime(60_000);
  expect(log).toHaveLength(4);
  scheduler.add(task); // more has come
  vi.advanceTimersByTime(60_000);
  expect(log).toHaveLength(4);
  frames.shift()!(0);
  vi.advanceTimersByTime(60_000);
  expect(log, "a frame that is late is drawn first").toHaveLength(4);
  frames.shift()!(0);
  vi.advanceTimersByTime(60_000);
  expect(log).toHaveLength(8);
  expect(frames).toHaveLength(1);
  vi.unstubAllGlobals();
});

test("a hidden page parses nothing, and all that waits once someone looks", () => {
  const hidden = vi.spyOn(document, "hidden", "get").mockReturnValue(true);
  const scheduler = new ParseScheduler();
  const log: string[] = [];
  for (const name of ["a", "b"]) scheduler.add(new Busy(log, name, 3));
  vi.advanceTimersByTime(10);
  expect(log).toEqual([]);
  hidden.mockRestore();
  for (let frames = 0; frames < 6; frames += 1) frame();
  expect(log.join("")).toBe("ababab");
});

test("a terminal that waits for an image holds up no other", () => {
  const scheduler = new ParseScheduler();
  const log: string[] = [];
  scheduler.add(new Stuck(log, "image", 5));
  const other = new Busy(log, "b", 3);
  scheduler.add(other);
  for (let frames = 0; frames < 5; frames += 1) frame();
  expect(log.join(" ")).toBe("image b b b");
  vi.runAllTimers();
});
