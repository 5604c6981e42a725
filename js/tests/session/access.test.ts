import { expect, test } from "vitest";
import { inviteOf } from "../../src/session/access";
import { Ticket } from "../../src/ticket";
import { FakeApi, hosted } from "../api/fakeApi";
import { vectors } from "../vectors";

test.each([
  [{ write: null, read: null }, null],
  [
    { write: null, read: "https://a.example/#r" },
    { write: null, read: "https://a.example/#r" },
  ],
  [{ write: "https://a.example/#w", read: "https://a.example/#r" }, { write: "https://a.example/#w", read: "https://a.example/#r" }], // prettier-ignore
])("an invite has links where the server knows a page for guests", (urls, expected) => {
  const { tickets } = hosted(1);
  expect(inviteOf(new FakeApi(), hosted(1, { urls }))).toMatchObject({ tickets, urls: expected });
});

test("the server makes invite files, which are named after the session", async () => {
  const { makeFile } = inviteOf(new FakeApi(), hosted(1, { name: "Übung 3: a/b" }));
  expect(await makeFile!("writer", 60)).toEqual({
    name: "invite-übung-3-a-b.html",
    html: `${hosted(1).id} writer 60`,
    expires: new Date("2024-01-02T00:00:00Z"),
  });
});

test("there are invite files where the host has a relay", () => {
  const { valid } = vectors("tickets") as { valid: { text: string }[] };
  const told = valid.map(({ text }) => {
    const { makeFile } = inviteOf(new FakeApi(), hosted(1, { tickets: { write: null, read: text } }));
    expect(makeFile !== undefined).toBe(Ticket.decode(text).relays.length > 0);
    return makeFile !== undefined;
  });
  expect(new Set(told)).toEqual(new Set([true, false]));
});

test("guests find a page where the server lets them in", () => {
  const api = new FakeApi();
  expect(inviteOf(api, hosted(1)).guestPage).toBeNull();
  api.guests = true;
  expect(inviteOf(api, hosted(1)).guestPage).toBe("http://localhost:3000/sshx/guest");
});
