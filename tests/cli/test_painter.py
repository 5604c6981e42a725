"""What the painter draws is what the shell shows, cell by cell, however it changes from one frame to the next."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sshx_jupyter.cli.cells import BLANK, clip, text_row, text_width, uncertain, wrap
from sshx_jupyter.cli.grid import Cursor, Grid
from sshx_jupyter.cli.painter import Painter
from sshx_jupyter.screen.ghostty import CELL_LINK, HEAD, TAIL, Terminal
from sshx_jupyter.screen.screen import GhosttyScreen

ATTRIBUTES = ("bold", "italic", "faint", "blink", "inverse", "invisible", "strikethrough", "overline", "underline")
GAP = ("", 1)
"""What a wide character leaves where it did not fit."""
PLAIN = (False,) * 8 + (0, None, None, None)
ROWS, COLS = 8, 24

pieces = st.one_of(
    st.sampled_from(
        [
            *(
                "\r\n",
                "\x1b[2J",
                "\x1b[H",
                "\x1b[K",
                "\x1b[1K",
                "\x1b[3;5H",
                "\x1b[8;20H",
                "\x1b[L",
                "\x1b[2M",
                "\x1b[4P",
            ),
            *(
                "\x1b[3@",
                "\x1b[5X",
                "\x1b[m",
                "\x1b[1;31m",
                "\x1b[44m",
                "\x1b[7m",
                "\x1b[38;5;200m",
                "\x1b[48;2;1;2;3m",
            ),
            *("\x1b[4:3m\x1b[58;5;9m", "\x1b[9;53m", "\x1b[90;105m", "\x1b[?25l", "\x1b[?25h", "\x1b[4 q", "\x1b[6 q"),
            *(
                "\x1b[?1049h",
                "\x1b[?1049l",
                "\x1b[2;5r",
                "\x1b[r",
                "\x1bM",
                "\x1b]4;1;rgb:11/22/33\x1b\\",
                "\x1b]104\x1b\\",
            ),
            *(
                "\x1b]8;;http://example.org/\x1b\\",
                "\x1b]8;;\x1b\\",
                "中文",
                "👍🏽",
                "👩‍👩‍👧‍👦",
                "🇩🇪",
                "é",
                "✈️",
                "\uff57",
                "╭─╮",
                "\x1b(0lqk\x1b(B",
            ),
        ]
    ),
    st.text(st.characters(min_codepoint=32, max_codepoint=0x2FFF, exclude_categories=("Cs", "Cc")), max_size=30),
    st.text("abc xyz", max_size=60),
)


@settings(max_examples=150, deadline=None)
@given(frames=st.lists(st.lists(pieces, max_size=12).map("".join), min_size=1, max_size=8))
@example(frames=["\x1b[?25l\x1b[4 q", "\x1b[?25h"])
@example(frames=["\x1b[?25l", "\x1b[4 q", "\x1b[?25h"])
def test_any_output_is_drawn_as_it_is(frames: list[str]) -> None:
    shell, local = GhosttyScreen(ROWS, COLS, 0), _local(ROWS, COLS)
    grid, painter = Grid(shell, lambda: None), Painter(ROWS, COLS)
    for frame in frames:
        shell.feed(frame.encode())
        grid.refresh()
        local.feed(painter.paint([clip(row, 0, COLS) for row in grid.rows], grid.cursor))
        _assert_same(local, shell)


def test_nothing_in_a_cell_is_a_command_to_the_terminal() -> None:
    shell = GhosttyScreen(4, 60, 0)
    grid, painter = Grid(shell, lambda: None), Painter(4, 60)
    for code in (*range(0x80, 0xA0), 0x7F):
        shell.feed(f"a{chr(code)}2Jb".encode())
    shell.feed("e\u0301\u009b1m\x1b]8;;http://x/\u009b2J\x1b\\link\x1b]8;;\x1b\\".encode())
    grid.refresh()
    drawn = painter.paint(grid.rows, grid.cursor).decode()
    assert not re.search("[\x7f-\x9f]", drawn)


def test_links_to_files_are_not_passed_on() -> None:
    shell = GhosttyScreen(4, 60, 0)
    grid, painter = Grid(shell, lambda: None), Painter(4, 60)
    shell.feed(b"\x1b]8;;file:///etc/passwd\x1b\\here\x1b]8;;HTTPS://example.org/\x1b\\there\x1b]8;;\x1b\\ plain")
    grid.refresh()
    drawn = painter.paint(grid.rows, grid.cursor)
    assert b"file:" not in drawn
    assert b"\x1b]8;;HTTPS://example.org/\x1b\\there" in drawn


def test_typing_costs_few_bytes() -> None:
    shell = GhosttyScreen(24, 80, 0)
    grid, painter = Grid(shell, lambda: None), Painter(24, 80)
    shell.feed(b"\x1b[1;32mprompt\x1b[m$ ")
    grid.refresh()
    painter.paint(grid.rows, grid.cursor)
    shell.feed(b"l")
    grid.refresh()
    assert painter.paint(grid.rows, grid.cursor) == b"l"
    grid.refresh()
    assert painter.paint(grid.rows, grid.cursor) == b""


def test_reading_only_what_changed_gives_what_reading_everything_does() -> None:
    chance = random.Random(7)
    shell = GhosttyScreen(24, 80, 100)
    grid = Grid(shell, lambda: None)
    for _ in range(300):
        color, at = chance.randrange(256), (chance.randrange(1, 25), chance.randrange(1, 81))
        text = "".join(chance.choices("abc 中👍\n\r", k=chance.randrange(90)))
        shell.feed(f"\x1b[{at[0]};{at[1]}H\x1b[38;5;{color}m{text}".encode())
        grid.refresh()
        fresh = Grid(shell, lambda: None)  # takes the marks of what has changed with it,
        shell.feed(b"\x1b7\x1b[?5h\x1b[?5l\x1b8")  # so that everything is marked again
        fresh.refresh()
        assert grid.rows == fresh.rows


@pytest.mark.parametrize("left", range(6))
def test_a_wide_character_that_is_cut_in_half_leaves_a_gap(left: int) -> None:
    cells = text_row("a中b文c", 8)
    shown = "".join(cell.text for cell in clip(cells, left, 4))
    assert text_width(shown) == 4
    assert all(char in "a中b文c " for char in shown)


def test_what_is_beyond_the_shell_is_blank() -> None:
    assert clip(text_row("ab", 2), 1, 3) == [text_row("b", 1)[0], BLANK, BLANK]


@given(st.text(max_size=50), st.integers(0, 30))
def test_a_row_of_text_has_its_width_and_no_controls(text: str, width: int) -> None:
    cells = text_row(text, width)
    assert len(cells) == width
    assert not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 for cell in cells for char in cell.text)


@given(st.text("ab 中c", max_size=80), st.integers(2, 20))
def test_wrapped_lines_fit_and_lose_nothing(text: str, width: int) -> None:
    lines = list(wrap(text, width))
    assert all(text_width(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_ascii_and_chinese_have_widths_that_all_terminals_agree_on() -> None:
    assert not any(map(uncertain, "aé中─█"))
    assert all(map(uncertain, ["👍", "e\u0301", "✈️"]))


def test_what_terminals_disagree_about_spoils_nothing_after_it() -> None:
    """A terminal that takes an emoji for one column shows it so, but the rest of the line where it belongs."""
    shell, painter = GhosttyScreen(2, 20, 0), Painter(2, 20)
    grid = Grid(shell, lambda: None)
    shell.feed("👍 yes|end".encode())
    grid.refresh()
    drawn = painter.paint(grid.rows, Cursor(0, 0, True)).replace("👍".encode(), b"?")
    local = _local(2, 20)
    local.feed(drawn)
    assert local.text() == "?  yes|end"


def _local(rows: int, cols: int) -> GhosttyScreen:
    local = GhosttyScreen(rows, cols, 0)
    local.feed(b"\x1b[?1049h\x1b[?7l")
    return local


def _assert_same(local: GhosttyScreen, shell: GhosttyScreen) -> None:
    a, b = local._terminal, shell._terminal
    palette = dict(b.palette_changes())
    for y in range(shell.rows):
        got = [_cell(a, x, a.total_rows - shell.rows + y, {}) for x in range(shell.cols)]
        want = [_cell(b, x, b.total_rows - shell.rows + y, palette) for x in range(shell.cols)]
        got = [GAP if w == GAP and g[0] == " " else g for g, w in zip(got, want, strict=True)]
        assert got == want, f"row {y}"
    assert a.mode(25) == b.mode(25)
    if b.mode(25):
        assert local.cursor == shell.cursor
        assert a.cursor_style == b.cursor_style


def _cell(terminal: Terminal, x: int, y: int, palette: dict[int, tuple[int, int, int]]) -> tuple[Any, ...]:
    """Text, width and look of a cell, with the colors that its program has changed written out."""
    ref = terminal.ref(x, y)
    raw = terminal.cell(ref)
    width = terminal.width(raw)
    if width in (HEAD, TAIL):  # nobody sees their look
        return GAP if width == HEAD else ("", 0)
    text = terminal.text(ref) if terminal.has_text(raw) else " "
    style = terminal.style(ref)
    colors = (
        _color(style.fg_color, palette),
        _indexed(terminal.background(raw), palette) or _color(style.bg_color, palette),
        _color(style.underline_color, {}),
    )
    look = (*(getattr(style, name) for name in ATTRIBUTES), *colors)
    link = terminal.link(ref) if raw & CELL_LINK else b""
    return (" ", 1) if (text, look, link) == (" ", PLAIN, b"") else (text, width, look, link)


def _color(color: Any, palette: dict[int, tuple[int, int, int]]) -> tuple[int, ...] | None:
    if color.tag == 1:
        return _indexed((color.value.palette,), palette)
    return (color.value.rgb.r, color.value.rgb.g, color.value.rgb.b) if color.tag == 2 else None


def _indexed(color: tuple[int, ...] | None, palette: dict[int, tuple[int, int, int]]) -> tuple[int, ...] | None:
    return palette.get(color[0], color) if color is not None and len(color) == 1 else color
