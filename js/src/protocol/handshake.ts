/**
 * How a client proves to a host that it may enter, and the encrypted channel that follows. The client's half of
 * `protocol/handshake.py`.
 *
 * Three frames: the client sends a *preface* (in clear) and Noise message 1; the host answers with one frame, `0x00` and
 * Noise message 2, or `0x01` and the reason for refusing. After that every frame is one Noise transport message that
 * holds one message of `messages.ts`.
 */
import type { Role } from "./messages";
import { deriveClient, derivePsk, NoiseError, NoiseNNpsk0, TAG_SIZE, type CipherState } from "./noise";
import { trans } from "../translation";

export const VERSION = 1;
export const SESSION_ID_SIZE = 16;

/** Most bytes a frame holds: also the longest Noise message. */
export const MAX_FRAME = 65_535;

/** Most bytes that `Secured.seal` takes. */
export const MAX_PLAINTEXT = MAX_FRAME - TAG_SIZE;

const ROLES: readonly Role[] = ["owner", "writer", "reader"];
const PASSWORD = 0x01;
const CLIENT = 0x02;
const INVITE = 0x04;
const ACCEPTED = 0x00;
const REFUSED = 0x01;

const SENTENCES = {
  invalidAuth: () => trans.__("The host did not accept this ticket or password. Check both, or ask for a new ticket."),
  passwordRequired: () => trans.__("This session needs a password. Ask the host for it and join again."),
  version: () => trans.__("The host runs another version of sshx-jupyter. Update it on both sides and join again."),
  malformed: () => trans.__("The host could not read the request. Update sshx-jupyter on both sides and join again."),
  notFound: () => trans.__("This session is no longer shared. Ask the host for a new ticket."),
  full: () => trans.__("This session is full. Try again when someone leaves."),
  locked: () => trans.__("The host has locked this session. Ask the host to unlock it, then join again."),
  busy: () => trans.__("The host is busy. Try again in a few seconds."),
  unknownClient: () => trans.__("The host no longer recognizes you. Join again with the ticket."),
  inviteEnded: () => trans.__("This invite has ended. Ask the host for a new one."),
  rateLimited: () => trans.__("Too many failed attempts. Wait a minute, then join with the right ticket."),
} as const;

const refusedOtherwise = () => trans.__("The host refused the connection. Ask the host for the reason.");

/** The reasons for refusing that this version knows; a newer host may give another. */
export type RefusalReason = keyof typeof SENTENCES;

const pagesOwn: Partial<Record<RefusalReason, () => string>> = {};

/** Let a page that knows more of what its people can do put sentences of its own in place of these. */
export function tellRefusals(sentences: Partial<Record<RefusalReason, () => string>>): void {
  Object.assign(pagesOwn, sentences);
}

/** Whether a word is one of these reasons. */
export function isRefusalReason(word: string): word is RefusalReason {
  return Object.hasOwn(SENTENCES, word);
}

/** The other side's bytes are wrong: damaged, changed, repeated, lost, or not of this protocol. */
export class HandshakeError extends NoiseError {
  override readonly name = "HandshakeError";
}

/** The host does not let this client in. The message is a sentence for a person that says what to do. */
export class Refused extends Error {
  override readonly name = "Refused";
  /** One word of letters, see `RefusalReason`. */
  readonly reason: string;

  /** @param text - the host's own sentence, if it has given one. */
  constructor(reason: string, text = "") {
    const known = isRefusalReason(reason) ? (pagesOwn[reason] ?? SENTENCES[reason])() : refusedOtherwise();
    super(text === "" ? known : text);
    this.reason = reason;
  }
}

/** What a client shows to enter a session. Never to be logged. */
export interface Credentials {
  /** 16 bytes. */
  sessionId: Uint8Array;
  /** The role to claim; the secret must be that role's. */
  role: Role;
  /** From the ticket, or the session's owner secret. */
  secret: Uint8Array;
  /** The session's password, or null. */
  password: string | null;
  /** Unix time in seconds if the secret is an invite's, which ends then. */
  expires?: number | null;
}

/** What one handshake takes. Never to be logged. */
export interface Key {
  /** The first frame: what the client claims to have. */
  preface: Uint8Array;
  /** What proves it. */
  psk: Uint8Array;
}

/** The key of a ticket, or of the host's own front ends. With a password it takes about a second. */
export async function credentialsKey({ sessionId, role, secret, password, expires = null }: Credentials): Promise<Key> {
  const psk = await derivePsk(secret, sessionId, role, password);
  const flags = password === null ? 0 : PASSWORD;
  if (expires === null) return { preface: preface(sessionId, role, flags), psk };
  return { preface: preface(sessionId, role, flags | INVITE, bigEndian(expires)), psk };
}

/**
 * The key of a client that was inside, or of a companion of such a client, whatever became of the ticket.
 *
 * @param role - the role whose key the client showed when it came for the first time.
 * @param token - the client's `resumeToken`.
 */
export function clientKey({ sessionId, role }: Pick<Credentials, "sessionId" | "role">, token: Uint8Array): Key {
  const { id, psk } = deriveClient(token, sessionId);
  return { preface: preface(sessionId, role, CLIENT, id), psk };
}

/** The encrypted channel after a handshake: one `seal` a frame sent and one `open` a frame received, in order. */
export class Secured {
  readonly #send: CipherState;
  readonly #receive: CipherState;
  #broken = false;

  constructor(send: CipherState, receive: CipherState) {
    this.#send = send;
    this.#receive = receive;
  }

  /**
   * The frame that carries `plaintext`; send frames in the order in which they are sealed.
   *
   * @throws RangeError if `plaintext` is longer than `MAX_PLAINTEXT`.
   */
  seal(plaintext: Uint8Array): Uint8Array {
    if (plaintext.length > MAX_PLAINTEXT) {
      throw new RangeError(`message of ${plaintext.length} bytes, the limit is ${MAX_PLAINTEXT}`);
    }
    return this.#send.encrypt(plaintext);
  }

  /**
   * The plaintext of the next frame received.
   *
   * @throws HandshakeError if the frame was changed, repeated, reordered or cut short, or one before it was lost; from
   * then on at every call, because what is missing cannot come back.
   */
  open(frame: Uint8Array): Uint8Array {
    if (this.#broken) throw new HandshakeError("the link is broken");
    try {
      return this.#receive.decrypt(frame);
    } catch {
      this.#broken = true;
      throw new HandshakeError("a message on the link was damaged or lost");
    }
  }
}

/** The client's side: send the frames of `start`, then `receive` the first frame that comes. */
export class ClientHandshake {
  readonly #preface: Uint8Array;
  readonly #noise: NoiseNNpsk0;

  /**
   * @param key - see `credentialsKey` and `clientKey`.
   * @param ephemeral - only for test vectors, as in `NoiseNNpsk0`.
   */
  constructor(key: Key, ephemeral?: Uint8Array) {
    this.#preface = key.preface;
    this.#noise = new NoiseNNpsk0(true, key.preface, key.psk, ephemeral);
  }

  /** The two frames to send, the preface and Noise message 1. Call it once. */
  start(): [Uint8Array, Uint8Array] {
    return [this.#preface, this.#noise.writeMessage()];
  }

  /**
   * Take the host's answer and return the channel.
   *
   * @throws Refused if the host refuses. Nothing proves that a refusal comes from the host itself.
   * @throws HandshakeError if the frame is neither a refusal nor made with the same key for the same preface.
   */
  receive(frame: Uint8Array): Secured {
    const body = frame.subarray(1);
    if (frame[0] === REFUSED) {
      const reason = String.fromCharCode(...body.subarray(0, 65));
      if (/^[A-Za-z]{1,64}$/.test(reason)) throw new Refused(reason);
    } else if (frame[0] === ACCEPTED) {
      try {
        this.#noise.readMessage(body);
        return new Secured(...this.#noise.split());
      } catch (error) {
        if (!(error instanceof NoiseError)) throw error;
      }
    }
    throw new HandshakeError("the host did not answer as it should");
  }
}

/**
 * The first frame: "sshx", then one byte each for version, flags and role, then the session id, then what the flags say:
 * the client's id, or when the invite ends.
 */
function preface(sessionId: Uint8Array, role: Role, flags: number, rest: Uint8Array = new Uint8Array()): Uint8Array {
  if (sessionId.length !== SESSION_ID_SIZE) throw new RangeError(`a session id is ${SESSION_ID_SIZE} bytes`);
  return Uint8Array.of(0x73, 0x73, 0x68, 0x78, VERSION, flags, ROLES.indexOf(role), ...sessionId, ...rest);
}

/** A number as 4 bytes. */
export function bigEndian(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}
