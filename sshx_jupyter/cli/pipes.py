"""stdin and stdout without blocking the event loop, whatever they are: a file, a pipe, a terminal.

Threads, because files and some devices cannot be polled. They are daemons: a read that never
returns ends with the process.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections import deque

PIECE = 64 << 10
WAITING = 1 << 20


class StdinReader:
    """stdin, piece by piece; nothing more is read before the last piece was taken."""

    def __init__(self, fd: int = 0) -> None:
        self._fd = fd
        self._loop = asyncio.get_running_loop()
        self._wanted = threading.Semaphore(0)
        self._pieces: asyncio.Queue[bytes] = asyncio.Queue()
        threading.Thread(target=self._run, name="sshx-stdin", daemon=True).start()

    async def read(self) -> bytes:
        """The next piece, empty at the end."""
        self._wanted.release()
        return await self._pieces.get()

    def _run(self) -> None:
        while True:
            self._wanted.acquire()
            try:
                data = os.read(self._fd, PIECE)
            except OSError:
                data = b""
            try:
                self._loop.call_soon_threadsafe(self._pieces.put_nowait, data)
            except RuntimeError:
                return  # the loop has ended
            if not data:
                return


class StdoutWriter:
    """stdout; at most about `WAITING` bytes wait for whoever reads it."""

    def __init__(self, fd: int = 1) -> None:
        self._fd = fd
        self._loop = asyncio.get_running_loop()
        self._queue: deque[bytes] = deque()
        self._size = 0
        self._some = threading.Semaphore(0)
        self._changed = asyncio.Event()
        self.broken = False
        """Whether nobody reads it any more."""
        threading.Thread(target=self._run, name="sshx-stdout", daemon=True).start()

    async def write(self, data: bytes) -> None:
        """Queue `data`, waiting while too much waits already."""
        await self._wait(WAITING)
        self._size += len(data)
        self._queue.append(data)
        self._some.release()

    async def flush(self) -> None:
        """Wait until all is written."""
        await self._wait(0)

    async def _wait(self, size: int) -> None:
        while self._size > size and not self.broken:
            self._changed.clear()
            await self._changed.wait()

    def _run(self) -> None:
        while True:
            self._some.acquire()
            data = self._queue.popleft()
            rest, broken = memoryview(data), False
            while rest and not broken:
                try:
                    rest = rest[os.write(self._fd, rest[:PIECE]) :]
                except OSError:
                    broken = True
            try:
                self._loop.call_soon_threadsafe(self._written, len(data), broken)
            except RuntimeError:
                return
            if broken:
                return

    def _written(self, size: int, broken: bool) -> None:
        self._size -= size
        self.broken |= broken
        self._changed.set()
