"""The share options as flags of the command line and the magic."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

import pytest

from sshx_jupyter.host.share_options import CHOSEN, ShareOptions
from sshx_jupyter.share_flags import add_share_flags, describe_share_flags, read_share_flags


def parse(*words: str, **options: Any) -> ShareOptions:
    parser = ArgumentParser()
    add_share_flags(parser, **options)
    return read_share_flags(parser.parse_args(words), lambda: "asked for")


def test_flags() -> None:
    assert parse() == ShareOptions()
    words = ("--name", "demo", "--terminal", "1", "--terminal", "2", "--read-only", "--approve", "--password")
    expected = ShareOptions(
        "demo", terminals=("1", "2"), read_only=True, approve=True, password="asked for", expires_in=7200
    )
    assert parse(*words, "--expires", "2h") == expected
    assert parse("--name", "") == ShareOptions()
    assert parse("--no-read-only", negatable=True).read_only is False
    assert parse("--no-history") == parse("--no-history", negatable=True) == ShareOptions(history=False)


@pytest.mark.parametrize("words", [("--no-read-only",), ("--expires", "soon"), ("--cwd", "x"), ("--history",)])
def test_there_are_no_other_flags(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(*words)
    assert words[0] in capsys.readouterr().err


def test_a_flag_can_be_left_out() -> None:
    with pytest.raises(SystemExit):
        parse("--terminal", "1", without=("terminals",))


def test_the_help_names_every_flag() -> None:
    lines = describe_share_flags("  ", 20, name="the notebook's name").splitlines()
    assert lines[0] == "  --name NAME       what to call the session (default: the notebook's name)"
    assert [line.split()[0] for line in lines if line[2] == "-"] == [option.metadata["flag"] for option in CHOSEN]
