"""Real Jupyter servers in processes of their own, and how one talks to them as a browser does."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from tornado.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse
from tornado.websocket import WebSocketClientConnection, websocket_connect

from sshx_jupyter.client import SshxClient
from sshx_jupyter.links.websocket import WebSocketLink, dial_websocket
from sshx_jupyter.protocol.handshake import Credentials

TOKEN = "a-token-for-tests"
START_TIMEOUT = 60.0
# `jupyter server`, without a check of addresses that nothing here uses and that takes seconds to import.
COMMAND = (
    sys.executable,
    "-c",
    "import sys; sys.modules['rfc3987_syntax'] = None; from jupyter_server.serverapp import main; main()",
)
LAB = ("jupyterlab", "jupyter_lsp", "nbclassic", "notebook", "notebook_shim", "voila.server_extension")
"""Extensions with which a server takes seconds longer to start and to stop."""


class JupyterClient:
    """How one talks to a Jupyter server, wherever it runs."""

    def __init__(self, url: str) -> None:
        self.url = url

    async def call(self, method: str, path: str, body: Any = None) -> HTTPResponse:
        """A request with the token. Never raises for a status."""
        request = HTTPRequest(
            self.url + path,
            method,
            headers={"Authorization": f"token {TOKEN}", "Cookie": "_xsrf=aa", "X-XSRFToken": "aa"},
            body=None if body is None else json.dumps(body),
            allow_nonstandard_methods=True,
            request_timeout=60,
        )
        return await AsyncHTTPClient(force_instance=True).fetch(request, raise_error=False)

    async def json(self, method: str, path: str, body: Any = None) -> Any:
        """What a request that must succeed answers."""
        response = await self.call(method, path, body)
        assert response.code < 300, (response.code, response.body)
        return json.loads(response.body) if response.body else None

    async def terminal(self) -> str:
        """A new terminal of Jupyter's own."""
        name: str = (await self.json("POST", "api/terminals", {}))["name"]
        return name

    async def share(self, **options: Any) -> dict[str, Any]:
        """A new session."""
        session: dict[str, Any] = await self.json("POST", "sshx/api/sessions", options)
        return session

    @contextlib.asynccontextmanager
    async def open_terminal(self, name: str) -> AsyncIterator[TerminalTab]:
        """Jupyter's own view of a terminal, as JupyterLab has it in a tab."""
        url = f"{self.url.replace('http', 'ws', 1)}terminals/websocket/{name}"
        connection = await websocket_connect(HTTPRequest(url, headers={"Authorization": f"token {TOKEN}"}))
        tab = TerminalTab(connection)
        try:
            yield tab
        finally:
            await tab.close()

    async def dial(self, session_id: str, addr: str | None = None) -> WebSocketLink:
        """A link to a session hosted here, or with `addr` a pipe to one hosted elsewhere."""
        url = f"{self.url}sshx/api/link/{session_id}" + (f"?addr={addr}" if addr else "")
        return await dial_websocket(url, token=TOKEN)

    def owner(self, session: dict[str, Any], **options: Any) -> Any:
        """A client as the host's own front end would be one."""
        credentials = Credentials(bytes.fromhex(session["id"]), "owner", bytes.fromhex(session["owner_secret"]))
        return SshxClient.connect(credentials, dial=lambda: self.dial(session["id"]), **options)


class JupyterServer(JupyterClient):
    """A `jupyter server` with the extension, relays disabled. Make one with `jupyter_server`."""

    def __init__(self, process: subprocess.Popen[bytes], url: str, log: Path) -> None:
        super().__init__(url)
        self.process = process
        self.log = log

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or 80

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End the process and wait until it has gone."""
        if self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise AssertionError(f"the server did not stop:\n{self.log.read_text()}") from None


class TerminalTab:
    """A client of Jupyter's own terminal socket; `output` is all that it was sent."""

    def __init__(self, connection: WebSocketClientConnection) -> None:
        self.closed = False
        self._printed: list[str] = []
        self._connection = connection
        self._changed = asyncio.Event()
        self._reader = asyncio.ensure_future(self._read())

    @property
    def output(self) -> str:
        """All that was printed so far."""
        self._printed = ["".join(self._printed)]
        return self._printed[0]

    async def type(self, text: str) -> None:
        await self._connection.write_message(json.dumps(["stdin", text]))

    async def resize(self, rows: int, cols: int) -> None:
        await self._connection.write_message(json.dumps(["set_size", rows, cols, 0, 0]))

    async def wait_for(self, text: str, start: int = 0) -> None:
        """Wait until `text` has been printed, after the first `start` characters."""
        while text not in self.output[start:]:
            assert not self.closed, self.output[-500:]
            self._changed.clear()
            await self._changed.wait()

    async def wait_for_end(self, text: str) -> None:
        """Wait until `text` is near the end of what was printed: quick however much that is."""
        while text not in "".join(self._printed[-3:])[-200:]:
            assert not self.closed
            self._changed.clear()
            await self._changed.wait()

    async def close(self) -> None:
        self._reader.cancel()
        self._connection.close()

    async def _read(self) -> None:
        while (message := await self._connection.read_message()) is not None:
            kind, *rest = json.loads(message)
            if kind == "stdout":
                self._printed.append(rest[0])
            self._changed.set()
        self.closed = True
        self._changed.set()


def free_port() -> int:
    """A TCP port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def jupyter_server(
    directory: Path,
    *arguments: str,
    port: int | None = None,
    config: str = "",
    token: str = TOKEN,
    lab: bool = False,
    base: str = "/",
    login_shells: bool = False,
    ip: str = "127.0.0.1",
) -> Iterator[JupyterServer]:
    """Start a server that keeps its files in `directory`, with a configuration file; it is gone afterwards.

    With `lab` it has JupyterLab and Notebook, if they are installed. `base` is the path of its base URL. With
    `login_shells`, terminals have Jupyter's default shell, which reads the machine's profile. `ip` is where it listens.
    """
    (directory / "config").mkdir(parents=True, exist_ok=True)
    disabled = {} if lab else dict.fromkeys(LAB, False)
    config = f"c.ServerApp.jpserver_extensions = {disabled}\n{config}"
    (directory / "config" / "jupyter_server_config.py").write_text(config)
    (directory / ".bashrc").write_text("PS1='$ '\n")
    port = port or free_port()
    log = directory / "server.log"
    environment = os.environ | {
        "SSHX_RELAYS": "disabled",
        "JUPYTER_RUNTIME_DIR": str(directory / "runtime"),
        "JUPYTER_CONFIG_DIR": str(directory / "config"),
        "SHELL": "/bin/bash",
        "HOME": str(directory),
    }
    command = [*COMMAND, "--no-browser", "--allow-root", f"--ip={ip}"]
    command += [f"--port={port}", "--port-retries=0", f"--IdentityProvider.token={token}", f"--SshxApp.bind={ip}:0"]
    command.append(f"--ServerApp.base_url={base}")
    command.append(f"--ServerApp.root_dir={directory}")
    if not login_shells:
        command.append("--ServerApp.terminado_settings={'shell_command': ['/bin/bash']}")
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*command, *arguments], env=environment, stdout=output, stderr=output, stdin=subprocess.DEVNULL
        )
    server = JupyterServer(process, f"http://{ip}:{port}{base}", log)
    try:
        _wait_until_ready(server)
        yield server
    finally:
        server.stop()


def _wait_until_ready(server: JupyterServer) -> None:
    request = Request(f"{server.url}api/status", headers={"Authorization": f"token {TOKEN}"})
    deadline = time.monotonic() + START_TIMEOUT
    while True:
        assert server.process.poll() is None, server.log.read_text()
        assert time.monotonic() < deadline, server.log.read_text()
        with contextlib.suppress(OSError), urlopen(request, timeout=5) as response:
            if response.status == 200:
                return
        time.sleep(0.05)


def main() -> None:
    """`python -m tests.servers [COUNT [IP]]`: says in a line of JSON where they are; ends them once stdin is closed."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    ip = sys.argv[2] if len(sys.argv) > 2 else "127.0.0.1"
    with contextlib.ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        servers = [stack.enter_context(jupyter_server(directory / str(number), ip=ip)) for number in range(count)]
        sys.stdout.write(json.dumps([{"url": server.url, "token": TOKEN} for server in servers]) + "\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
