"""A Jupyter server with the extension, in the test's own process: real PTYs, real iroh endpoints on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from jupyter_server.serverapp import ServerApp
from traitlets.config import Config

from sshx_jupyter.node import SshxNode

from .serving import Server


@pytest.fixture
def sshx_config() -> dict[str, Any]:
    """More configuration for the server, which tests give by `@pytest.mark.parametrize`."""
    return {}


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a server tells its kernels by the environment ends with the test."""
    monkeypatch.delenv("SSHX_RELAYS", raising=False)


@pytest.fixture
def jp_server_config(sshx_config: dict[str, Any]) -> Config:
    config = Config(
        {
            "ServerApp": {"jpserver_extensions": {"jupyter_server_terminals": True, "sshx_jupyter": True}},
            "SshxApp": {"relays": "disabled", "bind": "127.0.0.1:0"},
        }
    )
    config.merge(Config(sshx_config))
    return config


@pytest.fixture
async def server(jp_serverapp: ServerApp, jp_fetch: Any, jp_http_port: int, jp_base_url: str) -> AsyncIterator[Server]:
    server = Server(jp_serverapp, jp_fetch, f"http://127.0.0.1:{jp_http_port}{jp_base_url}")
    yield server
    await server.extension.stop_extension()
    manager: Any = server.extension.terminal_manager
    if manager is not None:
        await manager.terminate_all()


@pytest.fixture
async def elsewhere() -> AsyncIterator[SshxNode]:
    """Another machine's node, with terminals of its own."""
    node = await SshxNode.spawn(relays="disabled", bind="127.0.0.1:0")
    yield node
    for session in list(node.manager.sessions.values()):
        await session.stop(terminals="close")
    await node.close()
