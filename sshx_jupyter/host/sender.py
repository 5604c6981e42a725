"""The participants of a session, and broadcasts to them. Nothing here waits for anybody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from ..protocol.codec import encode
from ..protocol.messages import HostMessage
from .participant import Participant
from .shell import Shell


class SessionSender:
    """Owns the participants, by uid. Iterating and broadcasting leave out those who wait for approval."""

    def __init__(self) -> None:
        self._participants: dict[int, Participant] = {}
        self._waiting: dict[int, Participant] = {}

    def __iter__(self) -> Iterator[Participant]:
        return iter(list(self._participants.values()))

    def __len__(self) -> int:
        return len(self._participants)

    def __contains__(self, uid: int) -> bool:
        return uid in self._participants

    def get(self, uid: int) -> Participant | None:
        return self._participants.get(uid)

    @property
    def waiting(self) -> list[int]:
        """The uids of those who wait for approval."""
        return list(self._waiting)

    def everyone(self) -> list[Participant]:
        """All participants, those who wait for approval last."""
        return [*self._participants.values(), *self._waiting.values()]

    def find(self, uid: int) -> Participant | None:
        """The participant with this number, who may also wait for approval."""
        return self._participants.get(uid) or self._waiting.get(uid)

    def companions(self, main: Participant) -> list[Participant]:
        """The other clients of a user whose own client is `main`."""
        return [client for client in self._participants.values() if client.main is main]

    def clients(self, main: Participant) -> list[Participant]:
        """A user's own client, and its companions."""
        return [main, *self.companions(main)]

    def wait(self, participant: Participant) -> None:
        """Keep someone who waits for approval."""
        self._waiting[participant.uid] = participant

    def admit(self, uid: int) -> Participant | None:
        """End someone's wait for approval; returns who it was, or None if nobody waits under this uid."""
        return self._waiting.pop(uid, None)

    def add(self, participant: Participant) -> Participant | None:
        """Add a participant; returns the same user's older link, whose companions go over to the new one."""
        previous = self._participants.get(participant.uid)
        if previous is not None:
            for companion in self.companions(previous):
                companion.main = participant
        self._waiting.pop(participant.uid, None)
        self._participants[participant.uid] = participant
        return previous

    def remove(self, participant: Participant) -> Literal["here", "waiting"] | None:
        """Remove a participant; returns where they were, or None if the same user's newer link has replaced them."""
        uid = participant.uid
        if self._waiting.get(uid) is participant:
            del self._waiting[uid]
            return "waiting"
        if self._participants.get(uid) is participant:
            del self._participants[uid]
            return "here"
        return None

    def broadcast(self, message: HostMessage) -> None:
        """One message to everyone, encoded once."""
        data = encode(message)
        for participant in self:
            participant.post_encoded(data)

    def user_changed(self, uid: int) -> None:
        for participant in self._participants.values():
            participant.user_changed(uid)

    def shells_changed(self) -> None:
        for participant in self._participants.values():
            participant.shells_changed()

    def shell_output(self, shell: Shell) -> None:
        for participant in self._participants.values():
            participant.shell_output(shell)
