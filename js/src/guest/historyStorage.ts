/** Keeps what a reload must not lose in the tab's history: for pages that have no storage, such as files on a disk. */
import type { PageStorage } from "../session/away";

const KEY = "sshx";

export const historyStorage: PageStorage = {
  lastEvent: "beforeunload", // after it, browsers take no more of a page's history
  take() {
    const { [KEY]: values = {}, ...rest } = state();
    if (KEY in state()) history.replaceState(rest, "");
    return values;
  },
  put(values) {
    history.replaceState({ ...state(), [KEY]: Object.fromEntries(values) }, "");
  },
};

function state(): { [KEY]?: Record<string, string> } {
  return (history.state ?? {}) as { [KEY]?: Record<string, string> };
}
