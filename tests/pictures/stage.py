"""Where pictures are taken: a host's server, a guests' server, a relay, a browser, and people at it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from playwright.async_api import Browser, Error, Page, ViewportSize

from sshx_jupyter import guest_page
from tests.e2e.browser import Person, Visitor, chromium
from tests.e2e.labs import clean
from tests.e2e.notebooks import configure
from tests.pictures.album import Album
from tests.relay import Relay, running_relay
from tests.servers import JupyterServer, jupyter_server
from tests.sites import static_server

Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, Scheme] = ("light", "dark")
SIZES: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1440, "height": 900}},
    "phone": {
        "viewport": {"width": 390, "height": 844},
        "has_touch": True,
        "is_mobile": True,
        "device_scale_factor": 2,
    },
}
LOCALE = {"locale": "en-US", "timezone_id": "UTC"}
STILL_TRIES = 15
"""How often a screen is looked at until it rests: a cursor that blinks never does."""

# JupyterLab and Notebook have themes of their own. While one is loaded, a splash screen may cover all.
_IN_JUPYTER = "() => Boolean(window.jupyterapp)"
_CHANGE_THEME = "theme => window.jupyterapp.commands.execute('apputils:change-theme', { theme }).then(() => null)"
_HAS_THEME = "theme => document.body.dataset.jpThemeName === theme && !document.querySelector('.jp-Splash')"


@dataclass(frozen=True)
class Stage:
    """What a scene needs. `size` names the size of the screen that the pictures are of."""

    browser: Browser
    host: JupyterServer
    """Of the person who shares."""
    other: JupyterServer
    """Through which guests join."""
    relay: Relay
    site: str
    """The address of the guest page."""
    album: Album
    surface: str = ""
    size: str = "desktop"

    @property
    def phone(self) -> bool:
        return self.size == "phone"

    def for_screens(self, surface: str, size: str) -> Stage:
        return replace(self, surface=surface, size=size)

    async def person(self, server: JupyterServer, name: str = "", *, size: str = "", **options: Any) -> Person:
        """Someone at a server, with a screen of the size that the pictures have unless `size` says otherwise."""
        return await Person.at(self.browser, server, **self._context(server.url, name, size), **options)

    async def guest(self, ticket: str, name: str, *, size: str = "desktop", joins: bool = True) -> Person:
        """Someone who has come through the guests' server, and is in unless the host has to let them in."""
        person = await self.person(self.other, size=size)
        await person.join(ticket, name)
        if joins:
            await person.connected()
        return person

    async def visitor(self, url: str, **options: Any) -> Visitor:
        """Someone at a page of which this browser knows nothing."""
        return await Visitor.to(self.browser, url, **SIZES[self.size], **LOCALE, **options)

    def _context(self, url: str, name: str, size: str) -> dict[str, Any]:
        settings = {"name": "sshx:settings", "value": json.dumps({"name": name})}
        origin = {"origin": url.rstrip("/"), "localStorage": [settings] if name else []}
        return {"storage_state": {"cookies": [], "origins": [origin]}, **SIZES[size or self.size], **LOCALE}

    async def quiet(self, visitor: Visitor) -> None:
        """Dismiss the notices of a session, and JupyterLab's, which cover what is below them."""
        notices = visitor.page.locator(".sshx-toast .sshx-dismiss, .jp-Notification-Toast-Close")
        while await notices.count():
            with contextlib.suppress(Error):  # it went by itself
                await notices.first.click(timeout=1000)
        await visitor.page.mouse.move(0, 0)

    async def take(
        self, visitor: Visitor, screen: str, *, whole: bool = False, schemes: Sequence[Scheme] = SCHEMES
    ) -> None:
        """Take pictures of a screen, light and dark; with `whole`, also of what one has to scroll to in a form."""
        page = visitor.page
        viewport: ViewportSize = SIZES[self.size]["viewport"]
        if whole:
            height = await page.locator(".sshx-page").evaluate("page => page.scrollHeight")
            await page.set_viewport_size({"width": viewport["width"], "height": max(height, viewport["height"])})
        for scheme in schemes:
            await dress(page, scheme)
            self.album.add(self.surface, screen, self.size, scheme, await still(page))
        if whole:
            await page.set_viewport_size(viewport)

    async def clear(self) -> None:
        """Send everyone home, and leave the servers as they were in the beginning."""
        for context in self.browser.contexts:
            await context.close()
        for server in (self.host, self.other):
            for session in await server.json("GET", "api/sessions"):
                await server.call("DELETE", f"api/sessions/{session['id']}")
            await clean(server)


Scene = Callable[[Stage], Awaitable[None]]


async def dress(page: Page, scheme: Scheme) -> None:
    """Give a page its light or dark theme."""
    await page.emulate_media(color_scheme=scheme)
    if await page.evaluate(_IN_JUPYTER):
        theme = f"JupyterLab {scheme.title()}"
        await page.evaluate(_CHANGE_THEME, theme)
        await page.wait_for_function(_HAS_THEME, arg=theme)


async def still(page: Page, **options: Any) -> bytes:
    """A picture of a page at rest: the second of two that are the same."""
    before = b""
    for _ in range(STILL_TRIES):
        now = await page.screenshot(**options)
        if now == before:
            break
        before = now
        await asyncio.sleep(0.1)
    return now


@contextlib.asynccontextmanager
async def opened(directory: Path, album: Album) -> AsyncIterator[Stage]:
    """Servers, relay and browser; gone afterwards."""
    async with contextlib.AsyncExitStack() as stack:
        os.environ["LOGNAME"] = "Ada"  # the host's name, in place of the account's
        for name in ("relay", "host", "other", "site"):
            (directory / name).mkdir()
        relay = await stack.enter_async_context(running_relay(directory / "relay"))
        config = "c.LabApp.expose_app_in_browser = c.JupyterNotebookApp.expose_app_in_browser = True\n"
        relays = f"c.SshxApp.relays = [{relay.url!r}]\n"
        host = stack.enter_context(jupyter_server(directory / "host", config=config + relays, lab=True))
        other = stack.enter_context(jupyter_server(directory / "other", config=config, lab=True))
        for server in (host, other):
            configure(server)
        guest_page.write_directory(directory / "site" / "page")
        site = stack.enter_context(static_server(directory / "site", directory / "site.log"))
        while (await host.json("GET", "sshx/api/status"))["relay_url"] is None:
            await asyncio.sleep(0.1)
        browser = await stack.enter_async_context(chromium())
        yield Stage(browser, host, other, relay, f"{site.url}page/", album)
