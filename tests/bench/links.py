"""A guest on a long, lossy or slow link, beside JupyterLab's own terminal on a link like it.

Server, guest and JupyterLab's client are on machines of their own (see `tests/network.py`), which takes Linux and the
permission to make network namespaces.
"""

from __future__ import annotations

import asyncio
import json
import selectors
import statistics
import sys
from typing import Any

from tests.bench import typist
from tests.bench.report import Row
from tests.network import Machine, Network
from tests.servers import JupyterClient

SERVER, DESK = "10.0.0.1", "10.0.0.2"
OWN, GUEST = "10.1.0.1", "10.2.0.1"
SLOW_OWN, SLOW_GUEST = "10.1.0.2", "10.2.0.2"
DELAY = 0.02
"""Seconds from one machine to another."""
ROUND_TRIP = f"{2 * DELAY * 1000:g} ms round trip"
LOSS = 0.02
"""The share of packets that are lost in each direction."""
RATE = 1_000_000 / 8
"""Bytes a second of a link of 1 Mbit/s."""
ROUNDS = 5
KEYS = 40
LOSSY_KEYS = 600
LINE = "a line of output that is about as long as most lines are"
BULK_BYTES = 4_000_000
BULK = f"yes '{LINE}' | head -c {BULK_BYTES}"
BULK_PRINTED = BULK_BYTES + BULK_BYTES // (len(LINE) + 1)
"""The terminal puts a carriage return before each line feed."""
BULK_ROUNDS = 3
INTERRUPTS = 5
FLOOD = 3.0
"""Seconds that `yes` prints before the Ctrl-C."""
PATIENCE = 10.0
"""Seconds that a Ctrl-C may take."""


def measure() -> list[Row]:
    if sys.platform != "linux":
        return []
    # select() waits to the microsecond, epoll to the millisecond: the network is to add nothing but its delay.
    loop = asyncio.SelectorEventLoop(selectors.SelectSelector())
    try:
        return loop.run_until_complete(_measure())
    finally:
        loop.close()


async def _measure() -> list[Row]:
    async with Network(seed=1, delay=DELAY, tcp=True) as network:
        server = await network.start(SERVER, sys.executable, "-m", "tests.servers", "1", SERVER)
        [told] = await _hear(server)
        return await _rows(network, told["url"])


async def _rows(network: Network, url: str) -> list[Row]:
    desk = await network.start(DESK, sys.executable, "-m", __spec__.name, url)
    [terminal, ticket] = await _hear(desk)
    hows = ({"url": url, "terminal": terminal}, {"ticket": ticket})
    own, guest = [await _typist(network, *who) for who in zip((OWN, GUEST), hows, strict=True)]
    rows = [*await _echo(own, guest), *await _bulk(own, guest), *await _echo_with_loss(own, guest)]
    # A host that has known a link as a fast one is another matter, so these are new machines.
    own, guest = [await _typist(network, *who, RATE) for who in zip((SLOW_OWN, SLOW_GUEST), hows, strict=True)]
    return [*rows, *await _interrupt(own, guest)]


async def _typist(network: Network, ip: str, how: dict[str, Any], rate: float | None = None) -> Machine:
    machine = await network.start(ip, sys.executable, "-m", "tests.bench.typist")
    machine.limit(rate)
    await typist.start(machine.process, how)
    return machine


async def _echo(own: Machine, guest: Machine) -> list[Row]:
    """In turns, as the two would share this computer's cores."""
    times: dict[Machine, list[float]] = {own: [], guest: []}
    for _ in range(ROUNDS):
        for machine in times:
            times[machine] += (await typist.ask(machine.process, "echo", KEYS))["times"]
    theirs, ours = (statistics.median(times[machine]) for machine in (own, guest))
    more = ours - theirs
    return [
        Row(
            f"keystroke to echo, p50, {ROUND_TRIP}",
            f"{ours * 1000:.1f} ms",
            f"{theirs * 1000:.1f} ms, JupyterLab's own terminal",
            ours / theirs,
            "<= 1 ms more",
            more <= 0.001,
        )
    ]


async def _bulk(own: Machine, guest: Machine) -> list[Row]:
    theirs: list[dict[str, Any]] = []
    ours: list[dict[str, Any]] = []
    for _ in range(BULK_ROUNDS):
        for machine, answers in ((own, theirs), (guest, ours)):
            answers.append(await typist.ask(machine.process, "bulk", BULK))
    seconds, delivered = [], []
    for answers in (ours, theirs):
        seconds.append(statistics.median(answer["seconds"] for answer in answers))
        # The command's echo and the word that ends it are a few bytes more.
        delivered.append(min(min(answer["printed"] / BULK_PRINTED, 1) for answer in answers))
    ratio = seconds[0] / seconds[1]
    what = f"{BULK_BYTES / 1e6:g} MB of output, {ROUND_TRIP}"
    return [
        Row(
            f"{what}: last line",
            f"{seconds[0]:.2f} s",
            f"{seconds[1]:.2f} s, JupyterLab's own terminal",
            ratio,
            "<= 1.5 x",
            ratio <= 1.5,
        ),
        Row(
            f"{what}: delivered",
            f"{delivered[0]:.1%}",
            f"{delivered[1]:.1%}, JupyterLab's own terminal",
            None,
            ">= 99 %",
            delivered[0] >= 0.99,
        ),
    ]


async def _echo_with_loss(own: Machine, guest: Machine) -> list[Row]:
    """At the same time, on links of their own: both wait nearly all of it."""
    own.loss = guest.loss = LOSS
    answers = await asyncio.gather(*(typist.ask(machine.process, "echo", LOSSY_KEYS) for machine in (own, guest)))
    own.loss = guest.loss = 0.0
    rows = []
    for percentile in (50, 99):
        theirs, ours = (statistics.quantiles(answer["times"], n=100)[percentile - 1] for answer in answers)
        budgeted = percentile == 99
        rows.append(
            Row(
                f"keystroke to echo, p{percentile}, {ROUND_TRIP}, {LOSS:.0%} loss",
                f"{ours * 1000:.0f} ms",
                f"{theirs * 1000:.0f} ms, JupyterLab's own terminal",
                ours / theirs,
                "<= 1 x" if budgeted else "",
                ours <= theirs if budgeted else None,
            )
        )
    return rows


async def _interrupt(own: Machine, guest: Machine) -> list[Row]:
    """JupyterLab's own comes last: it may send for minutes what it has read by the Ctrl-C."""
    took: list[list[float | None]] = []
    for machine, rounds in ((guest, INTERRUPTS), (own, 1)):
        took.append(
            [(await typist.ask(machine.process, "interrupt", FLOOD, PATIENCE))["seconds"] for _ in range(rounds)]
        )
    ours, [theirs] = max(PATIENCE if seconds is None else seconds for seconds in took[0]), took[1]
    beside = f"longer than {PATIENCE:g} s" if theirs is None else f"{theirs:.1f} s"
    return [
        Row(
            f"Ctrl-C during yes, 1 Mbit/s, {ROUND_TRIP}, slowest",
            f"{ours * 1000:.0f} ms",
            f"{beside}, JupyterLab's own terminal",
            None,
            "< 500 ms",
            ours < 0.5,
        )
    ]


async def _hear(machine: Machine) -> list[Any]:
    assert machine.process.stdout is not None
    line = await machine.process.stdout.readline()
    assert line, "The process on the machine has failed; its standard error says why."
    answer: list[Any] = json.loads(line)
    return answer


async def _desk(url: str) -> None:
    """Open a terminal, and share another; say where they are, and stay."""
    server = JupyterClient(url)
    terminal = await server.terminal()
    session = await server.share()
    print(json.dumps([terminal, session["tickets"]["write"]]), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_desk(sys.argv[1]))
