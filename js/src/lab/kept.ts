/**
 * Who reloads the page is back in the sessions that they have joined: their tickets are kept meanwhile. JupyterLab's
 * layout, which is saved on the server, has no more than their ids.
 */
import { forget, keep, take } from "../session/away";

export interface Kept {
  ticket: string;
  password: string | null;
}

const PREFIX = "ticket ";

/** What was kept for this session. It can be taken once. */
export function takeTicket(id: string): Kept | null {
  try {
    return JSON.parse(take(PREFIX + id) ?? "null") as Kept | null;
  } catch {
    return null; // not what was put there
  }
}

/** Keep it whenever the page goes away; returns how to stop that. */
export function keepTicket(id: string, kept: Kept): () => void {
  return keep(PREFIX + id, () => JSON.stringify(kept));
}

/** The sessions that are to be back are: forget the others. */
export function forgetTickets(): void {
  forget(PREFIX);
}
