"""Two real Jupyter servers on this machine, A that shares and B through which guests join, a relay, and a browser."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.e2e.browser import chromium
from tests.relay import Relay, running_relay
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
    config = "c.LabApp.expose_app_in_browser = True"  # so that tests read what its terminals show
    with jupyter_server(tmp_path_factory.mktemp("a"), config=config, lab=True) as server:
        yield server


@pytest.fixture(scope="session")
def record_b(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file in which server B records all that passes through it."""
    return tmp_path_factory.mktemp("record") / "b"


@pytest.fixture(scope="session")
def server_b(tmp_path_factory: pytest.TempPathFactory, record_b: Path) -> Iterator[JupyterServer]:
    """The guest's server."""
    config = RECORDER.format(record=str(record_b))
    with jupyter_server(tmp_path_factory.mktemp("b"), config=config, lab=True) as server:
        yield server


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def _chromium() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="session")
async def browser(_chromium: Browser) -> AsyncIterator[Browser]:
    """A browser in which nobody has been: people's contexts share nothing, and are closed after the test.

    It starts once, so tests with it run on the loop of the session.
    """
    yield _chromium
    for context in _chromium.contexts:
        await context.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def relay(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Relay]:
    async with running_relay(tmp_path_factory.mktemp("relay")) as relay:
        yield relay


@pytest.fixture(scope="module")
def server(relay: Relay, tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    """A host's server, whose tickets name the relay."""
    config = f"c.SshxApp.relays = [{relay.url!r}]"
    with jupyter_server(tmp_path_factory.mktemp("host"), config=config) as server:
        yield server
