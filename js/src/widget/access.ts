/** The way into a widget's session: the page's Jupyter server if that hosts the session, else the kernel. */
import { hexToBytes } from "@noble/hashes/utils.js";
import { Api } from "../api/api";
import { dialComm } from "../links/comm";
import { dialEither } from "../links/either";
import type { Role } from "../protocol/messages";
import { hostedAccess, type Access, type Invite } from "../session/access";
import type { SessionOptions } from "../session/sessionModel";
import { kernelGone, type Kernel } from "./kernel";
import type { Model } from "./model";
import { pageServer } from "./server";

/** The kernel's answer to `access`. Bytes are hexadecimal. */
interface KernelAccess {
  session: string;
  role: Role;
  /** Empty for a companion, who needs none. */
  secret: string;
  /** Where the host is, as an iroh endpoint ticket. */
  addr: string | null;
  /** The token of the kernel's own client, if that client is the listed user. */
  companion: string | null;
  tickets: Invite["tickets"] | null;
  urls: Invite["urls"];
  /** Whether stopping closes the terminals. */
  closes_terminals: boolean;
}

export function finder(model: Model, kernel: Kernel): SessionOptions["find"] {
  const server = pageServer();
  const api = server && new Api(server.root, server.token);
  return async (id, doubt) => {
    // Without the kernel, which may be busy.
    const session = api && model.get("own") ? await api.find(id).catch(() => null) : null;
    if (api && session) return hostedAccess(api, session);
    const answer = ask(kernel);
    void kernel.silence(answer).then(() => doubt(kernelGone()));
    return throughKernel(read(await answer), api, kernel);
  };
}

function ask(kernel: Kernel): ReturnType<Kernel["ask"]> {
  return kernel.ask({ type: "access" }, "access", "ended");
}

/** The answer. Throws the reason if the session is over. */
function read({ message }: Awaited<ReturnType<Kernel["ask"]>>): KernelAccess {
  if (message.type === "ended") throw new Error(String(message.reason));
  return message as unknown as KernelAccess;
}

function throughKernel(access: KernelAccess, api: Api | null, kernel: Kernel): Access {
  const { session, role, secret, addr, companion } = access;
  const comm = dialComm(kernel);
  return {
    credentials: { sessionId: hexToBytes(session), role, secret: hexToBytes(secret), password: null },
    dial: api && addr ? dialEither(api.dialAny(session, addr), comm) : comm,
    ...(companion && { companion: companionOf(companion, kernel) }),
    session: null,
    invite: inviteOf(access, kernel),
    renewInvite: async () => inviteOf(read(await ask(kernel)), kernel),
  };
}

/** Gives the token of the kernel's client: the one that is known, then the one of that moment. */
function companionOf(known: string, kernel: Kernel): () => Promise<Uint8Array> {
  let token: string | null = known;
  return async () => {
    const now = token ?? read(await ask(kernel)).companion;
    token = null;
    return hexToBytes(now ?? known);
  };
}

function inviteOf({ tickets, urls, closes_terminals }: KernelAccess, kernel: Kernel): Invite | null {
  return tickets && { tickets, urls, stop: () => stop(kernel), closesTerminals: closes_terminals };
}

async function stop(kernel: Kernel): Promise<void> {
  const { message } = await kernel.ask({ type: "stop" }, "stopped", "refused");
  if (message.type === "refused") throw new Error(String(message.message));
}
