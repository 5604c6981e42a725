"""`jupyter sshx list` and `stop`: what is shared here, by this user's `share` processes and Jupyter servers."""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import signal
import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from . import records
from .console import Failure, clean, say, table

API = "sshx/api/sessions"
TIMEOUT = 5.0
STOP_TIMEOUT = 15.0
LOCAL = ("localhost", "127.0.0.1", "::1")


class _NotThere(Exception):
    """The server cannot be asked. `str()` is what to tell the person, empty for nothing."""


@dataclass(frozen=True)
class _Server:
    """A running Jupyter server, as its own runtime file describes it."""

    url: str
    token: str = field(repr=False)

    def call(self, method: str, path: str) -> Any:
        """Ask the server; returns parsed JSON or None. Raises `_NotThere`."""
        address = urlsplit(self.url)
        headers = {"Authorization": f"token {self.token}"} if self.token else {}
        connection = _connection(self.url)
        try:
            connection.request(method, f"{address.path.rstrip('/')}/{path}", headers=headers)
            response = connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise _NotThere(f"The Jupyter server at {self.url} does not answer ({error}); it was left out.") from None
        finally:
            connection.close()
        if response.status == 404:
            raise _NotThere("")  # a server without the extension
        if response.status in (302, 401, 403):
            raise _NotThere(
                f"The Jupyter server at {self.url} does not let its own user in without a password; it was left out."
            )
        if response.status >= 300:
            raise _NotThere(f"The Jupyter server at {self.url} answered with an error ({response.status}).")
        try:
            return json.loads(body) if body else None
        except ValueError:
            raise _NotThere(f"The Jupyter server at {self.url} gave an answer that makes no sense.") from None


@dataclass(frozen=True)
class _Shared:
    """A session that is shared here. `created` is Unix time, `where` the server's URL or the process that shares it."""

    id: str
    name: str
    created: float
    where: str
    users: int | None = None
    shells: int | None = None
    source: _Server | records.Record = field(kw_only=True, repr=False)

    def facts(self) -> dict[str, Any]:
        facts = asdict(self)
        del facts["source"]
        return {**facts, "created": datetime.fromtimestamp(self.created, timezone.utc).isoformat(timespec="seconds")}


def list_sessions(arguments: argparse.Namespace) -> int:
    """Run `list`."""
    shared = list(_shared())
    if arguments.json:
        print(json.dumps([session.facts() for session in shared]))
    elif not shared:
        say('Nothing is shared here. "jupyter sshx share" shares a shell.')
    else:
        rows = [["ID", "NAME", "SINCE", "USERS", "SHELLS", "WHERE"]]
        for one in shared:
            since = time.strftime("%Y-%m-%d %H:%M", time.localtime(one.created))
            counts = ["?" if count is None else str(count) for count in (one.users, one.shells)]
            rows.append([one.id[:12], clean(one.name, 40), since, *counts, clean(one.where)])
        print(table(rows))
    return 0


def stop_session(arguments: argparse.Namespace) -> int:
    """Run `stop`."""
    wanted = arguments.id.strip().lower()
    matches = [session for session in _shared() if wanted and session.id.startswith(wanted)]
    if not matches:
        raise Failure(f'There is no session {clean(wanted, 40)!r} here. "jupyter sshx list" shows which there are.')
    if len(matches) > 1:
        raise Failure(f"{clean(wanted, 40)!r} is the beginning of {len(matches)} sessions' ids. Give more of it.")
    session = matches[0]
    if isinstance(session.source, _Server):
        try:
            session.source.call("DELETE", f"{API}/{session.id}")
        except _NotThere as error:
            raise Failure(str(error) or f"{session.name!r} has ended already.") from None
    else:
        _stop_process(session.source)
    print(f"Stopped sharing {clean(session.name)!r}.")
    return 0


def _stop_process(record: records.Record) -> None:
    if not record.here:
        raise Failure(f"{record.name!r} is shared on the machine {clean(record.machine)}; stop it there.")
    with contextlib.suppress(ProcessLookupError):
        os.kill(record.pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_TIMEOUT
    while any(other.id == record.id for other in records.running()):
        if time.monotonic() > deadline:
            raise Failure(f"Process {record.pid} has been asked to stop sharing but has not done so yet.")
        time.sleep(0.05)


def _shared() -> Iterator[_Shared]:
    for record in records.running():
        where = f"process {record.pid}" + ("" if record.here else f" on {record.machine}")
        yield _Shared(record.id, record.name, record.created, where, source=record)
    for server in _servers():
        try:
            for session in server.call("GET", API):
                counts = {key: _count(session.get(key)) for key in ("users", "shells")}
                created = datetime.fromisoformat(str(session["created"]).replace("Z", "+00:00")).timestamp()
                yield _Shared(str(session["id"]), str(session["name"]), created, server.url, **counts, source=server)
        except _NotThere as error:
            if str(error):
                say(f"jupyter sshx: {error}")
        except (KeyError, TypeError, ValueError, AttributeError):
            say(f"jupyter sshx: The server at {server.url} runs another version of sshx-jupyter; it was left out.")


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) else len(value) if isinstance(value, (list, dict)) else None


def _servers() -> Iterator[_Server]:
    from jupyter_core.paths import jupyter_runtime_dir

    if not any(Path(jupyter_runtime_dir()).glob("jpserver-*.json")):
        return  # the import takes seconds
    from jupyter_server.serverapp import list_running_servers

    for info in list_running_servers():
        yield _Server(str(info["url"]), str(info.get("token", "")))


def _connection(url: str) -> http.client.HTTPConnection:
    address = urlsplit(url)
    if address.scheme == "http+unix":
        return _UnixConnection(unquote(address.netloc))
    host = address.hostname or "localhost"
    if address.scheme == "https":
        context = ssl.create_default_context()
        if host in LOCAL:  # certificates name the machine, if anything, and nobody sits in between
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return http.client.HTTPSConnection(host, address.port, timeout=TIMEOUT, context=context)
    return http.client.HTTPConnection(host, address.port, timeout=TIMEOUT)


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=TIMEOUT)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(TIMEOUT)
        self.sock.connect(self._path)
