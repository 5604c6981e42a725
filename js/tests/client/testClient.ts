/** A client under test, its scripted host, and what the client tells. */
import { afterEach, beforeEach, expect, vi } from "vitest";
import { SshxClient, type ClientOptions } from "../../src/client/client";
import type { ClientEvent, State } from "../../src/client/events";
import { CREDENTIALS, ScriptedHost } from "./scriptedHost";

/** What a client says first that has nothing to tell of itself. */
export const JOIN = { name: null, as: "user", passive: false, chat: 0, features: [] };

export let host: ScriptedHost;
export let client: SshxClient;
export let events: ClientEvent[];
export let states: State[];

export function make(options: Partial<ClientOptions> = {}): SshxClient {
  client = new SshxClient({ credentials: CREDENTIALS, dial: host.dial, ...options });
  events = [];
  states = [];
  client.on((event) => {
    events.push(event);
    if (event.type === "state" && states.at(-1) !== client.state) states.push(client.state);
  });
  return client;
}

/** A client that has been let in. */
export async function inside(options: Partial<ClientOptions> = {}): Promise<SshxClient> {
  make(options).connect();
  await host.welcome();
  return client;
}

/** Wait until the client has knocked again. */
export async function knocksAgain(): Promise<void> {
  const known = host.links.length;
  await vi.advanceTimersByTimeAsync(15_000);
  expect(host.links).toHaveLength(known + 1);
}

export function errors(): string[] {
  return events.flatMap((event) => (event.type === "error" ? [event.text] : []));
}

/** Give each test of a file a host of its own and a clock that the test moves, and see that nothing goes on after it. */
export function eachTest(): void {
  beforeEach(() => {
    vi.useFakeTimers();
    host = new ScriptedHost();
  });

  afterEach(() => {
    client.close();
    expect(vi.getTimerCount(), "timers that go on after the end").toBe(0);
    vi.useRealTimers();
  });
}
