/**
 * Who reloads the page is back in the sessions that they have joined: the tickets wait in the browser tab's own storage
 * while the page is away, and only then. JupyterLab's layout, which is saved on the server, has no more than their ids.
 */

export interface Kept {
  ticket: string;
  password: string | null;
}

const KEY = "sshx:joined:";

/** What was kept for this session. It can be taken once. */
export function takeTicket(id: string): Kept | null {
  try {
    const text = sessionStorage.getItem(KEY + id);
    sessionStorage.removeItem(KEY + id);
    return text === null ? null : (JSON.parse(text) as Kept);
  } catch {
    return null; // no storage, or not what was put there
  }
}

/** Keep it whenever the page goes away; returns how to stop that. */
export function keepTicket(id: string, kept: Kept): () => void {
  const keep = () => {
    try {
      sessionStorage.setItem(KEY + id, JSON.stringify(kept));
    } catch {
      // Then it has to be pasted again.
    }
  };
  const back = () => void takeTicket(id); // the browser has kept the page itself
  window.addEventListener("pagehide", keep);
  window.addEventListener("pageshow", back);
  return () => {
    window.removeEventListener("pagehide", keep);
    window.removeEventListener("pageshow", back);
  };
}
