"""What comes from the person's terminal: keys, pastes and mouse events, told apart without changing a byte of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

PASTE_BEGIN, PASTE_END = b"\x1b[200~", b"\x1b[201~"
MENU_KEYS = (b"\x1d", b"\x1b[93;5u", b"\x1b[27;5;93~")
"""Ctrl-], also as terminals with the kitty or xterm keyboard protocols send it."""
TYPED = 256
"""Nobody types that many bytes between two reads: they are a paste, in which Ctrl-] is no key."""
PASTE_PAUSE = 0.05
"""Seconds after such a read within which the next one is still the same paste, however short it is."""

_TOKEN = re.compile(
    rb"\x1b\[200~.*?(?:\x1b\[201~|$)"  # a paste
    rb"|\x1b\[[0-?]*[ -/]*[@-~]"  # CSI
    rb"|\x1bO[ -~]"  # SS3
    rb"|\x1b\x1b?[\x20-\x7e]"  # Alt and a key
    rb"|[\x00-\x1f\x7f]"
    rb"|[^\x00-\x1f\x7f]+",
    re.DOTALL,
)
_MOUSE = re.compile(rb"\x1b\[<(\d{1,6});(\d{1,6});(\d{1,6})([Mm])")
_CUT = re.compile(rb"\x1b(?:\[[0-?]*)?$")

_NAMES = {
    b"\r": "enter",
    b"\n": "enter",
    b"\x1b": "escape",
    b"\x1b[27u": "escape",
    b"\x7f": "backspace",
    b"\x08": "backspace",
    b"\x15": "clear",
    b"\x17": "word",
    b"\x03": "escape",
    b"\x1b[A": "up",
    b"\x1bOA": "up",
    b"\x1b[B": "down",
    b"\x1bOB": "down",
    b"\x1b[C": "right",
    b"\x1bOC": "right",
    b"\x1b[D": "left",
    b"\x1bOD": "left",
    b"\x1b[H": "home",
    b"\x1bOH": "home",
    b"\x1b[1~": "home",
    b"\x1b[F": "end",
    b"\x1bOF": "end",
    b"\x1b[4~": "end",
    b"\x1b[5~": "pageup",
    b"\x1b[6~": "pagedown",
}


class Mouse(NamedTuple):
    """A mouse event in the window: what xterm calls button, with its modifiers, and the cell, counted from 0."""

    button: int
    x: int
    y: int
    released: bool


@dataclass(frozen=True)
class Token:
    """One key, paste, or stretch of text, exactly as the terminal sent it."""

    raw: bytes
    pasted: bool = False
    """Whether it is part of a paste, and thus no key whatever it holds."""

    @property
    def menu(self) -> bool:
        return self.raw in MENU_KEYS and not self.pasted

    @property
    def name(self) -> str:
        """The name of a key that is no text, "" for any other."""
        return "" if self.pasted else "menu" if self.menu else _NAMES.get(self.raw, "")

    @property
    def text(self) -> str:
        """What was typed or pasted as text, "" for a key that is none."""
        raw = self.raw
        if self.pasted:
            raw = raw.removeprefix(PASTE_BEGIN).removesuffix(PASTE_END)
        elif raw[:1] < b" ":
            return ""
        return " ".join(raw.decode("utf-8", "replace").split("\n"))

    @property
    def mouse(self) -> Mouse | None:
        found = _MOUSE.fullmatch(self.raw)
        if found is None or self.pasted:
            return None
        return Mouse(int(found[1]), int(found[2]) - 1, int(found[3]) - 1, found[4] == b"m")


class KeyReader:
    """Cuts what is read into tokens. A paste may come in several reads; so may, rarely, the sequence of one key."""

    def __init__(self) -> None:
        self._pasting = False
        self._pasted = b""
        self._rest = b""
        self._pasted_at = float("-inf")

    @property
    def unfinished(self) -> bool:
        """Whether the last read ended within what may become a sequence: `flush` it if nothing follows at once."""
        return bool(self._rest)

    def feed(self, data: bytes, now: float) -> list[Token]:
        """The tokens in what was read at the time `now`, in seconds of any clock that only goes forward."""
        data, self._rest = self._rest + data, b""
        tokens: list[Token] = []
        if self._pasting:
            seen = self._pasted + data
            end = seen.find(PASTE_END)
            if end < 0:
                self._pasted = seen[-len(PASTE_END) + 1 :]  # the end itself may come in pieces
                return [Token(data, pasted=True)]
            end += len(PASTE_END) - len(self._pasted)
            self._pasting = False
            tokens.append(Token(data[:end], pasted=True))
            data = data[end:]
        long = len(data) > TYPED or (data and now - self._pasted_at < PASTE_PAUSE)
        if long and PASTE_BEGIN not in data and _MOUSE.search(data) is None:
            self._pasted_at = now
            return [*tokens, Token(data, pasted=True)]
        cut = _CUT.search(data)
        if cut is not None and len(data) - cut.start() < 32:
            data, self._rest = data[: cut.start()], data[cut.start() :]
        for found in _TOKEN.finditer(data):
            raw = found[0]
            pasted = raw.startswith(PASTE_BEGIN)
            self._pasting = pasted and not raw.endswith(PASTE_END)
            if self._pasting:
                self._pasted = raw[-len(PASTE_END) + 1 :]
            tokens.append(Token(raw, pasted))
        return tokens

    def flush(self) -> list[Token]:
        """What was held back, which turned out to be a key of its own."""
        rest, self._rest = self._rest, b""
        return [Token(rest)] if rest else []
