"""What clients may do to shells: close, remove, rename, move and resize them, and what everyone is told of it."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import Any

import pytest

from sshx_jupyter.client import SshxClient
from sshx_jupyter.client.command import CommandError
from sshx_jupyter.host.processes import _session
from sshx_jupyter.host.session import Session, SessionEvent
from sshx_jupyter.host.shell import Shell
from sshx_jupyter.protocol.messages import ShellChanged
from tests.sessions import Host


class Tab:
    """A terminado client of the host's own, such as a JupyterLab tab: what terminado knows of one."""

    def __init__(self, shell: Shell) -> None:
        self._pty: Any = shell.terminal._pty
        self.size: tuple[int | None, int | None] = (None, None)

    def on_pty_read(self, text: str) -> None: ...

    def on_pty_died(self) -> None: ...

    def open(self, rows: int, cols: int) -> None:
        self._pty.clients.append(self)
        self.resize(rows, cols)

    def resize(self, rows: int, cols: int) -> None:
        self.size = rows, cols
        self._pty.resize_to_smallest()

    def close(self) -> None:
        self._pty.clients.remove(self)
        self._pty.resize_to_smallest()


async def shared_terminal(host: Host) -> tuple[Session, Shell]:
    """A session that shares a terminal that was running before."""
    name = host.terminals.create(24, 80, command=["sh"]).name
    session = await host.create(terminals=[name])
    [shell] = session.shells.values()
    return session, shell


async def refused(action: Any) -> str:
    """The code of the error with which the host answers."""
    with pytest.raises(CommandError) as caught:
        await action
    return caught.value.code


def changes(client: SshxClient) -> list[tuple[str, str, int | None, str]]:
    """Collects what the client is told of shells from now on."""
    told: list[tuple[str, str, int | None, str]] = []
    client.observe(
        lambda event: (
            told.append((event.change, event.title, event.uid, event.name)) if isinstance(event, ShellChanged) else None
        )
    )
    return told


async def busy(client: SshxClient, shell: Shell) -> None:
    """Let a program run in a shell."""
    await client.send(shell.sid, "sleep 1000\r")
    await until_running(shell)


async def until_running(shell: Shell) -> None:
    while shell.terminal.running is None:
        await asyncio.sleep(0.01)


async def until_idle(shell: Shell) -> None:
    while shell.terminal.running is not None:
        await asyncio.sleep(0.01)


# Ending.


async def test_a_shell_whose_terminal_could_not_be_ended_can_be_closed_again(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await host.create()
    [shell] = session.shells.values()
    tried = asyncio.Event()

    async def failing(_: object) -> None:
        tried.set()
        raise PermissionError

    async with host.connect(session) as client:
        with monkeypatch.context() as patch:
            patch.setattr(type(shell.terminal), "terminate", failing)
            closing = asyncio.ensure_future(client.close_shell(shell.sid, force=True))
            await tried.wait()
        await client.close_shell(shell.sid, force=True)
        await closing
        assert not session.shells


async def test_a_terminal_that_was_running_before_is_closed_by_an_owner_only(host: Host) -> None:
    session, shell = await shared_terminal(host)
    async with host.connect(session) as writer, host.connect(session, "owner") as owner:
        assert writer.shells[shell.sid].protected
        assert await refused(writer.close_shell(shell.sid)) == "notAllowed"
        assert await refused(writer.close_shell(shell.sid, force=True)) == "notAllowed"
        assert await refused(writer.remove_shell(shell.sid)) == "notAllowed"
        await until_idle(shell)
        told = changes(writer)
        await owner.close_shell(shell.sid)
        await writer.wait_for(lambda c: told)
        assert told == [("closed", "Terminal 1", owner.uid, owner.people[owner.uid].name)]
    assert "1" not in host.terminals._manager.terminals


async def test_an_owner_removes_a_terminal_from_the_session_and_it_runs_on(host: Host) -> None:
    session, shell = await shared_terminal(host)
    events: list[SessionEvent] = []
    session.observe(events.append)
    mine = session.create_shell(command=["sh"])
    async with host.connect(session) as writer, host.connect(session, "owner", name="Ada") as owner:
        await busy(writer, shell)
        assert await refused(owner.remove_shell(mine.sid)) == "invalid"
        told = changes(writer)
        await owner.remove_shell(shell.sid)
        await writer.wait_for(lambda c: told)
        assert told == [("removed", "Terminal 1", owner.uid, "Ada")]
        assert list(writer.shells) == [mine.sid]
        assert await refused(owner.close_shell(shell.sid)) == "noShell"
    assert host.terminals.open("1").running == "sleep"
    assert [(event.kind, event.user and event.user.name) for event in events if "shell" in event.kind] == [
        ("shellOpened", None),
        ("shellRemoved", "Ada"),
    ]


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("sleep 1000", "sleep"),
        ("sleep 1000 &", "sleep"),
        ("cat", "cat"),
        # A name with what /proc uses itself.
        ("cp $(command -v sleep) './a) R 1 b' && './a) R 1 b' 1000", "a) R 1 b"),
    ],
)
async def test_a_shell_in_which_something_runs_is_not_closed_without_a_question(
    host: Host, tmp_path: Any, line: str, command: str
) -> None:
    session = await host.create(cwd=str(tmp_path))
    [shell] = session.shells.values()
    async with host.connect(session) as writer:
        assert not writer.shells[shell.sid].protected
        await until_idle(shell)
        await writer.send(shell.sid, line + "\r")
        await until_running(shell)
        while shell.terminal.running != command:
            await asyncio.sleep(0.01)
        with pytest.raises(CommandError, match="is running in") as caught:
            await writer.close_shell(shell.sid)
        assert caught.value.code == "running"
        assert shell.sid in session.shells
        told = changes(writer)
        await writer.close_shell(shell.sid, force=True)
        assert told == [("closed", "Terminal 1", writer.uid, writer.users[writer.uid].name)]
    assert shell.terminal.name not in host.terminals._manager.terminals
    while list(_session(shell.terminal._pty.ptyproc.pid)):  # what ran in it ends as well
        await asyncio.sleep(0.01)


async def test_a_job_that_outlives_its_shell_does_not_keep_the_terminal(host: Host) -> None:
    session = await host.create()
    [shell] = session.shells.values()
    async with host.connect(session) as writer:
        await until_idle(shell)
        await writer.send(shell.sid, "(trap '' HUP; exec sleep 1000) &\r")
        while shell.terminal.running != "sleep":
            await asyncio.sleep(0.01)
        await writer.close_shell(shell.sid, force=True)
    assert shell.terminal.name not in host.terminals._manager.terminals
    [job] = _session(shell.terminal._pty.ptyproc.pid)  # as it asked for
    os.kill(job, signal.SIGKILL)


async def test_a_program_that_was_started_in_place_of_a_shell_runs(host: Host) -> None:
    session = await host.create(command=["sleep", "1000"])
    [shell] = session.shells.values()
    async with host.connect(session) as writer:
        while shell.terminal.running != "sleep":
            await asyncio.sleep(0.01)
        assert await refused(writer.close_shell(shell.sid)) == "running"


async def test_everyone_is_told_who_opened_a_shell_and_that_one_ended(host: Host) -> None:
    session = await host.create()
    async with host.connect(session, name="Ada") as ada, host.connect(session, "reader") as reader:
        told = changes(reader)
        sid = await ada.create(0, 0)
        await reader.wait_for(lambda c: told)
        await ada.send(sid, "exit\r")
        await reader.wait_for(lambda c: len(told) == 2)
        assert told == [("opened", "Terminal 2", ada.uid, "Ada"), ("ended", "Terminal 2", None, "")]


# Names.


async def test_a_shell_is_renamed_and_gets_its_title_back(host: Host) -> None:
    session = await host.create()
    [sid] = session.shells
    async with host.connect(session, name="Ada") as ada, host.connect(session, "reader") as reader:
        told = changes(reader)
        assert await refused(reader.rename_shell(sid, "mine")) == "notAllowed"
        assert await refused(ada.rename_shell(sid, "\x1b\u202e")) == "invalid"
        await ada.rename_shell(sid, "  build\n\x1b[31m ")
        await ada.send(sid, r"printf '\033]0;the title\007'" + "\r")
        await ada.wait_for(lambda _: session.shells[sid].title == "the title")
        await reader.wait_for(lambda c: c.shells[sid].title == "build [31m")
        await ada.rename_shell(sid, "build [31m")  # the same again is no news
        await ada.rename_shell(sid, "")
        await reader.wait_for(lambda c: c.shells[sid].title == "the title")
        assert told == [("renamed", "build [31m", ada.uid, "Ada"), ("renamed", "the title", ada.uid, "Ada")]


async def test_names_that_change_all_the_time_are_told_a_few_times(host: Host) -> None:
    session = await host.create()
    [sid] = session.shells
    async with host.connect(session) as ada, host.connect(session, "reader") as reader:
        told = changes(reader)
        for number in range(100):
            await ada.rename_shell(sid, f"name {number}")
        await reader.wait_for(lambda c: c.shells[sid].title == "name 99")
        assert [title for _, title, *_ in told] == [f"name {number}" for number in range(5)]


# Sizes.


def size(client: SshxClient) -> list[tuple[int, int, bool, bool]]:
    return [(shell.rows, shell.cols, shell.viewed, shell.locked) for shell in client.shells.values()]


async def test_while_the_host_has_it_open_its_own_tab_decides_the_size(host: Host) -> None:
    session, shell = await shared_terminal(host)
    first, second = Tab(shell), Tab(shell)
    async with host.connect(session) as writer, host.connect(session, "owner") as owner:
        await writer.resize(shell.sid, 47, 100)
        await owner.wait_for(lambda c: size(c) == [(47, 100, False, False)])
        for _ in range(3):  # a tab that opens fits, however often
            first.open(38, 90)
            await owner.wait_for(lambda c: size(c) == [(38, 90, True, False)])
            for client in (writer, owner):
                assert await refused(client.resize(shell.sid, 47, 100)) == "viewed"
                assert await refused(client.lock_size(shell.sid, True)) == "viewed"
            assert shell.terminal._pty.ptyproc.getwinsize() == (38, 90)
            second.open(20, 120)  # the smallest counts, as Jupyter does it
            await owner.wait_for(lambda c: size(c) == [(20, 90, True, False)])
            second.close()
            await owner.wait_for(lambda c: size(c) == [(38, 90, True, False)])
            first.close()
            await owner.wait_for(lambda c: size(c) == [(38, 90, False, False)])
            await writer.resize(shell.sid, 50, 200)
            await owner.wait_for(lambda c: size(c) == [(50, 200, False, False)])


async def test_a_size_that_was_asked_for_just_before_the_tab_opens_is_not_applied_after_it(host: Host) -> None:
    session, shell = await shared_terminal(host)
    async with host.connect(session) as writer:
        await writer.resize(shell.sid, 30, 100)
        await writer.resize(shell.sid, 47, 100)  # waits for its turn
        assert shell.terminal.rows == 30
        Tab(shell).open(38, 90)
        await writer.wait_for(lambda c: size(c) == [(38, 90, True, False)])
        await asyncio.sleep(0.1)  # twice as long as resizes wait
        assert shell.terminal._pty.ptyproc.getwinsize() == (38, 90)


async def test_a_locked_size_stays(host: Host) -> None:
    session = await host.create()
    [sid] = session.shells
    async with host.connect(session) as writer, host.connect(session, "reader") as reader:
        assert await refused(reader.lock_size(sid, True)) == "notAllowed"
        await writer.lock_size(sid, True)
        assert await refused(writer.resize(sid, 10, 40)) == "sizeLocked"
        await writer.move(sid, (5, 6))
        await reader.wait_for(lambda c: (c.shells[sid].x, c.shells[sid].locked) == (5, True))
        await writer.lock_size(sid, False)
        await writer.resize(sid, 10, 40)
        await reader.wait_for(lambda c: size(c) == [(10, 40, False, False)])


# Listed mirrors.


async def test_an_owner_at_the_plain_terminal_is_listed(host: Host) -> None:
    session, shell = await shared_terminal(host)
    events: list[tuple[str, str]] = []
    session.observe(lambda event: events.append((event.kind, event.user.name if event.user else "")))
    async with (
        host.connect(session, "reader", name="Guest") as guest,
        host.connect(session, "owner", name="Ada", observer=True) as mirror,
    ):
        assert [user.name for user in guest.users.values()] == ["Guest"]
        await mirror.set_name("Ada")
        await mirror.set_listed(True)
        await mirror.set_listed(True)
        await mirror.set_focus(shell.sid)
        await guest.wait_for(lambda c: any(user.focus == shell.sid for user in c.users.values()))
        assert guest.users[mirror.uid].name == "Ada"
        assert guest.users[mirror.uid].role == "owner"
        await mirror.set_listed(False)
        await guest.wait_for(lambda c: len(c.users) == 1)
        assert events[-2:] == [("joined", "Ada"), ("left", "Ada")]
        assert await refused(guest.set_listed(True)) == "notAllowed"
    async with host.connect(session, "owner") as owner:
        assert await refused(owner.set_listed(False)) == "invalid"
