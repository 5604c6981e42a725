// @vitest-environment happy-dom
import { afterEach, expect, test, vi } from "vitest";
import { createElement } from "react";
import { NetworkPanel } from "../../../src/view/panels/NetworkPanel";
import { bytes, rate, SAMPLES, useTraffic } from "../../../src/view/panels/traffic";
import { FakeClient } from "../fakeClient";
import { after, all, cleanUp, says, show } from "../render";

afterEach(() => {
  cleanUp();
  vi.useRealTimers();
});

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1.0 kB"],
  [9949, "9.9 kB"],
  [9960, "10 kB"],
  [999_499, "999 kB"],
  [999_600, "1.0 MB"],
  [3.5e9, "3.5 GB"],
])("%d bytes are %s", (count, text) => {
  expect(bytes(count)).toBe(text);
});

test("a rate needs two samples", () => {
  const sample = (at: number, bytesIn: number) => ({ at, bytesIn, bytesOut: 0, latency: null });
  expect(rate([], "bytesIn")).toBeNull();
  expect(rate([sample(0, 5)], "bytesIn")).toBeNull();
  expect(rate([sample(0, 1000), sample(2000, 5000)], "bytesIn")).toBe(2000);
});

test("shows the way, the latency, the traffic and the last minute", () => {
  vi.useFakeTimers();
  const client = new FakeClient();
  let kept = 0;
  show(() => {
    const traffic = useTraffic(client);
    kept = traffic.length;
    return createElement(NetworkPanel, { client: client, traffic });
  }, {});
  expect(says("Unknown")).toBe(true);
  for (let second = 0; second < 2 * SAMPLES; second++) {
    after(() => {
      Object.assign(client, { path: "relay", latency: second === 100 ? null : 40, shellLatency: 3.21 });
      client.bytesIn += 2000;
      client.emit({ type: "network" });
      vi.advanceTimersByTime(1000);
    });
  }
  expect(kept).toBe(SAMPLES);
  for (const text of ["Through a relay", "40 ms", "3.2 ms", "240 kB", "2.0 kB/s"]) expect(says(text)).toBe(true);
  expect(all("svg[role=img]")[0]?.getAttribute("aria-label")).toContain("up to 40 ms");
  const line = all(".sshx-graph-line")[0]!.getAttribute("d")!;
  expect(line.split("M").length - 1).toBe(2); // a gap where no round trip is known
});
