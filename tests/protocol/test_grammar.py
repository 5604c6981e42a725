"""`docs/protocol.cddl` and the tables of `docs/protocol.md` say what the code does.

The grammar is checked by the small matcher here. pycddl 0.6.4, which reads the grammar too, takes `* any` at the end
of an array for exactly one element, knows no ranges of floats, and lets any array pass where there is a choice.
"""

from __future__ import annotations

import dataclasses
import json
import re
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import cbor2
import pycddl
import pytest

from sshx_jupyter.protocol import codec, codes
from sshx_jupyter.protocol import messages as m
from sshx_jupyter.protocol.framing import MAX_FRAME
from sshx_jupyter.protocol.handshake import MAX_PLAINTEXT

ROOT = Path(__file__).parents[2]
GRAMMAR = (ROOT / "docs" / "protocol.cddl").read_text()
DOCUMENT = (ROOT / "docs" / "protocol.md").read_text()
VECTORS: dict[str, list[dict[str, Any]]] = json.loads((ROOT / "tests" / "vectors" / "messages.json").read_text())

BEYOND_CDDL = {
    "id has a fraction",
    "position has a fraction",
    "request with a fraction",
    "chat is a fraction",
    "the same key twice",
    "indefinite length",
}
"""Malformed vectors that CDDL cannot tell from good ones. It has no "float without a fraction", and its data model
knows neither duplicate keys nor how a length was written."""


# --- A matcher of as much CDDL as the grammar uses. Anything else in it is a ValueError ---------------------


@dataclass(frozen=True)
class Name:
    name: str


@dataclass(frozen=True)
class Literal:
    value: Any


@dataclass(frozen=True)
class Range:
    low: int | float
    high: int | float


@dataclass(frozen=True)
class Pattern:
    regexp: str


@dataclass(frozen=True)
class Choice:
    types: tuple[Any, ...]


@dataclass(frozen=True)
class Entry:
    """`occurs` is "", "?" or "*". `key` is a text (`key: type`), a type (`type => type`), or None."""

    occurs: str
    key: Any
    type: Any


@dataclass(frozen=True)
class Group:
    kind: str  # "[" or "{"
    entries: tuple[Entry, ...]


TOKEN = re.compile(
    r"""(?P<space>\s+|;[^\n]*)|(?P<text>"[^"]*")|(?P<number>-?\d+(?:\.\d+)?(?:e\d+)?)|(?P<name>[A-Za-z][\w-]*)"""
    r"""|(?P<sign>\.\.|=>|\.regexp|[][{}=/:,?*])"""
)


class Grammar:
    """The rules of a CDDL text."""

    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        end = 0
        while end < len(text):
            found = TOKEN.match(text, end)
            if found is None:
                raise ValueError(f"not understood: {text[end : end + 40]!r}")
            end = found.end()
            if found.lastgroup != "space":
                self._tokens.append((str(found.lastgroup), found.group()))
        self.rules: dict[str, Any] = {}
        while self._tokens:
            name = self._next("name")
            if name in self.rules:
                raise ValueError(f"{name} is defined twice")
            self._next("sign", "=")
            self.rules[name] = self._choice()

    def _is(self, *values: str, ahead: int = 0) -> bool:
        return len(self._tokens) > ahead and self._tokens[ahead][1] in values and self._tokens[ahead][0] == "sign"

    def _next(self, kind: str, value: str | None = None) -> str:
        if not self._tokens or self._tokens[0][0] != kind or value not in (None, self._tokens[0][1]):
            raise ValueError(f"{value or kind} expected at {self._tokens[:3]}")
        return self._tokens.pop(0)[1]

    def _choice(self) -> Any:
        types = [self._type()]
        while self._is("/"):
            self._next("sign", "/")
            types.append(self._type())
        return types[0] if len(types) == 1 else Choice(tuple(types))

    def _type(self) -> Any:
        if self._is("[", "{"):
            return self._group()
        kind, value = self._tokens.pop(0)
        if kind == "text":
            return Literal(value[1:-1])
        if kind == "number":
            number = _number(value)
            if not self._is(".."):
                return Literal(number)
            self._next("sign", "..")
            high = _number(self._next("number"))
            if type(number) is not type(high):
                raise ValueError(f"a range from {number} to {high}")
            return Range(number, high)
        if kind != "name":
            raise ValueError(f"a type expected, not {value}")
        if value == "tstr" and self._is(".regexp"):
            self._next("sign", ".regexp")
            return Pattern(self._next("text")[1:-1])
        return Name(value)

    def _group(self) -> Group:
        kind = self._next("sign")
        close = "]" if kind == "[" else "}"
        entries = []
        while not self._is(close):
            occurs = self._next("sign") if self._is("?", "*") else ""
            if self._tokens[0][0] == "name" and self._is(":", ahead=1):
                key: Any = self._next("name")
                self._next("sign", ":")
                entries.append(Entry(occurs, key, self._choice()))
            else:
                type_ = self._choice()
                if self._is("=>"):
                    self._next("sign", "=>")
                    entries.append(Entry(occurs, type_, self._choice()))
                else:
                    entries.append(Entry(occurs, None, type_))
            if not self._is(close):
                self._next("sign", ",")
        self._next("sign", close)
        return Group(kind, tuple(entries))

    def matches(self, rule: Any, value: Any) -> bool:
        """Whether a decoded value is one of a rule's (by name or parsed)."""
        match rule:
            case str():
                return self.matches(Name(rule), value)
            case Name(name) if name in self.rules:
                return self.matches(self.rules[name], value)
            case Name(name):
                return PRELUDE[name](value)
            case Literal(literal):
                return type(value) is type(literal) and value == literal
            case Range(low, high):
                return type(value) is type(low) and low <= value <= high
            case Pattern(regexp):
                return type(value) is str and re.fullmatch(regexp, value) is not None
            case Choice(types):
                return any(self.matches(one, value) for one in types)
            case Group("[", entries):
                return type(value) is list and self._is_array(entries, value)
            case Group("{", entries):
                return type(value) is dict and self._is_map(entries, value)
        raise ValueError(f"{rule} is not understood")

    def _is_array(self, entries: tuple[Entry, ...], values: list[Any]) -> bool:
        for place, entry in enumerate(entries):
            if entry.occurs == "*":
                if place != len(entries) - 1:
                    raise ValueError("only the last of an array may occur any number of times")
                return all(self.matches(entry.type, value) for value in values[place:])
            if entry.occurs:
                raise ValueError("nothing in an array is optional")
            if place >= len(values) or not self.matches(entry.type, values[place]):
                return False
        return len(values) == len(entries)

    def _is_map(self, entries: tuple[Entry, ...], value: dict[Any, Any]) -> bool:
        rest = dict(value)
        for entry in entries:
            if isinstance(entry.key, str):  # a cut: no later entry takes this key
                if entry.key in rest:
                    if not self.matches(entry.type, rest.pop(entry.key)):
                        return False
                elif not entry.occurs:
                    return False
        for entry in entries:
            if not isinstance(entry.key, str):
                here = [k for k, v in rest.items() if self.matches(entry.key, k) and self.matches(entry.type, v)]
                for key in here if entry.occurs else here[:1]:
                    del rest[key]
                if not here and not entry.occurs:
                    return False
        return not rest


def _number(text: str) -> int | float:
    return float(text) if "." in text else int(text)


PRELUDE: dict[str, Callable[[Any], bool]] = {
    "any": lambda value: True,
    "null": lambda value: value is None,
    "bool": lambda value: type(value) is bool,
    "int": lambda value: type(value) is int and -(2**64) <= value < 2**64,
    "tstr": lambda value: type(value) is str,
    "bstr": lambda value: type(value) is bytes,
}


class Tagged(Mapping[int, Any]):
    """Decodes no tag: what has one is nothing that the grammar knows."""

    def __getitem__(self, tag: int) -> Any:
        return lambda value, immutable: cbor2.CBORTag(tag, value)

    def __iter__(self) -> Iterator[int]:
        return iter(())

    def __len__(self) -> int:
        return 0


def one_item(data: bytes) -> Any:
    """The one CBOR item that `data` is. Raises ValueError if it is none, or more."""
    stream = BytesIO(data)
    try:
        value = cbor2.CBORDecoder(stream, semantic_decoders=Tagged()).decode()
    except Exception as error:
        raise ValueError(str(error)) from None
    if stream.tell() != len(data):
        raise ValueError("something follows")
    return value


grammar = Grammar(GRAMMAR)


def vectors(kind: str) -> list[Any]:
    return [pytest.param(bytes.fromhex(row["bytes"]), id=row["name"]) for row in VECTORS[kind]]


def kinds(*names: str) -> list[Any]:
    """(rule, bytes) of the vectors of these kinds."""
    return [
        pytest.param(f"{side.lower()}-message", *param.values, id=f"{side} {param.id}")
        for name in names
        for side in ("Client", "Host")
        for param in vectors(name.format(side) if name else side.lower())
    ]


# --- The grammar and the vectors ----------------------------------------------------------------------------


def test_another_reader_of_cddl_understands_the_grammar() -> None:
    pycddl.Schema(GRAMMAR)


def test_every_name_in_the_grammar_is_defined_and_used() -> None:
    used: set[str] = {"message"}

    def walk(type_: Any) -> None:
        match type_:
            case Name(name):
                used.add(name)
            case Choice(types):
                for one in types:
                    walk(one)
            case Group(_, entries):
                for entry in entries:
                    walk(entry.type)
                    if not isinstance(entry.key, str):
                        walk(entry.key)

    for rule in grammar.rules.values():
        walk(rule)
    assert used - PRELUDE.keys() == grammar.rules.keys()


@pytest.mark.parametrize(("rule", "data"), kinds("", "also{}"))
def test_good_messages_are_of_the_grammar(rule: str, data: bytes) -> None:
    assert grammar.matches(rule, one_item(data))


@pytest.mark.parametrize(("rule", "data"), kinds("malformed{}"))
def test_malformed_messages_are_not(rule: str, data: bytes, request: pytest.FixtureRequest) -> None:
    try:
        value = one_item(data)
    except ValueError:
        return  # it is no CBOR, or more than one item: not the grammar's business
    name = request.node.callspec.id.partition(" ")[2]
    assert grammar.matches(rule, value) == (name in BEYOND_CDDL)


def test_what_cddl_cannot_express_is_still_in_the_vectors() -> None:
    names = {row["name"] for kind in ("malformedClient", "malformedHost") for row in VECTORS[kind]}
    assert names >= BEYOND_CDDL


@pytest.mark.parametrize("data", vectors("ignored"))
def test_unknown_messages_are_of_neither_side(data: bytes) -> None:
    value = one_item(data)
    assert grammar.matches("unknown-message", value)
    assert not grammar.matches("client-message", value)
    assert not grammar.matches("host-message", value)


PROBES: list[Any] = [
    None, True, -2, -1, 0, 1, 1.0, -1.0, 1000, 1001, 2000, 2001, 10**7, 10**7 + 1, -(10**7), -(10**7) - 1,
    2**32 - 1, 2**32, 2**53, 2**53 + 1, 2.0**53, 2.0**54, 2**64 - 1, float("nan"), float("-inf"), "", "x", "#00ff0",
    "#00ff00", "writer", b"", b"x", [], [0], [0, 0], [[1]], {}, {"x": 0}, {"x": float("inf")}, {1: 0},
]  # fmt: skip
"""What is put in the place of each value of each good message. No fractions in the place of integers: `BEYOND_CDDL`."""


def variants(value: Any) -> Iterator[Any]:
    """`value` with one thing in it replaced, left out or added."""
    yield from PROBES
    if isinstance(value, list):
        yield [*value, None]
        for place, item in enumerate(value):
            yield value[:place] + value[place + 1 :]
            for other in variants(item):
                yield [*value[:place], other, *value[place + 1 :]]
    if isinstance(value, dict):
        yield {**value, "later": [None]}
        for key, item in value.items():
            yield {other: value[other] for other in value if other != key}
            for other in variants(item):
                yield {**value, key: other}


@pytest.mark.parametrize(("side", "decode"), [("client", codec.decode_client), ("host", codec.decode_host)])
def test_the_grammar_and_the_code_agree_on_messages_with_one_thing_changed(side: str, decode: Any) -> None:
    lenient = Grammar(GRAMMAR)  # the decoder leaves the types of what `hello` tells to those who use it
    lenient.rules["info"] = Group("{", (Entry("*", Name("tstr"), Name("plain")),))
    tried = 0
    for row in VECTORS[side]:
        [(name, value)] = one_item(bytes.fromhex(row["bytes"])).items()
        for other in variants(value):
            data = cbor2.dumps({name: other})
            try:
                decode(data)
                good = True
            except codec.MalformedMessage:
                good = False
            assert lenient.matches(f"{side}-message", one_item(data)) == good, (name, other)
            tried += 1
    assert tried > 4_000


# --- The grammar and the code -------------------------------------------------------------------------------


def messages_of(rule: str) -> dict[str, Any]:
    """The messages that a rule of the grammar names, and the type of each one's value."""
    type_ = grammar.rules[rule]
    if isinstance(type_, Choice):
        parts = [messages_of(one.name) for one in type_.types]
        return {name: value for part in parts for name, value in part.items()}
    [entry] = type_.entries
    assert entry.key == rule, "a message's rule has its name"
    return {entry.key: entry.type}


@pytest.mark.parametrize(("side", "decoders"), [("client", codec._CLIENT), ("host", codec._HOST)])
def test_the_grammar_has_the_messages_of_the_code(side: str, decoders: dict[str, Any]) -> None:
    assert messages_of(f"{side}-message").keys() == decoders.keys()


def keys(group: Group) -> list[Any]:
    """The keys of a group, without what stands for later versions."""
    *entries, later = group.entries
    assert later.occurs == "*"
    assert not isinstance(later.key, str)
    return [entry.key for entry in entries]


COMMENTS = dict(re.findall(r"^(\w+) = .*; (\w+)$", GRAMMAR, re.MULTILINE))


@pytest.mark.parametrize("kind", codec._WIRE, ids=lambda kind: kind.__name__)
def test_the_grammar_has_the_fields_of_the_code(kind: type) -> None:
    name, _ = codec._WIRE[kind]
    value = {**messages_of("client-message"), **messages_of("host-message")}[name]
    names = [*m.wire_names(kind).values()]
    if not names:
        assert value == Name("null")
    elif name in ("users", "shells"):
        assert names == [name]  # a list of pairs
    elif len(names) == 1:
        assert COMMENTS[name] == names[0]
    else:
        assert value.kind == ("{" if issubclass(kind, m.Map) else "[")
        assert keys(value) == names


@pytest.mark.parametrize(("rule", "kind"), [("user", m.User), ("shell", m.ShellInfo)])
def test_the_grammar_has_the_values_of_the_code(rule: str, kind: type) -> None:
    group = grammar.rules[rule]
    assert keys(group) == [*m.wire_names(kind).values()]
    optional = {
        m.wire_names(kind)[field.name] for field in dataclasses.fields(kind) if field.default is not dataclasses.MISSING
    }
    assert {entry.key for entry in group.entries if entry.occurs == "?"} == optional


@pytest.mark.parametrize(
    ("rule", "kind"),
    [
        ("id", m.Id),
        ("seq", m.Seq),
        ("req", m.Req),
        ("position", m.Position),
        ("rows", m.Rows),
        ("cols", m.Cols),
    ],
)
def test_the_grammar_has_the_ranges_of_the_code(rule: str, kind: Any) -> None:
    [(low, high)] = kind.__metadata__
    assert grammar.rules[rule] == Choice((Range(low, high), Range(float(low), float(high))))


@pytest.mark.parametrize(
    ("rule", "words"), [("role", typing.get_args(m.Role)), ("join-kind", typing.get_args(m.JoinKind))]
)
def test_the_grammar_has_the_words_of_the_code(rule: str, words: tuple[str, ...]) -> None:
    assert grammar.rules[rule] == Choice((*map(Literal, words), Name("tstr")))


# --- The document and the code ------------------------------------------------------------------------------


def table(title: str) -> list[list[str]]:
    """The cells of the first table below a heading."""
    lines = DOCUMENT[DOCUMENT.index(f"# {title}\n") :].splitlines()
    start = next(place for place, line in enumerate(lines) if line.startswith("|---"))
    rows = []
    for line in lines[start + 1 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def code(cell: str) -> str:
    return cell.strip("`")


def test_the_document_has_the_refusal_codes() -> None:
    assert [code(row[0]) for row in table("Refusal codes")] == list(typing.get_args(codes.RefusalCode))


def test_the_document_has_the_close_codes_and_what_follows() -> None:
    rows = {code(row[0]): row[1] for row in table("Close codes")}
    assert rows.keys() == set(typing.get_args(codes.CloseCode))
    assert rows == {word: "retry" if word in codes.RETRY else "final" for word in rows}


def test_the_document_has_the_error_codes() -> None:
    assert [code(row[0]) for row in table("Error codes")] == list(typing.get_args(codes.ErrorCode))


def test_the_document_has_the_limits_of_a_host() -> None:
    from sshx_jupyter.host.limits import Limits

    rows = {code(row[0]): row[1] for row in table("Limits")}
    known = {field.name: field.default for field in dataclasses.fields(Limits)}
    assert rows.keys() <= known.keys()
    for name, text in rows.items():
        number = float(re.sub(r"[^\d.]", "", text))
        assert number == known[name], name


def test_the_document_names_every_message() -> None:
    for name in (*codec._CLIENT, *codec._HOST):
        assert f"`{name}" in DOCUMENT, name


def test_the_worked_example_is_that_of_the_vectors() -> None:
    """Each line of the example's blocks is `name  hex`, and long values go on in indented lines."""
    section = DOCUMENT[DOCUMENT.index("# Worked example\n") :]
    blocks = re.findall("```text\n(.*?)```", section.split("\n## ")[0], re.DOTALL)
    found: dict[str, str] = {}
    last = ""
    for line in "".join(blocks).splitlines():
        name, digits = line[:20].strip(), line[20:].strip().replace(" ", "")
        last = name or last
        found[last] = found.get(last, "") + digits
    handshakes = json.loads((ROOT / "tests" / "vectors" / "handshake.json").read_text())["handshakes"]
    example = next(row for row in handshakes if row["role"] == "writer")
    first, second, *_ = example["transport"]
    assert found == {
        "session id": example["sessionId"],
        "secret": example["secret"],
        "psk": example["psk"],
        "client's key": example["clientEphemeral"],
        "host's key": example["hostEphemeral"],
        "preface": example["preface"],
        "message 1": example["first"],
        "reply": example["reply"],
        "join": first["message"],
        "its frame": first["frame"],
        "hello": second["message"],
        "hello's frame": second["frame"],
    }


def test_the_document_has_the_sizes_of_frames() -> None:
    assert f"{MAX_FRAME:,}" in DOCUMENT
    assert f"{MAX_PLAINTEXT:,}" in DOCUMENT
    assert f"{m.MAX_TEXT:,}" in DOCUMENT
