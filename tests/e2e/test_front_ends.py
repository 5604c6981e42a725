"""Sessions in front ends beside JupyterLab and Notebook: Voilà and nbclassic, and nbconvert, which has no browser."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, TimeoutError, expect

from tests.servers import START_TIMEOUT, TOKEN, free_port

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(110)]
in_the_browser = pytest.mark.asyncio(loop_scope="session")

SHARE = "import sshx_jupyter\nsession = sshx_jupyter.share(name='demo')\nsession"


def notebook(directory: Path, *cells: str) -> Path:
    """A notebook file with these cells, never run."""
    path = directory / "demo.ipynb"
    sources: list[dict[str, Any]] = [
        {"cell_type": "code", "id": f"c{n}", "metadata": {}, "source": cell, "outputs": [], "execution_count": None}
        for n, cell in enumerate(cells)
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    path.write_text(json.dumps({"cells": sources, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}))
    return path


def environment(directory: Path) -> dict[str, str]:
    names = {name: str(directory / name) for name in ("JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "IPYTHONDIR")}
    return {**os.environ, **names, "HOME": str(directory), "SSHX_RELAYS": "disabled", "SHELL": "/bin/sh"}


@contextlib.contextmanager
def running(directory: Path, port: int, *command: str) -> Iterator[None]:
    """A program that listens on `port` of loopback; ended afterwards."""
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *command], env=environment(directory), cwd=directory, stdout=log, stderr=log
        )
    try:
        deadline = time.monotonic() + START_TIMEOUT
        while True:
            assert process.poll() is None, (directory / "log").read_text()
            assert time.monotonic() < deadline, (directory / "log").read_text()
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), START_TIMEOUT):
                break
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(30)


async def work(page: Page) -> None:
    """Type in the shell, and see what it prints."""
    shell = page.get_by_role("group", name="Shell").first
    await expect(shell).to_be_visible(timeout=60_000)
    await expect(page.get_by_role("status", name="Connection")).to_have_text("connected", timeout=20_000)
    await shell.locator(".xterm").click()
    await page.keyboard.type("echo $((6 * 7))\n")
    await page.wait_for_function(
        """() => {
          const { active } = document.querySelector(".sshx-widget .xterm").parentElement.sshxTerminal.buffer;
          const lines = Array.from({ length: active.length }, (_, y) => active.getLine(y).translateToString(true));
          return lines.includes("42");
        }"""
    )


@in_the_browser
async def test_voila(browser: Browser, tmp_path: Path) -> None:
    file, port = notebook(tmp_path, SHARE), free_port()
    options = ("--no-browser", f"--port={port}", "--Voila.ip=127.0.0.1")
    with running(tmp_path, port, "voila", str(file), *options):
        page = await browser.new_page()
        await page.goto(f"http://127.0.0.1:{port}/")
        await work(page)


@pytest.mark.timeout(240)
@in_the_browser
async def test_nbclassic(browser: Browser, tmp_path: Path) -> None:
    file, port = notebook(tmp_path, SHARE), free_port()
    options = ("--no-browser", "--allow-root", f"--port={port}", f"--IdentityProvider.token={TOKEN}")
    with running(tmp_path, port, "nbclassic", *options):
        page = await browser.new_page()
        await page.goto(f"http://127.0.0.1:{port}/nbclassic/notebooks/{file.name}?token={TOKEN}")
        # Cells that run before the widgets' extension has come show none.
        ready = "() => (kernel => kernel?.is_connected() && kernel.widget_manager)(window.Jupyter?.notebook?.kernel)"
        await page.wait_for_function(ready, timeout=60_000)
        for _ in range(3):
            await page.evaluate("Jupyter.notebook.execute_all_cells()")
            # On a busy machine nbclassic may not ask for a widget's code. People run the cell again then.
            with contextlib.suppress(TimeoutError):
                await page.locator(".sshx-session").first.wait_for(timeout=15_000)
                break
        await work(page)


def test_nbconvert(tmp_path: Path) -> None:
    file = notebook(tmp_path, SHARE, "print('it printed', session.run('echo hello').output)\nsession.stop()")
    command = [sys.executable, "-m", "nbconvert", "--to", "html", "--execute", str(file)]
    subprocess.run(command, env=environment(tmp_path), check=True, capture_output=True, timeout=90)
    page = file.with_suffix(".html").read_text()
    assert "it printed hello" in page
    assert "sshx1" not in page
