"""Waiting with a limit."""

from __future__ import annotations

import asyncio

import pytest

from sshx_jupyter.timeouts import wait_for


async def answer(seconds: float = 0) -> int:
    await asyncio.sleep(seconds)
    return 42


async def test_gives_the_result_or_the_error() -> None:
    assert await wait_for(answer(), 5) == 42
    assert await wait_for(answer(), None) == 42
    with pytest.raises(ZeroDivisionError):
        await wait_for(fail(), 5)


async def fail() -> None:
    raise ZeroDivisionError


async def test_what_takes_too_long_is_cancelled() -> None:
    task = asyncio.ensure_future(answer(60))
    with pytest.raises(asyncio.TimeoutError):
        await wait_for(task, 0.01)
    assert task.cancelled()


async def test_a_cancellation_reaches_what_is_waited_for() -> None:
    inner = asyncio.ensure_future(answer(60))
    outer = asyncio.ensure_future(wait_for(inner, 60))
    await asyncio.sleep(0)
    outer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await outer
    assert inner.cancelled()


async def test_a_cancellation_at_the_moment_of_the_result_is_not_lost() -> None:
    inner = asyncio.get_running_loop().create_future()
    outer = asyncio.ensure_future(wait_for(inner, 60))
    await asyncio.sleep(0)
    inner.set_result(42)
    outer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await outer
