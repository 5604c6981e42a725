"""`/sshx/guest`: the way in for guests with a ticket and no Jupyter login. Served only where `SshxApp.guests` is on.

Everyone is a stranger here, whatever login or token a browser sends along: the handlers ask for no user, set and clear
no cookie, and serve one page to all. The handshake inside the link, with the ticket's secret, is the only way in.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from tornado.web import HTTPError, RequestHandler
from tornado.websocket import WebSocketHandler, WebSocketProtocol

from ..links.websocket import TRY_AGAIN, WebSocketLink
from ..page_html import APP, policy
from ..protocol.framing import MAX_FRAME
from . import pages
from .base import ApiError, SshxHandler
from .sockets import refuse_secrets, require_upgrade

if TYPE_CHECKING:
    from ..host.session_manager import SessionManager

PAGE = "/sshx/guest"
CROWDED = "Too many people are knocking at this Jupyter server. Try again in a few seconds."

_NOT_FOUND = """<main>
<h1>There is no such page</h1>
<p>Open the whole link that the host gave you, up to its last character.</p>
</main>"""

_numbers = itertools.count(1)


class _Stranger(SshxHandler, JupyterHandler):
    """A handler that never asks who the user is."""

    async def prepare(self) -> None:  # type: ignore[override]
        self.current_user = self._jupyter_current_user = None
        if not self.check_host():
            raise HTTPError(403)

    def skip_check_origin(self) -> bool:
        return False  # Jupyter skips the check for those who come with its token


class GuestPageHandler(pages.Lenient, _Stranger):
    """The guest page. Whether the session in its address exists, only the host's answer in the handshake tells."""

    @property
    def content_security_policy(self) -> str:
        return _policy("'self'")  # Jupyter asks before the handler knows the extension

    def set_default_headers(self) -> None:
        super().set_default_headers()
        self.set_header("Referrer-Policy", "no-referrer")

    @allow_unauthenticated
    def get(self, session_id: str | None = None) -> None:
        if session_id is not None:
            self.session_id(session_id)
        if not pages.built("guest.js"):
            self.set_status(503)
            self._finish(pages.NOT_BUILT)
            return
        self._finish(APP, "guest.css", "guest.js")

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        self._finish(_NOT_FOUND)  # Jupyter's own error page sets a cookie

    def _finish(self, body: str, *assets: str) -> None:
        connections = " ".join(("'self'", *relay_sources(self.app.relay_urls)))
        self.set_header("Content-Security-Policy", _policy(connections))
        self.set_header("Content-Type", "text/html; charset=UTF-8")
        self.finish(pages.shell(self.request.path, PAGE, body, *assets))


class GuestSocket(_Stranger, WebSocketMixin, WebSocketHandler):
    """One guest's link to a session that is hosted here. As long as nobody takes part through it, it needs a place."""

    _manager: SessionManager
    _link: WebSocketLink | None = None
    _connection: WebSocketProtocol | None = None

    @property
    def max_message_size(self) -> int:
        return MAX_FRAME

    @allow_unauthenticated
    async def get(self, *args: Any, **kwargs: Any) -> None:
        self.session_id(*args)
        require_upgrade(self)
        refuse_secrets(self)
        for name in ("token", "addr"):
            if name in self.request.query_arguments:
                raise ApiError(400, "invalid", f'"{name}" has no meaning here: guests need their ticket alone.')
        self._manager = self.app.guest_manager()
        await super().get(*args, **kwargs)

    def open(self, session_id: str) -> None:
        super().open(session_id)  # starts the keep-alive pings
        self.set_nodelay(True)
        self._connection = self.ws_connection  # tornado forgets its own once it has begun to close
        # Each socket is a peer of its own: behind a proxy all guests have the proxy's address.
        self._link = WebSocketLink(self, f"guest {next(_numbers)}")
        self._take_place()
        self.app.spawn(self._serve(self._link))

    async def on_message(self, message: str | bytes) -> None:
        if self._link is not None:
            await self._link.on_message(message)

    def on_close(self) -> None:
        self._connection = None
        self.app.idle_guests.leave(self)
        if self._link is not None:
            self._link.on_close(self.close_code, self.close_reason)

    async def _serve(self, link: WebSocketLink) -> None:
        def on_shaken() -> None:
            self.app.idle_guests.leave(self)

        await self._manager.accept(link, share="guests", shaken=on_shaken)
        if self._connection is not None:
            self._take_place()  # until the guest's side has closed as well

    def _take_place(self) -> None:
        self.app.idle_guests.leave(self)
        loser = self.app.idle_guests.take(self, None)
        if loser is not None:
            loser.drop()

    def drop(self) -> None:
        """Close the socket without waiting for the other side to agree."""
        connection = self._connection
        if connection is not None:
            connection.close(TRY_AGAIN, CROWDED)
            if connection.stream is not None:
                connection.stream.close()


def _policy(connections: str) -> str:
    # WebAssembly is the node that reaches a host by a relay.
    return policy("'self' 'wasm-unsafe-eval'", connections) + "; frame-ancestors 'none'"


def relay_sources(urls: Sequence[str]) -> Iterator[str]:
    """What a Content-Security-Policy calls these relays: the origin of each, for requests and for WebSockets."""
    for url in urls:
        parts = urlsplit(url)
        host = re.sub(r"\.(?=:|$)", "", parts.netloc)  # a policy knows no names that end in a dot
        socket = {"https": "wss", "http": "ws"}.get(parts.scheme)
        if socket is not None and re.fullmatch(r"[\w.:\[\]-]+", host, re.ASCII):
            yield from (f"{parts.scheme}://{host}", f"{socket}://{host}")


default_handlers: list[tuple[str, type[RequestHandler]]] = [
    (r"/sshx/guest/?", GuestPageHandler),
    (r"/sshx/guest/([^/]+)", GuestPageHandler),
    (r"/sshx/guest/link/([^/]+)", GuestSocket),
]
