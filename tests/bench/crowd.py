"""What a crowd costs: the host's `seq` with a hundred guests beside none, what each of them sees, and joining late."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sshx_jupyter.client import SshxClient
from tests.bench.guests import Guests, running_guests
from tests.bench.report import Row
from tests.servers import JupyterServer, jupyter_server

CROWDS = {100: 10.0, 300: 4.0}
"""Updates a second that each of so many guests should see at the least."""
SILENCE = 0.3
"""Seconds without an update that no guest of the smallest crowd should see."""
SCROLLBACK = 10_000


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as name, jupyter_server(Path(name)) as server:
        crowds = asyncio.run(_jupyter_crowd(server, Path(name)))
        return [
            *crowds,
            *asyncio.run(_command_line_crowd(Path(name))),
            *asyncio.run(_late(server)),
        ]


async def _jupyter_crowd(server: JupyterServer, directory: Path) -> list[Row]:
    rows = []
    for count, goal in CROWDS.items():
        session = await server.share()
        rows += await _crowd(session, directory, count, goal, "of a Jupyter server")
        await server.call("DELETE", f"sshx/api/sessions/{session['id']}?terminals=close")
    return rows


async def _command_line_crowd(directory: Path) -> list[Row]:
    with _command_line_host(directory) as session:
        count, goal = next(iter(CROWDS.items()))
        return await _crowd(session, directory, count, goal, "of the command line")


@contextlib.contextmanager
def _command_line_host(directory: Path) -> Iterator[dict[str, Any]]:
    """What `jupyter sshx share --json` tells of the session that it hosts."""
    environment = os.environ | {"SSHX_RELAYS": "disabled", "HOME": str(directory), "SHELL": "/bin/bash"}
    command = [sys.executable, "-m", "sshx_jupyter.cli", "share", "--json", "--", "bash", "--norc"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


async def _crowd(session: dict[str, Any], directory: Path, count: int, goal: float, host: str) -> list[Row]:
    """What many guests of one host see of `seq`, and what it costs the shell."""
    alone = await _seq(session, directory / f"alone-{session['id']}")
    with running_guests(session["tickets"]["read"], count) as guests:
        guests.report()
        crowded = await _seq(session, directory / f"crowded-{session['id']}")
        report = guests.report()
        same = await _same_screens(session, guests)
    ratio, slowest, silence = crowded / alone, min(report["updates"]) / crowded, max(report["silences"])
    what = f"{count} guests {host}"
    quiet = SILENCE if count == min(CROWDS) else None
    return [
        Row(f"{what}: seq 1 5000000", f"{crowded:.1f} s", f"{alone:.1f} s alone", ratio, "<= 1.5 x", ratio <= 1.5),
        Row(f"{what}: updates, the slowest", f"{slowest:.1f}/s", "", None, f">= {goal:g}/s", slowest >= goal),
        Row(
            f"{what}: longest silence",
            f"{silence:.2f} s",
            "",
            None,
            "" if quiet is None else f"<= {quiet:g} s",
            None if quiet is None else silence <= quiet,
        ),
        Row(f"{what}: screens afterwards", "all the same" if same else "DIFFERENT", "the host's", None, "same", same),
    ]


async def _seq(session: dict[str, Any], result: Path) -> float:
    """Seconds that `seq` takes by the shell's own clock, while nobody is here but who was before."""
    async with _join(session) as client:
        command = f"S=$EPOCHREALTIME; seq 1 5000000; echo $S $EPOCHREALTIME > {result}.new; mv {result}.new {result}\r"
        await client.send(next(iter(client.shells)), command)
    while not result.exists():
        await asyncio.sleep(0.1)
    start, end = map(float, result.read_text().split())
    return end - start


async def _same_screens(session: dict[str, Any], guests: Guests) -> bool:
    """Whether all guests come to have the screen that someone gets who joins now."""
    async with _join(session, screens=True) as client:
        sid = next(iter(client.shells))
        for _ in range(60):
            await asyncio.sleep(0.5)
            mine = hashlib.sha256(client.screen(sid).snapshot()).hexdigest()
            if (await asyncio.to_thread(guests.report))["screens"] == [mine]:
                return True
    return False


async def _late(server: JupyterServer) -> list[Row]:
    session = await server.share()
    async with _join(session) as typist:
        await typist.run("yes 'a line of output that fills most of a row of eighty columns' | head -c 100000000")
        await typist.run(f"seq 1 {2 * SCROLLBACK}")
        drawn, whole = [], []
        for _ in range(5):
            async with _join(session, screens=True) as client:
                connected = time.perf_counter()
                sid = next(iter(client.shells))
                await client.wait_for(lambda c, sid=sid: c._shells[sid].seq >= 0)
                drawn.append(time.perf_counter() - connected)
                await client.wait_for(lambda c, sid=sid: c.screen(sid)._terminal.total_rows >= SCROLLBACK)
                whole.append(time.perf_counter() - connected)
    await server.call("DELETE", f"sshx/api/sessions/{session['id']}?terminals=close")
    first, last = sorted(drawn)[2] * 1000, sorted(whole)[2] * 1000
    return [
        Row("join after 100 MB: screen drawn", f"{first:.0f} ms", "", None, "<= 150 ms", first <= 150),
        Row("join after 100 MB: 10,000 lines too", f"{last:.0f} ms", "", None, "<= 150 ms", last <= 150),
    ]


def _join(session: dict[str, Any], screens: bool = False) -> Any:
    return SshxClient.connect(session["tickets"]["write"], relays="disabled", screens=screens)
