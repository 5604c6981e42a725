"""What the host is asked on a terminal, with a real session."""

from __future__ import annotations

import asyncio

from sshx_jupyter.cli.answers import Answers
from tests.sessions import hosting


async def test_no_more_is_asked_than_there_are_guests_who_wait() -> None:
    """However often guests ask, leave, and come back."""
    told: list[str] = []
    async with hosting() as host:
        session = await host.create()
        answers = Answers(session, told.append)
        async with host.connect(session, "reader", name="Ann") as ann:
            await ann.request_write()
            for _ in range(2):
                answers.ask("wantsWrite", ann.uid, "Ann")
            for _ in range(3):
                async with host.connect(session, "reader", name="Bob") as bob:
                    await bob.request_write()
                    answers.ask("wantsWrite", bob.uid, "Bob")
                while session.asks(bob.uid) is not None:
                    await asyncio.sleep(0.01)
            assert [question.uid for question in answers._questions] == [ann.uid, bob.uid]
    assert told == [f"Ann (guest {ann.uid}) asks to be allowed to type. Allow it? Type y or n, then Enter."]
