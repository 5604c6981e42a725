import { Terminal } from "@xterm/headless";
import type { Terminal as DrawnTerminal } from "@xterm/xterm";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Images, ImageScanner } from "../../../src/view/terminal/images";

const bytes = (text: string) => new TextEncoder().encode(text);

describe("where the first image begins", () => {
  test.each([
    ["\x1bPq#0~-\x1b\\", true],
    ["text\x1b[1m\x1bP0;1;0q#0", true],
    ["\x1b]1337;File=inline=1:AAAA\x07", true],
    ["\x1b]133;A\x07 \x1b]0;title\x07", false],
    ["\x1b]1337;MultipartFile=inline=1\x07", true],
    ["\x1b]1337;CurrentDir=/x\x07", false],
    ["\x1bP$qm\x1b\\", false],
    ["\x1bP+q544e\x1b\\", false],
    ["q \x1bP", false],
    ["\x1b", false],
    ["", false],
  ])("%j: %s", (output, expected) => {
    expect(new ImageScanner().finds(bytes(output))).toBe(expected);
    // The same in two pieces, cut anywhere, and byte by byte.
    for (let cut = 0; cut <= output.length; cut++) {
      const scanner = new ImageScanner();
      const found = [output.slice(0, cut), output.slice(cut)].map((piece) => scanner.finds(bytes(piece)));
      expect(found.includes(true)).toBe(expected);
    }
    const scanner = new ImageScanner();
    expect(Array.from(output, (char) => scanner.finds(bytes(char))).includes(true)).toBe(expected);
  });

  test("an endless beginning is none, and is not kept", () => {
    const scanner = new ImageScanner();
    expect(scanner.finds(bytes(`\x1bP${"1;".repeat(1000)}`))).toBe(false);
    expect(scanner.finds(bytes("q"))).toBe(false);
  });
});

const SIXEL = bytes("\x1bPq~\x1b\\");

/** Answers queries as the real addon does. */
const addImages = vi.fn((terminal: Terminal) => {
  for (const id of [{ final: "c" }, { prefix: "?", final: "S" }]) {
    terminal.parser.registerCsiHandler(id, () => {
      terminal.input("an answer", false);
      return true;
    });
  }
  return Promise.resolve();
});

let terminal: Terminal;
let images: Images;
let steps: string[];
type Addon = typeof import("../../../src/view/terminal/imageAddon");
let loaded: () => void;
let failed: (error: Error) => void;

beforeEach(() => {
  addImages.mockClear();
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  terminal = new Terminal({ allowProposedApi: true });
  steps = [];
  const addon = new Promise<Addon>((resolve, reject) => {
    loaded = () => resolve({ addImages });
    failed = reject;
  });
  images = new Images(terminal as unknown as DrawnTerminal, () => {
    steps.push("load");
    return addon;
  });
});

afterEach(() => {
  images.dispose();
  vi.useRealTimers();
});

const write = (name: string, output: Uint8Array = bytes("text")) => images.write(output, () => steps.push(name));

test("output waits in order while the addon loads, once", async () => {
  write("before");
  write("sixel", SIXEL);
  images.inTurn(() => steps.push("resize"));
  write("another", SIXEL);
  expect(steps).toEqual(["before", "load"]);
  loaded();
  await vi.waitFor(() => expect(steps).toEqual(["before", "load", "sixel", "resize", "another"]));
  write("later", SIXEL);
  expect(steps.slice(5)).toEqual(["later"]);
  expect(addImages).toHaveBeenCalledOnce();
  expect(addImages.mock.lastCall).toMatchObject([terminal, { enableSizeReports: false, storageLimit: 32 }]);
});

test("output goes on without images where the addon cannot be loaded", async () => {
  write("sixel", SIXEL);
  failed(new Error("no such file"));
  await vi.waitFor(() => expect(steps).toEqual(["load", "sixel"]));
  write("later", SIXEL);
  expect(steps).toEqual(["load", "sixel", "later"]);
});

test("output does not wait long for the addon", () => {
  write("sixel", SIXEL);
  vi.advanceTimersByTime(4999);
  expect(steps).toEqual(["load"]);
  vi.advanceTimersByTime(1);
  expect(steps).toEqual(["load", "sixel"]);
});

test("the terminal of a closed shell is not written to", () => {
  write("sixel", SIXEL);
  images.dispose();
  loaded();
  vi.advanceTimersByTime(5000);
  expect(steps).toEqual(["load"]);
});

test("the addon answers no queries: the host has", async () => {
  const typed = vi.fn();
  terminal.onData(typed);
  write("sixel", SIXEL);
  loaded();
  await vi.waitFor(() => expect(steps).toContain("sixel"));
  vi.useRealTimers();
  await new Promise<void>((resolve) => terminal.write("\x1b[c\x1b[?2;1;0S", resolve));
  expect(typed).not.toHaveBeenCalled();
});
