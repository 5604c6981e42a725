"""Two people at work, while the link of one of them breaks again and again."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from sshx_jupyter.host.session import Session
from sshx_jupyter.links import Link, LinkClosed
from tests.participants import Participant, Pauses, check, open_shells, places, summary

Dial = Callable[[], Awaitable[Link]]


class Fragile:
    """A link that breaks after some frames: the rest never arrives, in either direction."""

    held = False

    def __init__(self, link: Link, lives: random.Random) -> None:
        self._link = link
        self._left = {"out": lives.randint(3, 60), "in": lives.randint(3, 60)}
        self.peer, self.path = link.peer, link.path
        self.broken = asyncio.Event()

    async def send(self, frames: Sequence[bytes]) -> None:
        arriving = list(frames)[: max(0, self._left["out"])]
        self._left["out"] -= len(frames)
        if arriving:
            await self._link.send(arriving)
        if self._left["out"] < 0:
            await self._break()

    async def receive(self) -> list[bytes]:
        frames = await self._link.receive()
        arriving = frames[: max(0, self._left["in"])]
        self._left["in"] -= len(frames)
        if self._left["in"] < 0 and not arriving:
            await self._break()
        return arriving

    async def close(self, reason: str = "") -> None:
        await self._link.close(reason)

    async def _break(self) -> None:
        self.broken.set()
        await self._link.close("cut")
        raise LinkClosed("The link was cut.")


class Cutter:
    """Makes links that break until there were `cuts` of them."""

    def __init__(self, dial: Dial, cuts: int, seed: int) -> None:
        self._dial = dial
        self._chance = random.Random(seed)
        self.left = cuts

    async def dial(self) -> Link:
        link = await self._dial()
        if self.left <= 0:
            return link
        self.left -= 1
        return Fragile(link, self._chance)


async def storm(
    session: Session, guest_dial: Dial, host_dial: Dial, connect: Any, cuts: int, folder: Path
) -> dict[str, int]:
    """Let two people work over a guest's link that is cut `cuts` times, and check that nothing was lost, doubled or
    reordered.

    `connect(dial)` joins as a writer. Returns counts of what was done.
    """
    cutter = Cutter(guest_dial, cuts, seed=cuts)
    async with contextlib.AsyncExitStack() as stack:
        dials = {"owner": host_dial, "guest": cutter.dial}
        clients = {name: await stack.enter_async_context(connect(dial)) for name, dial in dials.items()}
        owner, guest = (Participant(client, name, Pauses()) for name, client in clients.items())
        sids = await open_shells(session, clients["owner"], folder)

        def going() -> bool:
            return cutter.left > 0

        await asyncio.gather(owner.work(sids["owner"], going), guest.work(sids["guest"], going))
        await owner.end(sids)
        await asyncio.gather(owner.wait_for_the_end(sids), guest.wait_for_the_end(sids))
        accounts = [owner.account, guest.account]
        check(accounts, sids, places(session), folder)
        return {"cuts": cuts, **summary(accounts)}
