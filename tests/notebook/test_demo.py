"""The demo notebook, from its first cell to its last, for one person alone and without a Jupyter server."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from sshx_jupyter.account import account_name

pytestmark = pytest.mark.e2e

DEMO = Path(__file__).parents[2] / "binder" / "demo.ipynb"

# Writes into the file TOLD, before the session is stopped, what the notebook must not keep: keys, in the ways in which
# they may be written, and tickets, without "sshx1" and abridged. And the state of all widgets as a front end may save
# it: what nbclient saves of them can be older.
TELL = """
def _tell():
    import base64, json, os
    from pathlib import Path
    import ipywidgets
    from sshx_jupyter.ticket import Ticket

    assert session.where == "kernel"
    keys = [session._member.credentials.secret, guest._member.credentials.secret, guest._member.client.info["token"]]
    tickets = [session.ticket, session.read_ticket, guest.ticket]
    keys += [Ticket.decode(ticket).secret for ticket in tickets]
    words = [text for key in keys for text in (key.hex(), str(list(key))[1:-1], base64.b64encode(key).decode()[:20])]
    words += [part for ticket in tickets for part in (ticket[5:], ticket[-40:])]
    told = {"secrets": words, "state": ipywidgets.Widget.get_manager_state()}
    Path(os.environ["TOLD"]).write_text(json.dumps(told))


_tell()
"""


@pytest.fixture
def demo() -> Any:
    """The notebook as it is stored."""
    return nbformat.read(DEMO, as_version=4)  # type: ignore[no-untyped-call]


@pytest.mark.timeout(110)
async def test_the_demo_runs_and_keeps_no_secrets(demo: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("JPY_PARENT_PID", "JPY_SESSION_NAME", "JUPYTERHUB_USER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SSHX_RELAYS", "disabled")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("TOLD", str(tmp_path / "told.json"))
    last = demo.cells.pop()
    demo.cells += [nbformat.v4.new_code_cell(TELL, id="tell"), last]  # type: ignore[no-untyped-call]

    client = NotebookClient(demo, timeout=60, resources={"metadata": {"path": str(tmp_path)}})
    await client.async_execute()

    for cell_id in ("share", "join", "people", "box"):
        assert "application/vnd.jupyter.widget-view+json" in data_of(demo, cell_id), cell_id
    assert printed(demo, "run").endswith("\nExit status: 0\n")
    assert data_of(demo, "run-fails")["text/plain"] == "1"
    host = account_name() or "Host"
    assert printed(demo, "chat") == f"Guest: Hello! May I use your terminal?\n{host}: Please do.\n"
    refusal = "You have read-only access. Ask the host for write access to run commands."
    assert printed(demo, "roles") == f"Refused: {refusal}\nThis runs again.\n"
    assert len(data_of(demo, "latency")["image/png"]) > 5000

    told = json.loads((tmp_path / "told.json").read_text())
    assert len(told["secrets"]) == 6 * 3 + 3 * 2
    assert "Here: Guest (writer)" in [model["state"].get("value") for model in told["state"]["state"].values()]
    for saved in (json.dumps(demo), json.dumps(told["state"])):
        assert '"session_id": "' in saved  # the widgets' state is in it
        assert not [word for word in told["secrets"] if word in saved]
        assert not re.search("sshx1[a-z2-7]{8}", saved)


def test_the_stored_demo_has_no_outputs(demo: Any) -> None:
    nbformat.validate(demo)
    cells = [cell for cell in demo.cells if cell.cell_type == "code"]
    assert not [cell.id for cell in cells if cell.outputs or cell.execution_count is not None]
    assert not [cell.id for cell in demo.cells if cell.metadata]
    assert demo.metadata.kernelspec.name == "python3"
    assert set(demo.metadata) == {"kernelspec", "language_info"}


def outputs(notebook: Any, cell_id: str) -> list[Any]:
    """What a cell has put out."""
    [cell] = [cell for cell in notebook.cells if cell.id == cell_id]
    found: list[Any] = cell.outputs
    return found


def printed(notebook: Any, cell_id: str) -> str:
    return "".join(output.text for output in outputs(notebook, cell_id) if output.output_type == "stream")


def data_of(notebook: Any, cell_id: str) -> Any:
    """The one thing that a cell shows, in its formats."""
    [data] = [output.data for output in outputs(notebook, cell_id) if "data" in output]
    return data
