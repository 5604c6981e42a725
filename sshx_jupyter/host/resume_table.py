"""What lets clients whose link broke go on: the same user, number, name and role, and the same stream of input.

A client comes back with a key of its own, made from a token that only it and the host know. So new tickets lock nobody
out who has been inside, and a client that was removed does not come back by its key.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from ..protocol.handshake import ClientKey
from ..protocol.messages import JoinKind, Role, User
from .client_stream import ClientStream
from .limits import Limits

COMPANIONS = 8
"""Companions of one user that are here, and as many that can come back."""
TOKEN_SIZE = 16
"""Bytes of a token; random, so that it cannot be guessed."""


@dataclass(eq=False)
class ResumeEntry:
    """One client, which is here, or has left and can come back.

    Attributes:
        uid: its number; a companion's own, and not the user's.
        user: the user as it is now, or was when it left.
        role: the role whose key it showed when it came for the first time.
        main: for a companion, the `uid` of the user's own client.
        left: when it left, in monotonic seconds; None while it is here.
        needs_scrollback: shells whose scrollback its earlier link did not bring.
    """

    uid: int
    user: User
    role: Role
    session_id: bytes
    kind: JoinKind = "user"
    main: int | None = None
    stream: ClientStream = field(default_factory=ClientStream)
    left: float | None = None
    needs_scrollback: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.token = secrets.token_bytes(TOKEN_SIZE)
        self.key = ClientKey(self.role, self.session_id, self.token)

    @property
    def demoted(self) -> bool:
        """Whether its user may do less than its ticket once let it; false for companions, which act as their user."""
        return self.main is None and self.role == "writer" and self.user.role == "reader"


class ResumeTable:
    """Clients by their ids. One is kept for `Limits.resume_period` after it has left.

    One that was made a reader is kept for longer, as long as there is room: it would come back as a writer.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._entries: dict[bytes, ResumeEntry] = {}

    def __iter__(self) -> Iterator[ResumeEntry]:
        return iter(self._entries.values())

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, client_id: bytes, role: Role) -> ResumeEntry | None:
        """The client of this id that came with the key of `role`; None if it is not known, or not any more."""
        entry = self._entries.get(client_id)
        if entry is None or entry.role != role or self._is_over(entry):
            return None
        if entry.main is not None and not any(known.uid == entry.main and not self._is_over(known) for known in self):
            return None
        return entry

    def enter(self, entry: ResumeEntry) -> None:
        """A client is here. So that entries do not pile up, those who have been away for longest are forgotten."""
        entry.left = None
        self._entries[entry.key.id] = entry
        for client_id in [client_id for client_id, known in self._entries.items() if self._is_over(known)]:
            del self._entries[client_id]
        away = [known for known in self if known.left is not None]
        away.sort(key=lambda known: (known.demoted, known.left))
        companions = [known for known in away if known.main is not None and known.main == entry.main]
        for known in companions[: max(0, len(companions) - COMPANIONS)]:
            del self._entries[known.key.id]
            away.remove(known)
        for known in away[: max(0, len(self._entries) - 4 * self._limits.users)]:
            del self._entries[known.key.id]

    def leave(self, entry: ResumeEntry, user: User, needs_scrollback: set[int]) -> None:
        """A client has left, and may come back for a while unless that was revoked."""
        entry.user, entry.needs_scrollback, entry.left = user, needs_scrollback, time.monotonic()

    def revoke(self, uid: int) -> bool:
        """No client of user `uid` can come back. Returns whether one could before."""
        revoked = [known for known in self if uid in (known.uid, known.main)]
        for known in revoked:
            del self._entries[known.key.id]
        return bool(revoked)

    def _is_over(self, entry: ResumeEntry) -> bool:
        if entry.left is None or entry.demoted:
            return False
        return time.monotonic() - entry.left > self._limits.resume_period
