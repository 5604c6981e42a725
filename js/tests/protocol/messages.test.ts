import { Decoder } from "cbor-x/index-no-eval";
import { describe, expect, test } from "vitest";
import { MalformedMessage, decodeHost, encode, type ClientMessage } from "../../src/protocol/messages";
import { fromHex, toHex, vectors } from "../vectors";

interface Sample {
  name: string;
  fields: Record<string, unknown>;
  bytes: string;
}
interface Vectors {
  client: Sample[];
  host: Sample[];
  alsoHost: { name: string; bytes: string; same: string }[];
  ignored: { name: string; bytes: string }[];
  malformedHost: { name: string; bytes: string }[];
}

const { client, host, alsoHost, ignored, malformedHost } = vectors("messages") as Vectors;

const options = { int64AsNumber: true, mapsAsObjects: true, useRecords: false };
const plainDecoder = new Decoder(options);

/** The message with the vector's fields, as it is on the wire. */
function wire({ name, fields }: Sample): ClientMessage {
  const values = Object.entries(fields).map(([key, value]) =>
    ["data", "resume", "of"].includes(key) && typeof value === "string" ? fromHex(value) : value,
  );
  if (name === "join") {
    return { join: Object.fromEntries(Object.keys(fields).map((key, i) => [key, values[i]])) } as never;
  }
  return { [name]: values.length === 0 ? null : values.length === 1 ? values[0] : values } as never;
}

/** A decoded value as the vectors have it: bytes in hex, maps as objects. */
function asJson(value: unknown): unknown {
  if (value instanceof Uint8Array) return toHex(value);
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [key as string, asJson(item)]));
  if (Array.isArray(value)) return value.map(asJson);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, asJson(item)]));
  }
  return value;
}

describe("what a client sends", () => {
  test.each(client)("$name $fields", (sample) => {
    const data = encode(wire(sample));
    expect(asJson(plainDecoder.decode(data))).toEqual(asJson(plainDecoder.decode(fromHex(sample.bytes))));
    // Whole numbers above 2**32 are floats here, which the host takes.
    if (!/\b\d{10,}\b/.test(JSON.stringify(sample.fields)) || sample.name === "join") {
      expect(toHex(data)).toBe(sample.bytes);
    }
  });

  test("bytes have no tag, whatever they are a part of", () => {
    const buffer = Buffer.from("..ls..");
    expect(toHex(encode({ data: [1, 0, buffer.subarray(2, 4)] }))).toBe("a1646461746183010042" + "6c73");
  });

  test("a message does not change when the next is made", () => {
    const first = encode({ chat: [1, "first"] });
    const before = toHex(first);
    for (let i = 0; i < 2000; i++) encode({ chat: [1, "another"] });
    expect(toHex(first)).toBe(before);
  });
});

/** CBOR of a list with `count` more after it, each of which is the one before twice, by tags 28 and 29. */
function doubled(count: number): string {
  const parts = ["d81c820000"];
  for (let i = 0; i < count; i++) {
    const before = `d81d${i < 24 ? "" : "18"}${i.toString(16).padStart(2, "0")}`;
    parts.push(`d81c82${before}${before}`);
  }
  return parts.join("");
}

describe("what a host sends", () => {
  test.each(host)("$name $fields", ({ name, fields, bytes }) => {
    const { type, ...decoded } = asJson(decodeHost(fromHex(bytes))) as Record<string, unknown>;
    expect(type).toBe(name);
    expect(decoded).toEqual(fields);
  });

  test.each(alsoHost)("$name: means the same as what this protocol's encoder writes", ({ bytes, same }) => {
    expect(decodeHost(fromHex(bytes))).toEqual(decodeHost(fromHex(same)));
  });

  test.each(ignored)("$name: is ignored", ({ bytes }) => {
    expect(decodeHost(fromHex(bytes))).toBeNull();
  });

  test.each(malformedHost)("$name: is refused", ({ bytes }) => {
    expect(() => decodeHost(fromHex(bytes))).toThrow(MalformedMessage);
  });

  test.each([
    ["nothing", ""],
    ["half a message", "a16568"],
    ["something after it", "a1656572726f72617800"],
    ["no map", "65"],
    ["undefined", "a1656572726f72f7"],
    ["indefinite lengths without an end", "a1657573657273" + "9f".repeat(50)],
    ["too deep", "a1657573657273" + "81".repeat(60_000)],
    ["huge length", "a166636875 6e6b739bffffffffffffffff".replaceAll(" ", "")],
    ["a date", "a1656572726f72c11a5f5e1000"],
    ["a big number", "a164706f6e67c249010000000000000000"],
    ["a list that shares itself", "a1657573657273d81c81d81d00"],
    ["a map whose list shares itself", "a16568656c6c6f8201a16162d81c81d81d00"],
    ["a list of lists of lists, each twice the one before", `a16568656c6c6f8201a1616193${doubled(18)}`],
    ["a number of 65,280 bytes", `a164706f6e67c259ff00${"ff".repeat(0xff00)}`],
    ["values in a table", "a164706f6e67d8338481018080e0"],
    ["bytes that are floats", "a168736e617073686f74850101d84042010200f4"],
  ])("%s: is refused", (_, bytes) => {
    expect(() => decodeHost(fromHex(bytes))).toThrow(MalformedMessage);
  });

  test("bytes and texts may hold what outside of them would be a tag", () => {
    const long = "c2".repeat(300);
    expect(decodeHost(fromHex(`a1666368756e6b7383001a000100008242c2c259012c${long}`))).toEqual({
      type: "chunks",
      sid: 0,
      seq: 65536,
      chunks: [new Uint8Array(2).fill(0xc2), new Uint8Array(300).fill(0xc2)],
    });
  });

  test("an error tells nothing of the content", () => {
    const secret = Buffer.from("hunter2").toString("hex");
    expect(() => decodeHost(fromHex(`a1656572726f7284f647${secret}60a0`))).toThrow(/^error: a text must be a string$/);
  });
});
