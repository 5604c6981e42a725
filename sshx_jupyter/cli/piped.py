"""Joining without a terminal: stdin is typed into the first shell, what it prints from then on goes to stdout."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from contextlib import AbstractAsyncContextManager

from ..client import InputNotDelivered, SessionEnded, SshxClient
from ..client.events import Output, StateChanged
from ..protocol.messages import Error, Shells
from ..timeouts import wait_for
from .console import Failure, clean, say
from .farewell import farewell
from .harmless import HarmlessOutput
from .pipes import StdinReader, StdoutWriter
from .signals import until_signal

QUIET = 1.0
"""Seconds without output, after stdin has ended, after which we leave."""
PATIENCE = 20.0
"""Seconds without a connection after which a script had better know."""
FIRST_SHELL = 20.0
"""Seconds without a first screen after which there is none; longer than it takes to notice a broken connection."""
FAREWELL = 1.0
"""Seconds in which the session may follow its shell."""
READER = "This ticket lets you watch only, so what stdin holds cannot be typed. Ask the host for a ticket to write."


async def run(connecting: AbstractAsyncContextManager[SshxClient]) -> int:
    """Take part until stdin has ended and the shell is quiet, or the session is over; returns the exit status."""
    return await until_signal(_run(connecting))


async def _run(connecting: AbstractAsyncContextManager[SshxClient]) -> int:
    async with connecting as client:
        pipe = _Pipe(client)
        steps = [asyncio.ensure_future(step) for step in (pipe.print_output(), pipe.type_input())]
        try:
            done, _ = await asyncio.wait([*steps, pipe.lost], return_when=asyncio.FIRST_COMPLETED)
            next(iter(done)).result()
            await pipe.stdout.flush()
        finally:
            for step in steps:
                step.cancel()
            await asyncio.gather(*steps, return_exceptions=True)
        if pipe.ended and not client.ended:
            with contextlib.suppress(asyncio.TimeoutError, SessionEnded):
                await wait_for(client.wait_for(lambda _: client.ended), FAREWELL)
        if client.ended:
            return farewell(client)
        if pipe.ended:
            say("The shell has ended.")
        return 0


class _Pipe:
    def __init__(self, client: SshxClient) -> None:
        self.stdout = StdoutWriter()
        self._harmless = HarmlessOutput() if sys.stdout.isatty() else None
        self.ended = False
        """Whether the shell has ended."""
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Fails when the connection has been lost for too long."""
        self._client = client
        self._loop = asyncio.get_running_loop()
        self._active = 0.0
        self._sid: int | None = None
        self._drawn = asyncio.Event()
        """Set when the shell's screen is there: from now on its output is new."""
        self._patience: asyncio.TimerHandle | None = None

    async def print_output(self) -> None:
        """Print until the shell or the session ends, or nobody reads stdout any more."""
        async for event in self._client:
            match event:
                case Shells(shells):
                    sids = [sid for sid, _ in shells]
                    if self._sid is None:
                        self._sid = min((sid for sid, shell in shells if not shell.ended), default=None)
                    elif self._sid not in sids:
                        self.ended = True
                        return
                case Output(sid) if sid == self._sid:
                    await self._on_output(event)
                    if self.stdout.broken:
                        return
                case Error(_, _, text):
                    say(f"jupyter sshx: {clean(text)}")
                case StateChanged(state, reason):
                    self._on_state(state, reason)

    async def type_input(self) -> None:
        """Type all that stdin holds, then wait until the shell is quiet."""
        while not self._drawn.is_set():
            try:
                await wait_for(self._drawn.wait(), FIRST_SHELL)
            except asyncio.TimeoutError:
                if self._client.state == "connected":
                    raise Failure("There is no shell in this session to type into.") from None
        assert self._sid is not None
        try:
            await self._type(self._sid)
        except SessionEnded:
            await asyncio.Future()  # `print_output` ends when all has been printed
        except InputNotDelivered as error:
            raise Failure(str(error)) from None
        while (left := self._active + QUIET - self._loop.time()) > 0:  # noqa: ASYNC110 - no event: its absence
            await asyncio.sleep(left)

    async def _type(self, sid: int) -> None:
        client, stdin = self._client, StdinReader()
        while data := await stdin.read():
            if client.role == "reader":
                raise Failure(READER)
            await client.send(sid, data)
        await client.drain()
        self._active = self._loop.time()

    async def _on_output(self, output: Output) -> None:
        self._active = self._loop.time()
        if not output.snapshot:
            if output.missed:
                say(f"jupyter sshx: {output.missed} bytes came too fast and were left out.")
            await self.stdout.write(self._harmless.feed(output.data) if self._harmless else output.data)
        elif self._drawn.is_set() and output.missed:
            say(f"jupyter sshx: {output.missed} bytes came too fast and were left out; the screen as it is now:")
            text = self._client.screen(output.sid).text()
            await self.stdout.write(text.replace("\n", "\r\n").encode() + b"\r\n")
        self._drawn.set()

    def _on_state(self, state: str, reason: str) -> None:
        if state == "reconnecting" and self._patience is None:
            self._patience = self._loop.call_later(PATIENCE, self._give_up, reason)
        elif state == "connected" and self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _give_up(self, reason: str) -> None:
        if not self.lost.done():
            self.lost.set_exception(Failure(f"The connection to the host was lost: {clean(reason).rstrip('.')}."))
