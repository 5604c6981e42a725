"""Real `jupyter sshx` processes, on loopback only, with a Jupyter of their own."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .programs import Shared, Sshx, Terminal, TerminalServer


@pytest.fixture(autouse=True)
def _signals_are_not_ignored() -> Iterator[None]:
    """Processes inherit ignored signals, such as from a `make test &`, and these tests send them."""
    numbers = [number for number in (signal.SIGINT, signal.SIGHUP) if signal.getsignal(number) == signal.SIG_IGN]
    for number in numbers:
        signal.signal(number, signal.SIG_DFL)
    yield
    for number in numbers:
        signal.signal(number, signal.SIG_IGN)


@pytest.fixture
def sshx(tmp_path: Path) -> Sshx:
    """Runs commands."""
    return Sshx(tmp_path)


@pytest.fixture
def share(sshx: Sshx) -> Iterator[Callable[..., Shared]]:
    """Starts `share --json` with the given options; what still runs at the end is stopped."""
    started: list[Shared] = []

    def start(*options: str, command: tuple[str, ...] = ("bash", "--norc", "--noprofile")) -> Shared:
        started.append(Shared(sshx, options, command))
        return started[-1]

    yield start
    for one in started:
        one.close()


@pytest.fixture
def terminal(sshx: Sshx, tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    """Opens terminals, tmux panes with a plain shell in them."""
    server = TerminalServer(sshx.env, tmp_path)
    yield server.open
    server.close()
