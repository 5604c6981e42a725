"""The kernel's own part in a session: a client that stays connected, and the ways by which views get in beside it.

Own sessions are mirrored by an observer, which nobody sees. In a session that was joined the kernel's client is the
user, and the views are its companions. All of this happens on the background thread's loop.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from ..client import SessionEnded, SshxClient
from ..client.events import Event, InfoChanged, Output
from ..links import Unreachable
from ..links.comm import CommLink
from ..protocol.codec import MalformedMessage
from ..protocol.handshake import Credentials, Refused
from ..protocol.noise import NoiseError
from ..ticket import Ticket, TicketError
from ..timeouts import wait_for
from .backends import Hosted, Tickets, kernel, serve_by
from .errors import SharingError

CLOSE_TO_START = 30.0
"""Seconds in which a session's tickets are looked at often: relays are found in them."""
LIGHT: dict[str, Any] = {"screens": False, "outputs": False}
"""The kernel's client takes no output until it runs a command: that would be taken from the time of the cells."""
PAUSE = 0.05
"""Seconds from one change told to the next; what changes meanwhile is told as one."""
OFTEN, SELDOM = 2.0, 30.0
"""Seconds from one look at a session's tickets to the next."""


class Mirror(Protocol):
    """Who is told of what changes, on the background thread."""

    def member_changed(self, member: KernelClient) -> None: ...

    def tickets_changed(self, tickets: Tickets) -> None: ...


class KernelClient:
    """One session as the kernel takes part in it. Make one with `host` or `join`."""

    def __init__(self, credentials: Credentials, mirror: Mirror) -> None:
        self.credentials = credentials
        self.client: SshxClient | None = None
        self.hosted: Hosted | None = None
        self.ticket: Ticket | None = None
        self._mirror = mirror
        self._tasks: set[asyncio.Task[Any]] = set()
        self._change: asyncio.TimerHandle | None = None
        self._told_at = 0.0
        self._info_changed = asyncio.Event()
        self._over = asyncio.Event()

    @classmethod
    async def host(cls, hosted: Hosted, mirror: Mirror) -> KernelClient:
        """Take part in a session of one's own."""
        member = cls(hosted.credentials, mirror)
        member.hosted = hosted
        await member._connect(SshxClient.connect(hosted.credentials, dial=hosted.dial, observer=True, **LIGHT))
        await member._renew_tickets()
        member._spawn(member._watch_tickets())
        return member

    @classmethod
    async def join(cls, ticket: Ticket, mirror: Mirror, name: str | None, password: str | None) -> KernelClient:
        """Join with a ticket. Waits until the host has let the kernel in. Raises `SharingError`."""
        node = await kernel.node()
        member = cls(ticket.credentials(password), mirror)
        member.ticket = ticket
        await member._connect(
            SshxClient.connect(ticket, name=name, password=password, dial=lambda: node.join(ticket), **LIGHT)
        )
        return member

    async def _connect(self, connecting: contextlib.AbstractAsyncContextManager[SshxClient]) -> None:
        started: asyncio.Future[SshxClient] = asyncio.get_running_loop().create_future()
        task = self._spawn(self._take_part(connecting, started))
        try:
            self.client = await asyncio.shield(started)
        except asyncio.CancelledError:
            task.cancel()
            raise
        self._mirror.member_changed(self)

    async def _take_part(
        self,
        connecting: contextlib.AbstractAsyncContextManager[SshxClient],
        started: asyncio.Future[SshxClient],
    ) -> None:
        try:
            async with connecting as client:
                client.observe(self._on_event)
                started.set_result(client)
                await self._over.wait()
        except (TicketError, Refused, Unreachable, SessionEnded) as error:
            started.set_exception(_refused(error))
        except (NoiseError, MalformedMessage):
            text = "The host did not answer as it should. Update sshx-jupyter on both sides and join again."
            started.set_exception(SharingError(text))
        except Exception as error:
            if started.done():
                raise
            started.set_exception(error)

    def _on_event(self, event: Event) -> None:
        if isinstance(event, InfoChanged):
            self._info_changed.set()
        if self._change is None and not isinstance(event, Output):
            loop = asyncio.get_running_loop()
            self._change = loop.call_at(max(loop.time(), self._told_at + PAUSE), self._tell)

    def _tell(self) -> None:
        self._change = None
        self._told_at = asyncio.get_running_loop().time()
        if self.client is not None:
            if self.client.ended:
                self._over.set()
            self._mirror.member_changed(self)

    async def _renew_tickets(self) -> Tickets | None:
        """Tell the mirror the tickets as they are now, and return them; None if they cannot be had, or are not ours."""
        tickets = await self.hosted.tickets() if self.hosted is not None else None
        if tickets is not None:
            self._mirror.tickets_changed(tickets)
        return tickets

    async def _watch_tickets(self) -> None:
        loop = asyncio.get_running_loop()
        started = loop.time()
        while self.client is not None and not self.client.ended:
            self._info_changed.clear()
            pause = OFTEN if loop.time() - started < CLOSE_TO_START else SELDOM
            with contextlib.suppress(asyncio.TimeoutError):  # new tickets may have been made
                await wait_for(self._info_changed.wait(), pause)
            await self._renew_tickets()

    # For the views.

    async def access(self) -> dict[str, Any]:
        """What a view needs to take part beside the kernel. Secret, but for the kernel's own front ends.

        A view of a session that was joined is a companion of the kernel's client: it needs neither ticket nor password.
        """
        credentials, client = self.credentials, self.client
        companion: bytes | None = client.info.get("token") if client is not None and self.hosted is None else None
        return {
            "session": credentials.session_id.hex(),
            "role": credentials.role,
            "secret": credentials.secret.hex() if companion is None else "",
            "companion": companion.hex() if companion is not None else None,
            "addr": self._address(await self._renew_tickets()),
        }

    def _address(self, tickets: Tickets | None) -> str | None:
        """The host's iroh address, for a pipe; None if it is not known."""
        if self.ticket is not None:
            return self.ticket.endpoint_ticket
        text = (tickets.read or tickets.write) if tickets is not None else None
        return Ticket.decode(text).endpoint_ticket if text else None

    async def serve(self, link: CommLink) -> None:
        """Take a view's link to the session until either side ends it."""
        if self.hosted is not None:
            await self.hosted.serve(link)
        elif self.ticket is not None:
            ticket, node = self.ticket, await kernel.node()
            await serve_by(lambda: node.join(ticket), link)

    def abandon(self) -> None:
        """Stop the session if it has not stopped."""
        if self.hosted is not None:
            self._spawn(_quietly(self.hosted.stop))

    async def leave(self) -> None:
        """End the kernel's part."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _spawn(self, work: Any) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


async def _quietly(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    with contextlib.suppress(SharingError):
        await work()


def _refused(error: Exception) -> SharingError:
    reason = error.reason if isinstance(error, (Refused, TicketError)) else "unreachable"
    return SharingError(str(error), reason)
