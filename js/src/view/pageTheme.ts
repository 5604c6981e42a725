/** Light or dark, as the application around the view is at the moment. */
import { useSyncExternalStore } from "react";
import type { Theme } from "./theme";

/** Undefined where the page does not say it: then it is the person's own choice. */
export function usePageTheme(): Theme | undefined {
  return useSyncExternalStore(onPage, pageTheme);
}

function pageTheme(): Theme | undefined {
  const { body, documentElement: html } = document;
  const light = body.dataset.jpThemeLight; // JupyterLab and Notebook
  if (light !== undefined) return light === "false" ? "dark" : "light";
  if (body.matches(".vscode-dark, .vscode-high-contrast:not(.vscode-high-contrast-light)")) return "dark";
  if (body.matches(".vscode-light, .vscode-high-contrast-light")) return "light";
  const colab = html.getAttribute("theme");
  return colab === "dark" || colab === "light" ? colab : undefined;
}

function onPage(listener: () => void): () => void {
  const observer = new MutationObserver(listener);
  observer.observe(document.body, { attributeFilter: ["class", "data-jp-theme-light"] });
  observer.observe(document.documentElement, { attributeFilter: ["theme"] });
  return () => observer.disconnect();
}
