"""Serving guests takes its share of the time and no more."""

from __future__ import annotations

import asyncio
import time

import pytest

from sshx_jupyter.host.fair_scheduler import BURST, SHARE, FairScheduler


async def test_nobody_waits_while_there_is_no_debt() -> None:
    scheduler = FairScheduler()
    for _ in range(3):
        with pytest.raises(StopIteration):  # it does not suspend
            scheduler.turn().send(None)
        scheduler.spent(BURST * SHARE / 10)


async def test_takes_its_share_when_contended() -> None:
    scheduler = FairScheduler()
    served = 0
    started = time.monotonic()
    spent = 0.002

    async def guest() -> None:
        nonlocal served
        for _ in range(5):
            await scheduler.turn()
            scheduler.spent(spent)
            served += 1

    await asyncio.gather(*(guest() for _ in range(6)))
    elapsed = time.monotonic() - started
    assert served == 30
    assert served * spent / (elapsed + BURST + spent / SHARE) <= SHARE * 1.1


async def test_turns_come_in_order() -> None:
    scheduler = FairScheduler()
    scheduler.spent(0.01)
    order: list[int] = []

    async def guest(number: int) -> None:
        await scheduler.turn()
        order.append(number)
        scheduler.spent(0.001)

    await asyncio.gather(*(guest(number) for number in range(8)))
    assert order == list(range(8))


async def test_who_gives_up_waiting_does_not_hold_up_others() -> None:
    scheduler = FairScheduler()
    scheduler.spent(0.01)
    first = asyncio.ensure_future(scheduler.turn())
    await asyncio.sleep(0)
    second = asyncio.ensure_future(scheduler.turn())
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait_for(second, 5)
