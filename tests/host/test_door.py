"""The bounds at the door, without a clock."""

from __future__ import annotations

import pytest

from sshx_jupyter.host.door import LONGEST_TURN, REMEMBERED, TURN_PERIOD, Door
from sshx_jupyter.host.limits import Limits
from sshx_jupyter.host.places import Places
from sshx_jupyter.protocol.handshake import Refused

SESSION, OTHER = b"a" * 16, b"b" * 16


def test_the_oldest_makes_room() -> None:
    places = Places[int](total=3, per_peer=2)
    assert [places.take(1, "a"), places.take(2, "b"), places.take(3, "c")] == [None, None, None]
    assert places.take(4, "d") == 1
    places.leave(2)
    assert places.take(5, "e") is None
    assert list(places) == [3, 4, 5]


def test_an_endpoint_at_its_bound_loses_its_own_oldest() -> None:
    places = Places[int](total=4, per_peer=2)
    for item, peer in enumerate(("quiet", "loud", "loud")):
        assert places.take(item, peer) is None
    assert places.take(3, "loud") == 1
    assert list(places) == [0, 2, 3]


def test_items_of_nobody_known_have_no_bound_of_their_own() -> None:
    places = Places[int](total=4, per_peer=1)
    assert [places.take(item, None) for item in range(5)] == [None, None, None, None, 0]


def test_the_hosts_own_front_ends_have_places_of_their_own() -> None:
    door = Door[int](Limits(handshakes=2, local_handshakes=2))
    assert [door.enter(item, f"stranger {item}", "network") for item in range(3)] == [None, None, 0]
    assert [door.enter(item, "user host", "local") for item in (10, 11, 12)] == [None, None, 10]
    assert len(door) == 4
    door.leave(11)
    assert len(door) == 3


def test_an_endpoint_that_fails_is_refused_for_a_minute() -> None:
    door = Door[int](Limits(failed_handshakes=2, unfinished_handshakes=3))
    door.failed("a", "network", 0)
    door.check("a", 1)
    door.failed("a", "network", 10)
    for now in (10, 59.9):
        with pytest.raises(Refused, match="Too many failed"):
            door.check("a", now)
    door.check("b", 10)
    door.check("a", 60)


def test_unfinished_handshakes_count_less_and_not_for_the_hosts_own() -> None:
    door = Door[int](Limits(failed_handshakes=2, unfinished_handshakes=3))
    for _ in range(3):
        door.check("a", 0)
        door.unfinished("a", "network", 0)
        door.unfinished("user host", "local", 0)
    with pytest.raises(Refused):
        door.check("a", 0)
    door.check("user host", 0)


def guessed(limits: Limits) -> Door[int]:
    """A door after as many wrong keys as may be shown in a minute, at 0."""
    door = Door[int](limits)
    for _ in range(limits.wrong_keys):
        assert door.turn(SESSION, "guesser", "network", 0) == 0
        door.wrong_key(SESSION, "network", 0)
    return door


def test_keys_of_a_session_that_is_guessed_at_take_turns() -> None:
    door = guessed(Limits())
    waits = [door.turn(SESSION, f"guesser {number}", "network", 0) for number in range(4)]
    assert waits == pytest.approx([0, TURN_PERIOD, 2 * TURN_PERIOD, 3 * TURN_PERIOD])
    assert door.turn(OTHER, "guest", "network", 0) == 0
    assert door.turn(SESSION, "guest", "network", 10) == 0
    assert door.turn(SESSION, "guest", "network", 60) == 0


def test_only_so_many_turns_are_handed_out() -> None:
    door = guessed(Limits())
    for number in range(round(LONGEST_TURN / TURN_PERIOD)):
        assert door.turn(SESSION, f"guesser {number}", "network", 0) <= LONGEST_TURN
    with pytest.raises(Refused) as refused:
        door.turn(SESSION, "one too many", "network", -0.1)
    assert refused.value.reason == "busy"
    assert door.turn(SESSION, "later", "network", 1) == pytest.approx(LONGEST_TURN, abs=1)


def test_who_has_been_in_waits_for_no_turn() -> None:
    door = Door[int](Limits())
    door.came_in(SESSION, "guest", "network")
    for _ in range(100):
        door.wrong_key(SESSION, "network", 0)
    assert [door.turn(SESSION, "guest", "network", 0) for _ in range(3)] == [0, 0, 0]
    door.turn(SESSION, "other", "network", 0)
    assert door.turn(SESSION, "other", "network", 0) > 0
    door.forget(SESSION)
    assert door.turn(SESSION, "other", "network", 0) == 0


def test_a_guests_socket_is_bounded_by_the_places_of_its_share_alone() -> None:
    """All come from a proxy's address: what one fails must not count for another."""
    door = Door[int](Limits(guest_handshakes=2, failed_handshakes=1, unfinished_handshakes=1))
    assert [door.enter(item, "guest", "guests") for item in range(3)] == [None, None, 0]
    assert door.enter(10, "stranger", "network") is None
    door.failed("guest", "guests", 0)
    door.unfinished("guest", "guests", 0)
    door.check("guest", 0)


def test_guests_sockets_do_not_push_out_what_is_remembered_of_endpoints() -> None:
    door = Door[int](Limits(failed_handshakes=1))
    door.failed("a", "network", 0)
    door.came_in(SESSION, "guest", "network")
    for number in range(REMEMBERED + 1):
        door.failed(f"socket {number}", "guests", 0)
        door.came_in(SESSION, f"socket {number}", "guests")
    with pytest.raises(Refused):
        door.check("a", 0)
    for _ in range(100):
        door.wrong_key(SESSION, "network", 0)
    assert [door.turn(SESSION, "guest", "network", 0) for _ in range(3)] == [0, 0, 0]


def test_a_flood_on_one_way_in_delays_nobody_on_the_other() -> None:
    door = guessed(Limits())
    for _ in range(3):
        door.turn(SESSION, "guesser", "network", 0)
    assert door.turn(SESSION, "socket", "guests", 0) == 0
    for _ in range(Limits().wrong_keys):
        door.wrong_key(SESSION, "guests", 0)
    assert [door.turn(SESSION, f"socket {n}", "guests", 0) for n in range(2)] == [0, TURN_PERIOD]
    door.forget(SESSION)
    assert door.turn(SESSION, "socket", "guests", 0) == 0
