/** What the person sees of sessions at the moment, in tabs and in the widgets of notebooks: JupyterLab need not tell it. */
import type { Tabs } from "./tabs";

type Shown = Pick<Tabs, "shows" | "showsChat">;

export function seesSession(tabs: Shown | null, id: string): boolean {
  return tabs?.shows(id) === true || widgets(id).length > 0;
}

export function seesChat(tabs: Shown | null, id: string): boolean {
  return tabs?.showsChat(id) === true || widgets(id).some((view) => view.querySelector("[data-panel=chat]") !== null);
}

/** Views of a session in notebooks, as far as they are on the screen. They are of another bundle. */
function widgets(id: string): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>(`.sshx-widget .sshx-session[data-session="${id}"]`)].filter(
    (view) => {
      const { top, bottom, width } = view.getBoundingClientRect();
      return width > 0 && bottom > 0 && top < innerHeight;
    },
  );
}
