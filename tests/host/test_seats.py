"""Who may come back as the same user."""

from __future__ import annotations

import pytest

from sshx_jupyter.host import seats as seats_module
from sshx_jupyter.host.limits import Limits
from sshx_jupyter.host.seats import Seats
from sshx_jupyter.protocol.messages import User


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(seats_module, "time", clock)
    return clock


def user(role: str = "writer") -> User:
    return User("Ann", "#3b82f6", role, None, None, False)  # type: ignore[arg-type]


def test_a_seat_is_kept_for_a_while_and_claimed_once(clock: Clock) -> None:
    seats = Seats(Limits(resume_period=600))
    seats.take(b"ann", 1, user())
    clock.now += 10_000  # here all the time
    seats.leave(b"ann", user("reader"), {7})
    clock.now += 599
    seat = seats.claim(b"ann", owner=False)
    assert seat is not None
    assert (seat.uid, seat.user.role, seat.owed) == (1, "reader", {7})
    assert seats.claim(b"ann", owner=False) is None
    seats.take(b"ann", 1, user())
    seats.leave(b"ann", user(), set())
    clock.now += 601
    assert seats.claim(b"ann", owner=False) is None


def test_a_seat_is_for_who_has_proved_the_role_of_its_kind(clock: Clock) -> None:
    seats = Seats(Limits())
    seats.take(b"host", 1, user("owner"))
    assert seats.claim(b"host", owner=False) is None
    seats.take(b"guest", 2, user())
    assert seats.claim(b"guest", owner=True) is None
    assert seats.claim(b"", owner=False) is None
    assert seats.claim(None, owner=False) is None


def test_who_is_removed_does_not_come_back(clock: Clock) -> None:
    seats = Seats(Limits())
    seats.take(b"ann", 1, user())
    seats.take(b"host", 2, user("owner"))
    assert seats.give_up_guest(1)
    assert not seats.give_up_guest(1)
    assert not seats.give_up_guest(2)
    seats.give_up(b"host")
    seats.leave(b"host", user("owner"), set())
    assert len(seats) == 0


def test_seats_do_not_pile_up(clock: Clock) -> None:
    seats = Seats(Limits(users=3))
    seats.take(b"stays", 0, user())
    for number in range(100):
        clock.now += 1
        token = b"%d" % number
        seats.take(token, number, user())
        seats.leave(token, user(), set())
    assert len(seats) <= 4 * 3
    assert b"stays" in seats
    assert b"99" in seats
