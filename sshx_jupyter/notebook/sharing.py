"""`share` and `join`: sessions from Python, wherever its kernel runs."""

from __future__ import annotations

import contextlib
import getpass
import os
import threading
from collections.abc import Iterable
from pathlib import PurePath
from typing import Any

from ..host.limits import Limits
from ..host.names import clean_name
from ..text import parse_duration
from ..ticket import Ticket, TicketError
from . import background, busy
from .backends import KernelBackend, Options, ServerBackend, Where, find_server, kernel
from .errors import SharingError
from .frontend import HEIGHTS
from .widget import SharedSession, open_sessions

LONGEST_NAME = Limits().name_length

_sharing = threading.Lock()
_shared: dict[tuple[Options, Where | None], SharedSession] = {}


def share(
    name: str | None = None,
    *,
    terminals: Iterable[str] = (),
    read_only: bool | None = None,
    approve: bool = False,
    password: str | None = None,
    expires: str | float | None = None,
    where: Where | None = None,
    height: int = 480,
) -> SharedSession:
    """Share a terminal. Sharing again with the same options gives the session that is shared already.

    Args:
        name: what to call the session; by default as the notebook.
        terminals: names of terminals of the Jupyter server that are running; without any, a new one is opened.
        read_only: nobody who joins can type, and there is no ticket for it.
        approve: ask the host, in the session's view, before anyone gets in.
        password: what guests need besides the ticket.
        expires: after how long sharing stops: seconds, or a text such as "2h".
        where: "server" or "kernel", to say where the session lives; by default in the kernel's Jupyter server if that
            has sshx-jupyter, else in the kernel.
        height: of the view, in pixels.

    Raises:
        SharingError: if it cannot be shared, with a sentence that says why.
    """
    _follow_shell()
    if where not in (None, "server", "kernel"):
        raise SharingError('Sessions live in the "server" or in the "kernel".')
    try:
        names = (terminals,) if isinstance(terminals, str) else tuple(terminals)
    except TypeError:
        raise SharingError("Terminals are given by their names.") from None
    options = Options(_clean(name) or _default_name(), names, read_only, approve, _password(password), _expiry(expires))
    with _sharing:
        known = _shared.get((options, where))
        if known is not None and not known.ended:
            return known
        session: SharedSession = background.call(_share(options, where, _height(height)))
        for key in [key for key, shared in _shared.items() if shared.ended]:
            del _shared[key]
        _shared[options, where] = session
    return session


def join(ticket: str, *, name: str | None = None, password: str | None = None, height: int = 480) -> SharedSession:
    """Join a session with a ticket, or with a link that has one. A session that is joined already is given back.

    Args:
        ticket: what the host gave you.
        name: what others see; by default your user name.
        password: the session's password; asked for if the ticket says that one is needed.
        height: of the view, in pixels.

    Raises:
        SharingError: if the ticket is none, or the host cannot be reached or does not let you in.
    """
    _follow_shell()
    if not isinstance(ticket, str):
        raise SharingError("A ticket is a text that starts with sshx1.")
    try:
        decoded = Ticket.decode(ticket)
    except TicketError as error:
        raise SharingError(str(error), error.reason) from None
    known = _joined(decoded)
    if known is not None:
        return known
    if decoded.password and password is None:
        password = ask_password("Password of this session: ")
    session: SharedSession = background.call(
        join_here(decoded, name=_clean(name), password=_password(password), height=_height(height))
    )
    return session


async def join_here(ticket: Ticket, *, name: str | None, password: str | None, height: int) -> SharedSession:
    """Join, on the background thread. Raises `SharingError`."""
    known = _joined(ticket)
    if known is not None:
        return known
    if ticket.password and not password:
        raise SharingError("This session needs a password as well. The host knows it.", "passwordRequired")
    return await SharedSession._join_ticket(
        ticket, name or _user_name(), password if ticket.password else None, height=height
    )


async def _share(options: Options, where: Where | None, height: int) -> SharedSession:
    backend = await _backend(where)
    hosted = await backend.share(options)
    try:
        return await SharedSession._host(hosted, height=height)
    except BaseException:  # also an interrupt: nothing is to be shared that nobody knows of
        hosted.abandon()
        raise


async def _backend(where: Where | None) -> ServerBackend | KernelBackend:
    if where == "kernel":
        return kernel
    server, why = await find_server()
    if server is None and where == "server":
        raise SharingError(why)
    return server or kernel


# What people give, checked once for both backends.


def _clean(name: Any) -> str | None:
    if name is not None and not isinstance(name, str):
        raise SharingError("A name is a text.")
    return clean_name(name or "", LONGEST_NAME) or None


def _password(password: Any) -> str | None:
    if password is not None and not (isinstance(password, str) and password):
        raise SharingError("A password is a text that is not empty.", "passwordRequired")
    return password


def _expiry(expires: str | float | None) -> float | None:
    try:
        return None if expires is None else parse_duration(str(expires))
    except ValueError as error:
        raise SharingError(f"This is no time to stop sharing after: {error}.") from None


def _height(height: Any) -> int:
    if not isinstance(height, int) or not HEIGHTS[0] <= height <= HEIGHTS[1]:
        raise SharingError(f"The height is a number of pixels from {HEIGHTS[0]} to {HEIGHTS[1]}.")
    return height


def _joined(ticket: Ticket) -> SharedSession | None:
    """The session of this ticket, if it has been joined with as good a one."""
    for session in open_sessions():
        known = session._member.ticket if session._member is not None else None
        if known is not None and (known.session_id, known.secret) == (ticket.session_id, ticket.secret):
            return session
    return None


def ask_password(prompt: str, confirm: bool = False) -> str:
    """A password from the person at the notebook. Raises `SharingError`."""
    try:
        password = getpass.getpass(prompt)
        if confirm and getpass.getpass("The same again: ") != password:
            raise SharingError("The two passwords differ.")
    except SharingError:
        raise
    except Exception:  # a kernel without anyone to ask, in whatever way it says so
        raise SharingError(
            "A password is needed, and there is nobody here to ask for it.", "passwordRequired"
        ) from None
    if not password:
        raise SharingError("The password is empty.", "passwordRequired")
    return password


def _default_name() -> str | None:
    """The notebook's name, which Jupyter Server gives to its kernels."""
    return _clean(PurePath(os.environ.get("JPY_SESSION_NAME", "")).stem)


def _user_name() -> str | None:
    name = os.environ.get("JUPYTERHUB_USER")
    with contextlib.suppress(KeyError, OSError, ImportError):  # no name for this user; the host makes one up
        name = name or getpass.getuser()
    return name


def _follow_shell() -> None:
    from IPython import get_ipython

    shell = get_ipython()
    if shell is not None:
        busy.follow(shell)
