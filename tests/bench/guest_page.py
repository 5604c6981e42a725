"""From a click on a guest's link to typing, in a Chromium that has never seen the page.

The script in the page clicks *Join* as soon as it is there, as no person could. All times count from the start of the
navigation, by the page's own clock, and leave nothing out; Playwright's way to press the key is in the last.

"Slow 4G" is that of Chromium's DevTools. It slows down each request and the opening of a WebSocket, but not what a
WebSocket carries, and nothing that a worker does: there, Chromium 156 answers "Not supported". So its figures say how
long the page takes to load, with a link to the host that is nearly as fast as without it.

Beside them stand a page with xterm.js, a WebSocket to a terminal of Jupyter's, and nothing else, which is the least
that this browser can do; and Notebook's page for a terminal, from the same server. There, what counts as typed is the
message with the echo: what the page draws is not to be seen from outside.
"""

from __future__ import annotations

import asyncio
import shutil
import statistics
import tempfile
from pathlib import Path
from typing import Any

from playwright.async_api import Browser

from sshx_jupyter import guest_page
from tests.bench.report import Row
from tests.e2e.browser import chromium, new_context
from tests.relay import running_relay
from tests.servers import TOKEN, JupyterServer, jupyter_server
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
XTERM = Path(__file__).parents[2] / "js" / "node_modules" / "@xterm" / "xterm"
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


_BARE_STAGES = """
  const times = {};
  let drawn, typed;
  window.sshxBench = {
    drawn: new Promise((resolve) => (drawn = resolve)),
    typed: new Promise((resolve) => (typed = resolve)),
    times: () => ({ ...times }),
    shows: (line) => {
      if (line.startsWith("$ x")) { times.typed ??= performance.now(); typed(); }
      else if (line.startsWith("$")) { times.drawn ??= performance.now(); drawn(); }
    },
  };"""
_BARE_PAGE = """<!DOCTYPE html>
<meta charset="utf-8">
<link rel="stylesheet" href="xterm.css">
<div id="terminal"></div>
<script src="xterm.js"></script>
<script>
const terminal = new Terminal();
terminal.open(document.getElementById("terminal"));
terminal.focus();
const socket = new WebSocket(location.hash.slice(1));
socket.onmessage = ({ data }) => {
  const [kind, text] = JSON.parse(data);
  if (kind === "stdout") terminal.write(text);
};
terminal.onData((data) => socket.send(JSON.stringify(["stdin", data])));
terminal.onRender(() => {
  const buffer = terminal.buffer.active;
  sshxBench.shows(buffer.getLine(buffer.baseY + buffer.cursorY).translateToString(true));
});
</script>"""
_NOTEBOOK_STAGES = f"""(() => {{{_BARE_STAGES}
  let text = "";
  window.WebSocket = class extends WebSocket {{
    constructor(...args) {{
      super(...args);
      this.addEventListener("message", ({{ data }}) => {{
        if (!this.url.includes("/terminals/websocket/")) return;
        const [kind, printed] = JSON.parse(data);
        if (kind !== "stdout") return;
        text += printed.replace(/\\x1b\\[[?\\d;]*\\w/g, "");
        sshxBench.shows(text.split(/[\\r\\n]/).at(-1));
      }});
    }}
  }};
}})();"""


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as directory:
        return asyncio.run(_measure(Path(directory)))


async def _measure(directory: Path) -> list[Row]:
    site = directory / "site"
    guest_page.write_directory(site)
    bare = directory / "bare"
    bare.mkdir()
    (bare / "index.html").write_text(_BARE_PAGE)
    for file in ("lib/xterm.js", "css/xterm.css"):
        shutil.copy(XTERM / file, bare)
    async with running_relay(directory) as relay, chromium() as browser:
        config = f"c.SshxApp.guests = True\nc.SshxApp.relays = [{relay.url!r}]\nc.ServerApp.allow_origin = '*'"
        with (
            static_server(site, directory / "plain.log") as plain,
            static_server(site, directory / "packed.log", packs=True) as packed,
            static_server(bare, directory / "bare.log") as least,
            jupyter_server(directory / "host", config=config, lab=True) as server,
        ):
            while (await server.json("GET", "sshx/api/status"))["relay_url"] is None:
                await asyncio.sleep(0.1)
            where = {
                "over a relay": f"{plain.url}#{{ticket}}",
                "over a relay, page sent as gzip": f"{packed.url}#{{ticket}}",
                "over the host's server": f"{server.url}sshx/guest/{{id}}#{{ticket}}",
            }
            socket = f"{server.url.replace('http', 'ws', 1)}terminals/websocket/{{name}}?token={TOKEN}"
            floor = [
                await _visit_terminal(browser, server, f"{least.url}#{socket}", f"(() => {{{_BARE_STAGES}}})()")
                for _ in range(ROUNDS)
            ]
            page = f"{server.url}terminals/{{name}}?token={TOKEN}"
            notebook = [await _visit_terminal(browser, server, page, _NOTEBOOK_STAGES) for _ in range(SLOW_ROUNDS)]
            rows = [
                Row(
                    "a bare page to the first echo",
                    f"{_typed(floor):.2f} s",
                    f"{_typed(notebook):.2f} s for Notebook's",
                )
            ]
            for slow in (False, True):
                for how, link in where.items():
                    visits = [await _visit(browser, server, link, slow) for _ in range(SLOW_ROUNDS if slow else ROUNDS)]
                    rows.append(_row(how, visits, slow, _typed(floor)))
    return rows


def _typed(visits: list[dict[str, float]]) -> float:
    return statistics.median(visit["typed"] for visit in visits) / 1000


def _row(how: str, visits: list[dict[str, float]], slow: bool, bare: float) -> Row:
    what = f"guest page to the first echo {how}" + (", Slow 4G" if slow else "")
    paint, connected, drawn, typed = (statistics.median(visit[stage] for visit in visits) / 1000 for stage in STAGES)
    steps = f"paint {paint:.2f}, connected {connected:.2f}, shell {drawn:.2f} s"
    if slow:
        return Row(what, f"{typed:.2f} s", steps)
    budget = HOST_BUDGET if "host" in how else RELAY_BUDGET
    return Row(what, f"{typed:.2f} s", steps, typed / bare, f"< {budget:g} s", typed < budget)


async def _visit_terminal(browser: Browser, server: JupyterServer, link: str, stages: str) -> dict[str, float]:
    """Milliseconds until each of the stages, with a terminal of Jupyter's."""
    name = await server.terminal()
    context = await new_context(browser)
    page = await context.new_page()
    await page.add_init_script(stages)
    await page.goto(link.format(name=name), wait_until="commit")
    await page.evaluate("sshxBench.drawn")
    await page.locator(".xterm-helper-textarea").focus()
    await page.keyboard.press("x")
    await page.evaluate("sshxBench.typed")
    times: dict[str, float] = await page.evaluate("sshxBench.times()")
    await context.close()
    await server.call("DELETE", f"api/terminals/{name}")
    return times


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
