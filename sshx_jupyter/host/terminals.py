"""Where shells come from: terminado's PTYs, be they a Jupyter server's terminals or the session's own.

A shared Jupyter terminal stays what it was: this module joins it as one more of its terminado clients, beside the
terminal's own browser tabs, and never becomes its owner.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shutil
import time
import weakref
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Protocol, cast

from terminado.management import NamedTermManager, PtyWithClients

from .errors import NotHere, TerminalsUnavailable
from .processes import SHELLS, hang_up, running_program
from .pty_reader import BURST, FULL_READ, QUIET, note_typed, read_burst, read_pending
from .pty_writer import PtyWriter, Written
from .shell_integration import ShellIntegration, integrate
from .typed_line import INTERRUPT, TypedLine

log = logging.getLogger(__name__)

LINE_EDITORS = ("bash", "fish", "ksh", "mksh", "zsh")
"""Shells that read character by character at their prompts, and leave the terminal's own line editing to programs."""


class Listener(Protocol):
    """What a terminal tells its shell. Called on the event loop."""

    def on_output(self, data: bytes) -> None: ...

    def on_resize(self, rows: int, cols: int) -> None: ...

    def on_viewed(self) -> None: ...

    def on_exit(self) -> None: ...


class Terminal:
    """One PTY, joined as a terminado client.

    Attributes:
        aid: the secret of its shell's marks; empty without integration.
        line: what all of its clients have typed at the prompt.
    """

    def __init__(self, name: str, manager: NamedTermManager, aid: str, line: TypedLine) -> None:
        self.name = name
        self.aid = aid
        self.line = line
        self._manager = manager
        self._pty: PtyWithClients = manager.terminals[name]
        self._loop = asyncio.get_running_loop()
        self._listener: Listener | None = None
        self._burst_since = 0.0
        self._burst_size = 0
        self._input = PtyWriter(self._pty.ptyproc.fd, self._loop)
        self.rows, self.cols = cast("tuple[int, int]", self._pty.ptyproc.getwinsize())
        self._was_viewed = self.viewed

    def attach(self, listener: Listener) -> bytes:
        """Start telling `listener`; returns the terminal's recent output, as terminado keeps it for late viewers."""
        self._listener = listener
        history = "".join(self._pty.read_buffer).encode()
        self._pty.clients.append(self)
        return history

    def detach(self) -> None:
        """Leave the terminal as it is, and stop listening."""
        self._listener = None
        self._input.close()
        if self in self._pty.clients:
            self._pty.clients.remove(self)

    @property
    def viewed(self) -> bool:
        """Whether a client of the host's own, such as a JupyterLab tab, has this terminal open.

        Then terminado's rule decides the size: the smallest of those clients that have said theirs.
        """
        return any(
            tuple(client.size) != (None, None) for client in self._pty.clients if not isinstance(client, Terminal)
        )

    @property
    def viewed_elsewhere(self) -> bool:
        """Whether another client, such as a JupyterLab tab, shows this terminal (and answers its queries).

        Of several sessions that share it, the first answers.
        """
        clients = self._pty.clients
        ours = (Terminal, HostView)
        return bool(clients) and (clients[0] is not self or not all(isinstance(client, ours) for client in clients))

    def view(self, rows: int, cols: int) -> HostView:
        """Let a window of the host's, of this size in cells, decide the terminal's size while it shows the terminal."""
        return HostView(self._pty, rows, cols)

    def write(self, data: bytes, written: Written) -> None:
        """Queue input; see `PtyWriter.write`."""
        if hasattr(self._pty, "last_activity"):  # Jupyter culls terminals by it
            self._pty.last_activity = datetime.now(timezone.utc)
        self._input.write(data, written)

    def typed(self, data: bytes) -> None:
        """Note that a user types `data`."""
        _note_typed(self.line, self._pty, data)

    def forget(self, written: Written) -> None:
        """Give up queued input; see `PtyWriter.forget`."""
        self._input.forget(written)

    def resize(self, rows: int, cols: int) -> None:
        """Set the PTY's size in cells."""
        self.rows, self.cols = rows, cols
        with contextlib.suppress(OSError):  # it may have just ended; `on_exit` follows
            self._pty.ptyproc.setwinsize(rows, cols)
        for client in self._pty.clients:
            if isinstance(client, Terminal) and client is not self:  # another session's
                self._loop.call_soon(client._check_size)

    @property
    def running(self) -> str | None:
        """The name of what runs besides the shell, which may be unknown and empty; None if nothing does."""
        return running_program(self._pty.ptyproc.fd, self._pty.ptyproc.pid)

    @property
    def idle(self) -> bool:
        """Whether the shell runs no program in the foreground. Always false on Windows."""
        return _leads(self._pty)

    @property
    def at_prompt(self) -> bool:
        """Whether a shell waits at its prompt, as far as can be told without marks: it is a known one and idle, and its
        line editor reads, if it has one. Always false on Windows."""
        program = self._program()
        if program not in SHELLS or not self.idle:
            return False
        canonical = _canonical(self._pty)
        return canonical is not None and (not canonical or program not in LINE_EDITORS)

    @property
    def marks(self) -> bool:
        """Whether the shell that was started with integration still runs. After `exec`, its environment is another."""
        try:
            return bool(self.aid) and self.aid.encode() in self._process_file("environ")
        except OSError:  # not on Linux
            return True

    def _program(self) -> str:
        try:
            return self._process_file("comm").decode(errors="replace").strip()
        except OSError:
            return Path(self._pty.ptyproc.argv[0]).name  # after `exec` it may be another

    def _process_file(self, name: str) -> bytes:
        return Path(f"/proc/{self._pty.ptyproc.pid}/{name}").read_bytes()

    async def terminate(self) -> None:
        """End the program: SIGHUP first, as closing a terminal's window does, and by force if it does not go."""
        if self.name in self._manager.terminals:
            await self._manager.terminate(self.name, force=True)
        if self._manager.terminals.get(self.name) is self._pty and not self._pty.ptyproc.isalive():
            # A job in the background still has the terminal open, so that terminado does not find that it has ended.
            hang_up(self._pty.ptyproc.pid)
            self._manager.on_eof(self._pty)
            for client in list(self._pty.clients):
                client.on_pty_died()

    # terminado's client interface: what it calls on each entry of `PtyWithClients.clients`.

    def on_pty_read(self, text: str) -> None:
        if self._listener is None:
            return
        try:
            self._listener.on_output(text.encode())
        except Exception:  # the terminal's other clients come after us in terminado's loop and must not suffer
            log.exception("sharing terminal %s failed", self.name)
        now = time.monotonic()
        if now - self._burst_since > QUIET and len(text) < FULL_READ:  # a loop that is late finds more at once
            self._burst_since, self._burst_size = now, 0
        self._burst_size += len(text)
        if self._burst_size > BURST:
            read_burst(self._manager, self._pty)

    def on_pty_died(self) -> None:
        listener, self._listener = self._listener, None
        self._input.close()  # but stay in `clients`: terminado is iterating over it
        if listener is not None:
            listener.on_exit()

    @property
    def size(self) -> tuple[None, None]:
        """No wish of our own: terminado shrinks a terminal to its smallest client, and we are not to cause that.

        terminado reads this when another client has said its size or has gone, right before it sets the new size: our
        only notice.
        """
        self._loop.call_soon(self._check_size)
        return None, None

    def _check_size(self) -> None:
        if self._listener is None:
            return
        try:
            rows, cols = self._pty.ptyproc.getwinsize()
        except (OSError, ValueError):
            return
        if (rows, cols) != (self.rows, self.cols):
            self.rows, self.cols = rows, cols
            self._listener.on_resize(rows, cols)
        if self.viewed != self._was_viewed:
            self._was_viewed = self.viewed
            self._listener.on_viewed()


def _note_typed(line: TypedLine, pty: PtyWithClients, data: bytes) -> None:
    if INTERRUPT.search(data):
        line.interrupted = time.monotonic()
    note_typed(pty)
    line.typed(data, program=not _leads(pty), canonical=bool(_canonical(pty)))


def _leads(pty: PtyWithClients) -> bool:
    """Whether the program that was started in a PTY is in its foreground. Always false on Windows."""
    try:
        return bool(os.tcgetpgrp(pty.ptyproc.fd) == pty.ptyproc.pid)
    except (OSError, AttributeError):  # it has just ended; Windows
        return False


def _canonical(pty: PtyWithClients) -> bool | None:
    """Whether the line discipline of a PTY collects lines; None if it has ended, and on Windows."""
    try:
        import termios
    except ImportError:  # Windows
        return None
    try:
        return bool(termios.tcgetattr(pty.ptyproc.fd)[3] & termios.ICANON)
    except (OSError, termios.error):
        return None


class HostView:
    """The host's own window that shows a terminal, as one of its terminado clients: only its size matters.

    It takes no output and answers no queries of programs, which the session does. Made by `Terminal.view`.
    """

    def __init__(self, pty: PtyWithClients, rows: int, cols: int) -> None:
        self._pty = pty
        self.size = (rows, cols)
        pty.clients.append(self)
        self._apply()

    def resize(self, rows: int, cols: int) -> None:
        """The window has another size."""
        if (rows, cols) != self.size:
            self.size = (rows, cols)
            self._apply()

    def close(self) -> None:
        """The window shows the terminal no longer; the terminal keeps its size."""
        if self in self._pty.clients:
            self._pty.clients.remove(self)
            self._apply()  # so that the session finds that it decides now

    def on_pty_read(self, text: str) -> None: ...

    def on_pty_died(self) -> None: ...

    def _apply(self) -> None:
        with contextlib.suppress(OSError, ValueError):  # the terminal may have just ended
            self._pty.resize_to_smallest()


class _Noted:
    """Writes to a PTY as terminado does, from any thread, and notes what is typed."""

    def __init__(self, pty: PtyWithClients, line: TypedLine, loop: asyncio.AbstractEventLoop) -> None:
        self._pty = weakref.ref(pty)
        self._line = line
        self._loop = loop

    def __call__(self, text: str) -> Any:
        pty = self._pty()
        if pty is None:
            return 0
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._note, text.encode())
        return type(pty.ptyproc).write(pty.ptyproc, text)

    def _note(self, data: bytes) -> None:
        pty = self._pty()
        if pty is not None:
            _note_typed(self._line, pty, data)


class Terminals:
    """The terminals of one terminado manager, by name. Shells that it starts mark their prompts and commands, if they
    can and `shell_integration` is on."""

    def __init__(self, manager: NamedTermManager, shell_integration: bool = True) -> None:
        self._manager = manager
        self._integrates = shell_integration
        self._aids: weakref.WeakKeyDictionary[PtyWithClients, str] = weakref.WeakKeyDictionary()
        """Secrets of the shells with integration, for other sessions that share them later."""
        self._lines: weakref.WeakKeyDictionary[PtyWithClients, TypedLine] = weakref.WeakKeyDictionary()

    @classmethod
    def own(cls, shell_integration: bool = True) -> Terminals:
        """PTYs of our own, for where there is no Jupyter server."""
        shell = os.environ.get("SHELL") or shutil.which("sh") or "sh"
        return cls(NamedTermManager(shell_command=[shell]), shell_integration)

    def check(self, name: str) -> None:
        """Raise `NotHere` unless there is a terminal of this name."""
        if name not in self._manager.terminals:
            raise NotHere(f"There is no terminal named {name[:64]!r} here.")

    def open(self, name: str) -> Terminal:
        """Join a running terminal, with what it has printed by now as its history. Raises `NotHere`."""
        self.check(name)
        read_pending(self._manager, self._manager.terminals[name])
        self.check(name)  # reading finds out that a terminal has ended
        pty = self._manager.terminals[name]
        return Terminal(name, self._manager, self._aids.get(pty, ""), self._line(pty))

    def create(
        self,
        rows: int,
        cols: int,
        cwd: str | None = None,
        command: Sequence[str] | None = None,
    ) -> Terminal:
        """Start a new terminal. Raises `TerminalsUnavailable` when the program cannot be started."""
        options: dict[str, Any] = {"height": rows, "width": cols}
        if cwd is not None:
            options["cwd"] = cwd
        if command:
            options["shell_command"] = list(command)
        integration = self._integration(command)
        if integration is not None:
            options["extra_env"] = integration.environment
        try:
            if hasattr(self._manager, "create"):  # Jupyter's manager also counts it and keeps its last activity
                name = self._manager.create(**options)["name"]
            else:
                name, _ = self._manager.new_named_terminal(**options)
        except (OSError, ValueError) as error:
            raise TerminalsUnavailable(f"The terminal could not be started: {str(error).rstrip('.')}.") from error
        pty = self._manager.terminals[name]
        if integration is not None:
            self._aids[pty] = integration.aid
        terminal = Terminal(name, self._manager, self._aids.get(pty, ""), self._line(pty))
        terminal.resize(rows, cols)
        return terminal

    def _line(self, pty: PtyWithClients) -> TypedLine:
        """What is typed in a PTY, in the tabs of Jupyter as well: terminado writes that to the PTY and tells no one."""
        line = self._lines.get(pty)
        if line is None:
            line = self._lines[pty] = TypedLine()
            pty.ptyproc.write = _Noted(pty, line, asyncio.get_running_loop())
        return line

    def _integration(self, command: Sequence[str] | None) -> ShellIntegration | None:
        if not self._integrates:
            return None
        return integrate(command or self._manager.shell_command, self._manager.make_term_env())

    async def shutdown(self) -> None:
        """End every terminal of this manager."""
        await self._manager.shutdown()
