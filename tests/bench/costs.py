"""What the extension costs where little happens: imports of a server that shares nothing, an idle session, and the
memory that is left in use after much output.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sshx_jupyter.client import SshxClient
from tests.bench.bare_iroh import idle_connections
from tests.bench.guests import running_guests
from tests.bench.report import Row
from tests.servers import JupyterServer, jupyter_server

IMPORTS = 5
IMPORT_BUDGET = 0.06
"""Seconds that a server may take longer to import its modules with the extension."""
GUESTS = 10
IDLE_SECONDS = 20
IDLE_BUDGET = 0.005
BULK_RUNS = 3
BULK = "seq 1 3000000"
MEMORY_BUDGET = 30 << 20

_IMPORT = """
import sys, time
sys.modules["rfc3987_syntax"] = None
started = time.perf_counter()
import jupyter_server.serverapp, jupyter_server_terminals.app
import jupyter_server.services.contents.handlers, jupyter_server.services.events.handlers
between = time.perf_counter()
import sshx_jupyter
sshx_jupyter._jupyter_server_extension_points()
print(between - started, time.perf_counter() - between)
"""


def measure() -> list[Row]:
    rows = _imports()
    with tempfile.TemporaryDirectory() as name, jupyter_server(Path(name)) as server:
        rows += asyncio.run(_idle(server))
    with tempfile.TemporaryDirectory() as name, jupyter_server(Path(name)) as server:
        rows += asyncio.run(_memory(server))
    return rows


def _imports() -> list[Row]:
    times = []
    for _ in range(IMPORTS + 1):
        run = subprocess.run([sys.executable, "-c", _IMPORT], check=True, capture_output=True, text=True)
        times.append(tuple(map(float, run.stdout.split())))
    server, extension = (statistics.median(column) for column in zip(*times[1:], strict=True))  # the first one compiles
    budget = f"<= {IMPORT_BUDGET * 1000:.0f} ms"
    return [
        Row(
            "imports of a server that shares nothing",
            f"{extension * 1000:.0f} ms more",
            f"{server * 1000:.0f} ms without the extension",
            None,
            budget,
            extension <= IMPORT_BUDGET,
        )
    ]


async def _idle(server: JupyterServer) -> list[Row]:
    async with idle_connections(GUESTS) as pid:
        bare = await _cpu(pid, IDLE_SECONDS)
    session = await server.share()
    await asyncio.sleep(2)
    before = await _cpu(server.process.pid, IDLE_SECONDS)
    with running_guests(session["tickets"]["read"], GUESTS, apart=True):
        await asyncio.sleep(2)
        used = await _cpu(server.process.pid, IDLE_SECONDS) - before
    await server.call("DELETE", f"sshx/api/sessions/{session['id']}?terminals=close")
    return [
        Row(
            f"idle session, {GUESTS} guests",
            f"{used:.2%} of a core",
            f"{before:.2%} without guests; {bare:.2%} for bare iroh's connections",
            None,
            f"<= {IDLE_BUDGET:.1%}",
            used <= IDLE_BUDGET,
        )
    ]


async def _memory(server: JupyterServer) -> list[Row]:
    session = await server.share()
    async with SshxClient.connect(session["tickets"]["write"], relays="disabled") as client:
        await client.run("seq 1 1000")  # so that all that is needed has been loaded
        await asyncio.sleep(1)
        before = _resident(server.process.pid)
        for _ in range(BULK_RUNS):
            await client.run(BULK)
        await asyncio.sleep(2)
        grown = _resident(server.process.pid) - before
    await server.call("DELETE", f"sshx/api/sessions/{session['id']}?terminals=close")
    return [
        Row(
            f"host's memory after {BULK} x {BULK_RUNS}",
            f"{grown / (1 << 20):.0f} MB more",
            f"{before / (1 << 20):.0f} MB before",
            None,
            f"<= {MEMORY_BUDGET >> 20} MB",
            grown <= MEMORY_BUDGET,
        )
    ]


async def _cpu(pid: int, seconds: float) -> float:
    """The share of a core that a process uses. `schedstat` counts nanoseconds, where `stat` counts hundredths."""

    def used() -> float:
        tasks = Path(f"/proc/{pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9

    start, began = used(), time.perf_counter()
    await asyncio.sleep(seconds)
    return (used() - start) / (time.perf_counter() - began)


def _resident(pid: int) -> int:
    """Bytes of a process that are in memory."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) << 10
