"""Received frames that wait for a reader: their order, their bound, and their end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

import pytest

from sshx_jupyter.links import LinkClosed, Unreachable
from sshx_jupyter.links.inbox import Inbox

T = TypeVar("T")


async def started(awaitable: Awaitable[T]) -> asyncio.Future[T]:
    """A task that has run until it waits for something."""
    task = asyncio.ensure_future(awaitable)
    await asyncio.sleep(0)
    return task


async def test_frames_are_taken_in_order_and_all_at_once() -> None:
    inbox = Inbox(100)
    assert await inbox.put(b"one")
    assert inbox.offer([b"two", b"three"])
    assert await inbox.take() == [b"one", b"two", b"three"]


async def test_taking_waits_for_a_frame() -> None:
    inbox = Inbox(100)
    for _ in range(3):
        taking = await started(inbox.take())
        assert not taking.done()
        await inbox.put(b"frame")
        assert await taking == [b"frame"]


async def test_putting_waits_while_it_is_full() -> None:
    inbox = Inbox(10)
    assert await inbox.put(b"12345678")
    assert await inbox.put(b"12345678")  # one frame beyond the limit
    putting = await started(inbox.put(b"9"))
    assert not putting.done()
    assert await inbox.take() == [b"12345678"] * 2
    assert await putting
    assert await inbox.take() == [b"9"]


async def test_an_offer_beyond_the_limit_is_refused_whole() -> None:
    inbox = Inbox(10)
    assert inbox.offer([b"12345", b"67890"])
    assert not inbox.offer([b"1"])
    assert await inbox.take() == [b"12345", b"67890"]
    assert not inbox.offer([b"12345", b"678901"])
    assert inbox.offer([b"1234567890"])


async def test_frames_from_before_the_end_are_still_taken() -> None:
    inbox = Inbox(100)
    await inbox.put(b"last")
    inbox.end(Unreachable("the first reason"))
    inbox.end(LinkClosed("another"))
    assert not await inbox.put(b"late")
    assert not inbox.offer([b"late"])
    assert await inbox.take() == [b"last"]
    for _ in range(2):
        with pytest.raises(Unreachable, match="the first reason"):
            await inbox.take()


async def test_the_end_wakes_the_one_who_takes() -> None:
    inbox = Inbox(100)
    taking = await started(inbox.take())
    inbox.end(LinkClosed("gone"))
    with pytest.raises(LinkClosed, match="gone"):
        await taking


async def test_the_end_wakes_the_one_who_puts() -> None:
    inbox = Inbox(4)
    await inbox.put(b"full")
    putting = await started(inbox.put(b"more"))
    inbox.end(LinkClosed("gone"))
    assert not await putting
    assert await inbox.take() == [b"full"]
