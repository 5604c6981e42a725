"""Sessions without history: what a terminal printed before it was shared reaches nobody."""

from __future__ import annotations

import asyncio
import os
import time

import pytest
from terminado.management import PtyWithClients

from sshx_jupyter.client import SshxClient
from sshx_jupyter.host import pty_reader
from sshx_jupyter.host.errors import NotHere
from sshx_jupyter.host.session import Session
from sshx_jupyter.host.shell import Shell
from sshx_jupyter.protocol.messages import Chunks, Hello, Role, Snapshot, Subscribe
from sshx_jupyter.screen import screen as screen_module
from sshx_jupyter.screen.screen import GhosttyScreen, LogScreen
from tests.sessions import Host, RawClient, credentials

SECRET = "hunter2"
ROLES: tuple[Role, ...] = ("owner", "writer", "reader")


async def running(host: Host, script: str, until: str = SECRET) -> PtyWithClients:
    """A terminal that is not shared yet, and has printed `until`."""
    terminal = host.terminals.create(24, 80, command=["sh", "-c", script])
    pty: PtyWithClients = host.terminals._manager.terminals[terminal.name]
    while until not in "".join(pty.read_buffer):
        await asyncio.sleep(0.01)
    return pty


async def share(host: Host, pty: PtyWithClients, *, history: bool = False) -> Session:
    return await host.create(terminals=[pty.term_name], history=history)


def drawn(shell: Shell) -> bytes:
    """The shell's whole screen, as new clients are sent it."""
    return b"".join(part for part, _ in shell.snapshot(True, shell.seq, 0.0).parts)


def type_directly(pty: PtyWithClients, text: str) -> None:
    """Type as the host does in Jupyter's own tab."""
    os.write(pty.ptyproc.fd, text.encode())


async def received(host: Host, session: Session, role: Role, seq: int) -> bytes:
    """Everything that a new client is sent until it has the shell's screen, having asked for the output from `seq`."""
    client = RawClient(await host.dial(), credentials(session, role))
    await client.join()
    await client.until(Hello)
    await client.send(Subscribe(1, seq))
    await client.until((Chunks, Snapshot))  # type: ignore[arg-type]
    return bytes(client.received)


async def shows(client: SshxClient, text: str) -> None:
    await client.wait_for(lambda c: 1 in c._shells and c._shells[1].seq >= 0 and text in c.screen(1).text())


SHELL = f"""
printf '\\033]2;title {SECRET}\\007\\033]7;file:///{SECRET}\\007\\033]133;D;0;aid={SECRET}\\007'
i=0; while [ $i -lt 100 ]; do echo line $i {SECRET}; i=$((i+1)); done
PS1='{SECRET}> ' exec sh
"""


@pytest.mark.parametrize("seq", [-1, 0])
@pytest.mark.parametrize("role", ROLES)
async def test_nobody_gets_what_was_printed_before(host: Host, role: Role, seq: int) -> None:
    pty = await running(host, SHELL, f"{SECRET}> ")
    session = await share(host, pty)
    assert SECRET.encode() not in await received(host, session, role, seq)
    [(_, info)] = session.shell_list()
    assert info.title == f"Terminal {pty.term_name}"
    # This can fail: with the history, the same client gets it.
    assert SECRET.encode() in await received(host, await share(host, pty, history=True), role, seq)


async def test_guests_get_what_is_printed_from_then_on(host: Host) -> None:
    session = await share(host, await running(host, SHELL, f"{SECRET}> "))
    async with host.connect(session) as guest, host.connect(session, "owner") as owner:
        for client in (guest, owner):
            await client.wait_for(lambda c: c._shells[1].seq >= 0)
            assert client.screen(1).text() == ""
            assert client.screen(1).cursor == (len(f"{SECRET}> "), 23)
        await guest.send(1, "PS1='$ '; printf '\\033]2;new\\007'; echo after'wards'\r")
        await shows(owner, "\nafterwards\n$")
        await owner.wait_for(lambda c: c.shells[1].title == "new")
        assert (await guest.run("echo $((6*7))")).output == "42\n"
    async with host.connect(session, "reader") as late:
        await shows(late, "\nafterwards\n$")
        screen = late.screen(1)
        assert isinstance(screen, GhosttyScreen)
        assert SECRET.encode() not in screen.snapshot()


async def test_one_terminal_in_two_sessions(host: Host) -> None:
    pty = await running(host, SHELL)
    with_history, without = await share(host, pty, history=True), await share(host, pty)
    async with host.connect(with_history) as sees_it, host.connect(without) as sees_nothing:
        await shows(sees_it, SECRET)
        await sees_it.send(1, "echo to' all'\r")
        await shows(sees_it, "to all")
        await shows(sees_nothing, "to all")
        assert SECRET in sees_it.screen(1).snapshot().decode()
        assert f"line 99 {SECRET}" not in sees_nothing.screen(1).snapshot().decode()
    assert f"line 0 {SECRET}" in "".join(pty.read_buffer)  # what Jupyter's own tabs begin with


async def test_terminals_of_the_session_itself_hide_nothing(host: Host) -> None:
    session = await host.create(history=False, command=["sh", "-c", f"echo {SECRET}; read go"])
    async with host.connect(session) as guest:
        await shows(guest, SECRET)


async def test_what_nobody_has_read_yet_was_printed_before(host: Host) -> None:
    pty = await running(host, f"echo ready; read go; seq 1 1000; echo {SECRET}; read go", "ready")
    session = await host.create(terminals=(), history=False)
    type_directly(pty, "\n")
    time.sleep(0.3)  # the event loop is busy, and reads nothing
    assert SECRET not in "".join(pty.read_buffer)
    shell = session.open_terminal(str(pty.term_name))
    await asyncio.sleep(0.1)
    assert SECRET in "".join(pty.read_buffer)
    assert SECRET.encode() not in drawn(shell) + b"".join(shell.log.read(0, shell.seq))


async def test_what_a_thread_has_read_was_printed_before(host: Host) -> None:
    pty = await running(host, f"echo ready; read go; seq 1 20000; echo {SECRET}; read go", "ready")
    other = await share(host, pty, history=True)
    session = await host.create(terminals=(), history=False)
    type_directly(pty, "\n")
    while pty not in pty_reader._readers:
        await asyncio.sleep(0)
    time.sleep(0.3)
    assert SECRET.encode() not in drawn(other.shells[1])
    shell = session.open_terminal(str(pty.term_name))
    await asyncio.sleep(0.1)
    assert SECRET.encode() in drawn(other.shells[1])
    assert SECRET.encode() not in drawn(shell) + b"".join(shell.log.read(0, shell.seq))


async def test_a_program_that_goes_on_printing_holds_up_nobody(host: Host) -> None:
    pty = await running(host, "exec yes", "y")
    session = await host.create(terminals=(), history=False)
    start = time.monotonic()
    shell = session.open_terminal(str(pty.term_name))
    assert time.monotonic() - start < 10 * pty_reader.PENDING
    begin = shell.seq
    while shell.seq < begin + (1 << 20):
        await asyncio.sleep(0.01)


async def test_a_terminal_that_has_just_ended_is_not_shared(host: Host) -> None:
    pty = await running(host, "echo ready; read go", "ready")
    session = await host.create(terminals=(), history=False)
    type_directly(pty, "\n")
    time.sleep(0.3)
    with pytest.raises(NotHere):
        session.open_terminal(str(pty.term_name))
    assert session.shells == {}


async def test_a_full_screen_program_shows_nothing_and_takes_input(host: Host, tmp_path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "file").write_text(f"{SECRET}\n" * 50)
    vim = f"vim -u NONE -i NONE -n -N -c 'set mouse=a title ruler' {tmp_path}/file"
    pty = await running(host, f"echo {SECRET}; {vim}; PS1='$ ' exec sh", "Top")
    session = await share(host, pty)
    assert SECRET.encode() not in await received(host, session, "reader", -1)
    async with host.connect(session) as guest:
        await guest.wait_for(lambda c: c._shells[1].seq >= 0)
        screen = guest.screen(1)
        assert isinstance(screen, GhosttyScreen)
        assert (screen.text(), screen.title, guest.shells[1].title) == ("", "", f"Terminal {pty.term_name}")
        terminal = screen._terminal
        assert terminal.active_screen == 1
        assert [mode for mode in (1, 1002, 1006, 1049, 2004) if terminal.mode(mode)] == [1, 1002, 1006, 1049, 2004]
        await guest.send(1, b"\x1bOB:echo 'ty'.'ped' line('.')\r")  # the arrow key as this mode sends it
        await shows(guest, "typed 2")
        await guest.send(1, ":qa!\r")
        await shows(guest, "$")
        assert terminal.active_screen == 0
        assert SECRET.encode() not in screen.snapshot()


async def test_without_libghostty(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen_module, "GhosttyScreen", LogScreen)
    pty = await running(host, f"printf '\\033[?2004h\\033]2;{SECRET}\\007{SECRET}'; read go; printf done; read go")
    session = await share(host, pty)
    got = await received(host, session, "reader", -1)
    assert SECRET.encode() not in got
    assert b"\x1b[?2004h" in got
    type_directly(pty, "\n")
    while b"done" not in drawn(session.shells[1]):
        await asyncio.sleep(0.01)
    assert SECRET.encode() not in drawn(session.shells[1])
