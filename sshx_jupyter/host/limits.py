"""Every bound of the host in one place, so that nothing grows without one and each can be configured."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T", int, float)


def _bound(default: T, text: str) -> T:
    """A field that knows what it is for, so that the configuration can say so."""
    return field(default=default, metadata={"help": text})


@dataclass(frozen=True)
class Limits:
    """Bounds of a host. Sizes are bytes and times seconds unless the name says otherwise."""

    users: int = _bound(512, "Users of one session, those waiting for approval included.")
    shells: int = _bound(14, "Shells of one session (sshx's own bound).")
    sessions: int = _bound(64, "Sessions of one host.")
    handshakes: int = _bound(32, "Unfinished handshakes of guests at any time; the oldest makes room for a new one.")
    local_handshakes: int = _bound(32, "Unfinished handshakes of the host's own front ends at any time.")
    guest_handshakes: int = _bound(
        64, "Unfinished handshakes of guests without a login at any time; the oldest makes room for a new one."
    )
    guest_sockets: int = _bound(
        128,
        "WebSockets of such guests at any time through which nobody takes part; the oldest makes room for a new one.",
    )
    endpoint_handshakes: int = _bound(12, "Unfinished handshakes of one endpoint at any time.")
    connection_handshakes: int = _bound(8, "Unfinished handshakes of one connection at any time; more wait.")
    handshake_timeout: float = _bound(10.0, "Seconds that a handshake may take.")
    failed_handshakes: int = _bound(5, "Failed handshakes a minute of one endpoint; after that it is refused unheard.")
    unfinished_handshakes: int = _bound(
        20, "Handshakes a minute that one endpoint may leave unfinished; after that it is refused unheard."
    )
    wrong_keys: int = _bound(
        20, "Wrong keys a minute for one session; after that, those who join for the first time take turns."
    )
    idle_connections: int = _bound(
        128, "Connections at any time through which nobody takes part; the oldest makes room for a new one."
    )
    endpoint_connections: int = _bound(4, "Such connections of one endpoint at any time.")
    name_length: int = _bound(64, "Characters of a user's or a session's name.")
    chat_length: int = _bound(4000, "Characters of a chat message.")
    chat_burst: int = _bound(10, "Chat messages of one user within `chat_period`.")
    chat_period: float = _bound(5.0, "Seconds within which a user may send `chat_burst` chat messages.")
    input_bytes: int = _bound(1 << 20, "Bytes of one user's input that the programs have not read yet.")
    window: int = _bound(2 << 20, "Bytes of output in flight to one user, not yet acknowledged.")
    log_bytes: int = _bound(
        8 << 20, "Bytes of one shell's output that are kept, for users who are behind and for those who reconnect."
    )
    held_bytes: int = _bound(
        16 << 20, "The same while a client must miss nothing of it, such as one that runs a command in a script."
    )
    holds: int = _bound(8, "Such clients that all shells of the host together keep more for at any time.")
    output_bytes: int = _bound(256 << 20, "Bytes of output that are kept of all shells of the host together.")
    scrollback: int = _bound(10_000, "Lines of scrollback of one shell.")
    control_bytes: int = _bound(
        1 << 20, "Bytes of messages other than output that wait for one user; one who lets more wait is disconnected."
    )
    silence: float = _bound(
        15.0, "Seconds without a sign of life after which a link is dead. Idle clients give one every 4 s."
    )
    abandoned_period: float = _bound(
        300.0,
        "Seconds without its owner after which a session stops that was shared from a notebook. A kernel that is deaf "
        "for long, because a library does not let other threads run, counts as gone.",
    )
    resume_period: float = _bound(600.0, "Seconds within which a user whose link broke may come back as the same user.")
