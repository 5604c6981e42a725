"""What the program in the shared shell asks of its terminal beyond cells, passed on to the person's own terminal."""

from __future__ import annotations

from .grid import Grid
from .keys import Mouse

MOUSE_MODES = (9, 1000, 1002, 1003)
CELL_WIDTH, CELL_HEIGHT = 8, 16
"""Pixels of a cell, as the shared terminal tells programs that count in pixels."""
_MOTION, _BUTTONS = 32, 3


class Modes:
    """The input modes that are set in the person's terminal."""

    def __init__(self) -> None:
        self._set: dict[bytes, bytes] = {}
        self._kitty = 0

    def follow(self, grid: Grid | None, *, overlaid: bool = False) -> bytes:
        """The bytes that set the modes of a shell, and unset what it does not need; for None unset all.

        While it is `overlaid`, keys and pastes are for us.
        """
        wanted: dict[bytes, bytes] = {}
        if overlaid:
            grid, wanted[b"\x1b[?2004h"] = None, b"\x1b[?2004l"
        if grid is not None:
            if grid.mode(1):
                wanted[b"\x1b[?1h"] = b"\x1b[?1l"
            if grid.mode(66):
                wanted[b"\x1b="] = b"\x1b>"
            for mode in (2004, 1004):
                if grid.mode(mode):
                    wanted[b"\x1b[?%dh" % mode] = b"\x1b[?%dl" % mode
            mouse = max((mode for mode in MOUSE_MODES if grid.mode(mode)), default=0)
            if mouse:  # always reported in the one form that has no limits, and translated
                mode = max(mouse, 1000)
                wanted[b"\x1b[?%dh\x1b[?1006h" % mode] = b"\x1b[?1006l\x1b[?%dl" % mode
            if not (grid.alternate and grid.mode(1007)):
                wanted[b"\x1b[?1007l"] = b""  # else the wheel would type arrow keys at a prompt
        out = [undo for do, undo in self._set.items() if do not in wanted]
        out += [do for do in wanted if do not in self._set]
        self._set = wanted
        return b"".join(out) + self._follow_keyboard(grid.kitty_flags if grid is not None else 0)

    def _follow_keyboard(self, flags: int) -> bytes:
        old, self._kitty = self._kitty, flags
        if flags == old:
            return b""
        if not flags:
            return b"\x1b[<u"
        return b"\x1b[=%d;1u" % flags if old else b"\x1b[>%du" % flags


def mouse_input(grid: Grid, mouse: Mouse, x: int, y: int) -> bytes:
    """A mouse event at cell `x`, `y` of the shell, as its program wants to be told; empty if it does not."""
    button, released = mouse.button, mouse.released
    presses_only = not any(map(grid.mode, MOUSE_MODES[1:]))
    if presses_only and (released or button & ~_BUTTONS or not grid.mode(9)):
        return b""
    x, y = x + 1, y + 1
    if grid.mode(1016):
        end = b"m" if released else b"M"
        return b"\x1b[<%d;%d;%d%s" % (button, (x - 1) * CELL_WIDTH + 1, (y - 1) * CELL_HEIGHT + 1, end)
    if grid.mode(1006):
        return b"\x1b[<%d;%d;%d%s" % (button, x, y, b"m" if released else b"M")
    if released:
        button |= _BUTTONS
    if grid.mode(1015):
        return b"\x1b[%d;%d;%dM" % (button + 32, x, y)
    if grid.mode(1005):
        return b"\x1b[M" + "".join(chr(value + 32) for value in (button, x, y)).encode()
    if max(x, y) + 32 > 255 or button + 32 > 255:
        return b""
    return b"\x1b[M" + bytes((button + 32, x + 32, y + 32))
