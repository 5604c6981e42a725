"""Whether the kernel runs a cell right now: what views send over its comm waits meanwhile, and people wonder why."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from . import background

PATIENCE = 1.0
"""Seconds that a cell runs before the kernel is called busy."""

_watchers: list[Callable[[bool], None]] = []
_timer: asyncio.TimerHandle | None = None
_busy = False


def is_busy() -> bool:
    """Whether a cell has been running for longer than `PATIENCE`."""
    return _busy


def watch(callback: Callable[[bool], None]) -> None:
    """Call `callback` on the background thread with what `is_busy` is whenever that changes."""
    _watchers.append(callback)


def unwatch(callback: Callable[[bool], None]) -> None:
    """Do not call it any more."""
    if callback in _watchers:
        _watchers.remove(callback)


def follow(shell: Any) -> None:
    """Follow what this IPython shell runs, from the cell that it is running now. Safe to call twice."""
    if _started not in shell.events.callbacks["pre_run_cell"]:
        shell.events.register("pre_run_cell", _started)
        shell.events.register("post_run_cell", _ended)
        _started()


def _started(*_: Any) -> None:
    background.loop().call_soon_threadsafe(_wait)


def _ended(*_: Any) -> None:
    background.loop().call_soon_threadsafe(_become, False)


def _wait() -> None:
    global _timer
    _become(False)
    _timer = background.loop().call_later(PATIENCE, _become, True)


def _become(busy: bool) -> None:
    global _busy, _timer
    if _timer is not None:
        _timer.cancel()
        _timer = None
    if busy != _busy:
        _busy = busy
        for watcher in list(_watchers):
            watcher(busy)
