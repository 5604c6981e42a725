"""`jupyter sshx share`: what it prints, how it ends, and that nothing is left of it."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from iroh import EndpointTicket

from sshx_jupyter import records
from sshx_jupyter.client import SessionEnded, SshxClient
from sshx_jupyter.client.events import Event, StateChanged
from sshx_jupyter.ticket import Ticket
from tests.servers import free_port

from .programs import COMMAND, TIMEOUT, Shared, Sshx, Terminal, alive, children, wait_until

Share = Callable[..., Shared]


@pytest.fixture(autouse=True)
def _no_relays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSHX_RELAYS", "disabled")  # for the clients in this process


def test_one_json_object_with_id_and_tickets(share: Share) -> None:
    shared = share()
    assert shared.facts.keys() == {"id", "tickets"}
    assert shared.facts["tickets"].keys() == {"write", "read"}
    assert len(bytes.fromhex(shared.id)) == 16
    assert shared.ticket.startswith("sshx1")
    assert shared.stop() == 0


def test_a_read_only_session_has_no_ticket_to_write(share: Share, sshx: Sshx) -> None:
    shared = share("--read-only")
    assert shared.facts["tickets"]["write"] is None
    (sshx.config / "jupyter_server_config.json").write_text('{"SshxApp": {"default_role": "reader"}}')
    assert share().facts["tickets"]["write"] is None
    assert share("--no-read-only").facts["tickets"]["write"] is not None


def test_it_ends_when_the_last_shell_has_ended(share: Share, sshx: Sshx) -> None:
    shared = share(command=("sh",))
    joined = sshx.run("join", shared.ticket, stdin="echo $((40 + 2)); exit\n")
    assert "42" in joined.stdout
    assert joined.returncode == 0
    assert joined.stderr == "The shared shell has ended.\n"
    assert shared.end() == 0
    assert "The shared shell has ended." in shared.stderr


def test_a_command_that_ends_at_once(share: Share) -> None:
    shared = share(command=("true",))
    assert shared.end() == 0
    assert shared.facts["id"]


def test_a_command_that_there_is_not(sshx: Sshx) -> None:
    told = sshx.run("share", "--json", "--", "/nonexistent/program")
    assert (told.returncode, told.stdout) == (1, "")
    assert "jupyter sshx: The terminal could not be started" in told.stderr
    assert sshx.records() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_a_signal_ends_it_without_a_trace(share: Share, sshx: Sshx, number: signal.Signals) -> None:
    shared = share(command=("sh", "-c", "sleep 1000; :"))
    [record] = sshx.records()
    assert record.stat().st_mode & 0o777 == 0o600
    assert json.loads(record.read_text())["pid"] == shared.process.pid
    for secret in (shared.ticket, shared.read_ticket):
        assert secret not in record.read_text()
    below = wait_until(lambda: children(shared.process.pid), lambda: "there is no shell")
    async with SshxClient.connect(shared.ticket, name="guest") as client:
        shared.process.send_signal(number)
        with pytest.raises(SessionEnded, match="The host stopped sharing"):
            await client.wait_for(lambda _: False)
    assert shared.end() == 0
    assert sshx.records() == []
    wait_until(lambda: not any(map(alive, below)), lambda: "a process is left")


async def test_a_program_that_does_not_want_to_end(share: Share) -> None:
    shared = share(command=("sh", "-c", "trap '' HUP INT TERM; while :; do sleep 1; done"))
    below = wait_until(lambda: children(shared.process.pid), lambda: "there is no shell")
    assert shared.stop() == 0
    wait_until(lambda: not any(map(alive, below)), lambda: "a process is left")


async def test_who_comes_and_goes_cannot_write_to_the_hosts_terminal(share: Share) -> None:
    shared = share()
    async with SshxClient.connect(shared.read_ticket, name="\x1b]0;evil\x07\x1b[31mEve\u202e\n") as client:
        await asyncio.to_thread(shared.said, "joined (watch). Here now: 1.")
        await client.chat("\x1b[2Jhello\r\nall")
        await asyncio.to_thread(shared.said, "hello all")
        await client.request_write()
        await asyncio.to_thread(shared.said, "asks for write access")
    await asyncio.to_thread(shared.said, "left. Here now: 0.")
    assert not any(char in shared.stderr for char in "\x1b\x07\r\u202e")
    assert "Eve joined" in shared.stderr


def test_password(share: Share, sshx: Sshx) -> None:
    shared = share("--password")
    assert sshx.run("join", shared.ticket, SSHX_PASSWORD="correct horse").returncode == 0
    wrong = sshx.run("join", shared.ticket, SSHX_PASSWORD="wrong")
    assert wrong.returncode == 1
    assert "did not accept this ticket or password" in wrong.stderr
    missing = subprocess.run(  # without a terminal to ask on
        ["setsid", "--wait", *COMMAND, "join", shared.ticket],
        env=sshx.env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert missing.returncode == 1
    assert "set SSHX_PASSWORD" in missing.stderr


def test_the_password_is_not_in_the_shells_environment(share: Share, sshx: Sshx) -> None:
    shared = share("--password")
    told = sshx.run("join", shared.ticket, stdin="env | grep -c SSHX_PASSWORD\n", SSHX_PASSWORD="correct horse")
    assert "\r0\r\n" in told.stdout.replace("\n0", "0")


def test_the_password_may_come_on_stdin(sshx: Sshx) -> None:
    process = sshx.start("share", "--json", "--bind", "127.0.0.1:0", "--password", "--", "sh")
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b"from a pipe\n")
    process.stdin.flush()
    ticket = json.loads(process.stdout.readline())["tickets"]["read"]
    assert sshx.run("join", ticket, SSHX_PASSWORD="from a pipe").returncode == 0
    process.terminate()
    process.communicate(timeout=TIMEOUT)
    assert process.returncode == 0


def test_it_expires(share: Share, sshx: Sshx) -> None:
    shared = share("--expires", "10s")
    joined = sshx.start("join", shared.ticket)
    assert shared.end() == 0
    assert "has reached its end time" in shared.stderr
    _, errors = joined.communicate(timeout=TIMEOUT)
    assert joined.returncode == 0
    assert b"The session has reached its end time." in errors


def test_approve_needs_a_terminal_to_answer_on(sshx: Sshx) -> None:
    told = sshx.run("share", "--approve")
    assert told.returncode == 2
    assert "--approve" in told.stderr


def test_what_is_for_running_terminals_is_no_option_for_a_new_shell(sshx: Sshx) -> None:
    for flag in ("--no-history", "--terminal=1"):
        told = sshx.run("share", flag)
        assert told.returncode == 2
        assert told.stderr.startswith("usage: jupyter sshx share [options]")
        assert f"unrecognized arguments: {flag}" in told.stderr


@pytest.mark.parametrize("json", [False, True])
def test_it_says_when_there_is_no_relay(sshx: Sshx, json: bool) -> None:
    started = time.monotonic()
    relay = f"http://127.0.0.1:{free_port()}"
    options = ("--relays", relay, "--bind", "127.0.0.1:0", *(("--json",) if json else ()))
    told = sshx.run("share", *options, "--", "sh", "-c", "sleep 9")
    assert time.monotonic() - started < 20
    assert "sshx1" in told.stdout
    text = told.stderr if json else told.stdout
    assert text.count("No relay has been found") == 1
    assert json or text.index("No relay has been found") < text.index("sshx1")


@pytest.mark.parametrize("file", ["", "missing/invite.html", "a file/invite.html", "a pipe", "x" * 300])
def test_an_invite_that_cannot_be_written_is_told_before_anything_is_shared(
    sshx: Sshx, tmp_path: Path, file: str
) -> None:
    (tmp_path / "a file").write_text("")
    os.mkfifo(tmp_path / "a pipe")
    told = sshx.run("share", "--json", "--invite", str(tmp_path / file), "--", "sh", "-c", "sleep 99")
    assert (told.returncode, told.stdout) == (2, "")
    assert "The invite cannot be written to " in told.stderr


def test_an_invite_needs_relays(sshx: Sshx, tmp_path: Path) -> None:
    told = sshx.run("share", "--relays", "disabled", "--invite", str(tmp_path / "invite.html"))
    assert (told.returncode, told.stdout) == (2, "")
    assert "--invite needs a relay" in told.stderr


def test_an_invite_waits_for_a_relay(sshx: Sshx, tmp_path: Path) -> None:
    relay, file = f"http://127.0.0.1:{free_port()}", tmp_path / "invite.html"
    options = ("--relays", relay, "--bind", "127.0.0.1:0", "--invite", str(file))
    told = sshx.run("share", *options, "--", "sh", "-c", "sleep 9")
    assert f"The invite {file} is written once a relay has been found." in told.stdout
    assert not file.exists()


def test_links_lead_to_the_configured_guest_page(sshx: Sshx) -> None:
    without = sshx.run("share", "--relays", "disabled", "--", "true").stdout
    assert "There is no link, because no guest page is known. Send the ticket or," in without
    told = sshx.run(
        "share", "--relays", "disabled", "--SshxApp.guest_page=https://a.example/join/", "--", "true"
    ).stdout
    tickets = re.findall(r"jupyter sshx join (sshx1\w+)", told)
    assert re.findall(r"https://\S+", told) == [f"https://a.example/join/#{ticket}" for ticket in tickets]
    assert len(tickets) == 2
    assert "There is no link" not in told


def test_a_session_may_be_stopped_while_it_waits_for_a_relay(sshx: Sshx) -> None:
    process = sshx.start("share", "--relays", f"http://127.0.0.1:{free_port()}", "--bind", "127.0.0.1:0")
    wait_until(sshx.records, lambda: "no session")
    process.terminate()
    out, _ = process.communicate(timeout=3)
    assert (process.returncode, b"sshx1" in out, out) == (0, False, b"Stopped sharing.\n")


def test_relays_that_make_no_sense(sshx: Sshx) -> None:
    (sshx.config / "jupyter_server_config.py").write_text('c.SshxApp.relays = "nonsense"\nprint("hello")\n')
    for options in ((), ("--SshxApp.relays=rubbish",), ("--relays", "rubbish")):
        told = sshx.run("share", "--json", *options, SSHX_RELAYS="disabled")
        assert (told.returncode, told.stdout) == (1, "")
        assert "Relays are" in told.stderr


def test_the_key_file_of_the_command_line_keeps_the_address(share: Share, sshx: Sshx, tmp_path: Path) -> None:
    (sshx.config / "jupyter_server_config.py").write_text(f'c.SshxApp.key_file = "{tmp_path}/of the server"\n')
    option = f"--SshxApp.key_file={tmp_path}/key"
    first, again, other = (endpoint_id(share(*options).ticket) for options in ((option,), (option,), ()))
    assert first == again != other
    assert not (tmp_path / "of the server").exists()
    (tmp_path / "bad").write_text("short")
    told = sshx.run("share", f"--SshxApp.key_file={tmp_path}/bad")
    assert (told.returncode, told.stdout) == (1, "")
    assert f"{tmp_path}/bad" in told.stderr
    assert "Traceback" not in told.stderr


def endpoint_id(ticket: str) -> str:
    return str(EndpointTicket.from_string(Ticket.decode(ticket).endpoint_ticket).endpoint_addr().id())


def test_settings_that_there_are_not(sshx: Sshx) -> None:
    told = sshx.run("share", "--SshxApp.relay=disabled")
    assert (told.returncode, told.stdout) == (2, "")
    assert "SshxApp.relay is not a setting" in told.stderr
    assert "Did you mean SshxApp.relays?" in told.stderr


def test_the_setting_goes_before_the_environment_and_the_option_before_both(share: Share, sshx: Sshx) -> None:
    sshx.env["SSHX_RELAYS"] = "rubbish"
    (sshx.config / "jupyter_server_config.py").write_text('c.SshxApp.relays = "disabled"\n')
    assert share().facts
    (sshx.config / "jupyter_server_config.py").write_text('c.SshxApp.relays = "nonsense"\n')
    assert share("--SshxApp.relays", "disabled").facts
    assert share("--relays", "disabled").facts


def test_a_broken_configuration_file_is_told_and_left_out(share: Share, sshx: Sshx) -> None:
    (sshx.config / "jupyter_server_config.py").write_text("c.SshxApp.relays = \n")
    shared = share()
    assert shared.facts
    shared.said("jupyter_server_config")
    assert "Traceback" not in shared.stderr


def test_limits_are_shared_with_the_server(share: Share, sshx: Sshx) -> None:
    shared = share("--SshxApp.users=1")
    first = sshx.start("join", shared.ticket)
    shared.said("Here now: 1.")
    second = sshx.run("join", shared.ticket)
    assert second.returncode == 1
    assert "This session is full." in second.stderr
    first.communicate(timeout=TIMEOUT)


def test_in_a_terminal_it_says_how_to_join(terminal: Callable[..., Terminal], sshx: Sshx) -> None:
    window = terminal(120, 40)
    options = ("--no-attach", "--bind", "127.0.0.1:0", "--name", "demo")
    window.sshx("share", *options, "--", "bash", "--norc", "--noprofile")
    window.wait_for('Sharing "demo"')
    window.wait_for("To let someone type")
    ticket = window.wait_for("To let someone only watch:\n\n  jupyter sshx join (sshx1[a-z2-7\n]+)")[1].replace(
        "\n", ""
    )
    window.wait_for("Ctrl-C here ends")
    joined = sshx.run("join", ticket, "--name", "Bob")
    assert joined.returncode == 0
    window.wait_for("Bob joined")
    window.wait_for("Bob left")
    window.key("C-c")
    window.wait_for("Stopped sharing.\nready>")
    assert sshx.records() == []


async def test_in_a_terminal_guests_are_let_in_and_may_ask(terminal: Callable[..., Terminal]) -> None:
    window = terminal(200, 40)
    window.sshx("share", "--no-attach", "--bind", "127.0.0.1:0", "--approve")
    ticket = window.wait_for("only watch:\n\n  jupyter sshx join (sshx1[a-z2-7\n]+)")[1].replace("\n", "")
    window.wait_for("Ctrl-C here ends")

    async def answer(question: str, reply: str) -> None:
        await asyncio.to_thread(window.wait_for, question)
        window.enter(reply)

    asking = asyncio.ensure_future(answer("Ann .*wants to join.*y or n", "y"))
    async with SshxClient.connect(ticket, name="Ann") as client:
        await asking
        assert client.role == "reader"
        await client.request_write()
        await answer("Ann .*asks to be allowed to type", "yes")
        await client.wait_for(lambda _: client.role == "writer")
        assert (await client.run("echo $((6 * 7))", timeout=20)).output == "42\n"
    asking = asyncio.ensure_future(answer("Bob .*wants to join.*y or n", "n"))
    with pytest.raises(SessionEnded, match="did not let you in"):
        async with SshxClient.connect(ticket, name="Bob"):
            pass
    await asking
    window.key("C-c")
    window.wait_for("Stopped sharing.")


async def test_nobody_is_asked_about_guests_who_have_left(terminal: Callable[..., Terminal]) -> None:
    window = terminal(200, 40)
    window.sshx("share", "--no-attach", "--bind", "127.0.0.1:0", "--approve")
    ticket = window.wait_for("only watch:\n\n  jupyter sshx join (sshx1[a-z2-7\n]+)")[1].replace("\n", "")
    window.wait_for("Ctrl-C here ends")

    async def knock(name: str) -> asyncio.Task[None]:
        """Wait for the host's answer from now on; done once the host has been asked."""
        waiting = asyncio.Event()

        def on_event(event: Event) -> None:
            if isinstance(event, StateChanged) and event.state == "waiting":
                waiting.set()

        async def join() -> None:
            async with SshxClient.connect(ticket, name=name, on_event=on_event):
                pass

        task = asyncio.create_task(join())
        await waiting.wait()
        return task

    ann = await knock("Ann")
    await asyncio.to_thread(window.wait_for, "Ann .*wants to join")
    bob = await knock("Bob")
    bob.cancel()
    await asyncio.wait([bob])
    cy = await knock("Cy")
    window.enter("n")
    await asyncio.to_thread(window.wait_for, "Cy .*wants to join.*y or n")
    assert "Bob" not in window.text
    window.enter("n")
    for task in (ann, cy):
        with pytest.raises(SessionEnded):
            await task
    window.key("C-c")
    window.wait_for("Stopped sharing.")


def test_a_record_that_is_removed_before_it_is_locked_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, lock, removed = tmp_path / "record", fcntl.flock, False

    def slow(fd: int, operation: int) -> None:
        nonlocal removed
        if not removed:  # by a process that looks at all records meanwhile
            removed = True
            path.unlink()
        lock(fd, operation)

    monkeypatch.setattr(fcntl, "flock", slow)
    fd = records._open_locked(path)
    assert os.path.samestat(os.fstat(fd), path.stat())
    assert records._locked(os.open(path, os.O_RDONLY))
    os.close(fd)


def test_a_record_of_a_process_that_is_gone_is_removed(share: Share, sshx: Sshx) -> None:
    shared = share()
    shared.process.kill()
    shared.process.wait(TIMEOUT)
    assert len(sshx.records()) == 1
    told = sshx.run("list")
    assert "Nothing is shared here." in told.stderr
    assert sshx.records() == []
    assert not alive(shared.process.pid)
    assert os.getpid()  # and nobody else was harmed


def test_nohup(sshx: Sshx) -> None:
    command = ["nohup", *COMMAND, "share", "--json", "--bind", "127.0.0.1:0", "--", "sh"]
    process = subprocess.Popen(command, env=sshx.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    assert process.stdout is not None
    ticket = json.loads(process.stdout.readline())["tickets"]["write"]
    process.send_signal(signal.SIGHUP)
    assert "42" in sshx.run("join", ticket, stdin="echo $((6 * 7))\n").stdout
    process.terminate()
    process.communicate(timeout=TIMEOUT)
    assert process.returncode == 0


def test_in_the_background_it_leaves_the_keys_to_the_shell(terminal: Callable[..., Terminal]) -> None:
    window = terminal(200, 40)
    window.sshx("share", "--no-attach", "--bind", "127.0.0.1:0", "--", "sh")
    window.wait_for("Ctrl-C here ends")
    window.key("C-z")
    window.wait_for("Stopped")
    window.enter("bg")
    window.enter("sleep 1; echo $((6 * 7)); jobs")
    window.wait_for("^42")
    window.wait_for("Running .*share")
    window.enter("kill %1; wait; echo gone")
    window.wait_for("^gone")
