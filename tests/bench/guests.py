"""Many guests in a process of their own: `python -m tests.bench.guests COUNT < ticket`.

Says "ready" when all have joined; for each line on its input it then says which screens its guests have.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import sys

from sshx_jupyter.client import SshxClient
from sshx_jupyter.node import SshxNode


async def main(count: int) -> None:
    loop = asyncio.get_running_loop()
    ticket = sys.stdin.readline().strip()
    async with contextlib.AsyncExitStack() as stack:
        node = await stack.enter_async_context(await SshxNode.spawn(relays="disabled", bind="127.0.0.1:0"))
        clients = [
            await stack.enter_async_context(SshxClient.connect(ticket, dial=lambda: node.join(ticket)))
            for _ in range(count)
        ]
        for client in clients:
            await client.wait_for(lambda c: c._shells and all(shell.seq >= 0 for shell in c._shells.values()))
        print("ready", flush=True)
        while await loop.run_in_executor(None, sys.stdin.readline):
            screens = [client.screen(next(iter(client.shells))).snapshot() for client in clients]
            print(json.dumps(sorted({hashlib.sha256(screen).hexdigest() for screen in screens})), flush=True)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
