import { expect, test } from "vitest";
import { refusalsAt } from "../../src/guest/refusals";
import { Refused, tellRefusals } from "../../src/protocol/handshake";

test("the page of any web server says its version, and where to get another one", () => {
  tellRefusals(refusalsAt("1.2.3", false));
  expect(new Refused("version").message).toBe(
    "This page cannot connect to the host's version of sshx-jupyter. This page is version 1.2.3. " +
      "Ask the host for a link to a page of their version.",
  );
  expect(new Refused("notFound").message).toContain("no longer shared");
  expect(new Refused("full").message).toContain("This session is full");
  expect(new Refused("version", "The host's own words.").message).toBe("The host's own words.");
});

test("an invite file says where to get another one", () => {
  tellRefusals(refusalsAt("1.2.3", false, true));
  expect(new Refused("version").message).toMatch(/This page is version 1.2.3. Ask the host for a new invite.$/);
});

test("the page of the host's server is loaded again from there, and reaches no other server", () => {
  tellRefusals(refusalsAt("1.2.3", true));
  expect(new Refused("version").message).toContain("This page is version 1.2.3. Reload the page");
  expect(new Refused("notFound").message).toContain("the ticket is for another server");
});
