"""`jupyter sshx share` in a terminal, where its shell opens: in tmux, with guests who join."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
import signal
from collections.abc import Callable

import pytest

from sshx_jupyter.client import SessionEnded, SshxClient
from sshx_jupyter.client.command import CommandError

from .programs import COMMAND, Sshx, Terminal, alive, children, wait_until

Open = Callable[..., Terminal]
READER = "To let someone only watch:"
WRITER = "To let someone type, and run commands as you:"


@pytest.fixture(autouse=True)
def _no_relays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSHX_RELAYS", "disabled")  # for the clients in this process


@pytest.fixture
def host(terminal: Open) -> Terminal:
    """A terminal in which a shell is shared."""
    return share(terminal(100, 30))


def share(window: Terminal, *options: str) -> Terminal:
    command = ("--", "bash", "--norc", "--noprofile")
    window.sshx("share", "--bind", "127.0.0.1:0", "--name", "demo", *options, *command)
    window.wait_for("You share this shell")
    window.wait_for("^ready>")
    return window


def ticket(window: Terminal, purpose: str = WRITER) -> str:
    """A ticket, as it is read off the screen."""
    found = window.wait_for(rf"{purpose}\n +jupyter sshx join\n( +sshx1[a-z2-7 \n]+?)\n *\n")[1]
    return re.sub(r"\s", "", found)


def menu(window: Terminal, key: str) -> None:
    window.key("C-]")
    window.wait_for(r"Esc.back *$")
    window.key(key)


def stopped(window: Terminal) -> None:
    """Stop sharing in the menu."""
    menu(window, "q")
    window.wait_for("Stop sharing[?]")
    window.key("y")
    window.wait_for("^Stopped sharing.\nready>")


def test_the_shell_opens_with_the_tickets_above_the_status_line(host: Terminal, sshx: Sshx) -> None:
    shown = ticket(host), ticket(host, READER)
    host.enter("echo $((6 * 7))")  # the first key is the shell's, too
    host.wait_for("^42 *$")
    host.wait_for(r"^ demo │ shell 1/1.* │ you .*local .* │ Ctrl-\] menu *$")
    assert "sshx1" not in host.text
    [fact] = json.loads(sshx.run("list", "--json").stdout)
    assert (fact["name"], fact["users"], fact["shells"]) == ("demo", 1, 1)
    menu(host, "t")
    assert (ticket(host), ticket(host, READER)) == shown
    host.key("Escape")
    stopped(host)
    assert host.get("alternate_on") == "0"
    assert 'Sharing "demo"' in host.text  # what was printed before the shell opened is there again
    assert shown[0] in host.text.replace("\n", "")
    assert sshx.records() == []


def test_ctrl_c_goes_to_the_shell_and_exit_ends_it(host: Terminal) -> None:
    host.enter("echo beg''an; sleep 1000; echo not this")
    host.wait_for("^began")  # before, the interrupt would meet bash at its prompt, with keys that it has not read
    host.key("C-c")
    host.wait_for(r"\^C\nready> *$")
    host.enter("exit")
    host.wait_for("^The shared shell has ended.\nready>")


async def test_the_host_in_the_terminal_is_one_of_the_people(host: Terminal) -> None:
    async with SshxClient.connect(ticket(host), name="Ann") as client:
        await client.wait_for(lambda _: len(client.people) == 2)
        assert {(user.name, user.role) for user in client.people.values()} == {("Ann", "writer"), ("tester", "owner")}
        assert client.host_views
        host.key("Enter")  # the tickets go
        await asyncio.to_thread(host.wait_for, "│ you, Ann ")


async def test_the_size_is_that_of_the_hosts_terminal(host: Terminal) -> None:
    async with SshxClient.connect(ticket(host), name="Ann") as client:
        await client.wait_for(lambda _: client.shells)
        [sid] = client.shells
        assert (client.shells[sid].rows, client.shells[sid].cols) == (29, 100)
        host.resize(81, 21)
        await client.wait_for(lambda _: (client.shells[sid].rows, client.shells[sid].cols) == (20, 81))
        await client.send(sid, b"stty size\r")
        await asyncio.to_thread(host.wait_for, "^20 81 *$")
        sid = await client.create()
        menu(host, "2")
        await client.wait_for(lambda _: (client.shells[sid].rows, client.shells[sid].cols) == (20, 81))


async def test_requests_are_answered_by_keys(terminal: Open) -> None:
    host = share(terminal(100, 30), "--approve")
    reader = ticket(host, READER)
    asking = asyncio.ensure_future(asyncio.to_thread(host.wait_for, r"Ann wants to join. Ctrl-\] r answers"))

    async def answer(question: str, key: str) -> None:
        await asyncio.to_thread(menu, host, "r")
        await asyncio.to_thread(host.wait_for, question)
        host.key(key)

    async def let_in() -> None:
        await asking
        await answer(r"Ann wants to join \(to watch\)[.]  y allow", "y")

    letting = asyncio.ensure_future(let_in())
    async with SshxClient.connect(reader, name="Ann") as client:
        await letting
        assert client.role == "reader"
        await client.request_write()
        await asyncio.to_thread(host.wait_for, r"1 request: Ctrl-\] r")
        await answer("Ann asks to type[.]  y allow", "y")
        await client.wait_for(lambda _: client.role == "writer")
    refusing = asyncio.ensure_future(answer_later(host, "Bob wants to join", "n"))
    with pytest.raises(SessionEnded, match="did not let you in"):
        async with SshxClient.connect(reader, name="Bob"):
            pass
    await refusing


async def answer_later(host: Terminal, wish: str, key: str) -> None:
    await asyncio.to_thread(host.wait_for, wish)
    await asyncio.to_thread(menu, host, "r")
    await asyncio.to_thread(host.wait_for, f"{wish}.*y allow")
    host.key(key)


async def test_what_people_may_do_is_changed_and_they_are_removed(host: Terminal) -> None:
    async with SshxClient.connect(ticket(host), name="Ann") as client:
        await asyncio.to_thread(menu, host, "u")
        await asyncio.to_thread(host.wait_for, "> Ann .*may type")
        host.key("r")
        await client.wait_for(lambda _: client.role == "reader")
        host.key("w")
        await client.wait_for(lambda _: client.role == "writer")
        host.key("x")
        await asyncio.to_thread(host.wait_for, "Remove Ann")
        host.key("y")
        with pytest.raises(SessionEnded, match="removed you"):
            await client.wait_for(lambda _: False)


async def test_nobody_takes_the_place_of_someone_who_was_chosen_and_has_left(host: Terminal) -> None:
    shown = ticket(host)
    async with SshxClient.connect(shown, name="Bob") as bob:
        async with SshxClient.connect(shown, name="Ann"):
            await asyncio.to_thread(menu, host, "u")
            await asyncio.to_thread(host.wait_for, "Ann")
            host.key("Down")
            await asyncio.to_thread(host.wait_for, "> Ann .*may type")
        await asyncio.to_thread(host.wait_for, "Up/Down choose  Esc back")
        host.key("r")
        host.key("Down")
        await asyncio.to_thread(host.wait_for, "> Bob .*may type")
        assert bob.role == "writer"
        host.key("r")
        await bob.wait_for(lambda _: bob.role == "reader")


async def test_stopping_asks_and_says_what_happens(host: Terminal) -> None:
    async with SshxClient.connect(ticket(host), name="Ann") as client:
        host.key("Enter")
        await asyncio.to_thread(host.wait_for, "you, Ann|Ann joined")
        await asyncio.to_thread(menu, host, "q")
        await asyncio.to_thread(host.wait_for, "Stop sharing[?] The shell ends, and the guest is disconnected.")
        host.key("n")
        await asyncio.to_thread(host.wait_for, r"Ctrl-\] menu")
        await asyncio.to_thread(stopped, host)
        with pytest.raises(SessionEnded, match="The host stopped sharing"):
            await client.wait_for(lambda _: False)


async def test_guests_neither_end_nor_resize_the_hosts_shell_and_the_host_reads_what_they_do(host: Terminal) -> None:
    async with SshxClient.connect(ticket(host), name="Ann") as client:
        host.key("Enter")  # the tickets go
        [sid] = client.shells
        before = client.shells[sid]
        assert (before.protected, before.viewed) == (True, True)
        for attempt, code in ((client.resize(sid, 10, 40), "viewed"), (client.close_shell(sid, True), "notAllowed")):
            with pytest.raises(CommandError) as refused:
                await attempt
            assert refused.value.code == code
        other = await client.create()
        await asyncio.to_thread(host.wait_for, "Ann opened “Terminal 2”")
        await client.rename_shell(other, "build")
        await asyncio.to_thread(host.wait_for, "Ann renamed a shell to “build”")
        await client.close_shell(other, force=True)
        await asyncio.to_thread(host.wait_for, "Ann closed “build”")
        await asyncio.to_thread(menu, host, "d")
        await asyncio.to_thread(host.wait_for, "You left the shell. It goes on")
        await client.wait_for(lambda _: not client.shells[sid].viewed)
        await client.resize(sid, 10, 40)
        await client.close_shell(await client.create(), force=True)
        await asyncio.to_thread(host.wait_for, "Ann closed “Terminal 2”")


async def test_leaving_goes_on_sharing(host: Terminal) -> None:
    async with SshxClient.connect(ticket(host), name="Ann") as client:
        await asyncio.to_thread(menu, host, "d")
        await asyncio.to_thread(host.wait_for, "You left the shell. It goes on")
        assert host.get("alternate_on") == "0"
        assert (await client.run("echo $((6 * 7))", timeout=20)).output == "42\n"
        await client.chat("still there?")
        await asyncio.to_thread(host.wait_for, "Ann says: still there")
    await asyncio.to_thread(host.wait_for, "Ann left. Here now: 0.")
    host.key("C-c")
    host.wait_for("Stopped sharing.\nready>")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_and_puts_the_terminal_back(terminal: Open, sshx: Sshx, number: signal.Signals) -> None:
    window = terminal(90, 20)
    window.enter("echo $$ > pid; stty -a > before")
    share(window)
    [process] = children(int((sshx.home / "pid").read_text()))[:1]
    below = children(process)
    os.kill(process, number)
    window.wait_for("^Stopped sharing.\nready>")
    window.enter("stty -a > after; cmp before after && echo the same")
    window.wait_for("^the same")
    wait_until(lambda: not any(map(alive, below)), lambda: "a process is left")


def test_a_terminal_that_is_closed_ends_it(terminal: Open, sshx: Sshx) -> None:
    terminal()  # the terminals' server ends with its last one
    window = terminal(90, 20)
    window.enter("echo $$ > pid")
    share(window)
    below = children(int((sshx.home / "pid").read_text()))
    window.kill()
    wait_until(lambda: not any(map(alive, below)), lambda: "a process is left")
    assert sshx.records() == []


def test_in_the_background_it_prints_and_waits(terminal: Open) -> None:
    window = terminal(200, 40)
    window.enter(f"{shlex.join(COMMAND)} share --bind 127.0.0.1:0 -- sh &")
    window.wait_for("Ctrl-C here ends")
    window.enter("kill %1; wait; echo gone")
    window.wait_for("^gone")
