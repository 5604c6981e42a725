/** What is foretold, and when it shows: key by key. */
import { beforeEach, describe, expect, test } from "vitest";
import { keysOf } from "../../../src/view/predict/keys";
import { Predictor } from "../../../src/view/predict/predictor";
import { readScreen } from "../../../src/view/predict/screen";
import { newTerminal, overlaid, write } from "./replay";

let terminal: ReturnType<typeof newTerminal>;
let predictor: Predictor;
let now: number;

beforeEach(async () => {
  terminal = newTerminal();
  predictor = new Predictor();
  predictor.roundTrip = 100;
  now = 0;
  await write(terminal, "$ ");
});

function type(data: string): void {
  for (const key of keysOf(data)) predictor.typed(key, readScreen(terminal)!, (now += 10));
}

async function print(data: string): Promise<void> {
  await write(terminal, data);
  predictor.printed(readScreen(terminal)!);
}

/** Type and have it echoed at once. */
async function echoed(data: string, output = data): Promise<void> {
  type(data);
  await print(output);
}

/** The line as seen, with the cursor as `|`. */
function seen(): string {
  const { x, row } = overlaid(readScreen(terminal)!, predictor.picture);
  return row.slice(0, x).join("") + "|" + row.slice(x).join("").trimEnd();
}

const LEFT = "\x1b[D";
const RIGHT = "\x1b[C";

describe("typing", () => {
  test("the first key of a line waits for its echo, the others do not", async () => {
    type("l");
    expect(seen()).toBe("$ |");
    type("s");
    expect(seen()).toBe("$ |");
    await print("l");
    expect(seen()).toBe("$ ls|");
    await print("s");
    expect(predictor.picture).toBeNull();
    await echoed("\r", "\r\na b\r\n$ ");
    type("x");
    expect(seen()).toBe("$ |");
  });

  test("backspace and arrows stop where the prompt ends", async () => {
    await echoed("a");
    type("b" + LEFT + LEFT);
    expect(seen()).toBe("$ |ab");
    type(LEFT);
    expect(seen()).toBe("$ |ab");
  });

  test("backspace erases what is not echoed yet", async () => {
    await echoed("a");
    type("bc\x7f\x7f");
    expect(seen()).toBe("$ a|");
    type("\x7f");
    expect(seen()).toBe("$ |");
    type("\x7f");
    expect(seen()).toBe("$ |");
  });

  test("wide characters take two columns", async () => {
    await echoed("a");
    type("日本\x7f");
    expect(seen()).toBe("$ a日|");
    expect(predictor.picture).toEqual({ x: 5, y: 0, cells: [{ x: 3, char: "日", width: 2 }] });
  });

  test("nothing is foretold at the last column", async () => {
    await echoed("a");
    type("b".repeat(100));
    expect(seen()).toBe("$ a" + "b".repeat(76) + "|");
  });

  test("an unknown key ends what can be foretold", async () => {
    await echoed("a");
    type("b\t");
    type("c");
    expect(seen()).toBe("$ ab|");
  });
});

describe("in the middle of a line", () => {
  test("text is moved, once that has come true", async () => {
    await echoed("abd");
    await echoed(LEFT, "\b");
    type("c");
    expect(seen()).toBe("$ ab|d");
    await print("cd\b");
    type("c");
    expect(seen()).toBe("$ abcc|d");
    type("\x7f\x7f");
    expect(seen()).toBe("$ ab|d");
    type(RIGHT);
    expect(seen()).toBe("$ abd|");
    type(RIGHT);
    expect(seen()).toBe("$ abd|");
  });

  test("a suggestion is never moved", async () => {
    await echoed("g", "g\x1b[2mit\x1b[m\b\b");
    for (const [key, rest] of [
      ["i", "t"],
      ["t", ""],
    ] as const) {
      type(key);
      expect(seen()).not.toMatch(/itt|tt/);
      await print(key + "\x1b[2m" + rest + "\x1b[m" + "\b".repeat(rest.length));
    }
    await echoed("\r", "\r\n$ ");
    await echoed("g", "g\x1b[2mit\x1b[m\b\b");
    type("i");
    expect(seen()).toBe("$ gi|t");
  });

  test("a suggestion may come back after backspace", async () => {
    await echoed("g", "g\x1b[2mit\x1b[m\b\b");
    await echoed("i", "it\b");
    await echoed("x", "x");
    type("\x7f");
    expect(seen()).toBe("$ gi|x");
    await print("\bt\b");
    type("t");
    expect(seen()).toBe("$ git|");
  });

  test("a line that goes on in the next row is pulled from there", async () => {
    await print("x".repeat(90) + "\x1b[A\r\x1b[10C");
    await echoed("y", "\x1b[@y");
    type("\x7f");
    await print("\b\x1b[P\x1b7\x1b[80Gx\x1b8");
    type("z");
    expect(seen()).toMatch(/^\$ x{8}z\|x+$/);
  });

  test("a program that moves text is believed again after one that does not", async () => {
    await echoed("g", "g\x1b[2mit\x1b[m\b\b");
    await echoed("i", "i");
    await echoed("\r", "\r\n$ ");
    await echoed("abd");
    await echoed(LEFT, "\b");
    await echoed("c", "cd\b");
    await echoed("c", "cd\b");
    type("c");
    expect(seen()).toBe("$ abccc|d");
  });
});

describe("a wrong prediction", () => {
  test("vanishes with all that depends on it", async () => {
    await echoed("a");
    type("bcd");
    expect(seen()).toBe("$ abcd|");
    await print("B");
    expect(seen()).toBe("$ aB|");
    expect(predictor.picture).toBeNull();
  });

  test("is followed by caution, and caution by trust", async () => {
    await echoed("a");
    type("b");
    await print("B");
    for (const key of "cde") {
      type(key);
      expect(predictor.picture).toBeNull();
      await print(key);
    }
    type("f");
    expect(seen()).toBe("$ aBcdef|");
  });

  test("is given up late, and what follows is foretold anew", async () => {
    await echoed("a");
    type("b");
    expect(predictor.lateAt).toBe(now + 1000);
    predictor.roundTrip = 500;
    expect(predictor.lateAt).toBe(now + 2000);
    now += 2000;
    predictor.expire(readScreen(terminal)!, now);
    expect(predictor.picture).toBeNull();
    expect(predictor.lateAt).toBeNull();
  });

  test("other output ends what is trusted", async () => {
    await echoed("a");
    await print("\r\nPassword: ");
    type("b");
    expect(seen()).toBe("Password: |");
  });

  test("a masked password proves nothing", async () => {
    await write(terminal, "\r\nPassword: ");
    await echoed("*");
    type("b");
    expect(seen()).toBe("Password: *|");
  });
});

test("after a key that nobody can foretell, the echo tells which keys it has had", async () => {
  await echoed("ab");
  type("\x01");
  type("xy");
  expect(seen()).toBe("$ ab|");
  await print("\r\x1b[2C");
  expect(seen()).toBe("$ |ab");
  await print("xab\b\b");
  expect(seen()).toBe("$ xy|ab");
});

test("keys that cannot be told apart by their echo are not guessed", async () => {
  type("\t");
  type("ll");
  await print("l");
  type("l");
  expect(seen()).toBe("$ l|");
});

test("keys that undo each other are no mistake when nobody saw them", async () => {
  await echoed("a");
  await echoed("b\x7f", "b\b \b");
  expect(predictor.picture).toBeNull();
  predictor.expire(readScreen(terminal)!, now + 1000);
  expect(predictor.lateAt).toBeNull();
  type("c");
  expect(seen()).toBe("$ ac|");
});

test("keys in flight are bounded", async () => {
  await echoed("a");
  for (let keys = 0; keys < 256; keys += 2) type("b\x7f");
  type("c");
  expect(predictor.picture).toBeNull();
  predictor.expire(readScreen(terminal)!, Infinity);
  expect(predictor.lateAt).toBeNull();
});

describe("a prompt is never erased", () => {
  const LONGER = "\r\x1b[K$ sub> ";

  test.each(["", "\t"])("after %j and Enter", async (before) => {
    await echoed("a");
    if (before) type(before);
    await echoed("\r", LONGER);
    await echoed("b");
    type("\x7f\x7f\x7f");
    expect(seen()).toBe("$ sub> |");
  });

  test("that came by itself", async () => {
    await echoed("a");
    await print("\r\n$ sub> ");
    await echoed("b");
    type("\x7f\x7f\x7f");
    expect(seen()).toBe("$ sub> |");
  });

  test("that came instead of an echo", async () => {
    await echoed("ab");
    type("c");
    await print(LONGER);
    predictor.expire(readScreen(terminal)!, now + 1000);
    for (const key of "defg") await echoed(key);
    type("\x7f".repeat(6));
    expect(seen()).toBe("$ sub> |");
  });
});
