/** Who one is to others: what the person has set, else what Jupyter knows of them. */
import type { User } from "@jupyterlab/services";
import { getSettings } from "../view/settings";

export interface Identity {
  name?: string;
  /** `#rrggbb`. */
  color?: string;
}

/** The person, as far as is known now, and when all is known that will be. */
export interface Me {
  now: () => Identity;
  ready: Promise<unknown>;
}

/** Milliseconds that Jupyter may take to say who its user is. */
const PATIENCE = 2_000;

export function meOf(user: User.IManager | undefined): Me {
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE));
  const known = user?.ready.catch(() => undefined); // then the host makes up a name
  return { now: () => identityOf(user), ready: Promise.race([late, known]) };
}

/** What is empty is left to the host. */
export function identityOf(user: User.IManager | undefined): Identity {
  const settings = getSettings();
  const jupyters = user?.identity;
  const name = settings.name || (jupyters?.display_name ?? "");
  const color = settings.color || hex(jupyters?.color ?? "");
  return { ...(name && { name }), ...(color && { color }) };
}

/** Any colour of CSS as `#rrggbb`, also one of JupyterLab's variables; empty if it is none. */
export function hex(color: string): string {
  const variable = /^var\((--[\w-]+)\)$/.exec(color.trim())?.[1];
  const text = variable ? getComputedStyle(document.body).getPropertyValue(variable).trim() : color;
  if (!text || !CSS.supports("color", text)) return "";
  const paint = document.createElement("canvas").getContext("2d");
  if (paint === null) return "";
  paint.fillStyle = text;
  return /^#[0-9a-f]{6}$/.exec(paint.fillStyle)?.[0] ?? "";
}
