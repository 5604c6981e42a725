"""`jupyter sshx join`: full screen in a terminal, else a pipe from stdin to the oldest shell and back."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
from collections import deque
from collections.abc import AsyncIterator

from ..account import account_name
from ..client import SessionEnded, SshxClient
from ..client.events import Event, StateChanged
from ..client.outbox import StaleInput
from ..config import NodeSettings
from ..links import Unreachable
from ..protocol.codec import MalformedMessage
from ..protocol.handshake import Refused
from ..protocol.noise import NoiseError
from ..ticket import Ticket, TicketError
from .console import Failure, clean, read_password, read_ticket, say
from .network import read_settings, spawn_node


def join(arguments: argparse.Namespace) -> int:
    """Run the command."""
    try:
        ticket = Ticket.decode(read_ticket(arguments.ticket))
    except TicketError as error:
        raise Failure(str(error)) from None
    password = read_password("Password of this session: ") if ticket.password else None
    settings = read_settings(arguments)
    if settings.bind and not arguments.bind:  # the port that is configured is for those who listen
        settings.bind = settings.bind.rpartition(":")[0] + ":0"
    if not arguments.name:
        arguments.name = account_name()
    stale_input: StaleInput
    if sys.stdin.isatty() and sys.stdout.isatty():
        from .fullscreen import run

        stale_input, complete = "hold", False
    else:
        from .piped import run

        stale_input, complete = "error", True
    try:
        return asyncio.run(run(_connected(settings, ticket, password, arguments.name, stale_input, complete)))
    except (TicketError, Refused, Unreachable, SessionEnded) as error:
        raise Failure(str(error)) from None
    except (NoiseError, MalformedMessage):
        raise Failure(
            "The host did not answer as it should. Update sshx-jupyter on both sides and join again."
        ) from None


@contextlib.asynccontextmanager
async def _connected(
    settings: NodeSettings,
    ticket: Ticket,
    password: str | None,
    name: str | None,
    stale_input: StaleInput,
    complete: bool,
) -> AsyncIterator[SshxClient]:
    async with await spawn_node(settings) as node:
        connecting = SshxClient.connect(
            ticket,
            name=name,
            password=password,
            dial=lambda: node.join(ticket),
            complete=complete,
            stale_input=stale_input,
            keep_trying=True,
            on_event=_Progress().on_event,
        )
        async with connecting as client:
            yield client


class _Progress:
    """Tells the person what becomes of the attempt to join, each sentence once. Once they are in, it is silent."""

    def __init__(self) -> None:
        self._said: deque[str] = deque(maxlen=20)
        self._joined = False
        if sys.stderr.isatty():  # a pipe to which nothing is written says that all is well
            self._say("Connecting…")

    def on_event(self, event: Event) -> None:
        if not isinstance(event, StateChanged) or self._joined:
            return
        reason = clean(event.reason)
        match event.state:
            case "connecting" if reason:
                self._say("No answer yet. Still trying…")
            case "unreachable":
                self._say(f"{reason} Still trying; Ctrl-C gives up.")
            case "waiting":
                self._say(f"{reason} Waiting for the host to let you in…".lstrip())
            case "reconnecting":
                self._say(f"The connection was lost: {reason.rstrip('.')}. Trying again…")
            case "connected":
                self._joined = True

    def _say(self, sentence: str) -> None:
        if sentence not in self._said:
            self._said.append(sentence)
            say(sentence)
