"""Keeps the broadcast from starving the shells it broadcasts.

Sending to many guests and reading a shell's output share one event loop. Were every guest served after every read,
the shell would slow down with each guest that joins. So serving guests may take a fixed share of the time; guests
queue for it in order, and each then gets what has gathered meanwhile as one large frame. Alone or idle, nobody waits.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Hashable

SHARE = 0.5
"""The share of the event loop's time that serving guests may take while it is contended."""
BURST = 0.003
"""Seconds of serving that are always free, so that an echo never waits."""
CREDIT = 0.02
"""Seconds for which what serving did not use of its share is kept: the loop may be busy with output for so long."""
AT_ONCE = 4
"""Participants let through in one turn of the event loop: serving so many takes as long as parsing the piece of output
that a shell prints in the meantime (`pty_reader.PIECE`)."""
LONGEST = 0.02
"""Seconds that the next one waits at the most: one expensive snapshot is no reason to hold up everyone's echo."""


class FairScheduler:
    """A fair turnstile: `turn()` before serving a participant, `spent()` after with the seconds that it took.

    Those who have waited longest come first. Several are let through in one turn of the event loop, as far as the share
    allows: one turn takes some milliseconds while a shell prints.
    """

    def __init__(self) -> None:
        self._free_at = 0.0
        """When serving has taken no more than its share."""
        self._cost = 0.0
        """Seconds that serving one takes, smoothed."""
        self._queue: dict[Hashable, asyncio.Future[None]] = {}  # those who have waited longest first
        self._timer: asyncio.TimerHandle | None = None

    async def turn(self, who: Hashable) -> float:
        """Wait until it is the caller's turn, at once unless serving has used up its share; returns seconds waited."""
        asked = time.monotonic()
        if not self._queue and asked + BURST >= self._free_at:
            return 0.0
        loop = asyncio.get_running_loop()
        self._queue[who] = future = loop.create_future()
        self._arm(loop)
        try:
            await future
        finally:
            self._queue.pop(who, None)
        return time.monotonic() - asked

    def hurry(self, who: Hashable) -> None:
        """Let someone who waits through, ahead of the others: what is due is small, and is waited for."""
        if (future := self._queue.pop(who, None)) is not None and not future.done():
            future.set_result(None)

    def spent(self, seconds: float) -> None:
        """Account for serving one participant."""
        now = time.monotonic()
        self._cost += (seconds - self._cost) / 8
        self._free_at = min(max(self._free_at, now - CREDIT) + seconds / SHARE, now + LONGEST)

    def _arm(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._timer is None and self._queue:
            delay = max(0.0, self._free_at - BURST - time.monotonic())
            self._timer = loop.call_later(delay, self._next, loop)

    def _next(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        now, free_at, through = time.monotonic(), self._free_at, 0
        while self._queue and through < AT_ONCE and now + BURST >= free_at:
            future = self._queue.pop(next(iter(self._queue)))
            if not future.done():
                future.set_result(None)
                through += 1
                free_at = max(free_at, now - CREDIT) + self._cost / SHARE
        self._arm(loop)
