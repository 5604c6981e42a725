"""A snapshot must give any viewer the host's screen: equal when it arrives, and after everything that follows."""

from __future__ import annotations

import os
import re
import select
import sys
import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sshx_jupyter.screen import screen as screen_module
from sshx_jupyter.screen.screen import GhosttyScreen, LogScreen, new_screen
from sshx_jupyter.screen.snapshot import MAX_SCROLLBACK
from tests.screens import assert_same_screen, line, row, state, wraps

ptyprocess = pytest.importorskip("ptyprocess")

DIRTY = (
    b"\x1b[?1049h\x1b[41mdirty\x1b[2;3r\x1b[?6h\x1b[4h\x1b(0\x1b[?2026h\x1b[?7l\x1b[?1003h\x1b[?2004h\x1b[>9u"
    b"\x1b]2;old\x07\x1b]4;1;#010203\x07\x1b]11;#040506\x07\x1b[3g\x1b[3 q\x1b[?25l\x1b]8;;http://old\x07\x1b[2;2H"
)
VIEWERS = [b"", DIRTY, DIRTY + b"\x1b]0;unfinis", DIRTY + b"\xe4\xb8", b"\r\nold" * 99, DIRTY + b"\x1b[?1049l"]


def fed(data: bytes, rows: int = 6, cols: int = 20, scrollback: int = 10_000) -> GhosttyScreen:
    screen = GhosttyScreen(rows, cols, scrollback)
    screen.feed(data)
    return screen


def check(data: bytes, rest: bytes = b"", rows: int = 6, cols: int = 20, *, same_wraps: bool = True) -> None:
    """Every kind of viewer has the screen after `data`, and still has it after `rest`."""
    for before in VIEWERS:
        host, viewer = fed(data, rows, cols), fed(before, rows, cols)
        viewer.feed(host.snapshot())
        assert not viewer._terminal.mode(2026)
        assert_same_screen(viewer, host)
        assert wraps(viewer) == wraps(host) or not same_wraps
        host.feed(rest)
        viewer.feed(rest)
        assert_same_screen(viewer, host)
        visible = fed(before, rows, cols)
        again = fed(data, rows, cols)
        visible.feed(again.snapshot(scrollback=False))
        assert_same_screen(visible, again, scrollback=False)
        assert visible._terminal.total_rows == rows or again._terminal.active_screen


CASES: dict[str, tuple[bytes, bytes]] = {
    "nothing": (b"", b"x"),
    "text": (b"hello\r\nworld", b"\r\n!"),
    "trailing blank rows": (b"a\r\n\r\n\r\nb\x1b[2;3H", b"x\n\n\n\n\n\n\ny"),
    "all blank but the end": (b"\x1b[6;20Hx", b"y"),
    "scrolled": (b"".join(b"%d\r\n" % i for i in range(50)), b"51\r\n52"),
    "colors": (b"\x1b[31mr\x1b[92mg\x1b[38;5;99mp\x1b[38;2;1;2;3mt\x1b[44;1mB\x1b[49mn", b"x"),
    "attributes": (b"".join(b"\x1b[0;%dmx" % n for n in (1, 2, 3, 4, 5, 7, 8, 9, 21, 53)), b"y"),
    "underlines": (b"".join(b"\x1b[4:%d;58;5;%dmx" % (n, n) for n in range(1, 6)) + b"\x1b[58;2;1;2;3my", b"z"),
    "gap after a highlight": (b"\x1b[41mred\x1b[0m\x1b[10Gplain\r\n\x1b[7minv\x1b[9Ginv\r\n\x1b[4mu\tu", b"x"),
    "gap in a wrapped highlight": (b"\n\n\n\n\x1b[41m" + b"x" * 25 + b"\x1b[0m\x1b[12Gy\x1b[1A\x1b[2G", b"z"),
    "background without text": (b"\x1b[44m\x1b[K\r\n\x1b[0m\x1b[3;5H\x1b[48;2;9;8;7m\x1b[4X\x1b[0m\x1b[5;1H", b"x"),
    "background wraps at the bottom": (b"\n" * 30 + b"\x1b[41m" + b"x" * 25 + b"\x1b[0m", b"\r\ny"),
    "background wraps": (b"\r\n" * 12 + b"\x1b[2;1H\x1b[41m" + b"x" * 25 + b"\x1b[0m", b"y"),
    "wide": (("中文字" * 9).encode(), b"x"),
    "wide does not fit": (("x" + "中文字" * 9).encode(), "中".encode()),
    "graphemes": ("e\u0301 👩‍👩‍👧 🇩🇪 ❤️ 👍🏽 x".encode(), "\u0301".encode()),
    "half a wide character": ("中文\x1b[1;2Hx\x1b[1;4H".encode(), b"y"),
    "wrapped": (b"x" * 70, b"y"),
    "wrapped, row erased": (b"x" * 40 + b"\x1b[2;1H\x1b[2K", b"y"),
    "wrapped, end erased": (b"x" * 40 + b"\x1b[1;20H\x1b[X", b"y"),
    "wrapped onto itself": (b"\x1b[1;4rab\x1b[6;1H" + b"-" * 45, b"y"),
    "wrapped, first row deleted": (b"abc\r\n" + b"x" * 40 + b"\x1b[2;1H\x1b[M", b"y"),
    "pending wrap": (b"x" * 20, b"y"),
    "pending wrap, wide": ("中".encode() * 10, b"y"),
    "pending wrap, linked": (b"\x1b]8;;http://a\x07\x1b[1;31m" + b"x" * 20, b"y"),
    "hyperlinks": (
        b"\x1b]8;;http://a\x07link\x1b]8;;\x07 no \x1b]8;;http://b\x07" + b"L" * 30 + b"\x1b]8;;\x07.",
        b"x",
    ),
    "open hyperlink": (b"\x1b]8;id=q;http://a\x07op", b"en"),
    "scroll region": (b"1\r\n2\r\n3\x1b[2;4r\x1b[3;3H", b"\n\n\nx\x1bM\x1bM\x1bMy"),
    "origin mode": (b"\x1b[2;4r\x1b[?6h\x1b[2;3Hxx", b"\n\n\nyy\x1b[1;1Hz"),
    "left and right margins": (b"\x1b[?69h\x1b[3;8s\x1b[2;3Habcdefghijk", b"zz\r\n\n\nq"),
    "tab stops": (b"\x1b[3gab\x1b[5G\x1bHx", b"\r\t|\t|"),
    "line drawing": (b"\x1b(0lqk", b"qq\x1b(Bq"),
    "line drawing in G1": (b"\x1b)0a\x0eq", b"q\x0fq"),
    "protected": (b'\x1b[1"qab', b'\x1b[0"qc'),
    "saved cursor": (b"ab\x1b[3;3H\x1b[32m\x1b7\x1b[0m\x1b[5;5Hx", b"\x1b8y"),
    "saved at pending wrap": (b"\x1b[1;20Hx\x1b7\x1b[3;3H", b"\x1b8y"),
    "saved in line drawing": (b"\x1b(0\x1b7\x1b(Bq", b"q\x1b8q"),
    "saved with origin mode": (b"\x1b[2;4r\x1b[?6h\x1b[2;2H\x1b7\x1b[?6l\x1b[r\x1b[5;5H", b"x\x1b8\x1b[1;1Hy"),
    "cursor styles": (b"\x1b[3 q", b"x"),
    "steady bar": (b"\x1b[6 q\x1b[?25l", b"x"),
    "modes": (
        b"\x1b[?1h\x1b=\x1b[?2004h\x1b[?1002h\x1b[?1006h\x1b[?1004h\x1b[20h\x1b[?1007l\x1b[?5h\x1b[?2031h",
        b"x\ny",
    ),
    "insert": (b"abc\x1b[1G\x1b[4h", b"xy"),
    "insert at the edge": (b"x" * 20 + b"\x1b[4h", b"y"),
    "no wraparound": (b"\x1b[?7l" + b"x" * 25, b"yz\x1b[?7hab"),
    "synchronized output": (b"a\x1b[?2026hb", b"c\x1b[?2026l"),
    "keyboard flags": (b"\x1b[>1u\x1b[>0u\x1b[>5u", b"\x1b[<u\x1b[<u"),
    "modifyOtherKeys": (b"\x1b[>4;2m", b"x"),
    "title": (b"\x1b]0;tit\xe4\xb8\xad\x07", b"\x1b]2;\x07"),
    "changed colors": (
        b"\x1b]4;1;#ff0000;200;#010203\x1b\\\x1b]10;#111111\x07\x1b]11;#123456\x07\x1b]12;#f0f0f0\x07",
        b"x",
    ),
    "repeat": (b"\x1b[3;1Hbelow\x1b[1;1H\x1b[31ma", b"\x1b[5b"),
    "repeat with G1 set": (b"\x1b)0\x1b(B-", b"\x1b[5b"),
    "joined later": ("👩\u200d".encode(), "👧x".encode()),
    "no clustering": ("\x1b[?2027l👩‍👧❤️".encode(), "👩‍👧".encode()),
    "1049": (b"prim\x1b[31m\x1b[?1049h\x1b[2J\x1b[Halt\x1b[0m", b"x\x1b[?1049lback"),
    "1049 with others": (b"prim\x1b[4;4H\x1b[?1;1049;25h\x1b[Halt", b"x\x1b[?1049;1lback"),
    "1049 over scrollback": (b"".join(b"%d\r\n" % i for i in range(50)) + b"\x1b[?1049halt", b"\x1b[?1049lback\r\nx"),
    "1049 with links below": (b"\x1b]8;;http://a\x07l\x1b]8;;\x07\x1b[41m\x1b[K\x1b[?1049h", b"\x1b[0m\x1b[?1049lx"),
    "1049 and states of both": (
        b"ab\x1b[>1u\x1b[32m\x1b[3;4H\x1b[?1049h\x1b[>3u\x1b[5;5H\x1b[31m\x1b7\x1b[0m\x1b[2;4r\x1b[6 q\x1b[?25lx",
        b"\x1b8y\x1b[<u\x1b[r\x1b[?25h\x1b[0m\x1b[?1049lback",
    ),
    "1047": (b"prim\x1b[31m\x1b[?1047h\x1b[2J\x1b[Halt", b"\x1b[?1047lback"),
    "47": (b"prim\x1b[31m\x1b[?47h\x1b[2J\x1b[Halt", b"\x1b[?47lback"),
    "full reset": (b"\x1b[31mx\x1b[?1049hy\x1bcz", b"\x1b8x"),
}
LOSES_WRAPS = {"wrapped onto itself", "wrapped, first row deleted", "wrapped, row erased", "wrapped, end erased"}


@pytest.mark.parametrize("name", CASES)
def test_snapshot_gives_the_same_screen(name: str) -> None:
    data, rest = CASES[name]
    check(data, rest, same_wraps=name not in LOSES_WRAPS)


def test_long_lines() -> None:
    host = fed(b"".join(b"%d \x1b[3%dm%s\x1b[0m\r\n" % (n, n % 8, b"word " * n) for n in range(80)), 30, 200)
    viewer = fed(DIRTY, 30, 200)
    viewer.feed(host.snapshot())
    assert_same_screen(viewer, host)
    assert wraps(viewer) == wraps(host)


def test_every_cut_of_a_stream() -> None:
    """Sequences and characters split at any byte go on in the viewer as they do in the host."""
    stream = (
        "ab\x1b[1;31mé中\x1b]0;tïtle\x07\x1b[0m👩‍👧x\r\n\x1b]8;;http://a/ü\x1b\\L\x1b]8;;\x1b\\\x1b[2;4r\x1b[?6h"
        "\x1bP$qm\x1b\\\x1b_Gi=1;AAAA\x1b\\\x1b[38:2::1:2:3mz\x1b[3b\x1b(0qq\x1b(B\x1b[?1049;1h\x1b[Hé\x1b7\x1b[5;5H"
        "\x1b#8\x1b8\x1b[?1049l\x1b[4:3;58:5:9mu\x1b[r\x1b[6;19H中文\x1b[>5u\x1b[!p\x1b[2 qend"
    ).encode()
    for cut in range(len(stream) + 1):
        host, viewer = fed(stream[:cut], 6, 20), fed(DIRTY, 6, 20)
        viewer.feed(host.snapshot())
        assert_same_screen(viewer, host)
        host.feed(stream[cut:])
        viewer.feed(stream[cut:])
        try:
            assert_same_screen(viewer, host)
        except AssertionError as error:
            raise AssertionError(f"cut after {stream[:cut]!r}") from error


# -- real programs


class Program:
    """A program in a PTY whose output is fed to a screen, which answers it."""

    def __init__(self, argv: list[str], rows: int, cols: int) -> None:
        env = {**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "VIMINIT": ""}
        self.screen = GhosttyScreen(rows, cols)
        self.screen.feed(b"$ ls\r\n\x1b[1;34mdir\x1b[0m file\r\n" * 20 + b"$ program\r\n")
        self.process = ptyprocess.PtyProcess.spawn(argv, dimensions=(rows, cols), env=env)
        self.output = b""

    def until(self, text: str, again: bytes = b"") -> None:
        """Reads until the screen shows `text` (or, without one, the program has ended); types `again` meanwhile."""
        deadline = time.monotonic() + 60
        while not (text and text in self.screen.text()):
            assert time.monotonic() < deadline, f"no {text!r} in\n{self.screen.text()}"
            if not select.select([self.process.fd], [], [], 0.5)[0]:
                self.process.write(again)
                continue
            try:
                data = os.read(self.process.fd, 65536)
            except OSError:
                data = b""
            if not data:
                assert not text
                return
            self.output += data
            reply = self.screen.feed(data)
            if reply:
                os.write(self.process.fd, reply)

    def type(self, keys: bytes) -> None:
        self.process.write(keys)

    def close(self) -> None:
        self.process.terminate(force=True)
        self.screen.close()


@pytest.fixture
def program(request: pytest.FixtureRequest, tmp_path) -> Iterator[Program]:  # type: ignore[no-untyped-def]
    import shutil

    argv = [str(tmp_path / part) if part == "FILE" else part for part in request.param]
    assert shutil.which(argv[0]), f"please install {argv[0]}"
    lines = [f"def function_{n}(): return 'caf\u00e9 中文' # {n}" for n in range(200)]
    (tmp_path / "FILE").write_text("\n".join(lines), encoding="utf-8")
    running = Program(argv, 24, 80)
    yield running
    running.close()


VIM = ["vim", "-u", "NONE", "-i", "NONE", "-N", "-c", "set hls nu cursorline | syntax on | set t_Co=256", "FILE"]


def viewer_of(host: GhosttyScreen) -> GhosttyScreen:
    viewer = GhosttyScreen(host.rows, host.cols)
    viewer.feed(DIRTY)
    viewer.feed(host.snapshot())
    assert_same_screen(viewer, host)
    assert wraps(viewer) == wraps(host)
    return viewer


@pytest.mark.parametrize("program", [VIM], indirect=True)
def test_vim(program: Program) -> None:
    program.until("function_0")
    first = viewer_of(program.screen)
    program.output = b""
    program.type(b"/function_4.\r")
    program.until("/function_4")
    program.type(b":vsplit\r:120\r")
    program.until("function_119")
    first.feed(program.output)
    assert_same_screen(first, program.screen)
    second = viewer_of(program.screen)
    program.output = b""
    program.type(b":qa!\r")
    program.until("")
    for viewer in (first, second):
        viewer.feed(program.output)
        assert_same_screen(viewer, program.screen)
    assert program.screen._terminal.active_screen == 0
    assert "$ program" in program.screen.text()
    assert program.screen._terminal.total_rows > 24


@pytest.mark.parametrize("program", [VIM], indirect=True)
def test_vim_is_resized_and_quits(program: Program) -> None:
    program.until("function_0")
    for rows, cols in ((30, 100), (10, 40), (24, 80)):
        program.process.setwinsize(rows, cols)
        program.screen.resize(rows, cols)
        program.until(f"columns={cols}", again=b"\x1b:set columns?\r")
        viewer = viewer_of(program.screen)
    program.output = b""
    program.type(b":qa!\r")
    program.until("")
    viewer.feed(program.output)
    assert_same_screen(viewer, program.screen)
    assert "$ program" in program.screen.text()


@pytest.mark.parametrize(("program", "shown"), [(["htop"], "PID"), (["top"], "PID")], indirect=["program"])
def test_full_screen_programs(program: Program, shown: str) -> None:
    program.until(shown)
    viewer = viewer_of(program.screen)
    program.output = b""
    program.type(b"q")
    program.until("")
    viewer.feed(program.output)
    assert_same_screen(viewer, program.screen)


# -- hypothesis

_NUMBER = st.sampled_from([b"", b"1", b"2", b"3", b"5", b"9", b"12", b"30"])
_SGR = st.sampled_from(
    b"0 1 2 3 4 4:3 5 7 8 9 21 22 24 27 31 41 39 49 53 55 97 104 38;5;99 48;2;1;2;3 58;5;7 48:5:9".split()
)
_TEXT = [b"hello", b"a", b" ", b"  x  ", b"the quick brown fox", "中文".encode(), "😀".encode(), "e\u0301".encode()]
_TEXT += ["👩‍👩‍👧".encode(), "❤️".encode(), "🇩🇪".encode(), b"-" * 25, "宽".encode() * 13, b"x" * 40, b"ab\x1b[3b"]
_FIXED = b"\r\n|\n|\r|\x08|\x1bM|\x1bD|\x1bE|\t|\x1bH|\x1b[g|\x1b[3g|\x1b[Z|\x1b7|\x1b8|\x1b=|\x1b>|\x1b#8|\x1bc".split(
    b"|"
)
_FIXED += [b"\x1b(0qx\x1b(B", b"\x1b)0", b"\x0eqx\x0f", b"\x1b[2 q", b"\x1b[5 q", b"\x1b[?69h\x1b[3;9s", b"\x1b[?69l"]
_FIXED += [b"\x1b[?1049h", b"\x1b[0m\x1b[?1049l", b"1\r\n2\r\n3\r\n4\r\n5\r\n6\r\n7\r\n"]
_OSC = [
    b"0;title",
    b"2;other \xe4\xb8\xad",
    b"8;;http://x/y",
    b"8;;",
    b"8;id=a;http://z",
    b"4;3;#102030",
    b"104",
    b"11;#123",
]
_MODE = b"1 5 6 7 25 45 66 1000 1004 1006 2004 2026".split()
PIECES = st.one_of(
    st.sampled_from(_TEXT),
    st.sampled_from(_TEXT),
    st.lists(_SGR, min_size=1, max_size=3).map(lambda parts: b"\x1b[" + b";".join(parts) + b"m"),
    st.builds(lambda a, b: b"\x1b[" + a + b";" + b + b"H", _NUMBER, _NUMBER),
    st.builds(lambda a, f: b"\x1b[" + a + f, _NUMBER, st.sampled_from([bytes([c]) for c in b"ABCDEFGdaeLMP@XST"])),
    st.sampled_from([b"\x1b[J", b"\x1b[1J", b"\x1b[2J", b"\x1b[K", b"\x1b[1K", b"\x1b[2K"]),
    st.builds(lambda a, b: b"\x1b[" + a + b";" + b + b"r", _NUMBER, _NUMBER),
    st.sampled_from(_FIXED),
    st.builds(lambda m, v: b"\x1b[?" + m + v, st.sampled_from(_MODE), st.sampled_from([b"h", b"l"])),
    st.sampled_from([b"\x1b[4h", b"\x1b[4l", b"\x1b[20h", b"\x1b[20l"]),
    st.builds(lambda o, t: b"\x1b]" + o + t, st.sampled_from(_OSC), st.sampled_from([b"\x07", b"\x1b\\"])),
)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(
    st.lists(PIECES, max_size=30).map(b"".join),
    st.lists(PIECES, max_size=15).map(b"".join),
    st.lists(PIECES, max_size=10).map(b"".join),
    st.sampled_from([(5, 20), (6, 13), (3, 8), (4, 40)]),
    st.integers(0, 10),
)
def test_any_output(data: bytes, rest: bytes, before: bytes, size: tuple[int, int], held_back: int) -> None:
    """Whatever was printed, wherever it is cut: equal now, equal after what follows, with a viewer in any state."""
    data, rest = data[: len(data) - held_back], data[len(data) - held_back :] + rest if held_back < len(data) else rest
    host, viewer = fed(data, *size), fed(before, *size)
    viewer.feed(host.snapshot())
    assert_same_screen(viewer, host)
    visible = fed(before, *size)
    visible.feed(host.snapshot(scrollback=False))
    assert_same_screen(visible, host, scrollback=False)
    host.feed(rest)
    viewer.feed(rest)
    assert_same_screen(viewer, host)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(st.lists(st.binary(max_size=60), max_size=12))
def test_hostile_bytes_never_raise(chunks: list[bytes]) -> None:
    screen = GhosttyScreen(5, 20)
    for chunk in chunks:
        assert isinstance(screen.feed(chunk), bytes)
        assert isinstance(screen.snapshot(), bytes)
        assert isinstance(screen.text(), str)
        screen.title.encode()


# -- blank snapshots

SECRETS: dict[str, tuple[bytes, bytes]] = {
    "text": (b"hunter2\r\nhunter2$ ", b"x"),
    "scrollback": (b"hunter2\r\n" * 50, b"\x1b[9Sx"),
    "title": (b"\x1b]2;hunter2\x07", b"\x1b[21tx"),
    "before the cursor": (b"hunter2", b"\x1b[3b\xcc\x81"),  # REP, and a combining character
    "pending wrap": (b"x" * 13 + b"hunter2", b"y"),
    "saved with pending wrap": (b"x" * 13 + b"hunter2\x1b7\x1b[H", b"\x1b8y"),
    "alternate": (
        b"hunter2\r\n\x1b[?1049h\x1b[?1h\x1b=\x1b[?1002h\x1b[?1006h\x1b[?2004h\x1b[3;4Hhunter2",
        b"\x1b[?1049lx",
    ),
    "below the alternate": (b"x" * 13 + b"hunter2\x1b7\x1b[?1049h", b"\x1b[?1049ly"),
    "link": (b"\x1b]8;;http://hunter2\x07a", b"b"),
    "unfinished title": (b"a\x1b]2;hunter2", b"hunter3\x07b"),
    "title to be ended": (b"a\x1b]2;hunter2\x1b", b"\\b"),
    "unfinished DCS": (b"a\x1bPqhunter2", b"hunter3\x07hunter3\x1b\\b"),
    "unfinished APC": (b"a\x1b_Ghunter2", b"hunter3\x1b\\b"),
    "too long": (b"a\x1b]52;c;" + b"hunter2" * 200_000, b"hunter2\x07b"),
    "directory": (b"\x1b]7;file://host/hunter2\x07", b"x"),
    "marks": (b"\x1b]133;A;aid=hunter2\x07$ \x1b]133;B\x07", b"\x1b[2Jx"),
    "clipboard": (b"\x1b]52;c;hunter2\x07", b"x"),
}


@pytest.mark.parametrize("name", SECRETS)
def test_a_blank_snapshot_holds_nothing_that_was_printed(name: str) -> None:
    data, rest = SECRETS[name]
    host = fed(data)
    blank = host.blank_snapshot()
    assert b"hunter2" not in blank
    for before in VIEWERS:
        viewer = fed(before)
        viewer.feed(blank)
        assert viewer.text() == viewer.title == ""
        viewer.feed(rest)
        assert viewer.text().strip() in ("", "b", "x", "y")
        assert viewer.title == ""


BLANK_PROMPT = b"user@host:~/work$ "


def test_a_blank_snapshot_leaves_the_prompt_where_it_is() -> None:
    host = fed(b"one\r\ntwo\r\n" + BLANK_PROMPT)
    viewer = fed(DIRTY)
    viewer.feed(host.blank_snapshot())
    assert viewer.cursor == host.cursor == (len(BLANK_PROMPT), 2)
    viewer.feed(b"l\x08ls\r\nFILE\r\n$ ")
    assert viewer.text().split() == ["ls", "FILE", "$"]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(st.lists(PIECES, max_size=30).map(b"".join), st.sampled_from([(5, 20), (6, 13), (3, 8)]), st.integers(0, 10))
def test_a_blank_snapshot_of_any_output(data: bytes, size: tuple[int, int], held_back: int) -> None:
    """Empty screens, and otherwise the same state."""
    host, viewer = fed(data[: max(0, len(data) - held_back)], *size), fed(DIRTY, *size)
    viewer.feed(host.blank_snapshot())
    got, want = state(viewer), state(host)
    for known in (got, want):
        known["pen"] = re.sub(rb"\x1b\]8;.*?\x1b\\", b"", known["pen"])
        del known["title"], known["unfinished"]
    assert got == want
    for screen in (b"", b"\x18\x1b[?1049l"):
        viewer.feed(screen)
        empty = fed(b"", *size)
        assert viewer._terminal.total_rows == size[0]
        assert [row(viewer._terminal, y) for y in range(size[0])] == [row(empty._terminal, y) for y in range(size[0])]


@pytest.mark.parametrize("program", [VIM], indirect=True)
def test_a_blank_snapshot_of_vim(program: Program) -> None:
    """Vim's next keys do in the viewer what they do in its terminal, and leaving it shows nothing older."""
    program.until("function_0")
    viewer = fed(DIRTY, 24, 80)
    viewer.feed(program.screen.blank_snapshot())
    assert (viewer.text(), viewer._terminal.active_screen) == ("", 1)
    program.output = b""
    program.until("changed", again=b"\x1b:echo 'chan'.'ged'\r")
    viewer.feed(program.output)
    assert "changed" in viewer.text()
    assert "function_0" not in viewer.text()
    program.output = b""
    program.until("redrawn", again=b"\x0c:echo 'redr'.'awn'\r")
    viewer.feed(program.output)
    assert "function_0" in viewer.text()
    assert_same_screen(viewer, program.screen, scrollback=False)
    program.output = b""
    program.type(b":qa!\r")
    program.until("")
    viewer.feed(program.output)
    assert viewer._terminal.active_screen == 0
    assert "program" not in viewer.text()


# -- bounds


def test_scrollback_is_kept_in_full_and_no_more() -> None:
    for cols in (20, 80, 300):
        host = fed(b"".join(b"%d\r\n" % i for i in range(30_000)), 24, cols)
        viewer = fed(b"", 24, cols)
        viewer.feed(host.snapshot())
        assert viewer._terminal.total_rows == 10_000 + 24
        assert line(row(viewer._terminal, 0)) == str(30_000 - 10_000 - 23)


def test_scrollback_of_a_chosen_length() -> None:
    host = fed(b"".join(b"%d\r\n" % i for i in range(5000)), scrollback=7)
    viewer = fed(b"")
    viewer.feed(host.snapshot())
    assert viewer._terminal.total_rows == 7 + 6
    none = fed(b"".join(b"%d\r\n" % i for i in range(500)), scrollback=0)
    viewer.feed(none.snapshot())
    assert viewer._terminal.total_rows == 6
    assert_same_screen(viewer, none, scrollback=False)


def test_huge_scrollback_is_cut_at_a_line() -> None:
    colors = b"".join(b"\x1b[38;2;%d;%d;7mx" % (n % 256, n % 7) for n in range(299))
    host = fed(b"".join(b"%d " % n + colors[:-20] + b"\x1b[0m\r\n" for n in range(4000)), 10, 310)
    data = host.snapshot()
    assert MAX_SCROLLBACK * 0.9 < len(data) < MAX_SCROLLBACK + (1 << 17)
    viewer = fed(b"", 10, 310)
    viewer.feed(data)
    newest = viewer._terminal.total_rows
    for y in (0, 1, newest // 2, newest - 2):
        skipped = host._terminal.total_rows - newest
        assert row(viewer._terminal, y) == row(host._terminal, y + skipped)


def test_unfinished_sequence_too_long_to_replay_is_swallowed() -> None:
    host = fed(b"before\x1b]52;c;" + b"A" * (2 << 20))
    viewer = fed(DIRTY)
    viewer.feed(host.snapshot())
    for screen in (host, viewer):
        screen.feed(b"AAAA\x07after")
    assert viewer.text() == host.text() == "beforeafter"


def test_only_changed_palette_entries_are_sent() -> None:
    data = fed(b"\x1b[31mx\x1b]4;7;#010203\x07").snapshot()
    assert data.count(b"\x1b]4;") == 1


def test_speed_of_feed_is_that_of_the_parser() -> None:
    """No more than a call: copying or scanning the bytes would show here."""
    from sshx_jupyter.screen.ghostty import lib

    data = (b"line of text \x1b[32mgreen\x1b[0m and more\r\n" * 200)[:4096]
    screen = fed(b"", 24, 80)

    handle = screen._terminal._handle

    def took(run: Callable[[bytes], object]) -> float:
        start = time.thread_time()  # not the wall's: being held up by other programs is no work
        for _ in range(300):
            run(data)
        return time.thread_time() - start

    def alone(chunk: bytes) -> None:
        lib.ghostty_terminal_vt_write(handle, chunk, len(chunk))

    rounds = [(took(screen.feed), took(alone)) for _ in range(9)]  # by turns: the machine's own speed varies
    fastest, bare = map(min, zip(*rounds, strict=True))
    assert fastest < 1.5 * bare


# -- the rest of a screen


def test_replies_go_to_the_program() -> None:
    screen = fed(b"ab")
    assert screen.feed(b"x\x1b[6n") == b"\x1b[1;4R"
    assert screen.feed(b"x") == b""
    assert screen.feed(b"\x1b[5n\x1b[6n") == b"\x1b[0n\x1b[1;5R"


def test_title_is_one_clean_line() -> None:
    assert fed(b"").title == ""
    assert fed(b"\x1b]0;one\x07\x1b]2;two \xe4\xb8\xad\x1b\\").title == "two 中"
    assert fed("\x1b]2;a\u202eb\u0085c\x07".encode()).title == "abc"
    assert len(fed(b"\x1b]2;" + b"x" * 5000 + b"\x07").title) <= 1024


def test_text_and_cursor() -> None:
    screen = fed(b"1\r\n2\r\n3\r\n4\r\n5\r\n6\r\n7 \xe4\xb8\xad\x1b[31m x  ")
    assert screen.text() == "2\n3\n4\n5\n6\n7 中 x"
    assert screen.cursor == (8, 5)
    assert (screen.rows, screen.cols) == (6, 20)
    screen.resize(8, 30)
    assert (screen.rows, screen.cols) == (8, 30)


def test_programs_cannot_resize_a_shell() -> None:
    screen = fed(b"\x1b[?40h\x1b[?3hwide")
    viewer = fed(b"")
    viewer.feed(screen.snapshot())
    assert_same_screen(viewer, screen)
    assert screen._terminal.cols == 20


def test_closed_screen() -> None:
    screen = fed(b"x")
    screen.close()
    screen.close()
    assert screen.feed(b"y") == b""
    with pytest.raises(RuntimeError):
        screen.text()


def test_new_screen_falls_back_without_the_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(new_screen(24, 80), GhosttyScreen)
    monkeypatch.delitem(sys.modules, "sshx_jupyter.screen.ghostty")
    monkeypatch.delattr(screen_module.__package__ + ".ghostty", raising=False)
    monkeypatch.setitem(sys.modules, "pyghostty", None)
    monkeypatch.setitem(sys.modules, "pyghostty._ffi", None)
    assert isinstance(new_screen(24, 80), LogScreen)


# -- without libghostty


def test_log_screen_replays_what_it_has() -> None:
    log = LogScreen(6, 20)
    for part in (b"hello\r\n", b"\x1b[31mwor", b"ld"):
        assert log.feed(part) == b""
    viewer, host = fed(DIRTY), fed(b"hello\r\n\x1b[31mworld")
    viewer.feed(log.snapshot())
    assert viewer.text() == host.text()
    assert viewer.cursor == host.cursor
    assert (log.text(), log.cursor) == ("", (0, 0))


def test_log_screen_is_bounded_and_cut_at_lines() -> None:
    log = LogScreen(6, 20)
    for n in range(400_000):
        log.feed(b"line %d\r\n" % n)
    full, visible = log.snapshot(), log.snapshot(scrollback=False)
    assert LogScreen.MAX_LOG * 0.99 < len(full) < LogScreen.MAX_LOG + 100
    assert LogScreen.MAX_VISIBLE * 0.99 < len(visible) < LogScreen.MAX_VISIBLE + 100
    for data in (full, visible):
        assert data.endswith(b"line 399999\r\n")
        assert data.split(b"\x1b[3J")[1].startswith(b"line ")
    log.feed(b"x" * (5 << 20))
    assert len(log.snapshot()) <= LogScreen.MAX_LOG + 100


def test_log_screen_title() -> None:
    log = LogScreen(6, 20)
    for part in (b"a\x1b", b"]0;on", b"e\x07b", b"\x1b]2;two\x1b\\c\x1b]2;thr"):
        log.feed(part)
    assert log.title == "two"
    log.feed(b"ee\x1b\\")
    assert log.title == "three"
    log.feed(b"\x1b]2;" + b"x" * 9000)
    log.feed(b"\x07")
    assert log.title == "three"


def test_log_screen_keeps_the_modes_alone() -> None:
    log = LogScreen(6, 20)
    log.feed(b"\x1b[?1000h\x1bc\x1b]2;hunter2\x07hunter2\x1b[?1h\x1b[?1049;25;9999h\x1b[?2004h\x1b[?25l\x1b[?1")
    blank = log.blank_snapshot()
    viewer = fed(DIRTY)
    viewer.feed(blank)
    assert (viewer.text(), viewer.title, viewer._terminal.active_screen) == ("", "", 1)
    assert [mode for mode in (1, 25, 1000, 2004) if viewer._terminal.mode(mode)] == [1, 2004]
    assert b"hunter2" not in blank
    assert b"9999" not in blank
