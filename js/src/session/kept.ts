/**
 * Keeps the tickets of joined sessions while the page is reloaded. JupyterLab's layout, which is saved on the server,
 * has no more than the sessions' ids.
 */
import { Ticket } from "../ticket";
import { forget, keep, take } from "./away";

export interface Kept {
  ticket: Ticket;
  password: string | null;
}

const PREFIX = "ticket ";

/** Returns what was kept for a session, or null. Can be taken once. */
export function takeTicket(id: string): Kept | null {
  try {
    const { ticket, password } = JSON.parse(take(PREFIX + id)!) as { ticket: string; password: string | null };
    return { ticket: Ticket.decode(ticket), password };
  } catch {
    return null; // nothing was kept, or no ticket
  }
}

/** Keep a ticket whenever the page goes away; returns how to stop that. */
export function keepTicket({ ticket, password }: Kept): () => void {
  return keep(PREFIX + ticket.session, () => JSON.stringify({ ticket: ticket.encode(), password }));
}

/** Forget the tickets that nobody has taken after a reload. */
export function forgetTickets(): void {
  forget(PREFIX);
}
