import { describe, expect, test } from "vitest";
import { NoiseError, NoiseNNpsk0, PROTOCOL_NAME, derivePsk } from "../../src/protocol/noise";
import type { Role } from "../../src/protocol/messages";
import { fromHex, toHex, vectors } from "../vectors";

interface Noise {
  protocol: string;
  prologue: string;
  psk: string;
  initiatorEphemeral: string;
  responderEphemeral: string;
  messages: { payload: string; ciphertext: string }[];
}

const { noise } = vectors("handshake") as { noise: Noise[] };
const { keys } = vectors("psk") as {
  keys: { secret: string; sessionId: string; role: Role; password: string | null; psk: string }[];
};

function pair(sample: Noise): [NoiseNNpsk0, NoiseNNpsk0] {
  const [prologue, psk] = [fromHex(sample.prologue), fromHex(sample.psk)];
  return [
    new NoiseNNpsk0(true, prologue, psk, fromHex(sample.initiatorEphemeral)),
    new NoiseNNpsk0(false, prologue, psk, fromHex(sample.responderEphemeral)),
  ];
}

describe("keys", { timeout: 30_000 }, () => {
  test.each(keys)("$role with password $password", async ({ secret, sessionId, role, password, psk }) => {
    expect(toHex(await derivePsk(fromHex(secret), fromHex(sessionId), role, password))).toBe(psk);
  });

  test("a lone surrogate in a password counts as U+FFFD", async () => {
    const [secret, id] = [new Uint8Array(16), new Uint8Array(16)];
    expect(await derivePsk(secret, id, "reader", "a\ud800")).toEqual(await derivePsk(secret, id, "reader", "a\ufffd"));
  });

  test("a password is hashed in slices, so that the page stays responsive", async () => {
    let longest = 0;
    let last = performance.now();
    const timer = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 1);
    const started = performance.now();
    await derivePsk(new Uint8Array(16), new Uint8Array(16), "reader", "swordfish");
    clearInterval(timer);
    expect(longest).toBeGreaterThan(0); // it let the timer run at all
    expect(longest).toBeLessThan(Math.max(100, (performance.now() - started) / 2));
  });
});

describe("noise", () => {
  test.each(noise)("prologue $prologue", (sample) => {
    expect(PROTOCOL_NAME).toBe(sample.protocol);
    const [initiator, responder] = pair(sample);
    const [first, second, ...transport] = sample.messages;
    expect(toHex(initiator.writeMessage(fromHex(first!.payload)))).toBe(first!.ciphertext);
    expect(toHex(responder.readMessage(fromHex(first!.ciphertext)))).toBe(first!.payload);
    expect(toHex(responder.writeMessage(fromHex(second!.payload)))).toBe(second!.ciphertext);
    expect(toHex(initiator.readMessage(fromHex(second!.ciphertext)))).toBe(second!.payload);
    const ends = [initiator.split(), responder.split()] as const;
    for (const [i, { payload, ciphertext }] of transport.entries()) {
      const [from, to] = i % 2 === 0 ? ends : [ends[1], ends[0]];
      expect(toHex(from[0].encrypt(fromHex(payload)))).toBe(ciphertext);
      expect(toHex(to[1].decrypt(fromHex(ciphertext)))).toBe(payload);
    }
  });

  test("turns are kept, and what has failed stays failed", () => {
    const [initiator, responder] = pair(noise[0]!);
    expect(() => initiator.split()).toThrow(NoiseError);
    expect(() => responder.writeMessage()).toThrow(NoiseError);
    const first = initiator.writeMessage();
    expect(() => initiator.writeMessage()).toThrow(NoiseError);
    expect(() => responder.readMessage(first.map((byte, i) => (i === 40 ? byte ^ 1 : byte)))).toThrow(NoiseError);
    expect(() => responder.readMessage(first)).toThrow(NoiseError);
  });

  test("a key of low order is refused", () => {
    const [initiator] = pair(noise[0]!);
    initiator.writeMessage();
    expect(() => initiator.readMessage(new Uint8Array(48))).toThrow(NoiseError);
  });

  test("ciphers are handed out once", () => {
    const [initiator, responder] = pair(noise[0]!);
    responder.readMessage(initiator.writeMessage());
    initiator.readMessage(responder.writeMessage());
    initiator.split();
    expect(() => initiator.split()).toThrow(NoiseError);
  });
});
