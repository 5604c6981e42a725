"""Compares two screens: every cell, and every state that changes what later output does."""

from __future__ import annotations

import re
from typing import Any

from sshx_jupyter.screen.ghostty import CELL_LINK, CELL_USED, HEAD, ROW_CONTINUES, ROW_WRAP, TAIL, Terminal
from sshx_jupyter.screen.screen import GhosttyScreen, Screen

DEC_MODES = [1, 5, 6, 7, 8, 9, 12, 25, 45, 47, 66, 67, 69, 1000, 1002, 1003, 1004, 1005, 1006, 1007, 1015, 1016]
DEC_MODES += [1035, 1036, 1039, 1045, 1047, 1049, 2004, 2027, 2031]
ANSI_MODES = (2, 4, 12, 20)
SCROLLBACK = 10_000
ATTRIBUTES = ("bold", "italic", "faint", "blink", "inverse", "invisible", "strikethrough", "overline", "underline")
ATTRIBUTES_OF_SPACE = ("inverse", "strikethrough", "overline", "underline")  # the others cannot be seen on one

_CHARSETS = re.compile(rb"\x1b[()*+]B")  # ASCII, which is what a terminal starts with

Cell = tuple[str, int, tuple[Any, ...], bytes]


def assert_same_screen(actual: Screen, expected: Screen, *, scrollback: bool = True) -> None:
    """Fails with the first difference; without `scrollback`, lines above the screen are not looked at."""
    assert isinstance(actual, GhosttyScreen)
    assert isinstance(expected, GhosttyScreen)
    got, want = state(actual), state(expected)
    assert got == want, {key: (got[key], want[key]) for key in want if got[key] != want[key]}
    a, b = actual._terminal, expected._terminal
    rows = min(a.total_rows, b.total_rows) if scrollback else b.rows
    if scrollback and rows < SCROLLBACK + b.rows:  # beyond what is promised, how many lines are kept is by chance
        assert a.total_rows == b.total_rows
    for y in range(-rows, 0):
        got_row, want_row = row(a, a.total_rows + y), row(b, b.total_rows + y)
        columns = [x for x in range(b.cols) if got_row[x] != want_row[x] and not _gap(got_row[x], want_row[x])]
        if columns:
            x = columns[0]
            raise AssertionError(
                f"row {b.rows + y} of the screen differs in columns {columns}: {got_row[x]} is not {want_row[x]}"
                f"\n got {line(got_row)!r}\nwant {line(want_row)!r}"
            )


def state(screen: GhosttyScreen) -> dict[str, Any]:
    """All that is not in the cells."""
    t = screen._terminal
    return {
        "size": (t.rows, t.cols),
        "screen": t.active_screen,
        "cursor": t.cursor,
        "pending wrap": t.pending_wrap,
        "modes": [mode for mode in DEC_MODES if t.mode(mode)]
        + [-mode for mode in ANSI_MODES if t.mode(mode, ansi=True)],
        "pen": _CHARSETS.sub(b"", t.extras((), ["style", "hyperlink", "protection", "charsets"])),
        "margins": t.extras(["scrolling_region", "keyboard"]),
        "tab stops": t.tab_stops(),
        "keyboard": t.kitty_flags,
        "cursor style": t.cursor_style,
        "title": screen.title,
        "palette": t.palette_changes(),
        "colors": [t.color(name) for name in ("FOREGROUND", "BACKGROUND", "CURSOR")],
        "unfinished": t.continuation(),
    }


def row(t: Terminal, y: int) -> list[Cell]:
    """The cells of a row; a cell that holds a space is the same as one that holds nothing."""
    return [cell(t, x, y) for x in range(t.cols)]


def cell(t: Terminal, x: int, y: int) -> Cell:
    ref = t.ref(x, y)
    raw = t.cell(ref)
    width = t.width(raw)
    if width == TAIL:
        return "", TAIL, (), b""
    text = t.text(ref) if t.has_text(raw) else ""
    color = t.background(raw)
    style = t.style(ref)
    shows = ATTRIBUTES if text.strip(" ") else ATTRIBUTES_OF_SPACE
    look: tuple[Any, ...] = (
        *(getattr(style, name) for name in shows),
        _color(style.fg_color) if shows is ATTRIBUTES or style.inverse else None,
        color or _color(style.bg_color),
        _color(style.underline_color) if shows is ATTRIBUTES or style.underline else None,
    )
    if width == HEAD or (not (text or color) and raw & CELL_USED):
        return " ", HEAD, (), b""
    link = t.link(ref) if text and raw & CELL_LINK else b""
    return text or " ", width, look, link


def _gap(got: Cell, want: Cell) -> bool:
    """Whether one is what a wide character left behind where it did not fit, and the other shows nothing either."""
    return HEAD in (got[1], want[1]) and got[0] == want[0] == " "


def wraps(screen: GhosttyScreen) -> list[tuple[bool, bool]]:
    """Which rows go on in the next one."""
    flags = screen._terminal.row_flags(0, screen._terminal.total_rows)
    return [(bool(flag & ROW_WRAP), bool(flag & ROW_CONTINUES)) for flag in flags]


def line(cells: list[Cell]) -> str:
    return "".join(text for text, *_ in cells).rstrip()


def _color(color: Any) -> tuple[int, ...] | None:
    if color.tag == 1:
        return (color.value.palette,)
    return (color.value.rgb.r, color.value.rgb.g, color.value.rgb.b) if color.tag == 2 else None
