/**
 * Links over WebSockets, through a Jupyter server with the extension. The client's half of `links/websocket.py`.
 *
 * One binary message is one frame. A text message comes from the pipe itself: a JSON object whose `path` says how frames
 * travel between it and the host.
 */
import type { Dial, Link, LinkHandlers, PathKind } from "./link";
import { trans } from "../translation";

/** Milliseconds that the Jupyter server may take to open a WebSocket. */
const DIAL_TIMEOUT = 10_000;

const NORMAL = 1000;
const UNREACHABLE: readonly number[] = [1013, 4400, 4404];

const serverUnreachable = () =>
  trans.__(
    "The Jupyter server cannot be reached, or you need to log in again. Reload the page and check that the server is running.",
  );
/** The same for guests, whom no server asks to log in. */
export const hostUnreachable = () =>
  trans.__(
    "The host's Jupyter server cannot be reached. It may have stopped, or it may no longer let guests in. Try again, or ask the host.",
  );
const noAnswer = () => trans.__("The Jupyter server does not answer. Check that it is running, and try again.");
const lost = () => trans.__("The connection was lost.");

/** What the codes mean, unless the server says it better; for the codes see `links/websocket.py`. */
const SENTENCES = new Map([
  [NORMAL, () => trans.__("The host closed the connection.")],
  [1001, () => trans.__("The Jupyter server is shutting down.")],
  [1003, () => trans.__("The Jupyter server refused a message.")],
  [1009, () => trans.__("The Jupyter server refused a message that is too long.")],
  [1013, () => trans.__("Too many people are joining through this Jupyter server. Try again in a few seconds.")],
  [4400, () => trans.__("This is not the address of a host. The ticket may be damaged.")],
  [
    4404,
    () => trans.__("The host cannot be reached. It may have stopped sharing, be offline, or be behind a firewall."),
  ],
  [4410, () => trans.__("The connection to the host has ended.")],
]);

/** Where links to a session are that the Jupyter server at `baseUrl` (http, https, ws or wss) hosts itself. */
export function localUrl(baseUrl: string, session: string): string {
  return socketUrl(baseUrl, `sshx/api/link/${session}`);
}

/** The same for guests without a Jupyter login. */
export function guestUrl(baseUrl: string, session: string): string {
  return socketUrl(baseUrl, `sshx/guest/link/${session}`);
}

function socketUrl(baseUrl: string, path: string): string {
  const url = new URL(path, baseUrl.endsWith("/") ? baseUrl : `${baseUrl}/`);
  url.protocol = url.protocol.replace("http", "ws");
  return url.href;
}

/** Where pipes to the host of a session are, whose address is `addr`. Nothing secret goes into the address. */
export function pipeUrl(baseUrl: string, session: string, addr: string): string {
  const url = new URL(localUrl(baseUrl, session));
  url.searchParams.set("addr", addr);
  return url.href;
}

/**
 * What makes links over WebSockets.
 *
 * A browser's page does not learn why a server has refused to open one, so the sentence for that names the usual reasons.
 *
 * @param url - see `localUrl`, `guestUrl` and `pipeUrl`.
 * @param WebSocketClass - the browser's own unless another is given.
 * @param unreachable - the sentence for a server that does not open one.
 */
export function dialWebSocket(
  url: string,
  WebSocketClass: typeof WebSocket = WebSocket,
  unreachable = serverUnreachable(),
): Dial {
  return (handlers) =>
    new Promise((resolve, reject) => {
      let socket: WebSocket;
      try {
        socket = new WebSocketClass(url);
      } catch {
        reject(new Error(unreachable)); // such as from a page on https to a server on http
        return;
      }
      const timeout = setTimeout(() => {
        socket.onclose = null;
        socket.close();
        reject(new Error(noAnswer()));
      }, DIAL_TIMEOUT);
      socket.binaryType = "arraybuffer";
      socket.onopen = () => {
        clearTimeout(timeout);
        socket.onclose = ({ code, reason }) => {
          const said = code === 1001 || code >= 4000 ? reason : ""; // the others' reasons are no sentences
          handlers.onClose(said || (SENTENCES.get(code) ?? lost)(), UNREACHABLE.includes(code));
        };
        if (!new URL(url).searchParams.has("addr")) handlers.onPath("local");
        resolve(new WebSocketLink(socket));
      };
      socket.onclose = () => {
        clearTimeout(timeout);
        reject(new Error(unreachable));
      };
      socket.onerror = () => undefined; // a close follows, which says more
      socket.onmessage = ({ data }) => receive(data, handlers);
    });
}

class WebSocketLink implements Link {
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  /** Without bound while the socket closes: what waits for it to have room then waits for the next link. */
  get buffered(): number {
    return this.#isOpen ? this.#socket.bufferedAmount : Infinity;
  }

  send(frame: Uint8Array): void {
    if (this.#isOpen) this.#socket.send(frame as Uint8Array<ArrayBuffer>);
  }

  close(): void {
    this.#socket.onmessage = null;
    this.#socket.onclose = null;
    this.#socket.close(NORMAL);
  }

  get #isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }
}

function receive(data: unknown, handlers: LinkHandlers): void {
  if (data instanceof ArrayBuffer) handlers.onFrame(new Uint8Array(data));
  else if (typeof data === "string") {
    const path = readPath(data);
    if (path !== null) handlers.onPath(path);
  }
}

/** What the pipe says of its path; null if it says something else. */
function readPath(text: string): PathKind | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const path = typeof value === "object" && value !== null && "path" in value ? value.path : null;
  return path === "local" || path === "direct" || path === "relay" ? path : null;
}
