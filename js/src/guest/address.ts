/** The ticket with which someone came: after the # of the address or, once they have joined, hidden behind it. */
import { read } from "../forms/JoinForm";
import { hiddenTicket, hideTicket } from "../session/hiddenTicket";
import { Ticket } from "../ticket";

/** What came with the address, as a person may have pasted it; empty if there is nothing. */
export function textInAddress(): string {
  const text = location.hash.slice(1) || hiddenTicket();
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Have a ticket come with the address from now on, unseen, or none (null). Nothing is loaded again. */
export function putIntoAddress(ticket: Ticket | null): void {
  hideTicket(ticket?.encode() ?? "", location.href.split("#", 1)[0]!);
}

/** Load the page again when the person goes to another ticket in the same tab; returns how to stop that. */
export function followAddress(): () => void {
  const reload = () => location.reload();
  // `replaceState` raises neither. Two addresses with hidden tickets are the same but for their state.
  addEventListener("hashchange", reload);
  addEventListener("popstate", reload);
  return () => {
    removeEventListener("hashchange", reload);
    removeEventListener("popstate", reload);
  };
}

/** A ticket as a person may have pasted it; null if it is none. */
export function ticketIn(text: string): Ticket | null {
  const found = read(text);
  return found instanceof Ticket ? found : null;
}
