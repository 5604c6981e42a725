"""A link within one process: an owner's own client beside its session, and tests."""

from __future__ import annotations

from collections.abc import Sequence

from . import LinkClosed, LinkPath
from .inbox import Inbox


class MemoryLink:
    """One end of an in-memory duplex. At most `limit` bytes wait at the receiver; more makes `send` wait."""

    held = False

    def __init__(self, peer: str, limit: int) -> None:
        self.peer = peer
        self._inbox = Inbox(limit)
        self._other: MemoryLink = self

    async def send(self, frames: Sequence[bytes]) -> None:
        for frame in frames:
            if not await self._other._inbox.put(frame):
                raise LinkClosed(str(self._inbox.ended))

    async def receive(self) -> list[bytes]:
        return await self._inbox.take()

    async def close(self, reason: str = "") -> None:
        for end in (self, self._other):
            end._inbox.end(LinkClosed(reason or "closed"))

    def path(self) -> LinkPath:
        return LinkPath("local")


def memory_link(limit: int = 1 << 20, peer: str = "local") -> tuple[MemoryLink, MemoryLink]:
    """A connected pair of ends, each holding at most about `limit` unread bytes."""
    left, right = MemoryLink(peer, limit), MemoryLink(peer, limit)
    left._other, right._other = right, left
    return left, right
