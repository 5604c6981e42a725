"""How much output may be in flight to a participant.

A fixed window would be seconds of old output on a slow link. So the window follows what the link delivers: the
delivery rate times the round trip plus a small queue, as BBR does (draft-cardwell-iccrg-bbr-congestion-control,
sections 4.1.1 and 4.1.2: delivery-rate samples, application-limited samples, windowed max filter), capped by the
configured window. What counts is what the client has parsed, so a slow browser is treated like a slow link.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

QUEUE_SECONDS = 0.1
"""Output that may queue on the way, in seconds of delivery: well under what a person notices after Ctrl-C."""
BACKLOG_SECONDS = 0.25
"""How old the output may get that a client is still sent instead of a snapshot."""
MIN_WINDOW = 16 << 10
START_WINDOW = 32 << 10
FLAT_SAMPLES = 3
"""Samples of a filled link without a quarter more than the best so far, after which that is what it delivers."""
RATE_SAMPLES = 10
"""Delivery-rate samples that the max filter looks back on."""
RTT_PERIOD = 10.0
"""Seconds after which a measured minimum round trip is forgotten."""


@dataclass(slots=True)
class _Sent:
    end: int
    time: float
    delivered: int
    delivered_time: float
    limited: bool


class Flow:
    """Delivery-rate estimate and window of one participant. Times are seconds of a monotonic clock, sizes bytes."""

    def __init__(self, cap: int, log: int, now: float) -> None:
        self._cap = cap
        self._log = log
        self._sent = 0
        self._delivered = 0
        self._delivered_time = now
        self._in_flight: deque[_Sent] = deque()
        self._rates: deque[float] = deque(maxlen=RATE_SAMPLES)
        self._rtt = (now, float("inf"))
        self._best = 0.0
        self._flat = 0

    @property
    def in_flight(self) -> int:
        """Bytes sent and not yet acknowledged."""
        return self._sent - self._delivered

    @property
    def window(self) -> int:
        """Bytes that may be in flight now."""
        if not self._rates:
            return min(START_WINDOW, self._cap)
        wanted = max(self._rates) * (self._rtt[1] + QUEUE_SECONDS)
        least = START_WINDOW if self._flat < FLAT_SAMPLES else MIN_WINDOW
        return int(min(max(wanted, least), self._cap))

    @property
    def backlog(self) -> int:
        """Bytes that a client may be behind before it is better to draw its screen anew: what the link delivers in
        `BACKLOG_SECONDS`, once that is known, and at most what the shell's log holds."""
        if self._flat < FLAT_SAMPLES:
            return self._log
        return int(min(max(max(self._rates) * BACKLOG_SECONDS, 2 * MIN_WINDOW), self._log))

    def sent(self, size: int, now: float, limited: bool) -> None:
        """Note `size` bytes sent; `limited` when there was no more to send, so that the link was not filled."""
        if self._sent == self._delivered:
            self._delivered_time = now
        self._sent += size
        self._in_flight.append(_Sent(self._sent, now, self._delivered, self._delivered_time, limited))

    def forget(self, size: int) -> None:
        """Note that `size` bytes will never be acknowledged."""
        self._delivered += min(size, self.in_flight)
        while self._in_flight and self._in_flight[0].end <= self._delivered:
            self._in_flight.popleft()

    def acknowledged(self, size: int, now: float) -> None:
        """Note that the client has parsed `size` more bytes. More than is in flight counts as all of it."""
        self._delivered += min(size, self.in_flight)
        newest: _Sent | None = None
        while self._in_flight and self._in_flight[0].end <= self._delivered:
            newest = self._in_flight.popleft()
        if newest is None:
            return
        rtt = now - newest.time
        if rtt <= self._rtt[1] or now - self._rtt[0] > RTT_PERIOD:
            self._rtt = (now, rtt)
        elapsed = max(now - newest.delivered_time, 1e-4)
        rate = (self._delivered - newest.delivered) / elapsed
        if not newest.limited or not self._rates or rate > max(self._rates):
            self._rates.append(rate)
            if not newest.limited:
                self._flat = 0 if rate > 1.25 * self._best else self._flat + 1
                self._best = max(self._best, rate)
        self._delivered_time = now
