/**
 * Keeps the tickets of joined sessions while the page is reloaded. JupyterLab's layout, which is saved on the server,
 * has no more than the sessions' ids. JupyterLab's plugin loads this file at once, and so not the decoder of tickets.
 */
import type { Ticket } from "../ticket";
import { forget, has, keep, take } from "./away";

export interface Kept {
  /** Encoded. */
  ticket: string;
  password: string | null;
}

const PREFIX = "ticket ";

/** Whether the person was in the session when the page went away. */
export function hasTicket(id: string): boolean {
  return has(PREFIX + id);
}

/** Returns what was kept for a session, or null. Can be taken once. */
export function takeTicket(id: string): Kept | null {
  try {
    return JSON.parse(take(PREFIX + id) ?? "null") as Kept | null;
  } catch {
    return null; // something else was kept
  }
}

/** Keep a ticket whenever the page goes away; returns how to stop that. */
export function keepTicket(ticket: Ticket, password: string | null): () => void {
  const kept: Kept = { ticket: ticket.encode(), password };
  return keep(PREFIX + ticket.session, () => JSON.stringify(kept));
}

/** Forget the tickets that nobody has taken after a reload. */
export function forgetTickets(): void {
  forget(PREFIX);
}
