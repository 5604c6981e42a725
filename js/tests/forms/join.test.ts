// @vitest-environment happy-dom
import { createElement, Fragment } from "react";
import { afterEach, expect, test } from "vitest";
import { JoinForm } from "../../src/forms/JoinForm";
import { Ticket } from "../../src/ticket";
import { after, all, cleanUp, show, texts } from "../view/render";

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

const field = () => all("input[name=ticket]")[0] as HTMLInputElement;

test("where it is what one comes for, one can type the ticket at once", () => {
  show(JoinForm, { onJoin: () => null });
  expect(document.activeElement).toBe(document.body);
  cleanUp();
  show(JoinForm, { onJoin: () => null, focused: true });
  expect(document.activeElement).toBe(field());
});

/** Paste a text where the focus is. Returns whether the browser does so itself. */
function paste(text: string): boolean {
  const clipboardData = Object.assign(new DataTransfer(), { getData: () => text });
  const event = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
  after(() => void document.activeElement!.dispatchEvent(event));
  return !event.defaultPrevented;
}

test("what is pasted into no field is taken for the ticket", () => {
  const other = createElement("input", { name: "other" });
  const form = createElement(JoinForm, { onJoin: () => null, takesPaste: true });
  show(() => createElement(Fragment, null, other, form), {});
  all("input[name=other]")[0]!.focus();
  expect(paste("into the other")).toBe(true);
  expect(field().value).toBe("");
  all("input[name=other]")[0]!.blur();
  expect(paste("sshx1…")).toBe(false);
  expect([field().value, document.activeElement]).toEqual(["sshx1…", field()]);
});
