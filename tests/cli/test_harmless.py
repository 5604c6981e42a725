"""What a pipe passes on to a terminal."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sshx_jupyter.cli.harmless import FINALS, HarmlessOutput


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b"ls\r\n\x1b[1;32mgreen\x1b[m\tx\b", b"ls\r\n\x1b[1;32mgreen\x1b[m\tx\b"),
        (b"\x1b[38:2::1:2:3mrgb\x1b[2K\x1b[3;4Hthere", b"\x1b[38:2::1:2:3mrgb\x1b[2K\x1b[3;4Hthere"),
        ("é中👍 ©".encode(), "é中👍 ©".encode()),
        (b"a\x1b]52;c;aGk=\x07b\x1b]52;c;aGk=\x1b\\c", b"abc"),  # the clipboard
        (b"a\x1b]2;title\x07b", b"ab"),
        (b"a\x1b[cb\x1b[>cc\x1b[6nd\x1b[?6ne\x05f\x1bZg", b"abcdefg"),  # queries
        (b"a\x1bP$qm\x1b\\b\x1b_x\x1b\\c\x1b^y\x1b\\d\x1bXz\x1b\\e", b"abcde"),
        (b"a\x1b[?1049hb\x1b[?2004hc\x1bcd\x1b(0e\x0ef\x1b[5 qg\x1b[!ph\x1b[8;1;1ti", b"abcdefghi"),  # changes
        (b"a\xc2\x9b6nb\xc2\x9d52;c;aGk=\xc2\x9cc", b"a6nb52;c;aGk=c"),  # C1: text to the person's terminal
        (b"a\xc2\xc2\x9b6nb\xc2\xc2\xa9", "a6nb©".encode()),  # the same after half a character
        (b"a\x1b]52;c;aGk=\x1b[31mb", b"a\x1b[31mb"),  # a string that another sequence ends
        (b"a\x1b[3\x181mb", b"a1mb"),
        (b"a\x1b[" + b"1;" * 1000 + b"mb", b"ab"),
    ],
)
def test_only_text_colors_and_movements_pass(data: bytes, shown: bytes) -> None:
    assert HarmlessOutput().feed(data) == shown
    output = HarmlessOutput()
    assert b"".join(output.feed(bytes((byte,))) for byte in data) == shown


@given(
    st.lists(st.binary(max_size=12) | st.sampled_from([b"\x1b[", b"\x1b]52;", b"\x1b", b"\x9c", b"\xc2", b"6n", b"m"]))
)
def test_nothing_else_passes_however_it_is_cut(pieces: list[bytes]) -> None:
    output = HarmlessOutput()
    shown = b"".join(output.feed(piece) for piece in pieces)
    rest = re.sub(rb"\x1b\[[0-9:;]*[%s]" % re.escape(FINALS), b"", shown)
    assert not re.search(rb"[\x00-\x06\x0b\x0c\x0e-\x1f\x7f]|\xc2[\x80-\x9f]", rest)
    assert HarmlessOutput().feed(b"".join(pieces)) == shown
