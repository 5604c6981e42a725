/** One's own presence in a session, or the way there; a tab shows it. */
import { type ISignal, Signal } from "@lumino/signaling";
import { SshxClient, type Client } from "../client/client";
import { fieldOf, read, type Complaint } from "../forms/JoinForm";
import type { Dial } from "../links/link";
import type { Credentials } from "../protocol/handshake";
import type { ServerApi, HostedSession } from "../api/api";
import { ownerOf } from "../session/hosted";
import { keepResume, takeResume } from "../session/reload";
import { Ticket } from "../ticket";
import { peopleReader, type Person } from "../view/people";
import { onSettings } from "../view/settings";
import type { Identity, Me } from "./identity";
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
  | { at: "live"; client: Client; session: HostedSession | null };

export class SessionModel {
  stage: Stage = { at: "looking" };
  readonly #changed = new Signal<this, void>(this);
  readonly #measured = new Signal<this, void>(this);
  #people: readonly Person[] = [];
  #kept: Kept | null;
  #id: string | null;
  #stopKeeping: (() => void)[] = [];
  #stopFollowing: () => void = () => undefined;
  #over = false;
  /** While it is not known whether the host lets it in. */
  #joining: Client | null = null;

  /**
   * @param me - who the person is, as far as that is known; `ready` when it is.
   * @param id - of a session; null: the one that the person will have a ticket for.
   */
  constructor(
    readonly api: ServerApi,
    private readonly me: Me,
    id: string | null,
  ) {
    this.#id = id;
    this.#kept = id === null ? null : takeTicket(id);
    if (id !== null && this.#kept) this.#keep(keepTicket(id, this.#kept)); // the page may be loaded once more meanwhile
    if (id === null) this.stage = { at: "joining", ticket: "", lost: null };
    else void this.look();
  }

  /** `stage`, `name` or `people` is another, or the state of the client. */
  get changed(): ISignal<this, void> {
    return this.#changed;
  }

  /** The connection has been measured. */
  get measured(): ISignal<this, void> {
    return this.#measured;
  }

  /** Who one is to the others. */
  get identity(): Identity {
    return this.me.now();
  }

  /** Who is in. */
  get people(): readonly Person[] {
    return this.#people.filter((person) => !person.pending);
  }

  /** The session's; null before it is known. */
  get id(): string | null {
    return this.#id;
  }

  get client(): Client | null {
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
    await this.me.ready;
    if (this.#over) return;
    // Who has joined a session of this very server with a ticket is a guest there, also after a reload.
    if (session && !this.#kept) this.#enter(ownerOf(session), this.api.dialHosted(id), session);
    else await this.#rejoin(this.#kept);
  }

  /** Join; null once the host has let one in or thinks about it, else what is wrong. */
  async join(ticket: Ticket, password: string | null): Promise<Complaint | null> {
    await this.me.ready;
    if (this.#over) return null;
    const credentials = ticket.credentials(password);
    const client = this.#new(credentials, this.api.dialAny(ticket.session, ticket.endpointTicket));
    this.#keep(keepTicket(ticket.session, { ticket: ticket.encode(), password }));
    this.#joining = client;
    const settled = await new Promise<boolean>((resolve) => {
      client.on(() => {
        if (client.state === "connected" || client.state === "waiting") resolve(true);
        else if (client.state === "refused" || client.state === "ended") resolve(false);
      });
      client.connect();
    });
    this.#joining = null;
    if (!settled) {
      this.#forget();
      return { field: fieldOf(client.refusal ?? "", password), message: client.reason };
    }
    this.#id = ticket.session;
    this.#show(client, null);
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

  #enter(credentials: Credentials, dial: Dial, session: HostedSession): void {
    const client = this.#new(credentials, dial);
    this.#show(client, session);
    client.connect();
  }

  #new(credentials: Credentials, dial: Dial): Client {
    const resume = takeResume(credentials);
    const client = new SshxClient({ credentials, dial, ...this.identity, ...(resume && { resume }) });
    this.#keep(keepResume(client, credentials));
    return client;
  }

  #show(client: Client, session: HostedSession | null): void {
    if (this.#over) return;
    const read = peopleReader();
    this.#people = read(client);
    client.on(({ type }) => {
      const before = this.#people;
      if (type === "users") this.#people = read(client);
      if (type === "network") this.#measured.emit();
      else if (type === "state" || type === "info" || before !== this.#people) this.#changed.emit();
      if (client.state === "ended") this.#forget(); // there is nothing to come back to
    });
    // A name that is chosen elsewhere, such as in JupyterLab's settings.
    let called = this.identity.name;
    const stop = onSettings(() => {
      const { name } = this.identity;
      if (name && name !== called) client.setName(name);
      called = name;
    });
    this.#stopFollowing = stop;
    this.#become({ at: "live", client, session });
  }

  #keep(stop: () => void): void {
    this.#stopKeeping.push(stop);
  }

  #forget(): void {
    for (const stop of this.#stopKeeping) stop();
    this.#stopKeeping = [];
  }

  #leave(): void {
    this.#forget();
    this.#stopFollowing();
    this.client?.close();
  }

  #become(stage: Stage): void {
    if (this.#over) return;
    this.stage = stage;
    this.#changed.emit();
  }
}
