"""Bodies of requests, checked against the schemas of `openapi.yaml`."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

import pytest

from sshx_jupyter.host.share_options import ShareOptions
from sshx_jupyter.server import body
from sshx_jupyter.server.base import ApiError
from sshx_jupyter.server.body import check_name, read_body

TEXT = "be text that is not empty and has no null character"
NAMES = "be a list of at most 1024 terminals' names"
SECONDS = "be a number of seconds greater than 0 and at most 31622400, which is a year"
PASSWORD = "be text of 1 to at most 1024 characters and have no null character"


def refused(content: Any, schema: str = "Share") -> ApiError:
    with pytest.raises(ApiError) as error:
        read_body(content if isinstance(content, bytes) else json.dumps(content).encode(), schema)
    return error.value


def test_reads_what_is_given() -> None:
    assert read_body(b"", "Share") == read_body(b" \n", "Share") == read_body(b"{}", "Share") == {}
    given = {"name": "demo", "terminals": [], "read_only": False, "expires_in": 1.5}
    assert read_body(json.dumps({**given, "cwd": None, "approve": None}).encode(), "Share") == given
    assert read_body(b'{"locked": false, "rotate": true, "name": null}', "Change") == {"locked": False, "rotate": True}


@pytest.mark.parametrize(
    ("fields", "must"),
    [
        ({"name": 7}, TEXT),
        ({"name": ""}, TEXT),
        ({"cwd": "a\0b"}, TEXT),
        ({"terminals": "1"}, NAMES),
        ({"terminals": ["1", 2]}, NAMES),
        ({"terminals": ["1"] * 1025}, NAMES),
        ({"read_only": "yes"}, "be true or false"),
        ({"approve": 1}, "be true or false"),
        ({"history": "no"}, "be true or false"),
        ({"password": ""}, PASSWORD),
        ({"password": "x" * 1025}, PASSWORD),
        ({"expires_in": True}, SECONDS),
        ({"expires_in": 0}, SECONDS),
        ({"expires_in": 31622401}, SECONDS),
        (b'{"expires_in": NaN}', SECONDS),
        (b'{"expires_in": -Infinity}', SECONDS),
        (b'{"approve": NaN}', "be true or false"),
    ],
)
def test_a_wrong_value_is_told_its_rule(fields: Any, must: str) -> None:
    name = next(iter(json.loads(fields) if isinstance(fields, bytes) else fields))
    error = refused(fields)
    assert (error.status_code, error.word, error.message) == (400, "invalid", f'"{name}" must {must}.')


@pytest.mark.parametrize("rotate", [False, 1, "true"])
def test_tickets_can_only_be_rotated(rotate: Any) -> None:
    assert refused({"rotate": rotate}, "Change").message == '"rotate" must be true, or left out to keep the tickets.'


def test_an_unknown_field_is_told_what_it_may_be() -> None:
    known = f"Known are: {', '.join(option.name for option in fields(ShareOptions))}."
    assert refused({"aprove": True}).message == f'"aprove" is not known here. Did you mean "approve"? {known}'
    assert refused({"name": 5, "zzz\n": 1}).message == f'"zzz" is not known here. {known}'
    assert refused({"x" * 60_000: 1}).message == f'"{"x" * 64}" is not known here. {known}'
    assert refused({"read_only": True}, "Change").message.startswith('"read_only" is not known here.')


def test_a_field_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    schema = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}
    monkeypatch.setitem(body._components()["schemas"], "Test", schema)
    assert refused({}, "Test").message == '"name" is missing.'
    assert refused({"name": 1}, "Test").message == '"name" must be text.'


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b"nope", b"[" * 50_000, b"1" * 5000])
def test_what_is_not_json(content: bytes) -> None:
    assert refused(content).message == "The body of the request is not JSON."


@pytest.mark.parametrize("content", [b"[]", b"3", b'"x"', b"null", b"NaN"])
def test_what_is_not_an_object(content: bytes) -> None:
    assert refused(content).message == "The body of the request is not a JSON object."


def test_deep_values_are_refused_at_any_depth() -> None:
    for depth in range(10, 1100, 7):
        assert refused(b'{"name": ' + b"[" * depth + b"]" * depth + b"}").status_code == 400


def test_a_body_that_is_too_large() -> None:
    error = refused(b" " * (body.LONGEST + 1))
    assert (error.status_code, error.word) == (413, "tooLarge")


def test_no_value_is_quoted() -> None:
    for wrong in ({"password": ["swordfish"]}, {"expires_in": "swordfish"}, {"rotate": "swordfish"}):
        assert "swordfish" not in refused(wrong).message


def test_names() -> None:
    check_name(None, 5)
    check_name("short", 5)
    for name, sentence in (("\u200b \n", "visible"), ("longer", "at most 5")):
        with pytest.raises(ApiError, match=sentence):
            check_name(name, 5)
