"""`jupyter sshx ticket`, and what a wrong ticket is told wherever one is asked for."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from sshx_jupyter.ticket import Ticket

from .programs import Shared, Sshx


@pytest.fixture(scope="module")
def writer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    """A session of which only the tickets are wanted."""
    shared = Shared(Sshx(tmp_path_factory.mktemp("writer")), (), ("sh",))
    yield shared
    shared.close()


def test_it_says_what_a_ticket_holds_but_not_its_secret(sshx: Sshx, writer: Shared) -> None:
    told = sshx.run("ticket", writer.ticket)
    ticket = Ticket.decode(writer.ticket)
    assert told.returncode == 0
    assert writer.id in told.stdout
    assert "(writer)" in told.stdout
    assert "127.0.0.1:" in told.stdout
    assert "not needed" in told.stdout
    for secret in (writer.ticket, ticket.secret.hex(), repr(ticket.secret)):
        assert secret not in told.stdout + told.stderr


def test_as_json(sshx: Sshx, writer: Shared) -> None:
    facts = json.loads(sshx.run("ticket", "--json", writer.read_ticket).stdout)
    assert facts.keys() == {"session", "role", "password", "expires_at", "endpoint", "relay", "addresses"}
    assert facts["session"] == writer.id
    assert (facts["role"], facts["password"], facts["relay"]) == ("reader", False, None)
    assert facts["addresses"][0].startswith("127.0.0.1:")


def test_the_ticket_may_come_on_stdin(sshx: Sshx, writer: Shared) -> None:
    assert sshx.run("ticket", "-", stdin=f"{writer.ticket}\n").stdout == sshx.run("ticket", writer.ticket).stdout


@pytest.mark.parametrize("command", ["ticket", "join"])
@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda ticket: "", "No ticket was found."),
        (lambda ticket: "hello", "This is not an sshx ticket."),
        (lambda ticket: ticket[:-9], "This ticket is incomplete"),
        (lambda ticket: ticket[:50] + ("a" if ticket[50] != "a" else "b") + ticket[51:], "contains a wrong character"),
        (lambda ticket: "sshx2" + ticket[5:], "a newer version"),
    ],
)
def test_a_wrong_ticket_is_told_what_is_wrong_with_it(
    sshx: Sshx, writer: Shared, command: str, make: Callable[[str], str], sentence: str
) -> None:
    told = sshx.run(command, make(writer.ticket), stdin="echo")
    assert told.returncode == 1
    assert told.stdout == ""
    assert told.stderr.startswith("jupyter sshx: ")
    assert sentence in told.stderr
    assert told.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [(), ("ticket",), ("nonsense",), ("join",), ("stop",), ("share", "--expires", "soon"), ("list", "--", "x")],
)
def test_wrong_usage_ends_with_2(sshx: Sshx, arguments: tuple[str, ...]) -> None:
    told = sshx.run(*arguments)
    assert told.returncode == 2
    assert "jupyter sshx" in told.stderr


def test_help_needs_no_network_library(sshx: Sshx) -> None:
    code = (
        "import sys; from sshx_jupyter.cli import main\n"
        "try: main(['join', '--help'])\n"
        "except SystemExit: pass\n"
        "assert not {'iroh', 'asyncio', 'jupyter_server', 'pyghostty', 'cbor2'} & sys.modules.keys()"
    )
    done = subprocess.run([sys.executable, "-c", code], env=sshx.env, capture_output=True, text=True, check=True)
    assert "Exit status" in done.stdout
