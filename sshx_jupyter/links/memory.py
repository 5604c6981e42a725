"""A link within one process: an owner's own client beside its session, and tests."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence

from . import LinkClosed, LinkPath


class MemoryLink:
    """One end of an in-memory duplex. At most `limit` bytes wait at the receiver; more makes `send` wait."""

    held = False

    def __init__(self, peer: str, limit: int) -> None:
        self.peer = peer
        self._limit = limit
        self._inbox: deque[bytes] = deque()
        self._size = 0
        self._changed = asyncio.Event()
        self._closed: str | None = None
        self._other: MemoryLink = self

    async def send(self, frames: Sequence[bytes]) -> None:
        other = self._other
        for frame in frames:
            while other._size >= other._limit and self._closed is None:
                other._changed.clear()
                await other._changed.wait()
            if self._closed is not None:
                raise LinkClosed(self._closed)
            other._inbox.append(frame)
            other._size += len(frame)
            other._changed.set()

    async def receive(self) -> list[bytes]:
        while not self._inbox:
            if self._closed is not None:
                raise LinkClosed(self._closed)
            self._changed.clear()
            await self._changed.wait()
        frames = list(self._inbox)
        self._inbox.clear()
        self._size = 0
        self._changed.set()
        return frames

    async def close(self, reason: str = "") -> None:
        for end in (self, self._other):
            if end._closed is None:
                end._closed = reason or "closed"
            end._changed.set()

    def path(self) -> LinkPath:
        return LinkPath("local")


def memory_link(limit: int = 1 << 20, peer: str = "local") -> tuple[MemoryLink, MemoryLink]:
    """A connected pair of ends, each holding at most about `limit` unread bytes."""
    left, right = MemoryLink(peer, limit), MemoryLink(peer, limit)
    left._other, right._other = right, left
    return left, right
