"""`SshxNode`: one iroh endpoint, which hosts any number of sessions and dials any number of tickets.

Here links and the host meet: what comes in goes to the session manager. Links to the same host share a connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import Coroutine, Sequence
from typing import Any, Literal

from iroh import BiStream, Connection, Endpoint, EndpointAddr, EndpointTicket, Incoming, IrohError

from .host.limits import Limits
from .host.places import Places
from .host.session import Session
from .host.session_manager import SessionManager
from .host.share_options import ShareOptions
from .host.terminals import Terminals
from .links import Link, Unreachable
from .links.iroh import ALPN, IrohLink, bind_endpoint
from .links.memory import memory_link
from .links.udp_probe import until_all_refuse
from .ticket import MAX_DIRECT_ADDRESSES, Ticket, TicketError
from .timeouts import wait_for

log = logging.getLogger(__name__)

DIAL_TIMEOUT = 10.0
CLOSE_TIMEOUT = 1.0
"""Seconds in which the other sides may confirm that an endpoint closes; all have been told at once."""
IDLE_BYTES = 512 << 10
"""Bytes that may come through a connection before someone takes part through it, and after. QUIC lets the other side
send 100 streams of 1.25 MB before anything of them is read, and the bindings have no setting for that."""
IDLE_PERIOD = 0.5
"""Seconds from one look at this to the next."""
ONLINE_TIMEOUT = 5.0
"""Seconds from the start of a node that tickets wait for a relay to be found; one that was reachable took 3.1. Later
tickets have it as soon as it is."""


class _Dialed:
    """A connection that this node made, and how many links use it."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.links = 0


class _Caller:
    """A connection that another endpoint has made. While nobody takes part through it, it needs a place among `idle`
    ones, and may lose it to a newer connection."""

    serving: asyncio.Task[None]
    connection: Connection | None = None
    peer: str | None = None

    def __init__(self, idle: Places[_Caller], handshakes: int) -> None:
        self.room = asyncio.Semaphore(handshakes)
        """Room for unfinished handshakes; streams beyond wait until some of those before are in, or have failed."""
        self._idle = idle
        self._inside = 0
        self._received = 0
        self._gone = False

    def idle(self) -> None:
        """Nobody takes part through this connection yet, or any more."""
        if self._gone:
            return
        self._idle.leave(self)
        self._received = self._bytes()
        loser = self._idle.take(self, self.peer)
        if loser is not None:
            loser.serving.cancel()

    def came_in(self) -> None:
        """A link's client has shown a key."""
        self._inside += 1
        self._idle.leave(self)

    def left(self) -> None:
        """A link has ended whose client had shown a key."""
        self._inside -= 1
        if self._inside == 0:
            self.idle()

    def check(self) -> None:
        """End this connection, through which nobody takes part, if it sends much all the same."""
        if self._bytes() - self._received > IDLE_BYTES:
            self._idle.leave(self)
            self.serving.cancel()

    def _bytes(self) -> int:
        return self.connection.stats().udp_rx_bytes if self.connection is not None else 0

    def gone(self) -> None:
        """The connection has ended."""
        self._gone = True
        self._idle.leave(self)


class SshxNode:
    """One iroh endpoint: hosts any number of sessions, dials any number of tickets. Make one with `spawn`."""

    def __init__(
        self,
        endpoint: Endpoint,
        relays: Sequence[str] | str,
        terminals: Terminals | Literal["own"] | None,
        shell_integration: bool,
        limits: Limits,
    ) -> None:
        self._endpoint = endpoint
        self._dialed: dict[str, asyncio.Task[_Dialed]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._idle = Places[_Caller](limits.idle_connections, limits.endpoint_connections)
        self._own_terminals = Terminals.own(shell_integration) if terminals == "own" else None
        self._limits = limits
        self.manager = SessionManager(self._own_terminals if terminals == "own" else terminals, self.address, limits)
        """The sessions hosted here."""
        self.wants_relay = relays != "disabled"
        """Whether the node looks for a relay; if `relay_url` is None all the same, none has been found yet."""
        self._looks_up = relays == "default"
        """Whether iroh asks on the internet for addresses that a ticket does not hold."""
        self._online = self._spawn(self._wait_online())
        self._spawn(self._accept())
        self._spawn(self._watch_idle())

    @classmethod
    async def spawn(
        cls,
        *,
        relays: Sequence[str] | str | None = None,
        bind: str | None = None,
        key_file: str | os.PathLike[str] | None = None,
        terminals: Terminals | Literal["own"] | None = "own",
        shell_integration: bool = True,
        limits: Limits | None = None,
    ) -> SshxNode:
        """Bind an endpoint and start accepting links.

        Args:
            relays: "default" (iroh's public relays and address look-up), "disabled" (direct addresses only, nothing on
                the internet is asked, only the router for a port), or relay URLs, as a sequence or comma-separated; by
                default what the environment variable SSHX_RELAYS says, else "default".
            bind: "host:port" to listen on; port 0 and every IPv4 interface by default.
            key_file: keeps the endpoint's identity, 32 bytes, made with mode 0600 if missing.
            terminals: where shells come from: "own" for PTYs of the node's own, None for a node that can only join.
            shell_integration: whether shells of the node's own mark their prompts and commands, if they can.

        Raises:
            ValueError: for a bind address, relay URL or key file that cannot be used.
        """
        endpoint, mode = await bind_endpoint(relays or os.environ.get("SSHX_RELAYS") or "default", bind, key_file)
        return cls(endpoint, mode, terminals, shell_integration, limits or Limits())

    @property
    def endpoint_id(self) -> str:
        """The endpoint's public identity."""
        return str(self._endpoint.id())

    @property
    def relay_url(self) -> str | None:
        """The relay through which the endpoint can be reached, if one has been found."""
        return self._endpoint.addr().relay_url()

    @property
    def direct_addresses(self) -> list[str]:
        """The "host:port" addresses at which the endpoint can be reached; loopback if there is no other."""
        addresses = self._endpoint.addr().direct_addresses()[:MAX_DIRECT_ADDRESSES]
        if not addresses:
            ports = [socket.rpartition(":")[2] for socket in self._endpoint.bound_sockets() if "[" not in socket]
            addresses = [f"127.0.0.1:{port}" for port in ports]
        return addresses

    def address(self) -> str:
        """The endpoint's address as it is known now, as an iroh endpoint ticket."""
        addr = EndpointAddr(self._endpoint.id(), self.relay_url, self.direct_addresses)
        return str(EndpointTicket.from_addr(addr))

    async def online(self) -> None:
        """Wait, before a ticket is given to others, until a relay has been found or `ONLINE_TIMEOUT` is over.

        It is over once for a node, and at once for one without relays.
        """
        await asyncio.shield(self._online)

    async def host(self, name: str = "", *, command: Sequence[str] | None = None, **options: Any) -> Session:
        """Start a session, and wait for `online`: its tickets are good as soon as this returns.

        The options are those of `ShareOptions`; for `command` see `SessionManager.create`, which does not wait.
        """
        session = await self.manager.create(ShareOptions(name or None, **options), command)
        try:
            await self.online()
        except asyncio.CancelledError:
            self._spawn(session.stop(terminals="idle"))
            raise
        return session

    async def join(self, ticket: Ticket | str) -> Link:
        """A link to the host of a ticket. Raises `TicketError` or `Unreachable`."""
        if isinstance(ticket, str):
            ticket = Ticket.decode(ticket)
        return await self.dial(ticket.endpoint_ticket)

    async def dial(self, endpoint_ticket: str) -> Link:
        """A link to the endpoint of an iroh endpoint ticket. Raises `TicketError` or `Unreachable`."""
        try:
            addr = EndpointTicket.from_string(endpoint_ticket).endpoint_addr()
        except IrohError:
            raise TicketError("malformed") from None
        if len(addr.direct_addresses()) > MAX_DIRECT_ADDRESSES:
            raise TicketError("crowded")
        key = str(addr.id())
        if key == self.endpoint_id:  # iroh does not connect to itself
            near, far = memory_link(peer=key)
            self._spawn(self.manager.accept(far))
            return near
        task = self._dialed.get(key)
        if task is None or (task.done() and not _usable(task)):
            task = self._dialed[key] = asyncio.ensure_future(self._connect(addr))
        try:
            dialed = await asyncio.shield(task)
            dialed.links += 1
            try:
                stream = await wait_for(dialed.connection.open_bi(), DIAL_TIMEOUT)
            except BaseException:
                self._release(key, dialed)
                raise
        except (IrohError, asyncio.TimeoutError):
            if self._dialed.get(key) is task:
                del self._dialed[key]
            raise Unreachable(
                "The host cannot be reached. It may have stopped sharing, be offline, or be behind a firewall."
            ) from None
        return IrohLink(dialed.connection, stream, lambda: self._release(key, dialed))

    async def close(self, reason: str = "The host has shut down.") -> None:
        """Stop all sessions, end their guests and links, and the terminals that are this node's own."""
        await self.manager.close(reason)
        for task in self._tasks:
            task.cancel()
        for dialing in self._dialed.values():
            dialing.cancel()
        await asyncio.gather(*self._tasks, *self._dialed.values(), return_exceptions=True)
        if self._own_terminals is not None:
            await self._own_terminals.shutdown()
        with contextlib.suppress(asyncio.TimeoutError):  # who has gone without a word would be waited for much longer
            await wait_for(self._endpoint.close(), CLOSE_TIMEOUT)

    async def __aenter__(self) -> SshxNode:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _wait_online(self) -> None:
        if self.wants_relay:
            try:
                await wait_for(self._endpoint.online(), ONLINE_TIMEOUT)
            except asyncio.TimeoutError:
                log.info("no relay found yet; tickets hold direct addresses only until one is")

    async def _connect(self, addr: EndpointAddr) -> _Dialed:
        connecting = asyncio.ensure_future(self._endpoint.connect(addr, ALPN))
        attempts: set[asyncio.Future[Any]] = {connecting}
        if addr.relay_url() is None and not self._looks_up:  # there is no other way than these addresses
            attempts.add(asyncio.ensure_future(until_all_refuse(addr.direct_addresses())))
        try:
            await asyncio.wait(attempts, timeout=DIAL_TIMEOUT, return_when=asyncio.FIRST_COMPLETED)
            if not connecting.done():
                raise asyncio.TimeoutError
            return _Dialed(connecting.result())
        finally:
            for attempt in attempts:
                attempt.cancel()
            await asyncio.gather(*attempts, return_exceptions=True)

    def _release(self, key: str, dialed: _Dialed) -> None:
        dialed.links -= 1
        if dialed.links == 0:
            task = self._dialed.get(key)
            if task is not None and _made(task) and task.result() is dialed:
                del self._dialed[key]
            dialed.connection.close(0, b"done")

    async def _accept(self) -> None:
        while (incoming := await self._endpoint.accept_next()) is not None:
            caller = _Caller(self._idle, self._limits.connection_handshakes)
            caller.serving = self._spawn(self._serve(incoming, caller))
            caller.idle()

    async def _watch_idle(self) -> None:
        while True:
            await asyncio.sleep(IDLE_PERIOD)
            for caller in list(self._idle):
                caller.check()

    async def _serve(self, incoming: Incoming, caller: _Caller) -> None:
        """Take the links of one connection, until there has been none for as long as a handshake may take."""
        connection: Connection | None = None
        stream: asyncio.Future[BiStream] | None = None
        links: set[asyncio.Task[None]] = set()
        try:
            timeout = self._limits.handshake_timeout
            if len(self._idle) > self._limits.idle_connections // 2 and not await incoming.remote_addr_validated():
                await incoming.retry()  # made-up source addresses take no places
                return
            accepting = await wait_for(incoming.accept(), timeout)
            connection = await wait_for(accepting.connect(), timeout)
            connection.set_max_concurrent_bi_streams(self._limits.users)
            caller.connection = connection
            caller.peer = str(connection.remote_id())
            caller.idle()
            while True:
                await caller.room.acquire()
                stream = asyncio.ensure_future(connection.accept_bi())
                while not stream.done():
                    done, _ = await asyncio.wait(
                        {stream, *links}, timeout=None if links else timeout, return_when=asyncio.FIRST_COMPLETED
                    )
                    if not done:
                        return
                    links = {task for task in links if not task.done()}
                link = IrohLink(connection, stream.result(), lambda: None)
                links.add(self._spawn(self._serve_link(link, caller)))
        except (IrohError, asyncio.TimeoutError):
            pass  # it is gone; its links notice by themselves
        except asyncio.CancelledError:
            if connection is not None:
                connection.close(0, b"done")  # which ends the links, too
            raise
        finally:
            caller.gone()
            if stream is not None:
                stream.cancel()
            try:
                if links:
                    await asyncio.wait(links)
            finally:
                if connection is not None:
                    connection.close(0, b"done")

    async def _serve_link(self, link: IrohLink, caller: _Caller) -> None:
        shaken = False

        def on_shaken() -> None:
            nonlocal shaken
            shaken = True
            caller.room.release()
            caller.came_in()

        try:
            await self.manager.accept(link, share="network", shaken=on_shaken)
        finally:
            if shaken:
                caller.left()
            else:
                caller.room.release()


def _made(task: asyncio.Task[_Dialed]) -> bool:
    return task.done() and not task.cancelled() and task.exception() is None


def _usable(task: asyncio.Task[_Dialed]) -> bool:
    return _made(task) and task.result().connection.close_reason() is None
