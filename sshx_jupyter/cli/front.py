"""How the host takes part in `jupyter sshx share`: in the shell, which fills the terminal, or by printed lines."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Mapping

from ..account import account_name
from ..client import SessionEnded, SshxClient
from ..host.session import Session, SessionEvent
from ..links import Unreachable
from ..node import SshxNode
from ..protocol.handshake import Credentials, Refused
from ..protocol.messages import User
from .answers import Answers
from .console import clean
from .hosting import Hosting
from .report import Report
from .requests import open_requests

LEFT = "You left the shell. It goes on, and is still shared; Ctrl-C here ends both.\n"


class Front:
    """What the host sees and is asked.

    Args:
        report: what is printed.
        attaches: whether the shell is to be shown in this terminal, until the host leaves it.
        answers: whether guests' requests can be answered in this terminal.
    """

    def __init__(self, report: Report, attaches: bool, answers: bool) -> None:
        self.report = report
        self.attaches = attaches
        self._can_answer = answers
        self._answers: Answers | None = None
        self._answering = contextlib.ExitStack()
        self._window: asyncio.Task[None] | None = None

    @contextlib.contextmanager
    def told(
        self, session: Session, node: SshxNode, stopped: asyncio.Future[str], stop: Callable[[], None]
    ) -> Iterator[None]:
        """Tell and ask the host while the context lasts. `stopped` is done when the sharing ends, `stop` ends it."""
        self._session, self._node, self._stopped, self._stop = session, node, stopped, stop
        forget = session.observe(self._on_event)
        try:
            if self._can_answer and not self.attaches:
                self._answer({})
            yield
        finally:
            forget()
            self._answering.close()
            if self._window is not None:
                self._window.cancel()

    def open(self) -> None:
        """Open the window, if there is to be one."""
        if self.attaches and not self._stopped.done():
            self._window = asyncio.ensure_future(self._attach())
            self._window.add_done_callback(self._on_closed)

    async def close(self) -> None:
        """Wait until the terminal is the host's again: the session, and with it the window, has ended."""
        if self._window is not None:
            await asyncio.wait({self._window})

    async def _attach(self) -> None:
        from .tty import LocalTerminal
        from .window import Window

        session, node, report = self._session, self._node, self.report
        credentials = Credentials(session.id, "owner", session.owner_secret)
        hosting = Hosting(session, report.guest_page, self._stop)
        connecting = SshxClient.connect(credentials, dial=lambda: node.dial(node.address()), name=account_name())
        with contextlib.suppress(Refused, Unreachable, SessionEnded):  # it has just ended
            async with connecting as client:
                with LocalTerminal() as terminal:
                    report.window = window = Window(client, terminal, hosting)
                    try:
                        await window.run()
                    finally:
                        report.window = None
                requests = open_requests(client)
            if not self._stopped.done():
                report.say(LEFT)
                report.tickets(session)
                self._answer(requests)

    def _on_closed(self, window: asyncio.Task[None]) -> None:
        if not window.cancelled() and (error := window.exception()) is not None and not self._stopped.done():
            self._stopped.set_exception(error)

    def _answer(self, requests: Mapping[int, User]) -> None:
        """Ask the host line by line from now on, beginning with these requests."""
        self._answers = self._answering.enter_context(Answers(self._session, self.report.say))
        for uid, user in requests.items():
            self._answers.ask("asked" if user.pending else "wantsWrite", uid, clean(user.name))

    def _on_event(self, event: SessionEvent) -> None:
        if self._stopped.done():
            return
        self.report.on_event(event)
        if event.kind not in ("asked", "wantsWrite") or event.uid is None or event.user is None:
            return
        who = clean(event.user.name)
        if self._answers is not None:
            self._answers.ask(event.kind, event.uid, who)
        elif not self.attaches:
            self.report.say(f"{who} asks for write access; without a terminal here nobody can answer.")
