/** Loads the browser's iroh node: gzip from the page's web server, or base64 of it from the page itself or a script. */
import { embedded } from "./embedded";
import { trans } from "../translation";

/** The block of a single file, and the variable of the script that stands beside a page on a disk. */
const EMBEDDED = "sshx-web";
const VARIABLE = "sshxWeb";

const failed = () => trans.__("A part of this page could not be loaded. Check your connection, then reload the page.");

/** Called with how much has come, from 0 to 1. */
export type Progress = (part: number) => void;

/**
 * Load and compile the node.
 *
 * @throws Error with a sentence if it cannot be loaded.
 */
export async function loadModule(progress: Progress): Promise<WebAssembly.Module> {
  const { module = "", moduleScript = "" } = document.body.dataset;
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    const text = embedded(EMBEDDED);
    if (text !== null) bytes = fromBase64(text);
    else if (location.protocol === "file:") bytes = fromBase64(await runScript(moduleScript));
    else bytes = await download(module, progress);
    if (isGzip(bytes)) bytes = await gunzip(bytes); // a server may have unpacked it
  } catch {
    throw new Error(failed());
  }
  progress(1);
  return WebAssembly.compile(bytes);
}

async function download(address: string, progress: Progress): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(address);
  if (!response.ok || response.body === null) throw new Error();
  const size = Number(response.headers.get("Content-Length"));
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let received = 0;
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    pieces.push(value);
    received += value.length;
    if (size > 0) progress(Math.min(1, received / size));
  }
  return joined(pieces);
}

/** Scripts are the one thing that a page on a disk may load. */
function runScript(address: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = () => resolve((globalThis as unknown as Record<string, string>)[VARIABLE]!);
    script.onerror = () => reject(new Error());
    document.head.append(script);
  });
}

async function gunzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(pieces.reduce((size, piece) => size + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
