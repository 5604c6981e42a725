"""The REST API under `/sshx/api`; `openapi.yaml` describes it."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado import web

from .._version import __version__
from ..guest_links import guest_link, is_local
from ..guest_page import NotBuilt
from ..host.errors import Full, Invalid, NoRelay, NotHere, TerminalsUnavailable
from ..host.share_options import INVITE_PERIOD, ShareOptions
from ..text import utc
from .base import ApiError, SshxHandler
from .body import check_name, read_body
from .pages import MADE_UP

if TYPE_CHECKING:  # the session and all that it needs are loaded with the first one
    from ..host.session import Session
    from ..invite import InviteRole

ON_HUB = "JUPYTERHUB_SERVICE_PREFIX"
"""The environment variable that servers of a JupyterHub have."""


@contextmanager
def _host_errors() -> Iterator[None]:
    """Answer what the host refuses with the right status."""
    try:
        yield
    except NotHere as error:
        raise ApiError(404, "notFound", str(error)) from None
    except Full as error:
        raise ApiError(409, "full", str(error)) from None
    except Invalid as error:
        raise ApiError(400, "invalid", str(error)) from None
    except TerminalsUnavailable as error:
        raise ApiError(503, "terminalFailed", str(error)) from None
    except NoRelay as error:
        raise ApiError(503, "noRelay", str(error)) from None


class _Handler(SshxHandler, APIHandler):
    def reply(self, model: Any, status: int = 200) -> None:
        self.set_status(status)
        self.finish(json.dumps(model))

    def link(self, ticket: str | None) -> str | None:
        """The link to offer to others for a ticket."""
        return guest_link(ticket, self.app.guest_page, self._public_url() if self.app.guests else None)

    def _public_url(self) -> str | None:
        """Where guests reach this server: as configured, else as this request has; None if only this machine can."""
        if self.app.public_url:
            return self.app.public_url
        if ON_HUB in os.environ and "X-Forwarded-Host" not in self.request.headers:
            return None  # a kernel asks, past the hub's proxy
        url = f"{self.request.protocol}://{self.request.host}{self.base_url}"
        return None if is_local(url) else url

    async def models(self, *sessions: Session) -> list[dict[str, Any]]:
        """Sessions as JSON; without what lets one in, for who may not go in. Tickets wait for the node's relay."""
        secrets = await self.may_execute()
        if secrets and sessions:
            await (await self.app.node()).online()
        models = [session_model(session, self.link) for session in sessions]
        return models if secrets else [_without_secrets(model) for model in models]

    def find(self, text: str) -> Session:
        session_id = self.session_id(text)
        manager = self.app.manager
        if manager is None or session_id not in manager.sessions:
            raise ApiError(404, "notFound", "This session does not exist or is no longer shared.")
        return manager.sessions[session_id]


class StatusHandler(_Handler):
    """What this server's node is, and how much it has to do."""

    _track_activity = False  # front ends ask for it again and again

    @web.authenticated
    @authorized
    async def get(self) -> None:
        node = await self.app.node()
        sessions = node.manager.sessions.values()
        self.reply(
            {
                "version": __version__,
                "endpoint_id": node.endpoint_id,
                "relay_url": node.relay_url,
                "wants_relay": node.wants_relay,
                "direct_addresses": node.direct_addresses,
                "sessions": len(sessions),
                "shells": sum(len(session.shells) for session in sessions),
                "users": sum(len(session.people()) for session in sessions),
                "pipes": len(self.app.pipes),
                "terminals_available": self.app.terminal_manager is not None,
                "default_role": self.app.default_role,
                "guests": self.app.guests,
            }
        )


class SessionsHandler(_Handler):
    """All sessions."""

    @property
    def _track_activity(self) -> bool:  # type: ignore[override]
        return self.request.method != "GET"  # notebooks and front ends ask again and again

    @web.authenticated
    @authorized
    async def get(self) -> None:
        manager = self.app.manager
        self.reply(await self.models(*manager.sessions.values()) if manager else [])

    @web.authenticated
    @authorized
    async def post(self) -> None:
        await self.require_execute()  # who shares a terminal can type in it
        if self.app.terminal_manager is None:
            raise ApiError(
                403, "terminalsDisabled", "Terminals are disabled on this Jupyter server: none can be shared."
            )
        fields = read_body(self.request.body, "Share")
        check_name(fields.get("name"), self.app.limits.name_length)
        if "cwd" in fields:
            fields["cwd"] = await asyncio.to_thread(self._directory, fields["cwd"])
        node = await self.app.node()
        with _host_errors():
            options = ShareOptions(**fields).with_default_role(self.app.default_role)
            session = await node.manager.create(options, host=self._host_name())
        await node.online()
        self.set_header("Location", f"{self.base_url}sshx/api/sessions/{session.id.hex()}")
        self.reply(session_model(session, self.link), 201)

    def _host_name(self) -> str | None:
        """What Jupyter calls the user, unless it has made that up."""
        user = self.current_user
        name = str(getattr(user, "display_name", "") or getattr(user, "name", ""))
        return None if name.startswith(MADE_UP) else name

    def _directory(self, text: str) -> str:
        """The directory of this name, relative to the server's root as for Jupyter's own terminals."""
        path = Path(self.settings["server_root_dir"]).expanduser() / text
        try:
            if path.is_dir():
                return str(path.resolve())
        except (OSError, ValueError):
            pass  # such as a name that is too long
        raise ApiError(400, "invalid", '"cwd" is not a directory on this server.')


class SessionHandler(_Handler):
    """One session."""

    @property
    def _track_activity(self) -> bool:  # type: ignore[override]
        return self.request.method != "GET"

    @web.authenticated
    @authorized
    async def get(self, session_id: str) -> None:
        [model] = await self.models(self.find(session_id))
        self.reply(model)

    @web.authenticated
    @authorized
    async def patch(self, session_id: str) -> None:
        await self.require_execute()
        session = self.find(session_id)
        change = read_body(self.request.body, "Change")
        check_name(change.get("name"), self.app.limits.name_length)
        with _host_errors():
            if "name" in change:
                session.rename(change["name"])
            if "locked" in change:
                session.lock(change["locked"])
            if "rotate" in change:
                session.rotate()
        [model] = await self.models(session)
        self.reply(model)

    @web.authenticated
    @authorized
    async def delete(self, session_id: str) -> None:
        await self.require_execute()
        session = self.find(session_id)
        terminals = self.get_query_argument("terminals", "keep")
        if terminals not in ("keep", "idle", "close"):
            raise ApiError(400, "invalid", '"terminals" can only be "close", "idle" or "keep", which is the default.')
        await session.stop(terminals=cast("Literal['keep', 'idle', 'close']", terminals))
        self.set_status(204)
        self.finish()


class InviteHandler(_Handler):
    """A new invite file of a session."""

    @web.authenticated
    @authorized
    async def get(self, session_id: str) -> None:
        await self.require_execute()
        session = self.find(session_id)
        role = self.get_query_argument("role", "reader")
        if role not in ("writer", "reader"):
            raise ApiError(400, "invalid", '"role" can only be "writer" or "reader", which is the default.')
        try:
            expires_in = float(self.get_query_argument("expires_in", str(INVITE_PERIOD)))
        except ValueError:
            raise ApiError(400, "invalid", '"expires_in" must be a number of seconds.') from None
        await (await self.app.node()).online()
        from ..invite import invite_html, make_invite

        with _host_errors():
            invite = make_invite(session, cast("InviteRole", role), expires_in)
        try:
            text = await asyncio.to_thread(invite_html, invite)
        except NotBuilt as error:
            raise ApiError(503, "notBuilt", str(error)) from None
        assert invite.expires is not None
        model = {"role": invite.role, "expires_at": utc(invite.expires), "html": text}
        self.finish(await asyncio.to_thread(json.dumps, model))


class NothingHandler(_Handler):
    """Any other address under the API's."""

    async def prepare(self) -> None:  # type: ignore[override]
        await super().prepare()
        raise web.HTTPError(404)


def session_model(session: Session, link: Callable[[str | None], str | None]) -> dict[str, Any]:
    """A session as JSON; `link` makes the link to offer for a ticket."""
    tickets = {"write": session.ticket, "read": session.read_ticket}
    return {
        "id": session.id.hex(),
        "name": session.name,
        "created": utc(session.created),
        "tickets": tickets,
        "urls": {kind: link(ticket) for kind, ticket in tickets.items()},
        "owner_secret": session.owner_secret.hex(),
        "shells": [
            {
                "sid": shell.sid,
                "terminal": shell.terminal.name,
                "x": shell.x,
                "y": shell.y,
                "rows": shell.info.rows,
                "cols": shell.info.cols,
                "title": shell.info.title,
            }
            for shell in session.shells.values()
        ],
        "users": [
            {
                "uid": uid,
                "name": user.name,
                "color": user.color,
                "role": user.role,
                "focus": user.focus,
                "wants_write": user.wants_write,
            }
            for uid, user in session.people().items()
        ],
        "options": {
            **session.options.shown(),
            "password": session.password_needed,
            "expires_at": utc(session.expires_at) if session.expires_at is not None else None,
            "locked": session.locked,
        },
    }


def _without_secrets(model: dict[str, Any]) -> dict[str, Any]:
    nothing = {"write": None, "read": None}
    return {**model, "tickets": nothing, "urls": nothing, "owner_secret": None}


default_handlers: list[tuple[str, type[Any]]] = [
    (r"/sshx/api/status", StatusHandler),
    (r"/sshx/api/sessions", SessionsHandler),
    (r"/sshx/api/sessions/([^/]+)", SessionHandler),
    (r"/sshx/api/sessions/([^/]+)/invite", InviteHandler),
]
