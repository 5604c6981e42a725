/** Finds the web addresses in what people write. */

export interface Linked {
  text: string;
  /** Where it leads; null for what is not a link. */
  href: string | null;
}

const ADDRESS = /\bhttps?:\/\/[^\s<>"'`\u0000-\u001f\u007f]+/giu;

/** `text` in pieces, of which those that are http and https addresses have an `href`. */
export function linkify(text: string): Linked[] {
  const pieces: Linked[] = [];
  let end = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const address = withoutTrail(match[0]);
    if (!URL.canParse(address)) continue;
    if (match.index > end) pieces.push({ text: text.slice(end, match.index), href: null });
    pieces.push({ text: address, href: new URL(address).href });
    end = match.index + address.length;
  }
  if (end < text.length) pieces.push({ text: text.slice(end), href: null });
  return pieces;
}

/** Without the punctuation of the sentence around it: final stops, and brackets that were opened before it. */
function withoutTrail(address: string): string {
  const count = (bracket: string) => address.split(bracket).length;
  const unopened = new Map(["()", "[]", "{}"].map(([open, close]) => [close!, count(close!) - count(open!)]));
  let end = address.length;
  for (;;) {
    const last = address[end - 1]!;
    const excess = unopened.get(last) ?? 0;
    if (excess > 0) unopened.set(last, excess - 1);
    else if (!".,;:!?*_~".includes(last)) return address.slice(0, end);
    end -= 1;
  }
}
