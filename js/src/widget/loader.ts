/**
 * What a notebook holds of a widget: gets its code, and says what is the case while there is none.
 *
 * The code is the page's Jupyter server's if that has this version of the package, else the kernel's: it would be too
 * large for every saved notebook and every display.
 */
import type * as Code from "./index";
import { kernelGone, Kernel } from "./kernel";
import type { Model } from "./model";
import { pageServer } from "./server";
import { trans } from "../translation";

/** Milliseconds after which a person is told that they wait, and that the kernel may be the reason. */
const SLOW = 1_000;
const SILENT = 3_000;

const LINE = "padding:8px;color:var(--jp-ui-font-color1,inherit);font:13px/1.4 var(--jp-ui-font-family,system-ui)";
const BOX = `${LINE};padding:24px;border:1px solid var(--jp-border-color1,#8886);border-radius:6px;text-align:center`;

const waiting = () => trans.__("Waiting for the kernel. It may be running a cell, or it may have shut down.");

/** What is got, or has been, by version, for all widgets of the page: each model has a copy of this module. */
const page = globalThis as { sshxWidgets?: Map<string, Promise<typeof Code>> };
const codes = (page.sshxWidgets ??= new Map<string, Promise<typeof Code>>());

/** Called for each model. */
export default () => {
  let model: Model;
  let kernel: Kernel;
  let shown: Promise<Code.Show> | null = null;
  return {
    /** This model, unlike those of the views, does not lose its listeners with a view. */
    initialize(widget: { model: Model }) {
      ({ model } = widget);
      kernel = new Kernel(model);
    },
    render({ el }: { el: HTMLElement }) {
      // How JupyterLab and Notebook mark what is from a saved notebook.
      if (el.matches(".jupyter-widgets-disconnected")) kernel.lose();
      return view(el, model, kernel, () => {
        shown ??= load(model.get("_version"), kernel).then((code) => code.start(model, kernel));
        shown.catch(() => (shown = null)); // the next may have more luck
        return shown;
      });
    },
  };
};

/** Shows a widget in one place as soon as there is the code for it; returns how to remove it. */
function view(el: HTMLElement, model: Model, kernel: Kernel, get: () => Promise<Code.Show>): () => void {
  const place = el.appendChild(document.createElement("div"));
  let removed = false;
  let remove: () => void = () => undefined;

  const say = (text: string, style = LINE) => {
    if (text === place.textContent) return;
    place.innerHTML = `<div role="status" style="${style}"></div>`;
    place.firstElementChild!.textContent = text;
  };
  const end = (reason: string) => say(`${trans.__("This session has ended.")} ${reason}`, BOX);

  const open = async () => {
    const began = Date.now();
    const timer = setInterval(() => {
      const waited = Date.now() - began;
      if (model.get("ended")) end(model.get("ended"));
      else if (kernel.busy || (kernel.asked && waited > SILENT)) say(waiting());
      else if (waited > SLOW) say(trans.__("Loading the session…"));
    }, SLOW / 4);
    try {
      const show = await get();
      if (removed) return;
      place.replaceChildren();
      remove = show(place);
    } catch (error) {
      if (removed) return;
      end((error as Error).message);
      // Whatever it says later, it is there after all.
      remove = kernel.on(() => {
        remove();
        void open();
      });
    } finally {
      clearInterval(timer);
    }
  };
  if (model.get("ended")) end(model.get("ended"));
  else void open();
  return () => {
    removed = true;
    remove();
    place.remove();
  };
}

/** The code of this version, got once for the page; again by those who waited for another's kernel in vain. */
function load(version: string, kernel: Kernel): Promise<typeof Code> {
  const others = codes.get(version);
  if (others) return others.catch(() => load(version, kernel));
  const code = fromServer(version).catch(() => fromKernel(kernel));
  codes.set(version, code);
  code.catch(() => codes.delete(version));
  return code;
}

async function fromServer(version: string): Promise<typeof Code> {
  const server = pageServer();
  if (!server) throw new Error(); // the kernel is asked instead
  const code = await run(new URL(`static/sshx_jupyter/widget.js?v=${version}`, server.root).href);
  if (code.version !== version) throw new Error();
  return code;
}

async function fromKernel(kernel: Kernel): Promise<typeof Code> {
  const answer = kernel.ask({ type: "code" }, "code");
  const gone = kernel.silence(answer).then(() => Promise.reject(new Error(kernelGone())));
  const { buffers } = await Promise.race([answer, gone]);
  const url = URL.createObjectURL(new Blob([buffers[0] as BlobPart], { type: "text/javascript" }));
  try {
    return await run(url);
  } finally {
    URL.revokeObjectURL(url);
  }
}

function run(url: string): Promise<typeof Code> {
  return import(url) as Promise<typeof Code>;
}
