"""What a Jupyter server loads for the extension: little, as long as nothing is shared."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import JupyterServer, jupyter_server

HEAVY = (
    "cbor2",
    "cryptography",
    "iroh",
    "pyghostty",
    "sshx_jupyter.client",
    "sshx_jupyter.node",
    "sshx_jupyter.ticket",
)
"""Modules that only someone who shares or joins needs. They take ten times as long to import as the others together."""
LIBRARIES = ("cryptography/", "iroh/", "pyghostty/")
"""Where the libraries among them are."""


def loaded(code: str) -> set[str]:
    """The heavy modules that a new Python has loaded after this code."""
    show = f"import sys\nprint(*(name for name in {HEAVY!r} if name in sys.modules))"
    run = [sys.executable, "-c", f"{code}\n{show}"]
    return set(subprocess.run(run, check=True, capture_output=True, text=True).stdout.split())


def test_the_extension_loads_what_only_sessions_need_with_the_first_one() -> None:
    code = "import sshx_jupyter; sshx_jupyter._jupyter_server_extension_points()"
    assert loaded(code) == set()


def test_public_names_are_loaded_when_they_are_used() -> None:
    assert loaded("import sshx_jupyter") == set()
    assert {"sshx_jupyter.ticket", "cbor2"} <= loaded("from sshx_jupyter import Ticket; Ticket.decode")
    assert {"sshx_jupyter.client", "cryptography"} <= loaded("from sshx_jupyter import SshxClient; SshxClient.connect")
    assert {"sshx_jupyter.node", "iroh"} <= loaded("from sshx_jupyter import SshxNode; SshxNode.spawn")


@pytest.mark.e2e
@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="Linux tells which libraries a process has loaded")
async def test_a_server_without_sessions_has_no_library_of_theirs(tmp_path: Path) -> None:
    with jupyter_server(tmp_path, config="c.SshxApp.guests = True") as server:
        assert await server.json("GET", "sshx/api/sessions") == []
        for page in ("sshx/p2p", "sshx/guest"):
            assert (await server.call("GET", page)).code == 200
        assert libraries(server) == set()
        await server.share()
        assert libraries(server) == set(LIBRARIES)


def libraries(server: JupyterServer) -> set[str]:
    maps = Path(f"/proc/{server.process.pid}/maps").read_text()
    return {name for name in LIBRARIES if f"/{name}" in maps}
