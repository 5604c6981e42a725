"""A real JupyterHub on loopback: its programs in an environment of their own outside the checkout, and how one uses it.

The environment is made once, which takes about a minute and a half, and kept in `~/.cache/sshx-jupyter`. Its name holds
a hash of what is in it.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from hashlib import sha256
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, Request, build_opener

from tests.servers import free_port

ROOT = Path(__file__).parent.parent
HUB = "jupyterhub==5.5.4"
PROXY = "configurable-http-proxy@5.3.0"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sshx-jupyter"
ADMIN = "a-token-of-an-administrator"
PASSWORD = "a password for everyone"
START_TIMEOUT = 90.0

_CONFIG = """
c.JupyterHub.bind_url = "http://127.0.0.1:{port}{base}"
c.JupyterHub.public_url = "http://127.0.0.1:{port}{base}"
c.JupyterHub.hub_port = {hub_port}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy_port}"
c.ConfigurableHTTPProxy.command = [{proxy!r}]
c.ConfigurableHTTPProxy.auth_token = "a-token-of-the-proxy"
c.JupyterHub.db_url = "sqlite:///{directory}/hub.sqlite"
c.JupyterHub.cookie_secret = bytes(32)
c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = {password!r}
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = "{directory}/home/{{username}}"
c.Spawner.cmd = [{python!r}, "-m", "jupyterhub.singleuser"]
c.Spawner.args = ["--allow-root"]
c.Spawner.default_url = "/sshx/p2p"
c.Spawner.environment = {environment!r}
c.JupyterHub.services = [{{"name": "tests", "api_token": {admin!r}}}]
c.JupyterHub.load_roles = [{{"name": "tests", "services": ["tests"], "scopes": [
    "admin:users", "admin:servers", "tokens", "access:servers"]}}]
"""


class _Environment:
    """The programs of the hub."""

    def __init__(self) -> None:
        lock = ROOT / "tests" / "requirements.lock"
        wanted = [sys.version, HUB, PROXY, lock.read_text(), *_requirements()]
        self.directory = CACHE / f"hub-{sha256(repr(wanted).encode()).hexdigest()[:16]}"
        self.python = self.directory / "bin" / "python"
        self.proxy = self.directory / "node_modules" / ".bin" / "configurable-http-proxy"
        self.directory.parent.mkdir(parents=True, exist_ok=True)
        with self.directory.with_suffix(".lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # another checkout's tests may be making it
            ready = self.directory / ".ready"
            if not ready.exists():
                self._make(lock)
                ready.touch()

    def _make(self, lock: Path) -> None:
        run(sys.executable, "-m", "venv", "--clear", str(self.directory))
        run(str(self.python), "-m", "pip", "install", "--quiet", "--constraint", str(lock), HUB, *_requirements())
        run("npm", "install", "--silent", "--no-save", "--prefix", str(self.directory), PROXY)


def _requirements() -> list[str]:
    """What the package of this checkout needs, as `pyproject.toml` says."""
    text = (ROOT / "pyproject.toml").read_text()
    listed = re.search(r"^dependencies = \[\n(.*?)^\]", text, re.MULTILINE | re.DOTALL)
    assert listed is not None
    return re.findall(r'^  "([^"]+)"', listed[1], re.MULTILINE)


def run(*command: str) -> None:
    """Run a program that must succeed."""
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


class Visitor:
    """A browser, as far as JupyterHub can tell: keeps cookies, follows redirects, and says what it fetches for."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.cookies = CookieJar()
        self._opener = build_opener(HTTPCookieProcessor(self.cookies))
        self._strict = build_opener(HTTPCookieProcessor(self.cookies), _NoRedirects())

    async def get(
        self, path: str, mode: str = "navigate", form: dict[str, str] | None = None, redirects: bool = True
    ) -> Reply:
        """Load an address below the hub's; `mode` is what `Sec-Fetch-Mode` says."""
        data = None if form is None else urlencode(form).encode()
        headers = {"Sec-Fetch-Mode": mode, "Sec-Fetch-Site": "same-origin", "User-Agent": "Mozilla/5.0"}
        if mode == "cors" and (token := self.cookie("_xsrf", f"{self.hub.base}{path}")):
            headers["X-XSRFToken"] = token
        request = Request(self.hub.url + path, data, headers)

        def load() -> Reply:
            try:
                with (self._opener if redirects else self._strict).open(request, timeout=60) as response:
                    return Reply(response.status, response.url, response.headers, response.read())
            except HTTPError as error:
                return Reply(error.code, error.url or "", error.headers, error.read())

        return await asyncio.to_thread(load)

    def cookie(self, name: str, path: str) -> str:
        """A cookie's value as a page at `path` sees it: that of the longest path; empty if there is none."""
        found = [cookie for cookie in self.cookies if cookie.name == name and path.startswith(cookie.path)]
        return (max(found, key=lambda cookie: len(cookie.path)).value or "") if found else ""

    def header(self, path: str) -> str:
        """The `Cookie` header of a request of `path`."""
        sent = [f"{c.name}={c.value}" for c in self.cookies if path.startswith(c.path.rstrip("/") + "/")]
        return "; ".join(sent)

    async def log_in(self, name: str) -> None:
        """Fill in the hub's login form."""
        await self.get("hub/login")
        form = {"username": name, "password": PASSWORD, "_xsrf": self.cookie("_xsrf", f"{self.hub.base}hub/login")}
        reply = await self.get("hub/login", form=form)
        assert reply.status == 200, reply.body


class Reply:
    """What a server answered, after redirects. `url` is where it was."""

    def __init__(self, status: int, url: str, headers: Any, body: bytes) -> None:
        self.status = status
        self.url = url
        self.headers = headers
        self.body = body.decode(errors="replace")


class Hub:
    """A running JupyterHub. `url` ends with its base URL, `base`."""

    def __init__(self, process: subprocess.Popen[bytes], url: str, base: str, log: Path, python: Path) -> None:
        self.process = process
        self.url = url
        self.base = base
        self.log = log
        self.python = python
        """The Python of the single-user servers."""

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """A request with a token; gives the status, and the answer's JSON or None."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"token {ADMIN}", "Content-Type": "application/json", **headers}
        request = Request(self.url + path, data, headers, method=method)

        def load() -> tuple[int, Any]:
            try:
                with build_opener().open(request, timeout=60) as response:
                    text = response.read()
                    return response.status, json.loads(text) if text else None
            except HTTPError as error:
                return error.code, error.read()

        return await asyncio.to_thread(load)

    async def start_server(self, user: str) -> None:
        """Start a user's server, and wait until it is there."""
        await self.call("POST", f"hub/api/users/{user}")
        status, answer = await self.call("POST", f"hub/api/users/{user}/server")
        assert status in (201, 202), (answer, self.log.read_text()[-5000:])
        deadline = time.monotonic() + START_TIMEOUT
        while not (await self.call("GET", f"hub/api/users/{user}"))[1]["servers"].get("", {}).get("ready"):
            assert time.monotonic() < deadline, self.log.read_text()[-5000:]
            await asyncio.sleep(0.3)


@contextlib.contextmanager
def running_hub(directory: Path, config: str = "", base: str = "/") -> Iterator[Hub]:
    """A hub that keeps its files in `directory`; it and all of its servers are gone afterwards.

    Args:
        config: the configuration file of the single-user servers' environment, as an administrator writes it.
        base: the path of the hub's base URL.
    """
    environment = _Environment()
    etc = directory / "etc" / "jupyter"
    etc.mkdir(parents=True)
    enabled = 'c.ServerApp.jpserver_extensions = {"sshx_jupyter": True}\n'  # as an installed package does it by itself
    (etc / "jupyter_server_config.py").write_text(enabled + config)
    port, hub_port, proxy_port = free_port(), free_port(), free_port()
    settings = {"port": port, "hub_port": hub_port, "proxy_port": proxy_port, "directory": directory, "base": base}
    single_user = {
        "PYTHONPATH": str(ROOT),
        "JUPYTER_CONFIG_PATH": str(etc),
        "SSHX_RELAYS": "disabled",
        "SHELL": "/bin/sh",
    }
    programs = {"python": str(environment.python), "proxy": str(environment.proxy)}
    (directory / "hub.py").write_text(
        _CONFIG.format(**settings, **programs, environment=single_user, admin=ADMIN, password=PASSWORD)
    )
    log = directory / "hub.log"
    command = [str(environment.python), "-m", "jupyterhub", "--config", str(directory / "hub.py")]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=directory, stdout=output, stderr=output, stdin=subprocess.DEVNULL, start_new_session=True
        )
    hub = Hub(process, f"http://127.0.0.1:{port}{base}", base, log, environment.python)
    try:
        _wait_until_ready(hub)
        yield hub
    finally:
        process.send_signal(signal.SIGTERM)  # it ends its proxy and its servers
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait_until_ready(hub: Hub) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while True:
        assert hub.process.poll() is None, hub.log.read_text()
        assert time.monotonic() < deadline, hub.log.read_text()
        with contextlib.suppress(OSError), build_opener().open(f"{hub.url}hub/api", timeout=5):
            return
        time.sleep(0.1)
