"""One link to the host from its making to its end: handshake, encryption, signs of life. What the messages mean is the
client's business.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from ..links import FrameReader, Link, LinkClosed, LinkPath
from ..protocol.codec import decode_host, encode
from ..protocol.handshake import ClientHandshake, ClientKey, Credentials, SecureChannel
from ..protocol.messages import ClientMessage, HostMessage, Ping, Pong
from ..timeouts import wait_for

Dial: TypeAlias = Callable[[], Awaitable[Link]]

PING_PERIOD = 2.0
"""Seconds from one look at the link to the next, and from one ping to the next; twice that while nothing else is sent
or received. Ten idle guests who ping every 2 s cost a host 0.5 % of a core in iroh's bindings alone (measured)."""
SILENCE = 15.0
"""Seconds without a word from the host after which the link is dead."""
PIECE = 32 << 10
"""Bytes that are taken in a row; a key that is typed meanwhile is sent after them. Parsing them takes a millisecond."""
LAST_WORDS = 1.0
"""Seconds that the host's last frames may take to arrive once it takes no more."""


@dataclass
class Traffic:
    """Bytes over all links so far, as they go onto them."""

    received: int = 0
    sent: int = 0


@dataclass(frozen=True)
class ConnectionHandlers:
    """What a connection asks of its client."""

    take: Callable[[HostMessage], bool]
    """Called with all that the host says; returns whether the session goes on."""
    caught_up: Callable[[], Awaitable[None]]
    """All that has arrived was taken. More is read when this returns."""
    to_send: Callable[[], list[ClientMessage]]
    """What is to be sent now, in order. Asked for again after `Connection.wake`."""


class Pings:
    """Which looks at the link send a ping: all while it is used, else every second one. No I/O."""

    def __init__(self) -> None:
        self.used = True
        """Whether more than pings and their answers was sent or received since the last look."""
        self._left_out = False

    def due(self) -> bool:
        """Whether this look sends one."""
        self._left_out = not self.used and not self._left_out
        self.used = False
        return not self._left_out


class Connection:
    """A link on which the handshake is done. Make one with `open`, then `run` it and, in the end, `close` it."""

    def __init__(self, link: Link, secured: SecureChannel, frames: Sequence[bytes], traffic: Traffic) -> None:
        self._link = link
        self._secured = secured
        self._frames = frames
        self._traffic = traffic
        self._posted: deque[ClientMessage] = deque()
        self._work = asyncio.Event()
        self._last_heard = time.monotonic()
        self._pings = Pings()

    @classmethod
    async def open(cls, dial: Dial, key: Credentials | ClientKey, psk: bytes, traffic: Traffic) -> Connection:
        """Make a link and show `key`, of which `psk` was made.

        Raises:
            Refused: if the host does not let the client in.
            Unreachable, LinkClosed, HandshakeError, asyncio.TimeoutError: if it cannot be asked.
        """
        link = await dial()
        try:
            reader = FrameReader(link)
            handshake = ClientHandshake(key.preface(), psk)
            with contextlib.suppress(LinkClosed):  # a host that refuses takes no more: what it said is still to be read
                await link.send(handshake.start())
            secured = handshake.receive(await wait_for(reader.next(), SILENCE))
        except BaseException:
            await link.close()
            raise
        return cls(link, secured, reader.rest(), traffic)

    def path(self) -> LinkPath:
        """How frames travel right now."""
        return self._link.path()

    @property
    def idle(self) -> bool:
        """Whether nothing waits that was posted."""
        return not self._posted

    def post(self, message: ClientMessage) -> None:
        """Send what belongs to this link alone, before anything else."""
        self._posted.append(message)
        self._work.set()

    def wake(self) -> None:
        """There may be something to send."""
        self._work.set()

    async def run(self, handlers: ConnectionHandlers) -> str:
        """Send and receive until the link ends; returns why it ended.

        Raises:
            LinkClosed, HandshakeError, MalformedMessage: if it broke, or the host makes no sense. Also what
                `handlers.take` raises.
        """
        reading = asyncio.ensure_future(self._read(handlers))
        tasks: list[asyncio.Task[Any]] = [
            reading,
            asyncio.ensure_future(self._write(handlers)),
            asyncio.ensure_future(self._ping()),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if not reading.done():  # a host that refuses takes no more: what it said is still to be read
                await asyncio.wait({reading}, timeout=LAST_WORDS)
            return str((reading if reading.done() else next(iter(done))).result())
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def close(self) -> None:
        """End the link. Safe to call twice."""
        await self._link.close()

    async def _read(self, handlers: ConnectionHandlers) -> str:
        frames, taken = self._frames, 0
        while True:
            for frame in frames:
                if taken >= PIECE:
                    taken = 0
                    await asyncio.sleep(0)
                taken += len(frame)
                self._traffic.received += len(frame)
                message = decode_host(self._secured.open(frame))
                self._pings.used |= not isinstance(message, Pong)
                if message is not None and not handlers.take(message):
                    return ""
            self._last_heard = time.monotonic()
            await handlers.caught_up()
            self._last_heard = time.monotonic()
            frames = await self._link.receive()

    async def _write(self, handlers: ConnectionHandlers) -> str:
        while True:
            messages = [*self._posted, *handlers.to_send()]
            self._posted.clear()
            if not messages:
                self._work.clear()
                await self._work.wait()
                continue
            self._pings.used |= not all(isinstance(message, Ping) for message in messages)
            frames = [self._secured.seal(encode(message)) for message in messages]
            self._traffic.sent += sum(map(len, frames))
            await self._link.send(frames)

    async def _ping(self) -> str:
        while True:
            if self._pings.due():
                self.post(Ping(time.monotonic()))
            await asyncio.sleep(PING_PERIOD)
            if time.monotonic() - self._last_heard > SILENCE:
                return "nothing was heard from the host"
