"""One PTY, with the host's own window beside the session's shell."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator

import pytest

from sshx_jupyter.host.terminals import Terminal, Terminals


class Listener:
    def on_output(self, data: bytes) -> None: ...

    def on_resize(self, rows: int, cols: int) -> None: ...

    def on_viewed(self) -> None: ...

    def on_exit(self) -> None: ...


@pytest.fixture
async def terminal() -> AsyncIterator[Terminal]:
    terminals = Terminals.own()
    terminal = terminals.create(24, 80, command=["cat"])
    terminal.attach(Listener())
    yield terminal
    terminal.detach()
    await terminals.shutdown()


def size(terminal: Terminal) -> tuple[int, int]:
    rows, cols = terminal._pty.ptyproc.getwinsize()
    return rows, cols


async def test_the_hosts_window_decides_the_size_while_it_is_there(terminal: Terminal) -> None:
    view = terminal.view(30, 100)
    assert size(terminal) == (30, 100)
    view.resize(20, 120)
    assert size(terminal) == (20, 120)
    view.close()
    view.close()
    assert size(terminal) == (20, 120)
    terminal.resize(24, 80)
    assert size(terminal) == (24, 80)


async def test_the_session_still_answers_queries(terminal: Terminal) -> None:
    assert not terminal.viewed_elsewhere
    view = terminal.view(30, 100)
    assert not terminal.viewed_elsewhere
    view.close()


async def test_keys_are_noted_where_there_are_no_line_disciplines(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows."""
    monkeypatch.setitem(sys.modules, "termios", None)
    monkeypatch.delattr(os, "tcgetpgrp")
    terminal.typed(b"x")
    assert not terminal.at_prompt
