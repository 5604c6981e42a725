// @vitest-environment happy-dom
import type { Terminal } from "@xterm/xterm";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { PredictiveEcho } from "../../../src/view/predict/echo";
import { newTerminal, write } from "./replay";

type Headless = ReturnType<typeof newTerminal>;

let terminal: Headless;
let element: HTMLElement;
let echo: PredictiveEcho;
let rendered: () => void;

/** The terminal without a browser, with what the overlay needs of an opened one. */
function opened(headless: Headless): Terminal {
  element = document.createElement("div");
  element.innerHTML = '<div class="xterm-screen" style="width: 800px; height: 480px"></div>';
  document.body.append(element);
  const onRender = (listener: () => void) => {
    rendered = listener;
    return { dispose: () => (rendered = () => undefined) };
  };
  return Object.assign(headless, { element, onRender }) as unknown as Terminal;
}

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["performance", "setTimeout", "clearTimeout"] });
  terminal = newTerminal();
  echo = new PredictiveEcho(opened(terminal));
  echo.roundTrip = 100;
  await print("$ ");
});

afterEach(() => {
  echo.dispose();
  terminal.dispose();
  element.remove();
  vi.useRealTimers();
});

async function print(data: string): Promise<void> {
  vi.useRealTimers();
  await write(terminal, data);
  vi.useFakeTimers({ toFake: ["performance", "setTimeout", "clearTimeout"] });
  echo.printed();
}

const layer = () => element.querySelector<HTMLElement>(".sshx-predictions")!;

/** The predicted characters. */
const shown = () => [...layer().querySelectorAll(".sshx-predicted")].map((span) => span.textContent).join("");

/** Type `a`, have it echoed, type `b`. */
async function typeTwo(): Promise<void> {
  echo.typed("a");
  expect(shown()).toBe("");
  await print("a");
  echo.typed("b");
}

describe("the overlay", () => {
  test("shows a character before its echo, where it will be, and a cursor after it", async () => {
    await typeTwo();
    expect(layer().hidden).toBe(false);
    expect(layer().ariaHidden).toBe("true");
    const [typed, cursor] = layer().querySelectorAll("span");
    expect(typed!.textContent).toBe("b");
    expect(typed!.style.left).toContain("* 3");
    expect(typed!.style.top).toContain("* 0");
    expect(cursor!.className).toBe("sshx-predicted-block");
    expect(cursor!.style.left).toContain("* 4");
    await print("b");
    expect(layer().hidden).toBe(true);
    expect(layer().childElementCount).toBe(0);
  });

  test("covers the real cursor with the character that it is on", async () => {
    await typeTwo();
    await print("b");
    echo.typed("\x1b[D");
    const [cover, cursor] = layer().querySelectorAll("span");
    expect(cover!.style.left).toContain("* 4");
    expect(cover!.className).toBe("");
    expect(cursor!.textContent).toBe("b");
    expect(cursor!.style.left).toContain("* 3");
    expect(shown()).toBe("");
  });

  test("has the terminal's cells and colors of the moment", async () => {
    terminal.options.theme = { background: "#102030", foreground: "#ddeeff", cursor: "#ff0000" };
    await typeTwo();
    const value = (name: string) => layer().style.getPropertyValue(name);
    expect(value("--sshx-cell-width")).toBe("10px");
    expect(value("--sshx-cell-height")).toBe("20px");
    expect(value("--sshx-cell-background")).toBe("#102030");
    expect(value("--sshx-cell-cursor")).toBe("#ff0000");
    terminal.options.theme = { background: "#ffffff" };
    rendered();
    expect(value("--sshx-cell-background")).toBe("#ffffff");
  });

  test("is not shown over scrolled text, and comes back", async () => {
    await print("\r\n".repeat(40) + "$ ");
    await typeTwo();
    expect(shown()).toBe("b");
    terminal.scrollLines(-5);
    rendered();
    expect(layer().hidden).toBe(true);
    terminal.scrollToBottom();
    rendered();
    expect(shown()).toBe("b");
  });

  test("leaves nothing behind", async () => {
    await typeTwo();
    echo.dispose();
    expect(element.querySelector(".sshx-predictions")).toBeNull();
    vi.advanceTimersByTime(5000);
  });
});

describe("nothing shows", () => {
  async function expectNothing(): Promise<void> {
    await typeTwo();
    expect(layer().childElementCount).toBe(0);
  }

  test("when switched off", async () => {
    echo.enabled = false;
    await expectNothing();
  });

  test("before the round trip is known", async () => {
    echo.roundTrip = null;
    await expectNothing();
  });

  test.each([
    ["in the alternate screen", "\x1b[?1049h"],
    ["for a program that uses the mouse", "\x1b[?1000h"],
    ["without a cursor", "\x1b[?25l"],
    ["while an update is not finished", "\x1b[?2026h"],
  ])("%s", async (_, sequence) => {
    await print(sequence);
    await expectNothing();
  });

  test.each([
    ["once switched off", () => (echo.enabled = false)],
    ["once the link is fast", () => (echo.roundTrip = 10)],
    ["after a reset", () => echo.reset()],
    ["after a new size", () => terminal.resize(60, 20)],
  ])("%s", async (_, change) => {
    await typeTwo();
    expect(shown()).toBe("b");
    change();
    expect(layer().hidden).toBe(true);
  });

  test("once the alternate screen begins", async () => {
    await typeTwo();
    await print("\x1b[?1049h");
    expect(layer().hidden).toBe(true);
  });

  test("of what is not confirmed within a second", async () => {
    await typeTwo();
    vi.advanceTimersByTime(900);
    expect(shown()).toBe("b");
    vi.advanceTimersByTime(200);
    expect(layer().hidden).toBe(true);
  });
});

describe("while keys wait for the connection", () => {
  test("they stay in sight, and look different, until the host could have echoed them", async () => {
    await typeTwo();
    echo.waiting = true;
    echo.roundTrip = null;
    echo.typed("c");
    vi.advanceTimersByTime(60_000);
    expect(shown()).toBe("bc");
    expect(layer().hasAttribute("data-waiting")).toBe(true);
    echo.waiting = false;
    expect(layer().hasAttribute("data-waiting")).toBe(false);
    vi.advanceTimersByTime(900);
    expect(shown()).toBe("bc");
    vi.advanceTimersByTime(200);
    expect(layer().hidden).toBe(true);
  });

  test("also after a fast link", async () => {
    echo.roundTrip = 5;
    await typeTwo();
    expect(shown()).toBe("");
    echo.waiting = true;
    expect(shown()).toBe("b");
    echo.waiting = false;
    expect(shown()).toBe("");
  });

  test("what nobody has echoed, such as a password, is not in sight", () => {
    echo.waiting = true;
    echo.typed("s");
    echo.typed("e");
    expect(shown()).toBe("");
  });
});

test("it begins above 30 ms, and goes on down to 20 ms", async () => {
  echo.roundTrip = 10;
  for (const [roundTrip, expected] of [
    [25, ""],
    [31, "b"],
    [25, "b"],
    [19, ""],
    [29, ""],
  ] as const) {
    echo.roundTrip = roundTrip;
    await print("\r\n$ ");
    await typeTwo();
    expect(shown(), `${roundTrip} ms`).toBe(expected);
    await print("b");
  }
});
