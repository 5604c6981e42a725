"""The people among the users: a host with several clients, such as a tab with the session and one with its terminal, is
several users and one person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from .messages import User


def one_per_person(users: Mapping[int, User], me: int = 0) -> dict[int, User]:
    """Users, each person once, by uid.

    Users with the same `person` are listed as the one among them that is `me`, or else as the one with the lowest uid.
    If that one types into no shell, the entry has the shell into which another one types.
    """
    people: dict[int, User] = {}
    entry_of: dict[str, int] = {}
    for uid in sorted(users, key=lambda uid: (uid != me, uid)):
        user = users[uid]
        first = entry_of.setdefault(user.person, uid) if user.person else uid
        if first == uid:
            people[uid] = user
        elif people[first].focus is None:
            people[first] = replace(people[first], focus=user.focus)
    return {uid: people[uid] for uid in users if uid in people}
