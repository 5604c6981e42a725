"""Runs a command in a shared shell: what to type so that its output and exit status can be found in what is printed."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass


class CommandError(RuntimeError):
    """A command could not be run, or a request not be done. `str()` is a sentence for the person.

    Attributes:
        code: the word by which programs tell why; empty if the host had no part in it.
    """

    def __init__(self, text: str, code: str = "") -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True)
class RunResult:
    """What a command printed, without colors and cursor movements, and its exit status.

    `truncated` tells that output was missed, because it came faster than this client could take it.
    """

    output: str
    exit_status: int
    truncated: bool = False


class CommandRun:
    """Finds a command's output in what a shell prints, between two marks that the shell is made to print around it.

    The marks are OSC 133 C and D, the semantic-prompt marks that terminals know for exactly this (they show nothing),
    with an id of their own (`aid`), as in the FinalTerm/iTerm2 shell integration.
    """

    def __init__(self) -> None:
        self._id = secrets.token_hex(8)
        self._output = bytearray()
        self._truncated = False
        self._end = re.compile(rb"\x1b\]133;D;(\d+);aid=%s\x07" % self._id.encode())
        self._status: int | None = None
        self._start = f"\x1b]133;C;aid={self._id}\x07".encode()
        self.begun = False
        """Whether the shell has begun to run it."""

    @property
    def done(self) -> bool:
        return self._status is not None

    def line(self, command: str) -> bytes:
        """What to type: the command between the marks, hidden from the history by the space before it."""
        start = f"printf '\\033]133;C;aid={self._id}\\007'"
        end = f"printf '\\033]133;D;%s;aid={self._id}\\007' \"$?\"\r"
        quoted = command.strip().replace("\r\n", "\n").replace("\n", "\r").replace("'", r"'\''")
        # As one word, so that the end is told even if the command makes no sense. POSIX shells then give up the whole
        # line (XCU 2.8.1: `eval` is a special built-in) unless `command` stands before it. Only zsh takes that
        # otherwise: there `funcstack` is set, to an empty array.
        return f" {start}; ${{funcstack-command}} eval '{quoted}'; {end}".encode()

    def on_output(self, data: bytes, snapshot: bool, missed: int) -> None:
        """Take what the shell has printed; see `Output`."""
        if self.done:
            return
        if snapshot and not missed:
            return  # scrollback that comes later: nothing new
        self._truncated |= snapshot
        found = self._end.search(data)  # a snapshot holds the last mark that the shell has printed
        self.begun = self.begun or snapshot
        if not snapshot:
            self._output += data
            self.begun = self.begun or self._start in self._output
            found = self._end.search(self._output, max(0, len(self._output) - len(data) - 64))
        if found is not None:
            self._status = int(found[1])
            if not snapshot:
                del self._output[found.start() :]
        elif len(self._output) > 64 << 20:
            del self._output[: 32 << 20]
            self._truncated = True

    def result(self) -> RunResult:
        if self._status is None:
            raise CommandError("The shell has ended before the command did.")
        _, mark, output = bytes(self._output).rpartition(self._start)
        return RunResult(plain_text(output), self._status, self._truncated or not mark)


_CONTROL = re.compile(
    r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"  # OSC
    r"|\x1b[PX^_][^\x1b]*\x1b\\"  # DCS, SOS, PM, APC
    r"|\x1b\[[0-?]*[ -/]*[@-~]"  # CSI
    r"|\x1b[ -/]*[0-~]"  # other escape sequences
    r"|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
)


def plain_text(data: bytes) -> str:
    """Terminal output as text: without escape sequences (ECMA-48), and overwritten lines as they ended."""
    text = _CONTROL.sub("", data.decode("utf-8", "replace")).replace("\r\n", "\n")
    return "\n".join(line.rsplit("\r", 1)[-1] for line in text.split("\n"))
