"""This user's running Jupyter servers: found by their files in Jupyter's runtime directory, asked by REST.

For the command line, which asks all of them, and for a notebook's kernel, which asks the one that has started it.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import secrets
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

API = "sshx/api/sessions"
TIMEOUT = 5.0
LOCAL = ("localhost", "127.0.0.1", "::1")


class ServerError(Exception):
    """The server did not do what it was asked. `str()` is a sentence for the person."""


class NoExtension(ServerError):
    """The server does not have the extension."""


class NoAccess(ServerError):
    """The server does not let this user in with what its runtime file says."""


class ServerRefused(ServerError):
    """The extension's own answer: `reason` is its word, see `server/openapi.yaml`."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True)
class JupyterServer:
    """A running Jupyter server. `url` ends with its base URL; `token` is empty if it needs none."""

    url: str
    token: str = field(repr=False)

    @property
    def local(self) -> bool:
        """Whether it is on this machine: certificates name the machine, if anything, and nobody sits in between."""
        return urlsplit(self.url).hostname in LOCAL

    def call(self, method: str, path: str, body: Any = None, timeout: float = TIMEOUT) -> Any:
        """Ask the server; returns parsed JSON or None. Raises `ServerError`."""
        address = urlsplit(self.url)
        sent = None if body is None else json.dumps(body)
        connection = self._connection(timeout)
        try:
            connection.request(method, f"{address.path.rstrip('/')}/{path}", sent, headers=self._headers())
            response = connection.getresponse()
            data = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise ServerError(f"The Jupyter server at {self.url} does not answer ({error}).") from None
        finally:
            connection.close()
        try:
            answer: Any = json.loads(data) if data else None
        except ValueError:
            answer = None
            if response.status < 300:
                raise ServerError(f"The Jupyter server at {self.url} gave an answer that makes no sense.") from None
        if response.status < 300:
            return answer
        reason = answer.get("reason") if isinstance(answer, dict) else None
        if isinstance(reason, str) and reason != "forbidden":  # the extension's own answer
            raise ServerRefused(str(answer.get("message")), reason)
        if response.status in (302, 401, 403):
            why = "does not let its own user in without a password, or not use sshx"
            raise NoAccess(f"The Jupyter server at {self.url} {why}.")
        if response.status == 404:
            raise NoExtension(f"The Jupyter server at {self.url} does not have sshx-jupyter.")
        raise ServerError(f"The Jupyter server at {self.url} answered with an error ({response.status}).")

    def _connection(self, timeout: float) -> http.client.HTTPConnection:
        address = urlsplit(self.url)
        if address.scheme == "http+unix":
            return _UnixConnection(unquote(address.netloc), timeout)
        host = address.hostname or "localhost"
        if address.scheme == "https":
            context = ssl.create_default_context()
            if self.local:
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            return http.client.HTTPSConnection(host, address.port, timeout=timeout, context=context)
        return http.client.HTTPConnection(host, address.port, timeout=timeout)

    def _headers(self) -> dict[str, str]:
        if self.token:
            return {"Authorization": f"token {self.token}"}
        # Without a token, Jupyter wants its cookie back in a header, which shows that a web page is not behind this.
        xsrf = secrets.token_hex(16)
        return {"Cookie": f"_xsrf={xsrf}", "X-XSRFToken": xsrf}


def running_servers() -> Iterator[JupyterServer]:
    """The servers of this user that are running.

    Like `jupyter_server.serverapp.list_running_servers`, without importing the whole server, which takes seconds.
    """
    for path in sorted(_runtime_directory().glob("jpserver-*.json")):
        info = _read(path)
        if info is not None and _runs(info.get("pid")):
            yield JupyterServer(str(info["url"]), str(info.get("token", "")))


def _read(path: Path) -> dict[str, Any] | None:
    """What a server's file says, if it is one; the server may be writing or removing it."""
    with contextlib.suppress(OSError, ValueError):
        info = json.loads(path.read_text())
        if isinstance(info, dict) and "url" in info:
            return info
    return None


def _runs(pid: Any) -> bool:
    if not isinstance(pid, int) or pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except PermissionError:  # another user's, so it is there
        return True
    except (OSError, OverflowError):
        return False
    return True


def parent_server() -> JupyterServer | None:
    """The Jupyter server that has started this process, which is a kernel; None if none has, or it has no extension.

    The server is found by its process id, and what it takes as a token by trying: its own, and on a JupyterHub the API
    token that the hub has given to it.

    Raises:
        NoAccess: if there is such a server but it lets nobody in without a password.
        ServerError: if it does not answer.
    """
    for info in _parents():
        refused: NoAccess | None = None
        tokens = [str(info.get("token", "")), os.environ.get("JUPYTERHUB_API_TOKEN", ""), ""]
        for token in dict.fromkeys(tokens):
            server = JupyterServer(str(info["url"]), token)
            try:
                server.call("GET", API)
            except NoAccess as error:
                refused = error
            except NoExtension:
                return None
            else:
                return server
        if refused is not None:
            raise refused
    return None


def _parents() -> Iterator[dict[str, Any]]:
    for pid in dict.fromkeys((os.environ.get("JPY_PARENT_PID", ""), str(os.getppid()))):
        info = _read(_runtime_directory() / f"jpserver-{pid}.json")
        if info is not None and str(info.get("pid")) == pid:
            yield info


def _runtime_directory() -> Path:
    from jupyter_core.paths import jupyter_runtime_dir

    return Path(jupyter_runtime_dir())


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)
