"""`%sshx`: sharing and joining from a cell."""

from __future__ import annotations

import argparse
import concurrent.futures
import re
import shlex
from collections.abc import Iterable
from typing import Any, NoReturn

from IPython.core.error import UsageError
from IPython.display import display

from ..guest_links import NO_LINK, NO_SERVER_LINK
from ..host.errors import Invalid
from ..host.share_options import CHOSEN
from ..jupyter_servers import ServerError
from ..share_flags import add_share_flags, describe_share_flags, read_share_flags
from . import background, busy, sharing
from .backends import find_server
from .errors import SharingError
from .frontend import SessionWidget
from .join_widget import JoinTicket
from .listing import listing, stop
from .widget import SharedSession, open_sessions

HELP = f"""\
Share a terminal live, peer to peer and encrypted, or join one that is shared.

  %sshx share            share a new terminal; shows it, and the tickets
{describe_share_flags("      ", 25, name="the notebook's name")}
      --where WHERE      where the session lives: "server", the Jupyter server
                         of this kernel (the default if it has sshx-jupyter),
                         or "kernel", in which case it ends with the kernel
  %sshx join TICKET      join with a ticket, or with a link
      --name NAME        what others see (default: your user name)
  %sshx join             show a box for a ticket
  %sshx list             what you share and have joined, and where it lives
  %sshx stop [ID]        stop sharing, or leave; ID as in the list, or its
                         beginning
  %sshx help             this text

Guests who have the ticket to type use your shell with your rights: give it only
to people whom you would let use your keyboard. The other ticket lets people
watch. A session stops when its kernel ends or is restarted.

In Python it is the same: `session = %sshx share`, or `sshx_jupyter.share()` and
`sshx_jupyter.join(ticket)`, give the session as an object: .ticket,
.read_ticket, .url, .users, .shells, .messages, .chat(text), .run(command),
.kick(user), .set_role(user, role), .invite(path), .stop()."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message[:1].upper()}{message[1:]}. See %sshx help.")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="%sshx", add_help=False, allow_abbrev=False)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=_Parser)
    plain: dict[str, Any] = {"add_help": False, "allow_abbrev": False}
    share = commands.add_parser("share", **plain)
    add_share_flags(share)
    share.add_argument("--where", choices=("server", "kernel"))
    join = commands.add_parser("join", **plain)
    join.add_argument("ticket", nargs="?")
    join.add_argument("--name")
    commands.add_parser("list", **plain)
    commands.add_parser("stop", **plain).add_argument("id", nargs="?")
    commands.add_parser("help", **plain)
    return parser


def sshx(line: str) -> SessionWidget | None:
    try:
        words = shlex.split(_without_comment(line))
    except ValueError:
        raise UsageError("There is a quote without its other half. See %sshx help.") from None
    if not words or words[0] in ("-h", "--help"):
        words = ["help"]
    arguments = _parser().parse_args(words)
    try:
        widget: SessionWidget | None = globals()[f"_{arguments.command}"](arguments)
    except (SharingError, Invalid) as error:
        raise UsageError(str(error)) from None
    return widget


sshx.__doc__ = HELP


_PIECES = re.compile(r"""\\.|"(?:\\.|[^"\\])*"|'[^']*'|\s+|.""", re.DOTALL)


def _without_comment(line: str) -> str:
    """The line up to a comment: a `#` that begins a word. The `#` of a link is within one."""
    between = True
    for piece in _PIECES.finditer(line):
        if between and piece[0] == "#":
            return line[: piece.start()]
        between = piece[0].isspace()
    return line


def _share(arguments: argparse.Namespace) -> SharedSession:
    options = read_share_flags(arguments, lambda: sharing.ask_password("Password for this session: ", True))
    session = sharing.share_as(options, arguments.where)
    _show(session)
    return session


def _join(arguments: argparse.Namespace) -> SessionWidget:
    if arguments.ticket is None:
        widget: SessionWidget = JoinTicket()
    else:
        widget = sharing.join(arguments.ticket, name=arguments.name)
    _show(widget)
    return widget


def _list(_: argparse.Namespace) -> None:
    print(background.call(listing()))  # noqa: T201 - the cell's output


def _stop(arguments: argparse.Namespace) -> None:
    print(background.call(stop(arguments.id)))  # noqa: T201


def _help(_: argparse.Namespace) -> None:
    print(HELP)  # noqa: T201


def _show(widget: SessionWidget) -> None:
    """Display it now: the cell may go on, and what a magic gives back shows only at its end."""
    from IPython import get_ipython

    shell = get_ipython()
    if not hasattr(shell, "kernel"):  # a terminal, which shows no widgets: then the tickets are all there is to see
        print(_as_text(widget))  # noqa: T201
    else:
        display(widget)  # type: ignore[no-untyped-call]
    widget.shown_in = shell.execution_count


def _as_text(widget: SessionWidget) -> str:
    if not isinstance(widget, SharedSession):
        return "Give the ticket: %sshx join TICKET"
    if not widget.own:
        return f"{widget!r}\nUse it from Python: session = %sshx join TICKET, then session.run(…), session.chat(…)."
    tickets = [
        ("to watch and type", widget.ticket),
        ("to watch", widget.read_ticket),
    ]
    ways = [f"{what}:\n  {ticket}" for what, ticket in tickets if ticket]
    no_link = NO_SERVER_LINK if widget.where == "server" else NO_LINK
    link = no_link if widget.url is None else f"As a link:\n  {widget.url}"
    return "\n".join([f"Sharing {widget.name!r}. The ticket", *ways, link])


# Completion.

COMPLETION = 1.5
"""Seconds that a completion may wait for the Jupyter server."""
COMMANDS = ("share", "join", "list", "stop", "help")
OPTIONS = {
    "share": (*(option.metadata["flag"] for option in CHOSEN), "--where"),
    "join": ("--name",),
}


def complete(_: Any, event: Any) -> Iterable[str]:
    """IPython's completer for lines with this magic."""
    words = event.text_until_cursor.rpartition("%sshx")[2].split()
    if not event.symbol or event.text_until_cursor.endswith((" ", "\t")):
        words.append("")
    if len(words) <= 1:
        return COMMANDS
    command, before = words[0], words[-2]
    if command == "share" and before == "--terminal":
        return _terminals()
    if command == "share" and before == "--where":
        return ("server", "kernel")
    if command == "stop":
        return [session.session_id for session in open_sessions()]
    return OPTIONS.get(command, ())


def _terminals() -> list[str]:
    async def ask() -> list[str]:
        server, _ = await find_server()
        return await server.terminals() if server is not None else []

    try:
        return background.call(ask(), COMPLETION)
    except (ServerError, SharingError, concurrent.futures.TimeoutError):
        return []


def register(shell: Any) -> None:
    """Make `%sshx` known to an IPython shell. Safe to call twice."""
    shell.register_magic_function(sshx, "line", "sshx")
    shell.set_hook("complete_command", complete, re_key=r".*%sshx\b")
    busy.follow(shell)
