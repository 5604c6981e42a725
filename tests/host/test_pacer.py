"""Serving guests takes its share of the time and no more."""

from __future__ import annotations

import asyncio
import time

import pytest

from sshx_jupyter.host.pacer import BURST, SHARE, Pacer


async def test_nobody_waits_while_there_is_no_debt() -> None:
    pacer = Pacer()
    for _ in range(3):
        with pytest.raises(StopIteration):  # it does not suspend
            pacer.turn().send(None)
        pacer.spent(BURST * SHARE / 10)


async def test_takes_its_share_when_contended() -> None:
    pacer = Pacer()
    served = 0
    started = time.monotonic()
    spent = 0.002

    async def guest() -> None:
        nonlocal served
        for _ in range(5):
            await pacer.turn()
            pacer.spent(spent)
            served += 1

    await asyncio.gather(*(guest() for _ in range(6)))
    elapsed = time.monotonic() - started
    assert served == 30
    assert served * spent / (elapsed + BURST + spent / SHARE) <= SHARE * 1.1


async def test_turns_come_in_order() -> None:
    pacer = Pacer()
    pacer.spent(0.01)
    order: list[int] = []

    async def guest(number: int) -> None:
        await pacer.turn()
        order.append(number)
        pacer.spent(0.001)

    await asyncio.gather(*(guest(number) for number in range(8)))
    assert order == list(range(8))


async def test_who_gives_up_waiting_does_not_hold_up_others() -> None:
    pacer = Pacer()
    pacer.spent(0.01)
    first = asyncio.ensure_future(pacer.turn())
    await asyncio.sleep(0)
    second = asyncio.ensure_future(pacer.turn())
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait_for(second, 5)
