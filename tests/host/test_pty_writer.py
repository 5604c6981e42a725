"""Input to a real PTY: in order, bounded, and never blocking."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
import time
import tty
from collections.abc import Iterator

import pytest

from sshx_jupyter.host.pty_writer import SMALL, PtyWriter


@pytest.fixture
def pty() -> Iterator[tuple[int, int]]:
    master, slave = os.openpty()
    tty.setraw(slave)
    yield master, slave
    for fd in (master, slave):
        with contextlib.suppress(OSError):
            os.close(fd)


def threads() -> int:
    return sum(thread.name == "sshx-pty-input" for thread in threading.enumerate())


async def gone(before: int) -> None:
    deadline = time.monotonic() + 5
    while threads() > before:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


async def read(fd: int, size: int) -> bytes:
    def all_of_it() -> bytes:
        data = bytearray()
        while len(data) < size:
            data += os.read(fd, 4096)
        return bytes(data)

    return await asyncio.wait_for(asyncio.to_thread(all_of_it), 20)


async def test_small_and_large_stay_in_order(pty: tuple[int, int]) -> None:
    master, slave = pty
    written: list[int] = []
    queue = PtyWriter(master, asyncio.get_running_loop())
    pieces = [bytes([number % 251]) * (1 + number * 37 % 9000) for number in range(100)]
    pieces += [b"k", b"", b"e" * SMALL, b"y" * (SMALL + 1)] * 20
    for piece in pieces:
        queue.write(piece, written.append)
    whole = b"".join(pieces)
    assert await read(slave, len(whole)) == whole
    queue.write(b"last", written.append)
    assert await read(slave, 4) == b"last"
    while sum(written) < len(whole) + 4:
        await asyncio.sleep(0.01)
    assert sum(written) == len(whole) + 4
    before = threads()
    queue.close()
    await gone(before - 1)


async def test_what_nobody_reads_blocks_nobody_and_is_kept_small(pty: tuple[int, int]) -> None:
    master, slave = pty
    written: list[int] = []
    queue = PtyWriter(master, asyncio.get_running_loop())
    started = time.monotonic()
    queue.write(b"x" * 100_000, written.append)
    for _ in range(100_000):
        queue.write(b"y", written.append)
    assert time.monotonic() - started < 2
    assert len(queue._queue) < 50
    assert await read(slave, 200_000) == b"x" * 100_000 + b"y" * 100_000
    queue.close()


@pytest.mark.parametrize("ends", [True, False])
async def test_close_while_blocked_gives_up_the_rest_and_leaves_nothing(pty: tuple[int, int], ends: bool) -> None:
    master, slave = pty
    before, fds = threads(), len(os.listdir("/proc/self/fd"))
    written: list[int] = []
    queue = PtyWriter(master, asyncio.get_running_loop())
    queue.write(b"x" * 100_000, written.append)
    queue.write(b"y" * 1000, written.append)
    await asyncio.sleep(0.2)
    assert sum(written) < 100_000
    if ends:
        os.close(slave)
    started = time.monotonic()
    queue.close()
    queue.close()
    queue.write(b"z", written.append)  # given up at once
    assert time.monotonic() - started < 2
    await gone(before)
    while sum(written) < 101_001:
        await asyncio.sleep(0.01)
    assert sum(written) == 101_001
    assert len(os.listdir("/proc/self/fd")) == fds - ends
    os.fstat(master)  # terminado's own is still open


async def test_programs_that_end_while_their_writers_are_blocked() -> None:
    """Each writer races with the kernel, which says that the other side is gone before it refuses to write."""
    before = threads()
    for _ in range(10):
        ptys = [os.openpty() for _ in range(20)]
        writers = [PtyWriter(master, asyncio.get_running_loop()) for master, _ in ptys]
        for (_, slave), writer in zip(ptys, writers, strict=True):
            tty.setraw(slave)
            writer.write(b"x" * 100_000, lambda _: None)
        await asyncio.sleep(0.05)
        for (_, slave), writer in zip(ptys, writers, strict=True):
            os.close(slave)
            writer.close()
        for master, _ in ptys:
            os.close(master)
        await gone(before)


async def test_the_number_of_the_file_may_be_used_again(pty: tuple[int, int]) -> None:
    master, slave = pty
    queue = PtyWriter(master, asyncio.get_running_loop())
    os.close(master)
    reading, writing = os.pipe()
    if master not in (reading, writing):
        os.dup2(writing, master)
    queue.write(b"key", lambda _: None)
    queue.write(b"paste" * 100, lambda _: None)
    assert await read(slave, 503) == b"key" + b"paste" * 100
    os.set_blocking(reading, False)
    with pytest.raises(BlockingIOError):
        os.read(reading, 1)
    queue.close()
    for fd in {reading, writing} - {master}:
        os.close(fd)


async def test_forgotten_input_is_not_written(pty: tuple[int, int]) -> None:
    master, slave = pty
    evil: list[int] = []
    good: list[int] = []
    evil_written, good_written = evil.append, good.append
    queue = PtyWriter(master, asyncio.get_running_loop())
    queue.write(b"e" * 50_000, evil_written)
    queue.write(b"g" * 5_000, good_written)
    queue.write(b"e" * 50_000, evil_written)
    await asyncio.sleep(0.2)
    queue.forget(evil_written)
    queue.write(b"G", good_written)
    data = bytearray()
    while not data.endswith(b"G"):
        data += await asyncio.to_thread(os.read, slave, 4096)
    assert data.count(b"g") == 5_000
    assert data.count(b"e") < 30_000
    while sum(evil) < 100_000:
        await asyncio.sleep(0.01)
    assert (sum(evil), sum(good)) == (100_000, 5_001)
    queue.close()
