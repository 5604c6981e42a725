"""From keystroke to echo: guests and owner beside JupyterLab's own terminal, and beside the limits of iroh and TCP.

Everyone has a process and a shell of their own, and they take turns, as they share this computer's cores.
"""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path

from tests.bench import typist
from tests.bench.report import Row
from tests.servers import JupyterServer, jupyter_server

ROUNDS = 15
KEYS = 100
FLOOD_KEYS = 1000
IROH_MORE = 1.1
"""A guest's echo may take this much of what iroh takes longer than TCP."""
PIPE_MORE = 0.0003
"""Seconds that a guest's own server may add."""
FLOOD_MORE = 3.0
"""How many times as long the slowest echoes may take while another shell of the session floods."""


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as directory:
        return asyncio.run(_measure(Path(directory)))


async def _measure(directory: Path) -> list[Row]:
    with jupyter_server(directory / "host") as host, jupyter_server(directory / "guest") as server:
        times = await _take_turns(host, server)
        flooded = await _beside_a_flood(host)
    return _rows(times, flooded)


async def _take_turns(host: JupyterServer, server: JupyterServer) -> dict[str, list[float]]:
    guests, piped, owners = [await host.share() for _ in range(3)]
    typists = {
        "own": {"url": host.url, "terminal": await host.terminal()},
        "guest": {"ticket": guests["tickets"]["write"]},
        "piped": {"ticket": piped["tickets"]["write"], "url": server.url},
        "owner": {"owner": {key: owners[key] for key in ("id", "owner_secret")}, "url": host.url},
    }
    times: dict[str, list[float]] = {}
    async with contextlib.AsyncExitStack() as stack:
        everyone = {kind: await stack.enter_async_context(_ping_pong(kind)) for kind in ("tcp", "iroh")}
        for name, how in typists.items():
            everyone[name] = await stack.enter_async_context(_process("tests.bench.typist"))
            await typist.start(everyone[name], how)
        for _ in range(ROUNDS):
            for name, process in everyone.items():
                times.setdefault(name, []).extend((await typist.ask(process, "echo", KEYS))["times"])
    return times


async def _beside_a_flood(host: JupyterServer) -> dict[str, list[float]]:
    """Echoes in a session's quiet shell before and while another of its shells floods, which the guest has, too."""
    quiet, noisy = [await host.terminal() for _ in range(2)]
    session = await host.share(terminals=[quiet, noisy])
    times = {}
    async with _process("tests.bench.typist") as guest:
        await typist.start(guest, {"ticket": session["tickets"]["write"], "sid": session["shells"][0]["sid"]})
        times["quiet"] = (await typist.ask(guest, "echo", FLOOD_KEYS))["times"]
        async with host.open_terminal(noisy) as tab:
            await tab.type("yes hello\r")
            await tab.wait_for("hello\r\nhello")
        times["flood"] = (await typist.ask(guest, "echo", FLOOD_KEYS))["times"]
    await host.call("DELETE", f"api/terminals/{noisy}")
    return times


@contextlib.asynccontextmanager
async def _process(module: str, *arguments: str) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", module, *arguments, stdin=PIPE, stdout=PIPE)
    try:
        yield process
    finally:
        process.kill()
        await process.wait()


@contextlib.asynccontextmanager
async def _ping_pong(kind: str) -> AsyncIterator[Process]:
    async with _process("tests.bench.ping_pong", kind) as answering:
        assert answering.stdout is not None
        address = (await answering.stdout.readline()).decode().strip()
        async with _process("tests.bench.ping_pong", kind, address) as asking:
            yield asking


def _rows(times: dict[str, list[float]], flooded: dict[str, list[float]]) -> list[Row]:
    series = times | flooded
    p50, p99 = ({name: statistics.quantiles(all_, n=100)[n - 1] for name, all_ in series.items()} for n in (50, 99))
    iroh_more = IROH_MORE * (p50["iroh"] - p50["tcp"])
    own = "JupyterLab's own terminal"
    return [
        _row("least round trip between two processes, p50: iroh", p50["iroh"], p50["tcp"], "TCP"),
        _row("least round trip between two processes, p99: iroh", p99["iroh"], p99["tcp"], "TCP"),
        _row("keystroke to echo, p50: guest over iroh", p50["guest"], p50["own"], own, more=iroh_more),
        _row(
            "keystroke to echo, p50: guest through their server",
            p50["piped"],
            p50["guest"],
            "guest over iroh",
            more=PIPE_MORE,
        ),
        _row("keystroke to echo, p50: owner over WebSocket", p50["owner"], p50["own"], own),
        _row("keystroke to echo, p99: guest over iroh", p99["guest"], p99["own"], own, more=0),
        _row("keystroke to echo, p99: guest through their server", p99["piped"], p99["own"], own),
        _row("keystroke to echo, p99: owner over WebSocket", p99["owner"], p99["own"], own),
        _row("keystroke to echo, p50: guest beside a flood", p50["flood"], p50["quiet"], "the same without"),
        _row(
            "keystroke to echo, p99: guest beside a flood",
            p99["flood"],
            p99["quiet"],
            "the same without",
            more=(FLOOD_MORE - 1) * p99["quiet"],
        ),
    ]


def _row(what: str, ours: float, theirs: float, whose: str, more: float | None = None) -> Row:
    """A budget of `more` seconds than theirs."""
    budget = "" if more is None else f"<= {(theirs + more) * 1000:.2f} ms"
    ok = None if more is None else ours <= theirs + more
    return Row(what, f"{ours * 1000:.2f} ms", f"{theirs * 1000:.2f} ms, {whose}", ours / theirs, budget, ok)
