"""Ends a command by a signal as it would end by itself: everything is put back, and the exit status tells.

A signal that is ignored stays so: whoever started us, such as `nohup`, meant it.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def handled(on_signal: Callable[[int], None]) -> Iterator[None]:
    """Call `on_signal` with the number of each signal that should end us, while the context lasts."""
    loop = asyncio.get_running_loop()
    numbers = [number for number in SIGNALS if signal.getsignal(number) != signal.SIG_IGN]
    for number in numbers:
        loop.add_signal_handler(number, on_signal, number)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


async def until_signal(work: Coroutine[Any, Any, int]) -> int:
    """Run `work` to its end and return its result, or cancel it at the first signal and return 128 + its number."""
    task = asyncio.ensure_future(work)
    caught: list[int] = []

    def on_signal(number: int) -> None:
        caught.append(number)
        task.cancel()

    with handled(on_signal):
        try:
            return await task
        except asyncio.CancelledError:
            if not caught:
                raise
            return 128 + caught[0]
