"""The only file that calls libghostty-vt: one terminal behind typed methods.

`pyghostty` ships the library and its C declarations; its own Python layer is small and untyped, so this
module goes to `ffi` and `lib` directly. Everything here either cannot fail on a live handle or raises
`RuntimeError`, which means a mistake in this project, never bad terminal output: `feed` takes any bytes.
"""

from __future__ import annotations

import importlib
import struct
from collections.abc import Sequence
from typing import Any

_ghostty: Any = importlib.import_module("pyghostty._ffi")
ffi: Any = _ghostty.ffi
lib: Any = _ghostty.lib

PRIMARY, ALTERNATE = 0, 1
NARROW, WIDE, TAIL, HEAD = range(4)  # a cell's width; HEAD is the gap left where a wide character did not fit
# An unfinished sequence is kept to be replayed after a snapshot, unless it is longer (an image, a clipboard).
MAX_CONTINUATION = 1 << 20
# Scrollback is bounded by lines; this many bytes bound it too, for very wide and very colorful lines.
MAX_SCROLLBACK_BYTES = 64 << 20
_SNAPSHOT_RECORD = struct.Struct("<HII")  # tag, payload length, CRC: the framing told in ghostty/vt/snapshot.h
_SNAPSHOT_HEADER, _SNAPSHOT_READY = 10, 5

_grid_ref: Any = _ghostty.union_fn(
    "ghostty_terminal_grid_ref", "GhosttyResult(*)(GhosttyTerminal, GhosttyPointS, GhosttyGridRef*)"
)
_REF_SIZE: int = ffi.sizeof("GhosttyGridRef")


def _check(result: int, what: str) -> None:
    if result != 0:
        raise RuntimeError(f"libghostty: {what} failed with {result}")


def _sized(ctype: str) -> Any:
    """A new struct whose `size` fields, nested ones too, say how large the structs are."""

    def fill(value: Any, kind: Any) -> None:
        for name, field in kind.fields:
            if name == "size":
                value.size = ffi.sizeof(kind)
            elif field.type.kind == "struct":
                fill(getattr(value, name), field.type)

    pointer = ffi.new(f"{ctype}*")
    fill(pointer[0], ffi.typeof(ctype))
    return pointer


def _mask(getter: Any, key: int, ctype: str = "bool") -> int:
    """The bits of a packed row or cell that matter for `key`: asked once, so that loops need no call."""
    out = ffi.new(f"{ctype}*")
    mask = 0
    for bit in range(64):
        out[0] = 0
        getter(1 << bit, key, out)
        mask |= bool(out[0]) << bit
    return mask


ROW_WRAP = _mask(lib.ghostty_row_get, lib.GHOSTTY_ROW_DATA_WRAP)
ROW_CONTINUES = _mask(lib.ghostty_row_get, lib.GHOSTTY_ROW_DATA_WRAP_CONTINUATION)
ROW_LINK = _mask(lib.ghostty_row_get, lib.GHOSTTY_ROW_DATA_HYPERLINK)
CELL_LINK = _mask(lib.ghostty_cell_get, lib.GHOSTTY_CELL_DATA_HAS_HYPERLINK)
CELL_TEXT = _mask(lib.ghostty_cell_get, lib.GHOSTTY_CELL_DATA_HAS_TEXT)
# A cell with none of these was never written to, or erased without a color.
CELL_USED = (
    CELL_TEXT
    | _mask(lib.ghostty_cell_get, lib.GHOSTTY_CELL_DATA_HAS_STYLING)
    | _mask(lib.ghostty_cell_get, lib.GHOSTTY_CELL_DATA_CONTENT_TAG, "int")
    | _mask(lib.ghostty_cell_get, lib.GHOSTTY_CELL_DATA_WIDE, "int")
)


class Terminal:
    """One libghostty terminal. `y` counts from the oldest line of scrollback unless said otherwise."""

    def __init__(self, rows: int, cols: int, scrollback: int, handle: Any = None) -> None:
        self._replies: list[bytes] = []
        if handle is None:
            box = ffi.new("GhosttyTerminal*")
            _check(lib.ghostty_terminal_new(ffi.NULL, box, cols, rows), "new")
            handle = box[0]
        self._handle = ffi.gc(handle, lib.ghostty_terminal_free)
        self._scrollback = scrollback
        types = ("uint16_t", "size_t", "bool", "int", "uint8_t")
        self._out: dict[str, Any] = {ctype: ffi.new(f"{ctype}*") for ctype in types}
        self._point = ffi.new("GhosttyPointS*")
        self._point.tag = lib.GHOSTTY_POINT_TAG_SCREEN
        self._mode = ffi.new("GhosttyTerminalModeConfig*")
        self._options = _sized("GhosttyFormatterTerminalOptions")

    def configure(self) -> None:
        """What a terminal that is fed by a program needs, and a throw-away copy does not."""
        replies = self._replies

        def on_reply(_terminal: Any, _userdata: Any, data: Any, size: int) -> None:
            replies.append(ffi.buffer(data, size)[:])

        self._on_reply = ffi.callback("GhosttyTerminalWritePtyFn", on_reply)
        self._set("WRITE_PTY", self._on_reply)
        self._limit_scrollback(self.cols)
        self._set("CONTINUATION_MAX_BYTES", ffi.new("size_t*", MAX_CONTINUATION))
        self._set("KITTY_IMAGE_STORAGE_LIMIT", ffi.new("uint64_t*", 0))
        # Browsers join the code points of an emoji or a flag; so must the host, or the columns after it differ.
        self._set("MODE_DEFAULT", ffi.new("GhosttyTerminalModeConfig*", {"mode": 2027, "value": True}))

    def _set(self, option: str, value: Any) -> None:
        key = getattr(lib, f"GHOSTTY_TERMINAL_OPT_{option}")
        _check(lib.ghostty_terminal_set(self._handle, key, value), option)

    def _limit_scrollback(self, cols: int) -> None:
        # By bytes, not by lines: dropping old lines by their number slows output down to a fifth (measured). A cell
        # takes about 9.5 bytes, more with many styles.
        size = min(self._scrollback * cols * 12 + (1 << 20), MAX_SCROLLBACK_BYTES) if self._scrollback else 0
        self._set("SCROLLBACK_MAX_BYTES", ffi.new("size_t*", size))

    def close(self) -> None:
        """Frees the memory; what is called later fails, or does nothing (`feed`)."""
        handle, self._handle = self._handle, ffi.NULL
        if handle:
            ffi.release(handle)

    # -- input

    def feed(self, data: bytes) -> bytes:
        """Parse `data`; returns what the terminal answers to the program."""
        lib.ghostty_terminal_vt_write(self._handle, data, len(data))
        if not self._replies:
            return b""
        replies = b"".join(self._replies)
        self._replies.clear()
        return replies

    def resize(self, rows: int, cols: int) -> None:
        self._limit_scrollback(cols)
        _check(lib.ghostty_terminal_resize(self._handle, cols, rows, 8, 16), "resize")

    # -- state

    def _get(self, key: str, ctype: str) -> Any:
        out = self._out[ctype]
        _check(lib.ghostty_terminal_get(self._handle, getattr(lib, f"GHOSTTY_TERMINAL_DATA_{key}"), out), key)
        return out[0]

    @property
    def cols(self) -> int:
        return int(self._get("COLS", "uint16_t"))

    @property
    def rows(self) -> int:
        return int(self._get("ROWS", "uint16_t"))

    @property
    def total_rows(self) -> int:
        return int(self._get("TOTAL_ROWS", "size_t"))

    @property
    def cursor(self) -> tuple[int, int]:
        """Column and row on the screen."""
        return int(self._get("CURSOR_X", "uint16_t")), int(self._get("CURSOR_Y", "uint16_t"))

    @property
    def pending_wrap(self) -> bool:
        return bool(self._get("CURSOR_PENDING_WRAP", "bool"))

    @property
    def cursor_style(self) -> int:
        """0 bar, 1 block, 2 underline, 3 hollow block."""
        box, out = ffi.new("GhosttyRenderState*"), self._out["int"]
        _check(lib.ghostty_render_state_new(ffi.NULL, box), "render state")
        try:  # only what is about to be drawn says this
            _check(lib.ghostty_render_state_update(box[0], self._handle), "render state")
            key = lib.GHOSTTY_RENDER_STATE_DATA_CURSOR_VISUAL_STYLE
            _check(lib.ghostty_render_state_get(box[0], key, out), "cursor style")
        finally:
            lib.ghostty_render_state_free(box[0])
        return int(out[0])

    @property
    def active_screen(self) -> int:
        return int(self._get("ACTIVE_SCREEN", "int"))

    @property
    def kitty_flags(self) -> int:
        return int(self._get("KITTY_KEYBOARD_FLAGS", "uint8_t"))

    @property
    def title(self) -> str:
        out = ffi.new("GhosttyString*")
        _check(lib.ghostty_terminal_get(self._handle, lib.GHOSTTY_TERMINAL_DATA_TITLE, out), "title")
        return bytes(ffi.buffer(out.ptr, out.len)).decode(errors="replace") if out.len else ""

    def mode(self, number: int, ansi: bool = False) -> bool:
        self._mode.mode = number | ansi << 15
        key = lib.GHOSTTY_TERMINAL_DATA_MODE
        _check(lib.ghostty_terminal_get(self._handle, key, self._mode), f"mode {number}")
        return bool(self._mode.value)

    def color(self, name: str) -> tuple[int, int, int] | None:
        """The color that the program set as FOREGROUND, BACKGROUND or CURSOR, if it did."""
        out = ffi.new("GhosttyColorRgb*")
        key = getattr(lib, f"GHOSTTY_TERMINAL_DATA_COLOR_{name}")
        return None if lib.ghostty_terminal_get(self._handle, key, out) else (out.r, out.g, out.b)

    def palette_changes(self) -> list[tuple[int, tuple[int, int, int]]]:
        """The palette entries that the program changed, and only these: the others are the viewer's theme."""
        now, default = ffi.new("GhosttyColorRgb[256]"), ffi.new("GhosttyColorRgb[256]")
        for name, out in (("PALETTE", now), ("PALETTE_DEFAULT", default)):
            key = getattr(lib, f"GHOSTTY_TERMINAL_DATA_COLOR_{name}")
            _check(lib.ghostty_terminal_get(self._handle, key, out), name)
        a, b = bytes(ffi.buffer(now)), bytes(ffi.buffer(default))
        if a == b:
            return []
        changed = [i for i in range(256) if a[3 * i : 3 * i + 3] != b[3 * i : 3 * i + 3]]
        return [(i, (now[i].r, now[i].g, now[i].b)) for i in changed]

    def continuation(self) -> bytes | None:
        """The bytes of the sequence or character that the parser is in; None if there were too many."""
        size = self._out["size_t"]
        lib.ghostty_terminal_continuation_buf(self._handle, ffi.NULL, 0, size)
        buffer = ffi.new("uint8_t[]", max(1, size[0]))
        if lib.ghostty_terminal_continuation_buf(self._handle, buffer, len(buffer), size):
            return None
        return bytes(ffi.buffer(buffer, size[0]))

    def copy(self, history: bool) -> Terminal | None:
        """A terminal of its own in the same state, without scrollback unless `history`.

        None while the parser is inside a sequence too long to be kept.
        """
        data = bytearray()
        record = _SNAPSHOT_HEADER

        def write(_userdata: Any, chunk: Any, size: int) -> bool:
            nonlocal record
            data.extend(ffi.buffer(chunk, size))
            while not history and record + _SNAPSHOT_RECORD.size <= len(data):
                tag, length, _ = _SNAPSHOT_RECORD.unpack_from(data, record)
                record += _SNAPSHOT_RECORD.size + length
                if tag == _SNAPSHOT_READY:
                    return False  # all that follows is scrollback
            return True

        callback = ffi.callback("GhosttyWriterFn", write)
        result = lib.ghostty_snapshot_encode(self._handle, ffi.new("GhosttyWriter*", {"write": callback})[0])
        if result not in (0, lib.GHOSTTY_IO_ERROR):
            return None
        decoder, out = ffi.new("GhosttySnapshotDecoder*"), ffi.new("GhosttyTerminal*")
        source = ffi.from_buffer("uint8_t[]", data)
        _check(lib.ghostty_snapshot_decoder_new_buf(ffi.NULL, decoder, source, len(data)), "copy")
        read = lib.ghostty_snapshot_decoder_decode if history else lib.ghostty_snapshot_decoder_ready
        try:
            _check(read(decoder[0], out), "copy")
        finally:
            lib.ghostty_snapshot_decoder_free(decoder[0])
        return Terminal(0, 0, 0, out[0])

    # -- cells

    def ref(self, x: int, y: int) -> Any:
        """A pointer to one cell, valid until the next `feed` or `resize`."""
        ref = ffi.new("GhosttyGridRef*")
        ref.size = _REF_SIZE
        self._point.value.x, self._point.value.y = x, y
        _check(_grid_ref(self._handle, self._point[0], ref), f"cell {x},{y}")
        return ref

    def row_flags(self, start: int, stop: int) -> list[int]:
        """The packed flags (`ROW_…`) of the rows `start` to `stop`."""
        flags: list[int] = []
        get, out = lib.ghostty_grid_ref_row, ffi.new("GhosttyRow*")
        while start < stop:
            ref = self.ref(0, start)
            # The rows of one page lie side by side: no look-up for each of them, only for where the page ends.
            low, high = start + 1, stop
            while low < high:
                middle = (low + high) // 2
                if self.ref(0, middle).node == ref.node:
                    low = middle + 1
                else:
                    high = middle
            for y in range(ref.y, ref.y + low - start):
                ref.y = y
                get(ref, out)
                flags.append(out[0])
            start = low
        return flags

    def cell(self, ref: Any) -> int:
        out = ffi.new("GhosttyCell*")
        _check(lib.ghostty_grid_ref_cell(ref, out), "cell")
        return int(out[0])

    def cells(self, y: int, columns: Sequence[int]) -> list[int]:
        """The packed cells of row `y` at `columns`; 0 is a cell in which nothing was ever."""
        ref, out, get = self.ref(0, y), ffi.new("GhosttyCell*"), lib.ghostty_grid_ref_cell
        cells = []
        for ref.x in columns:
            get(ref, out)
            cells.append(out[0])
        return cells

    def has_text(self, cell: int) -> bool:
        out = self._out["bool"]
        lib.ghostty_cell_get(cell, lib.GHOSTTY_CELL_DATA_HAS_TEXT, out)
        return bool(out[0])

    def width(self, cell: int) -> int:
        out = self._out["int"]
        lib.ghostty_cell_get(cell, lib.GHOSTTY_CELL_DATA_WIDE, out)
        return int(out[0])

    def background(self, cell: int) -> tuple[int, ...] | None:
        """The color of a cell without text: a palette index, or red, green and blue."""
        tag = self._out["int"]
        lib.ghostty_cell_get(cell, lib.GHOSTTY_CELL_DATA_CONTENT_TAG, tag)
        if tag[0] == lib.GHOSTTY_CELL_CONTENT_BG_COLOR_PALETTE:
            index = self._out["uint8_t"]
            lib.ghostty_cell_get(cell, lib.GHOSTTY_CELL_DATA_COLOR_PALETTE, index)
            return (int(index[0]),)
        if tag[0] == lib.GHOSTTY_CELL_CONTENT_BG_COLOR_RGB:
            rgb = ffi.new("GhosttyColorRgb*")
            lib.ghostty_cell_get(cell, lib.GHOSTTY_CELL_DATA_COLOR_RGB, rgb)
            return (int(rgb.r), int(rgb.g), int(rgb.b))
        return None

    def text(self, ref: Any) -> str:
        size = self._out["size_t"]
        lib.ghostty_grid_ref_graphemes(ref, ffi.NULL, 0, size)
        points = ffi.new("uint32_t[]", max(1, size[0]))
        _check(lib.ghostty_grid_ref_graphemes(ref, points, len(points), size), "graphemes")
        return "".join(map(chr, points[0 : size[0]]))

    def link(self, ref: Any) -> bytes:
        size = self._out["size_t"]
        lib.ghostty_grid_ref_hyperlink_uri(ref, ffi.NULL, 0, size)
        uri = ffi.new("uint8_t[]", max(1, size[0]))
        _check(lib.ghostty_grid_ref_hyperlink_uri(ref, uri, len(uri), size), "hyperlink")
        return bytes(ffi.buffer(uri, size[0]))

    def style(self, ref: Any) -> Any:
        """The `GhosttyStyle` of a cell."""
        style = _sized("GhosttyStyle")
        _check(lib.ghostty_grid_ref_style(ref, style), "style")
        return style

    # -- formatting

    def format(
        self,
        start: tuple[int, int],
        end: tuple[int, int],
        *,
        plain: bool = False,
        extras: Sequence[str] = (),
        screen_extras: Sequence[str] = (),
    ) -> bytes:
        """The cells from `start` to `end` (both inclusive, reading order) as VT bytes or plain text."""
        options = self._options
        options.emit = lib.GHOSTTY_FORMATTER_FORMAT_PLAIN if plain else lib.GHOSTTY_FORMATTER_FORMAT_VT
        options.unwrap, options.trim = not plain, plain
        selection = _sized("GhosttySelection")
        selection.start, selection.end = self.ref(*start)[0], self.ref(*end)[0]
        options.selection = selection
        for target, names in ((options.extra, extras), (options.extra.screen, screen_extras)):
            for name in names:
                setattr(target, name, True)
        box, out, size = ffi.new("GhosttyFormatter*"), ffi.new("uint8_t**"), ffi.new("size_t*")
        try:
            _check(lib.ghostty_formatter_terminal_new(ffi.NULL, box, self._handle, options[0]), "formatter")
        finally:
            for target, names in ((options.extra, extras), (options.extra.screen, screen_extras)):
                for name in names:
                    setattr(target, name, False)
        try:
            _check(lib.ghostty_formatter_format_alloc(box[0], ffi.NULL, out, size), "format")
        finally:
            lib.ghostty_formatter_free(box[0])
        try:
            return bytes(ffi.buffer(out[0], size[0]))
        finally:
            lib.ghostty_free(ffi.NULL, out[0], size[0])

    def extras(self, extras: Sequence[str] = (), screen_extras: Sequence[str] = ()) -> bytes:
        """State that only the formatter tells, as the sequences that set it up."""
        corner = (0, self.total_rows - 1)  # it cannot do without content: take one cell, cut it off
        content = self.format(corner, corner)
        return self.format(corner, corner, extras=extras, screen_extras=screen_extras)[len(content) :]

    def tab_stops(self) -> bytes:
        """The sequences that set the tab stops; they move the cursor to the top left."""
        corner = (0, self.total_rows - 1)
        content = self.format(corner, corner)  # these come before the content
        return self.format(corner, corner, extras=["tabstops"])[: -len(content) or None]
