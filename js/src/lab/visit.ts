/** One's own presence in a session, or the way there; a tab shows it. */
import { type ISignal, Signal } from "@lumino/signaling";
import { SshxClient } from "../client";
import { fieldOf, read, type Complaint } from "../forms/JoinForm";
import type { Dial } from "../links/link";
import type { Credentials } from "../protocol/handshake";
import type { Api, HostedSession } from "../server/api";
import { ownerOf } from "../server/hosted";
import { keepResume, takeResume } from "../server/reload";
import { Ticket } from "../ticket";
import { peopleReader } from "../view/people";
import type { Identity } from "./identity";
import { keepTicket, takeTicket, type Kept } from "./kept";

/**
 * - `looking`: it is not known yet whose session it is; `failed`: nor can the server be asked;
 * - `joining`: a ticket is needed. `lost` says why one that was there before the page was loaded again is not now;
 * - `live`: there is a client. `session` is what the server says of it, if it is hosted here.
 */
export type Stage =
  | { at: "looking" }
  | { at: "failed"; reason: string }
  | { at: "joining"; ticket: string; lost: string | null }
  | { at: "live"; client: SshxClient; session: HostedSession | null };

export class Visit {
  stage: Stage = { at: "looking" };
  readonly #changed = new Signal<this, void>(this);
  #id: string | null;
  #stopKeeping: (() => void)[] = [];
  #over = false;
  /** While it is not known whether the host lets it in. */
  #joining: SshxClient | null = null;

  /** @param id - of a session; null: the one that the person will have a ticket for. */
  constructor(
    readonly api: Api,
    readonly identity: () => Identity,
    id: string | null,
  ) {
    this.#id = id;
    if (id === null) this.stage = { at: "joining", ticket: "", lost: null };
    else void this.look();
  }

  /** `stage` is another, or anything of its client. */
  get changed(): ISignal<this, void> {
    return this.#changed;
  }

  /** The session's; null before it is known. */
  get id(): string | null {
    return this.#id;
  }

  get client(): SshxClient | null {
    return this.stage.at === "live" ? this.stage.client : null;
  }

  /** The host's name of the session; empty before it is known. */
  get name(): string {
    if (this.stage.at !== "live") return "";
    return this.stage.client.info?.name ?? this.stage.session?.name ?? "";
  }

  /** Find out whose session it is. */
  async look(): Promise<void> {
    const id = this.#id!;
    this.#become({ at: "looking" });
    let session: HostedSession | null;
    try {
      session = await this.api.find(id);
    } catch (error) {
      this.#become({ at: "failed", reason: (error as Error).message });
      return;
    }
    if (this.#over) return;
    const kept = takeTicket(id);
    if (session) this.#enter(ownerOf(session), this.api.dialHosted(id), session);
    else await this.#rejoin(kept);
  }

  /** Join; null once the host has let one in or thinks about it, else what is wrong. */
  async join(ticket: Ticket, password: string | null): Promise<Complaint | null> {
    const client = this.#guest(ticket, password);
    this.#joining = client;
    const settled = await new Promise<boolean>((resolve) => {
      client.on(() => {
        if (client.state === "connected" || client.state === "waiting") resolve(true);
        else if (client.state === "refused" || client.state === "ended") resolve(false);
      });
      client.connect();
    });
    this.#joining = null;
    if (!settled) return { field: fieldOf(client.refusal ?? "", password), message: client.reason };
    this.#id = ticket.session;
    this.#show(client, ticket.credentials(password), null, { ticket: ticket.encode(), password });
    return null;
  }

  /** Back to the ticket. */
  again(): void {
    this.#leave();
    this.#id = null;
    this.#become({ at: "joining", ticket: "", lost: null });
  }

  /** Leave for good. */
  close(): void {
    this.#over = true;
    this.#joining?.close();
    this.#leave();
    Signal.clearData(this);
  }

  /** With what was kept while the page was away, if that is there and still good. */
  async #rejoin(kept: Kept | null): Promise<void> {
    const ticket = read(kept?.ticket ?? "");
    if (!kept || !(ticket instanceof Ticket)) this.#become({ at: "joining", ticket: "", lost: "" });
    else {
      const complaint = await this.join(ticket, kept.password);
      if (complaint) this.#become({ at: "joining", ticket: kept.ticket, lost: complaint.message });
    }
  }

  #guest(ticket: Ticket, password: string | null): SshxClient {
    return this.#new(ticket.credentials(password), this.api.dialAny(ticket.session, ticket.endpointTicket));
  }

  #enter(credentials: Credentials, dial: Dial, session: HostedSession): void {
    const client = this.#new(credentials, dial);
    this.#show(client, credentials, session, null);
    client.connect();
  }

  #new(credentials: Credentials, dial: Dial): SshxClient {
    const resume = takeResume(credentials);
    return new SshxClient({ credentials, dial, ...this.identity(), ...(resume && { resume }) });
  }

  #show(client: SshxClient, credentials: Credentials, session: HostedSession | null, kept: Kept | null): void {
    if (this.#over) return;
    this.#stopKeeping = [keepResume(client, credentials)];
    if (kept) this.#stopKeeping.push(keepTicket(this.#id!, kept));
    const people = peopleReader();
    let before = people(client);
    client.on(({ type }) => {
      if (type === "users" && before === (before = people(client))) return; // only cursors
      if (type !== "chat" && type !== "error") this.#changed.emit();
    });
    this.#become({ at: "live", client, session });
  }

  #leave(): void {
    for (const stop of this.#stopKeeping) stop();
    this.#stopKeeping = [];
    this.client?.close();
  }

  #become(stage: Stage): void {
    if (this.#over) return;
    this.stage = stage;
    this.#changed.emit();
  }
}
