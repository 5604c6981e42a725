"""The window follows what the link delivers."""

from __future__ import annotations

import pytest

from sshx_jupyter.host.flow import MIN_WINDOW, QUEUE_SECONDS, START_WINDOW, Flow

CAP = 2 << 20


def drive(
    flow: Flow, rate: float, rtt: float, seconds: float, start: float = 0.0, rates: list[float | None] | None = None
) -> tuple[float, list[float]]:
    """A sender that always fills the window, over a link of `rate` bytes/s; returns the end and the queueing delays,
    and appends to `rates` what it thinks of the link after each acknowledgment."""
    now = link_free = start
    on_the_way: list[tuple[float, int]] = []
    delays: list[float] = []
    while now < start + seconds:
        room = flow.window - flow.in_flight
        while room > 0:
            size = min(room, 8 << 10)
            link_free = max(link_free, now) + size / rate
            delays.append(link_free - now)
            on_the_way.append((link_free + rtt, size))
            flow.sent(size, now, limited=False)
            room -= size
        now, size = on_the_way.pop(0)
        flow.acknowledged(size, now)
        if rates is not None:
            rates.append(flow.rate)
    for now, size in on_the_way:
        flow.acknowledged(size, now)
    return now, delays


def test_starts_small_and_opens_on_a_fast_link() -> None:
    flow = Flow(CAP, 0.0)
    assert flow.window == START_WINDOW
    drive(flow, rate=100e6, rtt=0.001, seconds=0.2)
    assert flow.window == CAP


@pytest.mark.parametrize("rtt", [0.005, 0.05, 0.2])
def test_queues_little_on_a_slow_link(rtt: float) -> None:
    rate = 125_000.0  # 1 Mbit/s
    flow = Flow(CAP, 0.0)
    _, delays = drive(flow, rate, rtt, seconds=60)
    settled = delays[len(delays) // 2 :]
    assert max(settled) < 2 * max(rtt, QUEUE_SECONDS, MIN_WINDOW / rate)


def test_fills_a_long_fast_link() -> None:
    flow = Flow(CAP, 0.0)
    drive(flow, rate=2e6, rtt=0.1, seconds=5)
    assert flow.window >= 2e6 * 0.1


def test_knows_what_a_link_delivers() -> None:
    flow = Flow(CAP, 0.0)
    drive(flow, rate=125_000, rtt=0.02, seconds=5)
    assert flow.rate == pytest.approx(125_000, rel=0.1)
    flow = Flow(CAP, 0.0)
    drive(flow, rate=20e6, rtt=0.002, seconds=1)
    assert flow.rate == pytest.approx(20e6, rel=0.1)


@pytest.mark.parametrize("rtt", [0.002, 0.04, 0.2])
def test_slow_start_is_not_mistaken_for_a_slow_link(rtt: float) -> None:
    flow = Flow(64 << 20, 0.0)
    seen: list[float | None] = []
    drive(flow, rate=30e6, rtt=rtt, seconds=40 * (rtt + QUEUE_SECONDS), rates=seen)
    known = [rate for rate in seen if rate is not None]
    assert min(known) > 0.7 * 30e6
    assert flow.window >= 30e6 * rtt


def test_follows_a_link_that_becomes_slow() -> None:
    flow = Flow(CAP, 0.0)
    now, _ = drive(flow, rate=50e6, rtt=0.001, seconds=0.5)
    drive(flow, rate=125_000, rtt=0.02, seconds=20, start=now)
    assert flow.window < 64 << 10


def test_an_old_rate_is_forgotten_where_acknowledgments_are_few() -> None:
    flow = Flow(CAP, 0.0)
    now, _ = drive(flow, rate=50e6, rtt=0.001, seconds=0.5)
    for _ in range(3):
        flow.sent(64 << 10, now, limited=False)
        now += 1.0
        flow.acknowledged(64 << 10, now)
    assert flow.rate is not None
    assert flow.rate < 100_000


def test_typing_does_not_shrink_the_estimate() -> None:
    flow = Flow(CAP, 0.0)
    now, _ = drive(flow, rate=50e6, rtt=0.001, seconds=0.5)
    flow.acknowledged(flow.in_flight, now)
    for _ in range(100):
        flow.sent(10, now, limited=True)
        flow.acknowledged(10, now + 0.05)
        now += 0.1
    assert flow.window == CAP


def test_acknowledging_too_much_counts_as_all() -> None:
    flow = Flow(CAP, 0.0)
    flow.sent(100, 0.0, limited=True)
    flow.acknowledged(10**9, 0.1)
    assert flow.in_flight == 0
