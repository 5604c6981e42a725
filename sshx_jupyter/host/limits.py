"""Every bound of the host in one place, so that nothing grows without one and each can be configured."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Bounds of a host. Sizes are bytes and times seconds unless the name says otherwise."""

    users: int = 256
    """Users of one session, those waiting for approval included."""
    shells: int = 14
    """Shells of one session (sshx's own bound)."""
    sessions: int = 64
    """Sessions of one host."""
    handshakes: int = 32
    """Unfinished handshakes at any time."""
    handshake_timeout: float = 10.0
    """How long a handshake may take."""
    failed_handshakes: int = 5
    """Failed handshakes a minute from one endpoint, after which it is refused unheard."""
    name_length: int = 64
    """Characters of a user's or a session's name."""
    chat_length: int = 4000
    """Characters of a chat message."""
    chat_burst: int = 10
    """Chat messages of one user within `chat_period`."""
    chat_period: float = 5.0
    input_bytes: int = 1 << 20
    """Input of one user that the programs have not read yet."""
    window: int = 512 << 10
    """Output in flight to one user, not yet acknowledged."""
    log_bytes: int = 2 << 20
    """Output log of one shell, from which a reconnecting user resumes."""
    scrollback: int = 10_000
    """Lines of scrollback of one shell."""
    control_bytes: int = 1 << 20
    """Messages other than output that wait for one user; one who lets more pile up is disconnected."""
    silence: float = 15.0
    """A link without a sign of life for this long is dead."""
    resume_period: float = 600.0
    """How long a user whose link broke may come back as the same user."""
