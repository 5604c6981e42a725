"""Writes a participant's input to a PTY without ever blocking the event loop.

A PTY whose program does not read blocks its writer, and a PTY shared with Jupyter cannot be made non-blocking: its
other writer, terminado, counts on blocking writes. So a thread of the shell's own writes, from a queue that the
participants' bounds bound. What fits at once (a keystroke) skips the thread, because the hand-over would be the
largest part of the time to echo.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import sys
import threading
from collections import deque
from collections.abc import Callable

PIECE = 4096
"""Bytes of one blocking write: the line discipline takes no more at a time."""
SMALL = 64
"""Bytes that a PTY which polls as writable takes without blocking. Linux allocates at least 256 while it has any room
(drivers/tty/tty_buffer.c, tty_buffer_alloc); other systems promise one byte only, so there the thread does it all."""

ROOM = 256
"""What such a PTY takes on Linux, for the same reason. The thread writes no more at once: a blocked write would outlive
the program, because the end of a PTY's other side does not wake it."""
CHECK = 0.2
"""Seconds after which a thread that waits for room looks whether it is still wanted."""

Written = Callable[[int], None]


class PtyWriter:
    """The input queue of one PTY. Owns a duplicate of `fd`, so that the number cannot come to mean another file."""

    def __init__(self, fd: int, loop: asyncio.AbstractEventLoop) -> None:
        self._fd = os.dup(fd)
        self._loop = loop
        self._queue: deque[tuple[bytes, Written]] = deque()
        self._ready = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._cut = False
        """Whether the rest of what is being written is given up."""
        self._poll: select.poll | None = None
        if sys.platform == "linux":
            self._poll = select.poll()
            self._poll.register(self._fd, select.POLLOUT)

    def write(self, data: bytes, written: Written) -> None:
        """Queue `data`. `written(n)` is called on the event loop as bytes are taken, or given up at the PTY's end."""
        if self._closed:
            written(len(data))
            return
        if len(data) <= SMALL and not self._queue and self._writable():
            try:
                count = os.write(self._fd, data)
            except OSError:
                count = len(data)  # the program is gone; its end is reported by the reading side
            written(count)
            data = data[count:]
            if not data:
                return
        with self._ready:
            if len(self._queue) > 1 and self._queue[-1][1] == written and len(self._queue[-1][0]) + len(data) <= PIECE:
                self._queue[-1] = (self._queue[-1][0] + data, written)  # each costs memory whatever its size
            else:
                self._queue.append((data, written))
            self._ready.notify()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="sshx-pty-input", daemon=True)
            self._thread.start()

    def forget(self, written: Written) -> None:
        """Give up what is queued with this `written`, except for the piece that is being written."""
        dropped = 0
        with self._ready:
            kept: deque[tuple[bytes, Written]] = deque()
            for entry in self._queue:
                if entry[1] != written:
                    kept.append(entry)
                elif entry is self._queue[0]:
                    kept.append(entry)
                    self._cut = True
                else:
                    dropped += len(entry[0])
            self._queue = kept
        if dropped:
            written(dropped)

    def close(self) -> None:
        """Give up what is queued and release the PTY."""
        if self._closed:
            return
        with self._ready:
            self._closed = True
            self._ready.notify()
        if self._thread is None:
            os.close(self._fd)

    def _writable(self) -> bool:
        return self._poll is not None and any(event == select.POLLOUT for _, event in self._poll.poll(0))

    def _run(self) -> None:
        try:
            while True:
                with self._ready:
                    while not self._queue and not self._closed:
                        self._ready.wait()
                    if self._closed:
                        break
                    data, written = self._queue[0]
                self._write_all(data, written)
                with self._ready:
                    self._queue.popleft()
                    self._cut = False
        finally:
            os.close(self._fd)
            for data, written in self._queue:
                self._report(written, len(data))
            self._queue.clear()

    def _write_all(self, data: bytes, written: Written) -> None:
        view, taken = memoryview(data), 0
        poll = select.poll() if self._poll is not None else None  # the thread's own: two cannot use one at once
        if poll is not None:
            poll.register(self._fd, select.POLLOUT)
        while view and not self._closed and not self._cut:
            if poll is not None:
                events = poll.poll(CHECK * 1000)
                if not events:
                    continue
                if events[0][1] & select.POLLHUP:
                    break  # the program is gone. Linux says so before writes fail: one in between would block for good
            try:
                count = os.write(self._fd, view[: PIECE if poll is None else ROOM])
            except OSError:
                count = len(view)
            view = view[count:]
            taken += count
            if taken >= PIECE or not view:
                self._report(written, taken)
                taken = 0
        if taken or view:
            self._report(written, taken + len(view))

    def _report(self, written: Written, count: int) -> None:
        with contextlib.suppress(RuntimeError):  # the event loop may have ended, and with it whoever counted
            self._loop.call_soon_threadsafe(written, count)
