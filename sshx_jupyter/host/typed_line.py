"""Whether someone has started a line at a shell's prompt, as far as the keys tell that were written to its PTY. No I/O.

What the shell prints cannot tell it: prompts, completions and suggestions are drawn again at any time.
"""

from __future__ import annotations

import re

_ANSWER = re.compile(
    rb"\x1b\[(?:[?>=]?[\d;]*[cnR]|\?[\d;]*(?:\$y|u)|[IO]|<[\d;]+[mM])"  # to queries; focus and mouse
    rb"|\x1b[\]P][^\x07\x1b]*(?:\x07|\x1b\\)"  # OSC and DCS
)
"""What a terminal sends by itself."""
INTERRUPT = re.compile(rb"[\x03\x1a\x1c]")
"""Keys that interrupt, suspend or quit a program unless it reads them itself: Ctrl-C, Ctrl-Z, Ctrl-\\ (termios(3))."""
_REDRAW = b"\x0c"
_ENTER = re.compile(rb"[\r\n\x03]")
"""Keys that end a line in line editors: Enter and Ctrl-C."""
_TAKEN = re.compile(rb"[\r\n\x03\x04\x15\x1a\x1c]")
"""Keys after which the line discipline holds no line, because it has passed the line on or dropped it (termios(3))."""


class TypedLine:
    """The line at the prompt of one PTY.

    Attributes:
        started: whether something was typed after the last Enter or Ctrl-C that the shell has or will have.
        submitted: whether a line was ended by Enter, and the shell has shown no prompt since.
        interrupted: when `INTERRUPT` was last typed, on the monotonic clock; who writes to the PTY sets it.
    """

    def __init__(self) -> None:
        self.started = self.submitted = False
        self._ahead = False
        """Whether what was started waits for the next prompt."""
        self._number = 0
        self.interrupted = float("-inf")

    def typed(self, data: bytes, program: bool, canonical: bool) -> None:
        """Take keys.

        Args:
            data: what is written to the PTY.
            program: whether another program than the shell is in the foreground.
            canonical: whether the line discipline collects lines (ICANON), so that programs read whole ones.
        """
        data = _ANSWER.sub(b"", data).replace(_REDRAW, b"")
        if program and not canonical:  # the program reads each key
            return
        end = None
        for end in (_TAKEN if canonical else _ENTER).finditer(data):
            self.submitted = end[0] != b"\x03"
        if end is not None:
            self.started = self._ahead = False
            data = data[end.end() :]
        if data:
            self.started = True
            self._ahead |= canonical or self.submitted

    def prompted(self, number: int) -> None:
        """The shell shows the prompt of this number, perhaps again."""
        if number != self._number:
            self.started, self._ahead = self.started and self._ahead, False
        self._number, self.submitted = number, False
