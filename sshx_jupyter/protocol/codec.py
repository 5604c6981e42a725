"""The CBOR (RFC 8949) form of the messages of ``sshx/1``.

A message is a CBOR map with one key, the message's name. Its value is the bare value of a message with one
field, an array in field order for several fields, null for none, and a map for `join`. Decoding trusts
nothing: what it returns has exactly the declared types and ranges, and everything else is
:class:`MalformedMessage`. To let versions grow, unknown messages decode to None, unknown map keys and
extra array elements are ignored, and an unknown role counts as `reader`.

JavaScript has one type of number, and its encoders write whole numbers above 2**32 as floats, so a float
without a fraction is taken where an integer is wanted. Booleans are never numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from io import BytesIO
from math import isfinite
from typing import Any, NoReturn, TypeVar, cast

from cbor2 import CBORDecoder, dumps

from .messages import (
    MAX_COLS,
    MAX_ID,
    MAX_POSITION,
    MAX_ROWS,
    MAX_SEQ,
    MAX_TEXT,
    Ack,
    Approve,
    Chat,
    Chunks,
    ClientMessage,
    Close,
    Closed,
    Create,
    Data,
    Done,
    Error,
    Geometry,
    Hear,
    Hello,
    HostMessage,
    Join,
    JoinKind,
    Kick,
    Lock,
    Move,
    Ping,
    Pong,
    RequestWrite,
    Role,
    SetColor,
    SetCursor,
    SetFocus,
    SetName,
    SetRole,
    ShellInfo,
    ShellLatency,
    Shells,
    Snapshot,
    Subscribe,
    User,
    UserDiff,
    Users,
    Waiting,
)

_M = TypeVar("_M")

_ROLES = ("owner", "writer", "reader")
_JOIN_KINDS = ("user", "mirror", "companion")
_MAX_DEPTH = 16


class MalformedMessage(ValueError):
    """Bytes that are not a message of ``sshx/1``. Says what is wrong, and tells nothing of the content."""


# --- Checks: each returns the value if it is what the protocol says, else raises MalformedMessage ---------


def _bad(what: str) -> NoReturn:
    raise MalformedMessage(what)


def _integer(value: Any, low: int, high: int, what: str) -> int:
    if type(value) is float and value.is_integer():
        value = int(value)
    if type(value) is not int or not low <= value <= high:
        _bad(f"{what} must be an integer from {low} to {high}")
    return value


def _id(value: Any) -> int:
    if type(value) is int and 0 <= value <= MAX_ID:
        return value
    return _integer(value, 0, MAX_ID, "an id")


def _seq(value: Any, low: int = 0) -> int:
    if type(value) is int and low <= value <= MAX_SEQ:
        return value
    return _integer(value, low, MAX_SEQ, "a sequence number")


def _position(value: Any) -> int:
    return _integer(value, -MAX_POSITION, MAX_POSITION, "a position")


def _number(value: Any) -> float:
    if type(value) not in (int, float) or not isfinite(value):
        _bad("a number must be finite")
    return cast(float, value)


def _boolean(value: Any) -> bool:
    if type(value) is not bool:
        _bad("a flag must be a boolean")
    return value


def _text(value: Any) -> str:
    if type(value) is not str:
        _bad("a text must be a string")
    if len(value) > MAX_TEXT:
        _bad(f"a text must have at most {MAX_TEXT} characters")
    return value


def _bytes(value: Any) -> bytes:
    if type(value) is not bytes:
        _bad("data must be a byte string")
    return value


def _null(value: Any) -> None:
    if value is not None:
        _bad("the value must be null")


def _array(value: Any, size: int) -> list[Any]:
    """An array of at least ``size`` elements, cut to that size."""
    if type(value) is not list or len(value) < size:
        _bad(f"the value must be an array of {size} elements")
    return value if len(value) == size else value[:size]


def _list(value: Any) -> list[Any]:
    if type(value) is not list:
        _bad("the value must be an array")
    return value


def _map(value: Any) -> dict[Any, Any]:
    if type(value) is not dict:
        _bad("the value must be a map")
    return value


def _role(value: Any) -> Role:
    return cast(Role, value) if _text(value) in _ROLES else "reader"


def _cursor(value: Any) -> tuple[float, float] | None:
    if value is None:
        return None
    x, y = _array(value, 2)
    return _number(x), _number(y)


def _shape(value: dict[Any, Any]) -> tuple[int, int, int, int]:
    return (
        _position(value.get("x")),
        _position(value.get("y")),
        _integer(value.get("rows"), 1, MAX_ROWS, "rows"),
        _integer(value.get("cols"), 1, MAX_COLS, "cols"),
    )


def _shell(value: Any) -> ShellInfo:
    shell = _map(value)
    return ShellInfo(*_shape(shell), _text(shell.get("title")), _boolean(shell.get("ended", False)))


_color = re.compile("#[0-9A-Fa-f]{6}")


def _user(value: Any) -> User:
    user = _map(value)
    color = user.get("color")
    if type(color) is not str or not _color.fullmatch(color):
        _bad("a color must be #rrggbb")
    focus = user.get("focus")
    return User(
        name=_text(user.get("name")),
        color=color,
        role=_role(user.get("role")),
        cursor=_cursor(user.get("cursor")),
        focus=None if focus is None else _id(focus),
        pending=_boolean(user.get("pending", False)),
        wants_write=_boolean(user.get("wantsWrite", False)),
    )


def _plain(value: Any) -> Any:
    """A value that JSON and bytes can express: no undefined, no other simple values, no NaN, only text as
    keys."""
    kind = type(value)
    if kind is dict:
        for key, item in value.items():
            _text(key)
            _plain(item)
    elif kind is list:
        for item in value:
            _plain(item)
    elif kind is float:
        _number(value)
    elif kind is str:
        _text(value)
    elif value is not None and kind not in (bool, int, bytes):
        _bad("a value must be plain")
    return value


# --- From the wire ----------------------------------------------------------------------------------------


def _join(value: Any) -> Join:
    join = _map(value)
    name, resume, companion_of = join.get("name"), join.get("resume"), join.get("of")
    kind = _text(join.get("as", "user"))
    return Join(
        name=None if name is None else _text(name),
        resume=None if resume is None else _bytes(resume),
        kind=cast(JoinKind, kind) if kind in _JOIN_KINDS else "user",
        companion_of=None if companion_of is None else _bytes(companion_of),
        passive=_boolean(join.get("passive", False)),
        chat=_seq(join.get("chat", 0)),
        features=[_text(feature) for feature in _list(join.get("features", []))],
    )


def _data(value: Any) -> Data:
    sid, n, data = _array(value, 3)
    return Data(_id(sid), _seq(n), _bytes(data))


def _subscribe(value: Any) -> Subscribe:
    sid, seq = _array(value, 2)
    return Subscribe(_id(sid), _seq(seq, -1))


def _ack(value: Any) -> Ack:
    sid, received = _array(value, 2)
    return Ack(_id(sid), _seq(received))


def _req(value: Any) -> int:
    return _integer(value, 1, MAX_SEQ, "a request's number")


def _create(value: Any) -> Create:
    req, x, y = _array(value, 3)
    return Create(_req(req), _position(x), _position(y))


def _close(value: Any) -> Close:
    req, sid = _array(value, 2)
    return Close(_req(req), _id(sid))


def _move(value: Any) -> Move:
    req, sid, to = _array(value, 3)
    return Move(_req(req), _id(sid), None if to is None else Geometry(*_shape(_map(to))))


def _chat(value: Any) -> Chat:
    req, text = _array(value, 2)
    return Chat(_req(req), _text(text))


def _set_name(value: Any) -> SetName:
    req, name = _array(value, 2)
    return SetName(_req(req), _text(name))


def _set_color(value: Any) -> SetColor:
    req, color = _array(value, 2)
    return SetColor(_req(req), _text(color))


def _set_role(value: Any) -> SetRole:
    req, uid, role = _array(value, 3)
    return SetRole(_req(req), _id(uid), _role(role))


def _kick(value: Any) -> Kick:
    req, uid, reason = _array(value, 3)
    return Kick(_req(req), _id(uid), _text(reason))


def _approve(value: Any) -> Approve:
    req, uid, allow = _array(value, 3)
    return Approve(_req(req), _id(uid), _boolean(allow))


def _lock(value: Any) -> Lock:
    req, locked = _array(value, 2)
    return Lock(_req(req), _boolean(locked))


def _hello(value: Any) -> Hello:
    uid, info = _array(value, 2)
    return Hello(_id(uid), cast("dict[str, Any]", _plain(_map(info))))


def _waiting(value: Any) -> Waiting:
    _null(value)
    return Waiting()


def _pairs(value: Any) -> Iterator[tuple[int, Any]]:
    for pair in _list(value):
        key, item = _array(pair, 2)
        yield _id(key), item


def _user_diff(value: Any) -> UserDiff:
    uid, user = _array(value, 2)
    return UserDiff(_id(uid), None if user is None else _user(user))


def _snapshot(value: Any) -> Snapshot:
    sid, seq, data, part, more = _array(value, 5)
    return Snapshot(_id(sid), _seq(seq), _bytes(data), _id(part), _boolean(more))


def _chunks(value: Any) -> Chunks:
    sid, seq, chunks = _array(value, 3)
    for chunk in _list(chunks):
        _bytes(chunk)
    return Chunks(_id(sid), _seq(seq), chunks)


def _hear(value: Any) -> Hear:
    seq, uid, name, text, time = _array(value, 5)
    return Hear(_seq(seq), _id(uid), _text(name), _text(text), _number(time))


def _pong(value: Any) -> Pong:
    t, taken = _array(value, 2)
    return Pong(_number(t), _seq(taken))


def _done(value: Any) -> Done:
    req, result = _array(value, 2)
    return Done(_req(req), _plain(result))


def _error(value: Any) -> Error:
    req, code, text, details = _array(value, 4)
    return Error(None if req is None else _req(req), _text(code), _text(text), _plain(_map(details)))


def _closed(value: Any) -> Closed:
    code, text = _array(value, 2)
    return Closed(_text(code), _text(text))


_CLIENT: dict[str, Callable[[Any], ClientMessage]] = {
    "join": _join,
    "data": _data,
    "subscribe": _subscribe,
    "ack": _ack,
    "ping": lambda value: Ping(_number(value)),
    "setCursor": lambda value: SetCursor(_cursor(value)),
    "setFocus": lambda value: SetFocus(None if value is None else _id(value)),
    "create": _create,
    "close": _close,
    "move": _move,
    "chat": _chat,
    "setName": _set_name,
    "setColor": _set_color,
    "requestWrite": lambda value: RequestWrite(_req(value)),
    "setRole": _set_role,
    "kick": _kick,
    "approve": _approve,
    "lock": _lock,
}

_HOST: dict[str, Callable[[Any], HostMessage]] = {
    "hello": _hello,
    "waiting": _waiting,
    "users": lambda value: Users([(uid, _user(user)) for uid, user in _pairs(value)]),
    "userDiff": _user_diff,
    "shells": lambda value: Shells([(sid, _shell(shell)) for sid, shell in _pairs(value)]),
    "snapshot": _snapshot,
    "chunks": _chunks,
    "hear": _hear,
    "shellLatency": lambda value: ShellLatency(_number(value)),
    "pong": _pong,
    "done": _done,
    "error": _error,
    "closed": _closed,
}


class _NoTags(Mapping[int, Callable[[Any, bool], Any]]):
    """Stands for a decoder of every CBOR tag that refuses it: no dates, patterns, big numbers or shared
    references."""

    def __getitem__(self, tag: int) -> Callable[[Any, bool], Any]:
        return self._refuse

    def __iter__(self) -> Iterator[int]:
        return iter(())

    def __len__(self) -> int:
        return 0

    @staticmethod
    def _refuse(value: Any, immutable: bool) -> NoReturn:
        raise ValueError("tags are not used")


_no_tags = _NoTags()


def _load(data: bytes) -> dict[Any, Any]:
    stream = BytesIO(data)
    try:
        value = CBORDecoder(
            stream,
            semantic_decoders=_no_tags,
            max_depth=_MAX_DEPTH,
            allow_indefinite=False,
            allow_duplicate_keys=False,
            strict_hashable_types=True,
        ).decode()
    except Exception:  # whatever a decoder of another's bytes comes up with
        value = None
    # Raised out here, because the decoder's own errors quote the content.
    if type(value) is not dict or len(value) != 1:
        _bad("a message must be a CBOR map with one key")
    if stream.tell() != len(data):
        _bad("a message must end with its map")
    return value


def decode_client(data: bytes) -> ClientMessage | None:
    """Decode what a client sent to the host: one message, at most a frame long.

    Returns:
        The message, or None for a message of a name that this version does not know, which is to be ignored.

    Raises:
        MalformedMessage: for everything that is not exactly a message.
    """
    [(name, value)] = _load(data).items()
    return _decode(_CLIENT, name, value)


def decode_host(data: bytes) -> HostMessage | None:
    """Decode what the host sent to a client. See :func:`decode_client`."""
    [(name, value)] = _load(data).items()
    return _decode(_HOST, name, value)


def _decode(decoders: Mapping[str, Callable[[Any], _M]], name: Any, value: Any) -> _M | None:
    if type(name) is not str:
        _bad("a message's name must be a string")
    decoder = decoders.get(name)
    if decoder is None:
        return None
    try:
        return decoder(value)
    except MalformedMessage as exc:
        problem = f"{name}: {exc}"
    _bad(problem)


# --- To the wire ------------------------------------------------------------------------------------------


def _user_map(user: User) -> dict[str, Any]:
    return {
        "name": user.name,
        "color": user.color,
        "role": user.role,
        "cursor": user.cursor,
        "focus": user.focus,
        "pending": user.pending,
        "wantsWrite": user.wants_write,
    }


def _geometry_map(to: Geometry | ShellInfo) -> dict[str, Any]:
    return {"x": to.x, "y": to.y, "rows": to.rows, "cols": to.cols}


def _shell_map(shell: ShellInfo) -> dict[str, Any]:
    return {**_geometry_map(shell), "title": shell.title, "ended": shell.ended}


def _join_map(join: Join) -> dict[str, Any]:
    return {
        "name": join.name,
        "resume": join.resume,
        "as": join.kind,
        "of": join.companion_of,
        "passive": join.passive,
        "chat": join.chat,
        "features": join.features,
    }


_WIRE: dict[type[Any], tuple[str, Callable[[Any], Any]]] = {
    Join: ("join", _join_map),
    Data: ("data", lambda m: (m.sid, m.n, m.data)),
    Subscribe: ("subscribe", lambda m: (m.sid, m.seq)),
    Ack: ("ack", lambda m: (m.sid, m.received)),
    Ping: ("ping", lambda m: m.t),
    SetCursor: ("setCursor", lambda m: m.at),
    SetFocus: ("setFocus", lambda m: m.sid),
    Create: ("create", lambda m: (m.req, m.x, m.y)),
    Close: ("close", lambda m: (m.req, m.sid)),
    Move: ("move", lambda m: (m.req, m.sid, None if m.to is None else _geometry_map(m.to))),
    Chat: ("chat", lambda m: (m.req, m.text)),
    SetName: ("setName", lambda m: (m.req, m.name)),
    SetColor: ("setColor", lambda m: (m.req, m.color)),
    RequestWrite: ("requestWrite", lambda m: m.req),
    SetRole: ("setRole", lambda m: (m.req, m.uid, m.role)),
    Kick: ("kick", lambda m: (m.req, m.uid, m.reason)),
    Approve: ("approve", lambda m: (m.req, m.uid, m.allow)),
    Lock: ("lock", lambda m: (m.req, m.locked)),
    Hello: ("hello", lambda m: (m.uid, m.info)),
    Waiting: ("waiting", lambda m: None),
    Users: ("users", lambda m: [(uid, _user_map(user)) for uid, user in m.users]),
    UserDiff: ("userDiff", lambda m: (m.uid, None if m.user is None else _user_map(m.user))),
    Shells: ("shells", lambda m: [(sid, _shell_map(shell)) for sid, shell in m.shells]),
    Snapshot: ("snapshot", lambda m: (m.sid, m.seq, m.data, m.part, m.more)),
    Chunks: ("chunks", lambda m: (m.sid, m.seq, m.chunks)),
    Hear: ("hear", lambda m: (m.seq, m.uid, m.name, m.text, m.time)),
    ShellLatency: ("shellLatency", lambda m: m.ms),
    Pong: ("pong", lambda m: (m.t, m.taken)),
    Done: ("done", lambda m: (m.req, m.value)),
    Error: ("error", lambda m: (m.req, m.code, m.text, m.details)),
    Closed: ("closed", lambda m: (m.code, m.text)),
}


def encode(message: ClientMessage | HostMessage) -> bytes:
    """Return the CBOR form of a message.

    The fields are not checked: they come from this program or have been decoded. The result may be longer
    than a frame holds; :meth:`~sshx_jupyter.protocol.handshake.Secured.seal` refuses it then.
    """
    name, value = _WIRE[type(message)]
    return dumps({name: value(message)})
