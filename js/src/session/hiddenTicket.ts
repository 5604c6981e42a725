/**
 * Keeps a guest's ticket out of the address bar, where others read it over the guest's shoulder or on a shared screen. The
 * tab's history has it instead: a reload, *Back* and a restored tab find it there, also on pages that have no storage.
 */

const KEY = "sshxTicket";

/** The ticket's text that is hidden behind the present address; empty if there is none. */
export function hiddenTicket(): string {
  const ticket = state()[KEY];
  return typeof ticket === "string" ? ticket : "";
}

/** Show this address, which has no ticket in it, and hide a ticket behind it. An empty one is forgotten. */
export function hideTicket(ticket: string, address: string): void {
  const others = Object.fromEntries(Object.entries(state()).filter(([key]) => key !== KEY));
  history.replaceState(ticket ? { ...others, [KEY]: ticket } : others, "", address);
}

function state(): Record<string, unknown> {
  return (history.state ?? {}) as Record<string, unknown>;
}
