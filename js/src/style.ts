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
