"""A participant in a process of its own, the host with its owner or a guest, and how a test talks with it.

Each says in lines of JSON what the other needs, answers "look" with how far it has come and "tasks" with what it waits
for, stops its work at "stop", and says its account in the end. The host then stays until the test is over.
"""

from __future__ import annotations

import asyncio
import dataclasses
import io
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from sshx_jupyter import SshxClient, SshxNode
from sshx_jupyter.host.limits import Limits
from tests.participants import Participant, Pauses, open_shells, places

PAUSES = Pauses(line=0.04, message=2.0, shell=0.5)
"""So slow that the messages that a guest misses in a minute are among the last 100, which a host keeps."""


async def host(folder: Path, relays: str) -> None:
    """Host a session, and take part as its owner."""
    async with await SshxNode.spawn(relays=relays, limits=Limits(chat_burst=10**6)) as node:
        session = await node.host("bad network", command=["sh"])
        assert session.ticket is not None
        ticket = session.ticket
        async with SshxClient.connect(ticket, dial=lambda: node.join(ticket), screens=False) as client:
            owner = Participant(client, "owner", PAUSES)
            sids = await open_shells(session, client, folder)
            say(ticket=ticket, sids=sids, relay=node.relay_url)
            await client.wait_for(lambda c: len(c.users) == 2)
            listening = await _work(owner, sids)
            await owner.end(sids)
            await owner.wait_for_the_end(sids)
            say(account=dataclasses.asdict(owner.account), places=places(session))
            await listening  # the guest may not have all of it yet, and a host that leaves waits only a second or two


async def guest(ticket: str, sids: dict[str, int], relays: str) -> None:
    """Take part as a guest, whose input is sent however long it had to wait."""
    async with SshxClient.connect(ticket, relays=relays, stale_input="send", screens=False) as client:
        guest = Participant(client, "guest", PAUSES)
        await _work(guest, sids)
        path = client.path()
        say(done=True, path=path and path.kind)
        await guest.wait_for_the_end(sids)
        say(account=dataclasses.asdict(guest.account))


async def _work(participant: Participant, sids: dict[str, int]) -> asyncio.Task[None]:
    """Take part until told to stop, and answer the test. Returns the task that goes on answering."""
    account = participant.account
    stopped = asyncio.Event()
    commands = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)

    async def listen() -> None:
        while command := (await commands.readline()).decode().strip():
            if command == "look":
                seen = {name: participant.seen(sid) for name, sid in sids.items()}
                say(lines=account.lines, seen=seen, breaks=account.breaks)
            elif command == "tasks":
                stacks = io.StringIO()
                for task in asyncio.all_tasks():
                    task.print_stack(file=stacks)
                say(tasks=stacks.getvalue())
            else:
                stopped.set()
        os.kill(os.getpid(), signal.SIGTERM)  # the test has ended

    listening = asyncio.ensure_future(listen())
    await participant.work(sids[account.name], lambda: not stopped.is_set())
    return listening


def say(**what: Any) -> None:
    print(json.dumps(what), flush=True)  # noqa: T201 - for the test


if __name__ == "__main__":
    if sys.argv[1] == "host":
        asyncio.run(host(Path(sys.argv[2]), sys.argv[3]))
    else:
        asyncio.run(guest(sys.argv[2], json.loads(sys.argv[3]), sys.argv[4]))
