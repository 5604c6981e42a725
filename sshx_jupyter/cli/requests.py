"""What guests ask of the host: to come in, and to type."""

from __future__ import annotations

from ..client import SshxClient
from ..protocol.messages import User


def open_requests(client: SshxClient) -> dict[int, User]:
    """The users who wait for an answer, by uid, the oldest first; for an owner's client, as only owners answer."""
    if client.role != "owner":
        return {}
    return {uid: user for uid, user in sorted(client.users.items()) if user.pending or user.wants_write}


def wish(user: User) -> str:
    """What the user asks for, as the end of a sentence that starts with their name."""
    return "wants to join" if user.pending else "asks to type"
