"""A session's broadcast side: one message to every participant."""

from __future__ import annotations

from collections.abc import Iterator

from ..protocol.codec import encode
from ..protocol.messages import HostMessage
from .participant import Participant
from .shell import Shell


class SessionSender:
    """Who takes part in a session, and what all of them are told. Nothing here waits for anybody."""

    def __init__(self) -> None:
        self._participants: dict[int, Participant] = {}

    def __iter__(self) -> Iterator[Participant]:
        return iter(list(self._participants.values()))

    def __len__(self) -> int:
        return len(self._participants)

    def __contains__(self, uid: int) -> bool:
        return uid in self._participants

    def get(self, uid: int) -> Participant | None:
        return self._participants.get(uid)

    def add(self, participant: Participant) -> None:
        self._participants[participant.uid] = participant

    def remove(self, participant: Participant) -> bool:
        """Whether the participant was still there, and not replaced by the same user's newer link."""
        if self._participants.get(participant.uid) is not participant:
            return False
        del self._participants[participant.uid]
        return True

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
