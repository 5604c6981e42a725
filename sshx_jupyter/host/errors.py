"""What a host refuses to do. Every `str()` is a sentence for the person who tried, and holds no secret."""

from __future__ import annotations

from typing import Any

from ..protocol.codes import ErrorCode


class SessionError(Exception):
    """The host does not do what was asked.

    Attributes:
        code: the word by which programs tell what is wrong.
        details: plain values by name, such as the limit that was reached.
    """

    code: ErrorCode = "invalid"

    def __init__(self, text: str, code: ErrorCode | None = None, **details: Any) -> None:
        super().__init__(text)
        self.code = code or self.code
        self.details = details


class NotAllowed(SessionError):
    """The client's role does not allow it."""

    code = "notAllowed"


class NotHere(SessionError):
    """The user, shell or terminal that was named is not there (any more)."""

    code = "noTerminal"


class Invalid(SessionError):
    """What was asked makes no sense, such as an empty name."""


class Full(SessionError):
    """A bound does not allow one more."""

    code = "full"


class TerminalsUnavailable(SessionError):
    """No terminal can be had here."""

    code = "unavailable"


class NoRelay(SessionError):
    """The host has no relay, and browsers reach it in no other way."""

    code = "unavailable"

    def __init__(self) -> None:
        super().__init__(
            "An invite file needs a relay, because browsers reach the host in no other way, and this host has none. "
            "Connect to the internet, or name a relay with SshxApp.relays, and try again."
        )
