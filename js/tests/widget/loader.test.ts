// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import makeWidget from "../../src/widget/loader";
import type { State } from "../../src/widget/model";
import { FakeModel } from "./fakeModel";

/** The widget's code as the kernel sends it, which writes into its views whose it is. */
const code = (version: string) => `
  export const version = "${version}";
  export function start(model) {
    return (el) => {
      el.textContent = "kernel's " + model.get("name");
      return () => undefined;
    };
  }`;

let version: string;
let count = 0;

beforeEach(() => {
  version = `1.2.${++count}`; // what is loaded once stays loaded
  document.body.innerHTML = "";
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date"] });
  // Node imports no blobs.
  vi.stubGlobal("Blob", Object);
  vi.spyOn(URL, "createObjectURL").mockImplementation((blob) => {
    const [bytes] = blob as unknown as [Uint8Array];
    return `data:text/javascript,${encodeURIComponent(new TextDecoder().decode(bytes))}`;
  });
  vi.spyOn(URL, "revokeObjectURL").mockReturnValue();
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** The page is one of a Jupyter server, which has the code of a version, if any. */
function serve(has: string | null): void {
  document.body.innerHTML = `<script id="jupyter-config-data" type="application/json">{"baseUrl": "/user/ada"}</script>`;
  if (has === null) return;
  const start = (model: FakeModel) => (el: HTMLElement) => {
    el.textContent = `server's ${model.get("name")}`;
    return () => model.send({ type: "removed" });
  };
  vi.doMock(`http://localhost:3000/user/ada/static/sshx_jupyter/widget.js?v=${version}`, () => ({
    version: has,
    start,
  }));
}

function widget(state: Partial<State> = {}) {
  const model = new FakeModel({ _version: version, name: "demo", ...state });
  const made = makeWidget();
  made.initialize({ model });
  return {
    model,
    show() {
      const el = document.createElement("div");
      const remove = made.render({ el });
      return { el, remove };
    },
  };
}

const types = ({ sent }: FakeModel) => sent.map(({ type }) => type);
const answer = (model: FakeModel) => model.answer("code", { type: "code" }, new TextEncoder().encode(code(version)));
const shows = (el: HTMLElement, text: string) => vi.waitFor(() => expect(el.textContent).toBe(text));

test("the page's own server has the code", async () => {
  serve(version);
  const { model, show } = widget();
  const [one, two] = [show(), show()];
  await shows(one.el, "server's demo");
  await shows(two.el, "server's demo");
  expect(types(model)).toEqual([]);
  one.remove();
  expect(types(model)).toEqual(["removed"]);
  expect([one.el.textContent, two.el.textContent]).toEqual(["", "server's demo"]);
});

test.each([
  ["has none", () => serve(null)],
  ["has another version", () => serve("9.9.9")],
  ["is not there", () => undefined],
])("the kernel is asked where the page's server %s, once for all widgets", async (_, prepare) => {
  prepare();
  const [first, second] = [widget(), widget({ name: "other" })];
  const [one, two] = [first.show(), second.show()];
  await vi.waitFor(() => expect(types(first.model)).toEqual(["code"]));
  first.model.say({ type: "code", id: "another front end's" });
  answer(first.model);
  await shows(one.el, "kernel's demo");
  await shows(two.el, "kernel's other");
  expect(types(second.model)).toEqual([]);
});

test("who waits is told for what, and at last that it is over, unless the kernel says something after all", async () => {
  const { model, show } = widget();
  const { el } = show();
  await vi.waitFor(() => expect(types(model)).toEqual(["code"]));
  await vi.advanceTimersByTimeAsync(900);
  expect(el.textContent).toBe("");
  await vi.advanceTimersByTimeAsync(900);
  expect(el.textContent).toBe("Loading the session…");
  await vi.advanceTimersByTimeAsync(2_000);
  expect(el.textContent).toMatch(/^Waiting for the kernel/);
  model.say({ type: "kernel", busy: true });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(el.textContent).toMatch(/^Waiting for the kernel/);
  model.say({ type: "kernel", busy: false });
  await vi.advanceTimersByTimeAsync(11_000);
  expect(el.textContent).toMatch(/^This session has ended\. The kernel was shut down/);
  answer(model);
  await vi.waitFor(() => expect(types(model)).toEqual(["code", "code"]));
  answer(model);
  await shows(el, "kernel's demo");
});

test("a widget whose kernel answers does not wait for another's", async () => {
  const [dead, alive] = [widget(), widget()];
  dead.show();
  const { el } = alive.show();
  await vi.waitFor(() => expect(types(dead.model)).toEqual(["code"]));
  dead.model.emit("comm_live_update");
  await vi.waitFor(() => expect(types(alive.model)).toEqual(["code"]));
  answer(alive.model);
  await shows(el, "kernel's demo");
});

test("what has ended needs no code", async () => {
  serve(version);
  const { el } = widget({ ended: "The host stopped sharing." }).show();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(el.textContent).toBe("This session has ended. The host stopped sharing.");
});

test("what ends meanwhile, and a view that goes", async () => {
  const { model, show } = widget();
  const [one, two] = [show(), show()];
  two.remove();
  model.set({ ended: "You stopped sharing." });
  await vi.advanceTimersByTimeAsync(1_000);
  expect(one.el.textContent).toBe("This session has ended. You stopped sharing.");
  answer(model);
  await shows(one.el, "kernel's demo");
  expect(two.el.textContent).toBe("");
});
