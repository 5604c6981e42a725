// @vitest-environment happy-dom
import { afterEach, expect, test } from "vitest";
import { JoinForm } from "../../src/forms/JoinForm";
import { Ticket } from "../../src/ticket";
import { cleanUp, show, texts } from "../view/render";

afterEach(cleanUp);

const bytes = (size: number) => new Uint8Array(size).fill(7);

function lead(role: "writer" | "reader", password: boolean, expires: number | null): string {
  const ticket = new Ticket(bytes(30), bytes(16), bytes(16), role, password, expires).encode();
  show(JoinForm, { ticket, onJoin: () => null, onOther: () => undefined });
  return texts(".sshx-form-lead")[0]!;
}

test("before anyone is asked, it says what the ticket itself tells", () => {
  expect(lead("writer", false, null)).toBe("You can watch and type.");
  expect(lead("reader", true, null)).toBe("You can watch but not type. You also need a password.");
});

test("an invite says when it ends, or that it has", () => {
  expect(lead("reader", false, 4_000_000_000)).toMatch(/^You can watch but not type. This invite ends on .*2096/);
  expect(lead("reader", false, 1_000_000_000)).toMatch(/This invite ended on .*2001.* Ask the host for a new one.$/);
});
