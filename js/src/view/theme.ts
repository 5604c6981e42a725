/** Light or dark: what the person chose, what their system prefers, or what the page around the view says. */
import { useSyncExternalStore } from "react";
import { useSettings } from "./settings";

export type Theme = "light" | "dark";

const prefersDark = matchMedia("(prefers-color-scheme: dark)");

/** The theme to show, kept up to date. `override` is the surrounding application's, which wins. */
export function useTheme(override?: Theme): Theme {
  const { appearance } = useSettings();
  const system = useSyncExternalStore(onSystemTheme, systemTheme);
  return override ?? (appearance === "auto" ? system : appearance);
}

function systemTheme(): Theme {
  return prefersDark.matches ? "dark" : "light";
}

function onSystemTheme(listener: () => void): () => void {
  prefersDark.addEventListener("change", listener);
  return () => prefersDark.removeEventListener("change", listener);
}
