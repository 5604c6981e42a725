"""What a person is told when they are no longer in the session."""

from __future__ import annotations

from ..client import SshxClient
from ..protocol.codes import SESSION_OVER
from .console import Failure, clean, say


def farewell(client: SshxClient) -> int:
    """Say why it is over and return the exit status. Raises `Failure` if the session goes on without this guest."""
    reason = clean(client.ended, 500) or "You left the session."
    if client.end_code not in SESSION_OVER | {"left"}:
        raise Failure(reason)
    say(reason)
    return 0
