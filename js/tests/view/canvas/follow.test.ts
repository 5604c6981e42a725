import { beforeEach, expect, test } from "vitest";
import { Follow, type Sight } from "../../../src/view/canvas/follow";
import type { Box } from "../../../src/view/canvas/geometry";

const box = (x: number, y = 0): Box => ({ x, y, width: 700, height: 450 });

let windows: Map<number, Box>;
let shown: boolean;
let done: unknown[][];
let sight: Sight & { scale: number; best: number };
let follow: Follow;

beforeEach(() => {
  windows = new Map([
    [1, box(0)],
    [2, box(724)],
  ]);
  shown = true;
  done = [];
  sight = {
    scale: 1,
    best: 1,
    scaleFor: () => sight.best,
    shows: () => shown,
    fit: (...args) => void done.push(["fit", ...args]),
    reveal: (...args) => void done.push(["reveal", ...args]),
  };
  follow = new Follow({
    has: (sid) => windows.has(sid),
    boxOf: (sid) => windows.get(sid) ?? null,
    allBoxes: () => [...windows.values()],
  });
});

test("all: fitted again as the frame changes and as shells come and go", () => {
  follow.changed(sight, "frame");
  windows.set(3, box(0, 474));
  follow.changed(sight, "shells");
  expect(done).toEqual([
    ["fit", { x: 0, y: 0, width: 1424, height: 450 }],
    ["fit", { x: 0, y: 0, width: 1424, height: 924 }],
  ]);
});

test("all: a window that moves or grows makes the view fit them only if it leaves it, or if all have become small", () => {
  follow.changed(sight, "windows");
  expect(done).toEqual([]);
  shown = false;
  follow.changed(sight, "windows");
  expect(done).toHaveLength(1);
  shown = true;
  sight.scale = 0.5;
  follow.changed(sight, "windows");
  expect(done).toHaveLength(2);
});

test("one shell that was gone to stays in view; one that fills the view goes on filling it", () => {
  follow.show(sight, 2);
  follow.changed(sight, "frame");
  expect(done).toEqual([
    ["reveal", box(724)],
    ["reveal", box(724)],
  ]);
  done = [];
  follow.fill(sight, 1);
  follow.changed(sight, "windows");
  follow.changed(sight, "frame");
  shown = false;
  follow.changed(sight, "windows");
  expect(done).toEqual(Array(3).fill(["fit", box(0), 1.5]));
});

test("a shell that is opened while all are in view is one of them; else it is gone to", () => {
  windows.set(3, box(0, 474));
  follow.opened(sight, 3);
  expect(follow.subject).toBe("all");
  expect(done).toEqual([]);
  follow.letGo();
  follow.opened(sight, 3);
  expect(done).toEqual([["reveal", box(0, 474)]]);
});

test("by hand: nothing moves any more, until one asks for something", () => {
  follow.letGo();
  shown = false;
  for (const change of ["frame", "shells", "windows"] as const) follow.changed(sight, change);
  follow.turnTo(2);
  follow.changed(sight, "frame");
  expect(done).toEqual([]);
  follow.all(sight);
  follow.changed(sight, "frame");
  expect(done).toHaveLength(2);
});

test("who turns to another shell is followed there; while all are shown, all stay", () => {
  follow.turnTo(2);
  expect(follow.subject).toBe("all");
  follow.fill(sight, 1);
  done = [];
  follow.turnTo(2);
  follow.changed(sight, "frame");
  expect(done).toEqual([["reveal", box(724)]]);
});

test("when the shell that one looks at is closed, one sees the others", () => {
  follow.fill(sight, 1);
  windows.delete(1);
  done = [];
  follow.changed(sight, "shells");
  expect(done).toEqual([["fit", box(724)]]);
  expect(follow.subject).toBe("all");
});

test("nothing moves under a pressed button; what was missed comes after it", () => {
  follow.hold();
  follow.changed(sight, "windows");
  follow.changed(sight, "frame");
  follow.changed(sight, "windows");
  expect(done).toEqual([]);
  follow.release(sight);
  follow.release(sight);
  expect(done).toHaveLength(1);
  follow.hold();
  follow.release(null);
  follow.changed(sight, "frame");
  expect(done).toHaveLength(2);
});

test("of what was missed, what moves the view most counts", () => {
  follow.fill(sight, 1);
  done = [];
  follow.hold();
  follow.changed(sight, "shells");
  follow.changed(sight, "frame");
  follow.changed(sight, "windows");
  follow.release(sight);
  expect(done).toHaveLength(1);
});

test("without a window there is nothing to show", () => {
  windows.clear();
  follow.all(sight);
  follow.changed(sight, "frame");
  expect(done).toEqual([]);
});
