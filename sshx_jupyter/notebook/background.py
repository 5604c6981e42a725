"""The kernel's background thread, where sessions live: a cell that runs holds up nobody.

There is one event loop a process, started when it is first needed. A process that was forked off has none of the
parent's threads, and so a loop of its own.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import os
import threading
from collections.abc import Coroutine
from queue import SimpleQueue
from typing import Any, TypeAlias, TypeVar

from .errors import SharingError

T = TypeVar("T")

Notices: TypeAlias = "SimpleQueue[str | None]"
"""Sentences for the person whose cell waits. None ends them."""

_lock = threading.Lock()
_loops: dict[int, asyncio.AbstractEventLoop] = {}


def loop() -> asyncio.AbstractEventLoop:
    """The background thread's event loop."""
    with _lock:
        found = _loops.get(os.getpid())
        if found is None:
            found = _loops[os.getpid()] = asyncio.new_event_loop()
            threading.Thread(target=_run, args=(found,), name="sshx", daemon=True).start()
        return found


def call(work: Coroutine[Any, Any, T], timeout: float | None = None, notices: Notices | None = None) -> T:
    """Run `work` there and wait for its result. Interrupting the wait, as *Interrupt kernel* does, cancels it.

    What `work` puts into `notices` is printed here: the background thread's own output would go to an earlier cell.

    Raises what `work` raises, `concurrent.futures.TimeoutError` after `timeout` seconds, or `SharingError` on the
    background thread itself, which would wait for itself.
    """
    if running_here():
        work.close()
        raise SharingError("This waits for the session, and cannot be called by an observer: start a thread for it.")
    future = asyncio.run_coroutine_threadsafe(work, loop())
    try:
        if notices is not None:
            future.add_done_callback(lambda _: notices.put(None))
            while (notice := notices.get()) is not None:
                print(notice, flush=True)  # noqa: T201
        return future.result(timeout)
    except (KeyboardInterrupt, concurrent.futures.TimeoutError):
        future.cancel()
        raise


def running_here() -> bool:
    """Whether this is the background thread."""
    try:
        return asyncio.get_running_loop() is _loops.get(os.getpid())
    except RuntimeError:
        return False


def _run(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    loop.run_forever()
