import { describe, expect, test } from "vitest";
import {
  clientKey,
  ClientHandshake,
  credentialsKey,
  HandshakeError,
  MAX_PLAINTEXT,
  Refused,
  type Credentials,
  type Key,
} from "../../src/protocol/handshake";
import type { Role } from "../../src/protocol/messages";
import { NoiseNNpsk0 } from "../../src/protocol/noise";
import { fromHex, toHex, vectors } from "../vectors";

interface Vectors {
  handshakes: {
    sessionId: string;
    role: Role;
    secret: string;
    password: string | null;
    psk: string;
    clientEphemeral: string;
    hostEphemeral: string;
    preface: string;
    first: string;
    reply: string;
    transport: { from: "client" | "host"; message: string; frame: string }[];
  }[];
  prefaces: {
    valid: {
      role: Role;
      sessionId: string;
      password: boolean;
      client: string | null;
      expires: number | null;
      bytes: string;
    }[];
  };
  refusals: { reason: string; bytes: string }[];
}

const { handshakes, prefaces, refusals } = vectors("handshake") as Vectors;
const { clients } = vectors("psk") as { clients: Record<"token" | "sessionId" | "id" | "psk", string>[] };
const { maxPlaintext } = vectors("framing") as { maxPlaintext: number };
const sample = handshakes[1]!;

function credentialsOf({ sessionId, role, secret, password }: Vectors["handshakes"][number]): Credentials {
  return { sessionId: fromHex(sessionId), role, secret: fromHex(secret), password };
}

function keyOf({ preface, psk }: Vectors["handshakes"][number]): Key {
  return { preface: fromHex(preface), psk: fromHex(psk) };
}

function clientOf(from: Vectors["handshakes"][number]): ClientHandshake {
  return new ClientHandshake(keyOf(from), fromHex(from.clientEphemeral));
}

/** A handshake that has sent its first frames. */
function started(): ClientHandshake {
  const handshake = clientOf(sample);
  handshake.start();
  return handshake;
}

describe("handshake", () => {
  test.each(handshakes)("of $role", async (from) => {
    const { preface, psk } = await credentialsKey(credentialsOf(from));
    expect([toHex(preface), toHex(psk)]).toEqual([from.preface, from.psk]);
    const handshake = clientOf(from);
    expect(handshake.start().map(toHex)).toEqual([from.preface, from.first]);
    const secured = handshake.receive(fromHex(from.reply));
    for (const { from: sender, message, frame } of from.transport) {
      if (sender === "client") expect(toHex(secured.seal(fromHex(message)))).toBe(frame);
      else expect(toHex(secured.open(fromHex(frame)))).toBe(message);
    }
  });

  test.each(prefaces.valid.filter(({ client }) => client === null))(
    "preface of $role, password $password, invite until $expires",
    async ({ role, sessionId, password, expires, bytes }) => {
      const secret = new Uint8Array(16);
      const key = await credentialsKey({
        sessionId: fromHex(sessionId),
        role,
        secret,
        password: password ? "x" : null,
        expires,
      });
      expect(toHex(new ClientHandshake(key).start()[0])).toBe(bytes);
    },
  );

  test.each(clients)("a client's own key", ({ token, sessionId, id, psk }) => {
    const key = clientKey({ sessionId: fromHex(sessionId), role: "reader" }, fromHex(token));
    expect(toHex(key.psk)).toBe(psk);
    const like = prefaces.valid.find(({ role, client }) => role === "reader" && client !== null)!;
    expect(toHex(key.preface)).toBe(like.bytes.slice(0, 14) + sessionId + id);
  });

  test.each(refusals)("refusal: $reason", ({ reason, bytes }) => {
    try {
      started().receive(fromHex(bytes));
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(Refused);
      expect((error as Refused).reason).toBe(reason);
      expect((error as Refused).message).toMatch(/^[A-Z].*\.$/);
    }
  });

  test("the host's own sentence wins over the one that is known here", () => {
    expect(new Refused("locked", "Said otherwise.").message).toBe("Said otherwise.");
    expect(new Refused("locked", "").message).toBe(new Refused("locked").message);
  });

  test("any changed bit of the reply is noticed", () => {
    const reply = fromHex(sample.reply);
    for (let bit = 0; bit < reply.length * 8; bit += 7) {
      const changed = reply.slice();
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => started().receive(changed), `bit ${bit}`).toThrow();
    }
  });

  test.each([
    ["nothing", ""],
    ["only the kind", "00"],
    ["cut", sample.reply.slice(0, -2)],
    ["longer", sample.reply + "00"],
    ["another kind", "02" + sample.reply.slice(2)],
    ["an empty refusal", "01"],
    ["a refusal that is no word", "01" + toHex(Buffer.from("<b>no</b>"))],
    ["a refusal that is too long", "01" + "61".repeat(65)],
    ["a huge refusal", "01" + "61".repeat(65_000)],
  ])("a reply that is wrong (%s) is noticed", (_, reply) => {
    expect(() => started().receive(fromHex(reply))).toThrow(HandshakeError);
  });

  test("a host with another key, or that was sent another preface, is noticed", () => {
    const [preface, first] = clientOf(sample).start();
    for (const [prologue, psk] of [
      [preface, new Uint8Array(32)],
      [Uint8Array.of(...preface.subarray(0, -1), 0), fromHex(sample.psk)],
    ] as const) {
      expect(() => new NoiseNNpsk0(false, prologue, psk).readMessage(first)).toThrow("failed authentication");
    }
  });

  test("fresh keys each time", () => {
    const make = () => toHex(new ClientHandshake(keyOf(sample)).start()[1]);
    expect(make()).not.toBe(make());
  });

  test("a session id of another size is refused", async () => {
    const credentials = { ...credentialsOf(sample), sessionId: new Uint8Array(15) };
    await expect(credentialsKey(credentials)).rejects.toThrow(RangeError);
    expect(() => clientKey(credentials, new Uint8Array(16))).toThrow(RangeError);
  });
});

describe("the channel", () => {
  const frames = sample.transport.filter(({ from }) => from === "host").map(({ frame }) => fromHex(frame));

  test.each([
    ["changed", () => frames[0]!.map((byte, i) => (i === 3 ? byte ^ 1 : byte))],
    ["cut", () => frames[0]!.subarray(0, -1)],
    ["lost before", () => frames[1]!],
    ["empty", () => new Uint8Array()],
  ])("a frame that is %s breaks it for good", (_, frame) => {
    const secured = started().receive(fromHex(sample.reply));
    expect(() => secured.open(frame())).toThrow(HandshakeError);
    expect(() => secured.open(frames[0]!)).toThrow(HandshakeError);
  });

  test("a frame that is repeated breaks it", () => {
    const secured = started().receive(fromHex(sample.reply));
    secured.open(frames[0]!);
    expect(() => secured.open(frames[0]!)).toThrow(HandshakeError);
  });

  test("a message may be as long as a frame holds", () => {
    expect(MAX_PLAINTEXT).toBe(maxPlaintext);
    const secured = started().receive(fromHex(sample.reply));
    expect(secured.seal(new Uint8Array(MAX_PLAINTEXT))).toHaveLength(65_535);
    expect(() => secured.seal(new Uint8Array(MAX_PLAINTEXT + 1))).toThrow(RangeError);
  });
});
