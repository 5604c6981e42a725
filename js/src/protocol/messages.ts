/**
 * The messages of `sshx/1`: their types, and their CBOR (RFC 8949) form. The mirror of `protocol/messages.py` and
 * `protocol/codec.py`.
 *
 * A message is a CBOR map with one key, the message's name. Decoding trusts nothing: what it returns has exactly the
 * declared types and ranges, and everything else is a `MalformedMessage`. To let versions grow, unknown messages decode
 * to null, and unknown map keys and extra array elements are ignored.
 */
import { Decoder, Encoder } from "cbor-x/index-no-eval";

export type Role = "owner" | "writer" | "reader";

/** Where a shell is on the canvas: its upper left corner, in pixels at the nominal font size. */
export interface Place {
  x: number;
  y: number;
}

/** The size of a shell in cells. */
export interface Size {
  rows: number;
  cols: number;
}

/** A shell as everyone sees it. */
export interface ShellInfo extends Place, Size {
  title: string;
  /** Whether it takes no input any more: it is listed until its last output was sent. */
  ended: boolean;
  /** Whether only owners may close it, such as a terminal that was running before it was shared. */
  protected: boolean;
  /** Whether the host has it open in a terminal of its own, which decides its size. */
  viewed: boolean;
  /** Whether its size is locked. */
  locked: boolean;
  /** The secret that the marks of its prompts and commands carry; empty if it has no shell integration. */
  aid: string;
}

/** What became of a shell. */
export interface ShellChanged {
  sid: number;
  /** `opened`, `closed`, `ended` (by itself), `removed`, `renamed`, or a word of a newer host. */
  change: string;
  /** The shell's title; the new one, if it was renamed. */
  title: string;
  /** The user who did it, or null. */
  uid: number | null;
  name: string;
}

/** A user as everyone sees it. */
export interface User {
  name: string;
  /** `#rrggbb` */
  color: string;
  role: Role;
  /** Where the pointer is on the canvas, or null. */
  cursor: readonly [number, number] | null;
  /** The shell that it types into, or null. */
  focus: number | null;
  /** Whether it waits for an owner's approval. */
  pending: boolean;
  /** Whether it is a reader who asked to write. */
  wantsWrite: boolean;
  /**
   * The role that the ticket with which the user came still gives to whoever joins with it; null for owners, and once new
   * tickets were made.
   */
  ticket: Role | null;
  /** Users who have the same text here are clients of one person; empty for those who are alone. */
  person: string;
}

/** What a user said in the chat. */
export interface Hear {
  /** 1, 2, 3, ... in the session: orders the chat. */
  seq: number;
  uid: number;
  name: string;
  text: string;
  /** Unix time in seconds, only for display. */
  time: number;
}

/** How a client takes part: listed, as an owner's unseen client, or as another client of a listed user. */
export type Presence = "user" | "mirror" | "companion";

/** The host's answer to a request that it did not do, or to input that it did not take. */
export interface Failure {
  /** The request's number; null for input, which `details` has as `sid`, `n` and `bytes`. */
  req: number | null;
  /** A word that programs may decide by; `text` is for people. */
  code: string;
  text: string;
  details: ReadonlyMap<string, unknown>;
}

/** A shell's screen at sequence number `seq`, in parts: part 0 starts anew, more follow as long as `more` is true. */
export interface Snapshot {
  sid: number;
  seq: number;
  data: Uint8Array;
  part: number;
  more: boolean;
}

/** A shell's output from sequence number `seq` on. */
export interface Chunks {
  sid: number;
  seq: number;
  chunks: Uint8Array[];
}

export interface Join {
  name: string | null;
  as: Presence;
  /** Whether an owner's client does not keep the session alive. */
  passive: boolean;
  /** Number of the last chat message that was heard, 0 for none. */
  chat: number;
  features: readonly string[];
}

/** What a client asks for, with its number first. Each is answered once, by `done` or by `error`. */
export type RequestMessage =
  | { create: readonly [req: number, x: number, y: number] }
  | { close: readonly [req: number, sid: number, force: boolean] }
  | { remove: readonly [req: number, sid: number] }
  | { move: readonly [req: number, sid: number, to: readonly [x: number, y: number] | null] }
  | { resize: readonly [req: number, sid: number, rows: number, cols: number] }
  | { lockSize: readonly [req: number, sid: number, locked: boolean] }
  | { rename: readonly [req: number, sid: number, name: string] }
  | { idle: readonly [req: number, sid: number] }
  | { chat: readonly [req: number, text: string] }
  | { setName: readonly [req: number, name: string] }
  | { setColor: readonly [req: number, color: string] }
  | { requestWrite: number }
  | { setRole: readonly [req: number, uid: number, role: Role] }
  | { kick: readonly [req: number, uid: number, reason: string, newTickets: boolean] }
  | { approve: readonly [req: number, uid: number, allow: boolean] }
  | { lock: readonly [req: number, locked: boolean] }
  | { setListed: readonly [req: number, listed: boolean] }
  | { newTickets: number };

/** What a client sends, as it is on the wire; see `protocol/messages.py` for what each means. */
export type ClientMessage =
  | RequestMessage
  | { join: Join }
  | { setCursor: readonly [number, number] | null }
  | { setFocus: number | null }
  /** `n` is the position of the first byte in all the input of this client, over all links and shells. */
  | { data: readonly [sid: number, n: number, data: Uint8Array] }
  | { subscribe: readonly [sid: number, seq: number] }
  | { complete: readonly [sid: number, on: boolean] }
  | { ack: readonly [sid: number, received: number] }
  | { ping: number };

/** What a host sends. */
export type HostMessage =
  | { type: "hello"; uid: number; info: ReadonlyMap<string, unknown> }
  | { type: "waiting"; info: ReadonlyMap<string, unknown> }
  | { type: "users"; users: [number, User][] }
  | { type: "userDiff"; uid: number; user: User | null }
  | { type: "shells"; shells: [number, ShellInfo][] }
  | ({ type: "snapshot" } & Snapshot)
  | ({ type: "chunks" } & Chunks)
  | ({ type: "hear" } & Hear)
  | ({ type: "shellChanged" } & ShellChanged)
  | { type: "shellLatency"; ms: number }
  /** `taken`: bytes of this client's input that the host has taken. */
  | { type: "pong"; t: number; taken: number }
  | { type: "done"; req: number; value: unknown }
  | ({ type: "error" } & Failure)
  | { type: "closed"; code: string; text: string };

/** Largest `sid` and `uid`. */
export const MAX_ID = 2 ** 32 - 1;
/** Largest sequence number: up to here numbers are exact. */
export const MAX_SEQ = 2 ** 53;
/** Longest text in characters. The host sets much lower limits for names and chat. */
export const MAX_TEXT = 65_536;
/** Farthest from the origin of the canvas that a shell may be, in either direction of `x` and `y`. */
export const MAX_POSITION = 10 ** 7;
export const MAX_ROWS = 1000;
export const MAX_COLS = 2000;

/** Bytes that are not a message of `sshx/1`. Says what is wrong, and tells nothing of the content. */
export class MalformedMessage extends Error {
  override readonly name = "MalformedMessage";
}

const encoder = new Encoder({ useRecords: false, variableMapSize: true, tagUint8Array: false });
const decoderOptions = { useRecords: false, mapsAsObjects: false, int64AsNumber: true };
const decoder = new Decoder(decoderOptions);

/** The CBOR form of a message. Texts must be well-formed (see `String.prototype.toWellFormed`): CBOR is UTF-8. */
export function encode(message: ClientMessage): Uint8Array {
  return encoder.encode(message);
}

/**
 * Decode what the host sent: one message, at most a frame long.
 *
 * @returns the message, or null for a message of a name that this version does not know, which is to be ignored.
 * @throws MalformedMessage for everything that is not exactly a message.
 */
export function decodeHost(data: Uint8Array): HostMessage | null {
  let value: unknown;
  try {
    value = hasTag(data) ? undefined : decoder.decode(data);
  } catch {
    value = undefined; // the decoder's own errors may quote the content
  }
  if (!(value instanceof Map) || value.size !== 1) return bad("a message must be a CBOR map with one key");
  const [[name, content]] = value as unknown as [[unknown, unknown]];
  if (typeof name !== "string") return bad("a message's name must be a string");
  const read = HOST.get(name);
  if (read === undefined) return null;
  try {
    return read(content);
  } catch (error) {
    throw error instanceof MalformedMessage ? new MalformedMessage(`${name}: ${error.message}`) : error;
  }
}

/**
 * Whether there is a tag (RFC 8949, section 3.4) in it. The protocol has none, and those that the decoder knows make much
 * of little: values that share themselves again and again, numbers of any length, records, replacements for others.
 */
function hasTag(data: Uint8Array): boolean {
  let at = 0;
  while (at < data.length) {
    const kind = data[at]! >> 5;
    let length = data[at]! & 31;
    at += 1;
    if (kind === 6) return true;
    if (length >= 24 && length <= 27) {
      const end = at + (1 << (length - 24));
      for (length = 0; at < end; at++) length = 256 * length + (data[at] ?? 0);
    } else if (length === 31) length = 0; // no length: its parts follow
    if (kind === 2 || kind === 3) at += length;
  }
  return false;
}

// Checks: each returns the value if it is what the protocol says.

type Fields = ReadonlyMap<unknown, unknown>;

function bad(what: string): never {
  throw new MalformedMessage(what);
}

function integer(value: unknown, low: number, high: number, what: string): number {
  if (!Number.isInteger(value) || (value as number) < low || (value as number) > high) {
    bad(`${what} must be an integer from ${low} to ${high}`);
  }
  return value as number;
}

const id = (value: unknown) => integer(value, 0, MAX_ID, "an id");
const seq = (value: unknown) => integer(value, 0, MAX_SEQ, "a sequence number");
const position = (value: unknown) => integer(value, -MAX_POSITION, MAX_POSITION, "a position");

function number(value: unknown): number {
  return Number.isFinite(value) ? (value as number) : bad("a number must be finite");
}

function boolean(value: unknown): boolean {
  return typeof value === "boolean" ? value : bad("a flag must be a boolean");
}

function text(value: unknown): string {
  if (typeof value !== "string") return bad("a text must be a string");
  // Python counts code points, of which there are at least half as many.
  return value.length <= 2 * MAX_TEXT ? value : bad(`a text must have at most ${MAX_TEXT} characters`);
}

function bytes(value: unknown): Uint8Array {
  return value instanceof Uint8Array ? value : bad("data must be a byte string");
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : bad("the value must be an array");
}

function array(value: unknown, size: number): unknown[] {
  return Array.isArray(value) && value.length >= size ? value : bad(`the value must be an array of ${size} elements`);
}

function map(value: unknown): Fields {
  return value instanceof Map ? value : bad("the value must be a map");
}

function role(value: unknown): Role {
  if (typeof value !== "string") return bad("a role must be a string");
  return value === "owner" || value === "writer" ? value : "reader"; // also what only a newer host knows
}

function cursor(value: unknown): readonly [number, number] | null {
  if (value === null || value === undefined) return null;
  const [x, y] = array(value, 2);
  return [number(x), number(y)];
}

function user(value: unknown): User {
  const fields = map(value);
  const color = fields.get("color");
  const focus = fields.get("focus");
  const ticket = fields.get("ticket");
  if (typeof color !== "string" || !/^#[0-9A-Fa-f]{6}$/.test(color) || color.length !== 7) {
    return bad("a color must be #rrggbb");
  }
  return {
    name: text(fields.get("name")),
    color,
    role: role(fields.get("role")),
    cursor: cursor(fields.get("cursor")),
    focus: focus === null || focus === undefined ? null : id(focus),
    pending: boolean(fields.has("pending") ? fields.get("pending") : false),
    wantsWrite: boolean(fields.has("wantsWrite") ? fields.get("wantsWrite") : false),
    ticket: ticket === null || ticket === undefined ? null : role(ticket),
    person: text(fields.has("person") ? fields.get("person") : ""),
  };
}

function shell(value: unknown): ShellInfo {
  const fields = map(value);
  const flag = (key: string) => boolean(fields.has(key) ? fields.get(key) : false);
  return {
    x: position(fields.get("x")),
    y: position(fields.get("y")),
    rows: integer(fields.get("rows"), 1, MAX_ROWS, "rows"),
    cols: integer(fields.get("cols"), 1, MAX_COLS, "cols"),
    title: text(fields.get("title")),
    ended: flag("ended"),
    protected: flag("protected"),
    viewed: flag("viewed"),
    locked: flag("locked"),
    aid: text(fields.has("aid") ? fields.get("aid") : ""),
  };
}

function pairs<T>(value: unknown, read: (item: unknown) => T): [number, T][] {
  return list(value).map((pair) => {
    const [key, item] = array(pair, 2);
    return [id(key), read(item)];
  });
}

/** A value that JSON and bytes can express, with only texts as keys. */
function plain(value: unknown): void {
  if (value instanceof Map) {
    for (const [key, item] of value) {
      text(key);
      plain(item);
    }
  } else if (Array.isArray(value)) value.forEach(plain);
  else if (typeof value === "number") number(value);
  else if (typeof value === "string") text(value);
  else if (value !== null && typeof value !== "boolean" && !(value instanceof Uint8Array)) {
    bad("a value must be plain");
  }
}

function hello(value: unknown): HostMessage {
  const [uid, info] = array(value, 2);
  return { type: "hello", uid: id(uid), info: details(info) };
}

function details(value: unknown): ReadonlyMap<string, unknown> {
  plain(map(value));
  return value as ReadonlyMap<string, unknown>;
}

function waiting(value: unknown): HostMessage {
  return { type: "waiting", info: details(value) };
}

function userDiff(value: unknown): HostMessage {
  const [uid, item] = array(value, 2);
  return { type: "userDiff", uid: id(uid), user: item === null ? null : user(item) };
}

function snapshot(value: unknown): HostMessage {
  const [sid, at, data, part, more] = array(value, 5);
  return { type: "snapshot", sid: id(sid), seq: seq(at), data: bytes(data), part: id(part), more: boolean(more) };
}

function chunks(value: unknown): HostMessage {
  const [sid, at, items] = array(value, 3);
  return { type: "chunks", sid: id(sid), seq: seq(at), chunks: list(items).map(bytes) };
}

function hear(value: unknown): HostMessage {
  const [at, uid, name, said, time] = array(value, 5);
  return { type: "hear", seq: seq(at), uid: id(uid), name: text(name), text: text(said), time: number(time) };
}

function shellChanged(value: unknown): HostMessage {
  const [sid, change, title, uid, name] = array(value, 5);
  return {
    type: "shellChanged",
    sid: id(sid),
    change: text(change),
    title: text(title),
    uid: uid === null ? null : id(uid),
    name: text(name),
  };
}

function pong(value: unknown): HostMessage {
  const [t, taken] = array(value, 2);
  return { type: "pong", t: number(t), taken: seq(taken) };
}

function done(value: unknown): HostMessage {
  const [req, result] = array(value, 2);
  plain(result);
  return { type: "done", req: seq(req), value: result };
}

function error(value: unknown): HostMessage {
  const [req, code, said, more] = array(value, 4);
  return {
    type: "error",
    req: req === null ? null : seq(req),
    code: text(code),
    text: text(said),
    details: details(more),
  };
}

function closed(value: unknown): HostMessage {
  const [code, said] = array(value, 2);
  return { type: "closed", code: text(code), text: text(said) };
}

const HOST = new Map<string, (value: unknown) => HostMessage>([
  ["hello", hello],
  ["waiting", waiting],
  ["users", (value) => ({ type: "users", users: pairs(value, user) })],
  ["userDiff", userDiff],
  ["shells", (value) => ({ type: "shells", shells: pairs(value, shell) })],
  ["snapshot", snapshot],
  ["chunks", chunks],
  ["hear", hear],
  ["shellChanged", shellChanged],
  ["shellLatency", (value) => ({ type: "shellLatency", ms: number(value) })],
  ["pong", pong],
  ["done", done],
  ["error", error],
  ["closed", closed],
]);
