"""Joining in a terminal: connect, then hand the window to the session until it is over."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

from ..client import SshxClient
from .console import Failure, clean, say
from .farewell import farewell
from .signals import until_signal


async def run(connecting: AbstractAsyncContextManager[SshxClient]) -> int:
    """Take part until the person leaves or the session is over; returns the exit status."""
    return await until_signal(_run(connecting))


async def _run(connecting: AbstractAsyncContextManager[SshxClient]) -> int:
    try:
        import pyghostty  # noqa: F401 - without it there are no screens to draw
    except (ImportError, OSError):
        raise Failure(
            "The full screen needs pyghostty, which this system does not have; "
            '"jupyter sshx join TICKET | cat" works without it.'
        ) from None
    from .tty import LocalTerminal
    from .window import Window

    async with connecting as client:
        if client.offer:
            say(clean(client.offer))
        with LocalTerminal() as terminal:
            await Window(client, terminal).run()
        return farewell(client)
