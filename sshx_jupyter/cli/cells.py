"""Cells: what a terminal shows at one place. Rows of them are what is composed into a window and painted."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple, TypeAlias

PLAIN = b"\x1b[m"
"""The look of ordinary text."""
REVERSE = b"\x1b[0;7m"
REVERSE_BOLD = b"\x1b[0;1;7m"
DIM = b"\x1b[0;2m"


class Cell(NamedTuple):
    """One place. The second half of a wide character has width 0 and no text.

    `look` are the sequences (SGR) that set all attributes, `link` is a hyperlink's address.
    """

    text: str
    width: int
    look: bytes = PLAIN
    link: bytes = b""


Row: TypeAlias = list[Cell]

BLANK = Cell(" ", 1)


def blank(cell: Cell) -> Cell:
    """An empty place that looks like `cell`, for half of a wide character."""
    return Cell(" ", 1, cell.look)


def clip(row: Row, left: int, width: int) -> Row:
    """`width` cells of a row from column `left`, padded; a wide character that is cut in half becomes blank.

    The row itself where that is all of it.
    """
    if not left and len(row) == width:
        return row
    part = row[left : left + width]
    if part and part[0].width == 0:
        part[0] = blank(part[0])
    if part and part[-1].width == 2:
        part[-1] = blank(part[-1])
    return part + [BLANK] * (width - len(part))


def text_row(text: str, width: int, look: bytes = PLAIN) -> Row:
    """Text as a row of exactly `width` cells. What does not fit is cut off and control characters are left out."""
    row: Row = []
    for char in text:
        size = char_width(char)
        if size < 0:
            continue
        if size == 0:
            _join(row, char)
        elif len(row) + size > width:
            break
        else:
            row.append(Cell(char, size, look))
            if size == 2:
                row.append(Cell("", 0, look))
    return row + [Cell(" ", 1, look)] * (width - len(row))


def text_width(text: str) -> int:
    """Columns that `text_row` needs for a text."""
    return sum(max(0, char_width(char)) for char in text)


def _join(row: Row, mark: str) -> None:
    """Add a combining character to the one before it."""
    for x in range(len(row) - 1, -1, -1):
        if row[x].width:
            row[x] = row[x]._replace(text=row[x].text + mark)
            return


@lru_cache(maxsize=4096)
def char_width(char: str) -> int:
    """Columns of a character: 0 for one that joins the one before, -1 for one that is not to be shown."""
    category = unicodedata.category(char)
    if category in ("Mn", "Me"):
        return 0
    if category in ("Cc", "Cf", "Cs", "Zl", "Zp"):
        return -1
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


@lru_cache(maxsize=4096)
def uncertain(text: str) -> bool:
    """Whether terminals disagree about the width of a cell's text: emoji, ambiguous symbols, joined code points."""
    if text.isascii():
        return False
    if len(text) > 1:
        return True
    code = ord(text)
    if 0x2500 <= code <= 0x259F:  # box drawing is what everything is made of, and everywhere the same
        return False
    return code >= 0x1F000 or 0x2190 <= code <= 0x2BFF or 0xE000 <= code <= 0xF8FF


def wrap(text: str, width: int) -> Iterable[str]:
    """A text in lines of at most `width` columns, broken at spaces where possible."""
    line = ""
    for word in text.split():
        if line and text_width(line) + 1 + text_width(word) > width:
            yield line
            line = ""
        line = f"{line} {word}" if line else word
        while text_width(line) > width:
            cut = next(i for i in range(len(line), 0, -1) if text_width(line[:i]) <= width or i == 1)
            yield line[:cut]
            line = line[cut:]
    if line:
        yield line
