/** Why somebody cannot join, and which field of the form is at fault. */

export interface Complaint {
  /** The field to change; null if none of them is at fault. */
  field: "ticket" | "password" | "name" | null;
  message: string;
}

/** What is wrong with the ticket itself; see `TicketError` and `Refused`. */
const OF_TICKET = ["empty", "foreign", "newer", "incomplete", "mistyped", "crowded", "malformed", "notFound"];

/** The field at fault, for the reasons of `TicketError` and `Refused`. */
export function fieldOf(reason: string, password: string | null): Complaint["field"] {
  if (reason === "passwordRequired" || (reason === "invalidAuth" && password !== null)) return "password";
  return reason === "invalidAuth" || OF_TICKET.includes(reason) ? "ticket" : null;
}
