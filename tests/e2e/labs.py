"""A real JupyterLab, or Notebook 7 with a terminal: what is in it, and how a person uses it."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

from playwright.async_api import Locator, Page, expect

from tests.e2e.browser import PICTURE, Person
from tests.e2e.notebooks import root_of
from tests.servers import TOKEN, JupyterServer

LOADED = 60_000
"""Milliseconds that JupyterLab may take to load."""

expect.set_options(timeout=20_000)  # as long as `Person` waits


async def clean(server: JupyterServer) -> None:
    """Leave a server without sessions and terminals, and without the name that a person has given there."""
    settings = root_of(server) / "config/lab/user-settings/sshx-jupyter/plugin.jupyterlab-settings"
    settings.unlink(missing_ok=True)
    for session in await server.json("GET", "sshx/api/sessions"):
        await server.call("DELETE", f"sshx/api/sessions/{session['id']}")
    for terminal in await server.json("GET", "api/terminals"):
        await server.call("DELETE", f"api/terminals/{terminal['name']}")


class Lab:
    """A JupyterLab that is open in a person's browser. Make one with `open`."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.page: Page = person.page
        self.dialog = self.page.locator(".jp-Dialog")
        self.status = self.page.locator(".sshx-status")
        self.section = self.page.get_by_role("region", name="Shared Sessions Section")

    @classmethod
    async def open(cls, person: Person) -> Lab:
        """Go to it, with nothing but the launcher open."""
        await person.page.goto(f"{person.server.url}lab?token={TOKEN}&reset")
        lab = cls(person)
        await expect(lab.card("Text File")).to_be_visible(timeout=LOADED)
        # Who loads this address again gets the layout back.
        await person.page.evaluate("history.replaceState(null, '', location.pathname)")
        return lab

    async def hide_left(self) -> None:
        """Leave the width of the left side panel to the main area. See `command`."""
        if await self.page.locator("#jp-left-stack").is_visible():
            await self.command("application:toggle-left-area")

    # Launcher and tabs.

    def card(self, name: str) -> Locator:
        return self.page.locator(".jp-LauncherCard").filter(has=self.page.get_by_text(name, exact=True))

    def tab(self, name: str) -> Locator:
        """The handle of a tab in the main area."""
        tabs = self.page.locator("#jp-main-dock-panel .lm-TabBar-tab")
        return tabs.filter(has=self.page.get_by_text(name, exact=True))

    def marked(self) -> Locator:
        """The tabs' handles that are marked as shared."""
        return self.page.locator(".lm-TabBar-tab:is([data-sshx-session], [data-sshx-guests])")

    async def close_tab(self, name: str) -> None:
        await self.tab(name).locator(".lm-TabBar-tabCloseIcon").click()
        await expect(self.tab(name)).to_have_count(0)

    # Jupyter's terminals. They are drawn as pictures: `JupyterServer.open_terminal` reads what they show.

    async def new_terminal(self) -> str:
        """Open one with the launcher; returns its name."""
        async with self.page.expect_response(
            lambda answer: answer.request.method == "POST" and answer.url.partition("?")[0].endswith("/api/terminals")
        ) as answer:
            await self.card("Terminal").click()
        name: str = (await (await answer.value).json())["name"]
        await expect(self.terminal()).to_be_visible()
        return name

    def terminal(self) -> Locator:
        """The content of the terminal that is in front."""
        return self.page.locator(".jp-Terminal:visible")

    async def picture(self, index: int = 0) -> dict[str, Any]:
        """What the terminal in front shows, cell by cell. Its server has `expose_app_in_browser`."""
        picture: dict[str, Any] = await self.page.evaluate(
            f"() => ({PICTURE})(window.jupyterapp.shell.currentWidget.content._term)"
        )
        return picture

    def toolbar_button(self, text: str) -> Locator:
        """Of the terminal that is in front: how it is shared."""
        return self.page.locator(".jp-Toolbar-item:visible").get_by_text(text, exact=True)

    async def type(self, text: str) -> None:
        """Type into the terminal that is in front."""
        await self.terminal().click()
        await self.page.keyboard.type(text)

    # Commands.

    async def menu(self, *labels: str) -> None:
        """Choose from the main menu, level by level."""
        bar, *items = labels
        await self.page.locator(".lm-MenuBar-item").filter(has_text=re.compile(f"^{bar}$")).click()
        for label in items:
            await self.item(label).click()

    async def context_menu(self, on: Locator) -> None:
        await on.click(button="right")
        await expect(self.page.locator(".lm-Menu")).to_be_visible()

    def item(self, label: str) -> Locator:
        """An item of an open menu."""
        labels = self.page.locator(".lm-Menu-itemLabel").get_by_text(label, exact=True)
        return self.page.locator(".lm-Menu-item").filter(has=labels)

    def items(self) -> Locator:
        """Those items of the open menus that are the extension's."""
        return self.page.locator('.lm-Menu-item[data-command^="sshx:"]:visible')

    async def palette(self, query: str) -> Locator:
        """Open the palette, or search again in the open one; returns the commands of the extension that it lists."""
        field = self.page.locator("#command-palette .lm-CommandPalette-input")
        if not await field.is_visible():
            await self.menu("View", "Activate Command Palette")
        await field.fill(query)
        return self.page.locator('.lm-CommandPalette-item[data-command^="sshx:"]')

    async def choose(self, label: str) -> None:
        """Run a command by the palette."""
        await (await self.palette(label)).filter(has=self.page.get_by_text(label, exact=True)).click()

    async def command(self, command: str, **arguments: Any) -> None:
        """Run a command that is in no menu, as other parts of JupyterLab do. See `picture`."""
        await self.page.evaluate(
            "([name, args]) => window.jupyterapp.commands.execute(name, args).then(() => null)", [command, arguments]
        )

    async def escape(self) -> None:
        """Close the menus, innermost first, or the palette."""
        open_ones = self.page.locator(".lm-Menu, #command-palette:visible")
        for left in reversed(range(await open_ones.count())):
            await self.page.keyboard.press("Escape")
            await expect(open_ones).to_have_count(left)

    # Around the main area.

    async def running(self) -> None:
        """Open the panel of what is running."""
        await self.page.get_by_role("tab", name="Running Terminals and Kernels").click()
        await expect(self.page.locator("#jp-running-sessions")).to_be_visible()

    def notification(self, text: str) -> Locator:
        return self.page.locator(".Toastify__toast").filter(has_text=text)

    async def answer(self, request: Locator, button: str) -> None:
        """Press a button of a notification, and wait until that is gone."""
        await request.get_by_role("button", name=button, exact=True).click()
        await expect(request).to_have_count(0)

    # What is kept.

    async def saved(self, text: str) -> None:
        """Wait until the layout that is saved has this in it."""
        while True:
            workspaces = (await self.person.server.json("GET", "lab/api/workspaces"))["workspaces"]["values"]
            if any(text in json.dumps(workspace["data"].get("layout-restorer:data")) for workspace in workspaces):
                return
            await asyncio.sleep(0.1)

    async def kept(self, session: dict[str, Any]) -> str:
        """All that JupyterLab and the browser keep, once the layout with the session's tab has been saved."""
        while True:
            [workspace] = (await self.person.server.json("GET", "lab/api/workspaces"))["workspaces"]["values"]
            layout = json.dumps(workspace["data"].get("layout-restorer:data"))
            if '"sshx:' in layout and session["id"] in (kept := json.dumps(workspace)):
                break
            await asyncio.sleep(0.1)
        stored: str = await self.page.evaluate("JSON.stringify([{ ...localStorage }, { ...sessionStorage }])")
        return kept + stored
