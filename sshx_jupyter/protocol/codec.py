"""The CBOR (RFC 8949) form of the messages of ``sshx/1``, derived from their classes in `messages`.

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
from dataclasses import MISSING, fields
from io import BytesIO
from math import isfinite
from operator import attrgetter
from types import NoneType
from typing import Annotated, Any, Literal, NoReturn, TypeAlias, TypeVar, get_args, get_origin, get_type_hints

from cbor2 import CBORDecoder, CBOREncoder, dumps

from .messages import MAX_TEXT, UNKNOWN, ClientMessage, HostMessage, Map, Pattern, Range, wire_names

_M = TypeVar("_M")

_MAX_DEPTH = 16


class MalformedMessage(ValueError):
    """Bytes that are not a message of ``sshx/1``. Says what is wrong, and tells nothing of the content."""


def _bad(what: str) -> NoReturn:
    raise MalformedMessage(what)


# --- Checks: each returns the value that a type declares, or raises MalformedMessage ------------------------

_Check: TypeAlias = Callable[[Any], Any]


def _check(kind: Any, name: str) -> _Check:
    """Return the check of a field's type, whose errors call the value ``name``."""
    origin, args = get_origin(kind), get_args(kind)
    if kind in (bool, bytes):
        return _exactly(kind, name)
    if kind in _FITS:
        return _fitting(*_FITS[kind], name)
    if origin is Annotated and isinstance(args[1], Range):
        return _integer(args[1], name)
    if origin is Annotated and isinstance(args[1], Pattern):
        matches, what = re.compile(args[1].regexp).fullmatch, f"a text that matches {args[1].regexp}"
        return _fitting(lambda value: type(value) is str and matches(value), what, name)
    if origin is Literal:
        return _word(_check(str, name), args, UNKNOWN[kind])
    if origin is list:
        return _list(_check(args[0], f"an item of {name}"), name)
    if origin is tuple:
        return _array(lambda *items: items, [_check(item, f"an item of {name}") for item in args], name)
    if NoneType in args:
        return _optional(_check(args[0], name))
    if isinstance(kind, type) and issubclass(kind, Map):
        return _map(kind, name)
    raise TypeError(f"{name}: {kind} has no form on the wire")


def _is_text(value: Any) -> bool:
    return type(value) is str and len(value) <= MAX_TEXT


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and isfinite(value)


def _is_plain(value: Any) -> bool:
    """Whether JSON and bytes can express a value: no undefined, no other simple values, no NaN, only text as keys."""
    kind = type(value)
    if kind is dict:
        return all(_is_text(key) and _is_plain(item) for key, item in value.items())
    if kind is list:
        return all(map(_is_plain, value))
    return value is None or kind in (bool, bytes) or _is_number(value) or _is_text(value)


_FITS: dict[Any, tuple[Callable[[Any], Any], str]] = {
    str: (_is_text, f"a string of at most {MAX_TEXT} characters"),
    float: (_is_number, "a finite number"),
    Any: (_is_plain, "a plain value"),
    dict[str, Any]: (lambda value: type(value) is dict and _is_plain(value), "a map of plain values"),
}


def _fitting(fits: Callable[[Any], Any], what: str, name: str) -> _Check:
    def check(value: Any) -> Any:
        if not fits(value):
            _bad(f"{name} must be {what}")
        return value

    return check


def _exactly(kind: type[Any], name: str) -> _Check:
    what = {bool: "a boolean", bytes: "a byte string"}[kind]

    def check(value: Any) -> Any:
        if type(value) is not kind:
            _bad(f"{name} must be {what}")
        return value

    return check


def _integer(limits: Range, name: str) -> _Check:
    low, high = limits

    def check(value: Any) -> int:
        if type(value) is int and low <= value <= high:
            return value
        if type(value) is float and value.is_integer():
            return check(int(value))
        _bad(f"{name} must be an integer from {low} to {high}")

    return check


def _word(check: _Check, words: tuple[str, ...], unknown: str) -> _Check:
    return lambda value: value if check(value) in words else unknown


def _optional(check: _Check) -> _Check:
    return lambda value: None if value is None else check(value)


def _list(check_item: _Check, name: str) -> _Check:
    def check(value: Any) -> list[Any]:
        if type(value) is not list:
            _bad(f"{name} must be an array")
        return [check_item(item) for item in value]

    return check


def _array(make: Callable[..., Any], checks: list[_Check], name: str) -> _Check:
    size = len(checks)

    def items(value: Any) -> list[Any]:
        if type(value) is not list or len(value) < size:
            _bad(f"{name} must be an array of {size} elements")
        return value if len(value) == size else value[:size]

    def pair(value: Any) -> Any:
        a, b = items(value)
        return make(checks[0](a), checks[1](b))

    def triple(value: Any) -> Any:
        a, b, c = items(value)
        return make(checks[0](a), checks[1](b), checks[2](c))

    def other(value: Any) -> Any:
        return make(*[check(item) for check, item in zip(checks, items(value), strict=True)])

    # The frequent messages have two or three fields. With a loop, decoding them takes a quarter longer.
    return {2: pair, 3: triple}.get(size, other)


def _map(kind: Any, name: str) -> _Check:
    names = wire_names(kind).values()
    # A key that was left out counts as the default. Without a default it counts as MISSING, which passes no check.
    defaults = [f.default if f.default_factory is MISSING else f.default_factory() for f in fields(kind)]
    entries = list(zip(names, defaults, _field_checks(kind), strict=True))

    def check(value: Any) -> Any:
        if type(value) is not dict:
            _bad(f"{name} must be a map")
        return kind(*[check(value.get(key, default)) for key, default, check in entries])

    return check


def _field_checks(kind: Any) -> list[_Check]:
    types = get_type_hints(kind, include_extras=True)
    return [_check(types[field], name) for field, name in wire_names(kind).items()]


# --- From the wire ----------------------------------------------------------------------------------------


def _name(kind: type[Any]) -> str:
    return kind.__name__[0].lower() + kind.__name__[1:]


def _decoder(kind: Any) -> _Check:
    """Return what makes a message of its value on the wire."""
    if issubclass(kind, Map):
        return _map(kind, "the value")
    checks = _field_checks(kind)
    if len(checks) > 1:
        return _array(kind, checks, "the value")
    if not checks:
        return lambda value: kind() if value is None else _bad("the value must be null")
    [check] = checks
    return lambda value: kind(check(value))


_CLIENT: dict[str, Callable[[Any], ClientMessage]] = {_name(kind): _decoder(kind) for kind in get_args(ClientMessage)}
_HOST: dict[str, Callable[[Any], HostMessage]] = {_name(kind): _decoder(kind) for kind in get_args(HostMessage)}


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


def _values(kind: Any) -> Callable[[Any], Any]:
    """Return what gives a message's value on the wire, with each `Map` in it left to `_encode_map`."""
    if issubclass(kind, Map):
        return lambda message: message
    names = wire_names(kind)
    return attrgetter(*names) if names else lambda message: None


_WIRE: dict[type[Any], tuple[str, Callable[[Any], Any]]] = {
    kind: (_name(kind), _values(kind)) for kind in get_args(ClientMessage | HostMessage)
}


def _encode_map(encoder: CBOREncoder, value: Map) -> None:
    kind: Any = type(value)
    encoder.encode({wire_name: getattr(value, field) for field, wire_name in wire_names(kind).items()})


def encode(message: ClientMessage | HostMessage) -> bytes:
    """Return the CBOR form of a message.

    The fields are not checked: they come from this program or have been decoded. The result may be longer
    than a frame holds; :meth:`~sshx_jupyter.protocol.handshake.SecureChannel.seal` refuses it then.
    """
    name, values = _WIRE[type(message)]
    return dumps({name: values(message)}, default=_encode_map)
