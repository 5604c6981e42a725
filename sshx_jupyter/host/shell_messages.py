"""A shell's output and screen as encoded messages, made once for all clients that need them at the same place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..protocol.codec import encode
from ..protocol.messages import Chunks, Snapshot
from .output_log import OutputLog

PART = 60 << 10
"""Output bytes of one frame: with its envelope it stays under the frame limit."""
SCROLLBACK_PART = 16 << 10
"""The same of scrollback: on a slow link output goes on in between."""

SHARED_PERIOD = 0.05
"""Seconds for which a drawn screen is good enough for a crowd: drawing it costs more than sending it to one of them."""
MOST_CHUNKS = 32
"""Messages of output that are kept for the next client."""


@dataclass(frozen=True)
class SnapshotMessages:
    """A screen, drawn at position `seq` of the output, resize `generation` and this `time`; each part with its output
    bytes."""

    seq: int
    generation: int
    time: float
    parts: list[tuple[bytes, int]]


class ShellMessages:
    """The newest messages of one shell."""

    def __init__(self, sid: int, log: OutputLog, screen: Callable[[bool], bytes]) -> None:
        """`screen` draws the screen as it is now, with the scrollback or without, as terminal output."""
        self._sid = sid
        self._log = log
        self._screen = screen
        self._snapshots: dict[bool, SnapshotMessages] = {}
        self._chunks: dict[tuple[int, int], tuple[bytes, int]] = {}
        """By their position and the bytes that were asked for, as long as nothing more is printed."""
        self._chunks_end = -1

    def snapshot(self, scrollback: bool, generation: int, after: int, now: float) -> SnapshotMessages:
        """The screen as it is now or, within `SHARED_PERIOD`, as it was after position `after`."""
        known = self._snapshots.get(scrollback)
        end = self._log.end
        if (
            known is None
            or known.generation != generation
            or (known.seq != end and (known.seq <= after or now - known.time > SHARED_PERIOD))
        ):
            parts = self._parts(self._screen(scrollback), scrollback)
            known = SnapshotMessages(end, generation, now, parts)
            self._snapshots[scrollback] = known
        return known

    def _parts(self, data: bytes, scrollback: bool) -> list[tuple[bytes, int]]:
        size = SCROLLBACK_PART if scrollback else PART
        starts = range(0, max(len(data), 1), size)
        pieces = [data[start : start + size] for start in starts]
        last = len(pieces) - 1
        return [
            (encode(Snapshot(self._sid, self._log.end, piece, number, number < last)), len(piece))
            for number, piece in enumerate(pieces)
        ]

    def chunks(self, position: int, size: int) -> tuple[bytes, int]:
        """The output from a position that the log has: at most `size` bytes of it, and one frame."""
        if self._chunks_end != self._log.end:
            self._chunks.clear()
            self._chunks_end = self._log.end
        size = min(size, PART, self._log.end - position)
        known = self._chunks.get((position, size))
        if known is None:
            if len(self._chunks) == MOST_CHUNKS:
                self._chunks.clear()
            chunks = self._log.read(position, size)
            known = encode(Chunks(self._sid, position, chunks)), size
            self._chunks[position, size] = known
        return known
