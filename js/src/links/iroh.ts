/** Links over iroh from a browser with nothing installed: a node in WebAssembly, in a worker, over the host's relay. */
import type { ToPage, ToWorker } from "./irohWorker";
import type { Dial, Link, LinkHandlers } from "./link";
import { trans } from "../translation";

/** Milliseconds after which a worker that was asked to close is ended; its own bound is 2 s. */
const CLOSE_TIMEOUT = 3_000;
/** Milliseconds within which the worker has a link, or has said why not; its own bound is 10 s. */
const DIAL_TIMEOUT = 14_000;
/** Bytes of frames after which the worker is told that they were taken. Less than its window. */
const TAKEN = 128 << 10;

const lost = () => trans.__("The connection was lost.");
const SENTENCES: Record<string, () => string> = {
  badAddress: () => trans.__("This is not the address of a host. The ticket may be damaged."),
  noRelay: () =>
    trans.__(
      "The host has no relay, so browsers cannot reach it. Ask the host to share over a relay, or join from your own Jupyter server or from a terminal.",
    ),
  relayUnreachable: () =>
    trans.__("The relay of this session cannot be reached from here. Check your connection, then try again."),
  unreachable: () => trans.__("The host cannot be reached. It may have stopped sharing or be offline."),
};
const notStarted = () =>
  trans.__(
    "This browser could not start the code that connects to hosts. Try a current version of Chrome, Edge, Firefox, or Safari.",
  );

export interface IrohOptions {
  /** Starts the worker, `irohWorker.ts`. */
  worker: () => Worker;
  /** Gives the module that the worker runs. A rejection's message is a sentence. */
  module: () => Promise<WebAssembly.Module>;
  /** URLs of the relays over which the host is reached. */
  relays: readonly string[];
  /** The host's address; see `Ticket.endpointTicket`. */
  endpointTicket: string;
}

/** Makes links over iroh, each with a worker and a node of its own: after a break, or a sleep, nothing old is left. */
export function dialIroh({ worker: start, module, relays, endpointTicket }: IrohOptions): Dial {
  return async (handlers) => {
    if (relays.length === 0) throw new Error(SENTENCES.noRelay!());
    const loaded = await module();
    return new Promise((resolve, reject) => {
      let worker: Worker;
      try {
        worker = start();
      } catch {
        reject(new Error(notStarted()));
        return;
      }
      const fail = (sentence: string) => {
        clearTimeout(timeout);
        worker.terminate();
        reject(new Error(sentence));
      };
      const timeout = setTimeout(() => fail(SENTENCES.unreachable!()), DIAL_TIMEOUT);
      worker.onerror = () => fail(notStarted());
      worker.onmessage = ({ data }: MessageEvent<ToPage>) => {
        if (data === "open") {
          clearTimeout(timeout);
          resolve(new IrohLink(worker, handlers));
        } else if (typeof data === "object" && "closed" in data) fail((SENTENCES[data.closed] ?? notStarted)());
      };
      tell(worker, { module: loaded, relays: [...relays], endpointTicket });
    });
  };
}

class IrohLink implements Link {
  buffered = 0;
  readonly #worker: Worker;
  readonly #handlers: LinkHandlers;
  #open = true;
  #taken = 0;

  constructor(worker: Worker, handlers: LinkHandlers) {
    this.#worker = worker;
    this.#handlers = handlers;
    worker.onmessage = ({ data }: MessageEvent<ToPage>) => this.#receive(data);
    worker.onerror = () => this.#end();
  }

  send(frame: Uint8Array): void {
    if (!this.#open) return;
    const data = frame.slice().buffer; // the worker's own: the caller may keep the frame
    this.buffered += data.byteLength;
    tell(this.#worker, data, [data]);
  }

  close(): void {
    if (!this.#open) return;
    this.#stop();
    tell(this.#worker, "close");
    setTimeout(() => this.#worker.terminate(), CLOSE_TIMEOUT);
  }

  #receive(data: ToPage): void {
    if (data instanceof ArrayBuffer) {
      this.#handlers.onFrame(new Uint8Array(data));
      this.#taken += data.byteLength;
      if (this.#taken < TAKEN || !this.#open) return;
      tell(this.#worker, { taken: this.#taken });
      this.#taken = 0;
    } else if (typeof data !== "object") return;
    else if ("sent" in data) this.buffered -= data.sent;
    else if ("path" in data) this.#handlers.onPath(data.path);
    else this.#end();
  }

  #end(): void {
    if (!this.#open) return;
    this.#stop();
    this.#worker.terminate();
    this.#handlers.onClose(lost(), false);
  }

  #stop(): void {
    this.#open = false;
    this.buffered = Infinity; // what waits for room then waits for the next link
    this.#worker.onmessage = this.#worker.onerror = null;
  }
}

function tell(worker: Worker, message: ToWorker, transfer: Transferable[] = []): void {
  worker.postMessage(message, transfer);
}
