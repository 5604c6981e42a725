// @vitest-environment happy-dom
import { beforeEach, expect, test, vi } from "vitest";
import { cleanAddress, logInHere } from "../../src/page/fragment";

const at = (address: string) => history.replaceState(null, "", address);
const here = () => location.pathname + location.search + location.hash;

beforeEach(() => {
  sessionStorage.clear();
  vi.spyOn(location, "replace").mockImplementation((address) => at(String(address)));
});

test("what is after the # comes back after the login, once", () => {
  at("/sshx/p2p/1#sshx1abc");
  logInHere();
  expect(here()).toBe("/sshx/p2p/1?login");
  expect(cleanAddress()).toBe(true);
  expect(here()).toBe("/sshx/p2p/1#sshx1abc");
  expect(cleanAddress()).toBe(false);
  expect(sessionStorage.length).toBe(0);
  at("/sshx/p2p/1?login");
  cleanAddress();
  expect(here()).toBe("/sshx/p2p/1");
});

test("a ticket that is hidden comes back as well", () => {
  history.replaceState({ sshxTicket: "sshx1abc" }, "", "/sshx/p2p/1");
  logInHere();
  expect(cleanAddress()).toBe(true);
  expect(here()).toBe("/sshx/p2p/1#sshx1abc");
});

test("it does not come to another session", () => {
  at("/sshx/p2p/1#sshx1abc");
  logInHere();
  at("/sshx/p2p/2?login");
  cleanAddress();
  expect(here()).toBe("/sshx/p2p/2");
  expect(sessionStorage.length).toBe(0);
});

test("what the address says itself counts", () => {
  at("/sshx/p2p/1#sshx1old");
  logInHere();
  at("/sshx/p2p/1?login#sshx1new");
  cleanAddress();
  expect(here()).toBe("/sshx/p2p/1#sshx1new");
  expect(sessionStorage.length).toBe(0);
});

test("a login that was given up leaves no ticket behind", () => {
  at("/sshx/p2p/1#sshx1abc");
  logInHere();
  at("/sshx/p2p");
  cleanAddress();
  expect(here()).toBe("/sshx/p2p");
  expect(sessionStorage.length).toBe(0);
});

test("the way to the login does not lead to another server", () => {
  const replace = vi.spyOn(location, "replace").mockImplementation(() => undefined);
  at("/sshx/p2p/1#sshx1abc");
  logInHere();
  // Wherever the page is, also at https://hub.example//evil.example/sshx/p2p, behind a proxy.
  expect(new URL(String(replace.mock.lastCall![0]), "https://hub.example//evil.example/p2p").origin).toBe(
    "https://hub.example",
  );
  expect(replace.mock.lastCall![0]).not.toMatch(/^\//);
});

test("the server's token does not stay in the address", () => {
  at("/sshx/p2p/1?token=secret#sshx1abc");
  cleanAddress();
  expect(here()).toBe("/sshx/p2p/1#sshx1abc");
});

test("without storage there is still a way to the login", () => {
  vi.spyOn(Storage.prototype, "setItem").mockImplementationOnce(() => {
    throw new DOMException("no", "SecurityError");
  });
  at("/sshx/p2p/1#sshx1abc");
  logInHere();
  expect(here()).toBe("/sshx/p2p/1?login");
});
