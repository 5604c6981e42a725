"""Limits the share of the event loop's time that one client's messages take, so that a flood leaves time for others.

A share of the time that passes, not of the messages: whoever types slowly is never held up by what they typed before.
"""

from __future__ import annotations

SHARE = 0.25
"""The share of the event loop's time that one client's messages may take, however fast it sends."""
BURST = 0.006
"""Seconds that this may be ahead of, so that a key never waits."""


class InputThrottle:
    """Pacing of one client's messages. All times are seconds of a monotonic clock."""

    def __init__(self) -> None:
        self._free_at = 0.0

    def pause(self, now: float, spent: float) -> float:
        """Seconds to wait before the next message, after one that has taken `spent` and is done `now`; mostly 0."""
        self._free_at = max(self._free_at, now - spent) + spent / SHARE
        ahead = self._free_at - now
        return ahead if ahead > BURST else 0.0
