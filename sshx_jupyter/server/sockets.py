"""`WS /sshx/api/link/<id>`: a link to a session hosted here, or with `?addr=` a pipe to one hosted elsewhere.

An unknown session is told in the handshake, and an unreachable host by the close code (see `links/websocket.py`):
a browser's WebSocket shows its page nothing else, and hides the status of a refused upgrade.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from jupyter_server.auth.decorator import ws_authenticated
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from tornado.web import RequestHandler
from tornado.websocket import WebSocketHandler

from ..links import Unreachable
from ..links.pipe import Pipe
from ..links.websocket import BAD_ADDRESS, GOING_AWAY, UNREACHABLE, WebSocketLink
from ..protocol.framing import MAX_FRAME
from .base import SHUT_DOWN, ApiError, SshxHandler

if TYPE_CHECKING:
    from ..node import SshxNode

SECRETS = ("ticket", "secret", "owner_secret", "password")


class LinkSocket(SshxHandler, WebSocketMixin, JupyterHandler, WebSocketHandler):
    """One client's link."""

    _node: SshxNode
    _link: WebSocketLink | None = None

    @property
    def max_message_size(self) -> int:
        return MAX_FRAME

    @ws_authenticated
    async def get(self, *args: Any, **kwargs: Any) -> None:
        await self.require_execute()
        self.session_id(*args)
        require_upgrade(self)
        refuse_secrets(self)
        self._node = await self.app.node()
        await super().get(*args, **kwargs)

    def open(self, session_id: str) -> None:
        super().open(session_id)  # starts the keep-alive pings
        self.set_nodelay(True)
        user = self.current_user
        self._link = WebSocketLink(self, f"user {user.username}")
        addr = self.get_query_argument("addr", None)
        if addr is None:
            self.app.spawn(self._node.manager.accept(self._link, share="local", account=user.username))
        else:
            self.app.spawn(self._pipe(self._link, addr))

    async def on_message(self, message: str | bytes) -> None:
        if self._link is not None:
            await self._link.on_message(message)

    def on_close(self) -> None:
        if self._link is not None:
            self._link.on_close(self.close_code, self.close_reason)

    async def _pipe(self, near: WebSocketLink, addr: str) -> None:
        from ..ticket import TicketError  # loaded with the node

        try:
            pipe = Pipe(near, await self._node.dial(addr))
        except TicketError as error:
            damaged = "This is not the address of a host. The ticket may be damaged."
            await near.close(str(error) if error.reason == "crowded" else damaged, BAD_ADDRESS)
            return
        except Unreachable as error:
            await near.close(str(error), UNREACHABLE)
            return
        except asyncio.CancelledError:
            await near.close(SHUT_DOWN, GOING_AWAY)
            raise
        self.app.pipes.add(pipe)
        try:
            await pipe.run()
        finally:
            self.app.pipes.discard(pipe)


def require_upgrade(handler: RequestHandler) -> None:
    """Raises `ApiError` for a request that is not for a WebSocket."""
    if handler.request.headers.get("Upgrade", "").lower() != "websocket":
        raise ApiError(400, "invalid", "This address is for WebSockets.")


def refuse_secrets(handler: RequestHandler) -> None:
    """Raises `ApiError` for an address whose query holds a secret: addresses are written to logs."""
    for name in SECRETS:
        if name in handler.request.query_arguments:
            raise ApiError(
                400, "invalid", f'"{name}" does not belong into this address: secrets go encrypted over the link.'
            )


default_handlers: list[tuple[str, type[Any]]] = [(r"/sshx/api/link/([^/]+)", LinkSocket)]
