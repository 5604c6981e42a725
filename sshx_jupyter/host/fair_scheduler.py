"""Keeps the broadcast from starving the shells it broadcasts.

Sending to many guests and reading a shell's output share one event loop. Were every guest served after every read,
the shell would slow down with each guest that joins. So serving guests may take a fixed share of the time; guests
queue for it in order, and each then gets what has gathered meanwhile as one large frame. Alone or idle, nobody waits.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque

SHARE = 0.4
"""The share of the event loop's time that serving guests may take while it is contended."""
BURST = 0.003
"""Seconds of serving that are always free, so that an echo never waits."""
CREDIT = 0.02
"""Seconds for which what serving did not use of its share is kept: the loop may be busy with output for so long."""
LONGEST = 0.02
"""Seconds that the next one waits at the most: one expensive snapshot is no reason to hold up everyone's echo."""


class FairScheduler:
    """A fair turnstile: `turn()` before serving a participant, `spent()` after with the seconds that it took.

    Those who have waited longest come first. As many are let through in one turn of the event loop as the share allows:
    one turn takes some milliseconds while a shell prints.
    """

    def __init__(self) -> None:
        self._free_at = 0.0
        """When serving has taken no more than its share."""
        self._cost = 0.0
        """Seconds that serving one takes, smoothed."""
        self._queue: deque[asyncio.Future[None]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def waiting(self) -> int:
        """Those who wait for their turn."""
        return len(self._queue)

    async def turn(self) -> None:
        """Wait until it is the caller's turn; at once unless serving has used up its share."""
        if not self._queue and time.monotonic() + BURST >= self._free_at:
            return
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        self._queue.append(future)
        self._arm(loop)
        await future

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
        free_at = self._free_at
        while self._queue and time.monotonic() + BURST >= free_at:
            future = self._queue.popleft()
            if not future.done():
                future.set_result(None)
                free_at = max(free_at, time.monotonic() - CREDIT) + max(self._cost, BURST / 8) / SHARE
        self._arm(loop)
