"""What the extension's handlers have in common: the resource they belong to, and errors as JSON."""

from __future__ import annotations

import json
from collections.abc import Coroutine, Hashable, Sequence
from http.client import responses
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, cast

from jupyter_core.utils import ensure_async
from jupyter_server.extension.handler import ExtensionHandlerMixin
from terminado.management import NamedTermManager
from tornado.log import app_log, gen_log
from tornado.web import HTTPError, RequestHandler

from ..host.limits import Limits
from ..host.places import Places

if TYPE_CHECKING:
    from jupyter_server.base.handlers import JupyterHandler

    from ..host.session_manager import SessionManager
    from ..links.pipe import Pipe
    from ..node import SshxNode

AUTH_RESOURCE = "sshx"
HOST_SHUT_DOWN = "The host's Jupyter server has shut down."
"""For everyone in the sessions that are hosted here."""
SHUT_DOWN = "Your Jupyter server has shut down."
"""For the server's own user, who takes part elsewhere through this server."""

_SENTENCES = {
    403: "You are not logged in to this Jupyter server, or you may not do this.",
    404: "There is nothing at this address.",
    405: "This cannot be done at this address.",
    500: "Something went wrong in the server; its log says more.",
}
_REASONS = {
    400: "invalid",
    403: "forbidden",
    404: "notFound",
    405: "methodNotAllowed",
    500: "internal",
}


class ApiError(HTTPError):
    """An answer to a request that cannot be done: `word` is for programs, `message` a sentence for a person."""

    def __init__(self, status: int, word: str, message: str) -> None:
        super().__init__(status, message)
        self.word = word
        self.message = message


class GuestLink(Hashable, Protocol):
    """A guest's WebSocket."""

    def drop(self) -> None:
        """Close it, because a newer one needs its place."""


class Extension(Protocol):
    """What the handlers need of the extension, `SshxApp`."""

    default_role: str
    guests: bool
    guest_page: str
    public_url: str
    pipes: set[Pipe]
    """The pipes through this server that are open."""
    idle_guests: Places[GuestLink]
    """Guests' WebSockets through which nobody takes part."""

    @property
    def relay_urls(self) -> Sequence[str]:
        """The relays by which this server can be reached, as configured."""

    @property
    def limits(self) -> Limits: ...

    @property
    def terminal_manager(self) -> NamedTermManager | None:
        """Jupyter's terminals; None where they are disabled."""

    @property
    def manager(self) -> SessionManager | None:
        """The sessions hosted here; None before the node has been needed."""

    async def node(self) -> SshxNode:
        """This server's node, made if there is none yet. Raises `ApiError`."""

    def guest_manager(self) -> SessionManager:
        """Where guests' links go. Raises `ApiError`."""

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something beside the request that asked for it."""


class SshxHandler(ExtensionHandlerMixin, RequestHandler):
    """Goes before Jupyter's own handlers among the bases."""

    auth_resource = AUTH_RESOURCE

    @property
    def app(self) -> Extension:
        return cast(Extension, self.extensionapp)

    def set_default_headers(self) -> None:
        super().set_default_headers()
        self.set_header("Cache-Control", "no-store")  # an answer may hold a ticket

    def log_exception(
        self, typ: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None
    ) -> None:
        """As tornado does it, but without the address's query: it may hold a token or, by mistake, a ticket."""
        summary = f"{self.request.method} {self.request.path} ({self.request.remote_ip})"
        if not isinstance(value, HTTPError):
            app_log.error("Uncaught exception %s", summary, exc_info=(typ, value, tb))  # type: ignore[arg-type]
        elif message := value.get_message():
            gen_log.warning("%d %s: %s", value.status_code, summary, message)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        error = kwargs.get("exc_info", (None, None))[1]
        message = error.get_message() if isinstance(error, HTTPError) else None
        reply = {
            "message": message or _SENTENCES.get(status_code) or responses.get(status_code, "Unknown error"),
            "reason": error.word if isinstance(error, ApiError) else _REASONS.get(status_code, "failed"),
        }
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(reply))

    async def may_execute(self) -> bool:
        """Whether this user may go into the sessions of this server."""
        handler = cast("JupyterHandler", self)
        allowed = handler.authorizer.is_authorized(handler, self.current_user, "execute", self.auth_resource)
        return bool(await ensure_async(allowed))

    async def require_execute(self) -> None:
        """Raises `ApiError` where this user may not."""
        if not await self.may_execute():
            raise ApiError(403, "forbidden", "You may not use sshx on this Jupyter server.")

    def session_id(self, text: str) -> bytes:
        """The session id in an address."""
        try:
            session_id = bytes.fromhex(text)
        except ValueError:
            session_id = b""
        if len(session_id) != 16 or len(text) != 32:
            raise ApiError(404, "notFound", "There is no such session: a session's id has 32 hexadecimal digits.")
        return session_id
