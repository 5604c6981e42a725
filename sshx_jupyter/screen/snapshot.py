"""A terminal's whole state as VT bytes: what any terminal of the same size shows and does once it is fed them.

libghostty's formatter turns cells into text and SGR at full speed. What it leaves out is added here: blank rows
at the end, rows with nothing but a background, hyperlinks, the screen that is not shown, and every state in an
order that does not spoil the next one. What it gets wrong is gone round: it fills unused cells between pieces of
text with the style of the first, and joins and indents rows by wrap marks that are out of date.

What the bytes cannot carry:

- the alternate screen while the primary is shown: cells (only mode 47 shows them again), pen, saved cursor,
  keyboard flags;
- DECSCA protection and semantic prompt marks of cells; an OSC 8 `id` of text; modes saved by `CSI ? s`; OSC 7;
- pictures; the order in which several mouse modes were set; requests for reports (modes 2033 and 2048);
- a cursor that origin mode could not reach; pending wrap at a margin that is gone; what REP repeats, if that is
  not left of the cursor any more, or in a hyperlink; clusters that were printed before mode 2027 was switched;
- the wrap mark of a row whose end, or the start of the next, was erased; the style of a cell that a wide
  character left empty where it did not fit; a wide character printed in the line drawing set;
- in scrollback: the hyperlinks, and the gaps in highlighted text, of all but the newest 1,000 rows that have
  them; a color less than 16 columns wide in a row without text, past the newest 64 such rows;
- the end of an unfinished sequence longer than 1 MiB: it is swallowed, and a primary screen below is left out.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import NamedTuple

from .ghostty import (
    ALTERNATE,
    CELL_LINK,
    CELL_TEXT,
    CELL_USED,
    HEAD,
    ROW_CONTINUES,
    ROW_LINK,
    ROW_WRAP,
    TAIL,
    WIDE,
    Terminal,
)

# CAN ends a sequence that the viewer is in without running it; RIS does not reset everything everywhere.
RESET = b"\x18\x1b[?2026l\x1b[?1049l\x1bc\x1b[3J"
MAX_SCROLLBACK = 8 << 20
_SWALLOW = b"\x1b]9999;"  # an unknown OSC swallows what is still to come
_CHUNK_CELLS = 1 << 17
_UNEVEN_ROWS = 1000
_BLANK_ROWS = 64
_NEWLINE = b"\r\n"
_PLAIN_PEN = b"\x1b[0m"
_HOME = b"\x1b[1;1H" + _PLAIN_PEN
_CONTROLS = re.compile(rb"[\x00-\x1f\x7f]")
_CHARSETS = b"\x1b(B\x1b)B\x1b*B\x1b+B\x0f\x1b}"
# Attributes that show on a space too, and a space that has one.
_SHOWS_ON_SPACE = re.compile(rb"\x1b\[(?:[79]|53|4(?::\d)?|48;[\d;]+)m")
_STYLED_SPACE = re.compile(_SHOWS_ON_SPACE.pattern + rb"(?:(?!\x1b\[0m)[^ ])* ")
# Where wrapping scrolls, the new row has the color of what wraps: it must not stay right of the text.
_BACKGROUND, _ERASE_REST = b"\x1b[48;", b"\x1b[0m\x1b[K"
_UNUSED_CHARSETS = re.compile(rb"(?:\x1b[)*+].)*")  # G0 is in use
_ASCII = re.compile(rb"\x1b[()*+]B")  # what a terminal starts with
_STATE = re.compile(rb"((?:\x1b\[[\d;:]*m)*)(\x1b\]8;.*?\x1b\\)?(.*)", re.DOTALL)

# Modes that are plain switches. Not here: 6, 4, 7, 69 (their place in the order matters), 12 (cursor style),
# 3 and 40 (would resize), 47, 1047 to 1049 (the screens), 2026 (never left on), 2027 (set first), 2033 and 2048
# (reports that the host sends, viewers must not).
_MODES = (1, 5, 8, 9, 45, 66, 67, 1000, 1002, 1003, 1004, 1005, 1006, 1015, 1016, 1039, 1045, 2004, 2031)
_MODES_ON = (25, 1007, 1035, 1036)
_ANSI_MODES = (2, 20)
_ANSI_MODES_ON = (12,)


class Region(NamedTuple):
    """The scrolling region, counted from 0, ends included."""

    top: int
    bottom: int
    left: int
    right: int


def snapshot(terminal: Terminal, title: str, scrollback: int, *, blank: bool = False) -> bytes:
    """The bytes, with up to `scrollback` lines above the screen.

    With `blank`, both screens are empty: the bytes hold modes, colors, and cursors, but no text that was printed, no
    hyperlink, and no text of an unfinished sequence. The title is the caller's.
    """
    out = [RESET, b"\x1b[?2027h" if terminal.mode(2027) else b"\x1b[?2027l", _colors(terminal)]
    alternate = terminal.active_screen == ALTERNATE
    copy = terminal.copy(history=alternate and scrollback > 0)
    region = _region(terminal)
    try:
        if alternate:
            out += _below_alternate(terminal, copy, region, scrollback, blank)
        else:
            out.append(b"" if blank else content(terminal, scrollback))
            if copy is None:
                out.append(_kitty([terminal.kitty_flags]))
            else:
                out += [_kitty(_kitty_stack(copy)), _saved_cursor(copy, terminal, region, blank)]
        out += [_tab_stops(terminal), b"\x1b]2;", title.encode(), b"\x1b\\", _cursor_style(terminal)]
        out += [_modes(terminal), terminal.extras(["keyboard"]), _final_cursor(terminal, region, blank)]
    finally:
        if copy is not None:
            copy.close()
    rest = terminal.continuation()
    if rest is None:
        out.append(_SWALLOW)
    else:
        out.append(_without_text(rest) if blank else rest)
    return b"".join(out)


def _without_text(unfinished: bytes) -> bytes:
    """What takes in the end of an unfinished sequence as the sequence would, without the text in it."""
    if unfinished.startswith(b"\x1b]"):
        return _SWALLOW
    if unfinished[:2] in (b"\x1bP", b"\x1bX", b"\x1b^", b"\x1b_"):  # BEL ends an OSC, but none of these
        return b"\x1b_9999;"
    return unfinished if unfinished.startswith(b"\x1b") else b""


def _below_alternate(
    terminal: Terminal, copy: Terminal | None, region: Region, scrollback: int, blank: bool
) -> list[bytes]:
    """The primary screen as leaving the alternate screen will show it, the switch, the alternate screen."""
    out, stack, saved = [], [terminal.kitty_flags], b""
    enter = next((mode for mode in (1049, 1047, 47) if terminal.mode(mode)), 1049)
    switch = b"\x1b[?%dh" % enter
    if copy is not None:
        stack = _kitty_stack(copy)
        saved = _saved_cursor(copy, terminal, region, blank)
        copy.feed(b"\x1b[?1049l")
        out += [_cursor_style(copy), b"" if blank else content(copy, scrollback), _kitty(_kitty_stack(copy))]
        out.append(_saved_cursor(copy, copy, region, blank, switch))
    else:
        out.append(switch)
    out += [b"\x1b[H", b"" if blank else content(terminal, 0), _kitty(stack), saved]
    return out


# -- cells


def content(terminal: Terminal, scrollback: int) -> bytes:
    """The screen's cells, below up to `scrollback` lines that scrolled off it; each row where it belongs."""
    total, rows, cols = terminal.total_rows, terminal.rows, terminal.cols
    budget = _Budget(uneven=rows, blank=rows)
    screen = _rows(terminal, total - rows, total, total, budget)
    budget = _Budget(uneven=_UNEVEN_ROWS, blank=_BLANK_ROWS)
    history: list[bytes] = []
    stop, size = total - rows, 0
    oldest = max(0, stop - scrollback)
    while stop > oldest and size < MAX_SCROLLBACK:
        start = max(oldest, stop - max(1, _CHUNK_CELLS // cols))
        history.append(_rows(terminal, start, stop, total, budget))
        size += len(history[-1])
        stop = start
    above = b"".join(reversed(history))
    if len(above) > MAX_SCROLLBACK:
        above = above[(above.find(_NEWLINE, len(above) - MAX_SCROLLBACK) + 1 or len(above)) + 1 :]
    return above + screen


@dataclass
class _Budget:
    """How many rows are still looked at cell by cell, the newest first."""

    uneven: int
    blank: int


def _rows(terminal: Terminal, start: int, stop: int, total: int, budget: _Budget) -> bytes:
    """The rows `start` to `stop`, with what leads on to row `stop` if there is one below `total`."""
    flags = terminal.row_flags(start, min(stop + 1, total))
    count = stop - start
    joined = [False] * count  # to the row below, by the wrapping that happens when they are printed
    cuts = {0, count}
    linked = []
    for k in [k for k, flag in enumerate(flags) if flag & (ROW_WRAP | ROW_CONTINUES | ROW_LINK)]:
        flag = flags[k]
        if k and flag & ROW_CONTINUES and not joined[k - 1]:
            cuts.add(k)  # the formatter would indent it by what was free in a row above
        if k < count and flag & ROW_WRAP:
            onward = k + 1 < len(flags) and flags[k + 1] & ROW_CONTINUES
            joined[k] = bool(onward) and _wraps(terminal, start + k)
            if not joined[k]:
                cuts.add(k + 1)  # the formatter would join it
        if k < count and flag & ROW_LINK:
            linked.append(k)
    linked = linked[max(0, len(linked) - budget.uneven) :]
    budget.uneven -= len(linked)
    for k in linked:
        cuts |= {k, k + 1}
    out: list[bytes] = []
    edges, one_by_one = sorted(cuts), set(linked)
    for first, end in itertools.pairwise(edges):
        continues = first > 0 and joined[first - 1]
        if first in one_by_one:
            out.append(_uneven_row(terminal, start + first, continues))
        else:
            out.append(_even_rows(terminal, start + first, joined[first:end], continues, budget))
        if not joined[end - 1] and start + end < total:
            out.append(_NEWLINE)
    return b"".join(out)


def _wraps(terminal: Terminal, y: int) -> bool:
    """Whether printing row `y` and the row below it wraps as it did: not where cells were erased since."""
    end, begin = terminal.cell(terminal.ref(terminal.cols - 1, y)), terminal.cell(terminal.ref(0, y + 1))
    if not terminal.has_text(begin):
        return False
    if terminal.width(end) == HEAD:
        if terminal.width(begin) != WIDE or terminal.cols < 3:
            return False
        end = terminal.cell(terminal.ref(terminal.cols - 2, y))
    return terminal.has_text(end) or terminal.width(end) == TAIL


def _even_rows(terminal: Terminal, y: int, joined: list[bool], continues: bool, budget: _Budget) -> bytes:
    """Rows as the formatter gives them, from row `y` on, except where that is not what the cells are."""
    last = y + len(joined) - 1
    end = terminal.cols - 1
    if end and terminal.width(terminal.cell(terminal.ref(end, last))) == HEAD:
        end -= 1  # else the formatter adds the next row's first character
    text = terminal.format((0, y), (end, last))
    lines = text.split(_NEWLINE)
    ends = [k for k, onward in enumerate(joined[:-1]) if not onward]
    ends.append(len(joined) - 1)
    lines += [b""] * (len(ends) - len(lines))  # it leaves out blank rows at the end
    if _SHOWS_ON_SPACE.search(text) is None and b"" not in lines:
        return text
    for i in range(len(lines) - 1, -1, -1):
        line = lines[i]
        first, final = (ends[i - 1] + 1 if i else 0), ends[i]
        wrapped = final > first or (i == 0 and continues)
        if not line:  # it takes rows without text for blank
            budget.blank -= 1
            lines[i] = _backgrounds(terminal, y + final, 0, terminal.cols, 1 if budget.blank >= 0 else 16)
        elif budget.uneven > 0 and _STYLED_SPACE.search(line):
            budget.uneven -= 1  # it gives cells that were never written to the style of the text before them
            rows = range(first, final + 1)
            lines[i] = b"".join(_uneven_row(terminal, y + k, k > first or (wrapped and k == 0)) for k in rows)
        elif wrapped and _BACKGROUND in line and not terminal.cells(y + final, [terminal.cols - 1])[0] & CELL_USED:
            lines[i] += _ERASE_REST
    return _NEWLINE.join(lines)


def _uneven_row(terminal: Terminal, y: int, continues: bool) -> bytes:
    """A row in stretches between hyperlinks, which the formatter leaves out, and unused cells, which it fills."""
    columns = range(terminal.cols)
    cells = terminal.cells(y, columns)
    kinds: list[tuple[bool, bytes]] = []
    for x, cell in enumerate(cells):
        if x and not cell & CELL_TEXT and terminal.width(cell) == TAIL:
            kinds.append(kinds[-1])
        else:
            link = terminal.link(terminal.ref(x, y)) if cell & CELL_LINK else b""
            kinds.append((bool(cell & CELL_USED), link))
    out = []
    for (used, link), group in itertools.groupby(columns, kinds.__getitem__):
        stretch = list(group)
        if not used:
            continue
        first, last = stretch[0], stretch[-1]
        if terminal.width(cells[last]) == HEAD:
            last -= 1
            if last < first:
                continue
        if first:
            out.append(b"\x1b[%dG" % (first + 1))
        text = terminal.format((first, y), (last, y)) or _backgrounds(terminal, y, first, last + 1)
        out.append(_with_link(link, text))
        if continues and not first and last + 1 < terminal.cols and _BACKGROUND in text:
            out.append(_ERASE_REST)
    return b"".join(out)


def _with_link(link: bytes, text: bytes) -> bytes:
    return b"\x1b]8;;%s\x1b\\%s\x1b]8;;\x1b\\" % (_CONTROLS.sub(b"", link), text) if link else text


def _backgrounds(terminal: Terminal, y: int, start: int, stop: int, step: int = 1) -> bytes:
    """Cells without text: erased ones, with the color they were erased with."""
    if not any(terminal.cells(y, [*range(start, stop, step), stop - 1])):
        return b""
    out = []
    column = start
    for cell, group in itertools.groupby(terminal.cells(y, range(start, stop))):
        count = len(list(group))
        color = terminal.background(cell)
        if color:
            out.append(b"\x1b[%dG%s\x1b[%dX" % (column + 1, _background(color), count))
        column += count
    return b"".join(out) + b"\x1b[0m" if out else b""


def _background(color: tuple[int, ...] | None) -> bytes:
    if color is None:
        return b"\x1b[0m"
    return b"\x1b[0;48;5;%dm" % color if len(color) == 1 else b"\x1b[0;48;2;%d;%d;%dm" % color


# -- state


def _colors(terminal: Terminal) -> bytes:
    """The viewer's own colors, except those that the program changed."""
    out = [b"\x1b]104\x1b\\\x1b]110\x1b\\\x1b]111\x1b\\\x1b]112\x1b\\"]
    for index, rgb in terminal.palette_changes():
        out.append(b"\x1b]4;%d;rgb:%02x/%02x/%02x\x1b\\" % (index, *rgb))
    for code, name in ((10, "FOREGROUND"), (11, "BACKGROUND"), (12, "CURSOR")):
        color = terminal.color(name)
        if color is not None:
            out.append(b"\x1b]%d;rgb:%02x/%02x/%02x\x1b\\" % (code, *color))
    return b"".join(out)


def _region(terminal: Terminal) -> Region:
    top, bottom, left, right = 1, terminal.rows, 1, terminal.cols
    for a, b, final in re.findall(rb"\x1b\[(\d+);(\d+)([rs])", terminal.extras(["scrolling_region"])):
        if final == b"r":
            top, bottom = int(a), int(b)
        else:
            left, right = int(a), int(b)
    return Region(top - 1, bottom - 1, left - 1, right - 1)


def _margins(terminal: Terminal, region: Region) -> bytes:
    """Sets the scrolling region; moves the cursor to the top left."""
    out = b""
    if (region.top, region.bottom) != (0, terminal.rows - 1):
        out += b"\x1b[%d;%dr" % (region.top + 1, region.bottom + 1)
    if terminal.mode(69):
        out += b"\x1b[?69h"
        if (region.left, region.right) != (0, terminal.cols - 1):
            out += b"\x1b[%d;%ds" % (region.left + 1, region.right + 1)
    return out


def _tab_stops(terminal: Terminal) -> bytes:
    stops = terminal.tab_stops()
    default = b"".join(b"\x1b[%dG\x1bH" % (x + 1) for x in range(8, terminal.cols, 8))
    return b"" if stops == b"\x1b[3g" + default + b"\x1b[H" else stops


def _cursor_style(terminal: Terminal) -> bytes:
    blinking = terminal.mode(12)
    if terminal.cursor_style in (1, 3):
        return b"\x1b[1 q" if blinking else b"\x1b[0 q"
    return b"\x1b[%d q" % ((5 if terminal.cursor_style == 0 else 3) + (not blinking))


def _modes(terminal: Terminal) -> bytes:
    on = [*(b"\x1b[?%dh" % mode for mode in _MODES if terminal.mode(mode))]
    on += [b"\x1b[?%dl" % mode for mode in _MODES_ON if not terminal.mode(mode)]
    on += [b"\x1b[%dh" % mode for mode in _ANSI_MODES if terminal.mode(mode, ansi=True)]
    on += [b"\x1b[%dl" % mode for mode in _ANSI_MODES_ON if not terminal.mode(mode, ansi=True)]
    return b"".join(on)


def _kitty_stack(copy: Terminal) -> list[int]:
    """The keyboard flags of the copy's screen, bottom first; empties the stack."""
    copy.feed(b"\x18")
    flags = []
    for _ in range(8):
        flags.append(copy.kitty_flags)
        copy.feed(b"\x1b[<u")
    while flags and not flags[-1]:
        flags.pop()
    return flags[::-1]


def _kitty(stack: list[int]) -> bytes:
    return b"".join(b"\x1b[>%du" % flags for flags in stack)


def _saved_cursor(copy: Terminal, cells: Terminal, region: Region, blank: bool, enter: bytes = b"") -> bytes:
    """Saves what the copy has saved, then takes it back but for the place; `cells` has the cells of that screen.

    With `enter`, switches to the alternate screen in between.
    """
    copy.feed(b"\x18\x1b8")
    place, pen, _, rest, _ = _cursor(copy, cells, region, margins=False, blank=blank)
    if not enter and place + pen + rest == _HOME:
        return b""  # nothing was saved, or what a terminal restores without
    out = place + pen + rest + b"\x1b7" + enter + _PLAIN_PEN
    if rest:
        out += b'\x1b[0"q' + _CHARSETS
    return out + b"\x1b[?6l\x1b[?69l\x1b[r" if b"\x1b[?6h" in place else out


def _final_cursor(terminal: Terminal, region: Region, blank: bool) -> bytes:
    """The cursor and the modes that change how text is printed.

    Where that is safe, the last character is printed once more at the end: programs repeat it (REP), and the next
    code point may have to join it.
    """
    place, pen, link, rest, again = _cursor(terminal, terminal, region, margins=True, blank=blank)
    insert = terminal.mode(4, ansi=True)
    if again and not insert and not link and _UNUSED_CHARSETS.fullmatch(rest):
        back, text = again
        out = place + back + pen + rest + text
    else:
        out = place + pen + link + rest
    return out + (b"\x1b[4h" if insert else b"") + (b"" if terminal.mode(7) else b"\x1b[?7l")


def _cursor(
    terminal: Terminal, cells: Terminal, region: Region, margins: bool, blank: bool
) -> tuple[bytes, bytes, bytes, bytes, tuple[bytes, bytes] | None]:
    """The cursor's place (with origin mode and pending wrap), pen, open hyperlink, protection and character sets.

    Last, if the character before the cursor has this pen, what goes back to it, and the character. With `blank`, there
    is no such character and no hyperlink.
    """
    found = _STATE.fullmatch(terminal.extras((), ["style", "hyperlink", "protection", "charsets"]))
    assert found is not None  # every part is optional
    pen, link, rest = found[1], found[2] or b"", _ASCII.sub(b"", found[3])
    x, y = terminal.cursor
    origin = terminal.mode(6) and region.top <= y <= region.bottom and region.left <= x <= region.right
    place = _margins(cells, region) if margins or origin else b""
    top, left = (region.top, region.left) if origin else (0, 0)
    if origin:
        place += b"\x1b[?6h"

    def go(column: int) -> bytes:
        return b"\x1b[%d;%dH" % (y - top + 1, column - left + 1)

    wrap = terminal.pending_wrap and x in (region.right, terminal.cols - 1)
    if blank:
        return place + go(x) + (b" " if wrap else b""), pen, b"", rest, None  # printing a space brings the wrap about
    row, at = cells.total_rows - cells.rows + y, x if wrap else x - 1
    if at > 0 and cells.width(cells.cell(cells.ref(at, row))) == TAIL:
        at -= 1
    if at < left or (x > region.right and not wrap):
        return place + go(x), pen, link, rest, None
    ref = cells.ref(at, row)
    cell = cells.cell(ref)
    text = cells.text(ref).encode() if cells.has_text(cell) else b""
    shown = cells.format((at, row), (at, row)) if text else _background(cells.background(cell)) + b" "
    again = None
    ends = wrap or at + 1 + (cells.width(cell) == WIDE) == x
    if ends and text and not cell & CELL_LINK and (shown.partition(text)[0] or _PLAIN_PEN) == pen:
        again = go(at), text
    if wrap:  # only printing the cell brings it about
        place += go(at) + _with_link(cells.link(ref) if cell & CELL_LINK else b"", shown)
    else:
        place += go(x)
    return place, pen, link, rest, again
