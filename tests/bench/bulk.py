"""Bulk output of `seq` to one guest over iroh, beside JupyterLab's own socket and the bare PTY."""

from __future__ import annotations

import asyncio
import os
import pty
import tempfile
import time
from pathlib import Path

from sshx_jupyter.client import SshxClient
from tests.bench.report import Row
from tests.servers import JupyterServer, jupyter_server

COMMAND = "seq 1 3000000"
SIZE = sum(len(str(number)) + 2 for number in range(1, 3_000_001))
ROUNDS = 3


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as directory, jupyter_server(Path(directory)) as server:
        alone, own, guest = [], [], []
        for _ in range(ROUNDS):
            alone.append(_alone())
            own.append(asyncio.run(_tab(server)))
            guest.append(asyncio.run(_guest(server)))
    best = max(alone)
    share, lab = max(guest) / best, max(own) / best
    beside = f"{_rate(best)}, the PTY alone"
    return [
        Row("bulk output: guest over iroh", _rate(max(guest)), beside, share, ">= 0.9 x", share >= 0.9),
        Row("bulk output: JupyterLab's own terminal", _rate(max(own)), beside, lab),
    ]


def _rate(rate: float) -> str:
    return f"{rate / 1e6:.1f} MB/s"


def _alone() -> float:
    """Bytes a second from a PTY that a process of its own reads as fast as it can."""
    started = time.perf_counter()
    pid, fd = pty.fork()
    if pid == 0:
        os.execvp("seq", COMMAND.split())
    size = 0
    try:
        while data := os.read(fd, 1 << 16):
            size += len(data)
    except OSError:
        pass  # Linux's way to say that the other side has closed
    took = time.perf_counter() - started
    os.waitpid(pid, 0)
    os.close(fd)
    assert size == SIZE
    return size / took


async def _tab(server: JupyterServer) -> float:
    name = await server.terminal()
    async with server.open_terminal(name) as tab:
        await tab.wait_for("$ ")
        started = time.perf_counter()
        await tab.type(f"{COMMAND}; echo all$((1))done\r")
        await tab.wait_for_end("all1done")
        took = time.perf_counter() - started
    await server.call("DELETE", f"api/terminals/{name}")
    return SIZE / took


async def _guest(server: JupyterServer) -> float:
    session = await server.share()
    async with SshxClient.connect(session["tickets"]["write"], relays="disabled", screens=False) as client:
        rate = await bulk(client)
    await server.call("DELETE", f"sshx/api/sessions/{session['id']}?terminals=close")
    return rate


async def bulk(client: SshxClient) -> float:
    """Bytes a second that a client gets of the command's output, in its first shell."""
    sid = next(iter(client.shells))
    await client.wait_for(lambda c: c._shells[sid].seq >= 0)
    start = client._shells[sid].seq
    started = time.perf_counter()
    await client.send(sid, f"{COMMAND}\r")
    await client.wait_for(lambda c: c._shells[sid].seq >= start + SIZE)
    return SIZE / (time.perf_counter() - started)
