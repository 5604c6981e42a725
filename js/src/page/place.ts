/** Which page this is, as its address says: the start page, or that of a session, whose ticket is after the # or hidden. */

export interface Place {
  /** A session's id; null on the start page. */
  id: string | null;
  /** What came with the address, as a person may have pasted it; empty if there is nothing. */
  ticket: string;
}

export const START: Place = { id: null, ticket: "" };

/**
 * @param root - the address of the Jupyter server, up to its base URL with the slash at its end.
 * @param hidden - the ticket that is hidden behind the address.
 */
export function placeAt(root: URL, address: URL, hidden = ""): Place {
  const path = address.pathname.slice(root.pathname.length);
  const id = /^sshx\/p2p\/([0-9a-f]{32})$/i.exec(path)?.[1];
  return { id: id?.toLowerCase() ?? null, ticket: decoded(address.hash.slice(1)) || hidden };
}

export function addressOf(root: URL, place: Place): string {
  const path = `${root.pathname}sshx/p2p${place.id === null ? "" : `/${place.id}`}`;
  return path + (place.ticket ? `#${encodeURIComponent(place.ticket)}` : "");
}

function decoded(fragment: string): string {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return fragment;
  }
}
