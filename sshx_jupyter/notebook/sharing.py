"""`share` and `join`: sessions from Python, wherever its kernel runs."""

from __future__ import annotations

import getpass
import inspect
import os
import threading
from dataclasses import replace
from pathlib import PurePath
from typing import Any

from ..account import account_name
from ..host.errors import Invalid
from ..host.limits import Limits
from ..host.names import clean_name
from ..host.share_options import CHOSEN, ShareOptions
from ..text import parse_duration
from ..ticket import Ticket, TicketError
from . import background, busy
from .backends import Hosted, KernelBackend, ServerBackend, Where, find_server, kernel
from .errors import SharingError
from .frontend import HEIGHTS
from .widget import SharedSession, open_sessions

LONGEST_NAME = Limits().name_length
HEIGHT = 480
"""Height of a view in pixels."""

_sharing = threading.Lock()
_shared: dict[tuple[ShareOptions, Where | None], SharedSession] = {}


def share(
    name: str | None = None,
    *,
    expires: str | float | None = None,
    where: Where | None = None,
    height: int = HEIGHT,
    **options: Any,
) -> SharedSession:  # `_document_share` adds the docstring
    unknown = options.keys() - _KEYWORDS.keys()
    if unknown:
        raise TypeError(f"share() got an unexpected keyword argument {min(unknown)!r}")
    try:
        wanted = ShareOptions(name or None, expires_in=_expiry(expires), **options)
    except Invalid as error:
        raise SharingError(str(error)) from None
    return share_as(wanted, where, height)


_KEYWORDS = {option.name: option for option in CHOSEN if option.name not in ("name", "expires_in")}
"""The options that `share` takes as they are."""


def _document_share() -> None:
    """Give `share` the signature and the docstring that front ends show."""
    keywords = [
        inspect.Parameter(option.name, inspect.Parameter.KEYWORD_ONLY, default=option.default, annotation=option.type)
        for option in _KEYWORDS.values()
    ]
    signature = inspect.signature(share)
    name, *own, _ = signature.parameters.values()
    share.__signature__ = signature.replace(parameters=[name, *keywords, *own])  # type: ignore[attr-defined]
    lines = "\n".join(f"    {option.name}: {option.metadata['help']}." for option in _KEYWORDS.values())
    share.__doc__ = f"""Share a terminal. Sharing again with the same options gives the session that is shared already.

Args:
    name: what to call the session; by default as the notebook.
{lines}
    expires: after how long sharing stops: seconds, or a text such as "2h".
    where: "server" or "kernel", to say where the session lives; by default in the kernel's Jupyter server if that has
        sshx-jupyter, else in the kernel.
    height: of the view, in pixels.

Raises:
    SharingError: if it cannot be shared, with a sentence that says why.
"""


_document_share()


def share_as(options: ShareOptions, where: Where | None = None, height: int = HEIGHT) -> SharedSession:
    """Share a terminal, as `share` does. Raises `SharingError`."""
    _follow_shell()
    if where not in (None, "server", "kernel"):
        raise SharingError('Sessions live in the "server" or in the "kernel".')
    name = clean_name(options.name or "", LONGEST_NAME) or _default_name()
    options = replace(options, name=name, terminals=options.terminals or None)
    with _sharing:
        known = _shared.get((options, where))
        if known is not None and not known.ended:
            return known
        height = _height(height)
        hosted: Hosted = background.call(_share(options, where))
        try:
            session = SharedSession(session_id=hosted.id, own=True, height=height)
            background.call(session._host(hosted))
        except BaseException:  # also an interrupt: nothing is to be shared that nobody knows of
            background.loop().call_soon_threadsafe(hosted.abandon)
            raise
        for key in [key for key, shared in _shared.items() if shared.ended]:
            del _shared[key]
        _shared[options, where] = session
    return session


def join(ticket: str, *, name: str | None = None, password: str | None = None, height: int = HEIGHT) -> SharedSession:
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
    wanted, password = _clean(name), _password(password)
    session = SharedSession(session_id=decoded.session_id.hex(), height=_height(height))
    background.call(_join(session, decoded, wanted, password))
    return session


async def join_here(ticket: Ticket, *, name: str | None, password: str | None, height: int) -> SharedSession:
    """Join, on the background thread. Raises `SharingError`."""
    known = _joined(ticket)
    if known is not None:
        return known
    session = SharedSession(session_id=ticket.session_id.hex(), height=height)
    await _join(session, ticket, name, password)
    return session


async def _join(session: SharedSession, ticket: Ticket, name: str | None, password: str | None) -> None:
    if ticket.password and not password:
        session.close()
        raise SharingError("This session needs a password. Ask the host for it.", "passwordRequired")
    await session._join_ticket(ticket, name or account_name(), password if ticket.password else None)


async def _share(options: ShareOptions, where: Where | None) -> Hosted:
    backend = await _backend(where)
    return await backend.share(options)


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


def _follow_shell() -> None:
    from IPython import get_ipython

    shell = get_ipython()
    if shell is not None:
        busy.follow(shell)
