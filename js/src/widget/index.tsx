/** The widget's code, which `loader.ts` gets for all widgets of a page: what a session looks like in a notebook. */
import { createRoot } from "react-dom/client";
import { addStylesAround } from "../style";
import type { Kernel } from "./kernel";
import type { Model } from "./model";
import { setLanguage } from "../translation";
import { WidgetSession } from "./session";
import { Widget } from "./Widget";

/** The package's version that this is of, from the bundler. */
declare const VERSION: string;
export const version = VERSION;

// JupyterLab says which language it is in.
setLanguage(document.documentElement.lang ? [document.documentElement.lang] : navigator.languages);

/** What shows a widget in as many views as there are; each call returns how to remove that one. */
export type Show = (element: HTMLElement) => () => void;

export function start(model: Model, kernel: Kernel): Show {
  const widget = new WidgetSession(model, kernel);
  return (element) => {
    addStylesAround(element);
    const root = createRoot(element);
    root.render(<Widget widget={widget} />);
    return () => root.unmount();
  };
}
