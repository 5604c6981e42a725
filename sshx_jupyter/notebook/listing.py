"""`%sshx list` and `%sshx stop`: the sessions of this kernel, and those of its Jupyter server that others started."""

from __future__ import annotations

from dataclasses import dataclass

from ..jupyter_servers import API, ServerError
from ..text import table
from .backends import ServerBackend, find_server
from .errors import SharingError
from .widget import SharedSession, open_sessions


@dataclass(frozen=True)
class _Row:
    id: str
    name: str
    part: str
    where: str
    users: int
    shells: int
    session: SharedSession | None = None


async def listing() -> str:
    """A table for the person, and a line that says where a new session would live."""
    server, why = await _server()
    rows = await _rows(server)
    place = f"New sessions live in the Jupyter server at {server.server.url}." if server is not None else why
    if not rows:
        return f"Nothing is shared or joined here. {place}"
    heads = ["ID", "NAME", "YOU", "LIVES IN", "USERS", "SHELLS"]
    cells = [[row.id[:12], row.name, row.part, row.where, str(row.users), str(row.shells)] for row in rows]
    return f"{table([heads, *cells])}\n\n{place}"


async def stop(wanted: str | None) -> str:
    """Stop or leave the session whose id begins so, or the only one of this kernel. Raises `SharingError`."""
    server, _ = await _server()
    rows = await _rows(server)
    if wanted is None:
        rows = [row for row in rows if row.session is not None]
        if not rows:
            raise SharingError("This kernel shares nothing and has joined nothing.")
        if len(rows) > 1:
            raise SharingError("There are several: say which. %sshx list shows their ids.")
    else:
        begins = wanted.strip().lower()
        rows = [row for row in rows if begins and row.id.startswith(begins)]
        if not rows:
            raise SharingError("There is no session of this id here. %sshx list shows which there are.")
        if len({row.id for row in rows}) > 1:
            raise SharingError("Several sessions' ids begin so: give more of it.")
    row = rows[0]
    if row.session is not None:
        await row.session._stop()
    elif server is not None:
        try:
            await server.call("DELETE", f"{API}/{row.id}")
        except ServerError as error:
            raise SharingError(str(error)) from None
    return f"{'Left' if row.part == 'joined' else 'Stopped sharing'} {row.name!r}."


async def _server() -> tuple[ServerBackend | None, str]:
    try:
        return await find_server()
    except SharingError as error:  # what the kernel has is to be seen all the same
        return None, str(error)


async def _rows(server: ServerBackend | None) -> list[_Row]:
    rows = [_row(session) for session in open_sessions()]
    ours = {row.id for row in rows if row.part != "joined"}
    try:
        sessions = await server.sessions() if server is not None else []
    except ServerError:
        sessions = []
    for model in sessions:
        if model["id"] not in ours:
            counts = len(model["users"]), len(model["shells"])
            rows.append(_Row(model["id"], model["name"], "share it elsewhere", "the Jupyter server", *counts))
    return rows


def _row(session: SharedSession) -> _Row:
    part = "share it" if session.own else "joined"
    where = {"server": "the Jupyter server", "kernel": "this kernel", None: "elsewhere"}[session.where]
    users, shells = len(session.users), len(session.shells)
    return _Row(session.session_id, session.name, part, where, users, shells, session)
