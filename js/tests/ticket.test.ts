import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { Ticket, TicketError } from "../src/ticket";
import { fromHex, toHex, vectors } from "./vectors";

interface Vectors {
  valid: {
    name: string;
    text: string;
    address: string;
    endpointTicket: string;
    sessionId: string;
    secret: string;
    role: "writer" | "reader";
    password: boolean;
    expires: number | null;
    url: string;
  }[];
  accepted: { name: string; text: string; ticket: string }[];
  refused: { name: string; text: string; reason: string }[];
}

const { valid, accepted, refused } = vectors("tickets") as Vectors;

function reasonOf(text: string): string {
  try {
    Ticket.decode(text);
  } catch (error) {
    if (error instanceof TicketError) return error.reason;
    throw error;
  }
  return "accepted";
}

describe("tickets", () => {
  test.each(valid)("$name: decodes to its fields", (sample) => {
    const ticket = Ticket.decode(sample.text);
    expect(toHex(ticket.address)).toBe(sample.address);
    expect(ticket.endpointTicket).toBe(sample.endpointTicket);
    expect(ticket.session).toBe(sample.sessionId);
    expect(ticket.role).toBe(sample.role);
    expect(ticket.password).toBe(sample.password);
    expect(ticket.expires).toBe(sample.expires);
    const credentials = ticket.credentials("swordfish");
    expect(toHex(credentials.secret)).toBe(sample.secret);
    expect(credentials.password).toBe("swordfish");
    expect(credentials.expires).toBe(sample.expires);
    expect(Ticket.decode(sample.url).encode()).toBe(sample.text);
  });

  test("the relays are those of the address", () => {
    const relaysOf = (name: string) => Ticket.decode(valid.find((sample) => sample.name === name)!.text).relays;
    expect(relaysOf("writer")).toEqual(["https://relay.example.org/"]);
    // Bytes that are no address are understood as far as they go.
    for (const { text } of valid) expect(Ticket.decode(text).relays.length).toBeLessThan(2);
  });

  test.each(valid)("$name: is made of its fields", (sample) => {
    const { address, sessionId, secret, role, password, expires } = sample;
    const ticket = new Ticket(fromHex(address), fromHex(sessionId), fromHex(secret), role, password, expires);
    expect(ticket.encode()).toBe(sample.text);
  });

  test.each(accepted)("$name: is understood", ({ text, ticket }) => {
    expect(Ticket.decode(text).encode()).toBe(ticket);
  });

  test.each(refused)("$name: is refused", ({ text, reason }) => {
    expect(reasonOf(text)).toBe(reason);
  });

  test("every cut of a ticket is incomplete", () => {
    const text = valid[0]!.text;
    for (let size = 1; size < text.length; size++)
      expect(reasonOf(text.slice(0, size)), `cut at ${size}`).toBe("incomplete");
  });

  test("no changed character goes unnoticed", () => {
    const text = valid[0]!.text;
    for (let i = 5; i < text.length; i++) {
      const changed = text.slice(0, i) + (text[i] === "b" ? "c" : "b") + text.slice(i + 1);
      expect(["mistyped", "incomplete"], `character ${i}`).toContain(reasonOf(changed));
    }
  });

  test("a text of any length is refused quickly", () => {
    expect(reasonOf("sshx1" + "a".repeat(10_000_000))).toBe("foreign");
  });

  test("the secret shows neither in logs nor in errors", () => {
    const { text, secret } = valid[0]!;
    const ticket = Ticket.decode(text);
    const shown = inspect(ticket, { showHidden: true, depth: 5 }) + JSON.stringify(ticket);
    expect(shown).not.toContain(secret);
    expect(shown).not.toContain(fromHex(secret).join(","));
    expect(shown).not.toContain(fromHex(secret).join(", "));
    expect(() => Ticket.decode(text.slice(0, -1) + "a")).toThrow(/^This ticket contains a wrong character/);
  });
});
