/**
 * The session of one widget, which all views of the widget share: how it is reached, and its client, which is there as
 * long as there is a view.
 */
import { hexToBytes } from "@noble/hashes/utils.js";
import { SshxClient, type Client, type ClientOptions } from "../client/client";
import { dialComm } from "../links/comm";
import { dialEither } from "../links/either";
import type { Role } from "../protocol/messages";
import { Api, type HostedSession } from "../api/api";
import { ownerOf } from "../session/hosted";
import type { Invite } from "../view/panels/InvitePanel";
import { getSettings } from "../view/settings";
import { KERNEL_GONE, type Kernel } from "./kernel";
import { onChange, type Model } from "./model";
import { pageServer } from "./server";

/**
 * - `joining`: there is no session yet; `looking`: it is not known how to reach it;
 * - `hosted`: the page's Jupyter server hosts it, whatever becomes of the kernel; `known`: the kernel has told how;
 * - `ended`: it is over, and there is nothing to show of it.
 */
export type Stage =
  | { at: "joining" }
  | { at: "looking" }
  | { at: "hosted"; client: Client; api: Api; session: HostedSession }
  | { at: "known"; client: Client; invite: Invite | null }
  | { at: "ended"; reason: string };

/** What the kernel tells those who may take part. Bytes are hexadecimal. */
interface Access {
  session: string;
  role: Role;
  secret: string;
  password: string | null;
  /** Where the host is, as an iroh endpoint ticket. */
  addr: string | null;
  /** The token of the kernel's own client, where that is the user who is listed. */
  companion: string | null;
  tickets: Invite["tickets"] | null;
  urls: Invite["urls"];
}

/** Milliseconds that the client stays after the last view: a cell that moves is gone for a moment. */
const LINGER = 3_000;

export class Session {
  stage: Stage = { at: "looking" };
  readonly model: Model;
  readonly kernel: Kernel;
  readonly #listeners = new Set<() => void>();
  #views = 0;
  #leaving: ReturnType<typeof setTimeout> | undefined;
  /** Another for each time that it is opened: what comes of earlier ones does not count. */
  #turn = {};
  #open = false;

  constructor(model: Model, kernel: Kernel) {
    this.model = model;
    this.kernel = kernel;
    onChange(model, "session_id", () => {
      this.#shut();
      if (this.#views > 0) this.#start();
    });
    onChange(model, "ended", () => this.#over());
    kernel.watch(() => this.#over());
    // The kernel does not see that a page goes, and the host only after a while.
    addEventListener("pagehide", ({ persisted }) => {
      if (!persisted) this.#shut();
    });
  }

  /** Call `listener` when there is another stage; returns how to stop that. */
  on(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A view is there; returns how to tell that it is gone. */
  enter(): () => void {
    this.#views += 1;
    clearTimeout(this.#leaving);
    this.#start();
    return () => {
      this.#views -= 1;
      if (this.#views === 0) this.#leaving = setTimeout(() => this.#shut(), LINGER);
    };
  }

  #start(): void {
    if (this.#open) return;
    this.#open = true;
    if (!this.model.get("session_id")) this.#become({ at: "joining" });
    else {
      this.#become({ at: "looking" });
      this.#over();
      if (this.stage.at === "looking") void this.#look((this.#turn = {}));
    }
  }

  #shut(): void {
    this.#turn = {};
    this.#open = false;
    if ("client" in this.stage) this.stage.client.close();
  }

  async #look(turn: object): Promise<void> {
    const server = pageServer();
    const api = server && new Api(server.root, server.token);
    const id = this.model.get("session_id");
    // Without the kernel, which may be busy.
    const session = api && this.model.get("own") ? await api.find(id).catch(() => null) : null;
    if (turn !== this.#turn) return;
    if (api && session) {
      const client = newClient({ credentials: ownerOf(session), dial: api.dialHosted(id) });
      this.#become({ at: "hosted", client, api, session });
      return;
    }
    const answer = this.kernel.ask({ type: "access" }, "access", "ended");
    void this.kernel.silence(answer).then(() => {
      // The answer is welcome nevertheless.
      if (turn === this.#turn) this.#become({ at: "ended", reason: KERNEL_GONE });
    });
    const { message } = await answer;
    if (turn !== this.#turn) return;
    if (message.type === "ended") this.#become({ at: "ended", reason: String(message.reason) });
    else this.#become(this.#known(message as unknown as Access, api));
  }

  #known({ session, role, secret, password, addr, companion, tickets, urls }: Access, api: Api | null): Stage {
    const comm = dialComm(this.kernel);
    const client = newClient({
      credentials: { sessionId: hexToBytes(session), role, secret: hexToBytes(secret), password },
      dial: api && addr ? dialEither(api.dialAny(session, addr), comm) : comm,
      ...(companion && { companion: hexToBytes(companion) }),
    });
    return { at: "known", client, invite: tickets && { tickets, urls } };
  }

  /** Whether it is over, as the kernel has said, or because the kernel is gone that it needs. */
  #over(): void {
    const { stage } = this;
    const ended = this.model.get("ended");
    const reason = ended || (this.kernel.gone && stage.at === "known" ? KERNEL_GONE : "");
    if (!this.#open || !reason) return;
    if ("client" in stage) stage.client.close(reason, "ended");
    else if (stage.at === "looking") this.#become({ at: "ended", reason });
  }

  #become(stage: Stage): void {
    this.stage = stage;
    if ("client" in stage) stage.client.connect();
    for (const listener of [...this.#listeners]) listener();
  }
}

function newClient(options: Pick<ClientOptions, "credentials" | "dial" | "companion">): Client {
  const { name, color } = getSettings();
  return new SshxClient({ ...options, ...(name && { name }), ...(color && { color }) });
}
