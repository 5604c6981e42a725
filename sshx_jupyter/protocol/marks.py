"""Semantic-prompt marks (OSC 133) in a shell's output: whether it is at its prompt, as far as they tell. No I/O.

A shell with integration prints `A` before its prompt, `B` where input begins, `C` where a command's output begins, and
`D` with the exit status where it ends. Each has the shell's secret as its `aid`, and the number of the prompt as `n`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

MarkKind = Literal["prompt", "input", "continuation", "output", "end"]

_KINDS: dict[bytes, MarkKind] = {
    b"A": "prompt",
    b"A;k=s": "continuation",
    b"B": "input",
    b"C": "output",
    b"D": "end",
}
LONGEST = 160
"""Bytes of a mark, at most, when numbers are as large as they get."""
_BEGIN, _PASTE = b"\x1b]133;", b"\x1b[?2004"


@dataclass(frozen=True)
class Mark:
    """A mark, and where it lies in the data that it was found in. `status` is the exit status that `end` tells."""

    kind: MarkKind
    number: int
    status: int
    start: int
    end: int


class MarkPattern:
    """Finds the marks of one shell, and nobody else's."""

    def __init__(self, aid: str) -> None:
        self._pattern = re.compile(
            rb"\x1b\]133;(A;k=s|[ABCD])(?:;(\d{1,9}))?;aid=%s;n=(\d{1,15})\x07" % re.escape(aid.encode())
        )

    def find(self, data: bytes | bytearray, start: int = 0) -> list[Mark]:
        """The marks that lie wholly in `data` from `start` on."""
        return [
            Mark(_KINDS[found[1]], int(found[3]), int(found[2] or 0), found.start(), found.end())
            for found in self._pattern.finditer(data, start)
        ]


class PromptState:
    """What a shell's marks have told so far. Costs a search for one byte where output has no escape sequences.

    A mark counts only if it follows the one before. That leaves recordings out, and keeps a forged mark from lasting:
    one that a reader of the session has put into a file may be taken for the shell's until the next prompt.

    Attributes:
        number: the number of the last prompt, 0 before the first.
        prompts: counts the prompts, each time that they are drawn.
        at_prompt: whether the shell waits for a command, if no mark was forged.
        lost: whether the marks do not tell when the shell is at its prompt: none has come yet, or one was left out.
        bracketed_paste: whether it tells pasted text from typed text.
    """

    def __init__(self, aid: str) -> None:
        self.aid = aid
        self.number = 0
        self.prompts = 0
        self.at_prompt = False
        self.lost = True
        self.bracketed_paste = False
        self._pattern = MarkPattern(aid)
        self._end = b""
        self._last = b""
        self._rest = b""
        self._runs = False

    @property
    def cut(self) -> bool:
        """Whether the output so far ends in what may be the beginning of a mark."""
        return bool(self._rest)

    @property
    def marks(self) -> bytes:
        """The marks that tell this state to someone who has seen no output: the last `end`, and what came after it."""
        return self._end + self._last

    def feed(self, data: bytes, resync: bool = False) -> None:
        """Take output, cut anywhere. With `resync` some may be missing before it, and any number may come."""
        if b"\x1b" not in data and not self._rest:
            return
        if self._rest:
            data = self._rest + data
        self._rest = _unfinished(data)
        paste = data.rfind(_PASTE)
        if paste >= 0 and len(data) > paste + len(_PASTE):
            self.bracketed_paste = data[paste + len(_PASTE)] == ord("h")
        if _BEGIN not in data:
            return
        for mark in self._pattern.find(data):
            if not resync and not self._follows(mark):
                self.lost |= mark.kind == "input"
                continue
            self.number = mark.number
            self._runs = mark.kind == "output"
            self.at_prompt = mark.kind == "input"
            if self.at_prompt:
                self.prompts += 1
                self.lost = False
            if mark.kind == "end":
                self._end, self._last = data[mark.start : mark.end], b""
            else:
                self._last = data[mark.start : mark.end]

    def _follows(self, mark: Mark) -> bool:
        if mark.number == self.number:
            return mark.kind != "input" or not self._runs
        return mark.number == self.number + 1 and mark.kind in ("prompt", "input")


def _unfinished(data: bytes) -> bytes:
    """The end of `data`, if a mark or the switch of bracketed paste may go on after it."""
    last = data.rfind(b"\x1b", -LONGEST)
    if last < 0:
        return b""
    tail = data[last:]
    if tail.startswith(_BEGIN):
        return tail if b"\x07" not in tail else b""
    return tail if _BEGIN.startswith(tail) or _PASTE.startswith(tail) else b""
