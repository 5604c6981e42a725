"""How the client takes the end of a link."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import pytest

from sshx_jupyter.client.connection import PIECE, Pings
from sshx_jupyter.client.events import Event, Output
from sshx_jupyter.links import Link, LinkClosed
from sshx_jupyter.protocol.framing import MAX_FRAME
from sshx_jupyter.protocol.handshake import Refused
from sshx_jupyter.protocol.messages import Ping
from tests.sessions import Stalling, hosting


class OneWay:
    """A link that fails in its last of `sends` calls of `send`, and delivers what the host said only after that: so it
    is with QUIC when the host stops reading while its own last words are still on their way."""

    held = False

    def __init__(self, link: Link, sends: int) -> None:
        self._link = link
        self._sends = sends
        self.peer = link.peer
        self.close, self.path = link.close, link.path

    async def send(self, frames: Sequence[bytes]) -> None:
        await self._link.send(frames)
        self._sends -= 1
        if self._sends <= 0:
            raise LinkClosed("the host takes no more")

    async def receive(self) -> list[bytes]:
        frames = await self._link.receive()
        if self._sends <= 0:
            await asyncio.sleep(0.05)  # the failure is known first
        return frames


async def test_why_a_full_session_refuses_is_told_although_it_takes_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sshx_jupyter.client.retry.FIRST_TRIES", 0.0)
    async with hosting(users=1) as host:
        session = await host.create()

        async def dial() -> OneWay:
            return OneWay(await host.dial("late"), sends=2)

        async with host.connect(session):
            with pytest.raises(Refused, match="This session is full"):
                async with host.connect(session, dial=dial):
                    pass


async def test_why_a_host_refuses_unheard_is_told_although_it_takes_nothing() -> None:
    async with hosting(failed_handshakes=1) as host:
        session = await host.create(password="right")
        with pytest.raises(Refused):
            async with host.connect(session, password="wrong"):
                pass

        async def dial() -> OneWay:
            return OneWay(await host.dial(), sends=1)

        with pytest.raises(Refused) as refused:
            async with host.connect(session, password="right", dial=dial):
                pass
        assert refused.value.reason == "rateLimited"


def test_an_idle_link_needs_every_second_ping() -> None:
    pings = Pings()
    assert [pings.due() for _ in range(6)] == [True, False, True, False, True, False]
    looks = []
    for used in (True, True, True, False, False, True):
        pings.used = used
        looks.append(pings.due())
    assert looks == [True, True, True, False, True, True]


async def test_pings_and_their_answers_do_not_count_as_use() -> None:
    async with hosting() as host, host.connect(await host.create()) as client:
        made = client._connection
        assert made is not None
        await client.chat("hello")  # all that a newcomer is told has come before the answer
        made._pings.used = False
        client.latency = None
        made.post(Ping(time.monotonic()))
        await client.wait_for(lambda c: c.latency is not None)
        assert not made._pings.used
        await client.chat("hello again")
        assert made._pings.used


async def test_keys_are_sent_between_frames_that_arrived_together() -> None:
    """So they are if the event loop has turns in between."""
    async with hosting() as host:
        session = await host.create()
        links: list[Stalling] = []

        async def dial() -> Stalling:
            links.append(Stalling(await host.dial()))
            return links[-1]

        async with host.connect(session, dial=dial, screens=False) as client:
            [sid] = client.shells
            await client.run("seq 1 500000", sid)  # so that the host knows the link
            await client.send(sid, "seq 1 500000\r")
            turns, taken, over = 0, dict[int, int](), False

            def turn() -> None:
                nonlocal turns
                turns += 1
                if not over:
                    asyncio.get_running_loop().call_soon(turn)

            def on_event(event: Event) -> None:
                if isinstance(event, Output):
                    taken[turns] = taken.get(turns, 0) + len(event.data)

            links[0].flowing.clear()
            while host.links[0]._inbox.size < 3 * MAX_FRAME:
                await asyncio.sleep(0.01)
            client.observe(on_event)
            turn()
            links[0].flowing.set()
            await client.wait_for(lambda _: sum(taken.values()) > 3 * MAX_FRAME)
            over = True
            assert max(taken.values()) <= PIECE + MAX_FRAME
