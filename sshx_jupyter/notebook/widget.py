"""`SharedSession`: a session as an object in Python and as a view under the cell."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import logging
import os
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from types import NoneType
from typing import Any

from traitlets import Bool, Dict, List, Unicode

from ..client import SessionEnded, SshxClient
from ..client.command import CommandError, RunResult
from ..client.events import CommandWaits, Event
from ..invite import check_target, describe, write_invite
from ..links.comm import CommLink
from ..protocol.messages import Hear, Role
from ..text import parse_duration
from ..ticket import Ticket
from . import background, busy
from .backends import Hosted, InviteFile, Tickets, Where, kernel
from .errors import SharingError
from .frontend import SessionWidget
from .kernel_client import KernelClient

log = logging.getLogger(__name__)

EXIT_TIMEOUT = 3.0
"""Seconds that the end of the kernel waits for sessions to be told."""


class SharedSession(SessionWidget):
    """A session that this kernel shares or has joined. Made by `sshx_jupyter.share` and `sshx_jupyter.join`.

    Displayed, it is a view of the session; any number of times. The traits are kept up to date whether or not a view is
    open, and can be observed. Observers are called on the background thread, which they must not hold up: to call a
    method of the session, or to do anything that takes long, they start a thread.
    """

    ticket = Unicode(None, allow_none=True, read_only=True, help="Lets anyone join and type. A secret.")
    read_ticket = Unicode(None, allow_none=True, read_only=True, help="Lets anyone join and watch. A secret.")
    url = Unicode(None, allow_none=True, read_only=True, help="The ticket as a link, if there is one. A secret.")
    users = Dict(read_only=True, help="Who is here: a `User` for each number.")
    shells = Dict(read_only=True, help="The shells: a `ShellInfo` for each number, the topmost last.")
    messages: List[Hear] = List(read_only=True, help="The chat so far: a `Hear` for each message, the oldest first.")
    connected = Bool(False, read_only=True, help="Whether there is a connection to the session right now.")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._member: KernelClient | None = None
        self._tickets = Tickets(None, None)
        self._why = ""

    # Python's side.

    @property
    def where(self) -> Where | None:
        """Where the session lives that is shared from here; None for one that was joined."""
        hosted = self._hosted
        return hosted.where if hosted is not None else None

    @property
    def role(self) -> Role:
        """What this kernel may do in the session: "owner", "writer" or "reader"."""
        return self._client.role

    def chat(self, text: str) -> None:
        """Say something to everyone. Raises `SharingError`."""
        client = self._client
        _need(text, str, "A message is a text.")
        if not text.strip():
            raise SharingError("A message needs some text.")
        self._call(client.chat(text))

    def run(self, command: str, shell: int | None = None, timeout: float | None = None) -> RunResult:
        """Type a command into a shell (the first one, or a new one) and wait until it has ended.

        The command is typed once the shell is at its prompt; if that takes long, the cell says so. Bash, zsh and fish
        that a session has started show the command alone. Any other shell must be one of the sh family, and shows two
        short commands around it. Everyone in the session sees that. Interrupting the kernel interrupts the command.

        Returns:
            what it printed as `.output`, without colors, and its `.exit_status`.

        Raises:
            SharingError: if it cannot be typed, or the shell ends, or `timeout` seconds pass; it is interrupted then.
        """
        _need(command, str, "A command is a text.")
        _need(shell, (int, NoneType), "A shell is given by its number, as .shells has it.")
        _need(timeout, (int, float, NoneType), "A timeout is a number of seconds.")
        client = self._client
        notices: background.Notices = SimpleQueue()

        def tell(event: Event) -> None:
            if isinstance(event, CommandWaits):
                notices.put(event.text)

        async def run() -> RunResult:
            stop_observing = client.observe(tell)
            try:
                return await client.run(command, shell, timeout)
            finally:
                stop_observing()

        result: RunResult = self._call(run(), notices)
        return result

    def kick(self, user: int | str, reason: str = "", new_tickets: bool = True) -> None:
        """Remove a user, by number or by name, from a session of one's own.

        New tickets are made, so that the user cannot come back with the old one; without `new_tickets` the user can.
        Everyone else stays. Raises `SharingError`.
        """
        client, uid = self._client, self._find(user)
        _need(reason, str, "A reason is a text.")
        _need(new_tickets, bool, "new_tickets is True or False.")

        async def kick() -> None:
            await client.kick(uid, reason, new_tickets)
            await client.wait_for(lambda _: uid not in client.users)

        self._call(kick())

    def set_role(self, user: int | str, role: Role) -> None:
        """Make a user, by number or by name, "writer" or "reader" in a session of one's own. Raises `SharingError`."""
        if role not in ("writer", "reader"):
            raise SharingError('A user can be made "writer" or "reader".')
        client, uid = self._client, self._find(user)
        self._call(client.set_role(uid, role))

    def invite(self, path: str | os.PathLike[str], role: Role = "reader", expires: str | float = "1d") -> Invite:
        """Write an invite file for a session of one's own: anyone who opens it in a browser can join.

        It needs a relay. It also ends when the session does, and when new tickets are made.

        Args:
            path: where to write it, such as "invite.html". An existing file is replaced.
            role: "reader" lets people watch, "writer" type as well.
            expires: until when it lets people in: seconds, or a text such as "2h".

        Raises:
            SharingError: if there is no relay, nobody may type in the session, or the file cannot be written.
        """
        hosted = self._hosted
        self._client  # noqa: B018 - raises where the session is over
        if hosted is None:
            raise SharingError("Only the person who shares a session can make invites. Pass on the ticket instead.")
        if role not in ("writer", "reader"):
            raise SharingError('An invite is for a "writer" or a "reader".')
        try:
            seconds = parse_duration(str(expires))
        except ValueError:
            raise SharingError('`expires` must be a positive duration, such as "2h".') from None
        _need(path, (str, os.PathLike), 'A path is a text, such as "invite.html".')
        try:
            target = check_target(path)
        except ValueError as error:
            raise SharingError(str(error)) from None
        made: InviteFile = self._call(hosted.invite(role, seconds))
        try:
            write_invite(target, made.html)
        except OSError as error:
            raise SharingError(f"The invite cannot be written to {target}: {error.strerror}.") from None
        return Invite(target, role, made.expires)

    def stop(self) -> None:
        """Stop sharing, or leave a session that was joined. Terminals of a Jupyter server live on."""
        if not self.ended:
            self._call(self._stop())

    def __repr__(self) -> str:
        if self._member is None or self.ended:
            return f"<SharedSession {self.name!r}: {self.ended or 'not connected'}>"
        lives = {"server": "shared from the Jupyter server", "kernel": "shared from this kernel", None: "joined"}
        counts = f"{_count(len(self.shells), 'shell')}, {_count(len(self.users), 'user')}"
        state = "" if self.connected else ", reconnecting"
        return f"<SharedSession {self.name!r}: {lives[self.where]}{state}; {counts}>"

    def _instead(self) -> str:
        return f"Shared terminal session {self.name!r}. It shows here while its kernel runs; otherwise it has ended."

    # Taking part, on the background thread. The widget is made on the thread of its cell, by which front ends know it.

    async def _host(self, hosted: Hosted) -> None:
        await self._start(KernelClient.host(hosted, self))

    async def _join_ticket(self, ticket: Ticket, name: str | None, password: str | None) -> None:
        await self._start(KernelClient.join(ticket, self, name, password))
        self.tickets_changed(_tickets_of(ticket))

    async def _start(self, starting: Coroutine[Any, Any, KernelClient]) -> None:
        try:
            self._member = await starting
        except BaseException:
            self.close()
            raise
        self.member_changed(self._member)
        _open_sessions.append(self)

    # What the member tells, on the background thread.

    def member_changed(self, member: KernelClient) -> None:
        client = member.client
        if client is None or self.ended:
            return
        values: dict[str, Any] = {
            "users": client.people,
            "shells": dict(client.shells),
            "messages": list(client.messages),
            "connected": client.state == "connected",
        }
        for trait, value in values.items():
            self._show(trait, value)
        self._show("name", str(client.info.get("name", self.name)))
        if client.ended:
            self._end(self._why or client.ended)
            if member.hosted is not None:  # whatever it was: what has ended here is not to be shared on
                member.abandon()

    def tickets_changed(self, tickets: Tickets) -> None:
        if self.ended:
            return
        self._tickets = tickets
        self._show("ticket", tickets.write)
        self._show("read_ticket", tickets.read)
        self._show("url", tickets.write_url or tickets.read_url)

    def _end(self, reason: str) -> None:
        if self in _open_sessions:
            _open_sessions.remove(self)
        self.tickets_changed(Tickets(None, None))
        self._show("connected", False)
        self._show("users", {})
        self._show("shells", {})
        self._show("ended", reason)
        busy.unwatch(self._tell_busy)

    def _show(self, trait: str, value: Any) -> None:
        """Set a trait; what its observers do wrong is theirs."""
        try:
            self.set_trait(trait, value)
        except Exception:
            log.exception("an observer of %s failed", trait)

    # For the views, on the background thread.

    async def _access(self) -> dict[str, Any]:
        if self._member is None or self.ended:
            return {"type": "ended", "reason": self.ended or "This session did not begin."}
        access = {"type": "access", **await self._member.access()}
        tickets = self._tickets
        invite = {
            "tickets": {"write": tickets.write, "read": tickets.read},
            "urls": {"write": tickets.write_url, "read": tickets.read_url} if tickets.read_url else None,
        }
        closes = {"closes_terminals": self.where == "kernel"}
        return {**access, **(invite if self.own else {"tickets": None, "urls": None}), **closes}

    async def _serve(self, link: CommLink) -> None:
        if self._member is not None:
            await self._member.serve(link)

    async def _stop_sharing(self) -> dict[str, Any]:
        if not self.own:
            return {"type": "refused", "message": "Someone else hosts this session."}
        try:
            await self._stop()
        except SharingError as error:
            return {"type": "refused", "message": str(error)}
        return {"type": "stopped"}

    async def _stop(self) -> None:
        member, hosted = self._member, self._hosted
        if member is None:
            return
        problem: SharingError | None = None
        if hosted is not None:
            self._why = "You stopped sharing."
            try:
                await hosted.stop()
            except SharingError as error:
                problem = error
        await member.leave()
        if not self.ended:
            self._end("You stopped sharing." if hosted is not None else "You left the session.")
        if problem is not None:
            text = f"{problem} The session stops by itself, as its owner has left."
            raise SharingError(text)

    # Helpers.

    @property
    def _hosted(self) -> Hosted | None:
        return self._member.hosted if self._member is not None else None

    @property
    def _client(self) -> SshxClient:
        client = self._member.client if self._member is not None else None
        if client is None or self.ended:
            raise SharingError(self.ended or "This session is not connected.")
        return client

    def _call(self, work: Any, notices: background.Notices | None = None) -> Any:
        if os.getpid() != _process:
            work.close()
            raise SharingError("This process was forked off the one that takes part in the session.")

        async def do() -> Any:
            result = await work
            if self._member is not None:
                self.member_changed(self._member)  # what was done shows at once
            return result

        try:
            return background.call(do(), notices=notices)
        except (CommandError, SessionEnded) as error:
            raise SharingError(str(error)) from None

    def _find(self, user: object) -> int:
        users = self._client.users
        if isinstance(user, str):
            found = [uid for uid, known in users.items() if known.name == user]
            if len(found) > 1:
                raise SharingError(f"There are {len(found)} users of this name: give one's number, as .users has it.")
            if found:
                return found[0]
        elif isinstance(user, int) and user in users:
            return user
        raise SharingError("There is no such user here: .users has their numbers and names.")


@dataclass(frozen=True)
class Invite:
    """An invite file that was written. `expires` is Unix time."""

    path: Path
    role: Role
    expires: float

    def __repr__(self) -> str:
        return f"<Invite {str(self.path)!r}: anyone who opens it in a browser can {describe(self.role, self.expires)}>"


def _need(value: object, kind: type | tuple[type, ...], what: str) -> None:
    if not isinstance(value, kind):
        raise SharingError(what)


def _tickets_of(ticket: Ticket) -> Tickets:
    text = ticket.encode()
    return Tickets(text, None) if ticket.role == "writer" else Tickets(None, text)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")


_open_sessions: list[SharedSession] = []
_process = os.getpid()


def open_sessions() -> list[SharedSession]:
    """The sessions that this kernel shares or has joined, the oldest first."""
    return list(_open_sessions)


@atexit.register
def _end_all() -> None:
    """The kernel ends: nobody could stop its sessions any more, so they stop with it."""
    if os.getpid() != _process:  # a child that was forked off
        return

    if not _open_sessions:
        return

    async def leave() -> None:
        members = [session._member for session in _open_sessions if session._member is not None]
        await kernel.close()  # first, so that everyone is told why
        await asyncio.gather(*(member.leave() for member in members))

    for hosted in [session._hosted for session in _open_sessions]:
        if hosted is not None and hosted.where == "server":
            hosted.abandon()
    with contextlib.suppress(Exception):
        background.call(leave(), EXIT_TIMEOUT)
