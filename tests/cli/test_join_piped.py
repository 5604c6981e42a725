"""`jupyter sshx join` without a terminal: for scripts."""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace

import pytest
from iroh import EndpointAddr, EndpointTicket, SecretKey

from sshx_jupyter.client import SshxClient
from sshx_jupyter.client.retry import NO_ANSWER
from sshx_jupyter.ticket import Ticket

from .programs import COMMAND, TIMEOUT, Shared, Sshx, Terminal, alive, wait_until

Share = Callable[..., Shared]
READER = "This ticket lets you watch only"
# `jupyter sshx` that notices and gives up sooner.
IMPATIENT = """\
import sys
from sshx_jupyter.client import connection
from sshx_jupyter.cli import main, piped
connection.SILENCE, piped.PATIENCE = 5.0, 3.0
sys.exit(main())
"""
# Takes 4 MB a second.
SLOW_READER = """\
import sys, time
while data := sys.stdin.buffer.read1(1 << 16):
    sys.stdout.buffer.write(data)
    time.sleep(len(data) / 4e6)
"""
# `jupyter sshx` that says when its second attempt begins, which is soon.
HASTY = """\
import sys
from sshx_jupyter import node
from sshx_jupyter.cli import main
from sshx_jupyter.client import retry
node.DIAL_TIMEOUT, retry.BACKOFF = 7.0, (0.1, 0.1)
dial, attempts = node.SshxNode.dial, []
def counted(self, address):
    attempts.append(address)
    if len(attempts) == 2:
        print("second attempt", file=sys.stderr, flush=True)
    return dial(self, address)
node.SshxNode.dial = counted
sys.exit(main())
"""


def test_stdin_is_typed_and_what_is_printed_comes_out(share: Share, sshx: Sshx) -> None:
    shared = share(command=("sh",))
    told = sshx.run("join", shared.ticket, stdin="echo $((6 * 7)); echo done\n")
    assert told.returncode == 0
    assert told.stdout.startswith("echo $((6 * 7)); echo done\r\n")
    assert "42\r\ndone\r\n" in told.stdout
    assert told.stderr == ""
    assert shared.process.poll() is None


def test_all_that_is_printed_comes_out_however_slowly_it_is_read(share: Share, sshx: Sshx) -> None:
    shared = share(command=("sh",))
    reader = [sys.executable, "-c", SLOW_READER]
    join = subprocess.Popen([*COMMAND, "join", shared.ticket], stdin=-1, stdout=-1, stderr=-1, env=sshx.env)
    assert join.stdin
    assert join.stdout
    assert join.stderr
    slow = subprocess.Popen(reader, stdin=join.stdout, stdout=-1, text=True)
    join.stdin.write(b"seq 1 1000000; echo the end\n")
    join.stdin.close()
    told, _ = slow.communicate(timeout=2 * TIMEOUT)
    lines = told.splitlines()
    first = lines.index("1")
    assert lines[first : first + 1_000_001] == [*map(str, range(1, 1_000_001)), "the end"]
    assert join.stderr.read() == b""
    assert join.wait(TIMEOUT) == 0


def test_what_was_there_before_is_not_printed(share: Share, sshx: Sshx) -> None:
    shared = share(command=("sh",))
    assert "before" in sshx.run("join", shared.ticket, stdin="echo before\n").stdout
    told = sshx.run("join", shared.ticket, stdin="echo after\n")
    assert "after" in told.stdout
    assert "before" not in told.stdout


def test_the_ticket_and_the_input_may_both_be_on_stdin(share: Share, sshx: Sshx) -> None:
    told = sshx.run("join", "-", stdin=f"{share(command=('sh',)).ticket}\necho $((40 + 2))\n")
    assert (told.returncode, told.stderr) == (0, "")
    assert "\r\n42\r\n" in told.stdout


def test_it_waits_while_there_is_output(share: Share, sshx: Sshx) -> None:
    script = "for i in 1 2 3 4; do sleep 0.7; echo $i-$i; done\n"
    assert "4-4" in sshx.run("join", share(command=("sh",)).ticket, stdin=script).stdout


def test_a_lot_of_input_arrives_whole(share: Share, sshx: Sshx) -> None:
    shared = share(command=("sh", "-c", f"stty raw -echo; head -c 3000000 | cksum > {sshx.home}/sum; echo got it"))
    data = os.urandom(1_500_000).hex().encode()
    told = sshx.run("join", shared.ticket, stdin=data)
    assert "got it" in told.stdout
    expected = subprocess.run(["cksum"], input=data, capture_output=True, check=True).stdout
    assert (sshx.home / "sum").read_bytes() == expected


def test_a_terminal_gets_nothing_that_would_change_it(share: Share, terminal: Callable[[int, int], Terminal]) -> None:
    shared = share(command=("sh",))
    window = terminal(100, 30)
    title = window.get("pane_title")
    evil = r"printf '<\033]2;evil\007\033[?1049h\033[32mgreen\033[m>\n'"
    command = shlex.join([*COMMAND, "join", shared.ticket])
    window.enter(f"echo {shlex.quote(evil)} | {command}; echo left $?")
    window.wait_for("^<green>")
    window.wait_for("left 0")
    assert (window.get("pane_title"), window.get("alternate_on")) == (title, "0")


def test_a_reader_cannot_type(share: Share, sshx: Sshx) -> None:
    shared = share()
    told = sshx.run("join", shared.read_ticket, stdin="echo hello\n")
    assert told.returncode == 1
    assert READER in told.stderr
    assert told.stderr.count("\n") == 1


def test_a_reader_can_watch(share: Share, sshx: Sshx) -> None:
    shared = share(command=("sh", "-c", "while :; do echo tick; sleep 0.2; done"))
    process = sshx.start("join", shared.read_ticket)
    assert process.stdout is not None
    assert process.stdout.readline().strip() in (b"tick", b"")
    process.stdout.readline()
    shared.stop()
    _, errors = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 0
    assert b"The host stopped sharing." in errors
    quiet = sshx.run("join", share(command=("sleep", "1000")).read_ticket)
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")


def test_nobody_reads_the_output(share: Share, sshx: Sshx) -> None:
    shared = share(command=("sh", "-c", "while :; do echo tick; sleep 0.05; done"))
    process = sshx.start("join", shared.ticket)
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(TIMEOUT) == 0
    assert process.stderr is not None
    assert process.stderr.read() == b""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it(share: Share, sshx: Sshx, number: signal.Signals) -> None:
    shared = share(command=("sh", "-c", "while :; do echo tick; sleep 0.05; done"))
    process = sshx.start("join", shared.ticket)
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(number)
    _, errors = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 128 + number
    assert errors == b""
    shared.said("left.")


def test_the_host_is_not_there(sshx: Sshx, share: Share) -> None:
    ticket = Ticket.decode(share().ticket)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        nobody = SecretKey.generate().public()
        address = EndpointAddr(nobody, None, [f"127.0.0.1:{silent.getsockname()[1]}"])
        endpoint = str(EndpointTicket.from_addr(address))
        unreachable = Ticket.from_endpoint_ticket(endpoint, ticket.session_id, ticket.secret, "writer")
        process = sshx.start("join", unreachable.encode(), command=(sys.executable, "-c", HASTY))
        assert process.stderr is not None
        assert process.stderr.readline().decode() == "No answer yet. Still trying…\n"
        assert process.stderr.readline().decode() == f"{NO_ANSWER} Still trying; Ctrl-C gives up.\n"
        assert process.stderr.readline() == b"second attempt\n"
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=TIMEOUT)
    assert (process.returncode, errors) == (130, b"")


def test_the_host_answers_late(sshx: Sshx, share: Share) -> None:
    shared = share(command=("sh",))
    shared.process.send_signal(signal.SIGSTOP)
    try:
        process = sshx.start("join", shared.ticket)
        assert process.stderr is not None
        assert process.stderr.readline().startswith(b"No answer yet. ")
        assert process.stderr.readline().decode().startswith(NO_ANSWER)
    finally:
        shared.process.send_signal(signal.SIGCONT)
    output, errors = process.communicate(b"echo $((6 * 7))\n", timeout=TIMEOUT)
    assert b"42\r\n" in output
    assert (process.returncode, errors) == (0, b"")


def test_the_session_is_not_there_or_not_with_this_ticket(sshx: Sshx, share: Share) -> None:
    ticket = Ticket.decode(share().ticket)
    wrong = sshx.run("join", replace(ticket, secret=bytes(16)).encode(), stdin="echo\n")
    assert wrong.returncode == 1
    assert "did not accept this ticket" in wrong.stderr
    gone = sshx.run("join", replace(ticket, session_id=bytes(16)).encode(), stdin="echo\n")
    assert gone.returncode == 1
    assert "This session is no longer shared" in gone.stderr


def test_the_host_is_killed(share: Share, sshx: Sshx) -> None:
    shared = share()
    process = sshx.start("join", shared.ticket, command=(sys.executable, "-c", IMPATIENT))
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b"echo\n")
    process.stdin.flush()
    process.stdout.readline()  # so it has been let in, and knows
    shared.process.kill()
    _, errors = process.communicate(timeout=90)
    assert process.returncode == 1
    assert b"The connection to the host was lost" in errors
    wait_until(lambda: not alive(process.pid), lambda: "it is still there")


async def test_being_removed_is_a_failure(sshx: Sshx) -> None:
    from sshx_jupyter.node import SshxNode

    async with await SshxNode.spawn(relays="disabled", bind="127.0.0.1:0") as node:
        session = await node.host(command=["sh"])
        process = sshx.start("join", str(session.ticket), "--name", "Eve")
        async with SshxClient.connect(str(session.read_ticket), relays="disabled") as client:
            await client.wait_for(lambda _: any(user.name == "Eve" for user in client.users.values()))
            session.kick(next(uid for uid, user in client.users.items() if user.name == "Eve"), "bye")
            await client.wait_for(lambda _: all(user.name != "Eve" for user in client.users.values()))
        _, errors = process.communicate(timeout=TIMEOUT)
        assert process.returncode == 1
        assert b"The host removed you from the session: bye" in errors
        await session.stop(terminals="close")
