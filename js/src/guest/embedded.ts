/** What an invite file has in its HTML, as `guest_page.py` writes it. */

const INVITE = "sshx-invite";

/** The text of the block with this id; null if the page has none. */
export function embedded(id: string): string | null {
  return document.getElementById(id)?.textContent.trim() ?? null;
}

/** The ticket in the file; empty if there is none. */
export function embeddedTicket(): string {
  return embedded(INVITE) ?? "";
}
