"""What Ctrl-] opens for the host: tickets, requests, what people may do, the end of the sharing."""

from __future__ import annotations

from collections.abc import Sequence

from ..protocol.messages import User
from .cells import wrap
from .console import clean
from .hosting import Hosting
from .keys import Token
from .overlays import Choice, Menu, Overlay, Window, describe_user
from .requests import open_requests, wish

MOST_OTHERS = 8
"""Users above and below the one that is chosen, which are listed with it."""


class HostMenu(Menu):
    """The menu of the host, whose window decides the size of the shell."""

    def __init__(self, window: Window, hosting: Hosting) -> None:
        super().__init__(window)
        self._hosting = hosting

    def _choices(self) -> list[Choice]:
        window, hosting = self._window, self._hosting
        asking = len(open_requests(window.client))
        return [
            Choice("t", "tickets", "", lambda: self._open(Tickets(window, hosting))),
            *([Choice("r", "requests", f" ({asking})", lambda: self._open(Requests(window)))] if asking else []),
            *self._talk(),
            Choice("c", "new", " shell", window.create),
            *self._look(),
            Choice("d", "leave", "", window.leave),
            Choice("q", "stop", " sharing", lambda: self._open(StopSharing(window, hosting))),
        ]

    def _people(self) -> Overlay:
        return HostPeople(self._window)


class Tickets:
    """The tickets, and keys that copy them."""

    def __init__(self, window: Window, hosting: Hosting) -> None:
        self._window = window
        self._hosting = hosting

    def key(self, token: Token) -> None:
        window, text = self._window, token.text
        for key, what, copied in self._copies():
            if text == key:
                window.copy(copied, what)
                return
        if token.mouse is None:
            window.overlay = None

    def line(self, width: int) -> tuple[str, int | None]:
        return "".join(f" {key} copy {what} " for key, what, _ in self._copies()) + " Esc back", None

    def panel(self, width: int, height: int) -> Sequence[str]:
        lines: list[str] = []
        for invitation in self._hosting.invitations():
            lines += ["", f" {invitation.purpose}"]
            for way in filter(None, (f"jupyter sshx join {invitation.ticket}", invitation.link)):
                lines += [f"   {line}" for line in wrap(way, max(1, width - 4))]
        return [*lines[:height], ""] if len(lines) < height else lines[:height]

    def _copies(self) -> list[tuple[str, str, str]]:
        """Keys, and what they copy."""
        keys = iter("1234")
        return [
            (next(keys), what, text)
            for invitation in self._hosting.invitations()
            for what, text in (
                (invitation.name, invitation.ticket),
                (invitation.name.replace("ticket", "link"), invitation.link),
            )
            if text is not None
        ]


class Welcome(Tickets):
    """The tickets while the host has not typed yet. Keys go on to the shell."""

    def key(self, token: Token) -> None:
        window = self._window
        if token.mouse is not None:
            return
        window.overlay = None
        if token.menu:
            window.open_menu()
        else:
            window.send(token.raw)

    def line(self, width: int) -> tuple[str, int | None]:
        for user in open_requests(self._window.client).values():
            return f" {clean(user.name, 40)} {wish(user)}. Ctrl-] r answers.", None
        return " You share this shell. Type to work in it; Ctrl-] t shows the tickets again.", None


class Requests:
    """Asks the host about one request after the other."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._answered: set[tuple[int, bool]] = set()
        self._shown: tuple[int, bool] | None = None
        """The request that the host reads: its user, and whether it is to join."""

    def key(self, token: Token) -> None:
        window, asked = self._window, self._next()
        if asked is None or token.name in ("escape", "menu"):
            window.overlay = None
        elif token.text in ("y", "n") and _which(*asked) == self._shown:
            window.answer(*asked, token.text == "y")
            self._answered.add(_which(*asked))
            if self._next() is None:
                window.overlay = None

    def line(self, width: int) -> tuple[str, int | None]:
        asked = self._next()
        if asked is None:
            self._shown = None
            return " There are no more requests.  Esc back", None
        uid, user = asked
        self._shown = _which(uid, user)
        role = (" (to watch)" if user.role == "reader" else " (to type)") if user.pending else ""
        return f" {clean(user.name, 40)} {wish(user)}{role}.  y allow  n refuse  Esc later", None

    def panel(self, width: int, height: int) -> Sequence[str]:
        return ()

    def _next(self) -> tuple[int, User] | None:
        waiting = open_requests(self._window.client).items()
        return next(((uid, user) for uid, user in waiting if _which(uid, user) not in self._answered), None)


def _which(uid: int, user: User) -> tuple[int, bool]:
    return uid, user.pending


class HostPeople:
    """The people who are here. The host chooses one of them, and changes what that person may do."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._chosen = next(iter(self._guests()), None)
        self._removing = False

    def key(self, token: Token) -> None:
        window, chosen = self._window, self._chosen
        name, text = token.name, token.text
        if self._removing:
            self._removing = False
            if text == "y" and chosen in window.client.users:
                window.remove(chosen)
        elif name in ("up", "down") or text in ("k", "j"):
            self._step(-1 if name == "up" or text == "k" else 1)
        elif name in ("escape", "menu", "enter") or text == "q":
            window.overlay = None
        elif chosen in window.client.users:
            if text in ("r", "w"):
                window.set_role(chosen, "reader" if text == "r" else "writer")
            elif text == "x":
                self._removing = True

    def line(self, width: int) -> tuple[str, int | None]:
        guests = self._guests()
        if not guests:
            self._chosen, self._removing = None, False
            return " Nobody else is here. Ctrl-] t shows the tickets. Esc back", None
        if self._chosen not in guests:
            # Nobody takes the place of someone who has left: the next key would mean them.
            self._chosen, self._removing = None, False
            return " Up/Down choose  Esc back", None
        name = clean(self._window.client.users[self._chosen].name, 40)
        if self._removing:
            return f" Remove {name} and make new tickets, as the old one would let them in?  y yes  n no", None
        return " Up/Down choose  w may type  r may only watch  x remove  Esc back", None

    def panel(self, width: int, height: int) -> Sequence[str]:
        client, people = self._window.client, self._window.client.people
        uids = sorted(people)
        at = uids.index(self._chosen) if self._chosen in uids else 0
        shown = min(height, 2 * MOST_OTHERS)
        start = max(0, min(at - shown // 2, len(uids) - shown))
        return [
            f" {'>' if uid == self._chosen else ' '} {describe_user(client, uid, people[uid])}"
            for uid in uids[start : start + shown]
        ]

    def _step(self, by: int) -> None:
        guests = self._guests()
        if self._chosen in guests:
            self._chosen = guests[(guests.index(self._chosen) + by) % len(guests)]
        elif guests:
            self._chosen = guests[0 if by > 0 else -1]

    def _guests(self) -> list[int]:
        return [uid for uid, user in sorted(self._window.client.users.items()) if user.role != "owner"]


class StopSharing:
    """Asks the host before everything ends."""

    def __init__(self, window: Window, hosting: Hosting) -> None:
        self._window = window
        self._hosting = hosting

    def key(self, token: Token) -> None:
        if token.text == "y":
            self._window.overlay = None
            self._hosting.stop()
        elif token.text == "n" or token.name in ("escape", "menu"):
            self._window.overlay = None

    def line(self, width: int) -> tuple[str, int | None]:
        client = self._window.client
        guests = sum(user.role != "owner" and not user.pending for user in client.users.values())
        shells = "The shell ends" if len(client.shells) == 1 else f"All {len(client.shells)} shells end"
        people = {0: "", 1: ", and the guest is disconnected"}.get(guests, f", and {guests} guests are disconnected")
        return f" Stop sharing? {shells}{people}.  y yes  n no", None

    def panel(self, width: int, height: int) -> Sequence[str]:
        return ()
