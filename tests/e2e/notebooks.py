"""Notebooks in a real JupyterLab and Notebook 7: opened, run and read as a person does."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any, Literal

from playwright.async_api import Locator, expect

from tests.e2e.browser import Person
from tests.servers import TOKEN, JupyterServer

LOAD = "%load_ext sshx_jupyter"
_SETTINGS = "lab/user-settings/@jupyterlab"


def root_of(server: JupyterServer) -> Path:
    """The server's root directory."""
    return server.log.parent


def configure(server: JupyterServer, theme: str = "JupyterLab Light") -> None:
    """What a person sets once: the theme, and no question about news."""
    settings = {
        "apputils-extension/themes.jupyterlab-settings": {"theme": theme},
        "apputils-extension/notification.jupyterlab-settings": {"fetchNews": "false"},
    }
    for name, values in settings.items():
        path = root_of(server) / "config" / _SETTINGS / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values))


def write(server: JupyterServer, name: str, *cells: str) -> Path:
    """A notebook file with these cells, never run."""
    path = root_of(server) / name
    notebook: dict[str, Any] = {
        "cells": [
            {"cell_type": "code", "id": f"cell{n}", "metadata": {}, "source": c, "outputs": [], "execution_count": None}
            for n, c in enumerate(cells)
        ],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path.write_text(json.dumps(notebook, indent=1))
    return path


class Notebook:
    """A notebook that is open in a person's browser. Make one with `open`."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.page = person.page

    @classmethod
    async def open(cls, person: Person, path: Path, app: Literal["lab/tree", "notebooks"] = "lab/tree") -> Notebook:
        """Open it, and wait until its kernel is ready."""
        reset = "&reset" if app == "lab/tree" else ""
        await person.page.goto(f"{person.server.url}{app}/{path.name}?token={TOKEN}{reset}")
        notebook = cls(person)
        await notebook.ready()
        return notebook

    async def ready(self) -> None:
        """Wait until the kernel can be used."""
        await expect(self.cell(0)).to_be_visible(timeout=60_000)
        if "/lab/" in self.page.url:  # its status bar knows better than the indicator, which is idle without a kernel
            await expect(self.page.locator("#jp-main-statusbar")).to_contain_text("| Idle", timeout=60_000)
        await self.page.wait_for_selector('.jp-Notebook-ExecutionIndicator[data-status="idle"]', timeout=60_000)

    def cell(self, index: int) -> Locator:
        return self.page.locator(".jp-Notebook .jp-CodeCell").nth(index)

    def output(self, index: int) -> Locator:
        return self.cell(index).locator(".jp-OutputArea")

    async def start(self, index: int) -> None:
        """Run a cell: again if the notebook was not ready for it, which it does not show."""
        prompt = self.cell(index).locator(".jp-InputPrompt")
        before = await prompt.inner_text()
        for _ in range(10):
            await self.cell(index).locator(".jp-InputArea-editor").click()
            await self.page.keyboard.press("Control+Enter")
            with contextlib.suppress(AssertionError):
                await expect(prompt).not_to_have_text(before, timeout=3000)
                return
        raise AssertionError("the cell does not run")

    async def run(self, index: int) -> str:
        """Run a cell and wait for its end; returns what it shows."""
        await self.start(index)
        await self.ended(index)
        return await self.output(index).inner_text()

    async def ended(self, index: int) -> None:
        """Wait until a cell that was started has ended."""
        prompt = self.cell(index).locator(".jp-InputPrompt")
        await expect(prompt).not_to_contain_text("*", timeout=30_000)
        await expect(prompt).not_to_contain_text("[ ]", timeout=30_000)

    async def save(self) -> None:
        """Save it, and wait until that is done."""
        await self.cell(0).locator(".jp-InputArea-editor").click()
        async with self.page.expect_response(
            lambda answer: answer.request.method == "PUT" and "/api/contents/" in answer.url
        ):
            await self.page.keyboard.press("Control+s")
