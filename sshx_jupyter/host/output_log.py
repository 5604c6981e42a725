"""The newest output of one shell, from which each client is sent what it does not have yet."""

from __future__ import annotations

from collections import deque

MERGED = 4096
"""Bytes up to which small outputs are kept as one: each costs memory and space in a frame whatever its size."""


class OutputLog:
    """The newest `limit` bytes of a stream, readable from any position that is still there."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._chunks: deque[bytes] = deque()
        self._starts: deque[int] = deque()
        self.start = 0
        """Position of the oldest byte kept."""
        self.end = 0
        """Position after the newest byte."""

    def append(self, data: bytes) -> None:
        if self._chunks and len(self._chunks[-1]) + len(data) <= min(MERGED, self._limit // 16):
            self._chunks[-1] += data
        else:
            self._chunks.append(data)
            self._starts.append(self.end)
        self.end += len(data)
        while self.end - self.start > self._limit:
            self.start += len(self._chunks.popleft())
            self._starts.popleft()

    def read(self, position: int, size: int) -> list[bytes]:
        """At most `size` bytes from `position`, as the chunks they came in. Needs `start <= position`."""
        found: list[bytes] = []
        index = len(self._starts)
        while index and self._starts[index - 1] > position:  # readers are near the end, so look from there
            index -= 1
        index = max(index - 1, 0)
        for i in range(index, len(self._chunks)):
            if size <= 0:
                break
            chunk = self._chunks[i]
            if self._starts[i] < position:
                chunk = chunk[position - self._starts[i] :]
            chunk = chunk[:size]
            size -= len(chunk)
            if chunk:
                found.append(chunk)
        return found
