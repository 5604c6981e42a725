"""Runs a command in a shared shell: what to type, and where to find its output and exit status. No I/O."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import Literal, Protocol

from ..protocol.marks import LONGEST, Mark, MarkPattern, PromptState

MOST_OUTPUT = 16 << 20
"""Bytes of a command's output that are returned, counted as the shell prints them: the last ones."""


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

    `truncated` tells that this is only the end of it: it was more than `MOST_OUTPUT`, or than the host keeps for a
    client that takes it too slowly.
    """

    output: str
    exit_status: int
    truncated: bool = False


class CommandRun(Protocol):
    """Types one command, and finds what it printed in the shell's output from then on."""

    @property
    def done(self) -> bool:
        """Whether the command has ended."""

    @property
    def begun(self) -> bool:
        """Whether the shell has begun to run it."""

    def line(self, command: str) -> bytes:
        """What to type for a command that is not blank."""

    @property
    def hitch(self) -> Literal["", "incomplete", "refused"]:
        """Why it does not begin: the shell waits for more of the command, or is at the same prompt again."""

    def on_output(self, data: bytes, snapshot: bool, missed: int) -> None:
        """Take what the shell has printed, see `Output`."""

    def result(self) -> RunResult:
        """What came of it. Raises `CommandError`."""


class MarkedRun:
    """A command in a shell with integration, at its prompt: the command is typed and nothing else.

    It has ended when the shell is at its next prompt. When several commands are pasted at once, the shell may print
    marks between them; the last prompt is the one at which it reads again.
    """

    def __init__(self, prompt: PromptState) -> None:
        self.done = self.begun = False
        self._number = self._latest = prompt.number
        self._pattern = MarkPattern(prompt.aid)
        self._pastes = prompt.bracketed_paste
        self._line_breaks = 1
        self._output = bytearray()
        self._searched = 0
        self._start = -1
        self._end = -1
        """Where the command's output starts and ends in what was printed; -1 if that is not known."""
        self._status: int | None = None
        self._truncated = False
        self.hitch: Literal["", "incomplete", "refused"] = ""

    def line(self, command: str) -> bytes:
        """The command and Enter.

        Several lines are made one input: they are pasted or, where the shell takes no paste, their line breaks are
        quoted by Ctrl-V, which bash and zsh know.
        """
        text = command.strip().replace("\r\n", "\n")
        self._line_breaks += text.count("\n")
        if not _KEYS.search(text):
            return f"{text}\r".encode()
        if self._pastes:
            return b"\x1b[200~%s\x1b[201~\r" % text.replace("\x1b", "").encode()
        return (_KEYS.sub(lambda key: f"\x16{key[0]}", text) + "\r").encode()

    def on_output(self, data: bytes, snapshot: bool, missed: int) -> None:
        if self.done or (snapshot and not missed):  # scrollback that comes later: nothing new
            return
        if missed:
            self._drop(len(self._output))
            self.begun = self.begun or not snapshot  # only commands print as much as a host forgets
        if snapshot:  # it begins with the last marks, see `PromptState.marks`
            self._follow(self._pattern.find(data), len(self._output))
            return
        self._output += data
        marks = self._pattern.find(self._output, self._searched)
        self._searched = max(len(self._output) - LONGEST, marks[-1].end if marks else self._searched)
        if self.hitch == "refused":
            self.hitch = ""  # it was only drawn again
        self._follow(marks)
        if len(self._output) > 2 * MOST_OUTPUT and not self.done:
            self._drop(len(self._output) - MOST_OUTPUT)

    def _drop(self, count: int) -> None:
        """Forget the oldest `count` bytes."""
        del self._output[:count]
        self._searched = max(0, self._searched - count)
        self._start, self._truncated = 0, True
        if self._end >= 0:  # known, although the prompt that follows has not come whole
            self._end = max(0, self._end - count)

    def _follow(self, marks: list[Mark], at: int | None = None) -> None:
        """Take marks, which lie `at` a place in the output, or where they say."""
        for mark in marks:
            if mark.number < self._number or self.done or (at is None and mark.number > self._latest + 1):
                continue
            self._latest = mark.number
            match mark.kind:
                case "output":
                    self.begun = True
                    if self._start < 0:
                        self._start = mark.end if at is None else at
                case "end":
                    self._status = mark.status
                    self._end = mark.start if at is None else at
                case "continuation" if not self.begun:
                    self.hitch = "incomplete"
                case "input":
                    # One of the same number is the old prompt, unless the command has changed what marks it.
                    self.done = mark.number > self._number or self.begun
                    if not self.done and not self.hitch and b"\n" in self._output and mark.end == len(self._output):
                        self.hitch = "refused"

    def result(self) -> RunResult:
        if not self.done and not self.hitch:
            raise CommandError("The shell has ended before the command did.")
        output = bytes(self._output if self._end < 0 else self._output[: self._end])
        if self._start >= 0:
            output = output[self._start :]
        else:  # what follows is what the shell says of it
            output = output.split(b"\n", self._line_breaks)[-1]
        self._truncated |= len(output) > MOST_OUTPUT
        output = output[-MOST_OUTPUT:]
        text = plain_text(_PARTIAL_LINE.sub(b"", output))
        if self.hitch == "incomplete" and self._status in (None, 1, 130):
            raise CommandError("The command is incomplete: the shell waited for more of it. It was not run.")
        if not self.begun and not self._status:
            told = text.rpartition("\n")[0].strip()
            raise CommandError(f"The shell did not run the command: {told}" if told else "The shell did not run it.")
        if self._status is None:
            raise CommandError("The shell no longer reports when commands end, because its settings changed.")
        return RunResult(text, self._status, self._truncated)


class TypedRun:
    """A command in a shell without integration, of the sh family: the marks are typed with it.

    They are OSC 133 C and D as shell integration prints them, with an id of this command.
    """

    def __init__(self) -> None:
        self.begun = False
        self.hitch: Literal[""] = ""
        self._id = secrets.token_hex(4)
        self._output = bytearray()
        self._truncated = False
        self._end = re.compile(rb"\x1b\]133;D;(\d+);aid=%s\x07" % self._id.encode())
        self._status: int | None = None
        self._start = f"\x1b]133;C;aid={self._id}\x07".encode()

    @property
    def done(self) -> bool:
        return self._status is not None

    def line(self, command: str) -> bytes:
        """The command between the marks, hidden from the history by the space before it."""
        start = rf" printf '\33]133;C;aid={self._id}\7'"
        end = rf"printf '\33]133;D;%s;aid={self._id}\7' $?"
        quoted = command.strip().replace("\r\n", "\n").replace("\n", "\r").replace("'", r"'\''")
        # As one word, so that the end is told even if the command makes no sense. POSIX shells then give up the whole
        # line (XCU 2.8.1: `eval` is a special built-in) unless `command` stands before it. Only zsh takes that
        # otherwise: there `funcstack` is set, to an empty array.
        return f"{start};${{funcstack-command}} eval '{quoted}';{end}\r".encode()

    def on_output(self, data: bytes, snapshot: bool, missed: int) -> None:
        if self.done or (snapshot and not missed):  # scrollback that comes later: nothing new
            return
        if missed:
            self._output.clear()
            self._truncated = True
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
        elif len(self._output) > 2 * MOST_OUTPUT:
            del self._output[:-MOST_OUTPUT]
            self._truncated = True

    def result(self) -> RunResult:
        if self._status is None:
            raise CommandError("The shell has ended before the command did.")
        _, mark, output = bytes(self._output).rpartition(self._start)
        truncated = self._truncated or not mark or len(output) > MOST_OUTPUT
        return RunResult(plain_text(output[-MOST_OUTPUT:]), self._status, truncated)


def is_plain_line(command: str) -> bool:
    """Whether line editors take all of a command as text."""
    return not _KEYS.search(command.strip())


_KEYS = re.compile(r"[\x00-\x1f\x7f]")
"""Characters that line editors take as keys."""
_PARTIAL_LINE = re.compile(rb"(?:(?:\x1b\[[\d;]*m)+\S{1,8}?(?:\x1b\[[\d;]*m)+)? {10,}\r \r\Z")
"""What zsh prints before a prompt so that it starts on a line of its own: a highlighted sign and spaces."""
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
