"""`wait_for`, with which no cancellation is lost.

Before Python 3.12, `asyncio.wait_for` forgets a cancellation that comes at the moment when what it waits for is done:
https://github.com/python/cpython/issues/86296. A task that was to end then goes on, and whoever waits for it hangs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

Result = TypeVar("Result")


async def wait_for(awaitable: Awaitable[Result], timeout: float | None) -> Result:
    """Return the result of `awaitable`, which is cancelled if that takes longer.

    Args:
        timeout: seconds, or None for no limit.

    Raises:
        asyncio.TimeoutError: if it took longer.
    """
    task = asyncio.ensure_future(awaitable)
    try:
        await asyncio.wait({task}, timeout=timeout)
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
            if task.cancelled():
                raise asyncio.TimeoutError
    except asyncio.CancelledError:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        raise
    return task.result()
