"""What Ctrl-] opens. An overlay takes the keys while it is there, and has the bottom line and maybe lines above it.

`host_overlays` has those that only the host opens.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ..client import SshxClient
from ..protocol.messages import Role, User
from .cells import text_width, wrap
from .console import clean
from .keys import Token

MAX_CHAT = 4000


class Overlay(Protocol):
    """Something that takes the keys."""

    def key(self, token: Token) -> None:
        """Take a key."""

    def line(self, width: int) -> tuple[str, int | None]:
        """The bottom line, and the column of the cursor in it if it is to be there."""

    def panel(self, width: int, height: int) -> Sequence[str]:
        """At most `height` lines to be shown above it."""


class Window(Protocol):
    """What overlays do to the window that shows them."""

    client: SshxClient
    overlay: Overlay | None

    @property
    def scrolled(self) -> tuple[int, int]: ...

    def open_menu(self) -> None: ...

    def leave(self) -> None: ...

    def step(self, by: int) -> None: ...

    def show_nth(self, number: int) -> None: ...

    def create(self) -> None: ...

    def say(self, text: str) -> None: ...

    def ask_to_write(self) -> None: ...

    def fit(self) -> None: ...

    def scroll(self, lines: int) -> None: ...

    def scroll_pages(self, pages: int) -> None: ...

    def pan(self, columns: int) -> None: ...

    def scroll_end(self) -> None: ...

    def notify(self, text: str) -> None: ...

    def send(self, data: bytes) -> None: ...

    def copy(self, text: str, what: str) -> None: ...

    def answer(self, uid: int, user: User, allow: bool) -> None: ...

    def set_role(self, uid: int, role: Role) -> None: ...

    def remove(self, uid: int) -> None: ...


@dataclass(frozen=True)
class Choice:
    """An entry of the menu: its key, what it does in a word, the rest of that where there is room, and how."""

    key: str
    what: str
    more: str
    do: Callable[[], None]


class Menu:
    """One key each."""

    def __init__(self, window: Window) -> None:
        self._window = window

    def key(self, token: Token) -> None:
        window, text = self._window, token.text
        window.overlay = None
        chosen = next((choice for choice in self._choices() if choice.key == text), None)
        if token.menu:
            window.send(token.raw)
        elif text in ("n", "p"):
            window.step(1 if text == "n" else -1)
        elif text.isdecimal() and len(text) == 1:
            window.show_nth(int(text))
        elif chosen is not None:
            chosen.do()
        elif token.name != "escape":
            window.overlay = self

    def line(self, width: int) -> tuple[str, int | None]:
        choices = [(choice.key, choice.what, choice.more) for choice in self._choices()]
        if len(self._window.client.shells) > 1:
            choices.insert(0, ("n/p/1-9", "switch", ""))
        choices.append(("Esc", "back", ""))
        text = " " + "  ".join(f"{key} {what}{more}" for key, what, more in choices)
        if text_width(text) > width:
            text = " " + " ".join(f"{key}:{what}" for key, what, _ in choices)
        return text, None

    def panel(self, width: int, height: int) -> Sequence[str]:
        return ()

    def _choices(self) -> list[Choice]:
        window = self._window
        reader = window.client.role == "reader"
        return [
            *([] if reader else [Choice("c", "new", " shell", window.create)]),
            *self._talk(),
            Choice("w", "ask", " to write", window.ask_to_write)
            if reader
            else Choice("f", "fit", " to window", window.fit),
            *self._look(),
            Choice("q", "leave", "", window.leave),
        ]

    def _talk(self) -> list[Choice]:
        return [
            Choice("m", "chat", "", lambda: self._open(Chat(self._window))),
            Choice("u", "people", "", lambda: self._open(self._people())),
        ]

    def _look(self) -> list[Choice]:
        window = self._window
        scroll = Choice("s", "scroll", " back", lambda: self._open(Scroll(window)))
        discard = Choice("x", "discard", " what you typed", self._discard)
        return [scroll, *([discard] if window.client.waiting_input else [])]

    def _people(self) -> Overlay:
        return People(self._window)

    def _open(self, overlay: Overlay) -> None:
        self._window.overlay = overlay

    def _discard(self) -> None:
        self._window.client.discard_held()
        self._window.notify("What you typed while the connection was broken is discarded.")


class Chat:
    """The newest messages, and a line to write one."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._text = ""

    def key(self, token: Token) -> None:
        match token.name:
            case "escape" | "menu":
                self._window.overlay = None
            case "enter":
                text, self._text = self._text.strip(), ""
                if text:
                    self._window.say(text)
                else:
                    self._window.overlay = None
            case "backspace":
                self._text = self._text[:-1]
            case "clear":
                self._text = ""
            case "word":
                self._text = self._text.rstrip().rpartition(" ")[0]
            case _:
                self._text = (self._text + token.text)[:MAX_CHAT]

    def line(self, width: int) -> tuple[str, int | None]:
        start = " Say: "
        shown = self._text
        while shown and text_width(start + shown) >= width:
            shown = shown[1:]
        return start + shown, min(text_width(start + shown), width - 1)

    def panel(self, width: int, height: int) -> Sequence[str]:
        lines: list[str] = []
        for message in self._window.client.messages:
            at = time.strftime("%H:%M", time.localtime(message.time))
            lines += wrap(f"{at} {clean(message.name, 30)}: {clean(message.text, MAX_CHAT)}", width - 2)
        shown = lines[-min(10, height) :] or ["Nobody has said anything yet. Enter sends, Esc goes back."]
        return [f" {line}" for line in shown]


class People:
    """Who is here. Any key goes back."""

    def __init__(self, window: Window) -> None:
        self._window = window

    def key(self, token: Token) -> None:
        self._window.overlay = None

    def line(self, width: int) -> tuple[str, int | None]:
        return " Any key goes back", None

    def panel(self, width: int, height: int) -> Sequence[str]:
        client = self._window.client
        lines = [f" {describe_user(client, uid, user)}" for uid, user in sorted(client.people.items())]
        if not client.host_views:
            host = clean(str(client.info.get("host", "")), 40) or "The host"
            lines.append(f" {host} shares this session but is not viewing it.")
        if len(lines) > height:
            lines = [*lines[: height - 1], f" and {len(lines) - height + 1} more"]
        return lines


def describe_user(client: SshxClient, uid: int, user: User) -> str:
    """A user's name, and what is known of the user, in a line."""
    sids = sorted(client.shells)
    facts = ["you" if uid == client.uid else "", "watches" if user.role == "reader" else "may type"]
    if user.role == "owner":
        facts[1] = "host"
    if user.pending:
        facts[1] = "waits to be let in"
    if user.focus in client.shells:
        facts.append(f"in shell {sids.index(user.focus) + 1}")
    if user.wants_write:
        facts.append("asks to type")
    return f"{clean(user.name, 40)} ({', '.join(filter(None, facts))})"


class HeldInput:
    """Asks whether to send what was typed while the connection was broken for long."""

    def __init__(self, window: Window) -> None:
        self._window = window

    def key(self, token: Token) -> None:
        window = self._window
        if token.text == "y":
            window.client.send_held()
        elif token.text == "n":
            window.client.discard_held()
        elif token.menu:
            window.open_menu()
            return
        else:
            return
        window.overlay = None

    def line(self, width: int) -> tuple[str, int | None]:
        return " You typed this while the connection was broken. Send it?  y yes  n no, discard it", None

    def panel(self, width: int, height: int) -> Sequence[str]:
        lines = list(wrap(visible_keys(self._window.client.held_input), max(1, width - 2)))
        if len(lines) > height:
            lines = [*lines[: max(0, height - 1)], "…"]
        return [f" {line}" for line in lines]


def visible_keys(data: bytes) -> str:
    """Typed bytes in one line, with control characters in caret notation (as `cat -v` prints them)."""
    text = data.decode("utf-8", "replace").replace("\r", "↵")
    return "".join(f"^{chr(ord(char) ^ 64)}" if ord(char) < 32 or ord(char) == 127 else char for char in text)


class Scroll:
    """Looks back through what has scrolled off, and around in a shell that is larger than the window."""

    def __init__(self, window: Window) -> None:
        self._window = window

    def key(self, token: Token) -> None:
        window = self._window
        match token.name or token.text:
            case "up" | "k":
                window.scroll(-1)
            case "down" | "j" | "enter":
                window.scroll(1)
            case "pageup" | "b":
                window.scroll_pages(-1)
            case "pagedown" | " ":
                window.scroll_pages(1)
            case "left" | "h":
                window.pan(-8)
            case "right" | "l":
                window.pan(8)
            case "home" | "g":
                window.scroll(-(1 << 30))
            case "end" | "G":
                window.scroll(1 << 30)
            case "escape" | "menu" | "q":
                window.overlay = None
                window.scroll_end()
            case _:
                if token.mouse is not None and token.mouse.button in (64, 65):
                    window.scroll(-3 if token.mouse.button == 64 else 3)

    def line(self, width: int) -> tuple[str, int | None]:
        above, total = self._window.scrolled
        return f" Scrolling: line {above + 1} of {total}  PgUp/PgDn/arrows move, Home/End, q ends", None

    def panel(self, width: int, height: int) -> Sequence[str]:
        return ()
