"""`jupyter sshx list` and `stop`: what is shared here, by this user's `share` processes and Jupyter servers."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from ..jupyter_servers import API, JupyterServer, NoExtension, ServerError, ServerRefused, running_servers
from ..records import Record, records
from ..text import table, utc
from .console import Failure, clean, say

STOP_TIMEOUT = 15.0
PROCESSES = {"share": "process", "kernel": "kernel, process"}


@dataclass(frozen=True)
class _Shared:
    """A session that is shared here. `created` is Unix time, `where` the server's URL or the process that shares it."""

    id: str
    name: str
    created: float
    where: str
    users: int | None = None
    shells: int | None = None
    source: JupyterServer | Record = field(kw_only=True, repr=False)

    def facts(self) -> dict[str, Any]:
        facts = asdict(self)
        del facts["source"]
        return {**facts, "created": utc(self.created)}


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
    if isinstance(session.source, JupyterServer):
        try:
            session.source.call("DELETE", f"{API}/{session.id}")
        except (NoExtension, ServerRefused):
            raise Failure(f"{session.name!r} has ended already.") from None
        except ServerError as error:
            raise Failure(str(error)) from None
    else:
        _stop_process(session.source)
    print(f"Stopped sharing {clean(session.name)!r}.")
    return 0


def _stop_process(record: Record) -> None:
    if not record.here:
        raise Failure(f"{record.name!r} is shared on the machine {clean(record.machine)}; stop it there.")
    if record.kind == "kernel":  # ending the process would end the kernel
        raise Failure(f"{record.name!r} lives in a kernel (process {record.pid}). Stop it there, with %sshx stop.")
    with contextlib.suppress(ProcessLookupError):
        os.kill(record.pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_TIMEOUT
    while any(other.id == record.id for other in records()):
        if time.monotonic() > deadline:
            raise Failure(f"Process {record.pid} has been asked to stop sharing but has not done so yet.")
        time.sleep(0.05)


def _shared() -> Iterator[_Shared]:
    for record in records():
        where = f"{PROCESSES.get(record.kind, 'process')} {record.pid}"
        where += "" if record.here else f" on {record.machine}"
        yield _Shared(record.id, record.name, record.created, where, record.users, record.shells, source=record)
    for server in running_servers():
        try:
            for session in server.call("GET", API):
                counts = {key: _count(session.get(key)) for key in ("users", "shells")}
                created = datetime.fromisoformat(str(session["created"]).replace("Z", "+00:00")).timestamp()
                yield _Shared(str(session["id"]), str(session["name"]), created, server.url, **counts, source=server)
        except NoExtension:
            pass
        except ServerError as error:
            say(f"jupyter sshx: {error} It was left out.")
        except (KeyError, TypeError, ValueError, AttributeError):
            say(f"jupyter sshx: The server at {server.url} runs another version of sshx-jupyter; it was left out.")


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) else len(value) if isinstance(value, (list, dict)) else None
