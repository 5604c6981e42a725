/** The test vectors that the Python side is tested with too, see `tests/vectors/generate.py`. */
import { readFileSync } from "node:fs";

/** One of the files, as the type that the test says it has. */
export function vectors(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../tests/vectors/${name}.json`, import.meta.url), "utf8"));
}

export function fromHex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (byte) => parseInt(byte, 16));
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
