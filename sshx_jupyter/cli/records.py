"""The running `jupyter sshx share` processes of this user: each keeps a small file in Jupyter's runtime directory.

The process holds a lock on its file for as long as it lives, however it ends. So a file without a lock is left over,
and one with a lock names a process that is certainly the right one. The file holds no secrets.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from .console import say

PATTERN = "sshx-*.json"
LARGEST = 65_536


@dataclass(frozen=True)
class Record:
    """A shared session. `id` is hexadecimal, `created` Unix time."""

    id: str
    name: str
    created: float
    pid: int
    machine: str

    @property
    def here(self) -> bool:
        """Whether the process runs on this machine: home directories may be shared by several."""
        return self.machine == socket.gethostname()


@contextlib.contextmanager
def recorded(session_id: str, name: str) -> Iterator[None]:
    """Keep this process's file while the context lasts. Where none can be kept, it says so and does without."""
    record = Record(session_id, name, time.time(), os.getpid(), socket.gethostname())
    with contextlib.ExitStack() as stack:
        try:
            _keep(record, stack)
        except OSError as error:
            reason = error.strerror or "it cannot be locked"
            say(f'"jupyter sshx list" and "stop" will not know of this session: no file in {error.filename}: {reason}.')
        yield


def _keep(record: Record, stack: contextlib.ExitStack) -> None:
    path = _directory() / f"sshx-{record.pid}.json"
    path.unlink(missing_ok=True)  # of an earlier process that had our number
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    stack.callback(path.unlink, missing_ok=True)
    file = stack.enter_context(os.fdopen(fd, "w"))
    fcntl.flock(file, fcntl.LOCK_EX)
    json.dump(asdict(record), file)
    file.flush()


def running() -> list[Record]:
    """What is shared now, the oldest first. Removes files that were left over."""
    found = []
    for path in _directory().glob(PATTERN):
        with contextlib.suppress(OSError, ValueError, TypeError), path.open() as file:
            if _locked(file.fileno()):
                found.append(Record(**json.loads(file.read(LARGEST))))
            else:
                path.unlink(missing_ok=True)
    return sorted(found, key=lambda record: record.created)


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
