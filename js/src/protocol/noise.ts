/**
 * Noise `NNpsk0_25519_ChaChaPoly_SHA256`: the handshake and the ciphers that come out of it. The mirror of
 * `protocol/noise.py`.
 *
 * After the Noise Protocol Framework, revision 34 (https://noiseprotocol.org/noise.html); the section numbers below are
 * its. Only this one pattern is here, because the protocol uses no other:
 *
 *     NNpsk0:
 *       -> psk, e
 *       <- e, ee
 *
 * The primitives come from noble: they need no secure context, which WebCrypto does and a hub on plain http is not.
 */
import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { x25519 } from "@noble/curves/ed25519.js";
import { argon2idAsync } from "@noble/hashes/argon2.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import type { Role } from "./messages";

export const PROTOCOL_NAME = "Noise_NNpsk0_25519_ChaChaPoly_SHA256";

/** Bytes of a psk, a cipher key, an X25519 key and a SHA-256 digest: all four are 32. */
export const KEY_SIZE = 32;

/** Bytes by which a client that comes back names itself. */
export const CLIENT_ID_SIZE = 16;

/** Bytes that encryption adds to a message. */
export const TAG_SIZE = 16;

const EMPTY = new Uint8Array();

/** The u-coordinate 9, little-endian: RFC 7748, section 4.1. */
const BASE_POINT = new Uint8Array(KEY_SIZE).fill(9, 0, 1);

/** A message is not authentic, is cut short, or came out of turn. Tells nothing of keys or content. */
export class NoiseError extends Error {
  override readonly name: string = "NoiseError";
}

/**
 * Derive the 32-byte pre-shared key that proves `role` in a session. For the how see `derive_psk` in Python.
 *
 * With a password it takes about a second; the page stays responsive meanwhile.
 *
 * @param password - the session's password, or null if it has none. The empty string is a password.
 */
export async function derivePsk(
  secret: Uint8Array,
  sessionId: Uint8Array,
  role: Role,
  password: string | null,
): Promise<Uint8Array> {
  let material = secret;
  if (password !== null) {
    // The same from every keyboard; utf8ToBytes makes U+FFFD of a lone surrogate.
    const text = utf8ToBytes(password.normalize("NFKC"));
    const hash = await argon2idAsync(text, sessionId, { t: 2, m: 19 * 1024, p: 1, dkLen: 32 });
    material = concatBytes(secret, hash);
  }
  return hkdf(sha256, material, sessionId, utf8ToBytes(`sshx/1 ${role}`), KEY_SIZE);
}

/**
 * Derive what a client that holds `token` shows when it comes back: its id, which is sent in clear, and its 32-byte
 * pre-shared key. For the how see `derive_client` in Python.
 */
export function deriveClient(token: Uint8Array, sessionId: Uint8Array): { id: Uint8Array; psk: Uint8Array } {
  const derived = hkdf(sha256, token, sessionId, utf8ToBytes("sshx/1 client"), CLIENT_ID_SIZE + KEY_SIZE);
  return { id: derived.subarray(0, CLIENT_ID_SIZE), psk: derived.subarray(CLIENT_ID_SIZE) };
}

/** One direction of an encrypted channel: a key and a message counter (section 5.1). */
export class CipherState {
  readonly #key: Uint8Array;
  /** Well under 2**53 for as long as anybody lives. */
  #n = 0;

  constructor(key: Uint8Array) {
    this.#key = key;
  }

  /** The ciphertext, `TAG_SIZE` bytes longer than the plaintext. */
  encrypt(plaintext: Uint8Array, ad: Uint8Array = EMPTY): Uint8Array {
    const ciphertext = chacha20poly1305(this.#key, nonce(this.#n), ad).encrypt(plaintext);
    this.#n += 1;
    return ciphertext;
  }

  /**
   * The plaintext of the next message. On failure the counter stays (section 5.1).
   *
   * @throws NoiseError if the message was changed, repeated, reordered, made with another key or cut short, or follows
   * one that was lost.
   */
  decrypt(ciphertext: Uint8Array, ad: Uint8Array = EMPTY): Uint8Array {
    let plaintext: Uint8Array;
    try {
      plaintext = chacha20poly1305(this.#key, nonce(this.#n), ad).decrypt(ciphertext);
    } catch {
      throw new NoiseError("message failed authentication");
    }
    this.#n += 1;
    return plaintext;
  }
}

/** 32 zero bits, then the counter, little-endian: section 12.3. */
function nonce(n: number): Uint8Array {
  const bytes = new Uint8Array(12);
  new DataView(bytes.buffer).setBigUint64(4, BigInt(n), true);
  return bytes;
}

/** HKDF of section 4.3: that of RFC 5869 with the chaining key as salt and no info. */
function noiseHkdf(chainingKey: Uint8Array, material: Uint8Array): [Uint8Array, Uint8Array, Uint8Array] {
  const key = hmac(sha256, chainingKey, material);
  const first = hmac(sha256, key, Uint8Array.of(1));
  const second = hmac(sha256, key, concatBytes(first, Uint8Array.of(2)));
  const third = hmac(sha256, key, concatBytes(second, Uint8Array.of(3)));
  return [first, second, third];
}

/** Section 5.2, without the case of no key: psk0 sets a key before anything is encrypted. */
class SymmetricState {
  // The name is longer than a digest, so the initial hash is the digest of it.
  #hash = sha256(utf8ToBytes(PROTOCOL_NAME)) as Uint8Array;
  #chainingKey = this.#hash;
  #cipher = new CipherState(new Uint8Array(KEY_SIZE));

  mixHash(data: Uint8Array): void {
    this.#hash = sha256(concatBytes(this.#hash, data));
  }

  mixKey(material: Uint8Array): void {
    const [chainingKey, key] = noiseHkdf(this.#chainingKey, material);
    this.#chainingKey = chainingKey;
    this.#cipher = new CipherState(key);
  }

  mixKeyAndHash(material: Uint8Array): void {
    const [chainingKey, digest, key] = noiseHkdf(this.#chainingKey, material);
    this.#chainingKey = chainingKey;
    this.mixHash(digest);
    this.#cipher = new CipherState(key);
  }

  encryptAndHash(plaintext: Uint8Array): Uint8Array {
    const ciphertext = this.#cipher.encrypt(plaintext, this.#hash);
    this.mixHash(ciphertext);
    return ciphertext;
  }

  decryptAndHash(ciphertext: Uint8Array): Uint8Array {
    const plaintext = this.#cipher.decrypt(ciphertext, this.#hash);
    this.mixHash(ciphertext);
    return plaintext;
  }

  split(): [CipherState, CipherState] {
    const [first, second] = noiseHkdf(this.#chainingKey, EMPTY);
    return [new CipherState(first), new CipherState(second)];
  }
}

/**
 * One side of a handshake (section 5.3).
 *
 * The initiator writes one message, then reads one; the responder reads, then writes. Then both `split`. Both sides must
 * be given the same prologue and psk, or the first message read fails. A handshake that has failed stays failed.
 */
export class NoiseNNpsk0 {
  readonly #initiator: boolean;
  readonly #ephemeral: Uint8Array;
  readonly #public: Uint8Array;
  readonly #symmetric = new SymmetricState();
  #theirs = EMPTY;
  /** Messages done; -1 after a failure. */
  #step = 0;

  /**
   * @param initiator - whether this side starts.
   * @param prologue - bytes that both sides know and that the handshake authenticates (section 6).
   * @param psk - the 32-byte pre-shared key (section 9).
   * @param ephemeral - the X25519 private key to use instead of a fresh one. For test vectors only: using one twice
   * gives up the secrecy of everything sent.
   */
  constructor(
    initiator: boolean,
    prologue: Uint8Array,
    psk: Uint8Array,
    ephemeral: Uint8Array = x25519.utils.randomSecretKey(),
  ) {
    if (psk.length !== KEY_SIZE) throw new RangeError(`the psk must be ${KEY_SIZE} bytes`);
    this.#initiator = initiator;
    this.#ephemeral = ephemeral;
    // The public key (RFC 7748, section 6.1). `getPublicKey` first makes tables for many keys, which takes ten times as
    // long in a page that needs this one.
    this.#public = x25519.scalarMult(ephemeral, BASE_POINT);
    this.#symmetric.mixHash(prologue);
    this.#symmetric.mixKeyAndHash(psk); // the token psk, which starts the first message on both sides
  }

  /**
   * This side's message, with `payload` encrypted in it: 48 bytes and the payload.
   *
   * @throws NoiseError if it is the other side's turn, or the other side's key makes no shared secret.
   */
  writeMessage(payload: Uint8Array = EMPTY): Uint8Array {
    const step = this.#begin(true);
    this.#mixTokens(step, this.#public);
    const message = concatBytes(this.#public, this.#symmetric.encryptAndHash(payload));
    this.#step = step + 1;
    return message;
  }

  /**
   * The payload of the other side's message.
   *
   * @throws NoiseError if the psk or prologue of the two sides differ, the message was changed or cut short, or it is
   * this side's turn.
   */
  readMessage(data: Uint8Array): Uint8Array {
    const step = this.#begin(false);
    if (data.length < KEY_SIZE + TAG_SIZE) throw new NoiseError("handshake message is cut short");
    this.#theirs = data.slice(0, KEY_SIZE);
    this.#mixTokens(step, this.#theirs);
    const payload = this.#symmetric.decryptAndHash(data.subarray(KEY_SIZE));
    this.#step = step + 1;
    return payload;
  }

  /**
   * The ciphers for what this side sends and for what it receives.
   *
   * @throws NoiseError before the handshake is finished, and at the second call.
   */
  split(): [CipherState, CipherState] {
    if (this.#step !== 2) throw new NoiseError("the handshake is not finished");
    this.#step = -1; // two pairs of ciphers would use every nonce twice
    const [first, second] = this.#symmetric.split();
    return this.#initiator ? [first, second] : [second, first];
  }

  /** Check whose turn it is, and count the handshake as failed until the message is done. */
  #begin(writing: boolean): number {
    const step = this.#step;
    if ((step !== 0 && step !== 1) || writing !== (this.#initiator === (step === 0))) {
      throw new NoiseError("handshake message out of turn");
    }
    this.#step = -1;
    return step;
  }

  /** Token e of either message, with a psk mixed into the key too (section 9.2); ee of the second. */
  #mixTokens(step: number, publicKey: Uint8Array): void {
    this.#symmetric.mixHash(publicKey);
    this.#symmetric.mixKey(publicKey);
    if (step === 0) return;
    let shared: Uint8Array;
    try {
      shared = x25519.getSharedSecret(this.#ephemeral, this.#theirs);
    } catch {
      throw new NoiseError("the key makes no shared secret"); // a point of low order: section 12.1 allows refusing it
    }
    this.#symmetric.mixKey(shared);
  }
}
