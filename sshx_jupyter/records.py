"""The sessions that processes of this user host: each session has a small file in Jupyter's runtime directory.

For sessions of `jupyter sshx share` and of kernels; a Jupyter server tells its own by REST. The process holds a lock on
the file for as long as it lives, however it ends. So a file without a lock is left over, and one with a lock names a
process that is certainly the right one. The file holds no secrets.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

from .host.session import Session, SessionEvent

if sys.platform != "win32":
    import fcntl

PATTERN = "sshx-*.json"
SIZE = 4096
"""Bytes of a file, filled with spaces: it is written anew at once and as a whole, which readers may see half of."""
ATTEMPTS = 5
PAUSE = 0.01

Kind = Literal["share", "kernel"]


@dataclass(frozen=True)
class Record:
    """A shared session. `id` is hexadecimal, `created` Unix time, `kind` what the process is that hosts it."""

    id: str
    name: str
    created: float
    pid: int
    machine: str
    kind: Kind
    users: int
    shells: int

    @property
    def here(self) -> bool:
        """Whether the process runs on this machine: home directories may be shared by several."""
        return self.machine == socket.gethostname()


def keep_record(session: Session, kind: Kind, say: Callable[[str], None]) -> None:
    """Keep a file for the session until it stops. Where none can be kept, `say` gets a sentence about that."""
    with contextlib.ExitStack() as stack:
        try:
            _keep(session, kind, stack)
        except OSError as error:
            reason = error.strerror or "it cannot be locked"
            say(f'"jupyter sshx list" and "stop" will not know of this session: no file in {error.filename}: {reason}.')
        else:
            stack.pop_all()


def _keep(session: Session, kind: Kind, stack: contextlib.ExitStack) -> None:
    if sys.platform == "win32":
        return  # there is no command line either
    record = Record(session.id.hex(), session.name, time.time(), os.getpid(), socket.gethostname(), kind, 0, 0)
    path = _directory() / f"sshx-{record.pid}-{record.id[:12]}.json"
    fd = _open_locked(path)
    stack.callback(os.close, fd)
    stack.callback(path.unlink, missing_ok=True)

    def write() -> None:
        now = replace(record, name=session.name, users=len(session.people()), shells=len(session.shells))
        with contextlib.suppress(OSError):  # the disk is full: what was known stays
            os.pwrite(fd, json.dumps(asdict(now)).encode().ljust(SIZE), 0)

    def on_event(event: SessionEvent) -> None:
        if event.kind == "stopped":
            forget()
            path.unlink(missing_ok=True)
            os.close(fd)
        else:
            write()

    forget = session.observe(on_event)
    write()


def _open_locked(path: Path) -> int:
    """A new file, locked. Another process may remove it before it is locked, as one that was left over."""
    while True:
        path.unlink(missing_ok=True)
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(fd), path.stat()):
                    return fd
        except BlockingIOError:
            pass  # someone is looking at it
        except OSError:
            os.close(fd)
            raise
        os.close(fd)


def records() -> list[Record]:
    """What is shared now, the oldest first. Removes files that were left over."""
    found = []
    for path in _directory().glob(PATTERN):
        with contextlib.suppress(OSError, ValueError, TypeError), path.open("rb") as file:
            if _locked(file.fileno()):
                found.append(_read(file.fileno()))
            else:
                path.unlink(missing_ok=True)
    return sorted(found, key=lambda record: record.created)


def _read(fd: int) -> Record:
    for attempt in range(ATTEMPTS):
        try:
            return Record(**json.loads(os.pread(fd, SIZE, 0)))
        except ValueError:  # it is being written
            if attempt == ATTEMPTS - 1:
                raise
            time.sleep(PAUSE)
    raise AssertionError


def _locked(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def _directory() -> Path:
    from jupyter_core.paths import jupyter_runtime_dir

    directory = Path(jupyter_runtime_dir())
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    return directory
