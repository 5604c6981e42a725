/** The ticket in the page's address, after the #: what the link that someone followed has, and what a reload keeps. */
import { read } from "../forms/JoinForm";
import { Ticket } from "../ticket";

/** What is after the #, as a person may have pasted it; empty if there is nothing. */
export function textInAddress(): string {
  const text = location.hash.slice(1);
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Put a ticket into the address, or take it out of there (null). Nothing is loaded again. */
export function putIntoAddress(ticket: Ticket | null): void {
  const address = location.href.split("#", 1)[0]! + (ticket ? `#${ticket.encode()}` : "");
  history.replaceState(history.state, "", address);
}

/** Load the page again when the person goes to another ticket in the same tab; returns how to stop that. */
export function followAddress(): () => void {
  const reload = () => location.reload();
  addEventListener("hashchange", reload); // `replaceState` does not raise it
  return () => removeEventListener("hashchange", reload);
}

/** A ticket as a person may have pasted it; null if it is none. */
export function ticketIn(text: string): Ticket | null {
  const found = read(text);
  return found instanceof Ticket ? found : null;
}
