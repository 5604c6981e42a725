"""Many guests in a process of their own: `python -m tests.bench.guests COUNT [--apart] < ticket`.

Says "ready" when all have joined; for each line on its input it then says, in JSON, what its guests have got since the
line before, and which screens they have. They share an endpoint and its connection to the host, or each has its own
with `--apart`, as people have.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from typing import Any

from sshx_jupyter.client import SshxClient
from sshx_jupyter.node import SshxNode
from tests.bench.delivery import Delivery


class Guests:
    """Such guests."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def report(self) -> dict[str, Any]:
        """What they have got since the last report: `updates` and longest `silences`, one each, and their `screens`
        as hashes, each once."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        report: dict[str, Any] = json.loads(self._process.stdout.readline())
        return report


@contextlib.contextmanager
def running_guests(ticket: str, count: int, *, apart: bool = False) -> Iterator[Guests]:
    """So many guests in a process, all of whom have joined."""
    command = [sys.executable, "-m", __name__, str(count), *(["--apart"] if apart else [])]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(ticket + "\n")
        process.stdin.flush()
        assert process.stdout.readline() == "ready\n"
        yield Guests(process)
    finally:
        process.stdin.close()
        process.wait(60)
        process.stdout.close()


async def main(count: int, apart: bool) -> None:
    loop = asyncio.get_running_loop()
    ticket = sys.stdin.readline().strip()
    async with contextlib.AsyncExitStack() as stack:
        nodes = [await stack.enter_async_context(await _spawn()) for _ in range(count if apart else 1)]
        clients: list[SshxClient] = []
        for node in nodes if apart else nodes * count:
            join = SshxClient.connect(ticket, dial=partial(node.join, ticket))
            clients.append(await stack.enter_async_context(join))
        for client in clients:
            await client.wait_for(lambda c: c._shells and all(shell.seq >= 0 for shell in c._shells.values()))
        deliveries = [Delivery(client, next(iter(client.shells))) for client in clients]
        print("ready", flush=True)
        while await loop.run_in_executor(None, sys.stdin.readline):
            screens = [client.screen(next(iter(client.shells))).snapshot() for client in clients]
            report = {
                "updates": [delivery.updates for delivery in deliveries],
                "silences": [delivery.silence for delivery in deliveries],
                "screens": sorted({hashlib.sha256(screen).hexdigest() for screen in screens}),
            }
            for delivery in deliveries:
                delivery.restart()
            print(json.dumps(report), flush=True)


async def _spawn() -> SshxNode:
    return await SshxNode.spawn(relays="disabled", bind="127.0.0.1:0")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), "--apart" in sys.argv))
