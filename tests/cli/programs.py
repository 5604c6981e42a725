"""Helpers of the command line's tests: processes, and terminals that a person could sit at."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

COMMAND = (sys.executable, "-m", "sshx_jupyter.cli")
TIMEOUT = 40.0
"""Seconds after which a condition that was waited for will not come true."""


def wait_until(condition: Callable[[], Any], what: Callable[[], str], timeout: float = TIMEOUT) -> Any:
    """Wait until `condition()` is true and return it; fail with `what()` otherwise."""
    deadline = time.monotonic() + timeout
    while True:
        result = condition()
        if result:
            return result
        assert time.monotonic() < deadline, what()
        time.sleep(0.02)


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended but was not waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def children(pid: int) -> list[int]:
    """The processes below a process."""
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    direct = [int(word) for word in found.stdout.split()]
    return direct + [grandchild for child in direct for grandchild in children(child)]


class Sshx:
    """`jupyter sshx` with a home, a Jupyter and settings of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.runtime = home / "runtime"
        self.config = home / "config"
        self.config.mkdir()
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
        self.env = {
            "LC_ALL": "C.UTF-8",
            **kept,
            "HOME": str(home),
            "JUPYTER_RUNTIME_DIR": str(self.runtime),
            "JUPYTER_CONFIG_DIR": str(self.config),
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "PS1": "ready> ",
            "SHELL": "/bin/sh",
            "SSHX_RELAYS": "disabled",
            "TERM": "xterm-256color",
            "USER": "tester",
        }

    def run(
        self, *arguments: str, stdin: str | bytes = "", timeout: float = TIMEOUT, **env: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        data = stdin.encode() if isinstance(stdin, str) else stdin
        done = subprocess.run(
            [*COMMAND, *arguments],
            input=data,
            capture_output=True,
            timeout=timeout,
            env={**self.env, **env},
            check=False,
        )
        assert b"Traceback" not in done.stderr, done.stderr.decode()
        return subprocess.CompletedProcess(
            done.args, done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
        )

    def start(
        self, *arguments: str, stdin: Any = subprocess.PIPE, command: Sequence[str] = COMMAND, **env: str
    ) -> subprocess.Popen[bytes]:
        """Start a command."""
        pipe = subprocess.PIPE
        return subprocess.Popen(
            [*command, *arguments], stdin=stdin, stdout=pipe, stderr=pipe, env={**self.env, **env}, cwd=self.home
        )

    def records(self) -> list[Path]:
        """The files that running `share` processes keep."""
        return list(self.runtime.glob("sshx-*.json"))


class Shared:
    """A running `share --json`."""

    def __init__(self, sshx: Sshx, options: Sequence[str], command: Sequence[str]) -> None:
        network = ("--bind", "127.0.0.1:0")
        password = "SSHX_PASSWORD" if "--password" in options else ""
        env = {password: "correct horse"} if password else {}
        self.process = sshx.start(
            "share", "--json", *network, *options, "--", *command, stdin=subprocess.DEVNULL, **env
        )
        self._errors: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            self.process.wait(TIMEOUT)
            self._reader.join(TIMEOUT)
        self.facts: dict[str, Any] = json.loads(line) if line else {}

    @property
    def id(self) -> str:
        return str(self.facts["id"])

    @property
    def ticket(self) -> str:
        return str(self.facts["tickets"]["write"])

    @property
    def read_ticket(self) -> str:
        return str(self.facts["tickets"]["read"])

    @property
    def stderr(self) -> str:
        return "".join(self._errors)

    def said(self, text: str) -> None:
        """Wait until `share` has said something."""
        wait_until(lambda: text in self.stderr, lambda: f"{text!r} is not in {self.stderr!r}")

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Stop it by a signal and return its exit status."""
        self.process.send_signal(number)
        return self.end()

    def end(self) -> int:
        """Wait for its end and return its exit status."""
        status = self.process.wait(TIMEOUT)
        self._reader.join(TIMEOUT)
        return status

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(TIMEOUT)
            except subprocess.TimeoutExpired:
                self.process.kill()
                raise
        assert self.process.stdout is not None
        assert self.process.stdout.read() == b"", "stdout holds one JSON object and nothing else"

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self._errors.append(line.decode(errors="replace"))


class TerminalServer:
    """A tmux server of one test's own."""

    def __init__(self, env: dict[str, str], directory: Path) -> None:
        self._env = env
        self._socket = str(directory / "tmux.sock")
        self._count = 0

    def open(self, cols: int = 100, rows: int = 30) -> Terminal:
        """Open a terminal with a shell in it."""
        self._count += 1
        name = f"t{self._count}"
        size = ("-x", str(cols), "-y", str(rows))
        self.call("new-session", "-d", "-s", name, *size, "-c", self._env["HOME"], "bash --norc --noprofile")
        terminal = Terminal(self, name)
        terminal.wait_for("ready>")
        return terminal

    def call(self, *arguments: str) -> str:
        command = ["tmux", "-S", self._socket, "-f", "/dev/null", *arguments]
        return subprocess.run(command, env=self._env, capture_output=True, text=True, check=True).stdout

    def close(self) -> None:
        if self._count:
            self.call("kill-server")


class Terminal:
    """One tmux pane."""

    def __init__(self, server: TerminalServer, name: str) -> None:
        self._server = server
        self._name = name

    def type(self, text: str) -> None:
        """Type text as it is."""
        self._server.call("send-keys", "-t", self._name, "-l", text)

    def key(self, *names: str) -> None:
        """Press keys, by tmux's names for them."""
        self._server.call("send-keys", "-t", self._name, *names)

    def enter(self, line: str) -> None:
        """Type a line and press Enter."""
        self.type(line)
        self.key("Enter")

    def sshx(self, *arguments: str) -> None:
        """Run a command in the terminal's own shell."""
        self.enter(shlex.join([*COMMAND, *arguments]))

    def kill(self) -> None:
        """Close the terminal while programs run in it."""
        self._server.call("kill-session", "-t", self._name)

    def resize(self, cols: int, rows: int) -> None:
        self._server.call("resize-window", "-t", self._name, "-x", str(cols), "-y", str(rows))

    @property
    def text(self) -> str:
        """What is on the screen."""
        return self._server.call("capture-pane", "-p", "-t", self._name)

    @property
    def lines(self) -> list[str]:
        return self.text.split("\n")

    @property
    def status(self) -> str:
        """The line at the bottom."""
        return self.text.removesuffix("\n").rpartition("\n")[2]

    def get(self, name: str) -> str:
        """One of tmux's variables of the pane, such as `mouse_any_flag`."""
        return self._server.call("display-message", "-p", "-t", self._name, f"#{{{name}}}").rstrip("\n")

    def wait_for(self, pattern: str, *, timeout: float = TIMEOUT) -> re.Match[str]:
        """Wait until a regular expression is found on the screen."""
        found: re.Match[str] = wait_until(
            lambda: re.search(pattern, self.text, re.MULTILINE),
            lambda: f"{pattern!r} is not on the screen:\n{self.text}",
            timeout,
        )
        return found

    def wait_until(self, condition: Callable[[], Any]) -> None:
        """Wait until something is so."""
        wait_until(condition, lambda: f"It did not come to this; the screen:\n{self.text}")
