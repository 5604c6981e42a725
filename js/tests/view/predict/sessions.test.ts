/** Sessions with real programs, recorded by `record.py`, replayed over slow links. */
import { readdirSync } from "node:fs";
import { describe, expect, test, vi } from "vitest";
import { random, Replay, recording, type Link, type Moment, type Recording } from "./replay";

// Thousands of writes to a terminal, each of which waits for its turn.
vi.setConfig({ testTimeout: 30_000 });

const NAMES = readdirSync(`${import.meta.dirname}/recordings`).map((file) => file.replace(".json", ""));

/** In recordings whose name says so, these are typed as passwords only. */
const SECRET = /[QXJZ]/;
const HAS_SECRETS = /password|getpass|masked/;

/** Someone who types seven keys a second, over a link of `roundTrip` milliseconds. */
function link(roundTrip: number, next: () => number): Link {
  return {
    measured: roundTrip,
    roundTrip: () => roundTrip * (0.9 + 0.2 * next()),
    pause: () => 150 * (0.5 + next()),
  };
}

/** What must hold whatever happens. */
function check(replay: Replay, name: string): void {
  const moments = [...replay.typed, ...replay.parsed];
  for (const { picture, alternate } of moments) {
    if (alternate) expect(picture, "full-screen programs").toBeNull();
    if (!HAS_SECRETS.test(name)) continue;
    for (const { char } of picture?.cells ?? []) expect(char, "a password").not.toMatch(SECRET);
  }
  for (const moment of replay.parsed) expect(survivor(replay, moment), "a refuted prediction").toBeNull();
  expect(replay.parsed.at(-1)!.picture, "the end").toBeNull();
}

/** What is shown and wrong although every key has been answered. */
function survivor(replay: Replay, { picture, seen, typed, echoed }: Moment): Moment["picture"] {
  if (!picture || !seen || echoed < typed) return null;
  return replay.isTrue(seen, typed) ? null : picture;
}

/** Keys after which something is seen that the host never shows. */
function misleading(replay: Replay): number {
  return replay.typed.filter(({ picture, seen, typed, echoed }) => {
    if (!picture || !seen) return false;
    for (let keys = echoed; keys <= typed; keys++) if (replay.isTrue(seen, keys)) return false;
    return true;
  }).length;
}

function instant(replay: Replay): number {
  return replay.typed.filter((_, n) => replay.isInstant(n)).length / replay.typed.length;
}

describe("at 100 ms", () => {
  // How many of all keys are seen at once, Enter and Tab included; and how many times something else is seen than what comes.
  test.each([
    ["typing", 0.88, 0],
    ["fast", 0.85, 0],
    ["wrap", 0.8, 0],
    ["colours", 0.7, 0],
    ["unicode", 0.6, 0],
    ["editing", 0.55, 0],
    ["python", 0.6, 0],
    ["ipython", 0.5, 0],
    ["zsh", 0.55, 0],
    ["fish", 0.6, 0],
    ["completion", 0.4, 0],
    ["paste", 0.4, 0],
    ["ahead", 0.5, 2],
    ["cat", 0.4, 1],
    ["upper", 0, 3],
  ])("%s", async (name, least, most) => {
    const replay = await Replay.run(recording(name), link(100, random(1)));
    check(replay, name);
    expect(instant(replay)).toBeGreaterThan(least);
    expect(misleading(replay)).toBeLessThanOrEqual(most);
  });
});

test.each(NAMES)("%s at 400 ms", async (name) => {
  check(await Replay.run(recording(name), link(400, random(2))), name);
});

test.each(["password", "getpass", "masked", "masked-toolkit"])("passwords never show: %s", async (name) => {
  for (const roundTrip of [40, 150]) {
    for (const pace of [20, 90, 400]) {
      const next = random(roundTrip + pace);
      const replay = await Replay.run(recording(name), {
        ...link(roundTrip, next),
        pause: () => pace * (0.5 + next()),
      });
      check(replay, name);
      // The test sees something at all.
      expect(replay.typed.filter(({ picture }) => picture).length).toBeGreaterThan(1);
    }
  }
});

test("nothing shows in vim, and predictions go on after it", async () => {
  const events = recording("vim");
  const replay = await Replay.run(events, link(100, random(3)));
  check(replay, "vim");
  expect(replay.typed.filter(({ alternate }) => alternate).length).toBeGreaterThan(20);
  const after = replay.typed.slice(-8).filter(({ typed }) => replay.isInstant(typed - 1));
  expect(after.length).toBeGreaterThan(4);
});

/** Pieces of output as a bad link delivers them: cut anywhere. */
function split(data: string, next: () => number): string[] {
  if (next() < 0.7) return [data];
  const at = Math.floor(next() * data.length);
  return [data.slice(0, at), data.slice(at)].filter((piece) => piece !== "");
}

/** The session with output of others in between. */
function disturbed(events: Recording, next: () => number): Recording {
  const others = ["\r\n[1]+  Done  sleep 5\r\n$ ", "x", "\r\n", "\x1b7\x1b[1;60H12:00\x1b8", "\b", "\x1b[2J\x1b[H"];
  return events.flatMap((event): Recording =>
    next() < 0.03 ? [event, ["out", others[Math.floor(next() * others.length)]!]] : [event],
  );
}

test.each(Array.from({ length: 40 }, (_, seed) => seed))("any interleaving: %i", async (seed) => {
  const next = random(seed);
  const name = NAMES[seed % NAMES.length]!;
  const usual = 30 + 400 * next();
  const jitter = next();
  const pace = 10 + 300 * next();
  const replay = await Replay.run(disturbed(recording(name), next), {
    measured: usual,
    roundTrip: () => usual * (1 - jitter / 2 + jitter * next() * (next() < 0.05 ? 10 : 1)),
    pause: () => pace * (0.2 + next() * (next() < 0.1 ? 10 : 1)),
    split: (data) => split(data, next),
  });
  check(replay, name);
});
