/** One session that a person hosts or joins: the model behind the page, the tab and the widget. Knows no React. */
import { bytesToHex } from "@noble/hashes/utils.js";
import type { HostedSession } from "../api/api";
import { SshxClient, type Client } from "../client/client";
import type { Refusal } from "../client/events";
import type { Dial } from "../links/link";
import { Ticket } from "../ticket";
import type { Access, Invite } from "./access";
import { fieldOf, type Complaint } from "./complaint";
import type { Identity, Me } from "./identity";
import { keepTicket, takeTicket } from "./kept";
import { peopleReader, type Person } from "./people";
import { keepResume, takeResume } from "./reload";

/**
 * - `looking`: the way into the session is being looked for; `failed`: there is none, or nobody could be asked;
 * - `joining`: the person has to give a ticket, or the password of `ticket`. `refused`: why the host turned it down;
 * - `live`: there is a client. `session` is what the page's server says of it; null if that server does not host it.
 */
export type Stage =
  | { at: "looking" }
  | { at: "failed"; reason: string }
  | { at: "joining"; ticket: Ticket | null; refused: Refused | null }
  | { at: "live"; client: Client; session: HostedSession | null; invite: Invite | null };

interface Refused {
  reason: Refusal | null;
  message: string;
}

export interface SessionOptions {
  /** The person. */
  me: Me;
  /**
   * Finds the way into a session without a ticket; null if there is none. Fails with a sentence for the person.
   * `doubt` shows such a sentence while there is no answer. A late answer still counts.
   */
  find: (id: string, doubt: (reason: string) => void) => Promise<Access | null>;
  /** Makes links to the host of a ticket. Not needed where nobody joins with a ticket. */
  dial?: (ticket: Ticket) => Dial;
  /** What a reload of the page must not lose. The ticket is kept where the page's address does not have it. */
  keeps: "nothing" | "user" | "user and ticket";
}

/** - `changed`: the stage, the name, the people or the client's state; `measured`: the latency and the path. */
export type SessionEvent = "changed" | "measured";

const FORM: Stage = { at: "joining", ticket: null, refused: null };

export class SessionModel {
  /** A new object after each change. */
  stage: Stage = FORM;
  readonly #options: SessionOptions;
  readonly #listeners = new Set<(event: SessionEvent) => void>();
  #id: string | null = null;
  #people: readonly Person[] = [];
  /** The ticket with which the person was in the session before the page was reloaded. */
  #kept: { ticket: Ticket; password: string | null } | null = null;
  /** End what lasts as long as the client: keeping tokens and tickets, following the name. */
  #stops: (() => void)[] = [];
  /** A new object for each attempt to get in. The results of earlier attempts are dropped. */
  #attempt = {};
  /** The client that knocks while the form is still there. */
  #joining: Client | null = null;

  /** Begins at the form for a ticket. */
  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** Call `listener` with each event; returns how to stop that. */
  on(listener: (event: SessionEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What others see of the person. */
  get identity(): Identity {
    return this.#options.me.now();
  }

  /** The people in the session, without those who wait to be let in. */
  get people(): readonly Person[] {
    return this.#people.filter((person) => !person.pending);
  }

  /** The session's ID; null at a form that takes the ticket of any session. */
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

  /** Go into this session with the ticket kept from before a reload, or without one; else to the form. */
  async open(id: string): Promise<void> {
    this.#reset();
    this.#id = id;
    if (this.#options.keeps === "user and ticket") this.#takeTicket(id);
    await this.retry();
  }

  /** Look for the session again, after it has failed. */
  async retry(): Promise<void> {
    const attempt = this.#begin();
    const fail = (reason: string) => {
      if (attempt === this.#attempt && !this.client) this.#become({ at: "failed", reason });
    };
    this.#become({ at: "looking" });
    let access: Access | null;
    try {
      access = await this.#options.find(this.#id!, fail);
    } catch (error) {
      fail((error as Error).message);
      return;
    }
    await this.#options.me.ready;
    if (attempt !== this.#attempt) return;
    // A guest of this very server's session stays a guest after a reload.
    if (this.#kept) await this.#rejoin(this.#kept.ticket, this.#kept.password);
    else if (access) this.#go(access);
    else this.#become(FORM);
  }

  /** Go in at once. */
  enter(access: Access): void {
    this.#reset();
    this.#go(access);
  }

  /**
   * Join from the form, which stays until the host lets the client in or asks an owner. Returns what is wrong, or null.
   */
  async join(ticket: Ticket, password: string | null): Promise<Complaint | null> {
    const refused = await this.#knock(ticket, password);
    return refused && { field: fieldOf(refused.reason ?? "", password), message: refused.message };
  }

  /** Join at once, as a link asks for. Only a missing or wrong password leads to a form. */
  async followLink(ticket: Ticket, password: string | null): Promise<void> {
    this.#reset();
    this.#id = ticket.session;
    if (ticket.password && password === null) {
      this.#become({ at: "joining", ticket, refused: null });
      return;
    }
    const attempt = this.#begin();
    this.#become({ at: "looking" });
    await this.#options.me.ready;
    if (attempt !== this.#attempt) return;
    const client = this.#go(this.#withTicket(ticket, password));
    this.#askForPassword(client, ticket, password);
  }

  /** Back to the form if the host wants a password, or another one. */
  #askForPassword(client: Client, ticket: Ticket, password: string | null): void {
    client.on(() => {
      if (client !== this.client || fieldOf(client.refusal ?? "", password) !== "password") return;
      const refused = { reason: client.refusal, message: client.reason };
      this.#reset();
      this.#become({ at: "joining", ticket, refused });
    });
  }

  /** Show that the session is over. */
  end(reason: string): void {
    if (this.client) this.client.close(reason, "ended");
    else {
      this.#begin();
      this.#become({ at: "failed", reason });
    }
  }

  /** Leave, and go back to the form. */
  leave(): void {
    this.#reset();
    this.#id = null;
    this.#become(FORM);
  }

  /** Leave for good. Listeners hear nothing more. */
  close(): void {
    this.#reset();
    this.#listeners.clear();
  }

  #takeTicket(id: string): void {
    const kept = takeTicket(id);
    if (!kept) return;
    try {
      const { password } = kept;
      const ticket = Ticket.decode(kept.ticket);
      this.#kept = { ticket, password };
      this.#stops.push(keepTicket(ticket, password)); // the page may be reloaded again meanwhile
    } catch {
      // Not a ticket of this version.
    }
  }

  async #rejoin(ticket: Ticket, password: string | null): Promise<void> {
    const refused = await this.#knock(ticket, password);
    if (refused) this.#become({ at: "joining", ticket, refused });
  }

  /** Go in if the host agrees; returns why it does not, or null. */
  async #knock(ticket: Ticket, password: string | null): Promise<Refused | null> {
    const attempt = this.#begin();
    await this.#options.me.ready;
    if (attempt !== this.#attempt) return null;
    const access = this.#withTicket(ticket, password);
    const client = this.#newClient(access);
    if (this.#options.keeps === "user and ticket") this.#stops.push(keepTicket(ticket, password));
    this.#joining = client;
    const welcome = await isWelcome(client);
    if (attempt !== this.#attempt) return null;
    this.#joining = null;
    if (welcome) {
      this.#show(client, access);
      this.#askForPassword(client, ticket, password); // the host may answer only now
    } else {
      this.#stop();
      return { reason: client.refusal, message: client.reason };
    }
    return null;
  }

  #withTicket(ticket: Ticket, password: string | null): Access {
    const { dial } = this.#options;
    if (!dial) throw new TypeError("no links to a ticket's host");
    return { credentials: ticket.credentials(password), dial: dial(ticket), session: null, invite: null };
  }

  #go(access: Access): Client {
    const client = this.#newClient(access);
    this.#show(client, access);
    client.connect();
    return client;
  }

  #newClient({ credentials, dial, companion }: Access): Client {
    const keeps = this.#options.keeps !== "nothing";
    const resume = keeps ? takeResume(credentials) : null;
    const client = new SshxClient({
      credentials,
      dial,
      ...this.identity,
      ...(companion && { companion }),
      ...(resume && { resume }),
    });
    if (keeps) this.#stops.push(keepResume(client, credentials));
    return client;
  }

  #show(client: Client, access: Access): void {
    const { credentials, session, invite } = access;
    this.#id = bytesToHex(credentials.sessionId);
    const read = peopleReader();
    this.#people = read(client);
    let connected = false;
    let { rotations } = client.info ?? {};
    client.on(({ type }) => {
      const before = this.#people;
      if (type === "users") this.#people = read(client);
      if (type === "network") this.#tell("measured");
      else if (type === "state" || type === "info" || before !== this.#people) this.#tell("changed");
      if (client.state === "ended") this.#stop(); // there is nothing to come back to
      const renewed = client.info?.rotations;
      if (client.state === "connected" && (!connected || renewed !== rotations)) void this.#renewInvite(client, access);
      connected = client.state === "connected";
      rotations = renewed;
    });
    this.#followName(client);
    this.#become({ at: "live", client, session, invite });
  }

  /** Tell the host of a name that is chosen elsewhere, such as in JupyterLab's settings. */
  #followName(client: Client): void {
    let called = this.identity.name;
    const stop = this.#options.me.on?.(() => {
      const { name } = this.identity;
      if (name && name !== called) client.setName(name);
      called = name;
    });
    if (stop) this.#stops.push(stop);
  }

  async #renewInvite(client: Client, { renewInvite }: Access): Promise<void> {
    const invite = (await renewInvite?.().catch(() => null)) ?? null;
    const { stage } = this;
    if (invite && stage.at === "live" && stage.client === client) this.#become({ ...stage, invite });
  }

  /** Begin another attempt to get in. */
  #begin(): object {
    this.#joining?.close();
    this.#joining = null;
    return (this.#attempt = {});
  }

  #stop(): void {
    for (const stop of this.#stops) stop();
    this.#stops = [];
  }

  #reset(): void {
    this.#begin();
    this.#stop();
    this.#kept = null;
    this.client?.close();
  }

  #become(stage: Stage): void {
    this.stage = stage;
    this.#tell("changed");
  }

  #tell(event: SessionEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
  }
}

/** Connects. Resolves with whether there is something to show: the host lets the client in, asks an owner, or is late. */
function isWelcome(client: Client): Promise<boolean> {
  return new Promise((resolve) => {
    client.on(() => {
      if (client.state === "refused" || client.state === "ended") resolve(false);
      else if (client.state !== "connecting" || client.late) resolve(true);
    });
    client.connect();
  });
}
