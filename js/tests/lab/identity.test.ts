// @vitest-environment happy-dom
import type { User } from "@jupyterlab/services";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { hex, identityOf, meOf } from "../../src/lab/identity";
import { changeSettings, DEFAULTS } from "../../src/view/settings";

/** What a canvas makes of colors; there is none here. */
const PAINTED: Record<string, string> = {
  red: "#ff0000",
  "rgb(1, 2, 3)": "#010203",
  "rgba(1, 2, 3, 0.5)": "rgba(1, 2, 3, 0.5)",
  "#ABC": "#aabbcc",
};

beforeEach(() => {
  changeSettings(DEFAULTS);
  vi.stubGlobal("CSS", { supports: (_: string, text: string) => text in PAINTED });
  const paint = {
    get fillStyle() {
      return PAINTED[this.text] ?? "#000000";
    },
    set fillStyle(text: string) {
      this.text = text;
    },
    text: "",
  };
  vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockReturnValue(paint as unknown as null);
  document.body.style.setProperty("--jp-collaborator-color1", " red");
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe("a color in hexadecimal", () => {
  test.each([
    ["red", "#ff0000"],
    ["#ABC", "#aabbcc"],
    ["rgb(1, 2, 3)", "#010203"],
    ["var(--jp-collaborator-color1)", "#ff0000"],
    [" var(--jp-collaborator-color1) ", "#ff0000"],
  ])("%j is %j", (color, text) => {
    expect(hex(color)).toBe(text);
  });

  test.each(["", "nonsense", "var(--jp-nothing)", "rgba(1, 2, 3, 0.5)"])("%j is none", (color) => {
    expect(hex(color)).toBe("");
  });

  test("there is none where nothing can be painted", () => {
    vi.mocked(HTMLCanvasElement.prototype).getContext.mockReturnValue(null);
    expect(hex("red")).toBe("");
  });
});

describe("an identity", () => {
  const user = (display_name: string, color: string) => ({ identity: { display_name, color } }) as User.IManager;

  test("is what Jupyter knows of the person", () => {
    expect(identityOf(user("Ada", "var(--jp-collaborator-color1)"))).toEqual({ name: "Ada", color: "#ff0000" });
  });

  test("is what the person has set, each for itself", () => {
    changeSettings({ name: "Grace" });
    expect(identityOf(user("Ada", "red"))).toEqual({ name: "Grace", color: "#ff0000" });
    changeSettings({ name: "", color: "#123456" });
    expect(identityOf(user("Ada", "red"))).toEqual({ name: "Ada", color: "#123456" });
  });

  test("is left to the host where nothing is known", () => {
    expect(identityOf(user("", "nonsense"))).toEqual({});
    expect(identityOf(undefined)).toEqual({});
    expect(identityOf(user("Anonymous Kale", ""))).toEqual({}); // made up by Jupyter
    expect(identityOf({ identity: null } as User.IManager)).toEqual({});
  });
});

describe("me", () => {
  beforeEach(() => void vi.useFakeTimers());

  afterEach(() => void vi.useRealTimers());

  /** Whether it is known who one is, after a while. */
  async function known(user: Partial<User.IManager> | undefined, milliseconds: number): Promise<boolean> {
    const told = vi.fn();
    void meOf(user as User.IManager | undefined).ready.then(told);
    await vi.advanceTimersByTimeAsync(milliseconds);
    return told.mock.calls.length > 0;
  }
  const never = new Promise<void>(() => undefined);

  test("is known when Jupyter says so, or cannot", async () => {
    expect(await known({ ready: Promise.resolve() }, 0)).toBe(true);
    expect(await known({ ready: Promise.reject(new Error("There is no user.")) }, 0)).toBe(true);
    expect(await known(undefined, 0)).toBe(true);
  });

  test("is waited for, but not for more than 2 s", async () => {
    expect(await known({ ready: never }, 1999)).toBe(false);
    expect(await known({ ready: never }, 2000)).toBe(true);
  });

  test("is who one is by now", () => {
    const user = { ready: never, identity: null } as unknown as { identity: object | null };
    const me = meOf(user as User.IManager);
    expect(me.now()).toEqual({});
    user.identity = { display_name: "Ada" };
    expect(me.now()).toEqual({ name: "Ada" });
  });
});
