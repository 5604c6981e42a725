"""Two people who type, talk, and open and move shells, while the link of one of them breaks again and again."""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from sshx_jupyter.client import SshxClient
from sshx_jupyter.client.events import Event, Output
from sshx_jupyter.host.session import Session
from sshx_jupyter.links import Link, LinkClosed
from sshx_jupyter.protocol.messages import Geometry, Hear

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
        return Fragile(link, self._chance)  # type: ignore[return-value]


class Tally:
    """What one client has heard and seen printed."""

    def __init__(self, client: SshxClient) -> None:
        self.heard: list[str] = []
        self.printed: dict[int, bytearray] = {}
        self.missed = 0
        client.observe(self._on_event)

    def _on_event(self, event: Event) -> None:
        if isinstance(event, Hear):
            self.heard.append(event.text)
        elif isinstance(event, Output):
            printed = self.printed.setdefault(event.sid, bytearray())
            if event.snapshot:
                self.missed += event.missed
                printed.clear()
            printed.extend(event.data)


async def work(
    client: SshxClient, name: str, sid: int, going: Callable[[], bool], chance: random.Random
) -> dict[str, Any]:
    """Type numbered lines, say numbered things, open, move and close shells; returns how far it went."""
    lines = said = 0
    opened: list[int] = []
    place = Geometry(0, 0, 24, 80)

    async def type_lines() -> None:
        nonlocal lines
        while going():
            lines += 1
            await client.send(sid, f"{name} {lines}\r")
            await asyncio.sleep(chance.uniform(0, 0.004))

    async def talk() -> None:
        nonlocal said
        while going():
            said += 1
            await client.chat(f"{name} {said}")
            await asyncio.sleep(chance.uniform(0, 0.02))

    async def build() -> None:
        nonlocal place
        while going():
            shell = await client.create(len(opened) * 10, 0)
            opened.append(shell)
            for _ in range(5):
                place = Geometry(chance.randint(-500, 500), chance.randint(-500, 500), 24, 80)
                await client.move(sid, place)
            await client.close_shell(shell)
            await asyncio.sleep(chance.uniform(0, 0.05))

    await asyncio.gather(type_lines(), talk(), build())
    await client.drain()
    return {"lines": lines, "said": said, "opened": opened, "place": place}


async def storm(
    session: Session, guest_dial: Dial, host_dial: Dial, connect: Any, cuts: int, folder: Path
) -> dict[str, int]:
    """Run it all over a guest's link that is cut `cuts` times, and check that nothing was lost, doubled or reordered.

    `connect(dial)` joins as a writer. Returns counts of what was done.
    """
    cutter = Cutter(guest_dial, cuts, seed=cuts)
    async with contextlib.AsyncExitStack() as stack:
        owner = await stack.enter_async_context(connect(host_dial))
        guest = await stack.enter_async_context(connect(cutter.dial))
        tallies = [Tally(owner), Tally(guest)]
        sids = [session.create_shell(command=["sh"]).sid for _ in range(2)]
        files = [folder / f"typed by {name}" for name in ("owner", "guest")]
        for sid, file in zip(sids, files, strict=True):
            await owner.wait_for(lambda c, sid=sid: sid in c.shells)
            await owner.send(sid, f"cat > '{file}'; echo ended\r")
            while not file.exists():
                await asyncio.sleep(0.01)
        await guest.wait_for(lambda c: all(sid in c.shells for sid in sids))

        def going() -> bool:
            return cutter.left > 0

        one, two = await asyncio.gather(
            work(owner, "owner", sids[0], going, random.Random(1)),
            work(guest, "guest", sids[1], going, random.Random(2)),
        )
        for sid in sids:
            await owner.send(sid, "\x04")
        await owner.chat("the end")
        for client, tally in zip((owner, guest), tallies, strict=True):
            await client.wait_for(lambda _, tally=tally: tally.heard[-1:] == ["the end"])
            for sid in sids:
                await client.wait_for(
                    lambda _, tally=tally, sid=sid: (
                        b"ended\r\n" in tally.printed[sid][-20:] or b"\nended" in tally.printed[sid]
                    )
                )
        for done, name, sid, file in zip((one, two), ("owner", "guest"), sids, files, strict=True):
            numbers = [f"{name} {number}" for number in range(1, done["lines"] + 1)]
            assert file.read_text().split("\n")[:-1] == numbers  # typed
            for tally in tallies:
                assert [text for text in tally.heard if text.startswith(name)] == [
                    f"{name} {number}" for number in range(1, done["said"] + 1)
                ]
                echoed = re.findall(rf"{name} (\d+)\r", bytes(tally.printed[sid]).decode())
                assert echoed == [str(number) for number in range(1, done["lines"] + 1)]
            assert len(set(done["opened"])) == len(done["opened"])
            shell = session.shells[sid]
            assert (shell.x, shell.y) == (done["place"].x, done["place"].y)
        assert not set(one["opened"]) & set(two["opened"])
        assert len(session.shells) == 3  # the first one, and those two
        return {
            "cuts": cuts,
            "lines": one["lines"] + two["lines"],
            "said": one["said"] + two["said"],
            "opened": len(one["opened"]) + len(two["opened"]),
            "missed": sum(tally.missed for tally in tallies),
        }
