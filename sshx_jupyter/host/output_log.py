"""The newest output of one shell, from which each client is sent what it does not have yet, and what all of that takes.

A client that must miss nothing has a `Hold` on a log, which then keeps more for it.
"""

from __future__ import annotations

import itertools
import weakref
from bisect import bisect_right
from collections import deque

MERGED = 4096
"""Bytes up to which small outputs are kept as one: each costs memory and space in a frame whatever its size."""


class Hold:
    """Keeps a log's output from `position` on, as far as the bounds allow. It ends with the last reference to it."""

    def __init__(self, position: int) -> None:
        self.position = position


class OutputMemory:
    """What the logs of one host may take together: `most` bytes, and `holds` holds at a time."""

    def __init__(self, most: int, holds: int) -> None:
        self._most = most
        self._most_holds = holds
        self._logs: weakref.WeakSet[OutputLog] = weakref.WeakSet()

    def add(self, log: OutputLog) -> None:
        """Count a log as long as it lives."""
        self._logs.add(log)

    @property
    def full(self) -> bool:
        """Whether there may be no more holds."""
        return sum(len(log.holds) for log in self._logs) >= self._most_holds

    def trim(self) -> None:
        """Let the largest logs forget their oldest output while all together take too much."""
        while sum(log.size for log in self._logs) > self._most:
            max(self._logs, key=lambda log: log.size).forget_oldest()


class OutputLog:
    """The newest `limit` bytes of a stream, and up to `held` as long as a hold needs them, readable from any position
    that is still there."""

    def __init__(self, limit: int, held: int = 0, memory: OutputMemory | None = None) -> None:
        self.limit = limit
        self._most = max(limit, held)
        self._memory = memory or OutputMemory(self._most, 0)
        self._memory.add(self)
        self.holds: weakref.WeakSet[Hold] = weakref.WeakSet()
        self._chunks: deque[bytes] = deque()
        self._starts: deque[int] = deque()
        self.start = 0
        """Position of the oldest byte kept."""
        self.end = 0
        """Position after the newest byte."""

    @property
    def size(self) -> int:
        """Bytes that are kept."""
        return self.end - self.start

    def hold(self) -> Hold | None:
        """Keep what is printed from now on; None if there are too many holds on the host's logs."""
        if self._memory.full:
            return None
        hold = Hold(self.end)
        self.holds.add(hold)
        return hold

    def append(self, data: bytes) -> None:
        if self._chunks and len(self._chunks[-1]) + len(data) <= min(MERGED, self.limit // 16):
            self._chunks[-1] += data
        else:
            self._chunks.append(data)
            self._starts.append(self.end)
        self.end += len(data)
        wanted = min((hold.position for hold in self.holds), default=self.end)
        while self.size > self._most or (self.size > self.limit and self.start + len(self._chunks[0]) <= wanted):
            self.forget_oldest()
        self._memory.trim()

    def forget_oldest(self) -> None:
        """Forget the oldest piece."""
        self.start += len(self._chunks.popleft())
        self._starts.popleft()

    def read(self, position: int, size: int) -> list[bytes]:
        """At most `size` bytes from `position`, as the chunks they came in. Needs `start <= position`."""
        found: list[bytes] = []
        first = max(bisect_right(self._starts, position) - 1, 0)
        skip = position - self._starts[first] if self._starts else 0
        for chunk in itertools.islice(self._chunks, first, None):
            if size <= 0:
                break
            piece = chunk[skip : skip + size]
            skip = 0
            size -= len(piece)
            if piece:
                found.append(piece)
        return found
