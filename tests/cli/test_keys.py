"""Keys: nothing is lost or changed on the way, however it is cut into reads, and the menu key is told apart."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sshx_jupyter.cli.grid import Grid
from sshx_jupyter.cli.keys import TYPED, KeyReader, Mouse, Token
from sshx_jupyter.cli.modes import Modes, mouse_input
from sshx_jupyter.screen.screen import GhosttyScreen

keys = st.sampled_from(
    [
        *(
            b"a",
            b"hello",
            "中é".encode(),
            b"\x1b",
            b"\x1b[A",
            b"\x1bOP",
            b"\x1b[15;5~",
            b"\x1bx",
            b"\x1b\x1b",
            b"\r",
            b"\x1d",
        ),
        *(
            b"\x1b[<0;10;20M",
            b"\x1b[<35;1;1m",
            b"\x1b[200~pasted \x1d\x1b[A\x1b[201~",
            b"\x1b[I",
            b"\x1b[",
            b"\x1b[<0;1",
        ),
    ]
)


@given(st.lists(keys, max_size=20).map(b"".join), st.lists(st.integers(0, 200), max_size=6))
def test_every_byte_comes_through_however_it_is_cut(data: bytes, cuts: list[int]) -> None:
    reader, got = KeyReader(), bytearray()
    edges = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    for start, end in itertools.pairwise(edges):
        for token in reader.feed(data[start:end], 0.0):
            got += token.raw
    for token in reader.flush():
        got += token.raw
    assert bytes(got) == data


@pytest.mark.parametrize("raw", [b"\x1d", b"\x1b[93;5u", b"\x1b[27;5;93~"])
def test_the_menu_key_in_all_its_forms(raw: bytes) -> None:
    assert [token.menu for token in KeyReader().feed(b"a" + raw + b"b", 0.0)] == [False, True, False]


def test_the_menu_key_in_a_paste_is_none() -> None:
    assert not any(token.menu for token in KeyReader().feed(b"x\x1d" * TYPED, 0.0))
    reader = KeyReader()
    tokens = [reader.feed(b"x" * (TYPED + 1), 1.0), reader.feed(b"\x1d]", 1.01), reader.feed(b"\x1d", 1.2)]
    assert [[token.menu for token in part] for part in tokens] == [[False], [False], [True]]
    reader = KeyReader()
    parts = [reader.feed(part, 0.0) for part in (b"\x1b[200~abc", b"\x1d", b"\x1b[20", b"1~", b"\x1d")]
    assert [token.menu for tokens in parts for token in tokens] == [False, False, False, False, True]


def test_escape_waits_for_what_may_follow() -> None:
    reader = KeyReader()
    assert reader.feed(b"\x1b", 0.0) == []
    assert reader.unfinished
    assert reader.feed(b"[A", 0.0) == [Token(b"\x1b[A")]
    reader.feed(b"\x1b", 0.0)
    assert [token.name for token in reader.flush()] == ["escape"]


def test_what_tokens_are() -> None:
    assert [token.name for token in KeyReader().feed(b"\x1b[5~\x1bOA\r\x7f", 0.0)] == [
        "pageup",
        "up",
        "enter",
        "backspace",
    ]
    assert Token("é".encode()).text == "é"
    assert KeyReader().feed(b"\x1b[200~two\nlines\x1b[201~", 0.0)[0].text == "two lines"
    assert Token(b"\x1b[A").text == ""
    assert Token(b"\x1b[<64;3;4M").mouse == Mouse(64, 2, 3, False)
    assert Token(b"\x1b[A").mouse is None


@pytest.mark.parametrize(
    ("modes", "mouse", "expected"),
    [
        ("", Mouse(0, 4, 5, False), b""),
        ("9", Mouse(0, 4, 5, False), b"\x1b[M %&"),
        ("9", Mouse(0, 4, 5, True), b""),
        ("9", Mouse(64, 4, 5, False), b""),
        ("1000", Mouse(0, 4, 5, False), b"\x1b[M %&"),
        ("1000", Mouse(0, 4, 5, True), b"\x1b[M#%&"),
        ("1000", Mouse(0, 300, 5, False), b""),
        ("1000;1005", Mouse(0, 300, 5, False), b"\x1b[M " + chr(333).encode() + b"&"),
        ("1000;1006", Mouse(64, 300, 5, False), b"\x1b[<64;301;6M"),
        ("1002;1006", Mouse(32, 4, 5, True), b"\x1b[<32;5;6m"),
        ("1003;1015", Mouse(35, 4, 5, False), b"\x1b[67;5;6M"),
        ("1003;1016", Mouse(0, 4, 5, False), b"\x1b[<0;33;81M"),
    ],
)
def test_the_mouse_is_reported_as_the_program_wants(modes: str, mouse: Mouse, expected: bytes) -> None:
    screen = GhosttyScreen(10, 400)
    for mode in filter(None, modes.split(";")):
        screen.feed(f"\x1b[?{mode}h".encode())
    assert mouse_input(Grid(screen, lambda: None), mouse, mouse.x, mouse.y) == expected


def test_modes_are_followed_and_undone() -> None:
    screen = GhosttyScreen(10, 40)
    grid, modes = Grid(screen, lambda: None), Modes()
    modes.follow(grid)
    screen.feed(b"\x1b[?1h\x1b=\x1b[?2004h\x1b[?1004h\x1b[?1002h\x1b[>1u")
    on = modes.follow(grid)
    for sequence in (b"\x1b[?1h", b"\x1b=", b"\x1b[?2004h", b"\x1b[?1004h", b"\x1b[?1002h\x1b[?1006h", b"\x1b[>1u"):
        assert sequence in on
    assert modes.follow(grid) == b""
    off = modes.follow(None)
    for sequence in (b"\x1b[?1l", b"\x1b>", b"\x1b[?2004l", b"\x1b[?1004l", b"\x1b[?1006l\x1b[?1002l", b"\x1b[<u"):
        assert sequence in off
