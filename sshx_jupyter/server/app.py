"""The extension: its settings, the server's one node, and what the server is told of its sessions."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections.abc import Coroutine
from datetime import datetime, timezone
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_server.extension.application import ExtensionApp
from terminado.management import NamedTermManager
from tornado.ioloop import PeriodicCallback
from traitlets import Bool, Unicode, default, validate

from ..config import NodeSettings, check_address
from ..host.places import Places
from ..links.relays import relay_urls
from . import api, guests, metrics, pages, sockets
from .base import HOST_SHUT_DOWN, SHUT_DOWN, ApiError, GuestLink

if TYPE_CHECKING:  # A server that shares nothing does without iroh, the cryptography and the screens.
    from ..host.session import SessionEvent
    from ..host.session_manager import SessionManager
    from ..links.pipe import Pipe
    from ..node import SshxNode

EVENTS = Path(__file__).parent / "events"
SESSION_EVENT = "https://schema.jupyter.org/sshx_jupyter/session/v1"
USER_EVENT = "https://schema.jupyter.org/sshx_jupyter/user/v1"

ACTIVITY_PERIOD = 5.0
"""Seconds between two looks at whether the sessions and pipes have been used."""
KEEP_ALIVE_FRAMES = 4
"""Frames that a client which does nothing may send in this time: its pings, at most one every 2 s."""


class SshxApp(NodeSettings, ExtensionApp):
    """Shares this server's terminals, and takes its users to terminals shared elsewhere."""

    name = "sshx_jupyter"
    extension_url = "/sshx/p2p"
    load_other_extensions = True

    guests = Bool(
        False,
        help="""Whether guests may join sessions of this server with their ticket alone, without a Jupyter login, at
        sshx/guest under its base URL. For servers that guests can reach, such as those of a JupyterHub.""",
    ).tag(config=True)
    public_url = Unicode(
        help="""The address at which guests reach this server, up to its base URL, such as
        "https://hub.example.org/user/ann/", for links where SshxApp.guests is on. By default what the environment
        variable JUPYTERHUB_PUBLIC_URL says, which a JupyterHub with a public_url sets. If empty, links have the address
        by which the request for them came, unless it leads everyone to their own machine.""",
    ).tag(config=True)
    guests_keep_alive = Bool(
        True,
        help="""Whether the server counts as active as long as a guest is in one of its sessions, also one who only
        watches, so that JupyterHub's and other cullers do not stop it. If off, only what people do counts.""",
    ).tag(config=True)

    @default("public_url")
    def _default_public_url(self) -> str:
        return os.environ.get("JUPYTERHUB_PUBLIC_URL", "")

    @validate("public_url")
    def _validate_public_url(self, proposal: Any) -> str:
        return check_address("public_url", proposal["value"], "https://hub.example.org/user/ann/")

    idle_guests: Places[GuestLink]
    """Guests' WebSockets through which nobody takes part."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.pipes: set[Pipe] = set()
        """The pipes through this server that are open."""
        self._node: asyncio.Task[SshxNode] | None = None
        self._manager: SessionManager | None = None
        self._without_sessions: SessionManager | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping: asyncio.Task[None] | None = None
        self._active = 0.0
        self._piped: dict[Pipe, int] = {}
        self._activity = PeriodicCallback(self._look_for_activity, ACTIVITY_PERIOD * 1000)

    @property
    def terminal_manager(self) -> NamedTermManager | None:
        """Jupyter's terminals; None where they are disabled."""
        assert self.serverapp is not None
        manager: NamedTermManager | None = self.serverapp.web_app.settings.get("terminal_manager")
        return manager

    # Jupyter's hooks.

    def initialize_settings(self) -> None:
        limits = self.limits
        self.idle_guests = Places[GuestLink](limits.guest_sockets, limits.guest_sockets)
        for schema in sorted(EVENTS.glob("*.yaml")):
            self.settings["event_logger"].register_event_schema(schema)
        scrubbed = self.settings.get("extra_log_scrub_param_keys") or []
        self.settings["extra_log_scrub_param_keys"] = [*scrubbed, *sockets.SECRETS]
        if self.relays:  # for kernels: what they share or join on their own goes the same ways
            os.environ["SSHX_RELAYS"] = self.relays if isinstance(self.relays, str) else ",".join(self.relays)
        # For the plugin in JupyterLab and Notebook: that it is here, and what guests may be if their host does not say.
        page_config = self.settings.setdefault("page_config_data", {})
        page_config["sshxDefaultRole"] = self.default_role
        page_config["sshxGuests"] = self.guests

    def initialize_handlers(self) -> None:
        self.handlers.extend(api.default_handlers)
        self.handlers.extend(sockets.default_handlers)
        self.handlers.extend(pages.default_handlers)
        if self.guests:
            self.handlers.extend(guests.default_handlers)
        self.handlers.append(pages.static_handler)
        self.handlers.append((r"/sshx/api(?:/.*)?", api.NothingHandler))

    async def stop_extension(self) -> None:
        """Tell everyone that this is the end. The terminals are Jupyter's and left to it."""
        if self._stopping is None:
            self._stopping = asyncio.ensure_future(self._stop())
        await asyncio.shield(self._stopping)  # the second of two signals is not to cut the first one's farewell short

    async def _stop(self) -> None:
        making, self._node = self._node, None
        if making is not None:
            node = (await asyncio.gather(making, return_exceptions=True))[0]
            if not isinstance(node, BaseException):
                await asyncio.gather(*(pipe.close(SHUT_DOWN) for pipe in list(self.pipes)))
                await node.close(HOST_SHUT_DOWN)
                metrics.remove(node.manager)
        self._activity.stop()
        self._manager = None
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=1)

    def current_activity(self) -> dict[str, int] | None:
        """The sessions that someone is in, and the pipes that someone uses: a reason not to shut down."""
        sessions = self._manager.sessions.values() if self._manager is not None else ()
        used = {session.id.hex(): len(session.users()) for session in sessions if session.users()}
        if self.pipes:
            used["pipes"] = len(self.pipes)
        return used or None

    # For the handlers.

    @property
    def manager(self) -> SessionManager | None:
        """The sessions hosted here; None before the node has been needed."""
        return self._manager

    async def node(self) -> SshxNode:
        """This server's node, made if there is none yet. Raises `ApiError`."""
        if self._stopping is not None:
            raise ApiError(503, "shuttingDown", "The Jupyter server is shutting down.")
        if self._node is None or (self._node.done() and self._node.exception() is not None):
            self._node = asyncio.ensure_future(self._make_node())
        try:
            return await asyncio.shield(self._node)
        except ValueError as error:
            raise ApiError(503, "networkUnavailable", str(error)) from None

    @property
    def relay_urls(self) -> list[str]:
        """The relays by which this server can be reached, as configured."""
        try:
            return relay_urls(self.relays or os.environ.get("SSHX_RELAYS") or "default")
        except ValueError:  # sharing tells that they make no sense
            return []

    def guest_manager(self) -> SessionManager:
        """Where guests' links go: to the sessions hosted here, or as long as there has been none, to a manager without
        any, because strangers are not to make this server look for relays. Raises `ApiError`."""
        if self._stopping is not None:
            raise ApiError(503, "shuttingDown", "The Jupyter server is shutting down.")
        if self._manager is not None:
            return self._manager
        if self._without_sessions is None:
            from ..host.session_manager import SessionManager

            self._without_sessions = SessionManager(None, str, self.limits)
        return self._without_sessions

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something beside the request that asked for it."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _make_node(self) -> SshxNode:
        await asyncio.to_thread(import_module, "sshx_jupyter.node")  # takes a while
        from ..host.terminals import Terminals
        from ..node import SshxNode

        manager = self.terminal_manager
        node = await SshxNode.spawn(
            relays=self.relays or None,
            bind=self.bind or None,
            key_file=self.key_file or None,
            terminals=Terminals(manager, self.shell_integration) if manager is not None else None,
            limits=self.limits,
        )
        self._manager = node.manager
        node.manager.observe(self._on_event)
        metrics.add(node.manager)
        self._activity.start()
        in_main = threading.current_thread() is threading.main_thread()
        if in_main and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            # Without a terminal to confirm it, Jupyter leaves this to Python, which ends the process without a word to
            # extensions and guests. JupyterHub sets the same handler.
            serverapp = self.serverapp
            assert serverapp is not None
            signal.signal(signal.SIGINT, lambda *_: serverapp.stop(from_signal=True))
        return node

    # What the server is told.

    def _on_event(self, event: SessionEvent) -> None:
        self._active = time.time()
        emit = self.settings["event_logger"].emit
        session = event.session.id.hex()
        if event.kind == "started":
            options = event.session.options
            data = {"action": "started", "session": session, "read_only": options.read_only}
            emit(schema_id=SESSION_EVENT, data=data)
        elif event.kind == "stopped":
            emit(schema_id=SESSION_EVENT, data={"action": "stopped", "session": session, "reason": event.detail})
        elif event.kind in ("joined", "left", "role") and event.user is not None:
            if event.kind == "joined":
                metrics.JOINS.inc()
            user = {"uid": event.uid, "name": event.user.name, "role": event.user.role}
            emit(schema_id=USER_EVENT, data={"action": event.kind, "session": session, **user})

    def _look_for_activity(self) -> None:
        """Let idle cullers know of what guests do. What Jupyter itself is asked for, it knows already."""
        if self._manager is not None:
            sessions = self._manager.sessions.values()
            self._active = max([self._active, *(session.last_activity for session in sessions)])
            roles = {user.role for session in sessions for user in session.users().values()}
            if self.guests_keep_alive and roles - {"owner"}:
                self._active = time.time()
        if any(pipe.frames - self._piped.get(pipe, 0) > KEEP_ALIVE_FRAMES for pipe in self.pipes):
            self._active = time.time()
        self._piped = {pipe: pipe.frames for pipe in self.pipes}
        if self._active:
            self.settings["last_activity_times"][self.name] = datetime.fromtimestamp(self._active, timezone.utc)
