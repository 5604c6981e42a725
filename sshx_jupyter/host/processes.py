"""Tells what runs in a terminal besides its shell, so that nobody ends it without being asked."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

SHELLS = frozenset(
    {"ash", "bash", "csh", "dash", "elvish", "fish", "ksh", "ksh93", "mksh", "nu", "pwsh", "sh", "tcsh", "xonsh", "zsh"}
)
"""Programs that run nothing while they are in the foreground of their terminal: they wait at their prompt."""


def running_program(fd: int, pid: int) -> str | None:
    """The name of what runs in a terminal; None if its shell waits at the prompt and has no jobs.

    The foreground program comes first, then any job of the terminal, also one that is stopped. The name is empty where
    the system does not tell it: that takes a `/proc` as Linux has it.

    Args:
        fd: the terminal's file descriptor.
        pid: its shell, which leads the terminal's session.
    """
    try:
        foreground = os.tcgetpgrp(fd)
    except (OSError, AttributeError):  # it has just ended; Windows
        return ""
    if foreground != pid:
        return _name(foreground)
    name = _name(pid)
    if name and name not in SHELLS:
        return name
    return next((_name(job) for job in _session(pid) if job != pid), None)


def hang_up(pid: int) -> None:
    """Tell what is left of the session that `pid` has led that its terminal is gone."""
    for job in _session(pid):
        with contextlib.suppress(OSError):
            os.kill(job, signal.SIGHUP)


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except (OSError, ValueError):
        return ""


def _session(pid: int) -> Iterator[int]:
    """The processes of the session that `pid` leads, without those that have ended."""
    with contextlib.suppress(OSError):
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal() and _is_in(int(entry.name), pid):
                yield int(entry.name)


def _is_in(process: int, session: int) -> bool:
    """Whether a process is of this session and has not ended. Of the many others, one system call tells."""
    try:
        if os.getsid(process) != session:
            return False
        # proc_pid_stat(5). The name, which may hold anything, is in parentheses.
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, ValueError, IndexError):
        return False
    return state not in "ZX"
