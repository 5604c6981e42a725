"""The command line, `jupyter sshx …`. Each command is a module of its own, imported only when it runs."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any

from .._version import __version__
from ..share_flags import add_share_flags
from .console import Failure, say

DEBUG_VARIABLE = "SSHX_DEBUG"

JOIN_NOTES = """\
With a terminal the session fills the screen; Ctrl-] opens the menu: switch or open shells, chat, see who is here,
scroll back, leave. Every other key goes to the shell. Press Ctrl-] twice to send one. Where ] is hard to reach, Ctrl-5
is the same key in most terminals.

Without a terminal on stdin or stdout, stdin is typed into the first shell, what the shell prints from then on goes to
stdout, and the command leaves when stdin has ended and nothing has been printed for 1 s.

The ticket may be given as "-": it is then the first line of stdin, and seen neither by `ps` nor in the shell's history.
A password is asked for, or taken from the environment variable SSHX_PASSWORD.

Exit status: 0 when you left or the session ended, 1 when you could not get in, were removed or lost the connection,
2 for wrong usage, 128 + n when ended by signal n."""

SHARE_NOTES = """\
The shell is your own, with your rights: give the first ticket only to people whom you would let use your keyboard.

In a terminal the shell opens in it, and has its size. Ctrl-] opens the menu: tickets, requests, people, chat, leave,
stop sharing. Every other key goes to the shell. Sharing ends with the shell, or when you stop it in the menu.

With --no-attach, with --json, or without a terminal on stdin and stdout, the tickets are printed, then who comes and
goes. Sharing ends with the shell, or with Ctrl-C. Join your own session with one of the tickets to work in it.

With --json one JSON object {"id": …, "tickets": {"write": …, "read": …}} is printed on stdout, and everything else on
stderr. A password (--password) is asked for, or taken from the environment variable SSHX_PASSWORD or, if stdin is not a
terminal, from its first line."""

SETTINGS_NOTES = """\
Settings are shared with the Jupyter server extension: --SshxApp.relays=… and c.SshxApp.relays in
jupyter_server_config.py work too; --relays goes first, and the environment variable SSHX_RELAYS last."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run `jupyter sshx` and return its exit status."""
    try:
        arguments = _parse(sys.argv[1:] if argv is None else argv)
        if sys.platform == "win32" and arguments.command not in ("ticket", "page"):
            raise Failure("This needs a Unix-like system, such as WSL. On Windows, share and join in JupyterLab.")
        module, _, function = arguments.run.partition(":")
        status: int = getattr(importlib.import_module(f".{module}", __name__), function)(arguments)
        sys.stdout.flush()
        return status
    except Failure as failure:
        say(f"jupyter sshx: {failure}")
        return failure.status
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # or Python complains at exit
        return 1
    except Exception as error:
        if os.environ.get(DEBUG_VARIABLE):
            raise
        say(f"jupyter sshx: an error of its own: {type(error).__name__}: {error} (set {DEBUG_VARIABLE}=1 for more)")
        return 1


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    own, separator, command = _split(argv)
    own, settings = _settings(own)
    arguments = _parser().parse_args(own)
    if separator and arguments.command != "share":
        raise Failure(f'"{arguments.command}" takes nothing after "--".', 2)
    arguments.settings = settings
    arguments.program = command
    return arguments


def _split(argv: Sequence[str]) -> tuple[list[str], bool, list[str]]:
    """What is ours, and the command after "--", which is not."""
    if "--" not in argv:
        return list(argv), False, []
    at = list(argv).index("--")
    return list(argv[:at]), True, list(argv[at + 1 :])


def _settings(argv: Sequence[str]) -> tuple[list[str], list[str]]:
    """Take out `--SshxApp.x=value` and `--SshxApp.x value`, which may be anywhere."""
    rest: list[str] = []
    settings: list[str] = []
    words = iter(argv)
    for word in words:
        if not word.startswith("--SshxApp."):
            rest.append(word)
        elif "=" in word:
            settings.append(word)
        else:
            settings.append(f"{word}={next(words, '')}")
    return rest, settings


class _Command(argparse.ArgumentParser):
    """A command's own parser, which tells a wrong option together with the command's usage."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return found, unknown


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="jupyter sshx",
        description="Share a terminal live with other people, peer to peer and end-to-end encrypted.",
        epilog='Start with "jupyter sshx share"; it says how others join. "jupyter sshx COMMAND --help" says more.',
    )
    parser.add_argument("--version", action="version", version=f"sshx-jupyter {__version__}")
    commands = parser.add_subparsers(
        title="commands", metavar="COMMAND", required=True, dest="command", parser_class=_Command
    )
    raw = argparse.RawDescriptionHelpFormatter

    share = commands.add_parser(
        "share",
        help="share a new shell, which opens here, and print the tickets to join it",
        description="Share a new shell in this directory, and print the tickets to join it.",
        usage="jupyter sshx share [options] [-- COMMAND...]",
        epilog=f"{SHARE_NOTES}\n\n{SETTINGS_NOTES}",
        formatter_class=raw,
    )
    add_share_flags(share, without=("terminals", "history"), negatable=True, name="the directory's name")
    share.add_argument("--no-attach", action="store_true", help="do not open the shell here; print who comes and goes")
    share.add_argument("--json", action="store_true", help="print the tickets as JSON, for scripts")
    share.add_argument(
        "--invite",
        metavar="FILE",
        help="also write an HTML file: anyone who opens it in a browser can watch, for a day; it needs a relay",
    )
    _network_options(share)
    share.set_defaults(run="share:share")

    join = commands.add_parser(
        "join",
        help="join a session with a ticket",
        description="Join a session with the ticket that its host gave you.",
        epilog=f"{JOIN_NOTES}\n\n{SETTINGS_NOTES}",
        formatter_class=raw,
    )
    join.add_argument("ticket", metavar="TICKET", help='the ticket or its link, or "-" to read it from stdin')
    join.add_argument("--name", help="what others call you (default: your user name)")
    _network_options(join)
    join.set_defaults(run="join:join")

    list_ = commands.add_parser(
        "list",
        help="list the sessions that you host on this machine",
        description='List your sessions here: of "jupyter sshx share", of kernels, and of your Jupyter servers.',
    )
    list_.add_argument("--json", action="store_true", help="print a JSON array, for scripts; it holds no tickets")
    list_.set_defaults(run="sessions:list_sessions")

    stop = commands.add_parser(
        "stop",
        help="stop sharing a session that you host",
        description='Stop sharing a session. A shell of "jupyter sshx share" ends; Jupyter\'s own terminals live on.',
    )
    stop.add_argument("id", metavar="ID", help='the session\'s id as "jupyter sshx list" shows it, or its beginning')
    stop.set_defaults(run="sessions:stop_session")

    ticket = commands.add_parser(
        "ticket",
        help="say what a ticket holds",
        description="Say what a ticket holds: session, host, and what it allows. Its secret is not shown.",
    )
    ticket.add_argument("ticket", metavar="TICKET", help='the ticket or its link, or "-" to read it from stdin')
    ticket.add_argument("--json", action="store_true", help="print a JSON object, for scripts")
    ticket.set_defaults(run="ticket:ticket")

    page = commands.add_parser(
        "page",
        help="write the page on which guests join with only a browser",
        description="Write the page on which guests join with only a browser, for any web server or a disk.",
    )
    page.add_argument("directory", metavar="DIR", help="where to write it; made if it is missing")
    page.add_argument("--single-file", action="store_true", help="one HTML file, sshx.html, that needs no web server")
    page.set_defaults(run="page:page")
    return parser


def _network_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--relays", metavar="WHICH", help='"default", "disabled" (direct connections only), or relay URLs with commas'
    )
    parser.add_argument(
        "--bind", metavar="ADDRESS:PORT", help="where to listen (default: every interface and a free port)"
    )
