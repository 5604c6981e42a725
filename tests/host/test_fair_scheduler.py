"""Serving guests takes its share of the time and no more."""

from __future__ import annotations

import asyncio
import time

import pytest

from sshx_jupyter.host.fair_scheduler import AT_ONCE, BURST, CREDIT, SHARE, FairScheduler


async def test_nobody_waits_while_there_is_no_debt() -> None:
    scheduler = FairScheduler()
    for _ in range(3):
        with pytest.raises(StopIteration):  # it does not suspend
            scheduler.turn("guest").send(None)
        scheduler.spent(BURST * SHARE / 10)


async def test_takes_its_share_when_contended() -> None:
    scheduler = FairScheduler()
    served = 0
    started = time.monotonic()
    spent = 0.002

    async def guest(number: int) -> None:
        nonlocal served
        for _ in range(10):
            await scheduler.turn(number)
            scheduler.spent(spent)
            served += 1

    await asyncio.gather(*(guest(number) for number in range(6)))
    elapsed = time.monotonic() - started
    assert served == 60
    assert served * spent / (elapsed + BURST + CREDIT + spent / SHARE) <= SHARE * 1.1


async def test_lets_several_through_at_once_where_the_loop_is_busy() -> None:
    scheduler = FairScheduler()
    cost = 0.0002
    for _ in range(50):
        scheduler.spent(cost)
    scheduler.spent(0.05)  # more than its share, so that all wait
    rounds = [0]

    async def guest(number: int) -> None:
        await scheduler.turn(number)
        scheduler.spent(cost)
        rounds[-1] += 1

    guests = [asyncio.ensure_future(guest(number)) for number in range(100)]
    while not all(guest.done() for guest in guests):
        rounds.append(0)
        time.sleep(0.005)  # a shell's output is parsed
        await asyncio.sleep(0)
    assert max(rounds) == AT_ONCE


async def test_turns_come_in_order() -> None:
    scheduler = FairScheduler()
    scheduler.spent(0.05)  # more than its share
    order: list[int] = []

    async def guest(number: int) -> None:
        await scheduler.turn(number)
        order.append(number)
        scheduler.spent(0.001)

    await asyncio.gather(*(guest(number) for number in range(8)))
    assert order == list(range(8))


async def test_who_gives_up_waiting_does_not_hold_up_others() -> None:
    scheduler = FairScheduler()
    scheduler.spent(0.05)  # more than its share
    first = asyncio.ensure_future(scheduler.turn("first"))
    await asyncio.sleep(0)
    second = asyncio.ensure_future(scheduler.turn("second"))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait_for(second, 5)


async def test_one_with_an_echo_to_send_comes_before_the_others() -> None:
    scheduler = FairScheduler()
    scheduler.spent(0.05)  # more than its share
    order: list[int] = []

    async def guest(number: int) -> None:
        waited = await scheduler.turn(number)
        assert waited > 0
        order.append(number)
        scheduler.spent(0.001)

    guests = [asyncio.ensure_future(guest(number)) for number in range(8)]
    await asyncio.sleep(0)
    scheduler.hurry(5)
    scheduler.hurry(99)  # who does not wait
    await asyncio.gather(*guests)
    assert order == [5, 0, 1, 2, 3, 4, 6, 7]
