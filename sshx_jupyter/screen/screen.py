"""The exact screen of a shell, which a viewer who joins now must see: a terminal is fed every byte of output.

`GhosttyScreen` is libghostty-vt behind `ghostty.py`; `snapshot.py` says how its state becomes bytes, and what
these cannot carry. Where `pyghostty` has no wheel, `LogScreen` replays the newest output instead.
"""

from __future__ import annotations

import contextlib
import importlib
import re
from collections import deque
from typing import Protocol

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_TITLE_LENGTH = 1024
_RESET = b"\x18\x1b[?2026l\x1b[?1049l\x1bc\x1b[3J"


def _clean_title(title: str) -> str:
    """A title that can be shown anywhere: one line, nothing invisible, not endless."""
    return _CONTROLS.sub("", title)[:_TITLE_LENGTH]


class Screen(Protocol):
    """What a shell's output has made of a terminal."""

    @property
    def rows(self) -> int: ...

    @property
    def cols(self) -> int: ...

    @property
    def title(self) -> str:
        """The title that the program set last (OSC 0 or 2), one clean line; empty if it set none."""

    @property
    def cursor(self) -> tuple[int, int]:
        """Column and row on the screen, from 0."""

    def feed(self, data: bytes) -> bytes:
        """Take the program's output, cut anywhere; returns what the terminal answers to it, mostly nothing."""

    def resize(self, rows: int, cols: int) -> None: ...

    def snapshot(self, scrollback: bool = True) -> bytes:
        """VT bytes that reproduce everything in a terminal of this size, whatever state that terminal is in.

        Without `scrollback`, what has scrolled off is left out: small, for a viewer that must catch up.
        """

    def blank_snapshot(self) -> bytes:
        """VT bytes that bring a terminal of this size into the same state, but with empty screens.

        Modes, colors, and the cursor's place are in them, so that what the program prints and what people type next is
        understood as it should be; nothing that was printed is, and neither are titles and hyperlinks.
        """

    def text(self) -> str:
        """The visible screen as lines of text, without what is blank at their ends and at the bottom."""

    def close(self) -> None: ...


class GhosttyScreen:
    """A screen kept by libghostty-vt, exactly."""

    def __init__(self, rows: int, cols: int, scrollback: int = 10_000) -> None:
        from .ghostty import Terminal  # here, so that this module also serves where the wheel is missing

        self._terminal = Terminal(rows, cols, scrollback)
        self._terminal.configure()
        self._scrollback = scrollback
        self._rows, self._cols = rows, cols
        self.feed = self._terminal.feed  # the hot path: no call in between

    @property
    def rows(self) -> int:
        return self._rows

    @property
    def cols(self) -> int:
        return self._cols

    @property
    def title(self) -> str:
        return _clean_title(self._terminal.title)

    @property
    def cursor(self) -> tuple[int, int]:
        return self._terminal.cursor

    def resize(self, rows: int, cols: int) -> None:
        self._rows, self._cols = rows, cols
        self._terminal.resize(rows, cols)

    def snapshot(self, scrollback: bool = True) -> bytes:
        from .snapshot import snapshot

        self._keep_size()
        return snapshot(self._terminal, self.title, self._scrollback if scrollback else 0)

    def blank_snapshot(self) -> bytes:
        from .snapshot import snapshot

        self._keep_size()
        return snapshot(self._terminal, "", 0, blank=True)

    def text(self) -> str:
        self._keep_size()
        terminal = self._terminal
        total = terminal.total_rows
        start, end = (0, total - terminal.rows), (terminal.cols - 1, total - 1)
        return terminal.format(start, end, plain=True).decode()

    def close(self) -> None:
        self._terminal.close()

    def _keep_size(self) -> None:
        if self._terminal.cols != self._cols:  # DECCOLM: programs may not resize a shell
            self._terminal.resize(self._rows, self._cols)


class LogScreen:
    """The newest output, to be replayed: for systems without libghostty.

    A stand-in, not a screen: it parses nothing but titles. Replaying the log shows the same screen as long as
    the program drew it within the log; older state (modes, colors, a screen drawn long ago) is lost, and what
    was drawn for another size is replayed at this one. Queries in the log are put to every viewer again. It
    answers none itself; `text` is always empty and `cursor` (0, 0).
    """

    MAX_LOG = 2 << 20
    MAX_VISIBLE = 64 << 10
    _TITLE = re.compile(rb"\x1b\](?:0|2);([^\x07\x1b]{0,4096})(?:\x07|\x1b\\)")
    _SWITCH = re.compile(rb"\x1bc|\x1b\[\?([\d;]{1,64})([hl])")
    _SWITCHES = frozenset(b"1 7 25 47 1000 1002 1003 1004 1006 1015 1047 1049 2004".split())
    """Modes that a blank snapshot keeps: how keys, pastes and the mouse are sent, and which screen is shown."""

    def __init__(self, rows: int, cols: int, scrollback: int = 10_000) -> None:
        self.rows, self.cols = rows, cols
        self.title = ""
        self.cursor = (0, 0)
        self._log: deque[bytes] = deque()
        self._size = 0
        self._tail = b""

    def feed(self, data: bytes) -> bytes:
        self._log.append(data)
        self._size += len(data)
        while self._size - len(self._log[0]) >= self.MAX_LOG:
            self._size -= len(self._log.popleft())
        recent = self._tail + data
        if b"\x1b]" in recent:
            for found in self._TITLE.finditer(recent):
                self.title = _clean_title(found[1].decode(errors="replace"))
            start = recent.rfind(b"\x1b]")
            self._tail = recent[start:] if len(recent) - start <= 4096 + 8 else b""
        else:
            self._tail = recent[-1:] if recent.endswith(b"\x1b") else b""
        return b""

    def resize(self, rows: int, cols: int) -> None:
        self.rows, self.cols = rows, cols

    def snapshot(self, scrollback: bool = True) -> bytes:
        log = b"".join(self._log)
        limit = self.MAX_LOG if scrollback else self.MAX_VISIBLE
        if len(log) > limit:
            log = log[len(log) - limit :]
            log = log[log.find(b"\n") + 1 :]
        return _RESET + log

    def blank_snapshot(self) -> bytes:
        modes: dict[bytes, bytes] = {}
        for found in self._SWITCH.finditer(b"".join(self._log)):
            if found[1] is None:
                modes.clear()
            else:
                modes.update(dict.fromkeys(self._SWITCHES.intersection(found[1].split(b";")), found[2]))
        return _RESET + b"".join(b"\x1b[?%b%b" % mode for mode in modes.items())

    def text(self) -> str:
        return ""

    def close(self) -> None:
        self._log.clear()
        self._size = 0


def load() -> None:
    """Load libghostty, which takes most of a second: call it in a thread before the first screen is made."""
    with contextlib.suppress(ImportError, OSError):
        importlib.import_module(f"{__package__}.ghostty")


def new_screen(rows: int, cols: int, scrollback: int = 10_000) -> Screen:
    """The best screen that this system can keep."""
    try:
        return GhosttyScreen(rows, cols, scrollback)
    except (ImportError, OSError):  # no wheel, or a wheel without the library for this machine
        return LogScreen(rows, cols, scrollback)
