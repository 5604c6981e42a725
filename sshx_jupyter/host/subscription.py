"""One shell's output for one client: how far it was sent, and which message comes next.

A client for which too much waits is not sent that. It gets a snapshot of the screen as it is now: the visible part
first, and the scrollback once the shell is quiet. A *complete* subscription is sent all that the log has. Sans-I/O.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from ..protocol.messages import REPLAY_BYTES, ShellInfo
from .flow import MIN_WINDOW
from .output_log import Hold, OutputLog
from .shell_messages import PART, SnapshotMessages

PATIENCE = 1.0
"""Seconds that what waits for a client may take to arrive. Beyond it the screen as it is now is worth more."""
INTERRUPTED_PATIENCE = 0.1
"""The same right after someone has interrupted the program: nobody wants to see the rest."""
INTERRUPTED_PERIOD = 0.5
"""Seconds after an interrupt in which that holds: a program may take so long to end."""
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
    def interrupted(self) -> float:
        """When someone last typed what interrupts a program, in seconds of the monotonic clock."""

    @property
    def info(self) -> ShellInfo: ...

    def snapshot(self, scrollback: bool, after: int, now: float) -> SnapshotMessages:
        """The screen as it is now or, a moment ago, as it was after position `after`."""

    def chunks(self, position: int, size: int) -> tuple[bytes, int]:
        """The encoded output from a position that the log has, and its bytes: at most `size`, and one frame."""


@dataclass(slots=True)
class Subscription:
    """How far one shell has been sent to one client."""

    shell: Source
    position: int = -1
    """Position up to which output was sent; -1 when the client's screen must be drawn anew."""
    shown: int = -1
    """Position up to which output was sent before it was skipped; -1 if nothing was."""
    complete: bool = False
    """Whether nothing is skipped that the log has."""
    hold: Hold | None = None
    """What makes the log keep more for a complete subscription."""
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
    snapshot: SnapshotMessages | None = None
    """The snapshot being sent."""
    snapshot_sent: int = 0
    """Parts of it that were sent."""
    drawing: bool = False
    """Whether the snapshot comes before the output at `position`, rather than in the background."""

    @property
    def drained(self) -> bool:
        """Whether the client was sent all of the shell's output and scrollback."""
        return self.position == self.shell.log.end and not self.partial and self.snapshot is None

    @property
    def waiting(self) -> int:
        """Bytes that wait for the client; more than the log has if that is its screen."""
        return self.shell.log.end - self.position if self.position >= 0 else self.shell.log.limit

    @property
    def needs_scrollback(self) -> bool:
        """Whether the client may still lack its scrollback."""
        return self.partial or self.snapshot is not None or self.acknowledged < self.complete_at

    @property
    def scrollback_at(self) -> float | None:
        """When the scrollback is due that was left out, in seconds of the monotonic clock; None if none was."""
        if not self.partial or self.position < 0:
            return None
        return min(self.shell.last_output + QUIET, self.skipped_at + STEADY)

    def can_resume(self, seq: int) -> bool:
        """Whether the log has the output from `seq` on, and the shell has had one size since then.

        A complete subscription goes on all the same after a resize; it is sent the screen anew in the end.
        """
        return max(self.shell.log.start, 0 if self.complete else self.shell.resized_at) <= seq <= self.shell.log.end

    def set_complete(self, on: bool, hold: Hold | None, now: float) -> None:
        """Skip nothing from now on, with what keeps the output; or again what is late."""
        self.complete, self.hold = on, hold
        if hold is not None and self.position >= 0:
            hold.position = max(self.shell.log.start, self._parsed())
        if on and self.position < 0 and self.shown >= 0:  # its screen is due, and what comes after that must follow
            self._draw(self.shell.log.end, now)

    def on_acknowledged(self, received: int) -> None:
        """The client has parsed this many bytes since its link began."""
        self.acknowledged = received
        if self.hold is not None and self.position >= 0:
            self.hold.position = max(self.hold.position, self._parsed())

    def _parsed(self) -> int:
        """The position that the client has parsed at the least: what is on its way may be output or screens."""
        return self.position - (self.sent - self.acknowledged)

    def messages(self, room: int, rate: float | None, crowd: int, now: float) -> Iterator[tuple[bytes, int]]:
        """The next encoded messages, each with the output bytes in it: at most `room` bytes, but for a screen.

        A screen is sent whole, because chunks go on from it. Each message counts as sent once it is taken.

        Args:
            rate: bytes a second that the link delivers; None in slow start. A client gets the screen for which so much
                waits that this would take too long. In slow start nobody knows, and nothing is skipped but after an
                interrupt.
            crowd: how many clients a busy host serves, with this one; 1 if it is not busy. The more they are, the less
                may wait for each: a steady picture for all is worth more than each byte for some.
        """
        shell = self.shell
        most = max(shell.log.limit // crowd**2, MIN_WINDOW)
        if self.snapshot is not None and self.snapshot.generation != shell.generation:
            self._forget_snapshot()
        if self.position >= 0 and self.complete:
            self._close_gap(now)
        elif self.position >= 0 and self._is_behind(rate, most, now):
            self.shown, self.position = self.position, -1
            self.skipped_at = now
        if self.position < 0 and room > 0:
            self._draw(self.shown if crowd > 1 and self.shown >= 0 and not self.complete else shell.log.end, now)
        if self.drawing and room > 0:
            while self.snapshot is not None:
                part, size = self._snapshot_part()
                room -= size
                yield part, size
            self.drawing = False
            if shell.log.end - self.position > most and not self.complete:  # the next screen is better than that
                return
        while room > 0 and not self.drawing and 0 <= self.position < shell.log.end:
            message, size = shell.chunks(self.position, room)
            self.position += size
            self.sent += size
            room -= size
            yield message, size
        # The scrollback goes in the background: a snapshot in parts, between which output goes on.
        if room > 0 and (due := self.scrollback_at) is not None and due <= now:
            self._start_snapshot(True, shell.log.end, now)
        while room > 0 and self.snapshot is not None:
            part, size = self._snapshot_part()
            room -= size
            yield part, size

    def _close_gap(self, now: float) -> None:
        """Go on where the log begins, if it no longer has what comes next: half of it, so that gaps are few.

        The screen is sent anew in the end, and also where output is sent that was made for another size.
        """
        log = self.shell.log
        if self.position < log.start:
            self.position = (log.start + log.end) // 2
        elif self.position >= self.shell.resized_at:
            return
        self.partial, self.skipped_at = True, now

    def _is_behind(self, rate: float | None, most: int, now: float) -> bool:
        log, position = self.shell.log, self.position
        behind = log.end - position
        if behind > most or position < log.start or (behind > 0 and position < self.shell.resized_at):
            return True
        if behind <= MIN_WINDOW:
            return False
        interrupted = now - self.shell.interrupted < INTERRUPTED_PERIOD
        if rate is None:
            return interrupted
        return behind > rate * (INTERRUPTED_PATIENCE if interrupted else PATIENCE)

    def _draw(self, after: int, now: float) -> None:
        """Send the screen next, and go on from there."""
        self._start_snapshot(self.shell.log.end <= PART, after, now)
        assert self.snapshot is not None
        self.position, self.drawing = self.snapshot.seq, True

    def _start_snapshot(self, scrollback: bool, after: int, now: float) -> None:
        """Begin to send the screen."""
        self.snapshot = self.shell.snapshot(scrollback, after, now)
        self.snapshot_sent = 0
        self.partial = not scrollback

    def _forget_snapshot(self) -> None:
        """The screen that is being sent was for another size."""
        if self.drawing:
            if self.complete:
                return  # the output after it must follow; it is sent anew in the end
            self.position, self.drawing = -1, False
        self.snapshot, self.partial = None, True

    def _snapshot_part(self) -> tuple[bytes, int]:
        assert self.snapshot is not None
        part, size = self.snapshot.parts[self.snapshot_sent]
        self.snapshot_sent += 1
        self.sent += size
        if self.snapshot_sent == len(self.snapshot.parts):
            dropped = self.position - self.snapshot.seq > REPLAY_BYTES
            self.snapshot = None
            if dropped:  # one of which the client must miss nothing does not ask for it again: once the shell is quiet
                self.partial, self.skipped_at = True, float("inf")
            if not self.partial:
                self.complete_at = self.sent
        return part, size
