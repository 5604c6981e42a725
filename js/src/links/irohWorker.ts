/**
 * The worker in which a page's iroh node runs: a page whose main thread is busy would lose its connections. One worker
 * makes one link and ends with it. See `iroh.ts` for the other side.
 *
 * Frames are transferred, in both directions. What the page has not taken is bounded: beyond it the stream is not read,
 * and the host has to wait.
 */
import { initSync, SshxNode, type Session } from "../../sshx-web/pkg/sshx_web.js";

/** Bytes that may be on their way to the page. */
const WINDOW = 1 << 20;

/** To the worker: first `Start`, then frames, how many bytes of frames the page has taken, and the wish to close. */
export interface Start {
  module: WebAssembly.Module;
  relays: string[];
  endpointTicket: string;
}
export type ToWorker = Start | ArrayBuffer | { taken: number } | "close";

/** To the page: first `open`, then frames, how many bytes of frames QUIC has taken, the path, and how the link ended. */
export type ToPage = "open" | ArrayBuffer | { sent: number } | { path: "relay" | "direct" } | { closed: string };

interface Scope {
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  postMessage(message: ToPage, transfer?: Transferable[]): void;
  addEventListener(type: "unhandledrejection", listener: (event: PromiseRejectionEvent) => void): void;
  close(): void;
}
const scope = self as unknown as Scope;

/** Bytes that the page may still be sent, and what waits until there are more. */
let room = WINDOW;
let hasRoom: (() => void) | null = null;

scope.addEventListener("unhandledrejection", ({ reason }) => scope.postMessage({ closed: wordOf(reason) }));
scope.onmessage = ({ data }) => {
  if (typeof data === "object" && "module" in data) void start(data);
};

async function start({ module, relays, endpointTicket }: Start): Promise<void> {
  try {
    initSync({ module });
    const node = await SshxNode.spawn(relays);
    const session = await node.join(endpointTicket);
    const sender = session.sender();
    scope.onmessage = ({ data }) => {
      if (data instanceof ArrayBuffer) {
        const size = data.byteLength;
        // A link that is lost ends the events as well, which says why.
        void sender.send(new Uint8Array(data)).then(
          () => scope.postMessage({ sent: size }),
          () => undefined,
        );
      } else if (data === "close") {
        void session
          .close()
          .then(() => node.close())
          .finally(() => scope.close());
      } else if ("taken" in data) {
        room += data.taken;
        if (room > 0) hasRoom?.();
      }
    };
    scope.postMessage("open");
    await forward(session);
    scope.postMessage({ closed: "" });
  } catch (error) {
    scope.postMessage({ closed: wordOf(error) });
  }
}

async function forward(session: Session): Promise<void> {
  const events = session.events().getReader();
  for (;;) {
    while (room <= 0) await new Promise<void>((resolve) => (hasRoom = resolve));
    const { done, value } = await events.read();
    if (done) return;
    if (value.type === "path") scope.postMessage({ path: value.path });
    else {
      room -= value.data.length;
      scope.postMessage(value.data.buffer, [value.data.buffer]);
    }
  }
}

function wordOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
