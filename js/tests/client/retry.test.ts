/** The waiting times between attempts. What is tried again at all is in `client.test.ts`, as the client does it. */
import { expect, test } from "vitest";
import { Backoff } from "../../src/client/retry";

const FIRST = 500;
const LONGEST = 15_000;

function expectWithin(delay: number, most: number): void {
  expect(delay).toBeGreaterThanOrEqual(most / 2);
  expect(delay).toBeLessThanOrEqual(most);
}

test("the waiting time doubles up to a limit", () => {
  const backoff = new Backoff();
  for (let i = 0; i < 10; i++) expectWithin(backoff.next(), Math.min(FIRST * 2 ** i, LONGEST));
});

test("the waiting time is short again only after a link that lasted", () => {
  const backoff = new Backoff();
  for (let i = 0; i < 10; i++) backoff.next();
  backoff.resetAfter(LONGEST);
  expectWithin(backoff.next(), LONGEST);
  backoff.resetAfter(LONGEST + 1);
  expectWithin(backoff.next(), FIRST);
});
