"""The cells of a shell's screen, to be drawn: read from libghostty's render state, which knows which rows have changed.

With `screen/ghostty.py` the only code that calls libghostty.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from ..screen.ghostty import ALTERNATE, CELL_LINK, TAIL, WIDE, Terminal, ffi, lib
from ..screen.screen import GhosttyScreen, Screen
from .cells import PLAIN, Cell, Row

_CACHED = 1 << 16
_NOT_IN_LINKS = re.compile(rb"[^!-~]")
# What would be a command to the person's terminal, should a program get it into a cell.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f]")
_WIDTHS = {WIDE: 2, TAIL: 0}
_BAR, _UNDERLINE = 0, 2
_FLAGS = (
    ("bold", b"1"),
    ("faint", b"2"),
    ("italic", b"3"),
    ("blink", b"5"),
    ("inverse", b"7"),
    ("invisible", b"8"),
    ("strikethrough", b"9"),
    ("overline", b"53"),
)

# cffi cannot pass a union by value; a struct of the same layout is passed in the same way.
ffi.cdef("typedef struct { int tag; intptr_t value; uint64_t padding; } SshxScrollViewport;")
assert ffi.sizeof("SshxScrollViewport") == ffi.sizeof("GhosttyTerminalScrollViewport")
_scroll_viewport: Any = ffi.cast(
    "void(*)(GhosttyTerminal, SshxScrollViewport)", ffi.addressof(lib, "ghostty_terminal_scroll_viewport")
)


class Cursor(NamedTuple):
    """Where the cursor is on what is shown, and how it looks: `style` as DECSCUSR (CSI Ps SP q) numbers it."""

    x: int
    y: int
    visible: bool
    style: int = 0


class _Packed(NamedTuple):
    """What libghostty packs into a cell's 64 bits. `text` is None for several code points, which stand elsewhere."""

    text: str | None
    width: int
    style: int
    background: bytes


class Grid:
    """One shell's screen. `rows` are as of the last `refresh`; a row that changes becomes another list."""

    def __init__(self, screen: Screen, on_bell: Callable[[], None]) -> None:
        if not isinstance(screen, GhosttyScreen):
            raise TypeError("only a GhosttyScreen has cells")
        self.screen = screen
        self.rows: list[Row] = []
        self.cursor = Cursor(0, 0, True)
        self._terminal: Terminal = screen._terminal
        self._state = _owned("GhosttyRenderState", "")
        self._row_iterator = _owned("GhosttyRenderStateRowIterator", "_row_iterator")
        self._row_cells = _owned("GhosttyRenderStateRowCells", "_row_cells")
        self._out: dict[str, Any] = {kind: ffi.new(f"{kind}*") for kind in ("int", "uint16_t", "uint32_t", "bool")}
        self._view = ffi.new("GhosttyCellsView*")
        self._style = ffi.new("GhosttyStyle*", {"size": ffi.sizeof("GhosttyStyle")})
        self._cursor = ffi.new("GhosttyRenderStateCursor*", {"size": ffi.sizeof("GhosttyRenderStateCursor")})
        self._packed: dict[int, _Packed] = {}
        self._cells: dict[tuple[int, bytes], Cell] = {}
        self._palette: dict[int, tuple[int, int, int]] = {}
        self._bell = ffi.callback("GhosttyTerminalBellFn", lambda _terminal, _userdata: on_bell())
        self._terminal._set("BELL", self._bell)

    def mode(self, number: int) -> bool:
        """Whether a DEC private mode is set."""
        return self._terminal.mode(number)

    @property
    def kitty_flags(self) -> int:
        """What the program asks of the keyboard, in the kitty protocol."""
        return self._terminal.kitty_flags

    @property
    def alternate(self) -> bool:
        """Whether the alternate screen is shown, which has no scrollback."""
        return self._terminal.active_screen == ALTERNATE

    @property
    def position(self) -> tuple[int, int]:
        """How many lines are above what is shown, and how many there are in all."""
        bar = ffi.new("GhosttyTerminalScrollbar*")
        _check(lib.ghostty_terminal_get(self._terminal._handle, lib.GHOSTTY_TERMINAL_DATA_SCROLLBAR, bar))
        return int(bar.offset), int(bar.total)

    def scroll(self, lines: int) -> None:
        """Show what is `lines` further down; negative is up, into the scrollback."""
        _scroll_viewport(self._terminal._handle, (lib.GHOSTTY_SCROLL_VIEWPORT_DELTA, lines, 0))

    def scroll_to_end(self) -> None:
        """Show the screen itself again."""
        _scroll_viewport(self._terminal._handle, (lib.GHOSTTY_SCROLL_VIEWPORT_BOTTOM, 0, 0))

    def refresh(self) -> None:
        """Take over what has changed since the last time."""
        _check(lib.ghostty_render_state_update(self._state[0], self._terminal._handle))
        dirty, count = self._get("DIRTY", "int"), self._get("ROWS", "uint16_t")
        if dirty == lib.GHOSTTY_RENDER_STATE_DIRTY_FULL or count != len(self.rows):
            self._palette = dict(self._terminal.palette_changes())
            self._packed.clear()
            self._read_all(count)
        elif dirty != lib.GHOSTTY_RENDER_STATE_DIRTY_FALSE:
            self._read_dirty()
        _check(lib.ghostty_render_state_clean(self._state[0]))
        self._read_cursor()

    def _get(self, key: str, kind: str) -> int:
        out = self._out[kind]
        _check(lib.ghostty_render_state_get(self._state[0], getattr(lib, f"GHOSTTY_RENDER_STATE_DATA_{key}"), out))
        return int(out[0])

    def _read_cursor(self) -> None:
        cursor = self._cursor
        _check(lib.ghostty_render_state_get(self._state[0], lib.GHOSTTY_RENDER_STATE_DATA_CURSOR, cursor))
        blinking = bool(cursor.blinking)
        if cursor.visual_style in (_BAR, _UNDERLINE):
            style = (6 if cursor.visual_style == _BAR else 4) - blinking
        else:
            style = int(blinking)  # 0: a block is what the person's own terminal makes of a cursor
        visible = bool(cursor.visible and cursor.viewport_has_value)
        self.cursor = Cursor(int(cursor.viewport_x), int(cursor.viewport_y), visible, style)

    def _read_all(self, count: int) -> None:
        rows = self._iterate()
        fresh: list[Row] = []
        while len(fresh) < count and lib.ghostty_render_state_row_iterator_next(rows):
            fresh.append(self._read_row(rows, len(fresh)))
        self.rows = fresh

    def _read_dirty(self) -> None:
        rows, y = self._iterate(), self._out["uint16_t"]
        while lib.ghostty_render_state_row_iterator_next_dirty(rows, y):
            at = int(y[0])
            self.rows[at] = self._read_row(rows, at)

    def _iterate(self) -> Any:
        key = lib.GHOSTTY_RENDER_STATE_DATA_ROW_ITERATOR
        _check(lib.ghostty_render_state_get(self._state[0], key, self._row_iterator))
        return self._row_iterator[0]

    def _read_row(self, rows: Any, y: int) -> Row:
        view = self._view
        _check(lib.ghostty_render_state_row_get(rows, lib.GHOSTTY_RENDER_STATE_ROW_DATA_CELLS_RAW, view))
        key = lib.GHOSTTY_RENDER_STATE_ROW_DATA_CELLS
        _check(lib.ghostty_render_state_row_get(rows, key, self._row_cells))
        looks = {0: PLAIN}  # style numbers mean something within a row only
        unpacked, cells = self._packed, self._cells
        row: Row = []
        for x, raw in enumerate(view.ptr[0 : view.len]):
            packed = unpacked.get(raw) or self._unpack(raw)
            look = packed.background or looks.get(packed.style)
            if look is None:
                look = looks[packed.style] = self._look(x)
            cell = cells.get((raw, look))
            if cell is None:
                cell = self._cell(raw, packed, look, x, y)
            row.append(cell)
        return row

    def _cell(self, raw: int, packed: _Packed, look: bytes, x: int, y: int) -> Cell:
        text = packed.text if packed.text is not None else self._text(x)
        link = self._link(x, y) if raw & CELL_LINK else b""
        cell = Cell(text, packed.width, look, link)
        if packed.text is not None and not link:
            if len(self._cells) >= _CACHED:
                self._cells.clear()
            self._cells[raw, look] = cell
        return cell

    def _unpack(self, raw: int) -> _Packed:
        tag, number, flag = self._out["int"], self._out["uint32_t"], self._out["bool"]
        lib.ghostty_cell_get(raw, lib.GHOSTTY_CELL_DATA_WIDE, tag)
        width = _WIDTHS.get(int(tag[0]), 1)
        lib.ghostty_cell_get(raw, lib.GHOSTTY_CELL_DATA_CONTENT_TAG, tag)
        text: str | None = " " if width == 1 else ""
        if tag[0] == lib.GHOSTTY_CELL_CONTENT_CODEPOINT_GRAPHEME:
            text = None
        else:
            lib.ghostty_cell_get(raw, lib.GHOSTTY_CELL_DATA_HAS_TEXT, flag)
            if flag[0]:
                lib.ghostty_cell_get(raw, lib.GHOSTTY_CELL_DATA_CODEPOINT, number)
                text = _CONTROLS.sub("�", chr(number[0]))
        color = self._terminal.background(raw)
        background = b"\x1b[0;%sm" % _color(color, b"4", self._palette) if color else b""
        style = self._out["uint16_t"]
        lib.ghostty_cell_get(raw, lib.GHOSTTY_CELL_DATA_STYLE_ID, style)
        if len(self._packed) >= _CACHED:
            self._packed.clear()
        return self._packed.setdefault(raw, _Packed(text, width, int(style[0]), background))

    def _look(self, x: int) -> bytes:
        lib.ghostty_render_state_row_cells_select(self._row_cells[0], x)
        key = lib.GHOSTTY_RENDER_STATE_ROW_CELLS_DATA_STYLE
        _check(lib.ghostty_render_state_row_cells_get(self._row_cells[0], key, self._style))
        style = self._style
        parts = [b"0", *(code for name, code in _FLAGS if getattr(style, name))]
        if style.underline:
            parts.append(b"4" if style.underline == 1 else b"4:%d" % style.underline)
        for color, base in ((style.fg_color, b"3"), (style.bg_color, b"4")):
            value = _style_color(color)
            if value is not None:
                parts.append(_color(value, base, self._palette))
        look = b"\x1b[%sm" % b";".join(parts) if len(parts) > 1 else PLAIN
        underline = _style_color(style.underline_color)
        if underline is not None:  # on its own: terminals that do not know it then ignore nothing else
            kind = b"5" if len(underline) == 1 else b"2:"
            look += b"\x1b[58:%s:%sm" % (kind, b":".join(b"%d" % value for value in underline))
        return look

    def _text(self, x: int) -> str:
        cells, count = self._row_cells[0], self._out["uint32_t"]
        lib.ghostty_render_state_row_cells_select(cells, x)
        _check(
            lib.ghostty_render_state_row_cells_get(cells, lib.GHOSTTY_RENDER_STATE_ROW_CELLS_DATA_GRAPHEMES_LEN, count)
        )
        points = ffi.new("uint32_t[]", max(1, count[0]))
        _check(
            lib.ghostty_render_state_row_cells_get(cells, lib.GHOSTTY_RENDER_STATE_ROW_CELLS_DATA_GRAPHEMES_BUF, points)
        )
        return _CONTROLS.sub("", "".join(map(chr, points[0 : count[0]])))

    def _link(self, x: int, y: int) -> bytes:
        top, _ = self.position
        return _NOT_IN_LINKS.sub(b"", self._terminal.link(self._terminal.ref(x, top + y)))


def _check(result: int) -> None:
    if result != 0:
        raise RuntimeError(f"libghostty: drawing failed with {result}")


def _owned(kind: str, suffix: str) -> Any:
    """A box with a new object of libghostty's render state, which is freed with the box."""
    box = ffi.new(f"{kind}*")
    _check(getattr(lib, f"ghostty_render_state{suffix}_new")(ffi.NULL, box))
    handle, free = box[0], getattr(lib, f"ghostty_render_state{suffix}_free")
    return ffi.gc(box, lambda _box: free(handle))


def _style_color(color: Any) -> tuple[int, ...] | None:
    if color.tag == lib.GHOSTTY_STYLE_COLOR_PALETTE:
        return (int(color.value.palette),)
    if color.tag == lib.GHOSTTY_STYLE_COLOR_RGB:
        rgb = color.value.rgb
        return (int(rgb.r), int(rgb.g), int(rgb.b))
    return None


def _color(color: tuple[int, ...], base: bytes, palette: dict[int, tuple[int, int, int]]) -> bytes:
    """A color as SGR parameters; a palette entry that the program has changed as what it is now."""
    if len(color) == 1:
        index = color[0]
        if index not in palette:
            if index < 8:
                return b"%s%d" % (base, index)
            if index < 16:
                return b"%s%d" % (b"9" if base == b"3" else b"10", index - 8)
            return b"%s8;5;%d" % (base, index)
        color = palette[index]
    return b"%s8;2;%s" % (base, b";".join(b"%d" % part for part in color))
