"""The messages of ``sshx/1``: their names, and the types and ranges of their fields.

`codec` derives from these classes how messages travel. A message's name is its class's, with a small first letter.
A new message needs a class here, a place in `ClientMessage` or `HostMessage`, and a rule in docs/protocol.cddl.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from functools import cache
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias

MAX_ID = 2**32 - 1
"""Largest ``sid`` and ``uid``."""

MAX_SEQ = 2**53
"""Largest sequence number: up to here JavaScript's numbers are exact."""

MAX_TEXT = 65_536
"""Longest text in characters. The host sets much lower limits for names and chat."""

MAX_UNANSWERED = 64
"""Requests of one client that may be unanswered at a time. The host keeps as many answers to repeat them."""

REPLAY_BYTES = 2 << 20
"""Output that a client keeps while a snapshot arrives in parts, to follow it. Beyond it, the snapshot is dropped."""

MAX_POSITION = 10**7
"""Farthest from the origin of the canvas that a shell may be, in either direction of ``x`` and ``y``."""

MAX_ROWS = 1000
MAX_COLS = 2000


# --- Types of fields --------------------------------------------------------------------------------------


class Range(NamedTuple):
    """The smallest and the largest value of an integer."""

    low: int
    high: int


class Pattern(NamedTuple):
    """A regular expression that all of a text must match."""

    regexp: str


Id: TypeAlias = Annotated[int, Range(0, MAX_ID)]
Seq: TypeAlias = Annotated[int, Range(0, MAX_SEQ)]
Req: TypeAlias = Annotated[int, Range(1, MAX_SEQ)]
Position: TypeAlias = Annotated[int, Range(-MAX_POSITION, MAX_POSITION)]
Rows: TypeAlias = Annotated[int, Range(1, MAX_ROWS)]
Cols: TypeAlias = Annotated[int, Range(1, MAX_COLS)]
Color: TypeAlias = Annotated[str, Pattern("#[0-9A-Fa-f]{6}")]
Cursor: TypeAlias = tuple[float, float] | None
Place: TypeAlias = tuple[Position, Position] | None

Role: TypeAlias = Literal["owner", "writer", "reader"]
Readiness: TypeAlias = Literal["busy", "marked", "unmarked", "started"]
"""Whether a shell takes a command: it runs something; it waits at a prompt that its marks tell, or at one that they do
not; or someone has started a line there."""
JoinKind: TypeAlias = Literal["user", "mirror", "companion"]

UNKNOWN: dict[Any, str] = {Role: "reader", JoinKind: "user"}
"""What a word of a later version counts as."""


class Map:
    """Travels as a map. A key of a field with a default may be left out."""

    __slots__ = ()


@cache
def wire_names(kind: Any) -> dict[str, str]:
    """The names of a class's fields, each with the name that it has on the wire."""
    return {f.name: f.metadata.get("wire", f.name) for f in fields(kind)}


# --- Values inside messages -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ShellInfo(Map):
    """A shell as everyone sees it.

    Attributes:
        x, y: where its upper left corner is on the canvas.
        rows, cols: its size in cells.
        ended: whether its program has ended. It is listed until its last output was sent.
        protected: whether only owners may close it, such as a terminal that was running before it was shared.
        viewed: whether the host has it open in a terminal of its own, which decides its size.
        locked: whether its size is locked.
        aid: the secret that the marks of its prompts and commands carry; empty if it has no shell integration.
    """

    x: Position
    y: Position
    rows: Rows
    cols: Cols
    title: str
    ended: bool = False
    protected: bool = False
    viewed: bool = False
    locked: bool = False
    aid: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class User(Map):
    """A user as everyone sees it.

    Attributes:
        color: ``"#rrggbb"``.
        cursor: where the pointer is on the canvas, or None.
        focus: the shell that it types into, or None.
        pending: whether it waits for an owner's approval.
        wants_write: whether it is a reader who asked to write.
        ticket: the role that the ticket with which the user came still gives to whoever joins with it; None for owners,
            and once new tickets were made.
        person: users who have the same text here are clients of one person; empty for those who are alone.
    """

    name: str
    color: Color
    role: Role
    cursor: Cursor = None
    focus: Id | None = None
    pending: bool = False
    wants_write: bool = field(default=False, metadata={"wire": "wantsWrite"})
    ticket: Role | None = None
    person: str = ""


# --- Client to host ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Join(Map):
    """The first message of a client.

    Attributes:
        name: the name that the client would like to have, or None.
        kind: ``as`` on the wire. A ``user`` is listed. A ``mirror`` is an owner's unseen client. A ``companion`` is
            one more client of a user who is here, and acts as that user; it shows the key of that user's own client.
        passive: for an owner's client: it does not keep a session alive that ends with its owners.
        chat: sequence number of the last chat message seen, 0 for none.
        features: what the client can do beyond ``sshx/1``. Unknown ones are ignored.
    """

    name: str | None = None
    kind: JoinKind = field(default="user", metadata={"wire": "as"})
    passive: bool = False
    chat: Seq = 0
    features: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Data:
    """Input for a shell. ``n`` is the position of its first byte in the client's stream of input: all bytes of all its
    ``Data``, for all shells, over all links."""

    sid: Id
    n: Seq
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Ask for a shell's output from sequence number ``seq`` on; -1: nothing seen yet."""

    sid: Id
    seq: Annotated[int, Range(-1, MAX_SEQ)]


@dataclass(frozen=True, slots=True)
class Complete:
    """Say whether all of a shell's output must reach this client, over this link, however late; not at first."""

    sid: Id
    on: bool


@dataclass(frozen=True, slots=True)
class Ack:
    """Say how many bytes of a shell's snapshots and chunks the terminal has parsed since the link began."""

    sid: Id
    received: Seq


@dataclass(frozen=True, slots=True)
class Ping:
    """Ask for a :class:`Pong` with the same ``t``, the client's own clock."""

    t: float


@dataclass(frozen=True, slots=True)
class SetCursor:
    """Say where one's pointer is on the canvas, or that it left (None)."""

    at: Cursor


@dataclass(frozen=True, slots=True)
class SetFocus:
    """Say which shell one types into, or that it is none."""

    sid: Id | None


# Requests. The host answers each exactly once, with `Done` or `Error`. ``req`` counts 1, 2, 3, … over all links of a
# client; one that comes again after a broken link is not done again.


@dataclass(frozen=True, slots=True)
class Create:
    """Open a shell at a place on the canvas. The answer's value is its ``sid``."""

    req: Req
    x: Position
    y: Position


@dataclass(frozen=True, slots=True)
class Close:
    """End a shell's program. The answer says that it was told to end; it leaves :class:`Shells` when it has. Without
    ``force``, a shell in which something runs stays: the error is ``running``. Only owners close a protected one."""

    req: Req
    sid: Id
    force: bool


@dataclass(frozen=True, slots=True)
class Remove:
    """Take a terminal that was running before it was shared out of the session, and let it run on; owners only."""

    req: Req
    sid: Id


@dataclass(frozen=True, slots=True)
class Move:
    """Move a shell and raise it above the others, or only raise it (None)."""

    req: Req
    sid: Id
    to: Place


@dataclass(frozen=True, slots=True)
class Resize:
    """Give a shell another size, unless that is locked, or the host has the shell open in a terminal of its own."""

    req: Req
    sid: Id
    rows: Rows
    cols: Cols


@dataclass(frozen=True, slots=True)
class LockSize:
    """Keep a shell's size as it is until it is unlocked. Refused while the host has the shell open."""

    req: Req
    sid: Id
    locked: bool


@dataclass(frozen=True, slots=True)
class Rename:
    """Give a shell a name, or, with an empty one, the title that its program sets."""

    req: Req
    sid: Id
    name: str


@dataclass(frozen=True, slots=True)
class Idle:
    """Ask whether a shell waits at its prompt for a command, as far as the host can tell. The answer's value is a
    `Readiness`."""

    req: Req
    sid: Id


@dataclass(frozen=True, slots=True)
class Chat:
    """Say something to everyone."""

    req: Req
    text: str


@dataclass(frozen=True, slots=True)
class SetName:
    """Change one's own name."""

    req: Req
    name: str


@dataclass(frozen=True, slots=True)
class SetColor:
    """Change one's own color, ``"#rrggbb"``."""

    req: Req
    color: str


@dataclass(frozen=True, slots=True)
class RequestWrite:
    """Ask the owners for the role ``writer``."""

    req: Req


@dataclass(frozen=True, slots=True)
class SetRole:
    """Change a user's role; owners only."""

    req: Req
    uid: Id
    role: Role


@dataclass(frozen=True, slots=True)
class Kick:
    """Remove a user, and make new tickets unless the user may come back with the old one; owners only."""

    req: Req
    uid: Id
    reason: str
    new_tickets: bool = field(metadata={"wire": "newTickets"})


@dataclass(frozen=True, slots=True)
class Approve:
    """Let a waiting user in, or turn it away; owners only."""

    req: Req
    uid: Id
    allow: bool


@dataclass(frozen=True, slots=True)
class Lock:
    """Let nobody else in, or everyone with a ticket again; owners only."""

    req: Req
    locked: bool


@dataclass(frozen=True, slots=True)
class SetListed:
    """List an owner's mirror among the users, as its person is at one of the terminals, or hide it again."""

    req: Req
    listed: bool


@dataclass(frozen=True, slots=True)
class NewTickets:
    """Make new tickets; owners only. The old ones let nobody in any more, but who has been inside comes back."""

    req: Req


# --- Host to client ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hello:
    """The first message of a host, and again when it has changed: who the client is, and a map of text to plain values:
    the session, the client's token, and how far the host has taken the client's stream (``input``, ``req``)."""

    uid: Id
    info: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Waiting:
    """The client waits for an owner's approval. ``info`` is what it may know before it is in: a part of `Hello`'s."""

    info: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Users:
    """All users."""

    users: list[tuple[Id, User]]


@dataclass(frozen=True, slots=True)
class UserDiff:
    """One user as it is now, or that it left (None)."""

    uid: Id
    user: User | None


@dataclass(frozen=True, slots=True)
class Shells:
    """All shells, the topmost last."""

    shells: list[tuple[Id, ShellInfo]]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A shell's screen at sequence number ``seq`` as terminal output, in parts.

    Part 0 starts anew, and parts follow as long as ``more`` is true. Between them may come :class:`Chunks`: they
    go on from the screen that the client has, and are to be repeated after the snapshot as far as they lie beyond
    its ``seq``.
    """

    sid: Id
    seq: Seq
    data: bytes = field(repr=False)
    part: Id
    more: bool


@dataclass(frozen=True, slots=True)
class Chunks:
    """A shell's output from sequence number ``seq`` on."""

    sid: Id
    seq: Seq
    chunks: list[bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Hear:
    """What a user said in the chat, and when (Unix time). ``seq`` counts 1, 2, 3, … in the session and orders it."""

    seq: Seq
    uid: Id
    name: str
    text: str
    time: float


@dataclass(frozen=True, slots=True)
class ShellChanged:
    """What became of a shell, for people to read. It comes once, and only to clients that are here.

    Attributes:
        change: ``opened``, ``closed`` (by a user), ``ended`` (by itself), ``removed`` from the session, or ``renamed``;
            a newer host may send other words, which are not shown.
        title: the shell's title; its new one, if it was renamed.
        uid: the user who did it, or None if nobody here did.
        name: that user's name; empty without a user.
    """

    sid: Id
    change: str
    title: str
    uid: Id | None
    name: str


@dataclass(frozen=True, slots=True)
class ShellLatency:
    """How long the host takes from input to output, in milliseconds."""

    ms: float


@dataclass(frozen=True, slots=True)
class Pong:
    """The answer to :class:`Ping`, after all that came before it was dealt with. ``taken`` is how many bytes of the
    client's input the host has taken: they are queued for a program, or answered by an error."""

    t: float
    taken: Seq


@dataclass(frozen=True, slots=True)
class Done:
    """The request ``req`` was done; what it changed was told before. The value is a shell's ``sid``, a `Readiness` or
    None."""

    req: Req
    value: Any = None


@dataclass(frozen=True, slots=True)
class Error:
    """What the client asked for was not done.

    Attributes:
        req: the request's number; None for anything else, such as input.
        code: see `codes`; a newer host may send other words.
        text: a sentence for the person. Programs go by the code.
        details: plain values by name. For input: ``sid``, ``n`` and ``bytes``, their count.
    """

    req: Req | None
    code: str
    text: str
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Closed:
    """The host ends this link. ``code`` says whether for good, see `codes`; ``text`` is a sentence for the person."""

    code: str
    text: str


Request: TypeAlias = (
    Create
    | Close
    | Remove
    | Move
    | Resize
    | LockSize
    | Rename
    | Idle
    | Chat
    | SetName
    | SetColor
    | RequestWrite
    | SetRole
    | Kick
    | Approve
    | Lock
    | SetListed
    | NewTickets
)
ClientMessage: TypeAlias = Join | Data | Subscribe | Complete | Ack | Ping | SetCursor | SetFocus | Request
HostMessage: TypeAlias = (
    Hello
    | Waiting
    | Users
    | UserDiff
    | Shells
    | Snapshot
    | Chunks
    | Hear
    | ShellChanged
    | ShellLatency
    | Pong
    | Done
    | Error
    | Closed
)
