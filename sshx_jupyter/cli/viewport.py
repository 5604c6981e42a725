"""Which part of a shell is seen in a window that may be smaller, or larger, than the shell."""

from __future__ import annotations

from .cells import BLANK, DIM, Cell, Row, clip, text_row
from .grid import Cursor, Grid


class Viewport:
    """Follows the cursor, until the person looks elsewhere; then `follow` goes back to it."""

    def __init__(self) -> None:
        self.clipped = False
        """Whether the shell is larger than the window."""
        self._height = self._width = 1
        self._top = self._left = 0
        self._elsewhere = False
        self._clipped: list[tuple[Row, Row]] = []
        self._clipped_how = (0, 0, 0)
        self._edge: list[Row] = []
        self._edge_how = (0, 0, 0)

    @property
    def elsewhere(self) -> bool:
        """Whether the person looks at something else than where the cursor is."""
        return self._elsewhere

    def compose(self, grid: Grid, height: int, width: int) -> tuple[list[Row], Cursor]:
        """What of the shell is to be seen in `height` rows of `width`, and where the cursor is in it."""
        self._height, self._width = height, width
        shell_rows, shell_cols = len(grid.rows), grid.screen.cols
        self.clipped = shell_rows > height or shell_cols > width
        if not self._elsewhere:
            self._top = _follow(self._top, grid.cursor.y, height, 1)
            self._left = _follow(self._left, grid.cursor.x, width, max(1, width // 3))
        self._top = max(0, min(self._top, shell_rows - height))
        self._left = max(0, min(self._left, shell_cols - width))
        rows = self._clip(grid.rows[self._top : self._top + height], shell_cols, width)
        if len(rows) < height:
            rows += self._below(height - len(rows), shell_cols, width)
        x, y = grid.cursor.x - self._left, grid.cursor.y - self._top
        visible = grid.cursor.visible and 0 <= x < width and 0 <= y < height
        return rows, Cursor(min(max(x, 0), width - 1), min(max(y, 0), height - 1), visible, grid.cursor.style)

    def _clip(self, rows: list[Row], shell_cols: int, width: int) -> list[Row]:
        """The rows as they are seen; the same lists as the last time for rows that are the same."""
        how = (self._left, shell_cols, width)
        known = self._clipped if how == self._clipped_how else []
        known = known + [([], [])] * (len(rows) - len(known))
        self._clipped = [
            old if old[0] is row else (row, _clip(row, *how)) for row, old in zip(rows, known, strict=False)
        ]
        self._clipped_how = how
        return [seen for _, seen in self._clipped]

    def _below(self, count: int, shell_cols: int, width: int) -> list[Row]:
        how = (count, shell_cols, width)
        if how != self._edge_how:
            self._edge_how, self._edge = how, _edge(*how)
        return self._edge

    def cell_at(self, grid: Grid, x: int, y: int) -> tuple[int, int] | None:
        """The column and row of the shell at a place in the window; None if the shell is not there."""
        x, y, inside = x + self._left, y + self._top, x < self._width and y < self._height
        return (x, y) if inside and x < grid.screen.cols and y < grid.screen.rows else None

    def page(self, grid: Grid) -> int:
        """Rows of the shell that are seen at once."""
        return min(self._height, len(grid.rows))

    def line(self, grid: Grid) -> tuple[int, int]:
        """The topmost line that is seen, counted from 0 in the scrollback, and how many lines there are."""
        above, total = grid.position
        return above + self._top, total

    def scroll(self, grid: Grid, lines: int) -> None:
        """Look further down by so many lines; negative is up, first within the screen and then in the scrollback."""
        if lines < 0:
            moved = min(self._top, -lines)
            self._top -= moved
            if grid.position[0]:
                grid.scroll(lines + moved)
        else:
            above, total = grid.position
            moved = min(lines, total - len(grid.rows) - above)
            grid.scroll(moved)
            self._top += lines - moved
        self._elsewhere = True

    def pan(self, columns: int) -> None:
        """Look further to the right; negative is left."""
        self._left = max(0, self._left + columns)
        self._elsewhere = True

    def follow(self, grid: Grid | None) -> None:
        """Back to where the cursor is."""
        if grid is not None:
            grid.scroll_to_end()
        self._elsewhere = False

    def reset(self) -> None:
        """Begin at the top left, for another shell."""
        self._top = self._left = 0
        self._elsewhere = False


def _follow(start: int, cursor: int, room: int, step: int) -> int:
    """Where what is seen begins so that the cursor is in it: moved no more often than needed."""
    if cursor < room:
        return 0 if cursor < start else start
    if cursor < start:
        return cursor - step
    if cursor >= start + room:
        return cursor - room + step
    return start


def _clip(row: Row, left: int, shell_cols: int, width: int) -> Row:
    seen = clip(row, left, width)
    if shell_cols < width:
        seen[shell_cols] = Cell("│", 1, DIM)  # where the shell ends
    return seen


def _edge(count: int, shell_cols: int, width: int) -> list[Row]:
    """The rows below a shell that is smaller than the window."""
    line = text_row("─" * min(shell_cols, width) + ("┘" if shell_cols < width else ""), width, DIM)
    line[shell_cols + 1 :] = [BLANK] * max(0, width - shell_cols - 1)
    return [line, *([BLANK] * width for _ in range(count - 1))]
