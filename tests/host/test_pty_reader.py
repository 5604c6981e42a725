"""Bursts of output: whole, for every client of the terminal, bounded, and read by the event loop again afterwards."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import AsyncIterator, Callable

import pytest
from terminado.management import NamedTermManager, PtyWithClients

from sshx_jupyter.host import pty_reader
from sshx_jupyter.host.terminals import Terminal, Terminals


class Tab:
    """A client of terminado's own kind, such as JupyterLab's."""

    size = (None, None)

    def __init__(self) -> None:
        self.text = ""
        self.died = 0

    def on_pty_read(self, text: str) -> None:
        self.text += text

    def on_pty_died(self) -> None:
        self.died += 1


class Guest:
    """Listens to a shared terminal."""

    def __init__(self) -> None:
        self.output = b""
        self.exits = 0

    def on_output(self, data: bytes) -> None:
        self.output += data

    def on_resize(self, rows: int, cols: int) -> None: ...

    def on_viewed(self) -> None: ...

    def on_exit(self) -> None:
        self.exits += 1


@pytest.fixture
async def manager() -> AsyncIterator[NamedTermManager]:
    manager = NamedTermManager(shell_command=["sh"])
    yield manager
    await manager.shutdown()


async def until(condition: Callable[[], object]) -> None:
    while not condition():
        await asyncio.sleep(0.005)


def go(terminal: Terminal) -> None:
    terminal.write(b"\n", lambda count: None)


async def start(manager: NamedTermManager, script: str) -> tuple[PtyWithClients, Terminal, Tab, Guest]:
    """A program that waits for a key, with a tab and a guest."""
    command = ["sh", "-c", f"stty -echo -onlcr; echo ready; read go; {script}"]
    terminal = Terminals(manager).create(24, 80, command=command)
    pty, tab, guest = manager.terminals[terminal.name], Tab(), Guest()
    terminal.attach(guest)
    pty.clients.append(tab)
    await until(lambda: tab.text.endswith("ready\n"))
    tab.text, guest.output = "", b""
    return pty, terminal, tab, guest


async def burst(pty: PtyWithClients, terminal: Terminal, tab: Tab, on_pty_read: Callable[[str], None]) -> None:
    """Let a burst begin, and keep the event loop busy until as much waits for it as may. `on_pty_read` gets that."""
    go(terminal)
    await until(lambda: pty in pty_reader._readers)
    tab.on_pty_read = on_pty_read  # type: ignore[assignment, method-assign]
    while pty_reader._readers[pty]._size < pty_reader.GATHERED:
        time.sleep(0.001)


LINES = "".join(f"{i}\n" for i in range(1, 100_001))


async def test_everybody_gets_all_of_it_in_order(manager: NamedTermManager) -> None:
    pty, terminal, tab, guest = await start(manager, "seq 1 100000; printf over; read go; echo again; read go")
    open_files = len(os.listdir("/proc/self/fd"))
    go(terminal)
    await until(lambda: pty in pty_reader._readers)
    await until(lambda: tab.text.endswith("over"))
    assert tab.text == LINES + "over"
    assert guest.output.decode() == tab.text
    assert max(map(len, list(pty.read_buffer)[-50:])) <= pty_reader.HISTORY_PIECE
    await until(lambda: pty not in pty_reader._readers)
    assert len(os.listdir("/proc/self/fd")) == open_files
    go(terminal)  # and now the event loop reads again
    await until(lambda: guest.output.endswith(b"again\n"))
    assert pty not in pty_reader._readers


async def test_the_event_loop_does_other_things_between_pieces(manager: NamedTermManager) -> None:
    pty, terminal, tab, _ = await start(manager, "seq 1 100000; read go")
    loop = asyncio.get_running_loop()
    turns, pieces = 0, []

    def turn() -> None:
        nonlocal turns
        turns += 1
        if len(tab.text) < len(LINES):
            loop.call_soon(turn)

    def on_pty_read(text: str) -> None:
        tab.text += text
        pieces.append((turns, len(text)))

    await burst(pty, terminal, tab, on_pty_read)
    loop.call_soon(turn)
    await until(lambda: tab.text == LINES)
    assert max(size for _, size in pieces) < pty_reader.PIECE + (8 << 10)
    assert len({number for number, _ in pieces}) == len(pieces)


async def beside_a_typist(manager: NamedTermManager, elsewhere: bool) -> tuple[list[int], list[float]]:
    """A burst, of which each piece keeps the event loop busy for 10 ms, while someone types into its terminal or
    another one. Returns the pieces' sizes, and the pauses before them in units of these 10 ms."""
    pty, terminal, tab, _ = await start(manager, "seq 1 100000; read go")
    _, other, *_ = await start(manager, "")
    typed = other if elsewhere else terminal
    sizes, pauses = [], []
    before: tuple[object, float] = None, 0

    def on_pty_read(text: str) -> None:
        nonlocal before
        reader = pty_reader._readers.get(pty)
        if reader is before[0] is not None:
            pauses.append((time.monotonic() - before[1]) / 0.01)
        sizes.append(len(text))
        tab.text += text
        typed.typed(b"x")
        time.sleep(0.01)
        before = reader, time.monotonic()

    await burst(pty, terminal, tab, on_pty_read)
    typed.typed(b"x")
    await until(lambda: tab.text == LINES)
    return sizes, pauses


async def test_output_makes_way_for_an_echo_elsewhere(manager: NamedTermManager) -> None:
    sizes, _ = await beside_a_typist(manager, elsewhere=False)
    assert max(sizes) >= pty_reader.PIECE
    sizes, pauses = await beside_a_typist(manager, elsewhere=True)
    assert max(sizes) < pty_reader.SMALL_PIECE + (8 << 10)
    assert len(pauses) > 5
    assert min(pauses) >= 1


async def test_output_makes_way_also_if_nothing_waits(
    manager: NamedTermManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pty_reader, "SMALL_PIECE", 2 * pty_reader.GATHERED)
    sizes, pauses = await beside_a_typist(manager, elsewhere=True)
    assert max(sizes) >= pty_reader.GATHERED  # all that had gathered
    assert min(pauses) >= 1


async def test_two_sessions_share_one_burst(manager: NamedTermManager) -> None:
    _, terminal, tab, guest = await start(manager, "seq 1 100000; read go")
    other = Guest()
    Terminals(manager).open(terminal.name).attach(other)
    go(terminal)
    await until(lambda: len(tab.text) == len(LINES))
    assert guest.output.decode() == other.output.decode() == tab.text == LINES


async def test_characters_are_not_cut(manager: NamedTermManager) -> None:
    count = "i=0; while [ $i -lt 4000 ]; do echo $i 中文中文中文中文中文中文中文中文中文中文; i=$((i+1)); done"
    _, terminal, tab, guest = await start(manager, f"{count}; read go")
    go(terminal)
    expected = "".join(f"{i} {'中文' * 10}\n" for i in range(4000))
    await until(lambda: len(tab.text) >= len(expected))
    assert tab.text == expected
    assert guest.output.decode() == expected


async def test_a_program_that_ends_in_a_burst(manager: NamedTermManager) -> None:
    pty, terminal, tab, guest = await start(manager, "exec seq 1 100000")
    go(terminal)
    await until(lambda: guest.exits)
    assert (guest.output.decode(), tab.text) == (LINES, LINES)
    assert (guest.exits, tab.died) == (1, 1)
    assert pty not in pty_reader._readers


async def test_what_waits_for_the_event_loop_is_bounded(manager: NamedTermManager) -> None:
    pty, terminal, _, guest = await start(manager, "exec yes")
    go(terminal)
    await until(lambda: pty in pty_reader._readers)
    reader = pty_reader._readers[pty]
    time.sleep(0.3)  # the event loop is busy
    waiting = reader._size
    assert pty_reader.GATHERED <= waiting < pty_reader.GATHERED + pty_reader.READ_SIZE
    seen = len(guest.output)
    await until(lambda: len(guest.output) > seen + 4 * pty_reader.GATHERED)  # and it goes on
    await terminal.terminate()


async def test_a_terminal_that_is_not_shared_any_more_goes_on(manager: NamedTermManager) -> None:
    pty, terminal, tab, guest = await start(manager, "seq 1 100000; read go")
    go(terminal)
    await until(lambda: pty in pty_reader._readers)
    terminal.detach()
    await until(lambda: len(tab.text) == len(LINES))
    assert tab.text == LINES
    assert len(guest.output) < len(LINES)
    await until(lambda: pty not in pty_reader._readers)


async def test_a_client_that_fails_disturbs_nobody(manager: NamedTermManager) -> None:
    pty, terminal, tab, guest = await start(manager, "exec seq 1 100000")

    class Broken(Tab):
        def on_pty_read(self, text: str) -> None:
            raise RuntimeError("its socket is closed")

    go(terminal)
    await until(lambda: pty in pty_reader._readers)
    pty.clients.insert(0, Broken())
    await until(lambda: guest.exits)
    assert guest.output.decode() == tab.text == LINES
    assert tab.died == 1


async def test_the_loop_reads_on_where_no_thread_is_left(
    manager: NamedTermManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start_no_thread(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    pty, terminal, tab, guest = await start(manager, "exec seq 1 100000")
    open_files = len(os.listdir("/proc/self/fd"))
    monkeypatch.setattr(threading.Thread, "start", start_no_thread)
    go(terminal)
    await until(lambda: len(tab.text) > pty_reader.BURST)
    assert pty not in pty_reader._readers
    assert len(os.listdir("/proc/self/fd")) == open_files
    await until(lambda: guest.exits)
    assert guest.output.decode() == tab.text == LINES


async def test_a_late_loop_knows_a_burst_too(manager: NamedTermManager) -> None:
    pty, terminal, _, _ = await start(manager, "exec yes")
    busy = True

    async def compute() -> None:
        while busy:
            time.sleep(1.2 * pty_reader.QUIET)
            await asyncio.sleep(0)

    computing = asyncio.ensure_future(compute())
    go(terminal)
    await until(lambda: pty in pty_reader._readers)
    busy = False
    await computing
    await terminal.terminate()


async def test_a_trickle_after_a_burst_is_read_by_the_loop(manager: NamedTermManager) -> None:
    trickle = "while :; do printf .; i=0; while [ $i -lt 300 ]; do i=$((i+1)); done; done"
    pty, terminal, _, guest = await start(manager, f"seq 1 100000; {trickle}")
    go(terminal)
    await until(lambda: pty in pty_reader._readers)
    await until(lambda: guest.output.endswith(b".") and pty not in pty_reader._readers)
    await terminal.terminate()
