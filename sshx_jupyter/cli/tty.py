"""The person's own terminal: raw while we are there, and put back as it was whatever happens."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import select
import signal
import sys
import termios
import time
import tty
from collections.abc import Callable
from typing import Any

READ_SIZE = 256 << 10
LEAVE_TIMEOUT = 1.0
"""Seconds that a terminal which takes no output (Ctrl-S) may hold up our leaving."""

# Alternate screen, the title saved, no wrapping at the right edge, emoji of several code points as one character.
_ENTER = b"\x1b[?1049h\x1b[22;2t\x1b[?7l\x1b[?2027h"
_LEAVE = b"\x1b[?2026l\x1b]8;;\x1b\\\x1b[0m\x1b[?2027l\x1b[?7h\x1b[0 q\x1b[?25h\x1b[23;2t\x1b[?1049l"


class LocalTerminal:
    """stdin and stdout, which must be terminals. A context manager.

    `on_input` gets what is read; `on_resize` is called when the size has changed, `on_ready` when all that was written
    has been taken, and `on_gone` when the terminal is gone. `reset` gives the bytes that undo what else was changed.
    """

    def __init__(self) -> None:
        self.on_input: Callable[[bytes], None] = lambda data: None
        self.on_resize: Callable[[], None] = lambda: None
        self.on_ready: Callable[[], None] = lambda: None
        self.on_gone: Callable[[], None] = lambda: None
        self.reset: Callable[[], bytes] = lambda: b""
        self._loop = asyncio.get_running_loop()
        self._input = sys.stdin.fileno()
        self._output = -1
        self._pending = b""
        self._saved: list[Any] = []
        self._log = _HeldLog()

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns of the window."""
        try:
            size = os.get_terminal_size(self._input)
        except OSError:
            return 24, 80
        return max(size.lines, 1), max(size.columns, 1)

    @property
    def busy(self) -> bool:
        """Whether something that was written has not been taken yet."""
        return bool(self._pending)

    def __enter__(self) -> LocalTerminal:
        self._saved = termios.tcgetattr(self._input)
        self._output = _own_description(sys.stdout.fileno())
        try:
            self._start()
            self._loop.add_signal_handler(signal.SIGWINCH, lambda: self.on_resize())
            self._loop.add_signal_handler(signal.SIGTSTP, self._suspend)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        for number in (signal.SIGWINCH, signal.SIGTSTP):
            self._loop.remove_signal_handler(number)
        self._stop()
        os.close(self._output)

    def write(self, data: bytes) -> None:
        """Write as soon as the terminal takes it."""
        if self._pending:
            self._pending += data
            return
        self._pending = data
        self._write()

    def _start(self) -> None:
        self._log.install()
        tty.setraw(self._input, termios.TCSADRAIN)
        self._loop.add_reader(self._input, self._read)
        self.write(_ENTER)

    def _stop(self) -> None:
        self._loop.remove_reader(self._input)
        self._loop.remove_writer(self._output)
        rest = self._pending + self.reset() + _LEAVE
        self._pending = b""
        deadline = time.monotonic() + LEAVE_TIMEOUT
        with contextlib.suppress(OSError):
            while rest and time.monotonic() < deadline:
                if select.select([], [self._output], [], 0.1)[1]:
                    rest = rest[os.write(self._output, rest[:512]) :]
        with contextlib.suppress(termios.error):  # it may be gone
            if rest:
                termios.tcflush(self._input, termios.TCOFLUSH)
            termios.tcsetattr(self._input, termios.TCSANOW, self._saved)
            termios.tcflush(self._input, termios.TCIFLUSH)  # mouse reports under way are not for the shell
        self._log.release()

    def _suspend(self) -> None:
        """Stop as other programs do at SIGTSTP, and come back with a fresh screen."""
        self._stop()
        os.kill(os.getpid(), signal.SIGSTOP)
        self._start()
        self.on_resize()

    def _read(self) -> None:
        try:
            data = os.read(self._input, READ_SIZE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self.on_input(data)
        else:
            self._loop.remove_reader(self._input)
            self.on_gone()

    def _write(self) -> None:
        try:
            self._pending = self._pending[os.write(self._output, self._pending) :]
        except BlockingIOError:
            pass
        except OSError:
            self._pending = b""
            self._loop.remove_writer(self._output)
            self.on_gone()
            return
        if self._pending:
            self._loop.add_writer(self._output, self._write)
        else:
            self._loop.remove_writer(self._output)
            self._loop.call_soon(self.on_ready)


def _own_description(fd: int) -> int:
    """The terminal opened once more, so that our not blocking on it does not make everyone else's writes fail."""
    flags = os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK
    with contextlib.suppress(OSError):
        return os.open(os.ttyname(fd), flags)
    with contextlib.suppress(OSError):  # its name may be that of another container
        return os.open("/dev/tty", flags)
    return os.dup(fd)


class _HeldLog(logging.Handler):
    """Keeps log messages until the screen is the person's again."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._held: list[str] = []

    def install(self) -> None:
        logging.getLogger().addHandler(self)

    def release(self) -> None:
        logging.getLogger().removeHandler(self)
        held, self._held = self._held, []
        for line in held:
            print(line, file=sys.stderr)

    def emit(self, record: logging.LogRecord) -> None:
        if len(self._held) < 100:
            self._held.append(f"jupyter sshx: {record.getMessage()}")
