"""Two real Jupyter servers on this machine, A that shares and B through which guests join."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import JupyterServer, jupyter_server

RECORDER = """
# Writes every frame and every request that passes this server into one file.
import sshx_jupyter.links.iroh as iroh_links
import sshx_jupyter.links.websocket as websocket_links
from jupyter_server.base.handlers import JupyterHandler

record = open({record!r}, "ab", buffering=0)

def recorded(method):
    async def receive(self):
        frames = await method(self)
        record.write(b"".join(frames))
        return frames
    return receive

iroh_links.IrohLink.receive = recorded(iroh_links.IrohLink.receive)
websocket_links.WebSocketLink.receive = recorded(websocket_links.WebSocketLink.receive)
prepare = JupyterHandler.prepare

def recording_prepare(self, *args, **kwargs):
    record.write(repr((self.request.uri, dict(self.request.headers), self.request.body)).encode())
    return prepare(self, *args, **kwargs)

JupyterHandler.prepare = recording_prepare
"""


@pytest.fixture(scope="session")
def server_a(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    """The host's server."""
    with jupyter_server(tmp_path_factory.mktemp("a")) as server:
        yield server


@pytest.fixture(scope="session")
def record_b(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file in which server B records all that passes through it."""
    return tmp_path_factory.mktemp("record") / "b"


@pytest.fixture(scope="session")
def server_b(tmp_path_factory: pytest.TempPathFactory, record_b: Path) -> Iterator[JupyterServer]:
    """The guest's server."""
    with jupyter_server(tmp_path_factory.mktemp("b"), config=RECORDER.format(record=str(record_b))) as server:
        yield server
