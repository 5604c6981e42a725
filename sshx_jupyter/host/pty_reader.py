"""Reads a PTY in a thread while it prints more than the event loop can fetch.

terminado reads a PTY once in a turn of the event loop, some KiB at the most, and while the loop parses and sends these
the program waits. So a terminal that has much to say is read by a thread, and the loop gets what has gathered meanwhile
in large pieces. As soon as it is quiet the loop reads again itself: for an echo the detour would only cost time.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import select
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable

from terminado.management import PtyWithClients, TermManagerBase
from tornado.ioloop import IOLoop

BURST = 8 << 10
"""Characters within `QUIET` that make a burst: more than a screenful."""
FULL_READ = 2048
"""Characters of a read by the event loop after which there is likely more to read."""
GATHERED = 128 << 10
"""Bytes that may wait for the event loop; beyond it the program waits."""
PIECE = 64 << 10
"""Bytes, at least, that the event loop takes in one turn: it parses them in about two milliseconds, and keys that
arrive meanwhile wait no longer."""
SMALL_PIECE = 16 << 10
"""The same while someone types into another terminal. After each, the event loop is free for as long as it took."""
TYPING = 0.5
"""Seconds from a key in which someone types."""
READ_SIZE = 8 << 10
"""Bytes of a read at most, which bounds what a piece has too many of. Linux mostly gives 4 KiB, if asked for more."""
HISTORY_PIECE = 4096
"""Characters of one entry of terminado's history, which is bounded by the number of entries."""
GATHER = 0.004
"""Seconds in which output gathers while it keeps coming: waking the event loop costs as much as parsing 16 KiB."""
PAUSE = 0.001
"""Seconds without output after which what has gathered need not wait for more."""
QUIET = 0.02
"""Seconds without output after which the event loop reads again."""
PENDING = 0.05
"""Seconds that `read_pending` takes at most, where a program goes on printing. What the operating system keeps (22 KB,
measured) is read within a millisecond."""
TRICKLE = 1024
"""Bytes within `QUIET` that are too few for a thread."""

log = logging.getLogger(__name__)

_readers: dict[PtyWithClients, PtyReader] = {}
_typed: tuple[Callable[[], PtyWithClients | None], float] = (lambda: None, float("-inf"))
"""The terminal that someone typed into last, as long as it lives, and when."""


def note_typed(pty: PtyWithClients) -> None:
    """Let the output of other terminals make way for the echo of what someone types into `pty`."""
    global _typed
    _typed = weakref.ref(pty), time.monotonic()


def read_burst(manager: TermManagerBase, pty: PtyWithClients) -> None:
    """Read `pty` in a thread until it is quiet, unless that is being done already. Call it on the event loop."""
    if hasattr(select, "poll") and pty not in _readers and pty.ptyproc.fd in manager.ptys_by_fd:
        with contextlib.suppress(OSError, RuntimeError):  # no descriptor or thread is left: the loop goes on reading
            _readers[pty] = PtyReader(manager, pty)


def read_pending(manager: TermManagerBase, pty: PtyWithClients) -> None:
    """Read now what `pty` has printed so far, for its clients and its history. Call it on the event loop.

    Blocks for at most `PENDING` seconds.
    """
    if not hasattr(select, "poll"):
        return
    fd, until = pty.ptyproc.fd, time.monotonic() + PENDING
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    more = True
    while more and manager.ptys_by_fd.get(fd) is pty and time.monotonic() < until:
        more = bool(poll.poll(0))
        if (reader := _readers.get(pty)) is not None:
            time.sleep(PAUSE)  # the thread reads meanwhile
            reader.deliver()
        elif more:
            try:
                manager.pty_read(fd)
            except Exception:  # such as that a client's socket is closed
                log.debug("a client of terminal %s failed", pty.term_name, exc_info=True)


class PtyReader:
    """Reads one burst, for all of the terminal's clients."""

    def __init__(self, manager: TermManagerBase, pty: PtyWithClients) -> None:
        self._manager = manager
        self._pty = pty
        self._fd = os.dup(pty.ptyproc.fd)  # so that the number cannot come to mean another file
        self._loop = asyncio.get_running_loop()
        self._changed = threading.Condition()
        self._gathered: deque[bytes] = deque()
        self._size = 0
        self._next: asyncio.Handle | None = None
        self._quiet = False
        """Whether the event loop is to read again once all was delivered."""
        try:
            threading.Thread(target=self._run, name="sshx-pty-burst", daemon=True).start()
        except RuntimeError:
            os.close(self._fd)
            raise
        IOLoop.current().update_handler(pty.ptyproc.fd, 0)

    def _run(self) -> None:
        poll = select.poll()
        poll.register(self._fd, select.POLLIN)
        with contextlib.suppress(OSError, RuntimeError):  # the terminal has ended, or the event loop
            since, size = time.monotonic(), 0
            while poll.poll(QUIET * 1000) and (count := self._gather(poll)):
                self._loop.call_soon_threadsafe(self._deliver_soon)
                size += count
                if time.monotonic() - since > QUIET:
                    if size < TRICKLE:
                        break
                    since, size = time.monotonic(), 0
                with self._changed:
                    while self._size >= GATHERED and not self._loop.is_closed():
                        self._changed.wait(1)
        os.close(self._fd)
        try:
            self._loop.call_soon_threadsafe(self._hand_back)
        except RuntimeError:  # the event loop has ended
            del _readers[self._pty]

    def _gather(self, poll: select.poll) -> int:
        """Read on while more comes, but not for long; returns the number of bytes. At the terminal's end this is 0, or
        OSError is raised."""
        until = time.monotonic() + GATHER
        count = 0
        while data := os.read(self._fd, READ_SIZE):
            count += len(data)
            with self._changed:
                self._gathered.append(data)
                self._size += len(data)
            if self._size >= GATHERED or time.monotonic() > until or not poll.poll(PAUSE * 1000):
                return count
        return 0

    def deliver(self) -> None:
        """Deliver all that has gathered."""
        while self._deliver_piece():
            pass

    def _deliver_soon(self) -> None:
        """Deliver what has gathered in pieces, between which the event loop does other things."""
        if self._next is None:
            self._deliver_in_turn()

    def _deliver_in_turn(self) -> None:
        self._next = None
        began = time.monotonic()
        typed, typed_at = _typed
        makes_way = began - typed_at < TYPING and typed() is not self._pty
        waiting = self._size
        more = False
        try:
            more = self._deliver_piece(SMALL_PIECE if makes_way else PIECE)
        finally:
            if more or (makes_way and waiting):  # what the thread reads next waits for the end of the pause, too
                pause = time.monotonic() - began if makes_way else 0
                self._next = self._loop.call_later(pause, self._deliver_in_turn)
            elif self._quiet:
                self._end()

    def _deliver_piece(self, wanted: int = PIECE) -> bool:
        """What terminado's `pty_read` does, for a part of what has gathered; returns whether there is more."""
        piece: list[bytes] = []
        size = 0
        with self._changed:
            while self._gathered and size < wanted:
                piece.append(self._gathered.popleft())
                size += len(piece[-1])
            self._size -= size
            more = bool(self._gathered)
            self._changed.notify()
        if not piece:
            return False
        self._manager.pre_pty_read_hook(self._pty)
        text = self._pty.ptyproc.decoder.decode(b"".join(piece))
        self._pty.read_buffer.extend(text[i : i + HISTORY_PIECE] for i in range(0, len(text), HISTORY_PIECE))
        for client in list(self._pty.clients):
            try:
                client.on_pty_read(text)
            except Exception:  # such as that its socket is closed: the others must not suffer
                log.debug("a client of terminal %s failed", self._pty.term_name, exc_info=True)
        return more

    def _hand_back(self) -> None:
        self._quiet = True
        self._deliver_soon()

    def _end(self) -> None:
        del _readers[self._pty]
        fd = self._pty.ptyproc.fd
        if self._manager.ptys_by_fd.get(fd) is self._pty:
            IOLoop.current().update_handler(fd, IOLoop.READ)  # it also finds out whether the terminal has ended
