"""What the host can do in the window of `jupyter sshx share`, beyond what guests can in theirs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ..guest_links import guest_link
from ..host.session import Session
from ..host.terminals import HostView
from ..protocol.messages import MAX_COLS, MAX_ROWS


@dataclass(frozen=True)
class Invitation:
    """A ticket to hand out: what it lets people do, and its link if there is one."""

    purpose: str
    name: str
    ticket: str = field(repr=False)
    link: str | None = field(repr=False)


def invitations(session: Session, guest_page: str) -> list[Invitation]:
    """The session's tickets as they are now."""
    tickets = [
        ("To let someone type, and run commands as you:", "ticket", session.ticket),
        ("To let someone only watch:", "read-only ticket", session.read_ticket),
    ]
    return [
        Invitation(purpose, name, ticket, guest_link(ticket, guest_page))
        for purpose, name, ticket in tickets
        if ticket is not None
    ]


class Hosting:
    """The session, for the window in which its host works. `stop` ends the sharing."""

    def __init__(self, session: Session, guest_page: str, stop: Callable[[], None]) -> None:
        self.stop = stop
        self._session = session
        self._guest_page = guest_page
        self._sid: int | None = None
        self._view: HostView | None = None

    def invitations(self) -> list[Invitation]:
        """The session's tickets as they are now."""
        return invitations(self._session, self._guest_page)

    def show(self, sid: int | None, rows: int, cols: int) -> None:
        """Let the host's window, which shows this shell, decide the shell's size."""
        rows, cols = min(rows, MAX_ROWS), min(cols, MAX_COLS)
        if self._view is not None and sid == self._sid:
            self._view.resize(rows, cols)
            return
        self.close()
        shell = self._session.shells.get(sid) if sid is not None else None
        self._sid, self._view = sid, shell.terminal.view(rows, cols) if shell is not None else None

    def close(self) -> None:
        """The window shows no shell any more."""
        if self._view is not None:
            self._view.close()
            self._view = None
