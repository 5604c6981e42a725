/** Who one is to others: what the person has set, else what Jupyter knows of them. */
import type { User } from "@jupyterlab/services";
import type { Identity, Me } from "../session/identity";
import { chosenIdentity, onSettings } from "../view/settings";

/** Milliseconds that Jupyter may take to say who its user is. */
const PATIENCE = 2_000;
/** How the names begin that Jupyter makes up for people who have logged in with a token or a password. */
// eslint-disable-next-line no-restricted-syntax -- Jupyter's own, in every language
const MADE_UP = "Anonymous ";

export function meOf(user: User.IManager | undefined): Required<Me> {
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE));
  const known = user?.ready.catch(() => undefined); // then the host makes up a name
  return { now: () => identityOf(user), ready: Promise.race([late, known]), on: onSettings };
}

/** What is empty is left to the host. A name that Jupyter has made up tells others nothing. */
export function identityOf(user: User.IManager | undefined): Identity {
  const { display_name = "", color = "" } = user?.identity ?? {};
  return chosenIdentity({ name: display_name.startsWith(MADE_UP) ? "" : display_name, color: hex(color) });
}

/** Any color of CSS as `#rrggbb`, also one of JupyterLab's variables; empty if it is none. */
export function hex(color: string): string {
  const variable = /^var\((--[\w-]+)\)$/.exec(color.trim())?.[1];
  const text = variable ? getComputedStyle(document.body).getPropertyValue(variable).trim() : color;
  if (!text || !CSS.supports("color", text)) return "";
  const paint = document.createElement("canvas").getContext("2d");
  if (paint === null) return "";
  paint.fillStyle = text;
  return /^#[0-9a-f]{6}$/.exec(paint.fillStyle)?.[0] ?? "";
}
