/** How the connection is: which way, how quick, how much. */
import "../sharedStyles";
import "./Panel.css";
import "./NetworkPanel.css";
import type { Client } from "../../client/client";
import type { PathKind } from "../../links/link";
import { bytes, rate, SAMPLES, type Sample } from "./traffic";
import { stateText } from "../../session/statusWord";
import { useClient } from "../useClient";
import { trans } from "../../translation";

function pathText(path: PathKind | null): [short: string, meaning: string] {
  switch (path) {
    case null:
      return [trans.__("Unknown"), ""];
    case "local":
      return [trans.__("This server"), trans.__("The host runs on this page's Jupyter server.")];
    case "direct":
      return [trans.__("Direct"), trans.__("The two machines are connected directly, without a relay.")];
    case "relay":
      return [
        trans.__("Through a relay"),
        trans.__("No direct path was found. The relay forwards encrypted frames and cannot read them."),
      ];
  }
}

export function NetworkPanel({ client, traffic }: { client: Client; traffic: readonly Sample[] }) {
  const state = useClient(client, (now) => now.state);
  const path = useClient(client, (now) => now.path);
  const latency = useClient(client, (now) => now.latency);
  const shellLatency = useClient(client, (now) => now.shellLatency);
  const [way, meaning] = pathText(path);
  return (
    <div className="sshx-network">
      <dl className="sshx-facts">
        <dt>{trans.__("State")}</dt>
        <dd>{stateText(state)}</dd>
        <dt>{trans.__("Path")}</dt>
        <dd>{way}</dd>
        <dt>{trans.__("Round trip")}</dt>
        <dd>{milliseconds(latency)}</dd>
        <dt>{trans.__("Shell response")}</dt>
        <dd>{milliseconds(shellLatency)}</dd>
      </dl>
      <Graph traffic={traffic} />
      <dl className="sshx-facts">
        <Traffic
          name={trans.__("Received")}
          total={useClient(client, (now) => now.bytesIn)}
          rate={rate(traffic, "bytesIn")}
        />
        <Traffic
          name={trans.__("Sent")}
          total={useClient(client, (now) => now.bytesOut)}
          rate={rate(traffic, "bytesOut")}
        />
      </dl>
      <p className="sshx-hint">
        {trans.__("Encrypted from this browser to the host.")} {meaning}
      </p>
    </div>
  );
}

function Traffic({ name, total, rate }: { name: string; total: number; rate: number | null }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>
        {bytes(total)}
        {rate !== null && <span className="sshx-soft">{` · ${bytes(rate)}/s`}</span>}
      </dd>
    </>
  );
}

function milliseconds(value: number | null): string {
  if (value === null) return "–";
  return value < 10 ? `${value.toFixed(1)} ms` : `${Math.round(value)} ms`;
}

const WIDTH = 240;
const HEIGHT = 48;

/** The round trips of the last minute; where none is known there is a gap. */
function Graph({ traffic }: { traffic: readonly Sample[] }) {
  const known = traffic.flatMap((sample) => sample.latency ?? []);
  const top = Math.max(10, ...known) * 1.1;
  const step = WIDTH / (SAMPLES - 1);
  const x = (at: number) => (WIDTH - (traffic.length - 1 - at) * step).toFixed(1);
  let drawing = "";
  traffic.forEach(({ latency }, at) => {
    if (latency === null) return;
    const from = at === 0 || traffic[at - 1]!.latency === null ? "M" : "L";
    drawing += `${from}${x(at)} ${(HEIGHT - (HEIGHT * latency) / top).toFixed(1)}`;
  });
  const most = known.length > 0 ? milliseconds(Math.max(...known)) : null;
  return (
    <figure className="sshx-graph">
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={
          most === null
            ? trans.__("No round trip has been measured yet")
            : trans.__("Round-trip times in the last minute, up to %1", most)
        }
      >
        <path className="sshx-graph-grid" d={`M0 ${HEIGHT / 2}H${WIDTH}`} />
        <path className="sshx-graph-line" d={drawing} />
      </svg>
      <figcaption className="sshx-soft">
        <span>{trans.__("Last minute")}</span>
        <span>{most !== null && trans.__("at most %1", most)}</span>
      </figcaption>
    </figure>
  );
}
