"""`jupyter sshx share`: a session with a node and a shell of its own, for as long as the shell lives."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..config import NodeSettings
from ..host.errors import Invalid, SessionError
from ..host.session import FAREWELL, Session, SessionEvent
from ..host.share_options import ShareOptions
from ..host.terminals import Terminals
from ..node import SshxNode
from ..records import keep_record
from ..share_flags import read_share_flags
from .console import PASSWORD_VARIABLE, Failure, read_password, say
from .front import Front
from .invite import Invite
from .network import read_settings, spawn_node
from .report import Report
from .signals import handled

ENDED = "The shared shell has ended."
STOPPED = "The host stopped sharing."
NO_RELAY = "No relay has been found yet: for now only those can join who reach this machine directly."
RELAY_PERIOD = 2.0
MAX_ROWS, MAX_COLS = 100, 300
# What describes the terminal that `share` runs in, and is wrong in the shared one.
FOREIGN_VARIABLES = (
    PASSWORD_VARIABLE,
    *("TMUX", "TMUX_PANE", "STY", "WINDOW", "WINDOWID", "TERM_PROGRAM", "TERM_PROGRAM_VERSION", "TERM_SESSION_ID"),
    *("COLORTERM", "VTE_VERSION", "KITTY_WINDOW_ID", "KITTY_PID", "ITERM_SESSION_ID", "WT_SESSION", "SSH_TTY"),
)


def share(arguments: argparse.Namespace) -> int:
    """Run the command."""
    try:
        chosen = read_share_flags(
            arguments, lambda: read_password("Password for this session: ", confirm=True, piped=True)
        )
    except Invalid as error:
        raise Failure(str(error), 2) from None
    settings = read_settings(arguments)
    here = Path.cwd()
    options = replace(chosen, name=chosen.name or here.name or None, cwd=str(here))
    answering = sys.stdin.isatty() and not arguments.json
    attaching = answering and not arguments.no_attach and _can_attach()
    if options.approve and not answering:
        raise Failure("--approve asks you on the terminal, but stdin is not a terminal here.", 2)
    for name in FOREIGN_VARIABLES:
        os.environ.pop(name, None)
    report = Report(sys.stderr if arguments.json else sys.stdout, settings.guest_page)
    return asyncio.run(_share(arguments, settings, options, Front(report, attaching, answering)))


def _can_attach() -> bool:
    """Whether the shared shell can be shown in this terminal."""
    if not sys.stdout.isatty() or os.tcgetpgrp(sys.stdin.fileno()) != os.getpgrp():  # in the background
        return False
    try:
        import pyghostty  # noqa: F401 - without it there are no screens to draw
    except (ImportError, OSError):
        say("The shell cannot be shown here: that needs pyghostty, which this system does not have.")
        return False
    return True


async def _share(arguments: argparse.Namespace, settings: NodeSettings, options: ShareOptions, front: Front) -> int:
    report = front.report
    invite = Invite(arguments.invite, report.say) if arguments.invite is not None else None
    stop: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    with handled(lambda _: _end(stop, STOPPED)):
        terminals = Terminals.own(settings.shell_integration)
        node = await spawn_node(settings, terminals=terminals, key_file=settings.key_file or None)
        try:
            if invite is not None and not node.wants_relay:
                raise Failure("--invite needs a relay: browsers reach you in no other way. Yours are disabled.", 2)
            session = await _host(node, options.with_default_role(settings.default_role), arguments.program)
            keep_record(session, "share", say)
            with front.told(session, node, stop, lambda: _end(stop, STOPPED)):
                session.observe(lambda event: _end_with(session, event, stop))
                if not session.shells:
                    _end(stop, ENDED)  # it was that short
                online = asyncio.ensure_future(node.online())
                either: set[asyncio.Future[Any]] = {online, stop}
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
                relay = None
                if online.done() or stop.result() != STOPPED:  # else nobody wants the tickets any more
                    without_relay = node.wants_relay and node.relay_url is None
                    if without_relay:
                        report.say(NO_RELAY)
                    if arguments.json:
                        tickets = {"write": session.ticket, "read": session.read_ticket}
                        print(json.dumps({"id": session.id.hex(), "tickets": tickets}), flush=True)
                    else:
                        report.welcome(session, attached=front.attaches)
                    if invite is not None:
                        await invite.write(session)
                    if without_relay and (invite is not None or not arguments.json):
                        relay = asyncio.ensure_future(_watch_relay(node, session, report, invite, arguments.json))
                    front.open()
                reason = await stop
                online.cancel()
                if relay is not None:
                    relay.cancel()
                if reason == ENDED:
                    await session.drained()
                await session.stop(reason, "close")
                await front.close()
                await _farewell(session)
                report.say(reason if reason != STOPPED else "Stopped sharing.")
        finally:
            await node.close(STOPPED)
            await terminals.shutdown()
    return 0


async def _host(node: SshxNode, options: ShareOptions, program: Sequence[str]) -> Session:
    try:
        session = await node.manager.create(options, program or None)
    except SessionError as error:
        raise Failure(str(error)) from None
    size = _window()
    for shell in session.shells.values():
        shell.protected = True  # the session ends with it
        if size is not None:
            shell.resize(*size)
    return session


async def _farewell(session: Session) -> None:
    """Let the guests hear why, where the session has stopped by itself."""
    deadline = time.monotonic() + FAREWELL
    while session.users() and time.monotonic() < deadline:  # noqa: ASYNC110 - nothing tells when all have heard
        await asyncio.sleep(0.02)


def _window() -> tuple[int, int] | None:
    """Rows and columns that fit into a window like the one `share` runs in, for whoever joins from the next one."""
    try:
        size = os.get_terminal_size(sys.stdout.fileno())
    except OSError:
        return None
    return min(max(size.lines - 1, 10), MAX_ROWS), min(max(size.columns, 40), MAX_COLS)


def _end(stop: asyncio.Future[str], reason: str) -> None:
    if not stop.done():
        stop.set_result(reason)


async def _watch_relay(node: SshxNode, session: Session, report: Report, invite: Invite | None, json: bool) -> None:
    """Tell when the tickets improve, because a relay has been found late."""
    while node.relay_url is None:  # noqa: ASYNC110 - nothing tells when there is one
        await asyncio.sleep(RELAY_PERIOD)
    if not json:
        report.new_tickets(session, "A relay has been found. With these tickets people can join from anywhere:")
    if invite is not None:
        await invite.write(session)


def _end_with(session: Session, event: SessionEvent, stop: asyncio.Future[str]) -> None:
    if event.kind == "shellClosed" and not session.shells:
        _end(stop, ENDED)
    elif event.kind == "stopped":
        _end(stop, event.detail)
