"""What someone gets who installs the package: the command line works by itself, without any Jupyter server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(300)
def test_the_installed_command_line_shares_and_joins(tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    bin_dir = tmp_path / "venv" / "bin"
    pip = [str(bin_dir / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--constraint", str(ROOT / "tests" / "requirements.lock"), str(ROOT)], check=True)
    enabled = tmp_path / "venv" / "etc" / "jupyter" / "jupyter_server_config.d" / "sshx_jupyter.json"
    assert json.loads(enabled.read_text()) == {"ServerApp": {"jpserver_extensions": {"sshx_jupyter": True}}}

    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL"))}
    environment |= {"SSHX_RELAYS": "disabled", "HOME": str(tmp_path), "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime")}
    command = [str(bin_dir / "jupyter"), "sshx"]
    share = subprocess.Popen(
        [*command, "share", "--name", "demo", "--json", "--", "sh"],
        stdout=subprocess.PIPE,
        env=environment,
        cwd=tmp_path,
        text=True,
    )
    try:
        assert share.stdout is not None
        session = json.loads(share.stdout.readline())
        assert set(session) >= {"id", "tickets"}
        joined = subprocess.run(
            [*command, "join", session["tickets"]["write"]],
            input="echo from$((1))afar\n",
            capture_output=True,
            env=environment,
            text=True,
            timeout=60,
        )
        assert joined.returncode == 0, joined.stderr
        assert "from1afar" in joined.stdout
    finally:
        share.terminate()
        assert share.wait(30) == 0, sys.platform
