"""Two people who type, talk, and open and move shells all the time, and a check that nothing of it was lost, doubled or
reordered. What lies between them is up to the test."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sshx_jupyter import SshxClient
from sshx_jupyter.client.events import Event, Output, StateChanged
from sshx_jupyter.host.session import Session
from sshx_jupyter.protocol.messages import Hear

NAMES = ("owner", "guest")
THE_END = "the end"


@dataclass(frozen=True)
class Pauses:
    """Seconds that a participant pauses at most after a line, a message and a shell."""

    line: float = 0.004
    message: float = 0.02
    shell: float = 0.05


@dataclass
class Account:
    """What one participant did, and what came to them."""

    name: str
    lines: int = 0
    said: int = 0
    opened: list[int] = field(default_factory=list)
    place: list[int] = field(default_factory=list)
    """Where the participant's own shell was moved last."""
    heard: list[str] = field(default_factory=list)
    printed: dict[str, str] = field(default_factory=dict)
    """The output of each participant's shell, by name."""
    missed: int = 0
    """Bytes of output that a snapshot had to stand for."""
    breaks: int = 0
    """How often the link to the host broke."""


class Participant:
    """One of the two, at a client."""

    def __init__(self, client: SshxClient, name: str, pauses: Pauses) -> None:
        self.account = Account(name, heard=[message.text for message in client.messages])
        self._client = client
        self._pauses = pauses
        self._chance = random.Random(name)
        self._printed: dict[int, bytearray] = {}
        client.observe(self._on_event)

    async def work(self, sid: int, going: Callable[[], bool]) -> None:
        """Type numbered lines into a shell, say numbered things, open, move and close shells; until the host has taken
        all of it."""
        account, client, pauses = self.account, self._client, self._pauses

        async def type_lines() -> None:
            while going():
                account.lines += 1
                await client.send(sid, f"{account.name} {account.lines}\r")
                await self._pause(pauses.line)

        async def talk() -> None:
            while going():
                account.said += 1
                await client.chat(f"{account.name} {account.said}")
                await self._pause(pauses.message)

        async def build() -> None:
            while going():
                shell = await client.create(len(account.opened) * 10, 0)
                account.opened.append(shell)
                for _ in range(5):
                    x, y = self._chance.randint(-500, 500), self._chance.randint(-500, 500)
                    account.place = [x, y]
                    await client.move(sid, (x, y))
                await client.close_shell(shell)
                await self._pause(pauses.shell)

        await _has_shell(client, sid)
        await asyncio.gather(type_lines(), talk(), build())
        await client.drain()

    async def end(self, sids: dict[str, int]) -> None:
        """End the programs in both shells, and say so."""
        for sid in sids.values():
            await self._client.send(sid, "\x04")
        await self._client.chat(THE_END)

    async def wait_for_the_end(self, sids: dict[str, int]) -> None:
        """Wait until all that both have done has come here."""
        await self._client.wait_for(lambda _: self.account.heard[-1:] == [THE_END])
        for sid in sids.values():
            await self._ended(sid)
        self.account.printed = {name: self._printed[sid].decode() for name, sid in sids.items()}

    def seen(self, sid: int) -> int:
        """The number of the newest line that a shell has printed here."""
        numbers = re.findall(rb"\w (\d+)\r", self._printed.get(sid, b"")[-100:])
        return int(numbers[-1]) if numbers else 0

    async def _ended(self, sid: int) -> None:
        await self._client.wait_for(lambda _: re.search(rb"\nended\b", self._printed.get(sid, b"")))

    async def _pause(self, most: float) -> None:
        await asyncio.sleep(self._chance.uniform(0, most))

    def _on_event(self, event: Event) -> None:
        match event:
            case Hear():
                self.account.heard.append(event.text)
            case Output(sid):
                printed = self._printed.setdefault(sid, bytearray())
                if event.snapshot:
                    self.account.missed += event.missed
                    printed.clear()
                printed.extend(event.data)
            case StateChanged("reconnecting"):
                self.account.breaks += 1


async def open_shells(session: Session, owner: SshxClient, folder: Path) -> dict[str, int]:
    """Open a shell for each participant, in which a program writes what is typed to a file; returns their sids."""
    sids = {name: session.create_shell(command=["sh"]).sid for name in NAMES}
    for name, sid in sids.items():
        await _has_shell(owner, sid)
        await owner.send(sid, f"cat > '{_typed(folder, name)}'; echo ended\r")
        while not _typed(folder, name).exists():
            await asyncio.sleep(0.01)
    return sids


async def _has_shell(client: SshxClient, sid: int) -> None:
    await client.wait_for(lambda c: sid in c.shells)


def places(session: Session) -> dict[int, list[int]]:
    """Where the session's shells are."""
    return {sid: [shell.x, shell.y] for sid, shell in session.shells.items()}


def check(accounts: Sequence[Account], sids: dict[str, int], places: dict[int, list[int]], folder: Path) -> None:
    """Check that all that was typed, said, printed and asked for was so once and in order, for both.

    Args:
        places: where the host's shells are.
    """
    for done in accounts:
        numbers = range(1, done.lines + 1)
        typed = _typed(folder, done.name).read_text().split("\n")[:-1]
        assert typed == [f"{done.name} {number}" for number in numbers]
        for account in accounts:
            said = [text for text in account.heard if text.startswith(done.name)]
            assert said == [f"{done.name} {number}" for number in range(1, done.said + 1)]
            printed = re.findall(rf"{done.name} (\d+)\r", account.printed[done.name])
            assert printed == [str(number) for number in numbers]
        assert places[sids[done.name]] == done.place
    opened = [sid for account in accounts for sid in account.opened]
    assert len(set(opened)) == len(opened)
    assert len(places) == 1 + len(sids)  # the session's first one, and those that were not closed


def summary(accounts: Sequence[Account]) -> dict[str, int]:
    """Counts of what was done."""
    return {
        "lines": sum(account.lines for account in accounts),
        "said": sum(account.said for account in accounts),
        "opened": sum(len(account.opened) for account in accounts),
        "missed": sum(account.missed for account in accounts),
        "breaks": sum(account.breaks for account in accounts),
    }


def _typed(folder: Path, name: str) -> Path:
    return folder / f"typed by {name}"
