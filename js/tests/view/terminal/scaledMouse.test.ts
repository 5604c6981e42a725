// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test } from "vitest";
import { unscaleMouse } from "../../../src/view/terminal/scaledMouse";

let terminal: HTMLElement;
let screen: HTMLElement;
let stop: () => void;
let seen: [string, number, number][];

/** The terminal's screen at 100, 50, shown at `scale`. */
function show(scale: number) {
  screen.getBoundingClientRect = () => new DOMRect(100, 50, 800 * scale, 400 * scale);
  Object.defineProperty(screen, "offsetWidth", { value: 800, configurable: true });
}

const note = (event: Event) => {
  const { type, clientX, clientY } = event as MouseEvent;
  seen.push([type, clientX, clientY]);
};

function send(type: string, target: EventTarget, clientX: number, clientY: number, buttons = 1) {
  target.dispatchEvent(new MouseEvent(type, { clientX, clientY, buttons, bubbles: true }));
}

beforeEach(() => {
  document.body.innerHTML = "<div id=terminal><div id=screen></div></div><div id=outside></div>";
  terminal = document.getElementById("terminal")!;
  screen = document.getElementById("screen")!;
  seen = [];
  stop = unscaleMouse(terminal, () => screen);
  for (const type of ["mousedown", "mousemove", "mouseup"]) document.addEventListener(type, note);
});

afterEach(() => {
  stop();
  for (const type of ["mousedown", "mousemove", "mouseup"]) document.removeEventListener(type, note);
});

test("positions are those of an unscaled terminal", () => {
  show(0.5);
  send("mousedown", screen, 140, 60);
  show(2);
  send("mouseup", screen, 300, 250);
  expect(seen).toEqual([
    ["mousedown", 180, 70],
    ["mouseup", 200, 150],
  ]);
});

test("an unscaled terminal's events stay as they are", () => {
  show(1);
  send("mousedown", screen, 140, 60);
  expect(seen).toEqual([["mousedown", 140, 60]]);
});

test("a drag goes on outside, until the button is up", () => {
  show(0.5);
  const outside = document.getElementById("outside")!;
  send("mousemove", outside, 140, 60, 0);
  send("mousedown", screen, 140, 60);
  send("mousemove", outside, 100, 550);
  send("mouseup", outside, 100, 550);
  send("mousemove", outside, 140, 60, 0);
  expect(seen.map(([, x, y]) => [x, y])).toEqual([
    [140, 60],
    [180, 70],
    [100, 1050],
    [100, 1050],
    [140, 60],
  ]);
});

test("a terminal that is not shown changes nothing", () => {
  show(0);
  send("mousedown", screen, 140, 60);
  expect(seen).toEqual([["mousedown", 140, 60]]);
});
