"""From keystroke to echo: a guest over iroh beside JupyterLab's own terminal socket, on the same terminal in turns."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from sshx_jupyter.client import SshxClient
from sshx_jupyter.client.events import Output
from tests.bench.report import Row
from tests.servers import TerminalTab, jupyter_server

ROUNDS = 10
KEYS = 100


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as directory:
        return asyncio.run(_measure(Path(directory)))


async def _measure(directory: Path) -> list[Row]:
    with jupyter_server(directory) as server:
        name = await server.terminal()
        own: list[float] = []
        guest: list[float] = []
        piped: list[float] = []
        session = await server.share(terminals=[name])
        ticket = session["tickets"]["write"]
        for _ in range(ROUNDS):
            async with server.open_terminal(name) as tab:
                own += await _tab(tab)
            async with SshxClient.connect(ticket, relays="disabled", screens=False) as client:
                guest += await _client(client)
            async with server.owner(session, screens=False) as client:
                piped += await _client(client)
        await server.call("DELETE", f"sshx/api/sessions/{session['id']}?terminals=close")
    return [
        _row("keystroke to echo, p50: guest over iroh", guest, own, 50, 1.5),
        _row("keystroke to echo, p99: guest over iroh", guest, own, 99, 2.0),
        _row("keystroke to echo, p50: owner over WebSocket", piped, own, 50, None),
    ]


def _row(what: str, times: list[float], own: list[float], percentile: int, budget: float | None) -> Row:
    ours, theirs = (statistics.quantiles(series, n=100)[percentile - 1] * 1000 for series in (times, own))
    ratio = ours / theirs
    limit = "" if budget is None else f"<= {budget:g} x"
    ok = None if budget is None else ratio <= budget
    return Row(what, f"{ours:.2f} ms", f"{theirs:.2f} ms, JupyterLab's own terminal", ratio, limit, ok)


async def _tab(tab: TerminalTab) -> list[float]:
    times = []
    await tab.type("cat\r")
    await tab.wait_for("cat\r\n", len(tab.output))
    for key in range(KEYS):
        start = len(tab.output)
        began = time.perf_counter()
        await tab.type("x")
        await tab.wait_for("x", start)
        times.append(time.perf_counter() - began)
        await asyncio.sleep(0.002)
        if key % 20 == 19:
            await tab.type("\r")
            await asyncio.sleep(0.01)
    await tab.type("\x03")
    return times


async def _client(client: SshxClient) -> list[float]:
    times = []
    await client.wait_for(lambda c: c.shells)
    sid = next(iter(client.shells))
    await client.wait_for(lambda c: c._shells[sid].seq >= 0)
    echoed = asyncio.Event()
    client.observe(lambda event: echoed.set() if isinstance(event, Output) else None)
    await client.send(sid, "cat\r")
    await asyncio.sleep(0.3)
    for key in range(KEYS):
        echoed.clear()
        began = time.perf_counter()
        await client.send(sid, b"x")
        await echoed.wait()
        times.append(time.perf_counter() - began)
        await asyncio.sleep(0.002)
        if key % 20 == 19:
            await client.send(sid, b"\r")
            await asyncio.sleep(0.01)
    await client.send(sid, b"\x03")
    await asyncio.sleep(0.05)
    return times
