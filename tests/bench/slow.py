"""Guests on bad lines: what one who takes nothing does to another, and how long Ctrl-C takes on a slow link."""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from sshx_jupyter.client import SshxClient
from sshx_jupyter.host.limits import Limits
from sshx_jupyter.links import Link
from sshx_jupyter.node import SshxNode
from tests.bench.bulk import bulk
from tests.bench.report import Row
from tests.servers import JupyterServer, jupyter_server
from tests.sessions import Stalling, Throttled, past

ROUNDS = 5
LINK_RATE = 1_000_000 / 8
"""Bytes a second of a link of 1 Mbit/s."""


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as directory, jupyter_server(Path(directory)) as server:
        return [*asyncio.run(_stalled(server)), *asyncio.run(_interrupt(server))]


async def _stalled(server: JupyterServer) -> list[Row]:
    links: list[Stalling] = []

    def stalling(link: Link) -> Link:
        links.append(Stalling(link))
        return links[-1]

    session = await server.share()
    without, beside, grown = [], [], []
    async with _join(session) as client, _join(session, stalling) as lazy:
        await lazy.wait_for(lambda c: all(shell.seq >= 0 for shell in c._shells.values()))
        await bulk(client)  # what every session needs has been allocated then
        for _ in range(ROUNDS):
            without.append((await bulk(client))[0])
            before = _memory(server)
            links[0].flowing.clear()
            beside.append((await bulk(client))[0])
            grown.append(_memory(server) - before)
            links[0].flowing.set()
            await lazy.wait_for(lambda c: c._shells.keys() == client._shells.keys() and _drained(c, client))
    await server.call("DELETE", f"sshx/api/sessions/{session['id']}?terminals=close")
    ratio, growth = max(beside) / max(without), max(statistics.median(grown), 0)
    return [
        Row(
            "bulk output beside a stalled guest",
            f"{max(beside) / 1e6:.1f} MB/s",
            f"{max(without) / 1e6:.1f} MB/s without",
            ratio,
            ">= 0.9 x",
            ratio >= 0.9,
        ),
        Row(
            "the host's memory for a stalled guest",
            f"{growth / 1024:.0f} KiB",
            "",
            None,
            f"<= {Limits().window >> 10} KiB",
            growth <= Limits().window,
        ),
    ]


def _drained(lazy: SshxClient, client: SshxClient) -> bool:
    return all(lazy._shells[sid].seq == shell.seq for sid, shell in client._shells.items())


def _memory(server: JupyterServer) -> int:
    """Bytes of memory that the server has now."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024


async def _interrupt(server: JupyterServer) -> list[Row]:
    session = await server.share()
    took = []
    async with _join(session, lambda link: Throttled(link, LINK_RATE, delay=0.01), screens=True) as client:
        sid = next(iter(client.shells))
        await client.wait_for(lambda c: c._shells[sid].seq >= 0)
        for _ in range(ROUNDS):
            await client.send(sid, "clear; yes hello\r")
            await past(client, sid, client._shells[sid].seq + 5_000_000)
            started = time.perf_counter()
            await client.send(sid, "\x03echo stop$((40+2))\r")
            await client.wait_for(lambda c: "stop42" in c.screen(sid).text())
            took.append(time.perf_counter() - started)
    await server.call("DELETE", f"sshx/api/sessions/{session['id']}?terminals=close")
    median = statistics.median(took)
    return [
        Row("Ctrl-C during yes, on a 1 Mbit/s link", f"{median * 1000:.0f} ms", "", None, "< 500 ms", median < 0.5),
    ]


@contextlib.asynccontextmanager
async def _join(
    session: dict[str, Any], through: Callable[[Link], Link] = lambda link: link, screens: bool = False
) -> AsyncIterator[SshxClient]:
    ticket = session["tickets"]["write"]
    async with await SshxNode.spawn(relays="disabled", bind="127.0.0.1:0") as node:

        async def dial() -> Link:
            return through(await node.join(ticket))

        async with SshxClient.connect(ticket, dial=dial, screens=screens) as client:
            yield client
