"""Where sessions live: in the Jupyter server of this kernel, with Jupyter's terminals, or in the kernel itself.

All of this happens on the background thread's loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Protocol

from ..client import Dial
from ..config import NodeSettings, load_settings
from ..guest_links import guest_link
from ..guest_page import NotBuilt
from ..host.errors import SessionError
from ..host.session import Session
from ..host.share_options import ShareOptions
from ..invite import InviteRole, invite_html, make_invite
from ..jupyter_servers import API, JupyterServer, NoAccess, ServerError, parent_server
from ..links import LinkClosed, Unreachable
from ..links.comm import CommLink
from ..links.pipe import Pipe
from ..links.websocket import UNREACHABLE, dial_websocket
from ..node import SshxNode
from ..protocol.handshake import Credentials
from ..records import keep_record
from ..text import parse_utc
from .errors import SharingError

log = logging.getLogger(__name__)

Where = Literal["server", "kernel"]

SERVER_TIMEOUT = 15.0
"""Seconds that the server may take to share; with relays out of reach its first ticket takes some."""


ABANDON_TIMEOUT = 2.0


@dataclass(frozen=True)
class Tickets:
    """What lets others in, as it is now; without a ticket to write for a read-only session, and without addresses where
    no page is known."""

    write: str | None = field(repr=False)
    read: str | None = field(repr=False)
    write_url: str | None = field(default=None, repr=False)
    read_url: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class InviteFile:
    """The text of an invite file, and when it ends, as Unix time."""

    html: str = field(repr=False)
    expires: float


class Hosted(Protocol):
    """A session that lives in one of the backends, and its owner's way to it."""

    id: str
    where: Where
    credentials: Credentials

    @property
    def dial(self) -> Dial:
        """Makes links to it."""

    async def tickets(self) -> Tickets | None:
        """Its tickets as they are now; None if they cannot be had at the moment."""

    async def serve(self, link: CommLink) -> None:
        """Take a view's link to it, until either side ends it."""

    async def invite(self, role: InviteRole, expires_in: float) -> InviteFile:
        """A new invite file. Raises `SharingError`."""

    async def stop(self) -> None:
        """Stop sharing. Raises `SharingError`."""

    def abandon(self) -> None:
        """Stop sharing, without waiting for long: nobody knows of the session any more. Terminals that it has started
        and that run nothing are closed."""


class ServerBackend:
    """A Jupyter server with the extension."""

    where: Where = "server"

    def __init__(self, server: JupyterServer) -> None:
        self.server = server

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the server. Raises `ServerError`."""
        return await asyncio.to_thread(self.server.call, method, path, body, SERVER_TIMEOUT)

    async def share(self, options: ShareOptions) -> Hosted:
        """Start a session there. Raises `SharingError`."""
        try:
            return _ServerHosted(self, await self.call("POST", API, _of_kernel(options).given()))
        except ServerError as error:
            raise SharingError(str(error)) from None

    async def sessions(self) -> list[dict[str, Any]]:
        """The server's sessions, as its REST API gives them. Raises `ServerError`."""
        sessions: list[dict[str, Any]] = await self.call("GET", API)
        return sessions

    async def terminals(self) -> list[str]:
        """The names of the server's terminals. Raises `ServerError`."""
        return [str(terminal["name"]) for terminal in await self.call("GET", "api/terminals")]


class _ServerHosted:
    where: Where = "server"

    def __init__(self, backend: ServerBackend, model: dict[str, Any]) -> None:
        self.id = str(model["id"])
        self.credentials = Credentials(bytes.fromhex(self.id), "owner", bytes.fromhex(model["owner_secret"]))
        self._backend = backend
        self._link = f"{backend.server.url.rstrip('/')}/sshx/api/link/{self.id}"

    @property
    def dial(self) -> Dial:
        server = self._backend.server
        return lambda: dial_websocket(self._link, token=server.token or None, verify=not server.local)

    async def tickets(self) -> Tickets | None:
        try:
            model = await self._backend.call("GET", f"{API}/{self.id}")
        except ServerError:
            return None
        tickets, urls = model["tickets"], model["urls"]
        if tickets["read"] is None:
            return None  # the server does not let this user into sessions
        return Tickets(tickets["write"], tickets["read"], urls["write"], urls["read"])

    async def invite(self, role: InviteRole, expires_in: float) -> InviteFile:
        try:
            model = await self._backend.call("GET", f"{API}/{self.id}/invite?role={role}&expires_in={expires_in}")
        except ServerError as error:
            raise SharingError(str(error)) from None
        return InviteFile(model["html"], parse_utc(model["expires_at"]))

    async def serve(self, link: CommLink) -> None:
        await serve_by(self.dial, link)

    async def stop(self) -> None:
        try:
            await self._backend.call("DELETE", f"{API}/{self.id}")
        except ServerError as error:
            raise SharingError(str(error)) from None

    def abandon(self) -> None:
        with contextlib.suppress(ServerError):  # then the server notices, in a while
            self._backend.server.call("DELETE", f"{API}/{self.id}?terminals=idle", timeout=ABANDON_TIMEOUT)


class KernelBackend:
    """This process: a node and PTYs of its own."""

    where: Where = "kernel"

    def __init__(self) -> None:
        self._node: asyncio.Task[SshxNode] | None = None
        self._settings: NodeSettings | None = None

    async def node(self) -> SshxNode:
        """The kernel's one node, which is also the one to join with. Raises `SharingError`."""
        if self._node is None or (self._node.done() and self._node.exception() is not None):
            self._node = asyncio.ensure_future(self._make_node())
        return await asyncio.shield(self._node)

    async def _make_node(self) -> SshxNode:
        try:
            self._settings = settings = await asyncio.to_thread(load_settings)
            return await SshxNode.spawn(
                relays=settings.relays or None,
                # The port that is configured is for the Jupyter server.
                bind=settings.bind.rpartition(":")[0] + ":0" if settings.bind else None,
                shell_integration=settings.shell_integration,
                limits=settings.limits,
            )
        except Exception as error:  # traitlets' errors have no common kind
            raise SharingError(f"The network endpoint could not be opened: {error}") from None

    async def share(self, options: ShareOptions) -> Hosted:
        """Start a session here. Raises `SharingError`."""
        if options.terminals:
            raise SharingError("Jupyter's terminals can only be shared where the Jupyter server has sshx-jupyter.")
        node = await self.node()
        assert self._settings is not None
        options = _of_kernel(options).with_default_role(self._settings.default_role)
        try:
            session = await node.host(**options.given())
        except SessionError as error:
            raise SharingError(str(error)) from None
        keep_record(session, "kernel", log.warning)
        return _KernelHosted(node, session, self._settings.guest_page)

    async def close(self) -> None:
        """Stop all that lives here."""
        if self._node is not None and self._node.done() and self._node.exception() is None:
            await self._node.result().close("The host's kernel has ended.")


class _KernelHosted:
    where: Where = "kernel"

    def __init__(self, node: SshxNode, session: Session, guest_page: str) -> None:
        self.id = session.id.hex()
        self.credentials = Credentials(session.id, "owner", session.owner_secret)
        self._node = node
        self._session = session
        self._guest_page = guest_page
        self._stopping: asyncio.Future[None] | None = None

    @property
    def dial(self) -> Dial:
        return lambda: self._node.dial(self._node.address())

    async def tickets(self) -> Tickets | None:
        write, read = self._session.ticket, self._session.read_ticket
        return Tickets(write, read, *(guest_link(ticket, self._guest_page) for ticket in (write, read)))

    async def invite(self, role: InviteRole, expires_in: float) -> InviteFile:
        try:
            ticket = make_invite(self._session, role, expires_in)
            html = await asyncio.to_thread(invite_html, ticket)
        except (SessionError, NotBuilt) as error:
            raise SharingError(str(error)) from None
        assert ticket.expires is not None
        return InviteFile(html, ticket.expires)

    async def serve(self, link: CommLink) -> None:
        await self._node.manager.accept(link)

    async def stop(self) -> None:
        await self._session.stop(terminals="close")  # nobody could use them any more

    def abandon(self) -> None:
        self._stopping = asyncio.ensure_future(self.stop())


async def serve_by(dial: Dial, link: CommLink) -> None:
    """Pipe a view's link to where `dial` leads, until either side ends it."""
    try:
        far = await dial()
    except (Unreachable, LinkClosed) as error:
        await link.close(str(error), UNREACHABLE)
        return
    await Pipe(link, far).run()


kernel = KernelBackend()
"""This process, as a backend."""


def _of_kernel(options: ShareOptions) -> ShareOptions:
    """The options of a session that starts where the kernel is, and ends with it."""
    try:
        directory = str(Path.cwd())
    except OSError:  # it has been removed
        directory = None
    return replace(options, cwd=directory, while_owned=True)


async def find_server() -> tuple[ServerBackend | None, str]:
    """The kernel's Jupyter server as a backend; or None and a sentence that says why sessions live in the kernel.

    Raises `SharingError` if there is such a server and it does not answer.
    """
    try:
        server = await asyncio.to_thread(parent_server)
    except NoAccess as error:
        return None, f"{error} Sessions live in this kernel instead."
    except ServerError as error:
        raise SharingError(f"{error} Try again, or share from the kernel alone: --where kernel.") from None
    if server is not None and server.url.startswith("http+unix:"):
        return None, "The Jupyter server listens on a Unix socket only, so sessions live in this kernel."
    if server is None:
        return None, "This kernel has no Jupyter server with sshx-jupyter, so sessions live in the kernel."
    return ServerBackend(server), ""
