/**
 * Tickets: the short string that lets someone into a session. The mirror of `ticket.py`, which describes the format.
 */
import { bigEndian, SESSION_ID_SIZE, type Credentials } from "./protocol/handshake";
import { trans } from "./translation";

/** Why a text is not a ticket; see `TicketError`. */
export type TicketReason = "empty" | "foreign" | "newer" | "incomplete" | "mistyped" | "malformed" | "crowded";

const SECRET_SIZE = 16;
const MAX_ADDRESS = 2048;
const MAX_DIRECT_ADDRESSES = 16;
/** Unix times at which an invite may end: those that CBOR writes in four bytes. */
const EARLIEST = 2 ** 16;
const LATEST = 2 ** 32 - 1;
const PREFIX = "sshx";
const VERSION = "1";
const ENDPOINT = "endpoint"; // what iroh writes before the base32 of an EndpointTicket
const MAX_TEXT = 16_384; // much more than the longest ticket as a link, with a line break after every character
const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";

const SENTENCES: Record<TicketReason, () => string> = {
  empty: () => trans.__("No ticket was found. Paste the ticket from the host. It starts with sshx1."),
  foreign: () => trans.__("This is not an sshx ticket. A ticket starts with sshx1. In a link, it comes after the #."),
  newer: () => trans.__("This ticket is from a newer version of sshx-jupyter. Update sshx-jupyter and try again."),
  incomplete: () => trans.__("This ticket is incomplete. Copy the whole ticket and try again."),
  mistyped: () => trans.__("This ticket contains a wrong character. Copy the ticket instead of typing it."),
  malformed: () => trans.__("This version of sshx-jupyter cannot read this ticket. Ask the host for a new one."),
  crowded: () => trans.__("This ticket has more than 16 addresses. Ask the host for a new one."),
};

// Spaces, and the invisible characters that chat programs and PDFs put into long words.
const SPACE = /[\s\u001c-\u001f\u0085\u200b-\u200d\u2060\ufeff]+/gu;
/** What people copy with a ticket: the line that joins in a shell or a notebook. */
const COMMAND = /^(\$[ \t\n\r\f\v]*)?(jupyter[ \t\n\r\f\v-]+|%)sshx[ \t\n\r\f\v]+join[ \t\n\r\f\v]+/;

/** A text is not a ticket. The message is a sentence for a person; it holds nothing of the text. */
export class TicketError extends Error {
  override readonly name = "TicketError";
  /**
   * `empty` (nothing there), `foreign` (some other text), `newer` (a ticket of a newer version), `incomplete` (cut off),
   * `mistyped` (a character is wrong), `malformed` (whole, but senseless), or `crowded` (more than 16 direct addresses).
   */
  readonly reason: TicketReason;

  constructor(reason: TicketReason) {
    super(SENTENCES[reason]());
    this.reason = reason;
  }
}

/** What a ticket holds. Its secret does not show in logs and JSON; only `encode` and `credentials` tell it. */
export class Ticket {
  /** Where the host is: an iroh EndpointTicket as bytes, 1 to 2,048 of them. */
  readonly address: Uint8Array;
  /** 16 bytes. */
  readonly sessionId: Uint8Array;
  readonly role: "writer" | "reader";
  /** Whether a password is needed as well. */
  readonly password: boolean;
  /** Unix time in seconds if this is an invite, which lets people in until then; else null. */
  readonly expires: number | null;
  readonly #secret: Uint8Array;

  /** @throws RangeError if a field is not as it should be; `secret` is 16 bytes. */
  constructor(
    address: Uint8Array,
    sessionId: Uint8Array,
    secret: Uint8Array,
    role: "writer" | "reader",
    password = false,
    expires: number | null = null,
  ) {
    if (address.length === 0 || address.length > MAX_ADDRESS) {
      throw new RangeError(`a ticket's address has 1 to ${MAX_ADDRESS} bytes`);
    }
    if (sessionId.length !== SESSION_ID_SIZE) throw new RangeError(`a session id has ${SESSION_ID_SIZE} bytes`);
    if (secret.length !== SECRET_SIZE) throw new RangeError(`a ticket's secret has ${SECRET_SIZE} bytes`);
    if (expires !== null && !(Number.isInteger(expires) && expires >= EARLIEST && expires <= LATEST)) {
      throw new RangeError(`an invite ends at a Unix time from ${EARLIEST} to ${LATEST}`);
    }
    this.address = address;
    this.sessionId = sessionId;
    this.#secret = secret;
    this.role = role;
    this.password = password;
    this.expires = expires;
  }

  /**
   * Read a ticket as a person pastes it.
   *
   * Case does not matter, nor does white space around and in it; it may also be a link whose fragment or `ticket`
   * parameter the ticket is, or follow `jupyter sshx join` or `%sshx join`.
   *
   * @throws TicketError if it is not exactly a ticket.
   */
  static decode(text: string): Ticket {
    const trimmed = text.trim();
    if (trimmed.length > MAX_TEXT) throw new TicketError("foreign");
    const found = fromLink(trimmed.replace(COMMAND, "").replace(SPACE, ""));
    if (!found) throw new TicketError("empty");
    // Before toLowerCase(), which would make a "k" of the Kelvin sign.
    if (/[^\0-\x7f]/.test(found)) throw new TicketError(startsLikeTicket(found) ? "mistyped" : "foreign");
    const word = found.toLowerCase();
    if ((PREFIX + VERSION).startsWith(word)) throw new TicketError("incomplete");
    if (!startsLikeTicket(word)) throw new TicketError("foreign");
    const version = word.charAt(PREFIX.length);
    if (version !== VERSION) throw new TicketError(version > VERSION ? "newer" : "mistyped");
    const bits = fromBase32(word.slice(PREFIX.length + 1));
    if (bits === null) throw new TicketError("mistyped");
    const ticket = walk(bits.raw);
    if (!(ticket instanceof Ticket)) throw new TicketError(ticket);
    if (bits.rest) throw new TicketError("mistyped");
    if (readAddress(ticket.address).direct > MAX_DIRECT_ADDRESSES) throw new TicketError("crowded");
    return ticket;
  }

  /** The address in the form that the server's `?addr=` takes. */
  get endpointTicket(): string {
    return ENDPOINT + toBase32(this.address);
  }

  /** The URLs of the relays over which the host is reached, as far as the address is understood. */
  get relays(): string[] {
    return readAddress(this.address).relays;
  }

  /** The session's id as in addresses: 32 hexadecimal digits. */
  get session(): string {
    return Array.from(this.sessionId, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  /** The ticket's text, the only one that there is for it. */
  encode(): string {
    const invite = this.expires === null ? [] : [...ascii("ae\x1a"), ...bigEndian(this.expires)];
    const body = Uint8Array.of(
      ...ascii(invite.length > 0 ? "\xa7aa" : "\xa6aa"),
      ...byteStringHeader(this.address.length),
      ...this.address,
      ...ascii("aiP"),
      ...this.sessionId,
      ...ascii("akP"),
      ...this.#secret,
      ...ascii(`arf${this.role}ap${this.password ? "\xf5" : "\xf4"}`),
      ...invite,
      ...ascii("acD"),
    );
    return PREFIX + VERSION + toBase32(Uint8Array.of(...body, ...bigEndian(crc32(body))));
  }

  /** What a client shows to the host. */
  credentials(password: string | null = null): Credentials {
    const { sessionId, role, expires } = this;
    return { sessionId, role, secret: this.#secret, password, expires };
  }
}

function startsLikeTicket(word: string): boolean {
  return /^sshx[0-9]/i.test(word);
}

/** The ticket in a link; the word itself if it is no link with a ticket. */
function fromLink(word: string): string {
  if (startsLikeTicket(word) && !word.includes("://")) return word;
  const hash = word.indexOf("#");
  const address = hash < 0 ? word : word.slice(0, hash);
  const fragment = hash < 0 ? "" : word.slice(hash + 1);
  const parameter = /[?&]ticket=([^&]*)/i.exec(address)?.[1];
  if (parameter !== undefined && !startsLikeTicket(fragment)) return parameter;
  return fragment || word;
}

function toBase32(raw: Uint8Array): string {
  let text = "";
  let bits = 0;
  let value = 0;
  for (const byte of raw) {
    value = (value << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) text += ALPHABET.charAt((value >> (bits - 5)) & 31);
    value &= (1 << bits) - 1;
  }
  return bits > 0 ? text + ALPHABET.charAt((value << (5 - bits)) & 31) : text;
}

/**
 * Read lowercase base32 that may be cut anywhere; null if a character is not of the alphabet.
 *
 * Returns the whole bytes, and whether what remains is more than the zero bits that fill up the last character.
 */
function fromBase32(text: string): { raw: Uint8Array; rest: boolean } | null {
  if (!/^[a-z2-7]+$/.test(text)) return null;
  const raw = new Uint8Array((5 * text.length) >> 3);
  let size = 0;
  let bits = 0;
  let value = 0;
  for (const character of text) {
    value = (value << 5) | ALPHABET.indexOf(character);
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      raw[size++] = value >> bits;
    }
    value &= (1 << bits) - 1;
  }
  return { raw, rest: bits >= 5 || value !== 0 };
}

function byteStringHeader(size: number): number[] {
  if (size < 24) return [0x40 + size];
  return size < 256 ? [0x58, size] : [0x59, size >> 8, size & 0xff];
}

/** The CRC-32 of zlib and PNG. */
function crc32(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

/** One byte a character. */
function ascii(text: string): number[] {
  return Array.from(text, (character) => character.charCodeAt(0));
}

/** Bytes as text of one character a byte, in which prefixes are quickly compared. */
function latin1(raw: Uint8Array): string {
  return Array.from(raw, (byte) => String.fromCharCode(byte)).join("");
}

/**
 * Read the CBOR map, or tell in which way it is wrong.
 *
 * Both roles have six letters, so only the address has a length of its own, and it comes first: after it every byte has
 * its place, and a cut can be told from a wrong character.
 */
function walk(raw: Uint8Array): Ticket | TicketReason {
  const text = latin1(raw);
  const checksum = raw.slice(-4).reduce((value, byte) => value * 256 + byte, 0);
  const intact = raw.length > 4 && crc32(raw.slice(0, -4)) === checksum;
  const wrong: TicketReason = intact ? "malformed" : "mistyped";
  if (!["\xa6aa", "\xa7aa"].some((head) => head.startsWith(text.slice(0, 3)))) return wrong;
  const more = raw[0] === 0xa7 ? 7 : 0; // bytes of the field "e" of an invite
  // Next is the length of the address: up to 23 within the byte, or 0x58 and 1 byte, or 0x59 and 2 bytes.
  const width = raw[3] === 0x58 ? 1 : raw[3] === 0x59 ? 2 : 0;
  const start = 4 + width;
  if (raw.length < start) return "incomplete";
  const size = width === 0 ? raw[3]! - 0x40 : width === 1 ? raw[4]! : raw[4]! * 256 + raw[5]!;
  const [shortest, longest] = [[1, 23] as const, [24, 255] as const, [256, MAX_ADDRESS] as const][width]!;
  if (size < shortest || size > longest) return wrong;
  const end = start + size;
  const from = (offset: number, length: number) => text.slice(end + offset, end + offset + length);
  const role = from(41, 6);
  const flag = from(49, 1);
  const invite = more > 0 ? ["ae\x1a", from(53, 4)] : [];
  const head = ["aiP", from(3, 16), "akP", from(22, 16), "arf", role, "ap", flag];
  const fields = [...head, ...invite, "acD", from(53 + more, 4)];
  const fits =
    fields.join("").startsWith(text.slice(end)) &&
    ("writer".startsWith(role) || "reader".startsWith(role)) &&
    ["", "\xf4", "\xf5"].includes(flag);
  if (raw.length < end + 57 + more) {
    // If the last fields are there after all, the length of the address is what is wrong.
    const whole = text.slice(-10 - more, -8 - more) === "ap" && text.slice(-7, -4) === "acD";
    return fits && !whole ? "incomplete" : wrong;
  }
  const expires = more > 0 ? new DataView(raw.buffer, raw.byteOffset + end + 53).getUint32(0) : null;
  if (!fits || !intact || (expires !== null && expires < EARLIEST)) return wrong;
  return new Ticket(
    raw.slice(start, end),
    raw.slice(end + 3, end + 19),
    raw.slice(end + 22, end + 38),
    role as "writer" | "reader",
    flag === "\xf5",
    expires,
  );
}

/**
 * The relays that an EndpointTicket names, and how many direct addresses it holds, as far as it is understood.
 *
 * It is written in postcard: a byte for the version, 32 of the endpoint's id, and a list of relays (0 and a text) and
 * socket addresses (1; then 0 and 4 bytes, or 1 and 16 bytes; then the port). Numbers are LEB128.
 */
function readAddress(address: Uint8Array): { relays: string[]; direct: number } {
  let at = 33;
  const number = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = address[at++] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  const relays: string[] = [];
  let direct = 0;
  for (let left = number(); left > 0 && at < address.length; left--) {
    const kind = number();
    if (kind === 0) {
      const size = number();
      at += size;
      if (at <= address.length) relays.push(new TextDecoder().decode(address.subarray(at - size, at)));
    } else if (kind === 1) {
      const size = number() !== 0 ? 16 : 4;
      at += size;
      number();
      if (at <= address.length) direct++;
    } else {
      break;
    }
  }
  return { relays, direct };
}
