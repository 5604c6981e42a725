/** The ways from the guest page to a host: over the relays that the ticket names, or through the server of the page. */
import workerSource from "worker:../links/irohWorker.ts";
import { dialIroh } from "../links/iroh";
import type { Dial } from "../links/link";
import { dialWebSocket, guestUrl, hostUnreachable } from "../links/websocket";
import type { Ticket } from "../ticket";
import { loadModule, type Progress } from "./module";

export interface Way {
  /** Whether the page can go to the host of this ticket as it is; else it has to be loaded again for it. */
  isOpenTo(ticket: Ticket): boolean;
  /** Get what links to this host need, if they need anything. A rejection's message is a sentence. */
  prepare(ticket: Ticket, progress: Progress): Promise<void>;
  dial(ticket: Ticket): Dial;
}

/** Through the host's own Jupyter server, at its base URL with the slash at its end. */
export function throughHost(root: URL): Way {
  return {
    isOpenTo: () => true,
    prepare: () => Promise.resolve(),
    dial: ({ session }) => dialWebSocket(guestUrl(root.href, session), WebSocket, hostUnreachable()),
  };
}

/** Over iroh in WebAssembly. */
export function overRelays(): Way {
  let module: Promise<WebAssembly.Module> | null = null;
  let allowed: string | null = null;

  const load = (progress: Progress) => {
    module ??= loadModule(progress);
    module.catch(() => (module = null)); // to be tried again
    return module;
  };
  return {
    isOpenTo: ({ relays }) => allowed === null || allowed === policyFor(relays),
    prepare: async ({ relays }, progress) => {
      if (relays.length > 0) await load(progress); // else there is no way, which the link says
    },
    dial: ({ relays, endpointTicket }) =>
      dialIroh({
        worker: () => {
          if (allowed === null) restrictTo((allowed = policyFor(relays)));
          return startWorker();
        },
        module: () => load(() => undefined),
        relays,
        endpointTicket,
      }),
  };
}

/** What the page may connect to once it knows the relays. */
function policyFor(relays: readonly string[]): string {
  // Names that end in a dot, as those of iroh's own relays do, cannot be allowed; the node leaves the dot out as well.
  const origins = relays.map((relay) => new URL(relay).origin.replace(/\.(?=:\d+$|$)/, ""));
  return ["connect-src", ...origins, ...origins.map((origin) => origin.replace("http", "ws"))].join(" ");
}

/** Policies add up: each one has to allow a connection. */
function restrictTo(policy: string): void {
  const meta = document.createElement("meta");
  meta.httpEquiv = "Content-Security-Policy";
  meta.content = policy;
  document.head.append(meta);
}

/** A classic worker from a Blob: the only kind that starts on a page from a disk, and it is under the page's policies. */
function startWorker(): Worker {
  const url = URL.createObjectURL(new Blob([workerSource], { type: "text/javascript" }));
  try {
    return new Worker(url);
  } finally {
    URL.revokeObjectURL(url);
  }
}
