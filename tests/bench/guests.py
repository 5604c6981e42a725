"""Many guests in a process of their own: `python -m tests.bench.guests COUNT [screens] < ticket`.

Says "ready" when all have joined; for each line on its input it then says, in JSON, what its guests have got since the
line before and, with `screens`, which screens they have. Without, they draw nothing, as guests on machines of their own
would have drawn it there.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import sys

from sshx_jupyter.client import SshxClient
from sshx_jupyter.node import SshxNode
from tests.bench.delivery import Delivery


async def main(count: int, screens: bool) -> None:
    loop = asyncio.get_running_loop()
    ticket = sys.stdin.readline().strip()
    async with contextlib.AsyncExitStack() as stack:
        node = await stack.enter_async_context(await SshxNode.spawn(relays="disabled", bind="127.0.0.1:0"))
        clients = [
            await stack.enter_async_context(
                SshxClient.connect(ticket, dial=lambda: node.join(ticket), screens=screens, outputs=True)
            )
            for _ in range(count)
        ]
        for client in clients:
            await client.wait_for(lambda c: c._shells and all(shell.seq >= 0 for shell in c._shells.values()))
        deliveries = [Delivery(client, next(iter(client.shells))) for client in clients]
        print("ready", flush=True)
        while await loop.run_in_executor(None, sys.stdin.readline):
            drawn = [client.screen(next(iter(client.shells))).snapshot() for client in clients] if screens else []
            report = {
                "updates": [delivery.updates for delivery in deliveries],
                "silences": [delivery.silence for delivery in deliveries],
                "screens": sorted({hashlib.sha256(screen).hexdigest() for screen in drawn}),
            }
            for delivery in deliveries:
                delivery.restart()
            print(json.dumps(report), flush=True)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), "screens" in sys.argv[2:]))
