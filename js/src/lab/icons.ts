/** The plugin's icons, drawn like JupyterLab's own. */
import { LabIcon } from "@jupyterlab/ui-components";

// JupyterLab's classes give colors to what has such an attribute itself.
const SCREEN =
  '<g fill="none" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round">' +
  '<path class="jp-icon3" stroke="#616161" d="M14.2 7.6V4.1A1.6 1.6 0 0 0 12.6 2.5H3.4a1.6 1.6 0 0 0-1.6 1.6v7.3A1.6 1.6 0 0 0 3.4 13h3.2"/>' +
  '<path class="jp-icon3" stroke="#616161" d="m4.5 5.6 2.1 2-2.1 2"/></g>';

function icon(name: string, drawing: string): LabIcon {
  return new LabIcon({
    name: `sshx:${name}`,
    svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 16 16">${SCREEN}${drawing}</svg>`,
  });
}

/** An icon as it stands on a tab of the main area, where JupyterLab itself puts it only when a tab is added. */
export function onTab(icon: LabIcon): LabIcon {
  let bound = bounds.get(icon);
  if (!bound) bounds.set(icon, (bound = icon.bindprops({ stylesheet: "mainAreaTab" })));
  return bound;
}

const bounds = new WeakMap<LabIcon, LabIcon>();

/** A terminal that others see: someone stands before the screen. */
export const sharedIcon = icon(
  "share",
  '<circle class="jp-icon3" fill="#616161" cx="11.6" cy="9.9" r="1.8"/>' +
    '<path class="jp-icon3" fill="#616161" d="M8.2 15.2c0-2 1.5-3 3.4-3s3.4 1 3.4 3z"/>',
);

/** A session: several screens on one canvas. */
export const sessionIcon = new LabIcon({
  name: "sshx:session",
  svgstr:
    '<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 16 16">' +
    '<g fill="none" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round">' +
    '<path class="jp-icon3" stroke="#616161" d="M5 4.6V3.1a1.3 1.3 0 0 1 1.3-1.3h6.6a1.3 1.3 0 0 1 1.3 1.3v4.6A1.3 1.3 0 0 1 12.9 9h-.8"/>' +
    '<rect class="jp-icon3" stroke="#616161" x="1.8" y="6.4" width="9" height="7.8" rx="1.3"/>' +
    '<path class="jp-icon3" stroke="#616161" d="m4.2 8.8 1.6 1.5-1.6 1.5"/></g></svg>',
});

/** The way into someone else's session: an arrow that leads into a screen. */
export const joinIcon = icon(
  "join",
  '<path class="jp-icon3" stroke="#616161" fill="none" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round" d="M15 12.3H9.2m2.3-2.5-2.5 2.5 2.5 2.5"/>',
);

/** A session that one is not in yet. */
export const waitingIcon = icon(
  "waiting",
  '<circle class="jp-icon3" fill="#616161" cx="9.6" cy="12.6" r="1"/>' +
    '<circle class="jp-icon3" fill="#616161" cx="12.2" cy="12.6" r="1"/>' +
    '<circle class="jp-icon3" fill="#616161" cx="14.8" cy="12.6" r="1"/>',
);

/** A session that there is no connection to. */
export const brokenIcon = icon(
  "broken",
  '<path class="jp-icon3" stroke="#616161" stroke-width="1.6" stroke-linecap="round" d="m9.6 10.4 4.4 4.4m0-4.4-4.4 4.4"/>',
);
