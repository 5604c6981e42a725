"""The messages of ``sshx/1``: their types, and the ranges of their values. How they travel stands in `codec`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Role: TypeAlias = Literal["owner", "writer", "reader"]

MAX_ID = 2**32 - 1
"""Largest ``sid`` and ``uid``."""

MAX_SEQ = 2**53
"""Largest sequence number: up to here JavaScript's numbers are exact."""

MAX_TEXT = 65_536
"""Longest text in characters. The host sets much lower limits for names and chat."""

MAX_DATA = 65_000
"""Bytes that fit into one :class:`Data`, :class:`Snapshot` or :class:`Chunks` whatever the other fields are;
each chunk after the first takes 3 bytes more."""

MAX_POSITION = 10**7
"""Farthest from the origin of the canvas that a shell may be, in either direction of ``x`` and ``y``."""

MAX_ROWS = 1000
MAX_COLS = 2000


# --- Values inside messages -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Geometry:
    """Where a shell lies on the canvas, and its size in cells."""

    x: int
    y: int
    rows: int
    cols: int


@dataclass(frozen=True, slots=True)
class ShellInfo:
    """A shell as everyone sees it."""

    x: int
    y: int
    rows: int
    cols: int
    title: str


@dataclass(frozen=True, slots=True)
class User:
    """A user as everyone sees it.

    Attributes:
        color: ``"#rrggbb"``.
        cursor: where the pointer is on the canvas, or None.
        focus: the shell that it types into, or None.
        pending: whether it waits for an owner's approval.
        wants_write: whether it is a reader who asked to write.
    """

    name: str
    color: str
    role: Role
    cursor: tuple[float, float] | None = None
    focus: int | None = None
    pending: bool = False
    wants_write: bool = False


# --- Client to host ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Join:
    """The first message of a client.

    Attributes:
        name: the wish for a name, or None.
        resume: the token of an earlier connection, to be the same user again, or None.
        heard: time of the last chat message seen, 0 for none.
        observer: not to be listed among the users; of owners, and of guests who are listed already: with the token of
            their other client in `resume`, this one is its companion, the same user.
        passive: for an owner's client: a session that lasts as long as its owners does not last for this one.
    """

    name: str | None = None
    resume: bytes | None = field(default=None, repr=False)
    heard: float = 0
    observer: bool = False
    passive: bool = False


@dataclass(frozen=True, slots=True)
class SetName:
    """Change one's own name."""

    name: str


@dataclass(frozen=True, slots=True)
class SetColor:
    """Change one's own colour, ``"#rrggbb"``."""

    color: str


@dataclass(frozen=True, slots=True)
class SetCursor:
    """Say where one's pointer is on the canvas, or that it left (None)."""

    at: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class SetFocus:
    """Say which shell one types into, or that it is none."""

    sid: int | None


@dataclass(frozen=True, slots=True)
class Create:
    """Open a shell at a place on the canvas."""

    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Close:
    """Close a shell."""

    sid: int


@dataclass(frozen=True, slots=True)
class Move:
    """Move and resize a shell, or only raise it above the others (None)."""

    sid: int
    to: Geometry | None


@dataclass(frozen=True, slots=True)
class Data:
    """Input for a shell."""

    sid: int
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Ask for a shell's output from sequence number ``seq`` on; -1: nothing seen yet."""

    sid: int
    seq: int


@dataclass(frozen=True, slots=True)
class Ack:
    """Say how many bytes of a shell's snapshots and chunks the terminal has parsed since the link began."""

    sid: int
    received: int


@dataclass(frozen=True, slots=True)
class Chat:
    """Say something to everyone."""

    text: str


@dataclass(frozen=True, slots=True)
class Ping:
    """Ask for a :class:`Pong` with the same ``t``, the client's own clock."""

    t: float


@dataclass(frozen=True, slots=True)
class RequestWrite:
    """Ask the owners for the role ``writer``."""


@dataclass(frozen=True, slots=True)
class SetRole:
    """Change a user's role; owners only."""

    uid: int
    role: Role


@dataclass(frozen=True, slots=True)
class Kick:
    """Remove a user; owners only."""

    uid: int
    reason: str


@dataclass(frozen=True, slots=True)
class Approve:
    """Let a waiting user in, or turn it away; owners only."""

    uid: int
    allow: bool


@dataclass(frozen=True, slots=True)
class Lock:
    """Let nobody else in, or everyone with a ticket again; owners only."""

    locked: bool


# --- Host to client ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hello:
    """The first message of a host, and again when it has changed: who the client is, and the session: a map of text
    to plain values."""

    uid: int
    info: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class InvalidAuth:
    """The client's key is no longer right."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """The client waits for an owner's approval."""


@dataclass(frozen=True, slots=True)
class Users:
    """All users."""

    users: list[tuple[int, User]]


@dataclass(frozen=True, slots=True)
class UserDiff:
    """One user as it is now, or that it left (None)."""

    uid: int
    user: User | None


@dataclass(frozen=True, slots=True)
class Shells:
    """All shells, the topmost last."""

    shells: list[tuple[int, ShellInfo]]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A shell's screen at sequence number ``seq`` as terminal output, in parts.

    Part 0 starts anew, and parts follow as long as ``more`` is true. Between them may come :class:`Chunks`: they
    go on from the screen that the client has, and are to be repeated after the snapshot as far as they lie beyond
    its ``seq``.
    """

    sid: int
    seq: int
    data: bytes = field(repr=False)
    part: int
    more: bool


@dataclass(frozen=True, slots=True)
class Chunks:
    """A shell's output from sequence number ``seq`` on."""

    sid: int
    seq: int
    chunks: list[bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Hear:
    """What a user said in the chat, and when (Unix time)."""

    uid: int
    name: str
    text: str
    time: float


@dataclass(frozen=True, slots=True)
class ShellLatency:
    """How long the host takes from input to output, in milliseconds."""

    ms: float


@dataclass(frozen=True, slots=True)
class Pong:
    """The answer to :class:`Ping`."""

    t: float


@dataclass(frozen=True, slots=True)
class Error:
    """Something the client asked for did not work; a sentence for a person."""

    text: str


@dataclass(frozen=True, slots=True)
class Closed:
    """The host ends this connection for good."""

    reason: str


ClientMessage: TypeAlias = (
    Join
    | SetName
    | SetColor
    | SetCursor
    | SetFocus
    | Create
    | Close
    | Move
    | Data
    | Subscribe
    | Ack
    | Chat
    | Ping
    | RequestWrite
    | SetRole
    | Kick
    | Approve
    | Lock
)

HostMessage: TypeAlias = (
    Hello
    | InvalidAuth
    | Waiting
    | Users
    | UserDiff
    | Shells
    | Snapshot
    | Chunks
    | Hear
    | ShellLatency
    | Pong
    | Error
    | Closed
)
