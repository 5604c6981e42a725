"""What a page costs the browser, and how smooth it stays: during floods, on a full canvas, and in the background.

All of it in Debian's Chromium without a graphics card, on the machine that also runs the host and its programs. A frame
is late there whenever something else has the processor, so each figure stands beside one from the same run.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import statistics
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, expect

from tests.bench.report import Row
from tests.e2e.browser import Person, chromium, chromium_with_tabs
from tests.e2e.labs import Lab
from tests.servers import JupyterServer, jupyter_server

SECONDS = 8
"""How long each flood is watched."""
FRAME_BUDGET = 100.0
"""Milliseconds of the longest frame during a flood."""
SHELLS = 14
"""As many as a session may have."""
SIZE = (50, 200)
"""Rows and columns of each."""
FPS_BUDGET = 50.0
"""Frames a second while the canvas moves."""
SEQ = "seq 1 100000000"
STEADY = "while sleep 0.01; do seq 1 2000; done"
"""Prints as much whatever else the machine does."""
PRINTED = 100
"""Megabytes of output after which memory is measured."""
TICKS = os.sysconf("SC_CLK_TCK")

# WebGL as on a machine that has a graphics card: the page leaves it out where there is none.
_AS_IF_FAST = """
const { getParameter } = WebGL2RenderingContext.prototype;
WebGL2RenderingContext.prototype.getParameter = function (name) {
  const value = getParameter.call(this, name);
  return /swiftshader/i.test(value) ? "A graphics card" : value;
};
const { getContext } = HTMLCanvasElement.prototype;
HTMLCanvasElement.prototype.getContext = function (kind, options) {
  return getContext.call(this, kind, { ...options, failIfMajorPerformanceCaveat: false });
};
"""

# Moves the canvas as a mouse's wheel does, once a frame, and gives the milliseconds between the frames.
_MOVE = """({ seconds, zooms }) => new Promise((done) => {
  const canvas = document.querySelector(".sshx-canvas");
  const { left, top, width, height } = canvas.getBoundingClientRect();
  const times = [];
  const began = performance.now();
  let last = began;
  const frame = () => {
    const now = performance.now();
    const step = now - last;
    times.push(step);
    last = now;
    if (now - began > seconds * 1000) return done(times.slice(1));
    const speed = step * Math.sin((now - began) / 300); // as far in a second, however many frames there are
    const [deltaX, deltaY] = zooms ? [0, 1.8 * speed] : [1.5 * speed, 0];
    canvas.dispatchEvent(new WheelEvent("wheel", {
      deltaX, deltaY, clientX: left + width / 2, clientY: top + height / 2, bubbles: true, cancelable: true,
    }));
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
})"""


@dataclass(frozen=True)
class Frames:
    """Milliseconds between frames."""

    times: list[float]

    @property
    def longest(self) -> float:
        return max(self.times)

    @property
    def p99(self) -> float:
        return sorted(self.times)[int(0.99 * len(self.times))]

    @property
    def rate(self) -> float:
        """Frames a second."""
        return 1000 / statistics.fmean(self.times)

    def __str__(self) -> str:
        return f"longest {self.longest:.0f} ms, p99 {self.p99:.0f} ms"


def measure() -> list[Row]:
    with (
        tempfile.TemporaryDirectory() as directory,
        jupyter_server(Path(directory), config="c.LabApp.expose_app_in_browser = True", lab=True) as server,
    ):
        return asyncio.run(_measure(server))


async def _measure(server: JupyterServer) -> list[Row]:
    async with chromium() as browser:
        rows = [*await _floods(browser, server), *await _canvas(browser, server), await _memory(browser, server)]
    return [*rows, *await _hidden(server)]


# Floods.


async def _floods(browser: Browser, server: JupyterServer) -> list[Row]:
    rows = []
    for count, command in ((1, "yes"), (3, SEQ)):
        ours = await _flood(browser, server, count, command)
        lab = await _lab_flood(browser, server, count, command)
        shells = "one shell" if count == 1 else f"{count} shells"
        ratio = ours.longest / lab.longest
        budget, ok = f"longest < {FRAME_BUDGET:g} ms", ours.longest < FRAME_BUDGET
        beside = f"{lab}, JupyterLab's own terminals"
        rows.append(Row(f"frames during {command} in {shells}", str(ours), beside, ratio, budget, ok))
    return rows


async def _flood(browser: Browser, server: JupyterServer, count: int, command: str) -> Frames:
    async with _session(browser, server, count) as person:
        for index in range(count):
            await person.run(command, index)
        return await _frames(person)


async def _lab_flood(browser: Browser, server: JupyterServer, count: int, command: str) -> Frames:
    """The same in JupyterLab, with its terminals side by side."""
    person = await Person.at(browser, server)
    lab = await Lab.open(person)
    names: list[str] = []
    for _ in range(count):
        mode = "split-right" if names else "tab-after"
        before = {terminal["name"] for terminal in await server.json("GET", "api/terminals")}
        await person.page.evaluate(
            """async (mode) => {
              const { commands, shell } = window.jupyterapp;
              const widget = await commands.execute("terminal:create-new");
              shell.add(widget, "main", { mode });
            }""",
            mode,
        )
        after = {terminal["name"] for terminal in await server.json("GET", "api/terminals")}
        names += after - before
        await expect(lab.terminal()).to_have_count(len(names))
    for index in range(count):
        await lab.terminal().nth(index).click()
        await person.page.keyboard.type(command)
        await person.page.keyboard.press("Enter")
    frames = await _frames(person)
    for name in names:
        await server.call("DELETE", f"api/terminals/{name}")
    await person.context.close()
    return frames


async def _frames(person: Person) -> Frames:
    await asyncio.sleep(1)  # the flood has begun, and the browser has settled
    await person.count_frames()
    await asyncio.sleep(SECONDS)
    return Frames(await person.frames())


# The canvas.


async def _canvas(browser: Browser, server: JupyterServer) -> list[Row]:
    rows = []
    for how, script in (("the DOM renderer", ""), ("WebGL", _AS_IF_FAST)):
        async with _session(browser, server, SHELLS, script=script, size=SIZE) as person:
            await _fill(person)
            for what, zooms in (("pan", False), ("zoom", True)):
                frames = Frames(await person.page.evaluate(_MOVE, {"seconds": 4, "zooms": zooms}))
                name = f"{what} {SHELLS} shells of {SIZE[1]}x{SIZE[0]}, {how}"
                ok = frames.rate >= FPS_BUDGET
                rows.append(Row(name, f"{frames.rate:.0f} fps", str(frames), None, f">= {FPS_BUDGET:g} fps", ok))
    return rows


async def _fill(person: Person) -> None:
    """Text in every cell of every shell."""
    rows, cols = SIZE
    line = ("The quick brown fox jumps over the lazy dog. " * 10)[: cols - 1]
    for index in range(SHELLS):
        await person.terminal(index).evaluate(
            "(element, text) => new Promise((done) => element.sshxTerminal.write(text, done))",
            "\r\n".join(f"\x1b[3{row % 8}m{line}" for row in range(rows)),
        )
    await person.button("Fit all").click()
    await person.page.evaluate("new Promise((done) => setTimeout(done, 1000))")  # it has glided there


# Memory, and the background.


async def _memory(browser: Browser, server: JupyterServer) -> Row:
    async with _session(browser, server, 1) as person:
        before = await _used(person)
        await person.run(f"seq 1 100000000 | head -c {PRINTED}000000; echo; echo all$((1))done")
        await person.sees_line("all1done", timeout=120)
        after = await _used(person)
    grown = [late - early for early, late in zip(before, after, strict=True)]
    measured = f"heap {after[0]:.0f} MB, process {after[1]:.0f} MB"
    beside = f"heap {before[0]:.0f} MB, process {before[1]:.0f} MB before"
    return Row(
        f"memory of the page after {PRINTED} MB of output", measured, beside, None, "< 50 MB more", max(grown) < 50
    )


async def _used(person: Person) -> tuple[float, float]:
    """Megabytes of the scripts' heap, after a collection, and of the memory that the page's process has in all."""
    devtools = await person.context.new_cdp_session(person.page)
    await devtools.send("HeapProfiler.collectGarbage")
    await devtools.send("Performance.enable")
    metrics = (await devtools.send("Performance.getMetrics"))["metrics"]
    heap = next(metric["value"] for metric in metrics if metric["name"] == "JSHeapUsedSize")
    return heap / 1e6, _resident(await _process(person)) / 1e6


async def _hidden(server: JupyterServer) -> list[Row]:
    """The share of a core that page and server use during a flood, with the page in front, behind, and closed."""
    async with chromium_with_tabs() as context:
        session = await server.share()
        person = await Person.within(context, server)
        await person.open(session)
        await person.connected()
        await person.sees("$")
        await person.run(STEADY)
        renderer = await _process(person)
        seen = await _cores(renderer, server.process.pid)
        await person.leave()
        await asyncio.sleep(1)  # what was on its way has come
        hidden = await _cores(renderer, server.process.pid)
        await person.page.goto("about:blank")
        await asyncio.sleep(1)
        [closed] = await _cores(server.process.pid)
    await server.call("DELETE", f"sshx/api/sessions/{session['id']}?terminals=close")
    page, host = hidden[0], hidden[1] - closed
    return [
        Row(
            "a hidden page while a shell prints",
            f"{page:.3f} of a core",
            f"{seen[0]:.2f} in front",
            page / seen[0],
            "< 0.02",
            page < 0.02,
        ),
        Row(
            "what it costs the host",
            f"{host:.2f} of a core",
            f"{seen[1] - closed:.2f} in front, {closed:.2f} without a page",
            None,
            "< 0.1",
            host < 0.1,
        ),
    ]


async def _cores(*pids: int) -> list[float]:
    before = [_spent(pid) for pid in pids]
    await asyncio.sleep(5)
    return [(_spent(pid) - start) / 5 for pid, start in zip(pids, before, strict=True)]


# Processes.


async def _process(person: Person) -> int:
    """The process that runs the page: the one of all that uses the processor while the page does."""
    browser = person.context.browser
    assert browser is not None
    devtools = await browser.new_browser_cdp_session()
    before = await _renderers(devtools)
    await person.page.evaluate("() => { const end = performance.now() + 300; while (performance.now() < end); }")
    after = await _renderers(devtools)
    return max(after, key=lambda pid: after[pid] - before.get(pid, 0))


async def _renderers(devtools: Any) -> dict[int, float]:
    """The seconds of processor time that each process with pages has used."""
    processes = (await devtools.send("SystemInfo.getProcessInfo"))["processInfo"]
    return {process["id"]: process["cpuTime"] for process in processes if process["type"] == "renderer"}


def _spent(pid: int) -> float:
    """Seconds of processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _resident(pid: int) -> int:
    """Bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@contextlib.asynccontextmanager
async def _session(
    browser: Browser, server: JupyterServer, count: int, script: str = "", size: tuple[int, int] | None = None
) -> AsyncIterator[Person]:
    """Someone who hosts a session with so many shells, all at their prompts; `script` runs in the page first."""
    session = await server.share()
    person = await Person.at(browser, server)
    if script:
        await person.page.add_init_script(script)
    await person.open(session)
    await person.connected()
    async with server.owner(session, screens=False) as owner:
        for number in range(1, count):
            await owner.create(number * 30, number * 30)
        if size is not None:
            for sid in owner.shells:
                await owner.resize(sid, *size)
    await expect(person.shells()).to_have_count(count)
    if count > 1:
        await person.button("Tidy").click()
    for index in range(count):
        await person.sees("$", index)
    try:
        yield person
    finally:
        await person.context.close()
        await server.call("DELETE", f"sshx/api/sessions/{session['id']}?terminals=close")
