from __future__ import annotations

import dataclasses
import json
import math
import time
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sshx_jupyter.client.outbox import PIECE
from sshx_jupyter.host.shell_messages import PART
from sshx_jupyter.protocol import codec
from sshx_jupyter.protocol import messages as m
from sshx_jupyter.protocol.codec import MalformedMessage, decode_client, decode_host, encode
from sshx_jupyter.protocol.framing import MAX_FRAME
from sshx_jupyter.protocol.handshake import MAX_PLAINTEXT
from tests.vectors.generate import CLIENT, HOST, malformed, plain

VECTORS = json.loads((Path(__file__).parents[1] / "vectors/messages.json").read_text())

CLIENT_KINDS: tuple[type[Any], ...] = typing.get_args(m.ClientMessage)
HOST_KINDS: tuple[type[Any], ...] = typing.get_args(m.HostMessage)

EACH_MESSAGE = pytest.mark.parametrize("kind", [*CLIENT_KINDS, *HOST_KINDS], ids=lambda kind: kind.__name__)

texts = st.text(max_size=100)
numbers = st.one_of(st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False))
plains = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, texts, st.binary(max_size=20)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=8,
)


def values(declared: Any) -> st.SearchStrategy[Any]:
    """All values of a message's or a field's type."""
    origin, args = typing.get_origin(declared), typing.get_args(declared)
    if isinstance(declared, type) and dataclasses.is_dataclass(declared):
        hints = typing.get_type_hints(declared, include_extras=True)
        return st.builds(declared, **{name: values(kind) for name, kind in hints.items()})
    if origin is typing.Annotated:
        [limit] = declared.__metadata__
        if isinstance(limit, m.Pattern):
            return st.from_regex(limit.regexp, fullmatch=True)
        return st.sampled_from(limit) | st.integers(*limit)
    if origin is typing.Literal:
        return st.sampled_from(args)
    if origin is list:
        return st.lists(values(args[0]), max_size=4)
    if origin is tuple:
        return st.tuples(*map(values, args))
    if origin is dict:
        return st.dictionaries(texts, plains, max_size=4)
    if args:  # a union
        return st.one_of(*map(values, args))
    plain_types = {type(None): st.none(), bool: st.booleans(), bytes: st.binary(), str: texts, float: numbers}
    return {**plain_types, Any: plains}[declared]


client_messages = st.one_of(*map(values, CLIENT_KINDS))
host_messages = st.one_of(*map(values, HOST_KINDS))


def decoder(kind: type[Any]) -> Callable[[bytes], Any]:
    return decode_client if kind in CLIENT_KINDS else decode_host


DECODERS = pytest.mark.parametrize("decode", [decode_client, decode_host])


def types_are_exact(value: Any, declared: Any) -> None:
    """Check a decoded field against its annotation: no bool for an int, no subclass, no list for a tuple."""
    origin, args = typing.get_origin(declared), typing.get_args(declared)
    if declared is Any:
        pass
    elif origin is typing.Literal:
        assert value in args
    elif origin is list:
        assert type(value) is list
        for item in value:
            types_are_exact(item, args[0])
    elif origin is tuple:
        assert type(value) is tuple
        assert len(value) == len(args)
        for item, kind in zip(value, args, strict=True):
            types_are_exact(item, kind)
    elif origin is dict:
        assert type(value) is dict
    elif args:  # a union
        kinds = [a for a in args if a is not type(None)]
        if value is None:
            assert len(kinds) < len(args)
        else:
            types_are_exact(value, kinds[0])
    elif dataclasses.is_dataclass(declared):
        assert type(value) is declared
        for name, kind in typing.get_type_hints(declared).items():
            types_are_exact(getattr(value, name), kind)
    elif declared is float:
        assert type(value) in (int, float)
        assert math.isfinite(value)
    else:
        assert type(value) is declared


def check(decode: Callable[[bytes], Any], data: bytes) -> Any:
    """Decode whatever bytes: the value is of the declared types, or it is the declared error."""
    try:
        message = decode(data)
    except MalformedMessage as exc:
        message = exc
    if isinstance(message, MalformedMessage):
        assert str(message)
        assert message.__cause__ is None
        assert message.__context__ is None  # where the decoder's errors would be, which quote the content
    elif message is not None:
        types_are_exact(message, type(message))
        assert decode(encode(message)) == message
    return message


@EACH_MESSAGE
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_round_trip(kind: type[Any], data: st.DataObject) -> None:
    message = data.draw(values(kind))
    encoded = encode(message)
    ours, others = (decode_client, decode_host) if kind in CLIENT_KINDS else (decode_host, decode_client)
    assert check(ours, encoded) == message
    assert others(encoded) is None


def test_nothing_is_left_out() -> None:
    for union, samples in ((m.ClientMessage, CLIENT), (m.HostMessage, HOST)):
        kinds = set(typing.get_args(union))
        assert {type(sample) for sample in samples} == kinds
        assert kinds <= set(codec._WIRE)
    assert len(codec._WIRE) == len(codec._CLIENT) + len(codec._HOST)


@DECODERS
@given(data=st.binary())
def test_any_bytes(decode: Callable[[bytes], Any], data: bytes) -> None:
    check(decode, data)


# What a hostile encoder may put where: any type of CBOR, at any place, under the names that exist.
KEYS = [key for kind in (m.Join, m.User, m.ShellInfo) for key in m.wire_names(kind).values()]
anything: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**70), 2**70),
        st.floats(),
        st.text(max_size=5),
        st.binary(max_size=5),
        st.sampled_from([cbor2.undefined, cbor2.CBORSimpleValue(99), 0, 1, -1, 1.0, "#000000", "owner", 2**53 + 1]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=5),
        st.dictionaries(
            st.sampled_from(KEYS) | st.integers(0, 3),
            inner,
            max_size=6,
        ),
        st.builds(cbor2.CBORTag, st.integers(0, 300), inner),
    ),
    max_leaves=12,
)


def spoiled(value: Any) -> st.SearchStrategy[Any]:
    """`value` with anything in the place of one of its parts."""
    if isinstance(value, dict) and value:
        keys = st.sampled_from(list(value))
        return keys.flatmap(lambda key: spoiled(value[key]).map(lambda part: {**value, key: part}))
    if isinstance(value, list) and value:
        places = st.integers(0, len(value) - 1)
        return places.flatmap(lambda i: spoiled(value[i]).map(lambda part: [*value[:i], part, *value[i + 1 :]]))
    return anything


@EACH_MESSAGE
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_values(kind: type[Any], data: st.DataObject) -> None:
    """Anything in the place of the whole value, or of one part of a good one."""
    [(name, value)] = cbor2.loads(encode(data.draw(values(kind)))).items()
    check(decoder(kind), cbor2.dumps({name: data.draw(anything | spoiled(value))}))


@DECODERS
@given(data=st.data())
def test_damaged_messages(decode: Callable[[bytes], Any], data: st.DataObject) -> None:
    good = bytearray(encode(data.draw(st.one_of(client_messages, host_messages))))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(good) - 1))
        good[at] = data.draw(st.integers(0, 255))
    check(decode, bytes(good[: data.draw(st.integers(0, len(good)))]) if data.draw(st.booleans()) else bytes(good))


@pytest.mark.parametrize("message", [*CLIENT, *HOST], ids=lambda message: type(message).__name__)
def test_every_cut_and_every_changed_byte(message: Any) -> None:
    decode = decoder(type(message))
    good = encode(message)
    for end in range(len(good)):
        assert isinstance(check(decode, good[:end]), MalformedMessage)
    assert isinstance(check(decode, good + b"\x00"), MalformedMessage)
    assert isinstance(check(decode, good + good), MalformedMessage)
    for position in range(min(len(good), 100)):
        bits = {good[position] ^ (1 << bit) for bit in range(8)}
        for value in bits | {0x00, 0x20, 0x5B, 0x60, 0x80, 0xA0, 0xC0, 0xF4, 0xF6, 0xF7, 0xFB, 0xFF}:
            check(decode, good[:position] + bytes([value]) + good[position + 1 :])


# 4,096 keys, each an array of twelve times -1 or -2: in Python hash(-1) == hash(-2), so all keys have one hash.
ONE_HASH = b"\xa1\x61a\xb9\x10\x00" + b"".join(
    cbor2.dumps([-1 - (i >> bit & 1) for bit in range(12)]) + b"\x00" for i in range(4096)
)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\x81" * MAX_FRAME, id="arrays"),
        pytest.param(b"\xa1\x61a" * (MAX_FRAME // 3), id="maps"),
        pytest.param(b"\xa1\x61a" + b"\xd8\x1c" * 30_000, id="shared references"),
        pytest.param(b"\xa1\x61a" + b"\xc4\x82\x1a\x7f\xff\xff\xff\x01", id="10 to the power of 2**31"),
        pytest.param(b"\xa1\x61a" + b"\xc5\x82\x1a\x7f\xff\xff\xff\x01", id="2 to the power of 2**31"),
        pytest.param(b"\xa1\x61a" + b"\xc2\x59\xff\x00" + b"\xff" * 65280, id="big number"),
        pytest.param(b"\xa1\x61a\xd8\x23\x78\x19" + b"(((a{1,999}){1,999}){1,9})", id="pattern"),
        pytest.param(b"\xa1\x61a" + b"\x9b\x00\x00\x00\xff\xff\xff\xff\xff" + b"\x00" * 100, id="long array"),
        pytest.param(b"\xa1\x61a" + b"\xbb\x00\x00\x00\xff\xff\xff\xff\xff" + b"\x00" * 100, id="long map"),
        pytest.param(b"\xa1\x61a" + b"\x5b\x00\x00\x00\xff\xff\xff\xff\xff" + b"\x00" * 100, id="long bytes"),
        pytest.param(ONE_HASH, id="keys with one hash"),
    ],
)
@DECODERS
def test_hostile_messages_cost_little(decode: Callable[[bytes], Any], data: bytes) -> None:
    started = time.process_time()
    assert isinstance(check(decode, data), MalformedMessage)
    assert time.process_time() - started < 0.1


@pytest.mark.parametrize(("name", "data"), malformed("client"))
def test_malformed_client(name: str, data: bytes) -> None:
    assert isinstance(check(decode_client, data), MalformedMessage)


@pytest.mark.parametrize(("name", "data"), malformed("host"))
def test_malformed_host(name: str, data: bytes) -> None:
    assert isinstance(check(decode_host, data), MalformedMessage)


def test_the_longest_text_and_the_deepest_value() -> None:
    def nested(levels: int) -> Any:
        return [nested(levels - 1)] if levels else 0

    for good, bad in (
        ({"chat": [1, "\U0001f680" * 65_536]}, {"chat": [1, "x" * 65_537]}),
        ({"join": {"features": ["x" * 65_536]}}, {"join": {"features": ["x" * 65_537]}}),
    ):
        assert decode_client(cbor2.dumps(good)) is not None
        assert isinstance(check(decode_client, cbor2.dumps(bad)), MalformedMessage)
    assert decode_host(cbor2.dumps({"done": [1, nested(14)]})) is not None  # below a map and an array
    assert isinstance(check(decode_host, cbor2.dumps({"done": [1, nested(15)]})), MalformedMessage)


def test_errors_name_the_message_but_not_its_content() -> None:
    with pytest.raises(MalformedMessage, match=r"^data: data must be a byte string$"):
        decode_client(cbor2.dumps({"data": [1, 0, "topsecret"]}))
    for value in (
        {"topsecret": 1, "b": 2},
        {"chat": [1, b"topsecret"]},
        {"setRole": [1, "topsecret"]},
        {b"topsecret": 1},
    ):
        with pytest.raises(MalformedMessage) as info:
            decode_client(cbor2.dumps(value))
        assert "topsecret" not in f"{info.value!r} {info.value.__context__!r}"


def test_what_people_type_and_see_is_not_in_a_repr() -> None:
    for message in (
        m.Data(1, 0, b"topsecret"),
        m.Snapshot(1, 2, b"topsecret", 0, False),
        m.Chunks(1, 2, [b"topsecret"]),
        m.Hello(1, {"resume": b"topsecret"}),
    ):
        assert "topsecret" not in repr(message)


def test_what_hosts_and_clients_put_into_a_message_fits_in_a_frame() -> None:
    data = bytes(PART)
    chunks = [bytes(PART // 100)] * 100
    for message in (
        m.Data(m.MAX_ID, m.MAX_SEQ, bytes(PIECE)),
        m.Snapshot(m.MAX_ID, m.MAX_SEQ, data, m.MAX_ID, True),
        m.Chunks(m.MAX_ID, m.MAX_SEQ, [data]),
        m.Chunks(m.MAX_ID, m.MAX_SEQ, chunks),
    ):
        assert len(encode(message)) <= MAX_PLAINTEXT


def test_messages_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        m.Remove(1, 1).sid = 2  # type: ignore[misc]


@pytest.mark.parametrize("kind", ["client", "host"])
def test_vectors(kind: str) -> None:
    decode, samples = (decode_client, CLIENT) if kind == "client" else (decode_host, HOST)
    for row, message in zip(VECTORS[kind], samples, strict=True):
        assert encode(message).hex() == row["bytes"]
        assert decode(bytes.fromhex(row["bytes"])) == message
        assert plain(message) == row["fields"]


@pytest.mark.parametrize("kind", ["Client", "Host"])
def test_vectors_of_other_encoders(kind: str) -> None:
    decode: Callable[[bytes], Any] = decode_client if kind == "Client" else decode_host
    for row in VECTORS[f"also{kind}"]:
        message = check(decode, bytes.fromhex(row["bytes"]))
        assert message == decode(bytes.fromhex(row["same"]))
        assert message is not None
    for row in VECTORS[f"malformed{kind}"]:
        assert isinstance(check(decode, bytes.fromhex(row["bytes"])), MalformedMessage)
    for row in VECTORS["ignored"]:
        assert decode(bytes.fromhex(row["bytes"])) is None
