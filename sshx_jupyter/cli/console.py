"""What all commands share: how they fail, what may be shown in a terminal, and how secrets come in."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

PASSWORD_VARIABLE = "SSHX_PASSWORD"
MAX_TICKET = 16_384


class Failure(Exception):
    """The command cannot do what was asked. `str()` is one sentence for the person, `status` the exit status."""

    def __init__(self, sentence: str, status: int = 1) -> None:
        super().__init__(sentence)
        self.status = status


def say(text: str) -> None:
    """Tell the person something, on stderr: stdout is for what was asked for."""
    print(text, file=sys.stderr, flush=True)


def clean(text: str, length: int = 200) -> str:
    """Text of other people as it may go to a terminal: one line of visible characters."""
    shown = "".join(c if c.isprintable() else " " for c in text[: 4 * length])
    shown = " ".join(shown.split())
    return shown if len(shown) <= length else shown[: length - 1] + "…"


def read_line(fd: int, limit: int) -> str:
    """One line from a file descriptor, and not one byte more: what follows is for somebody else."""
    line = bytearray()
    while len(line) <= limit:
        byte = os.read(fd, 1)
        if byte in (b"", b"\n"):
            break
        line += byte
    return line.decode(errors="replace").rstrip("\r")


def read_ticket(argument: str) -> str:
    """The ticket that was given, or for "-" the first line of stdin, which keeps it out of `ps` and the history."""
    if argument != "-":
        return argument
    if sys.stdin.isatty():
        import getpass

        return _hidden(lambda: getpass.getpass("Ticket (not shown): "))
    return read_line(0, MAX_TICKET)


def read_password(prompt: str, *, confirm: bool = False, piped: bool = False) -> str:
    """The password from the environment, from the first line of stdin if `piped`, or else from the person."""
    password = os.environ.get(PASSWORD_VARIABLE)
    if password is None and piped and not sys.stdin.isatty():
        password = read_line(0, 4096)
    if password is None:
        import getpass
        import warnings

        def ask() -> str:
            with warnings.catch_warnings():
                warnings.simplefilter("error", getpass.GetPassWarning)  # rather not than with the password shown
                first = getpass.getpass(prompt)
                if confirm and getpass.getpass("The same again: ") != first:
                    raise Failure("The two passwords differ.")
                return first

        try:
            password = _hidden(ask)
        except (OSError, getpass.GetPassWarning):
            raise Failure(
                f"A password is needed, and there is no terminal to ask for it: set {PASSWORD_VARIABLE}."
            ) from None
    if not password:
        raise Failure("The password is empty.")
    return password


def _hidden(ask: Callable[[], str]) -> str:
    try:
        return ask()
    except EOFError:
        raise Failure("Nothing was entered.") from None
