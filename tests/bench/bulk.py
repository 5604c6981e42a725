"""Bulk output of `seq` to one guest over iroh, beside JupyterLab's own socket and the bare PTY, on a quiet machine and
beside two busy programs. What counts is what the guest got of it, not what snapshots stood for."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pty
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from sshx_jupyter.client import SshxClient
from tests.bench.delivery import Delivery
from tests.bench.report import Row
from tests.servers import JupyterServer, jupyter_server

COMMAND = "seq 1 3000000"
SIZE = sum(len(str(number)) + 2 for number in range(1, 3_000_001))
ROUNDS = 3
BUSY = 2
"""Busy programs beside it, in half of the rows."""


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as directory, jupyter_server(Path(directory)) as server:
        quiet = _rows(server, "")
        with _busy_programs():
            busy = _rows(server, f", {BUSY} busy programs")
    return quiet + busy


def _rows(server: JupyterServer, beside: str) -> list[Row]:
    alone, own, guest = [], [], []
    for _ in range(ROUNDS):
        alone.append(_alone())
        own.append(asyncio.run(_tab(server)))
        guest.append(asyncio.run(_guest(server)))
    best = max(alone)
    rate, _ = max(guest)
    share = min(share for _, share in guest)
    compared = f"{_rate(best)}, the PTY alone"
    return [
        Row(f"bulk output, delivered{beside}", _rate(rate), compared, rate / best, ">= 0.9 x", rate >= 0.9 * best),
        Row(f"bulk output, share delivered{beside}", f"{share:.1%}", "", None, ">= 99 %", share >= 0.99),
        Row(f"bulk output, JupyterLab's own terminal{beside}", _rate(max(own)), compared, max(own) / best),
    ]


def _rate(rate: float) -> str:
    return f"{rate / 1e6:.1f} MB/s"


@contextlib.contextmanager
def _busy_programs() -> Iterator[None]:
    programs = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(BUSY)]
    try:
        yield
    finally:
        for program in programs:
            program.kill()
            program.wait()


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


async def _guest(server: JupyterServer) -> tuple[float, float]:
    """Bytes a second that a guest got, and the share of all."""
    session = await server.share()
    async with SshxClient.connect(session["tickets"]["write"], relays="disabled", screens=False) as client:
        found = await bulk(client)
    await server.call("DELETE", f"sshx/api/sessions/{session['id']}?terminals=close")
    return found


async def bulk(client: SshxClient) -> tuple[float, float]:
    """Bytes a second that a client gets of the command's output in its first shell, and the share of all."""
    sid = next(iter(client.shells))
    await client.wait_for(lambda c: c._shells[sid].seq >= 0)
    start = client._shells[sid].seq
    delivery = Delivery(client, sid)
    started = time.perf_counter()
    await client.send(sid, f"{COMMAND}\r")
    await client.wait_for(lambda c: c._shells[sid].seq >= start + SIZE)
    took = time.perf_counter() - started
    delivery.stop()
    return delivery.delivered / took, delivery.share
