"""`jupyter sshx list` and `stop`, for sessions of `share` and of Jupyter servers."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from tests.servers import COMMAND

from .programs import TIMEOUT, Shared, Sshx, wait_until

Share = Callable[..., Shared]


def test_nothing_is_shared(sshx: Sshx) -> None:
    told = sshx.run("list")
    assert (told.returncode, told.stdout) == (0, "")
    assert "Nothing is shared here." in told.stderr
    assert json.loads(sshx.run("list", "--json").stdout) == []


def test_shared_shells_are_listed_without_secrets(share: Share, sshx: Sshx) -> None:
    one, two = share("--name", "first"), share("--name", "second")
    told = sshx.run("list")
    lines = told.stdout.splitlines()
    assert lines[0].split() == ["ID", "NAME", "SINCE", "USERS", "SHELLS", "WHERE"]
    assert [line.split()[:2] for line in lines[1:]] == [[one.id[:12], "first"], [two.id[:12], "second"]]
    facts = json.loads(sshx.run("list", "--json").stdout)
    assert [fact["id"] for fact in facts] == [one.id, two.id]
    assert one.ticket[5:] not in told.stdout + json.dumps(facts)


def test_one_is_stopped_by_the_beginning_of_its_id(share: Share, sshx: Sshx) -> None:
    one, two = share("--name", "first"), share("--name", "second")
    told = sshx.run("stop", one.id[:10])
    assert (told.returncode, told.stdout) == (0, "Stopped sharing 'first'.\n")
    assert one.end() == 0
    assert two.process.poll() is None
    again = sshx.run("stop", one.id[:10])
    assert again.returncode == 1
    assert "There is no session" in again.stderr


def test_a_beginning_that_several_have(share: Share, sshx: Sshx) -> None:
    started: list[Shared] = []
    while len({shared.id[0] for shared in started}) == len(started):
        started.append(share())
    told = sshx.run("stop", started[-1].id[0])
    assert told.returncode == 1
    assert "is the beginning of 2 sessions' ids" in told.stderr
    assert all(shared.process.poll() is None for shared in started)


@pytest.fixture
def server(sshx: Sshx) -> Iterator[dict[str, Any]]:
    """A real Jupyter server, as its runtime file describes it."""
    options = ["--no-browser", "--ServerApp.port=0", "--ServerApp.allow_root=True", "--SshxApp.bind=127.0.0.1:0"]
    extension = '--ServerApp.jpserver_extensions={"sshx_jupyter": True}'
    log = (sshx.home / "server.log").open("wb")
    process = subprocess.Popen(
        [*COMMAND, *options, extension], env=sshx.env, cwd=sshx.home, stdout=log, stderr=log, stdin=subprocess.DEVNULL
    )

    def running() -> dict[str, Any] | None:
        assert process.poll() is None, Path(log.name).read_text()
        for file in sshx.runtime.glob("jpserver-*.json"):
            with contextlib.suppress(ValueError, OSError):  # half written, or written before the server listens
                facts: dict[str, Any] = json.loads(file.read_text())
                call(facts, "GET", "api/status")
                return facts
        return None

    try:
        yield wait_until(running, lambda: Path(log.name).read_text())
    finally:
        process.terminate()
        process.wait(TIMEOUT)
        log.close()


def call(server: dict[str, Any], method: str, path: str) -> Any:
    """Ask the server's REST interface."""
    request = Request(
        server["url"] + path,
        method=method,
        headers={"Authorization": f"token {server['token']}"},
        data=b"{}" if method == "POST" else None,
    )
    with urlopen(request, timeout=TIMEOUT) as response:
        return json.loads(response.read() or b"null")


def test_sessions_of_a_jupyter_server(server: dict[str, Any], sshx: Sshx) -> None:
    def create() -> Any:
        return call(server, "POST", "sshx/api/sessions")

    session = create()
    [fact] = json.loads(sshx.run("list", "--json").stdout)
    assert fact["id"] == session["id"]
    assert fact["name"] == session["name"]
    assert fact["created"] == session["created"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", fact["created"])
    assert fact["where"] == server["url"]
    assert (fact["users"], fact["shells"]) == (0, 1)
    assert server["token"] not in json.dumps(fact)
    joined = sshx.run("join", session["tickets"]["write"], stdin="echo $((6 * 7))\n")
    assert "42" in joined.stdout
    told = sshx.run("stop", session["id"][:12])
    assert (told.returncode, told.stderr) == (0, "")
    assert "Nothing is shared here." in sshx.run("list").stderr
    assert len(call(server, "GET", "api/terminals")) == 1  # it lives on


def test_users_and_shells_are_counted_as_they_come_and_go(share: Share, sshx: Sshx) -> None:
    shared = share()

    def counts() -> tuple[int, int]:
        [fact] = json.loads(sshx.run("list", "--json").stdout)
        return fact["users"], fact["shells"]

    assert counts() == (0, 1)
    joined = sshx.start("join", shared.ticket, "--name", "Ann")
    shared.said("Ann joined")
    assert counts() == (1, 1)
    joined.communicate(timeout=TIMEOUT)
    shared.said("Ann left")
    assert counts() == (0, 1)


KERNEL = """
import sys
import sshx_jupyter
session = sshx_jupyter.share(name="from a kernel", where="kernel")
print(session.ticket, flush=True)
sys.stdin.readline()
session.stop()
print("stopped", flush=True)
sys.stdin.readline()
"""


def test_sessions_of_kernels(sshx: Sshx) -> None:
    kernel = sshx.start("-c", KERNEL, command=[sys.executable])
    assert kernel.stdin is not None
    assert kernel.stdout is not None
    try:
        ticket = kernel.stdout.readline().decode().strip()
        [fact] = json.loads(sshx.run("list", "--json").stdout)
        assert (fact["name"], fact["users"], fact["shells"]) == ("from a kernel", 0, 1)
        assert fact["where"] == f"kernel, process {kernel.pid}"
        assert ticket[5:] not in json.dumps(fact)
        told = sshx.run("stop", fact["id"])
        assert told.returncode == 1
        assert "lives in a kernel" in told.stderr
        kernel.stdin.write(b"\n")
        kernel.stdin.flush()
        assert kernel.stdout.readline() == b"stopped\n"
        assert json.loads(sshx.run("list", "--json").stdout) == []
        assert sshx.records() == []
    finally:
        kernel.communicate(b"\n", timeout=TIMEOUT)


def test_a_server_that_does_not_answer_is_told_and_left_out(share: Share, sshx: Sshx) -> None:
    shared = share()
    sleeper = subprocess.Popen(["sleep", "1000"])
    try:
        record = {"pid": sleeper.pid, "url": "http://127.0.0.1:9/", "token": "x"}
        (sshx.runtime / f"jpserver-{sleeper.pid}.json").write_text(json.dumps(record))
        told = sshx.run("list", "--json")
    finally:
        sleeper.kill()
        sleeper.wait()
    assert told.returncode == 0
    assert [fact["id"] for fact in json.loads(told.stdout)] == [shared.id]
    assert "http://127.0.0.1:9/ does not answer" in told.stderr
    later = sshx.run("list", "--json")  # its file is still there, its process is not
    assert (later.stdout, later.stderr) == (told.stdout, "")
