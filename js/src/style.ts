/** Style sheets, which `build.mjs` makes modules of: one element of the page holds them all. */

const ID = "sshx-style";

export function addStyle(css: string): void {
  let element = document.getElementById(ID);
  if (!element) {
    element = document.head.appendChild(document.createElement("style"));
    element.id = ID;
  }
  element.append(css);
}

/** Give the styles to the shadow root as well that an element is in, if any: those of the page do not reach into it. */
export function addStylesAround(element: Element): void {
  const root = element.getRootNode();
  const styles = document.getElementById(ID);
  if (styles && root instanceof ShadowRoot && !root.getElementById(ID)) root.prepend(styles.cloneNode(true));
}
