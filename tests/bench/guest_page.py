"""From a click on a guest's link to typing, in a Chromium that has never seen the page.

The script in the page clicks *Join* as soon as it is there, as no person could. All times count from the start of the
navigation, by the page's own clock, and leave nothing out; Playwright's way to press the key is in the last.

"Slow 4G" is that of Chromium's DevTools. It slows down each request and the opening of a WebSocket, but not what a
WebSocket carries, and nothing that a worker does: there, Chromium 156 answers "Not supported". So its figures say how
long the page takes to load, with a link to the host that is nearly as fast as without it.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
from pathlib import Path
from typing import Any

from playwright.async_api import Browser

from sshx_jupyter import guest_page
from tests.bench.report import Row
from tests.e2e.browser import chromium, new_context
from tests.relay import running_relay
from tests.servers import JupyterServer, jupyter_server
from tests.sites import static_server

ROUNDS = 9
SLOW_ROUNDS = 3
RELAY_BUDGET, HOST_BUDGET = 2.0, 0.3
"""Seconds to the first echo over a relay on loopback, and over the host's own server."""
# `Slow4GConditions` in core/sdk/NetworkManager.ts of Chromium's DevTools: bytes a second, and milliseconds.
SLOW_4G = {
    "offline": False,
    "downloadThroughput": 1.6e6 / 8 * 0.9,
    "uploadThroughput": 750e3 / 8 * 0.9,
    "latency": 150 * 3.75,
}
STAGES = ("paint", "connected", "drawn", "typed")

# Clicks Join, puts the cursor into the shell once its prompt is drawn, and notes when what happened. A prediction of
# the echo would not count: it is not in the terminal's buffer.
_WATCH = """(() => {
  const times = {};
  const mark = (name) => { times[name] ??= performance.now(); };
  let drawn, typed, terminal = null;
  window.sshxBench = {
    drawn: new Promise((resolve) => (drawn = resolve)),
    typed: new Promise((resolve) => (typed = resolve)),
    times: () => ({ ...times, paint: performance.getEntriesByName("first-contentful-paint")[0]?.startTime }),
  };
  const onRender = () => {
    const buffer = terminal.buffer.active;
    const line = buffer.getLine(buffer.baseY + buffer.cursorY).translateToString(true);
    if (line.startsWith("$ x")) { mark("typed"); typed(); }
    else if (line.startsWith("$")) { mark("drawn"); terminal.focus(); drawn(); }
  };
  new MutationObserver(() => {
    const join = [...document.querySelectorAll("button")].find((button) => button.textContent === "Join");
    if (join && !times.clicked) { mark("clicked"); join.click(); }
    const status = document.querySelector('[role=status][aria-label="Connection"]');
    if (status?.textContent === "connected") mark("connected");
    const shown = document.querySelector(".sshx-terminal")?.sshxTerminal;
    if (shown && terminal === null) { terminal = shown; terminal.onRender(onRender); }
  }).observe(document, { subtree: true, childList: true, characterData: true });
})();"""


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as directory:
        return asyncio.run(_measure(Path(directory)))


async def _measure(directory: Path) -> list[Row]:
    site = directory / "site"
    guest_page.write_directory(site)
    async with running_relay(directory) as relay, chromium() as browser:
        config = f"c.SshxApp.guests = True\nc.SshxApp.relays = [{relay.url!r}]"
        with (
            static_server(site, directory / "plain.log") as plain,
            static_server(site, directory / "packed.log", packs=True) as packed,
            jupyter_server(directory / "host", config=config) as server,
        ):
            while (await server.json("GET", "sshx/api/status"))["relay_url"] is None:
                await asyncio.sleep(0.1)
            where = {
                "over a relay": f"{plain.url}#{{ticket}}",
                "over a relay, page sent as gzip": f"{packed.url}#{{ticket}}",
                "over the host's server": f"{server.url}sshx/guest/{{id}}#{{ticket}}",
            }
            rows = []
            for slow in (False, True):
                for how, link in where.items():
                    visits = [await _visit(browser, server, link, slow) for _ in range(SLOW_ROUNDS if slow else ROUNDS)]
                    rows.append(_row(how, visits, slow))
    return rows


def _row(how: str, visits: list[dict[str, float]], slow: bool) -> Row:
    what = f"guest page to the first echo {how}" + (", Slow 4G" if slow else "")
    paint, connected, drawn, typed = (statistics.median(visit[stage] for visit in visits) / 1000 for stage in STAGES)
    steps = f"paint {paint:.2f}, connected {connected:.2f}, shell {drawn:.2f} s"
    if slow:
        return Row(what, f"{typed:.2f} s", steps)
    budget = HOST_BUDGET if "host" in how else RELAY_BUDGET
    return Row(what, f"{typed:.2f} s", steps, None, f"< {budget:g} s", typed < budget)


async def _visit(browser: Browser, server: JupyterServer, link: str, slow: bool) -> dict[str, float]:
    """Milliseconds until each of the stages."""
    session = await server.share()
    context = await new_context(browser)
    page = await context.new_page()
    await page.add_init_script(_WATCH)
    if slow:
        network = await context.new_cdp_session(page)
        await network.send("Network.emulateNetworkConditions", SLOW_4G)
    await page.goto(link.format(id=session["id"], ticket=session["tickets"]["write"]), wait_until="commit")
    await page.evaluate("sshxBench.drawn")
    await page.keyboard.press("x")
    await page.evaluate("sshxBench.typed")
    times: dict[str, Any] = await page.evaluate("sshxBench.times()")
    await context.close()
    await server.call("DELETE", f"sshx/api/sessions/{session['id']}?terminals=close")
    return times
