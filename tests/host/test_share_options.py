"""The share options: which values they take, and that every surface has the same ones."""

from __future__ import annotations

import inspect
from dataclasses import fields
from typing import Any

import pytest

from sshx_jupyter.host.errors import Invalid
from sshx_jupyter.host.share_options import CHOSEN, LONGEST_SESSION, ShareOptions
from sshx_jupyter.notebook.sharing import share
from tests.server.serving import SPEC

WRONG: list[tuple[dict[str, Any], str]] = [
    ({"name": 7}, '"name" must be text that is not empty.'),
    ({"name": ""}, '"name" must be text that is not empty.'),
    ({"terminals": 5}, '"terminals" must be a list of terminals\' names.'),
    ({"terminals": ["1", 2]}, '"terminals" must be a list of terminals\' names.'),
    ({"cwd": "a\0b"}, '"cwd" must be the path of a directory.'),
    ({"read_only": "yes"}, '"read_only" must be true or false.'),
    ({"approve": 1}, '"approve" must be true or false.'),
    ({"history": "no"}, '"history" must be true or false.'),
    ({"password": ""}, '"password" must be text that is not empty.'),
    *(
        ({"expires_in": value}, '"expires_in" must be a positive number of seconds, at most a year.')
        for value in (0, -1, True, "2h", float("nan"), float("inf"), LONGEST_SESSION + 1, 10**400)
    ),
]


@pytest.mark.parametrize(("options", "sentence"), WRONG)
def test_wrong_values_are_explained(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Invalid) as refused:
        ShareOptions(**options)
    assert str(refused.value) == sentence


def test_values_are_kept_in_one_form() -> None:
    options = ShareOptions("demo", terminals=iter(["1", "2"]), expires_in=60)  # type: ignore[arg-type]
    assert options == ShareOptions("demo", terminals=("1", "2"), expires_in=60.0)
    assert hash(options)
    assert ShareOptions(terminals="1").terminals == ("1",)  # type: ignore[arg-type]


def test_none_stands_for_the_default() -> None:
    assert ShareOptions(**dict.fromkeys(option.name for option in fields(ShareOptions))) == ShareOptions()  # type: ignore[arg-type]


def test_what_is_given_makes_the_same_options() -> None:
    options = ShareOptions("demo", terminals=(), read_only=False, approve=True, history=False)
    given = {"name": "demo", "terminals": (), "read_only": False, "approve": True, "history": False}
    assert options.given() == given
    assert ShareOptions(**options.given()) == options
    assert ShareOptions().given() == {}


def test_the_default_role_decides_only_what_nobody_chose() -> None:
    assert ShareOptions().with_default_role("reader").read_only is True
    assert ShareOptions().with_default_role("writer").read_only is False
    assert ShareOptions(read_only=False).with_default_role("reader").read_only is False


def test_the_password_is_not_shown() -> None:
    options = ShareOptions(password="open sesame")
    assert "open sesame" not in f"{options!r} {options.shown()}"


def test_rest_describes_every_option() -> None:
    schemas = SPEC["components"]["schemas"]
    assert list(schemas["Share"]["properties"]) == [option.name for option in fields(ShareOptions)]
    assert schemas["Share"]["properties"]["expires_in"]["maximum"] == LONGEST_SESSION
    shown = {*ShareOptions().shown(), "password", "expires_at", "locked"}
    assert set(schemas["Options"]["properties"]) == set(schemas["Options"]["required"]) == shown


def test_python_shows_every_option() -> None:
    own = {"name", "expires", "where", "height"}
    assert set(inspect.signature(share).parameters) == own | {option.name for option in CHOSEN} - {"expires_in"}
    for name in inspect.signature(share).parameters:
        assert f"    {name}: " in (share.__doc__ or "")


@pytest.mark.parametrize("keyword", ["cwd", "while_owned", "expires_in", "aprove"])
def test_python_takes_no_other_option(keyword: str) -> None:
    with pytest.raises(TypeError, match=rf"share\(\) got an unexpected keyword argument '{keyword}'"):
        share(**{keyword: None})  # type: ignore[arg-type]
