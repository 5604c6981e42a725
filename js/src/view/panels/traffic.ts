/** The last minute of a connection, for the network panel. */
import { useMemo, useSyncExternalStore } from "react";
import type { Client } from "../../client/client";

export interface Sample {
  /** Milliseconds of a monotonic clock. */
  at: number;
  latency: number | null;
  bytesIn: number;
  bytesOut: number;
}

export const SAMPLES = 60;

/** The newest last, at most `SAMPLES`. Gathered from the first call on. */
export function useTraffic(client: Client): readonly Sample[] {
  const { subscribe, read } = useMemo(() => trafficOf(client), [client]);
  return useSyncExternalStore(subscribe, read);
}

function trafficOf(client: Client) {
  let samples: readonly Sample[] = [];
  return {
    read: () => samples,
    subscribe: (changed: () => void) =>
      client.on((event) => {
        if (event.type !== "network") return;
        const { latency, bytesIn, bytesOut } = client;
        samples = [...samples.slice(1 - SAMPLES), { at: performance.now(), latency, bytesIn, bytesOut }];
        changed();
      }),
  };
}

/** Bytes a second over the last samples, or null if there are too few. */
export function rate(samples: readonly Sample[], of: "bytesIn" | "bytesOut"): number | null {
  const last = samples.at(-1);
  const first = samples.at(-4) ?? samples[0];
  if (last === undefined || first === undefined || last.at <= first.at) return null;
  return (1000 * (last[of] - first[of])) / (last.at - first.at);
}

/** 980 B, 1.2 kB, 35 MB. */
export function bytes(count: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  let value = count;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit > 0 && value < 9.95 ? value.toFixed(1) : Math.round(value)} ${units[unit]!}`;
}
