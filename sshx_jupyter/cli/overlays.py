"""What Ctrl-] opens. An overlay takes the keys while it is there, and has the bottom line and maybe lines above it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Protocol

from ..client import SshxClient
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


class Menu:
    """One key each."""

    def __init__(self, window: Window) -> None:
        self._window = window

    def key(self, token: Token) -> None:
        window, text = self._window, token.text
        window.overlay = None
        if token.menu:
            window.send(token.raw)
        elif text in ("q", "d"):
            window.leave()
        elif text in ("n", "p"):
            window.step(1 if text == "n" else -1)
        elif text.isdecimal() and len(text) == 1:
            window.show_nth(int(text))
        elif text == "c":
            window.create()
        elif text == "m":
            window.overlay = Chat(window)
        elif text == "u":
            window.overlay = People(window)
        elif text == "f":
            window.fit()
        elif text == "w":
            window.ask_to_write()
        elif text == "s":
            window.overlay = Scroll(window)
        elif text == "x" and window.client.waiting_input:
            window.client.discard_held()
            window.notify("What you typed while the connection was broken is discarded.")
        elif token.name != "escape":
            window.overlay = self

    def line(self, width: int) -> tuple[str, int | None]:
        several = len(self._window.client.shells) > 1
        reader = self._window.client.role == "reader"
        choices = [
            *([("n/p/1-9", "switch", "")] if several else []),
            *([] if reader else [("c", "new", " shell")]),
            ("m", "chat", ""),
            ("u", "people", ""),
            ("w", "ask", " to write") if reader else ("f", "fit", " to window"),
            ("s", "scroll", " back"),
            *([("x", "discard", " what you typed")] if self._window.client.waiting_input else []),
            ("q", "leave", ""),
            ("Esc", "back", ""),
        ]
        text = " " + "  ".join(f"{key} {what}{more}" for key, what, more in choices)
        if text_width(text) > width:
            text = " " + " ".join(f"{key}:{what}" for key, what, _ in choices)
        return text, None

    def panel(self, width: int, height: int) -> Sequence[str]:
        return ()


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
        sids = sorted(client.shells)
        lines = []
        for uid, user in sorted(client.users.items()):
            facts = ["you" if uid == client.uid else "", "watches" if user.role == "reader" else "may type"]
            if user.role == "owner":
                facts[1] = "host"
            if user.focus in client.shells:
                facts.append(f"in shell {sids.index(user.focus) + 1}")
            if user.wants_write:
                facts.append("asks to type")
            lines.append(f" {clean(user.name, 40)} ({', '.join(filter(None, facts))})")
        if len(lines) > height:
            lines = [*lines[: height - 1], f" and {len(lines) - height + 1} more"]
        return lines


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
            window.overlay = Menu(window)
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
