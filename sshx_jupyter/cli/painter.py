"""Turns what a window should show into the bytes that get the person's terminal there from what it shows now."""

from __future__ import annotations

from collections.abc import Sequence

from .cells import BLANK, PLAIN, Cell, Row, uncertain
from .grid import Cursor

BEGIN, END = b"\x1b[?2026h\x1b[?25l", b"\x1b[?2026l"
BIG = 256
"""Bytes from which on a frame is bracketed, so that nobody sees half of it."""
NEAR = 4
"""Cells that are cheaper to print again than to jump over."""

OPENED = (b"http://", b"https://", b"mailto:")
"""Links that are passed on to the person's terminal. A `file:` link would open what lies on their own machine."""


class Painter:
    """What the terminal shows, as far as we know. `forget` when it may show anything."""

    def __init__(self, rows: int, cols: int) -> None:
        self._size = rows, cols
        self._shown: list[Row] = []
        self._clear = True
        self._at: tuple[int, int] | None = None
        self._look: bytes | None = None
        self._link = b""
        self._cursor_visible: bool | None = None
        self._cursor_style: int | None = None
        self.forget()

    def forget(self) -> None:
        """Draw everything anew the next time."""
        rows, cols = self._size
        self._shown = [[BLANK] * cols for _ in range(rows)]
        self._at = self._look = self._cursor_visible = self._cursor_style = None
        self._clear = True

    def paint(self, rows: Sequence[Row], cursor: Cursor) -> bytes:
        """The bytes that bring the terminal to `rows` and `cursor`; none if it is there."""
        out = bytearray()
        if self._clear:
            out += PLAIN + b"\x1b[2J"
            self._clear = False
        for y, row in enumerate(rows):
            if row is not self._shown[y] and row != self._shown[y]:
                self._paint_row(out, y, self._shown[y], row)
                self._shown[y] = row
        if out:
            self._set(out, PLAIN, b"")
        big = len(out) > BIG
        self._place(out, cursor, hidden=big)
        return BEGIN + bytes(out) + END if big else bytes(out)

    def _paint_row(self, out: bytearray, y: int, old: Row, new: Row) -> None:
        cols = len(new)
        x, end = 0, cols
        while new[end - 1] == BLANK and end:
            end -= 1
        whole = any(map(_uncertain, old)) or any(map(_uncertain, new))
        if whole:  # where the terminal thinks that the others are is anyone's guess
            self._erase(out, y, 0)
            old = [BLANK] * cols
        elif sum(old[i] != BLANK for i in range(end, cols)) > NEAR:
            self._erase(out, y, end)
            old = old[:end] + new[end:]
        while x < cols:
            if new[x] == old[x]:
                x += 1
                continue
            start = x
            while x < cols and new[x] != old[x]:
                x += 1
            if new[start].width == 0 and start:
                start -= 1
            self._print(out, y, start, new[start:x])

    def _print(self, out: bytearray, y: int, x: int, cells: Sequence[Cell]) -> None:
        for cell in cells:
            if cell.width == 0:
                continue
            self._move(out, y, x)
            self._set(out, cell.look, cell.link)
            out += cell.text.encode("utf-8", "replace")
            x += cell.width
            self._at = None if uncertain(cell.text) or x >= self._size[1] else (y, x)

    def _erase(self, out: bytearray, y: int, x: int) -> None:
        self._move(out, y, x)
        self._set(out, PLAIN, b"")
        out += b"\x1b[K"

    def _move(self, out: bytearray, y: int, x: int) -> None:
        if self._at != (y, x):
            same_row = self._at is not None and self._at[0] == y
            out += b"\x1b[%dG" % (x + 1) if same_row else b"\x1b[%d;%dH" % (y + 1, x + 1)
            self._at = y, x

    def _set(self, out: bytearray, look: bytes, link: bytes) -> None:
        if look != self._look:
            out += look
            self._look = look
        if not link.lower().startswith(OPENED):
            link = b""
        if link != self._link:
            out += b"\x1b]8;;%s\x1b\\" % link
            self._link = link

    def _place(self, out: bytearray, cursor: Cursor, hidden: bool) -> None:
        if cursor.visible:
            self._move(out, cursor.y, cursor.x)
            if cursor.style != self._cursor_style:
                out += b"\x1b[%d q" % cursor.style
                self._cursor_style = cursor.style
            if hidden or not self._cursor_visible:
                out += b"\x1b[?25h"
        elif self._cursor_visible is not False:
            out += b"\x1b[?25l"
        self._cursor_visible = cursor.visible


def _uncertain(cell: Cell) -> bool:
    return uncertain(cell.text)
