/** The people in a session, in the order in which they are listed. */
import type { Client } from "../client/client";
import type { User } from "../protocol/messages";
import { trans } from "../translation";

export interface Person extends Omit<User, "cursor"> {
  uid: number;
  /** Whether it is this client's own user. */
  me: boolean;
  /** The uids of all users that are this person's clients. */
  clients: number[];
}

/**
 * Reads a client's people: the client's own user, then those who wait for an answer, then the others as they came. The
 * list stays the same object while only cursors move, so that nothing is rendered for those.
 */
export function peopleReader(): (client: Client) => readonly Person[] {
  let users: ReadonlyMap<number, User> | null = null;
  let uid = 0;
  let people: readonly Person[] = [];
  return (client) => {
    if (client.users === users && client.uid === uid) return people;
    ({ users, uid } = client);
    const clients = [...users].map(([other, user]) => ({ ...user, uid: other, me: other === uid, clients: [other] }));
    clients.sort((a, b) => Number(b.me) - Number(a.me) || a.uid - b.uid);
    const next = onePerPerson(clients).sort((a, b) => rank(a) - rank(b) || a.uid - b.uid);
    if (next.length !== people.length || next.some((person, at) => !same(person, people[at]!))) people = next;
    return people;
  };
}

/** People, each once: a host may have several clients. The first one stands for all, and types where any of them does. */
function onePerPerson(users: readonly Person[]): Person[] {
  const entries = new Map<string, Person>();
  return users.filter((user) => {
    const entry = entries.get(user.person);
    if (entry !== undefined) {
      entry.clients.push(user.uid);
      entry.focus ??= user.focus;
    } else if (user.person !== "") entries.set(user.person, user);
    return entry === undefined;
  });
}

/** The people who are in, but for the host's own front ends. */
export function guestsOf<T extends Pick<User, "role" | "pending">>(people: readonly T[]): T[] {
  return people.filter((person) => !person.pending && person.role !== "owner");
}

/** What happens when the host stops sharing with so many guests there. */
export function stopConsequence(guests: number, closesTerminals = false): string {
  const terminals = closesTerminals ? trans.__("The terminals close.") : trans.__("Your terminals stay open.");
  if (guests === 0) return terminals;
  const here = trans._n(
    "%1 guest is here and will be disconnected.",
    "%1 guests are here and will be disconnected.",
    guests,
  );
  return `${here} ${terminals}`;
}

function rank(person: Person): number {
  return person.me ? 0 : person.pending || person.wantsWrite ? 1 : 2;
}

const SHOWN = ["uid", "me", "name", "color", "role", "focus", "pending", "wantsWrite", "ticket"] as const;

function same(a: Person, b: Person): boolean {
  return SHOWN.every((field) => a[field] === b[field]) && a.clients.join() === b.clients.join();
}
