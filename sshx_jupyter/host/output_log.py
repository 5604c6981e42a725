"""The newest output of one shell, from which each client is sent what it does not have yet."""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections import deque

MERGED = 4096
"""Bytes up to which small outputs are kept as one: each costs memory and space in a frame whatever its size."""


class OutputLog:
    """The newest `limit` bytes of a stream, readable from any position that is still there."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._chunks: deque[bytes] = deque()
        self._starts: deque[int] = deque()
        self.start = 0
        """Position of the oldest byte kept."""
        self.end = 0
        """Position after the newest byte."""

    def append(self, data: bytes) -> None:
        if self._chunks and len(self._chunks[-1]) + len(data) <= min(MERGED, self.limit // 16):
            self._chunks[-1] += data
        else:
            self._chunks.append(data)
            self._starts.append(self.end)
        self.end += len(data)
        while self.end - self.start > self.limit:
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
