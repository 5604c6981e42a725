"""A shell of a session: one PTY's output as a numbered byte stream, its exact screen, and its place on the canvas."""

from __future__ import annotations

import asyncio
import re
import time
from collections import deque
from typing import Protocol

from ..protocol.marks import PromptState
from ..protocol.messages import Readiness, ShellInfo
from ..screen.screen import Screen, new_screen
from .errors import Invalid
from .limits import Limits
from .output_log import OutputLog, OutputMemory
from .shell_messages import ShellMessages, SnapshotMessages
from .terminals import Terminal

TITLE_LENGTH = 256
RENAMES = 5
"""Notices of new names that are remembered; see `session.RENAME_PERIOD`."""
RESIZE_PERIOD = 0.05
"""Seconds from one resize to the next, because each redraws the whole screen. Of those in between the last counts."""
REPLIES = 16 << 10
"""Bytes of the terminal's answers that may wait for a program which does not read them; beyond it they are lost."""
COMMAND_ENDED = re.compile(rb"\x1b\]133;D[^\x07\x1b]{0,64}(?:\x07|\x1b\\)")
"""The mark after a command that a client has typed into a shell without integration, with its exit status."""


class ShellListener(Protocol):
    """What a shell tells its session."""

    def shell_output(self, shell: Shell) -> None: ...

    def shell_changed(self, shell: Shell) -> None: ...

    def shell_ended(self, shell: Shell) -> None: ...


class Shell:
    """One PTY of a session. Everything happens on the event loop.

    Without `show_history`, nobody is sent what the terminal printed before: the screen begins with the terminal's modes
    and cursor, but empty and without a title.
    """

    def __init__(
        self,
        sid: int,
        terminal: Terminal,
        x: int,
        y: int,
        limits: Limits,
        memory: OutputMemory,
        listener: ShellListener,
        started_here: bool = True,
        show_history: bool = True,
    ) -> None:
        self.sid = sid
        self.terminal = terminal
        self.started_here = started_here
        """Whether the session has started the terminal, rather than found it running."""
        self.protected = not started_here
        """Whether only owners may close it, as it is the host's own."""
        self.x, self.y = x, y
        self.name = ""
        """The name that a user has given it, instead of the title."""
        self.title = ""
        """What the program calls itself."""
        self.renames: deque[float] = deque(maxlen=RENAMES)
        """When everyone was last told of a new name, by `time.monotonic`."""
        self.locked = False
        """Whether its size is locked."""
        self.ended = False
        self.last_output = 0.0
        """When it last printed, on the monotonic clock."""
        self.log = OutputLog(limits.log_bytes, limits.held_bytes, memory)
        self.resized_at = 0
        """Position in the stream of the last resize: a viewer from before it needs the screen anew."""
        self.latency = 0.0
        """Smoothed milliseconds from input to the output that follows it."""
        self._wanted_size = (terminal.rows, terminal.cols)
        self._resize_timer: asyncio.TimerHandle | None = None
        self._typed = 0.0
        self._unread_replies = 0
        self._mark = b""
        self._prompt = PromptState(terminal.aid) if terminal.aid else None
        self._prompts = 0
        self._listener = listener
        self._screen: Screen = new_screen(terminal.rows, terminal.cols, limits.scrollback)
        self._messages = ShellMessages(sid, self.log, self._draw)
        self.generation = 0
        """Counts resizes."""
        history = terminal.attach(self)
        if self._prompt is not None:
            self._prompt.feed(history, resync=True)
            self._note_prompt()
        if history and not show_history:
            history = _hidden(history, terminal.rows, terminal.cols)
        if history:
            self._screen.feed(history)  # what it asked for then has been answered long ago
            self.log.append(history)
            self._read_title()

    @property
    def seq(self) -> int:
        """Bytes printed so far."""
        return self.log.end

    @property
    def interrupted(self) -> float:
        """When someone last typed what interrupts a program, on the monotonic clock."""
        return self.terminal.line.interrupted

    @property
    def info(self) -> ShellInfo:
        title = self.name or self.title or f"Terminal {self.terminal.name}"  # as JupyterLab calls it
        return ShellInfo(
            self.x,
            self.y,
            self.terminal.rows,
            self.terminal.cols,
            title,
            self.ended,
            self.protected,
            self.terminal.viewed,
            self.locked,
            self.terminal.aid,
        )

    def snapshot(self, scrollback: bool, after: int, now: float) -> SnapshotMessages:
        """The screen as it is now or, within `SHARED_PERIOD`, as it was after position `after`."""
        return self._messages.snapshot(scrollback, self.generation, after, now)

    def chunks(self, position: int, size: int) -> tuple[bytes, int]:
        """The encoded output from a position that the log has, and its bytes: at most `size`, and one frame."""
        return self._messages.chunks(position, size)

    def _draw(self, scrollback: bool) -> bytes:
        """The screen, after the marks: some terminals begin a new line at one, and the screen may end in half a
        sequence. CAN ends the viewer's own half."""
        marks = self._prompt.marks if self._prompt is not None else b""
        return b"\x18" + self._mark + marks + self._screen.snapshot(scrollback)

    def resize(self, rows: int, cols: int) -> None:
        """Change the size, at once or in a moment. Raises `Invalid` if it is locked, or the host's tab decides it."""
        self.check_viewed()
        if self.locked:
            raise Invalid("The size of this shell is locked. Unlock it first.", "sizeLocked")
        self._wanted_size = (rows, cols)
        if self._resize_timer is None:
            self._resize()

    def check_viewed(self) -> None:
        """Raise `Invalid` while the host has the terminal open, and so decides its size."""
        if self.terminal.viewed:
            raise Invalid("The host has this terminal open, and that decides its size. You can zoom instead.", "viewed")

    @property
    def readiness(self) -> Readiness:
        """Whether the shell takes a command: its marks and the kernel must both say that it is at its prompt.

        Where the marks do not tell, as some startup file keeps them from being printed, an idle line editor that takes
        pastes counts as a prompt. Questions of startup files, which read a key, do not take any.
        """
        line, prompt = self.terminal.line, self._prompt if self.terminal.marks else None
        if prompt is not None and prompt.at_prompt:
            if not self.terminal.idle:
                return "busy"
            return "started" if line.started or line.submitted else "marked"
        if not self.terminal.at_prompt or (prompt is not None and not (prompt.lost and prompt.bracketed_paste)):
            return "busy"
        return "started" if line.started else "unmarked"

    def typed(self, data: bytes) -> None:
        """Note input of a user, for the latency read-out and for `readiness`."""
        self.terminal.typed(data)
        if not self._typed:
            self._typed = time.monotonic()

    def on_output(self, data: bytes) -> None:
        replies = self._screen.feed(data)
        self.log.append(data)
        self.last_output = now = time.monotonic()
        if self._typed:
            took = (now - self._typed) * 1000
            self.latency = took if not self.latency else 0.8 * self.latency + 0.2 * took
            self._typed = 0.0
        if replies and not self.terminal.viewed_elsewhere and self._unread_replies + len(replies) <= REPLIES:
            self._unread_replies += len(replies)
            self.terminal.write(replies, self._replies_written)  # were it viewed elsewhere, it would be answered twice
        escapes = b"\x1b" in data  # one byte is found ten times as fast as two
        commands = escapes and b"\x1b]" in data
        if commands:
            self._read_title()
            self._read_mark(data)
        if self._prompt is not None and (
            commands or self._prompt.cut or data.endswith(b"\x1b") or (escapes and self._prompt.lost)
        ):
            self._prompt.feed(data)
            self._note_prompt()
        self._listener.shell_output(self)

    def _note_prompt(self) -> None:
        if self._prompt is not None and self._prompt.prompts != self._prompts:
            self._prompts = self._prompt.prompts
            self.terminal.line.prompted(self._prompt.number)

    def _replies_written(self, count: int) -> None:
        self._unread_replies -= count

    def on_resize(self, rows: int, cols: int) -> None:
        self._resized(rows, cols)
        self._listener.shell_changed(self)

    def on_viewed(self) -> None:
        self._listener.shell_changed(self)

    def on_exit(self) -> None:
        self._stop_resizing()
        self.ended = True
        self._listener.shell_ended(self)

    def release(self) -> None:
        """Let go of the terminal, which lives on."""
        self._stop_resizing()
        self.ended = True
        self.terminal.detach()

    def _resize(self) -> bool:
        """Give the terminal the size that was asked for last, and wait a moment before the next time."""
        self._resize_timer = None
        rows, cols = self._wanted_size
        if self.terminal.viewed or (rows, cols) == (self.terminal.rows, self.terminal.cols):
            return False
        self.terminal.resize(rows, cols)
        self._resized(rows, cols)
        self._resize_timer = asyncio.get_running_loop().call_later(RESIZE_PERIOD, self._resize_again)
        return True

    def _resize_again(self) -> None:
        if self._resize():
            self._listener.shell_changed(self)

    def _stop_resizing(self) -> None:
        if self._resize_timer is not None:
            self._resize_timer.cancel()
            self._resize_timer = None

    def _resized(self, rows: int, cols: int) -> None:
        self._screen.resize(rows, cols)
        self.resized_at = self.seq
        self.generation += 1

    def _read_mark(self, data: bytes) -> None:
        """Keep the last end-of-command mark, for whoever waits for it and has skipped the output that it was in."""
        marks = COMMAND_ENDED.findall(data)
        if marks:
            self._mark = marks[-1]

    def _read_title(self) -> None:
        title = self._screen.title[:TITLE_LENGTH]
        if title != self.title:
            self.title = title
            self._listener.shell_changed(self)


def _hidden(history: bytes, rows: int, cols: int) -> bytes:
    """What a terminal of this size is fed instead of `history` to be in the same state and show nothing of it."""
    screen = new_screen(rows, cols, 0)
    screen.feed(history)
    blank = screen.blank_snapshot()
    screen.close()
    return blank
