/** Draws terminals with WebGL where that is fast, and leaves them to xterm.js' DOM renderer elsewhere. */
import { WebglAddon } from "@xterm/addon-webgl";
import type { IDisposable, Terminal } from "@xterm/xterm";

/** Browsers lose the oldest context when a page has more than about 16. */
const MAX_CONTEXTS = 12;

/** Renderers without a graphics card, which not every browser counts as a caveat. */
const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render/i;

let contexts = 0;
let fast: boolean | undefined;
// Found out while there is nothing else to do, such as when a page waits for the host: it takes some 10 ms. Safari has no
// such callback, and finds out with the first terminal.
if (typeof requestIdleCallback === "function") requestIdleCallback(() => (fast ??= isFast()));

export function drawWithWebgl(terminal: Terminal): IDisposable {
  fast ??= isFast();
  if (!fast || contexts >= MAX_CONTEXTS) return { dispose: () => undefined };
  let addon: WebglAddon | null = new WebglAddon();
  const dispose = () => {
    if (!addon) return;
    contexts -= 1;
    addon.dispose();
    addon = null;
  };
  contexts += 1;
  try {
    addon.onContextLoss(dispose);
    terminal.loadAddon(addon);
  } catch {
    fast = false;
    dispose();
  }
  return { dispose };
}

function isFast(): boolean {
  const context = document.createElement("canvas").getContext("webgl2", { failIfMajorPerformanceCaveat: true });
  if (!context) return false;
  const names = context.getExtension("WEBGL_debug_renderer_info");
  const renderer = String(context.getParameter(names?.UNMASKED_RENDERER_WEBGL ?? context.RENDERER));
  context.getExtension("WEBGL_lose_context")?.loseContext();
  return !SOFTWARE.test(renderer);
}
