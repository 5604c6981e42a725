import { expect, test } from "vitest";
import { inviteOf } from "../../src/session/access";
import { hosted } from "../api/fakeApi";

test.each([
  [{ write: null, read: null }, null],
  [
    { write: null, read: "https://a.example/#r" },
    { write: null, read: "https://a.example/#r" },
  ],
  [{ write: "https://a.example/#w", read: "https://a.example/#r" }, { write: "https://a.example/#w", read: "https://a.example/#r" }], // prettier-ignore
])("an invite has links where the server knows a page for guests", (urls, expected) => {
  const { tickets } = hosted(1);
  expect(inviteOf(hosted(1, { urls }))).toEqual({ tickets, urls: expected });
});
