/** xterm.js' addon for images, in a file of its own: most sessions need none of its 60 kB. */
import { ImageAddon, type IImageAddonOptions } from "@xterm/addon-image";
import type { Terminal } from "@xterm/xterm";

/** Milliseconds between two looks at the decoder, and how many there are. */
const INTERVAL = 10;
const LOOKS = 500;

/** What the addon has of its decoder: it drops sixels until there is one, and does not tell when that is. */
interface WithDecoder {
  _handlers?: ReadonlyMap<string, { _dec?: unknown }>;
}

/** Load the addon into a terminal; done once it draws what comes. */
export async function addImages(terminal: Terminal, options: IImageAddonOptions): Promise<void> {
  const addon = new ImageAddon(options);
  terminal.loadAddon(addon);
  const sixels = (addon as WithDecoder)._handlers?.get("sixel");
  for (let look = 0; sixels && sixels._dec === undefined && look < LOOKS; look++) {
    await new Promise((resolve) => setTimeout(resolve, INTERVAL));
  }
}
