"""A person at a browser: pages of real Jupyter servers in Debian's Chromium, driven by their accessible names."""

from __future__ import annotations

import asyncio
import contextlib
import re
import tempfile
from base64 import b64encode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Protocol

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, async_playwright, expect

from tests.servers import TOKEN, JupyterServer

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--headless=new",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
MORE = "More rows and columns, for everyone"
FEWER = "Fewer rows and columns, for everyone"
"""The names of a shell's buttons."""
SCREENSHOTS = Path(__file__).parent / "screenshots"

# The rows of a terminal's screen with each cell's text, width, colors and style, and where the cursor is.
PICTURE = """xterm => {
  const buffer = xterm.buffer.active;
  const rows = [];
  for (let y = 0; y < xterm.rows; y++) {
    const line = buffer.getLine(buffer.baseY + y);
    const cells = [];
    for (let x = 0; line && x < xterm.cols; x++) {
      const cell = line.getCell(x);
      const text = cell.getChars() || " ";
      const mode = (mode) => mode === 0x1000000 ? 0x2000000 : mode; // the same 16 colors, said otherwise
      const style = [mode(cell.getBgColorMode()), cell.getBgColor(), cell.isInverse(), cell.isUnderline()];
      // Of a blank nobody sees these, and a snapshot does not keep them.
      const seen = text !== " " || cell.isInverse() || cell.isUnderline();
      if (seen) style.push(mode(cell.getFgColorMode()), cell.getFgColor(), cell.isBold());
      cells.push([text, cell.getWidth(), ...style].join());
    }
    rows.push(cells.join("|"));
  }
  return { rows, cursor: [buffer.cursorX, buffer.cursorY], kind: buffer.type };
}"""
# All lines, scrollback included.
_TEXT = """element => {
  const buffer = element.sshxTerminal.buffer.active;
  const lines = [];
  for (let y = 0; y < buffer.length; y++) {
    const line = buffer.getLine(y);
    if (line.isWrapped) lines[lines.length - 1] += line.translateToString(true);
    else lines.push(line.translateToString(true));
  }
  return lines.join("\\n").trimEnd();
}"""
# The longest time between two frames, in milliseconds, until `stop` is called.
_FRAMES = """() => {
  let last = performance.now(), going = true;
  window.frameTimes = [];
  const frame = () => {
    const now = performance.now();
    window.frameTimes.push(now - last);
    last = now;
    if (going) requestAnimationFrame(frame);
  };
  window.stopFrames = () => { going = false; return window.frameTimes; };
  requestAnimationFrame(frame);
}"""

# How many pixels of a picture are purely red, green and blue.
_COUNT_COLORS = """async (url) => {
  const image = new Image();
  image.src = url;
  await image.decode();
  const context = new OffscreenCanvas(image.width, image.height).getContext("2d");
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, image.width, image.height);
  const counts = { red: 0, green: 0, blue: 0 };
  for (let at = 0; at < data.length; at += 4) {
    const pixel = [data[at], data[at + 1], data[at + 2]].join();
    const color = { "255,0,0": "red", "0,255,0": "green", "0,0,255": "blue" }[pixel];
    if (color) counts[color] += 1;
  }
  return counts;
}"""
SIXEL = "\x1bPq#1;2;100;0;0#2;2;0;0;100" + 6 * "#1!30~#2!30~-" + "\x1b\\"
"""A picture of 60 x 36 pixels: its left half is red, its right half blue."""


@contextlib.asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A browser; gone afterwards."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS, headless=True)
        try:
            yield browser
        finally:
            await browser.close()


@contextlib.asynccontextmanager
async def chromium_with_tabs() -> AsyncIterator[BrowserContext]:
    """A browser as a person has it: a page behind another one is hidden, which Playwright's own pages never are."""
    with tempfile.TemporaryDirectory() as profile:
        process = await asyncio.create_subprocess_exec(
            CHROMIUM,
            *ARGUMENTS,
            "--window-size=1280,900",
            "--remote-debugging-port=0",
            f"--user-data-dir={profile}",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            assert process.stderr is not None
            while b"listening on " not in (line := await process.stderr.readline()):
                assert line, "Chromium has ended"
            endpoint = line.partition(b"listening on ")[2].strip().decode()
            async with async_playwright() as playwright:
                browser = await playwright.chromium.connect_over_cdp(endpoint, no_defaults=True)
                context = browser.contexts[0]
                context.set_default_timeout(20_000)
                yield context
                await browser.close()
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            await process.wait()


class Visitor:
    """One browser with one page, and nothing installed."""

    def __init__(self, context: BrowserContext, page: Page) -> None:
        self.context = context
        self.page = page
        self.problems: list[str] = []
        """Errors of scripts and messages on the console."""
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", self._on_console)

    @classmethod
    async def to(cls, browser: Browser, url: str, **options: Any) -> Visitor:
        """Open a page. `options` are those of Playwright's `new_context`."""
        context = await new_context(browser, **options)
        visitor = cls(context, await context.new_page())
        await visitor.page.goto(url)
        return visitor

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.problems.append(message.text)

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def field(self, name: str) -> Locator:
        return self.page.get_by_role("textbox", name=name, exact=True)

    # Coming and going.

    async def copied(self, button: str) -> str:
        """What a copy button of the open share panel copies."""
        more = self.button("More")
        if not await self.button(button).is_visible() and await more.is_visible():
            await more.click()
        await self.button(button).click()
        text: str = await self.page.evaluate("navigator.clipboard.readText()")
        return text

    async def join(self, ticket: str, name: str = "") -> None:
        """Join on the start page."""
        await self.field("Ticket").fill(ticket)
        if name:
            await self.field("Your name").fill(name)
        await self.button("Join").click()

    async def state(self, state: str, timeout: float = 20) -> None:
        """Wait until the connection is in this state."""
        await expect(self.page.get_by_role("status", name="Connection", exact=True)).to_contain_text(
            re.compile(rf"^{state}$"), timeout=timeout * 1000
        )

    async def connected(self) -> None:
        await self.state("connected")

    # Panels.

    async def show(self, panel: str) -> None:
        """Open a panel by its button in the toolbar, if it is not open."""
        button = self.button(panel)
        if await button.get_attribute("aria-expanded") != "true":
            await button.click()

    async def say(self, text: str) -> None:
        await self.show("Chat")
        await self.field("Message").fill(text)
        await self.field("Message").press("Enter")

    async def heard(self, text: str) -> None:
        await self.show("Chat")
        await expect(self.page.get_by_role("log", name="Chat", exact=True)).to_contain_text(text)

    def people(self) -> Locator:
        return self.page.get_by_role("list", name="People", exact=True)

    # Shells.

    def shells(self) -> Locator:
        return self.page.get_by_role("group", name=re.compile("^Shell "))

    def terminal(self, index: int = 0) -> Locator:
        return self.shells().nth(index).locator(".sshx-terminal")

    async def type(self, text: str, index: int = 0) -> None:
        """Type into a shell, after a click on it."""
        await self.terminal(index).click()
        await self.page.keyboard.type(text)

    async def run(self, command: str, index: int = 0) -> None:
        await self.type(command, index)
        await self.page.keyboard.press("Enter")

    async def text(self, index: int = 0) -> str:
        """All that a terminal holds, with its scrollback; wrapped lines joined."""
        text: str = await self.terminal(index).evaluate(_TEXT)
        return text

    async def colors(self, index: int = 0) -> dict[str, int]:
        """How many purely red, green and blue pixels a terminal has on the screen."""
        picture = b64encode(await self.terminal(index).screenshot()).decode()
        colors: dict[str, int] = await self.page.evaluate(_COUNT_COLORS, f"data:image/png;base64,{picture}")
        return colors

    async def picture(self, index: int = 0) -> dict[str, Any]:
        """What a terminal shows, cell by cell."""
        picture: dict[str, Any] = await self.terminal(index).evaluate(f"element => ({PICTURE})(element.sshxTerminal)")
        return picture

    async def sees(self, text: str, index: int = 0, timeout: float = 20) -> None:
        """Wait until a terminal holds this text."""
        await self._eventually(lambda: self.text(index), lambda now: text in now, timeout, text)

    async def sees_line(self, line: str, index: int = 0, timeout: float = 20) -> None:
        """Wait until a terminal holds this as a whole line."""
        await self._eventually(lambda: self.text(index), lambda now: line in now.splitlines(), timeout, line)

    async def _eventually(self, read: Any, good: Any, timeout: float, wanted: str) -> None:
        deadline = asyncio.get_running_loop().time() + timeout
        while not good(now := await read()):
            assert asyncio.get_running_loop().time() < deadline, f"no {wanted!r} in:\n{now[-2000:]}"
            await asyncio.sleep(0.05)

    async def leave(self) -> None:
        """Go to another tab of a browser that has such; see `chromium_with_tabs`."""
        other = await self.context.new_page()
        await other.bring_to_front()
        while not await self.page.evaluate("document.hidden"):
            await asyncio.sleep(0.05)

    async def count_frames(self) -> None:
        """Begin to measure the time between frames."""
        await self.page.evaluate(_FRAMES)

    async def frames(self) -> list[float]:
        """Milliseconds between frames since `count_frames`."""
        times: list[float] = await self.page.evaluate("window.stopFrames()")
        return times

    async def screenshot(self, name: str) -> None:
        SCREENSHOTS.mkdir(exist_ok=True)
        await self.page.screenshot(path=SCREENSHOTS / f"{name}.png")


class Person(Visitor):
    """One browser with one page, logged in to one Jupyter server."""

    def __init__(self, server: JupyterServer, context: BrowserContext, page: Page) -> None:
        super().__init__(context, page)
        self.server = server

    @classmethod
    async def at(cls, browser: Browser, server: JupyterServer, **options: Any) -> Person:
        """Log in. `options` are those of Playwright's `new_context`."""
        return await cls.within(await new_context(browser, **options), server)

    @classmethod
    async def within(cls, context: BrowserContext, server: JupyterServer) -> Person:
        """Log in, in a browser in which somebody may have been."""
        await context.grant_permissions(["clipboard-read", "clipboard-write"], origin=server.url.rstrip("/"))
        person = cls(server, context, await context.new_page())
        await person.page.goto(f"{server.url}sshx/p2p?token={TOKEN}")
        return person

    async def share(self, name: str = "") -> None:
        """Create a session on the start page."""
        if name:
            await self.field("Session name").fill(name)
        await self.button("Share").click()
        await self.connected()

    async def open(self, session: dict[str, Any], ticket: str = "") -> None:
        """Go to a session's page, as the host or with a ticket."""
        await self.page.goto(f"{self.server.url}sshx/p2p/{session['id']}" + (f"#{ticket}" if ticket else ""))


async def new_context(browser: Browser, **options: Any) -> BrowserContext:
    """A browser in which nobody has been, with a window of 1280 x 800 pixels unless `options` say otherwise."""
    context = await browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
    context.set_default_timeout(20_000)
    return context


class Sees(Protocol):
    """Someone who has shells on a screen."""

    async def picture(self, index: int = 0) -> dict[str, Any]: ...


async def same_picture(one: Sees, other: Sees, index: int = 0, timeout: float = 20) -> dict[str, Any]:
    """Wait until both see the same in a shell, cell by cell."""
    deadline = asyncio.get_running_loop().time() + timeout
    while True:
        mine, theirs = await one.picture(index), await other.picture(index)
        if mine == theirs:
            return mine
        if asyncio.get_running_loop().time() > deadline:
            rows = zip(mine.pop("rows"), theirs.pop("rows"), strict=True)
            assert mine == theirs
            different = [(y, a, b) for y, (a, b) in enumerate(rows) if a != b]
            raise AssertionError(f"{len(different)} rows differ, first {different[0]}")
        await asyncio.sleep(0.1)
