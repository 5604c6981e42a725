"""Links over WebSockets: one binary message is one frame.

A text message comes from a pipe itself, only towards its client: a JSON object whose `path` says how frames travel
between the pipe and the host ("direct", "relay" or "local").

The server's side sits in a tornado handler, which passes on what arrives; the client's is made by `dial_websocket`.
Both hold at most about `INBOX` unread bytes, beyond which the socket is not read: TCP slows the sender down.

Close codes beyond those of RFC 6455, which the browser's client knows too:

| code | what it means |
|---|---|
| 4400 | the pipe's `addr` is not an address |
| 4404 | the pipe's host cannot be reached |
| 4410 | the pipe's host has ended the link, or the connection to it was lost |
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Mapping, Sequence
from typing import Protocol, get_args

from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.iostream import StreamClosedError
from tornado.websocket import WebSocketClientConnection, WebSocketClosedError, WebSocketError, websocket_connect

from ..protocol.framing import MAX_FRAME
from . import LinkClosed, LinkPath, PathKind, Unreachable
from .inbox import Inbox

INBOX = 256 << 10
DIAL_TIMEOUT = 10.0

NORMAL = 1000
GOING_AWAY = 1001
UNSUPPORTED = 1003
TRY_AGAIN = 1013
"""The server has no room now; in the registry of RFC 6455's codes."""
BAD_ADDRESS = 4400
UNREACHABLE = 4404
HOST_GONE = 4410

_UNREACHABLE = (TRY_AGAIN, BAD_ADDRESS, UNREACHABLE)
_CLOSED = {
    GOING_AWAY: "the Jupyter server is shutting down",
    UNSUPPORTED: "the other side refused a message",
    1009: "the other side refused a message that is too long",
    TRY_AGAIN: "the Jupyter server has no room for another guest now",
}
_NOT_A_FRAME = "only binary messages that are not empty are understood"


class Socket(Protocol):
    """What tornado's two ends of a WebSocket have in common."""

    def write_message(self, message: bytes | str, binary: bool = False) -> Awaitable[None]: ...

    def close(self, code: int | None = None, reason: str | None = None) -> None: ...


class WebSocketLink:
    """The server's side. The handler passes what it is told on to `on_message` and `on_close`."""

    held = False

    def __init__(self, socket: Socket, peer: str, kind: PathKind = "local") -> None:
        self.peer = peer
        self._socket = socket
        self._kind: PathKind = kind
        self._inbox = Inbox(INBOX)

    async def send(self, frames: Sequence[bytes]) -> None:
        try:
            for frame in frames:
                if self._inbox.ended is not None:
                    raise LinkClosed(str(self._inbox.ended))
                await self._socket.write_message(frame, binary=True)
        except (WebSocketClosedError, StreamClosedError):
            raise LinkClosed(str(self._inbox.ended or "the WebSocket was closed")) from None

    async def receive(self) -> list[bytes]:
        """As `Link.receive`; raises `Unreachable` if this was a pipe to a host that could not be reached."""
        return await self._inbox.take()

    async def close(self, reason: str = "", code: int = NORMAL) -> None:
        if self._inbox.ended is not None:
            return
        self._inbox.end(LinkClosed(reason or "closed"))
        self._socket.close(code, short(reason))  # after what was sent; tornado waits 5 s for it to be taken

    def path(self) -> LinkPath:
        return LinkPath(self._kind)

    async def tell_path(self, kind: PathKind) -> None:
        """Tell the client how frames travel from here on. Raises `LinkClosed`."""
        try:
            await self._socket.write_message(json.dumps({"path": kind}))
        except (WebSocketClosedError, StreamClosedError):
            raise LinkClosed(str(self._inbox.ended or "the WebSocket was closed")) from None

    async def on_message(self, message: str | bytes) -> None:
        """A message has come. Waits while there is no room for more, and the socket is not read meanwhile."""
        if not isinstance(message, bytes) or not message:
            await self.close(_NOT_A_FRAME, UNSUPPORTED)
            return
        await self._inbox.put(message)

    def on_close(self, code: int | None, reason: str | None) -> None:
        """The socket has been closed."""
        text = reason or _CLOSED.get(code or 0, "the WebSocket was closed")
        self._inbox.end(Unreachable(text) if code in _UNREACHABLE else LinkClosed(text))


class _DialedLink(WebSocketLink):
    """The client's side: reads the socket by itself."""

    def __init__(self, connection: WebSocketClientConnection, peer: str, kind: PathKind) -> None:
        super().__init__(connection, peer, kind)
        self._reader = asyncio.ensure_future(self._read(connection))  # goes on until the socket is closed

    async def _read(self, connection: WebSocketClientConnection) -> None:
        while (message := await connection.read_message()) is not None:
            if not isinstance(message, str) or not self._told(message):
                await self.on_message(message)
        self.on_close(connection.close_code, connection.close_reason)

    def _told(self, text: str) -> bool:
        """Take what a pipe says of itself; False if it is something else."""
        try:
            value = json.loads(text)
        except ValueError:
            return False
        if not isinstance(value, dict):
            return False
        if value.get("path") in get_args(PathKind):
            self._kind = value["path"]
        return True


async def dial_websocket(
    url: str, headers: Mapping[str, str] | None = None, token: str | None = None, verify: bool = True
) -> WebSocketLink:
    """A link through a Jupyter server.

    Args:
        url: the address of `sshx/api/link/<session id>` on it, with `?addr=` for a pipe; ws, wss, http or https.
        headers: to send along, such as a cookie.
        token: the Jupyter server's token, if it needs one.
        verify: whether its certificate must name it and be trusted.

    Raises:
        Unreachable: if the server cannot be reached or does not allow it; its text says which.
    """
    scheme, separator, rest = url.partition("://")
    scheme = {"http": "ws", "https": "wss"}.get(scheme, scheme)
    if scheme not in ("ws", "wss") or not separator or not rest:
        raise Unreachable("This is not the address of a Jupyter server: it does not start with http:// or https://.")
    send = dict(headers or {})
    if token:
        send["Authorization"] = f"token {token}"
    request = HTTPRequest(
        f"{scheme}://{rest}",
        headers=send,
        connect_timeout=DIAL_TIMEOUT,
        request_timeout=DIAL_TIMEOUT,
        validate_cert=verify,
    )
    try:
        connection = await websocket_connect(request, max_message_size=MAX_FRAME)
    except HTTPClientError as error:
        raise Unreachable(_refused(error)) from None
    except (OSError, StreamClosedError, WebSocketError, ValueError):
        raise Unreachable("The Jupyter server cannot be reached: check its address, and that it is running.") from None
    if connection.protocol is not None:
        connection.protocol.set_nodelay(True)
    return _DialedLink(connection, rest.partition("/")[0], "relay" if "addr=" in rest.partition("?")[2] else "local")


def short(reason: str) -> str:
    """A close reason as long as RFC 6455 allows (section 5.5): 123 bytes."""
    if len(reason.encode()) <= 123:
        return reason
    return reason.encode()[:120].decode("utf-8", "ignore") + "…"


def _refused(error: HTTPClientError) -> str:
    if error.code == 599:  # tornado's own
        return "The Jupyter server does not answer. Check its address, and try again."
    if error.code in (401, 403):
        return "The Jupyter server does not let you in: check its token, and that you may use sshx there."
    if error.code == 404:
        return "The Jupyter server has no sshx-jupyter: check its address, and install or enable the extension there."
    try:
        message = json.loads(error.response.body)["message"] if error.response is not None else ""
    except (ValueError, KeyError, TypeError):
        message = ""
    return f"The Jupyter server refused the connection (HTTP status {error.code}). {message}".strip()
