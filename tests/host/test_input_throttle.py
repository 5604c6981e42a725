"""What one client may take of the host's time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sshx_jupyter.host.input_throttle import BURST, SHARE, InputThrottle


def test_who_types_slowly_never_waits_for_earlier_keys() -> None:
    throttle = InputThrottle()
    for key in range(10_000):
        assert throttle.pause(key * 0.05, 0.001) == 0


def test_a_flood_gets_its_share_and_no_more() -> None:
    throttle = InputThrottle()
    now = worked = 0.0
    while now < 10:
        now += 0.0001
        worked += 0.0001
        now += throttle.pause(now, 0.0001)
    assert 0.9 * SHARE < worked / now < 1.1 * SHARE


def test_after_a_flood_and_a_rest_keys_do_not_wait() -> None:
    throttle = InputThrottle()
    now = 0.0
    for _ in range(1000):
        now += 0.001
        now += throttle.pause(now, 0.001)
    assert throttle.pause(now + 1, 0.001) == 0


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 0.5)), max_size=50))
def test_nobody_waits_for_more_than_what_they_took_and_the_burst(messages: list[tuple[float, float]]) -> None:
    throttle = InputThrottle()
    now = 1000.0
    for idle, spent in messages:
        now += idle + spent
        pause = throttle.pause(now, spent)
        assert 0 <= pause <= spent * (1 / SHARE - 1) + BURST + 1e-9
        now += pause
