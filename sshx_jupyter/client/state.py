"""A session as the host describes it: its properties, users, shells and chat. No I/O."""

from __future__ import annotations

from collections import deque
from typing import Any

from ..protocol.messages import Hear, Hello, Role, ShellInfo, ShellLatency, Shells, User, UserDiff, Users, Waiting
from ..protocol.people import one_per_person

MESSAGES = 1000
"""Chat messages that are kept."""


class SessionState:
    """What is known of a session.

    Attributes:
        uid: this user's number, 0 before the first connection.
        users: the users who are here, by uid.
        shells: the shells, by sid, the topmost last.
        messages: the chat so far, oldest first.
        info: what the host says of the session: name, host (the name of the person who shares), role, readOnly and so
            on; while the client waits for approval, only a part of it.
        shell_latency: milliseconds from input to output at the host, or None before it is known.
    """

    def __init__(self, role: Role) -> None:
        self.uid = 0
        self.users: dict[int, User] = {}
        self.shells: dict[int, ShellInfo] = {}
        self.messages: deque[Hear] = deque(maxlen=MESSAGES)
        self.info: dict[str, Any] = {}
        self.shell_latency: float | None = None
        self._heard = 0
        """Number of the last chat message."""
        self._claimed = role

    @property
    def role(self) -> Role:
        """What this user may do now."""
        me = self.users.get(self.uid)
        role: Role = me.role if me is not None else self.info.get("role", self._claimed)
        return role

    @property
    def people(self) -> dict[int, User]:
        """The users who are here, each person once, by uid: a host may have several clients."""
        return one_per_person(self.users, self.uid)

    @property
    def host_views(self) -> bool:
        """Whether the host has the session open somewhere, and so is among the users."""
        return any(user.role == "owner" for user in self.users.values())

    @property
    def offer(self) -> str:
        """A sentence that says who shares the session, and its name; empty before the host has told it."""
        name, host = self.info.get("name"), self.info.get("host")
        return f'{host} shares "{name}".' if host and name else ""

    def _take(self, message: Hello | Waiting | Users | UserDiff | Shells | Hear | ShellLatency) -> bool:
        """Take what the host tells; returns whether it is news."""
        match message:
            case Hello(uid, info):
                changed = info != self.info
                self.uid, self.info = uid, info
                return changed
            case Waiting(info):
                self.info = {**self.info, **info}  # the token of an earlier link is still good
            case Users(users):
                self.users = dict(users)
            case UserDiff(uid, None):
                self.users.pop(uid, None)
            case UserDiff(uid, user):
                assert user is not None
                self.users[uid] = user
            case Shells(shells):
                self.shells = dict(shells)
            case Hear(seq):
                if seq <= self._heard:
                    return False
                self._heard = seq
                self.messages.append(message)
            case ShellLatency(ms):
                self.shell_latency = ms
        return True
