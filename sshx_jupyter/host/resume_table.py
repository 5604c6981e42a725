"""What lets clients whose link broke go on: the same user, number, name and role, and the same stream of input."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from ..protocol.messages import JoinKind, User
from .client_stream import ClientStream
from .limits import Limits


@dataclass
class ResumeEntry:
    """One client, which is here if `until` is infinite, or can come back until then (monotonic seconds)."""

    uid: int
    user: User
    stream: ClientStream
    kind: JoinKind = "user"
    until: float = float("inf")
    needs_scrollback: set[int] = field(default_factory=set)
    """Shells whose scrollback the client's earlier link did not bring."""


class ResumeTable:
    """Clients by the token that each holds. One is kept for `Limits.resume_period` after it has left."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._entries: dict[bytes, ResumeEntry] = {}

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, token: bytes | None, kind: JoinKind, owner: bool) -> ResumeEntry | None:
        """The entry of the client that holds `token`, if it has joined in this way and with an owner's key, or not."""
        entry = self._entries.get(token) if token else None
        if entry is None or entry.until < time.monotonic():
            return None
        return entry if entry.kind == kind and (entry.user.role == "owner") == owner else None

    def enter(self, token: bytes, entry: ResumeEntry) -> None:
        """A client is here. So that tokens do not pile up, those who have been away for longest are forgotten."""
        now = time.monotonic()
        self._entries.pop(token, None)
        for old in [old for old, known in self._entries.items() if known.until < now]:
            del self._entries[old]
        away = [old for old, known in self._entries.items() if known.until != float("inf")]
        away.sort(key=lambda old: self._entries[old].until)
        for old in away[: max(0, len(self._entries) - 4 * self._limits.users + 1)]:
            del self._entries[old]
        self._entries[token] = entry

    def leave(self, token: bytes, user: User, needs_scrollback: set[int]) -> None:
        """A client has left, and may come back for a while unless that was revoked."""
        entry = self._entries.get(token)
        if entry is not None:
            entry.user, entry.needs_scrollback = user, needs_scrollback
            entry.until = time.monotonic() + self._limits.resume_period

    def revoke(self, token: bytes) -> None:
        """The client that holds `token` cannot come back with it."""
        self._entries.pop(token, None)

    def revoke_guest(self, uid: int) -> bool:
        """User `uid`, if not an owner, cannot come back. Returns whether that was possible before."""
        tokens = [token for token, known in self._entries.items() if known.uid == uid and known.user.role != "owner"]
        for token in tokens:
            del self._entries[token]
        return bool(tokens)
