"""One shell's output for one client: how far it was sent, and which message comes next.

A client that falls behind is not sent its backlog. It gets a snapshot of the screen as it is now: the visible part
first, and the scrollback once the shell is quiet. Sans-I/O.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from ..protocol.codec import encode
from ..protocol.messages import Chunks, ShellInfo, Snapshot
from .output_log import OutputLog

PART = 60 << 10
"""Output bytes of one frame: with its envelope it stays under the frame limit."""
QUIET = 0.15
"""Seconds without output after which a shell is quiet, and scrollback that was left out is sent."""
STEADY = 2.0
"""Seconds without skipping after which the scrollback is sent to a client although the shell is not quiet."""


class Source(Protocol):
    """What a subscription needs of its shell. Positions count bytes of the shell's output."""

    sid: int
    log: OutputLog
    last_output: float
    """When it last printed, in seconds of the monotonic clock."""
    resized_at: int
    """Position of the last resize. A viewer from before it needs the screen anew."""
    generation: int
    """Counts resizes."""
    ended: bool

    @property
    def info(self) -> ShellInfo: ...

    def snapshot(self, scrollback: bool) -> bytes:
        """The screen as it is now, as terminal output."""


@dataclass(slots=True)
class Subscription:
    """How far one shell has been sent to one client."""

    shell: Source
    position: int = -1
    """Position up to which output was sent; -1 when the client's screen must be drawn anew."""
    partial: bool = False
    """Whether the client's screen lacks its scrollback."""
    skipped_at: float = 0.0
    """When the client last fell behind, in seconds of the monotonic clock."""
    acknowledged: int = 0
    """Output bytes that the client has parsed since its link began."""
    sent: int = 0
    """Output bytes that it was sent since then."""
    complete_at: int = 0
    """Acknowledged bytes at which the last scrollback snapshot is complete."""
    snapshot: bytes = b""
    """The snapshot being sent, taken at position `snapshot_seq` and resize `generation`."""
    snapshot_sent: int = 0
    snapshot_parts: int = 0
    snapshot_seq: int = 0
    generation: int = 0

    @property
    def drained(self) -> bool:
        """Whether the client was sent all of the shell's output and scrollback."""
        return self.position == self.shell.log.end and not self.partial and not self.snapshot

    @property
    def needs_scrollback(self) -> bool:
        """Whether the client may still lack its scrollback."""
        return self.partial or bool(self.snapshot) or self.acknowledged < self.complete_at

    @property
    def scrollback_at(self) -> float | None:
        """When the scrollback is due that was left out, in seconds of the monotonic clock; None if none was."""
        if not self.partial or self.position < 0:
            return None
        return min(self.shell.last_output + QUIET, self.skipped_at + STEADY)

    def can_resume(self, seq: int) -> bool:
        """Whether the log has the output from `seq` on, and the shell has had one size since then."""
        return max(self.shell.log.start, self.shell.resized_at) <= seq <= self.shell.log.end

    def messages(self, room: int, backlog: int, now: float) -> Iterator[tuple[bytes, int]]:
        """The next encoded messages, each with the output bytes in it: at most `room` bytes, but for a screen.

        A screen is sent whole, because chunks go on from it. A client that is more than `backlog` bytes behind gets
        one. Each message counts as sent once it is taken.
        """
        shell = self.shell
        if self.snapshot and self.generation != shell.generation:
            self.snapshot, self.partial = b"", True  # it was for another size
        if self.position >= 0 and self._is_behind(backlog):
            self.position = -1
            self.skipped_at = now
        if self.position < 0 and room > 0:
            self._start_snapshot(scrollback=shell.log.end <= PART)
            self.position = self.snapshot_seq
            while self.snapshot:
                part, size = self._snapshot_part(PART)
                room -= size
                yield part, size
        while room > 0 and 0 <= self.position < shell.log.end:
            chunks = shell.log.read(self.position, min(room, PART))
            size = sum(map(len, chunks))
            message = encode(Chunks(shell.sid, self.position, chunks))
            self.position += size
            self.sent += size
            room -= size
            yield message, size
        # The scrollback goes in the background: a snapshot in parts, between which output goes on.
        if room > 0 and (due := self.scrollback_at) is not None and due <= now:
            self._start_snapshot(scrollback=True)
        while room > 0 and self.snapshot:
            part, size = self._snapshot_part(min(room, PART))
            room -= size
            yield part, size

    def _is_behind(self, backlog: int) -> bool:
        log, position = self.shell.log, self.position
        behind = log.end - position
        return behind > backlog or position < log.start or (behind > 0 and position < self.shell.resized_at)

    def _start_snapshot(self, scrollback: bool) -> None:
        self.snapshot = self.shell.snapshot(scrollback)
        self.snapshot_seq = self.shell.log.end
        self.snapshot_sent = self.snapshot_parts = 0
        self.generation = self.shell.generation
        self.partial = not scrollback

    def _snapshot_part(self, size: int) -> tuple[bytes, int]:
        part = self.snapshot[self.snapshot_sent : self.snapshot_sent + size]
        self.snapshot_sent += len(part)
        self.sent += len(part)
        more = self.snapshot_sent < len(self.snapshot)
        message = Snapshot(self.shell.sid, self.snapshot_seq, part, self.snapshot_parts, more)
        self.snapshot_parts += 1
        if not more:
            self.snapshot = b""
            if not self.partial:
                self.complete_at = self.sent
        return encode(message), len(part)
