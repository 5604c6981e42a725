import { expect, test } from "vitest";
import { addressOf, placeAt } from "../../src/page/place";

const ID = "0123456789abcdef0123456789abcdef";

test.each(["http://127.0.0.1:8888/", "https://hub.example/user/a%40b/"])("addresses under %s", (base) => {
  const root = new URL(base);
  for (const place of [
    { id: null, ticket: "" },
    { id: ID, ticket: "" },
    { id: ID, ticket: "sshx1abc" },
    { id: null, ticket: "no ticket & more?" },
  ]) {
    const address = new URL(addressOf(root, place), root);
    expect(address.href.startsWith(`${base}sshx/p2p`)).toBe(true);
    expect(address.search).toBe("");
    expect(placeAt(root, address)).toEqual(place);
  }
});

test("addresses as people write them", () => {
  const root = new URL("http://localhost:8888/");
  const at = (address: string) => placeAt(root, new URL(address, root));
  expect(at("/sshx/p2p/")).toEqual({ id: null, ticket: "" });
  expect(at(`/sshx/p2p/${ID.toUpperCase()}`).id).toBe(ID);
  expect(at("/sshx/p2p#%zz").ticket).toBe("%zz");
});
