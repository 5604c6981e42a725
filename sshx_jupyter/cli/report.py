"""What `jupyter sshx share` prints for the host."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TextIO

from ..guest_links import NO_LINK
from ..host.session import Session, SessionEvent
from .console import clean
from .hosting import invitations
from .overlays import Window
from .shell_news import shell_news


class Report:
    """What the host reads. `stream` is the terminal or, with --json, stderr."""

    def __init__(self, stream: TextIO, guest_page: str) -> None:
        self.guest_page = guest_page
        self.window: Window | None = None
        """The window that has the terminal now, and shows what would be printed."""
        self._stream = stream

    def say(self, text: str) -> None:
        if self.window is not None:
            self.window.notify(text)
            return
        with contextlib.suppress(OSError):  # nobody reads it any more, but guests may still be working
            print(text, file=self._stream, flush=True)

    def welcome(self, session: Session, *, attached: bool) -> None:
        self.say(f'Sharing "{session.name}": a shell in {clean(str(Path.cwd()))}.\n')
        self.tickets(session)
        if session.password_needed:
            self.say("Guests are asked for the password as well.")
        if attached:
            self.say("The shell opens here. Ctrl-] opens the menu: tickets, people, chat, stop sharing.\n")
        else:
            self.say(
                "Join too, in another window, to work in it yourself. Ctrl-C here ends the shell and the sharing.\n"
            )

    def tickets(self, session: Session) -> None:
        for invitation in invitations(session, self.guest_page):
            ways = f"  jupyter sshx join {invitation.ticket}"
            if invitation.link is not None:
                ways += f"\n  {invitation.link}"
            self.say(f"{invitation.purpose}\n\n{ways}\n")
        if not self.guest_page:
            self.say(f"{NO_LINK}\n")

    def new_tickets(self, session: Session, why: str) -> None:
        """The tickets are others now, or better ones."""
        if self.window is not None:
            self.say(f"{why.partition('.')[0].partition(';')[0]}. Ctrl-] t shows the tickets.")
            return
        self.say(why)
        self.tickets(session)

    def on_event(self, event: SessionEvent) -> None:
        """Tell what has happened. The window, while there is one, tells most of it by itself."""
        session, who = event.session, clean(event.user.name) if event.user is not None else ""
        if event.kind == "newTickets":
            self.new_tickets(session, "New tickets were made. The old ones no longer work:")
        if self.window is not None or (event.user is not None and event.user.role == "owner"):
            return
        if event.kind == "joined" and event.user is not None:
            self.say(f"{who} joined ({_may(event.user.role)}). Here now: {len(session.people())}.")
        elif event.kind == "left":
            self.say(f"{who} left. Here now: {len(session.people())}.")
        elif event.kind == "role":
            self.say(f"{who} may now {_may(event.detail)}.")
        elif event.kind == "chat":
            self.say(f"{who} says: {clean(event.detail, 1000)}")
        elif event.kind == "shellOpened":
            self.say(shell_news("opened", event.detail, who))
        elif event.kind == "shellClosed" and session.shells:
            self.say(shell_news("closed" if who else "ended", event.detail, who))


def _may(role: str) -> str:
    return "watch" if role == "reader" else "watch and type"
