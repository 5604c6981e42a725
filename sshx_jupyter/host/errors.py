"""What a host refuses to do. Every `str()` is a sentence for the person who tried, and holds no secret."""

from __future__ import annotations


class SessionError(Exception):
    """The host does not do what was asked."""


class NotAllowed(SessionError):
    """The client's role does not allow it."""


class NotHere(SessionError):
    """The user, shell or terminal that was named is not there (any more)."""


class Invalid(SessionError):
    """What was asked makes no sense, such as an empty name."""


class Full(SessionError):
    """A bound does not allow one more."""


class TerminalsUnavailable(SessionError):
    """No terminal can be had here."""
