"""What follows when a link to the host has ended: whether to try again, when, and what to tell. No I/O."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass

from ..links import LinkClosed, Unreachable
from ..protocol.codes import RETRY
from ..protocol.handshake import Refused

BACKOFF = (0.5, 15.0)
"""Seconds before the first and, doubling, before the later attempts to reconnect."""
FIRST_TRIES = 10.0
"""Seconds for which a client that joins for the first time tries again if the host is busy or full."""
LATE = 3.0
NO_ANSWER_YET = "The host has not answered yet."
UNREACHABLE = 6.0
NO_ANSWER = "The host has not answered. It may have stopped sharing, be asleep or offline, or be behind a firewall."
"""What the person is told after so many seconds without an answer of the host."""


@dataclass(frozen=True)
class Verdict:
    """What to do now: try again, or end with `error`. `code` is the word for it, `error` what the person is told."""

    again: bool
    code: str
    error: Exception


def after_end(error: Exception, entered: bool, trying: float, keep_trying: bool = False) -> Verdict:
    """What to do after a link has ended with `error`.

    Args:
        error: what `Connection` raised.
        entered: whether the host has ever let the client in.
        trying: seconds since the client was asked to join.
        keep_trying: whether a client that was never in tries again while the host does not answer.
    """
    code = error.reason if isinstance(error, Refused) else ""
    if isinstance(error, asyncio.TimeoutError):
        error = Unreachable(NO_ANSWER)
    if entered:
        return Verdict(not code or code in RETRY, code, error)
    if code in ("busy", "full") and trying < FIRST_TRIES:
        return Verdict(True, code, error)
    if isinstance(error, LinkClosed):
        advice = "" if keep_trying else " Try again."
        error = Unreachable(f"The host answered, but the connection dropped immediately.{advice}")
    return Verdict(keep_trying and isinstance(error, Unreachable), code or "unreachable", error)


class Backoff:
    """How long to wait before each attempt: longer each time, and at random, so that not all come back at once."""

    def __init__(self) -> None:
        self._delay = BACKOFF[0]

    def next(self) -> float:
        """Seconds before the next attempt."""
        delay = self._delay * random.uniform(0.5, 1.0)
        self._delay = min(self._delay * 2, BACKOFF[1])
        return delay

    def reset_after(self, seconds: float) -> None:
        """Begin with short delays again if the last link lasted longer than the longest delay."""
        if seconds > BACKOFF[1]:
            self._delay = BACKOFF[0]
