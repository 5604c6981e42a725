"""Users as people."""

from __future__ import annotations

from sshx_jupyter.protocol.messages import User
from sshx_jupyter.protocol.people import one_per_person


def user(name: str, person: str = "", focus: int | None = None) -> User:
    return User(name, "#000000", "owner", focus=focus, person=person)


def test_users_are_people_of_their_own_unless_they_say_otherwise() -> None:
    users = {3: user("Ada"), 1: user("Ada"), 2: user("Bob", "b"), 4: user("Cleo", "c")}
    assert one_per_person(users) == users
    assert list(one_per_person(users)) == [3, 1, 2, 4]


def test_a_person_with_several_clients_is_the_first_one_or_oneself() -> None:
    users = {7: user("Host", "h"), 5: user("Ada", "h"), 6: user("Bob"), 9: user("Ada", "h")}
    assert list(one_per_person(users)) == [5, 6]
    assert list(one_per_person(users, 9)) == [6, 9]


def test_a_person_types_where_any_of_the_clients_does() -> None:
    users = {1: user("Ada", "a"), 2: user("Ada", "a", focus=4), 3: user("Ada", "a", focus=5)}
    assert one_per_person(users)[1].focus == 4
    assert one_per_person(users, 3)[3].focus == 5
