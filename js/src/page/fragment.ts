/**
 * What is after the # in the page's address, the ticket, over the login: its redirects lose it. Kept in the tab's own
 * storage by `login.ts` and taken out again by the page.
 */

import { hiddenTicket } from "../session/hiddenTicket";

const KEY = "sshx:fragment";
/** In the query of an address to which the login leads back. The same as in `server/pages.py`. */
const LOGIN = "login";

/** Go to the login, and then back here. */
export function logInHere(): void {
  try {
    sessionStorage.setItem(KEY, location.pathname + (location.hash || `#${hiddenTicket()}`));
  } catch {
    // Storage may be forbidden. The page then asks for the ticket.
  }
  location.replace(`?${LOGIN}`); // relative: a path that begins with // would be another server's
}

/**
 * After the login: the address as it was before. Takes the query off, also Jupyter's own `?token=`.
 *
 * @returns whether the person has just logged in.
 */
export function cleanAddress(): boolean {
  let hash = location.hash;
  const kept = taken(); // out of the storage in any case: it lets in who has it
  const loggedIn = new URLSearchParams(location.search).has(LOGIN);
  if (loggedIn) hash ||= kept;
  if (location.search || hash !== location.hash) {
    history.replaceState(null, "", location.pathname + hash);
  }
  return loggedIn;
}

function taken(): string {
  try {
    const [path, fragment] = (sessionStorage.getItem(KEY) ?? "").split("#", 2);
    sessionStorage.removeItem(KEY);
    return path === location.pathname && fragment ? `#${fragment}` : "";
  } catch {
    return "";
  }
}
