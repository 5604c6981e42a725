"""How much output may be in flight to a participant, and how much may wait for one.

A fixed window would be seconds of old output on a slow link, and a fraction of what a fast, long one carries. So the
window follows what the link delivers: the delivery rate times the round trip, and as much again or a small queue, as
BBR does (draft-cardwell-iccrg-bbr-congestion-control, sections 4.1.1 and 4.1.2: delivery-rate samples,
application-limited samples, rounds, windowed max filter; 4.3.1: startup until the rate is flat), capped by the
configured window. What counts is what the client has parsed, so a slow browser is treated like a slow link.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

QUEUE_SECONDS = 0.02
"""Output that may queue on the way at the least, in seconds of delivery: clients acknowledge that late."""
STARTUP_GAIN = 2.0
"""How much of the window is tried, as a multiple, until the rate grows no more."""
MIN_WINDOW = 16 << 10
START_WINDOW = 32 << 10
FLAT_ROUNDS = 3
"""Round trips over a filled link without a quarter more than the best so far, after which that is what it delivers."""
RATE_PERIOD = 1.0
RATE_ROUNDS = 10
"""The max filter of the delivery rate looks back so many seconds, and at least so many round trips."""
RATE_SAMPLES = 64
"""Samples that it holds at the most."""
RTT_PERIOD = 10.0
"""Seconds after which a minimum round trip is measured again, with next to nothing in flight."""


@dataclass(slots=True)
class _Sent:
    end: int
    time: float
    delivered: int
    delivered_time: float
    limited: bool


class Flow:
    """Delivery-rate estimate and window of one participant. Times are seconds of a monotonic clock, sizes bytes."""

    def __init__(self, cap: int, now: float) -> None:
        self._cap = cap
        self._sent = 0
        self._delivered = 0
        self._delivered_time = now
        self._in_flight: deque[_Sent] = deque()
        self._rates: deque[tuple[float, float]] = deque(maxlen=RATE_SAMPLES)
        """When rates were measured, and the rates, each lower than the one before: the first is the best."""
        self._rtt = float("inf")
        self._rtt_time = now
        self._measuring = False
        """Whether the round trip is being measured again."""
        self._round_end = 0
        """Delivered bytes at which the present round began: it ends with what was sent after that."""
        self._round_rate = 0.0
        """The best rate of the present round in which the link was filled."""
        self._best = 0.0
        self._flat = 0

    @property
    def in_flight(self) -> int:
        """Bytes sent and not yet acknowledged."""
        return self._sent - self._delivered

    @property
    def rate(self) -> float | None:
        """Bytes a second that the link delivers; None in slow start, while it may be more."""
        return self._rates[0][1] if self._flat >= FLAT_ROUNDS else None

    @property
    def window(self) -> int:
        """Bytes that may be in flight now."""
        if not self._rates:
            return min(START_WINDOW, self._cap)
        wanted = self._rates[0][1] * (self._rtt + max(self._rtt, QUEUE_SECONDS))
        if self._flat < FLAT_ROUNDS:
            wanted = max(STARTUP_GAIN * wanted, START_WINDOW)
        elif self._measuring:
            wanted = MIN_WINDOW
        return int(min(max(wanted, MIN_WINDOW), self._cap))

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
        self._measure_rtt(now - newest.time, newest.end - newest.delivered, now)
        elapsed = max(now - newest.delivered_time, 1e-4)
        self._measure_rate((self._delivered - newest.delivered) / elapsed, newest, now)
        self._delivered_time = now

    def _measure_rtt(self, rtt: float, in_flight: int, now: float) -> None:
        """Take the round trip of something that was sent when this was in flight, itself included."""
        if rtt <= self._rtt or (self._measuring and in_flight <= MIN_WINDOW):
            self._rtt, self._rtt_time, self._measuring = rtt, now, False
        elif now - self._rtt_time > RTT_PERIOD:
            self._measuring = True

    def _measure_rate(self, rate: float, newest: _Sent, now: float) -> None:
        """Take a delivery rate, measured with the acknowledgment of `newest`."""
        if newest.limited and self._rates and rate <= self._rates[0][1]:
            return  # it says nothing of the link
        while self._rates and self._rates[-1][1] <= rate:
            self._rates.pop()
        self._rates.append((now, rate))
        oldest = now - max(RATE_PERIOD, RATE_ROUNDS * self._rtt)
        while self._rates[0][0] < oldest:
            self._rates.popleft()
        if newest.delivered >= self._round_end:
            if self._round_rate:
                self._flat = 0 if self._round_rate > 1.25 * self._best else self._flat + 1
                self._best = max(self._best, self._round_rate)
            self._round_end, self._round_rate = self._delivered, 0.0
        if not newest.limited:
            self._round_rate = max(self._round_rate, rate)
