"""What lets users whose link broke come back as themselves: the same number, name and role."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from ..protocol.messages import User
from .limits import Limits


@dataclass
class Seat:
    """The place of one user, who has left at `until` minus the limit's period, or is here if that is infinite."""

    uid: int
    user: User
    until: float = float("inf")
    owed: set[int] = field(default_factory=set)
    """Shells whose scrollback the user's earlier link did not bring."""


class Seats:
    """Seats by the token that their user holds. A seat is kept for `Limits.resume_period` after its user has left."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._seats: dict[bytes, Seat] = {}

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._seats)

    def __len__(self) -> int:
        return len(self._seats)

    def claim(self, token: bytes | None, owner: bool) -> Seat | None:
        """The seat of who holds `token` and has proved to be an owner, or not to be one. It is free afterwards."""
        seat = self._seats.pop(token, None) if token else None
        if seat is None or seat.until < time.monotonic() or (seat.user.role == "owner") != owner:
            return None
        return seat

    def take(self, token: bytes, uid: int, user: User) -> None:
        """A user is here. So that tokens do not pile up, those who have been away for longest lose their seats."""
        now = time.monotonic()
        for old in [old for old, seat in self._seats.items() if seat.until < now]:
            del self._seats[old]
        away = [old for old, seat in self._seats.items() if seat.until != float("inf")]
        for old in away[: max(0, len(self._seats) - 4 * self._limits.users + 1)]:
            del self._seats[old]
        self._seats[token] = Seat(uid, user)

    def leave(self, token: bytes, user: User, owed: set[int]) -> None:
        """A user has left, and may come back for a while unless the seat was given up."""
        seat = self._seats.get(token)
        if seat is not None:
            seat.user, seat.owed, seat.until = user, owed, time.monotonic() + self._limits.resume_period

    def give_up(self, token: bytes) -> None:
        """Who holds `token` cannot come back with it."""
        self._seats.pop(token, None)

    def give_up_guest(self, uid: int) -> bool:
        """User `uid`, if not an owner, cannot come back; whether that was possible before."""
        tokens = [token for token, seat in self._seats.items() if seat.uid == uid and seat.user.role != "owner"]
        for token in tokens:
            del self._seats[token]
        return bool(tokens)
