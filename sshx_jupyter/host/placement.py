"""Where new shells go on the canvas: never above another one.

The host does not know how large a cell is for those who watch, so it counts with nominal ones, as the canvas does until
it has measured a terminal.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..protocol.messages import MAX_POSITION

CELL_WIDTH, CELL_HEIGHT = 8.4, 17.0
"""About a cell in pixels at the nominal font size."""
FRAME_WIDTH, FRAME_HEIGHT = 14, 44
"""Pixels that a window adds to its cells."""
GAP = 24
"""Pixels that stay free beside a window."""
ROW_WIDTH = 2500
"""Pixels after which a new row begins: three shells of the usual size, or one of 200 columns and a usual one."""


@dataclass(frozen=True)
class Box:
    """What a window covers of the canvas, in pixels at the nominal font size."""

    x: int
    y: int
    width: int
    height: int

    @classmethod
    def of_cells(cls, rows: int, cols: int, x: int = 0, y: int = 0) -> Box:
        """The window of a shell with so many cells."""
        return cls(x, y, math.ceil(cols * CELL_WIDTH) + FRAME_WIDTH, math.ceil(rows * CELL_HEIGHT) + FRAME_HEIGHT)

    @property
    def right(self) -> int:
        return self.x + self.width

    @property
    def bottom(self) -> int:
        return self.y + self.height

    def overlaps(self, other: Box, gap: int = 0) -> bool:
        """Whether less than `gap` pixels are between the two."""
        return (
            self.x < other.right + gap
            and other.x < self.right + gap
            and self.y < other.bottom + gap
            and other.y < self.bottom + gap
        )


def in_rows(new: Box, taken: Sequence[Box]) -> tuple[int, int]:
    """The first free place for `new`, row by row from the upper left corner of what is there."""
    left = min((box.x for box in taken), default=0)
    top = min((box.y for box in taken), default=0)
    xs = sorted({left, *(box.right + GAP for box in taken)})
    ys = sorted({top, *(box.bottom + GAP for box in taken)})
    places = ((x, y) for y in ys for x in xs if x == left or x + new.width <= left + ROW_WIDTH)
    return _first_free(new, taken, places)


def aside(new: Box, taken: Sequence[Box]) -> tuple[int, int]:
    """The place of `new` if that is free, else the nearest one that is."""
    if not any(new.overlaps(box) for box in taken):
        return new.x, new.y
    # The nearest free place touches others' edges, or is level with where the window was to be.
    xs = {new.x, *(box.right + GAP for box in taken), *(box.x - GAP - new.width for box in taken)}
    ys = {new.y, *(box.bottom + GAP for box in taken), *(box.y - GAP - new.height for box in taken)}
    places = [(x, y) for x in xs for y in ys]
    # Of places that are equally near, the one to the right or below.
    places.sort(key=lambda at: (math.hypot(at[0] - new.x, at[1] - new.y), -at[0], -at[1]))
    return _first_free(new, taken, places)


def _first_free(new: Box, taken: Sequence[Box], places: Iterable[tuple[int, int]]) -> tuple[int, int]:
    for x, y in places:
        box = Box(x, y, new.width, new.height)
        if max(abs(x), abs(y)) <= MAX_POSITION and not any(box.overlaps(other, GAP) for other in taken):
            return x, y
    return new.x, new.y  # at the end of the world
