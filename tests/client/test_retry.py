"""What a client does when a link has ended."""

from __future__ import annotations

import asyncio

import pytest

from sshx_jupyter.client.retry import BACKOFF, FIRST_TRIES, NO_ANSWER, Backoff, after_end
from sshx_jupyter.links import LinkClosed, Unreachable
from sshx_jupyter.protocol.codec import MalformedMessage
from sshx_jupyter.protocol.handshake import Refused

FIRST, LONGEST = BACKOFF


def _within(delay: float, most: float) -> bool:
    return most / 2 <= delay <= most


def test_the_waiting_time_doubles_up_to_a_limit() -> None:
    backoff = Backoff()
    for i in range(10):
        assert _within(backoff.next(), min(FIRST * 2**i, LONGEST))


def test_the_waiting_time_is_short_again_only_after_a_link_that_lasted() -> None:
    backoff = Backoff()
    for _ in range(10):
        backoff.next()
    backoff.reset_after(LONGEST)
    assert _within(backoff.next(), LONGEST)
    backoff.reset_after(LONGEST + 1)
    assert _within(backoff.next(), FIRST)


@pytest.mark.parametrize(
    ("error", "entered", "trying", "again", "code"),
    [
        (LinkClosed("cut"), True, 0, True, ""),
        (Unreachable("no way"), True, 1000, True, ""),
        (Refused("busy"), True, 1000, True, "busy"),
        (Refused("unknownClient"), True, 1000, True, "unknownClient"),
        (Refused("invalidAuth"), True, 0, False, "invalidAuth"),
        (Refused("busy"), False, FIRST_TRIES - 1, True, "busy"),
        (Refused("full"), False, FIRST_TRIES, False, "full"),
        (Refused("aCodeOfTheFuture"), True, 0, False, "aCodeOfTheFuture"),
        (LinkClosed("cut"), False, 0, False, "unreachable"),
        (Unreachable("no way"), False, 0, False, "unreachable"),
        (asyncio.TimeoutError(), False, 0, False, "unreachable"),
    ],
)
def test_what_is_tried_again(error: Exception, entered: bool, trying: float, again: bool, code: str) -> None:
    verdict = after_end(error, entered, trying)
    assert (verdict.again, verdict.code) == (again, code)


@pytest.mark.parametrize(
    ("error", "again", "sentence"),
    [
        (Unreachable("no way"), True, "no way"),
        (asyncio.TimeoutError(), True, NO_ANSWER),
        (LinkClosed("cut"), True, "The host answered, but the connection dropped immediately."),
        (Refused("invalidAuth"), False, str(Refused("invalidAuth"))),
        (Refused("full"), False, str(Refused("full"))),
        (MalformedMessage("no sense"), False, "no sense"),
    ],
)
def test_a_client_that_keeps_trying_ends_only_when_the_host_refuses(
    error: Exception, again: bool, sentence: str
) -> None:
    verdict = after_end(error, False, FIRST_TRIES, keep_trying=True)
    assert (verdict.again, str(verdict.error)) == (again, sentence)
