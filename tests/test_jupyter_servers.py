"""A kernel finds the Jupyter server that has started it, by its runtime file, and a token that the server takes."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sshx_jupyter.jupyter_servers import API, NoAccess, ServerError, ServerRefused, parent_server
from tests.servers import TOKEN, JupyterServer, free_port, jupyter_server

pytestmark = pytest.mark.e2e

PID = 4242


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    with jupyter_server(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture
def runtime_file(server: JupyterServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Writes the runtime file of this process's parent: the server's own, with changes."""
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("JPY_PARENT_PID", str(PID))
    monkeypatch.delenv("JUPYTERHUB_API_TOKEN", raising=False)
    [original] = (server.log.parent / "runtime").glob("jpserver-*.json")

    def write(**changes: Any) -> None:
        info = json.loads(original.read_text()) | {"pid": PID} | changes
        (tmp_path / f"jpserver-{PID}.json").write_text(json.dumps(info))

    return write


def test_by_the_servers_own_token(server: JupyterServer, runtime_file: Callable[..., None]) -> None:
    runtime_file()
    found = parent_server()
    assert found is not None
    assert found.call("GET", API) == []
    assert TOKEN not in repr(found)
    with pytest.raises(ServerRefused, match="nope") as refused:
        found.call("POST", API, {"terminals": ["nope"]})
    assert refused.value.reason == "notFound"


def test_by_the_token_that_a_hub_has_given(runtime_file: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    runtime_file(token="")
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", TOKEN)
    found = parent_server()
    assert found is not None
    assert found.call("GET", API) == []


def test_a_server_with_a_password_only(runtime_file: Callable[..., None]) -> None:
    runtime_file(token="")
    with pytest.raises(NoAccess, match="without a password"):
        parent_server()


def test_a_server_that_does_not_answer(runtime_file: Callable[..., None]) -> None:
    runtime_file(url=f"http://127.0.0.1:{free_port()}/")
    with pytest.raises(ServerError, match="does not answer"):
        parent_server()


def test_a_file_that_is_not_the_parents(runtime_file: Callable[..., None], tmp_path: Path) -> None:
    assert parent_server() is None
    runtime_file(pid=PID + 1)
    assert parent_server() is None
    (tmp_path / f"jpserver-{PID}.json").write_text("{")
    assert parent_server() is None
    os.truncate(tmp_path / f"jpserver-{PID}.json", 0)
    assert parent_server() is None
