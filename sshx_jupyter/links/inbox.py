"""Received frames of a link that its reader has not taken yet, for transports that push what arrives.

The number of unread bytes is bounded. A transport that can make its sender wait waits in `put`; one that cannot uses
`offer`, and ends the link when there is no room. Either way, frames that came before the end can still be taken.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence


class Inbox:
    """Frames between one task or callback that puts them and one task that takes them."""

    def __init__(self, limit: int) -> None:
        """`limit` is in bytes; `put` may exceed it by one frame."""
        self.size = 0
        """Unread bytes."""
        self.ended: ConnectionError | None = None
        """Why nothing more comes, or None while frames may come."""
        self._limit = limit
        self._frames: list[bytes] = []
        self._changed = asyncio.Event()

    async def put(self, frame: bytes) -> bool:
        """Keep a frame, waiting until less than `limit` bytes are unread. Returns False if the link has ended."""
        while self.size >= self._limit and self.ended is None:
            await self._change()
        return self.ended is None and self._keep([frame])

    def offer(self, frames: Sequence[bytes]) -> bool:
        """Keep frames if they fit into the limit and the link has not ended; returns whether they were kept."""
        fits = self.size + sum(map(len, frames)) <= self._limit
        return fits and self.ended is None and self._keep(frames)

    async def take(self) -> list[bytes]:
        """The unread frames in order, at least one. Once the link has ended and none is left, raises why it ended."""
        while not self._frames:
            if self.ended is not None:
                raise self.ended.with_traceback(None)  # it would grow with each call
            await self._change()
        frames, self._frames, self.size = self._frames, [], 0
        self._changed.set()
        return frames

    def end(self, why: ConnectionError) -> None:
        """Take no more frames. The first reason counts."""
        if self.ended is None:
            self.ended = why
        self._changed.set()

    def _keep(self, frames: Sequence[bytes]) -> bool:
        self._frames.extend(frames)
        self.size += sum(map(len, frames))
        self._changed.set()
        return True

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()
