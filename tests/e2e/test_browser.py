"""The pages in a real Chromium: a host at server A, a guest at server B."""

from __future__ import annotations

import asyncio
import re
import signal
import struct
import time
import zlib
from base64 import b64encode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, FloatRect, expect

from sshx_jupyter.client.outbox import STALE
from sshx_jupyter.node import SshxNode
from sshx_jupyter.ticket import Ticket
from tests.e2e.accessibility import accessible
from tests.e2e.browser import FEWER, MORE, SIXEL, Person, same_picture
from tests.pictures.scenes import rename, three_shells
from tests.servers import JupyterServer, jupyter_server

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(110), pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(loop_scope="session")
async def host(browser: Browser, server_a: JupyterServer) -> Person:
    """Someone at server A, on the start page."""
    return await Person.at(browser, server_a)


@pytest_asyncio.fixture(loop_scope="session")
async def guest(browser: Browser, server_b: JupyterServer) -> Person:
    """Someone at server B, on the start page."""
    return await Person.at(browser, server_b)


@pytest_asyncio.fixture(loop_scope="session")
async def session(server_a: JupyterServer) -> AsyncIterator[dict[str, Any]]:
    """A session of server A with one shell."""
    session = await server_a.share(name="Lecture")
    yield session
    await server_a.call("DELETE", f"sshx/api/sessions/{session['id']}?terminals=close")


async def both_in(host: Person, guest: Person, session: dict[str, Any], kind: str = "write") -> None:
    """The host and a guest on the session's page, each with its shell at the prompt."""
    await host.open(session)
    await guest.open(session, session["tickets"][kind])
    for person in (host, guest):
        await person.connected()
        await person.sees("$")


async def test_share_and_join(host: Person, guest: Person) -> None:
    started = time.monotonic()
    await host.share("Pair work")
    sharing = time.monotonic() - started
    ticket = await host.copied("Copy ticket")
    assert ticket.startswith("sshx1")
    assert await host.copied("Copy read-only ticket") not in ("", ticket)
    await expect(host.button("Copy link")).to_have_count(0)  # it would lead guests to their own machine
    await host.sees("$")

    started = time.monotonic()
    await guest.join(ticket, "Grace")
    await guest.run("echo typed $((6 * 7))")
    await guest.sees_line("typed 42")
    assert time.monotonic() - started < max(3, 3 * sharing)  # the latter on a slow machine

    await host.sees_line("typed 42")
    await same_picture(host, guest)
    await expect(guest.page).to_have_title(re.compile("Pair work"))
    assert guest.page.url.endswith(Ticket.decode(ticket).session_id.hex())  # without the ticket

    # Names, cursors and the chat, both ways.
    await rename(host, "Ada")
    for person, name in ((host, "Grace"), (guest, "Ada")):
        await person.show("People")
        await expect(person.people().get_by_text(name, exact=False)).to_be_visible()
    for person, other, name in ((host, guest, "Ada"), (guest, host, "Grace")):
        await person.page.mouse.move(200, 300)
        await person.page.mouse.move(300, 400, steps=5)
        await expect(other.page.locator(".sshx-cursor").get_by_text(name)).to_be_visible()
    await host.say("Hello, guest")
    await expect(guest.button("Ada: Hello, guest")).to_be_visible()  # a notice, as the chat is closed
    await guest.screenshot("chat-notice")
    await guest.button("Ada: Hello, guest").click()
    await expect(guest.button("Ada: Hello, guest")).to_have_count(0)
    await expect(guest.button("Chat")).to_have_attribute("aria-expanded", "true")
    await guest.heard("Hello, guest")
    await guest.say("Hello, host")
    await host.heard("Hello, host")
    assert not host.problems
    assert not guest.problems


async def test_programs_look_the_same(host: Person, guest: Person, session: dict[str, Any]) -> None:
    await both_in(host, guest, session)
    await guest.run("seq 1 200000")
    for person in (host, guest):
        await person.sees_line("200000", timeout=60)
    await same_picture(host, guest)

    async def numbers() -> list[str]:
        return [line for line in (await guest.text()).splitlines() if line.isdigit()]

    lines = await _eventually(numbers, lambda now: len(now) > 9_000)  # the scrollback comes once the shell is quiet
    first = int(lines[0])
    assert lines == [str(number) for number in range(first, 200_001)]  # scrollback in order, none twice

    await guest.run("vim -n -u NONE -N")
    await guest.sees("VIM - Vi IMproved")
    await guest.page.keyboard.type("ihello \u4f60\u597d e\u0301 \U0001f44d from the guest")
    await guest.page.keyboard.press("Escape")
    await host.sees("from the guest")
    assert (await same_picture(host, guest))["kind"] == "alternate"
    await guest.page.keyboard.type(":q!\n")
    await host.sees("200000")

    await guest.run("htop -d 100 || top")
    await guest.sees("Load average")
    assert (await same_picture(host, guest))["kind"] == "alternate"
    await guest.page.keyboard.press("q")
    await _eventually(guest.picture, lambda now: now["kind"] == "normal")  # what is typed before that is lost
    await guest.run("echo done")
    await host.sees_line("done")
    assert (await same_picture(host, guest))["kind"] == "normal"


async def test_ctrl_c_during_a_flood(host: Person, guest: Person, session: dict[str, Any]) -> None:
    await both_in(host, guest, session)
    await guest.run("yes")
    for person in (host, guest):
        await person.sees("y\ny\ny\ny")
        await person.count_frames()
    await asyncio.sleep(3)  # what is measured: three seconds of flood
    frames = [await person.frames() for person in (host, guest)]
    pressed = time.monotonic()
    await guest.page.keyboard.press("Control+c")
    await asyncio.gather(*(person.sees("^C") for person in (host, guest)))
    took = time.monotonic() - pressed
    assert took < 5  # a backlog of three seconds of `yes` would take far longer
    for times in frames:  # next to no time in which the page would feel stuck, on a machine that does other things too
        assert sum(time for time in times if time > 200) < 0.25 * sum(times), max(times)
    await same_picture(host, guest)


async def test_windows_follow(host: Person, guest: Person, session: dict[str, Any]) -> None:
    await both_in(host, guest, session)
    await guest.button("New shell").click()
    await expect(host.shells()).to_have_count(2)
    await expect(guest.shells()).to_have_count(2)
    await guest.button("Fit all").click()
    await host.button("Fit all").click()

    # Resize.
    columns = (await host.picture())["rows"][0].count("|")
    await guest.shells().first.get_by_role("button", name=MORE, exact=True).click()
    await _eventually(lambda: _columns(host), lambda now: now > columns)
    larger = await _columns(host)
    await guest.shells().first.get_by_role("button", name=FEWER, exact=True).click()
    await _eventually(lambda: _columns(host), lambda now: now < larger)

    # Move: by the title bar.
    before, _ = await _still(host), await _still(guest)
    title = await guest.shells().first.locator(".sshx-title").bounding_box()
    assert title is not None
    await guest.page.mouse.move(title["x"] + title["width"] / 2, title["y"] + 8)
    await guest.page.mouse.down()
    await guest.page.mouse.move(title["x"] + title["width"] / 2 + 60, title["y"] + 98, steps=8)
    await guest.page.mouse.up()
    await _eventually(lambda: _box(host), lambda now: now["y"] > before["y"] + 20)

    # Raise: a click puts it above the other, for both.
    for index in (1, 0):
        await guest.shells().nth(index).locator(".sshx-title").click(position={"x": 30, "y": 8})
        for person in (host, guest):
            await _eventually(lambda person=person: _above(person), lambda now, index=index: now == index)

    # Close.
    await guest.shells().nth(1).get_by_role("button", name="Close shell", exact=True).click()
    await expect(host.shells()).to_have_count(1)
    await expect(guest.shells()).to_have_count(1)


async def _columns(person: Person) -> int:
    return int((await person.picture())["rows"][0].count("|"))


async def _box(person: Person) -> FloatRect:
    """Where the first shell is on the screen."""
    box = await person.shells().first.bounding_box()
    assert box is not None
    return box


async def _still(person: Person) -> FloatRect:
    """The same once it does not move any more."""
    before: FloatRect | None = None
    now = await _box(person)
    while now != before:
        await asyncio.sleep(0.3)  # longer than the canvas glides
        before, now = now, await _box(person)
    return now


async def _above(person: Person) -> int:
    """Which of two shells lies above the other."""
    first, second = [int(await person.shells().nth(i).evaluate("e => +getComputedStyle(e).zIndex")) for i in (0, 1)]
    return 0 if first > second else 1


async def _eventually(read: Any, good: Any, timeout: float = 10) -> Any:
    deadline = time.monotonic() + timeout
    while not good(now := await read()):
        assert time.monotonic() < deadline, now
        await asyncio.sleep(0.05)
    return now


async def test_a_reader_only_watches(host: Person, guest: Person, session: dict[str, Any]) -> None:
    await both_in(host, guest, session, "read")
    await expect(guest.page.get_by_text("Read-only", exact=True)).to_be_visible()
    before = await host.picture()
    box = await _still(host)
    await guest.type("touch never\n")
    await expect(guest.page.get_by_text("You have read-only access", exact=False).first).to_be_visible()
    for name in (MORE, FEWER, "Close shell"):
        await expect(guest.shells().first.get_by_role("button", name=name, exact=True)).to_be_disabled()
    await expect(guest.button("New shell")).to_be_disabled()
    title = guest.shells().first.locator(".sshx-title")
    await title.drag_to(guest.page.locator(".sshx-canvas"), target_position={"x": 40, "y": 700}, force=True)
    # The host sees nothing of all that; its own next command comes right after what was there.
    assert await host.picture() == before
    assert await _still(host) == box

    # The reader asks, the host allows, and the reader types without joining anew.
    await guest.button("Ask for write access").first.click()
    await host.button("Allow").first.click()
    await expect(guest.page.get_by_text("Read-only", exact=True)).to_have_count(0)
    await guest.run("echo now I may")
    await host.sees_line("now I may")


async def test_the_host_changes_roles_and_removes(
    host: Person, guest: Person, session: dict[str, Any], server_a: JupyterServer
) -> None:
    await both_in(host, guest, session)
    await rename(guest, "Grace")
    await host.show("People")
    await host.button("Make reader: Grace").click()
    await expect(guest.page.get_by_text("Read-only", exact=True)).to_be_visible()
    allows = host.page.get_by_text("With their ticket they can rejoin", exact=False)
    await expect(allows).to_be_visible()
    await host.screenshot("made-reader")

    # New tickets: the guest keeps the place, and remains a reader over a reload.
    await host.button("Make new tickets…").click()
    await host.screenshot("new-tickets")
    await host.button("Make new tickets").click()
    await expect(allows).to_have_count(0)
    await guest.page.reload()
    await guest.state("connected")
    await expect(guest.page.get_by_text("Read-only", exact=True)).to_be_visible()
    await host.button("Make writer: Grace").click()
    await expect(guest.page.get_by_text("Read-only", exact=True)).to_have_count(0)
    await host.button("Remove: Grace").click()
    await host.screenshot("remove")
    await host.button("Remove Grace now").click()
    await guest.state("ended")
    await expect(guest.page.get_by_text("removed", exact=False).first).to_be_visible()

    # The host sees the tickets that let people in now, and the old ones do not.
    [now] = [known for known in await server_a.json("GET", "sshx/api/sessions") if known["id"] == session["id"]]
    await host.show("Share")
    await host.button("More").click()
    await host.page.get_by_role("button", name=re.compile("^Show the ticket")).click()
    await expect(host.page.get_by_text(now["tickets"]["write"], exact=False).first).to_be_attached()
    await guest.page.goto(f"{guest.server.url}sshx/p2p")
    await guest.join(session["tickets"]["write"])
    await guest.state("refused")


async def test_lines_are_pasted_after_a_question(host: Person, guest: Person, session: dict[str, Any]) -> None:
    await both_in(host, guest, session)

    async def paste(text: str) -> None:
        await guest.page.evaluate("text => navigator.clipboard.writeText(text)", text)
        await guest.page.keyboard.press("Control+v")

    async def typing_is_bracketed() -> bool:
        return bool(await guest.terminal().evaluate("element => element.sshxTerminal.modes.bracketedPasteMode"))

    question = guest.page.get_by_role("alertdialog")
    await guest.terminal().click()
    await _eventually(typing_is_bracketed, bool)
    await paste("echo first\necho second")  # bash waits for Enter
    await guest.sees("echo second")
    await expect(question).to_have_count(0)
    await guest.page.keyboard.press("Control+c")
    await guest.sees("second^C\n$")  # pastes are bracketed again
    await paste("echo third\x1b[201~\necho ran-$((1+1))\n")  # nothing in a paste ends it
    await guest.sees("echo ran-$((1+1))")
    await guest.page.keyboard.press("Control+c")
    await guest.run("echo still-$((2+2))")
    await guest.sees("still-4\n$")
    assert "ran-2" not in await guest.text()

    await guest.run("cat")
    await _eventually(typing_is_bracketed, lambda now: not now)
    await paste("one line")
    await guest.page.keyboard.press("Enter")
    await guest.sees("one line\none line")
    await expect(question).to_have_count(0)

    await paste("alpha\nbeta\x1b\n")
    await expect(question).to_contain_text("Paste 2 lines")
    await expect(question.locator("pre")).to_have_text("alpha\nbeta^[")
    await guest.screenshot("paste")
    await guest.button("Cancel").click()
    await expect(question).to_have_count(0)
    await guest.page.keyboard.type("gamma\n")  # the focus is back
    await guest.sees("gamma\ngamma")
    assert "alpha" not in await guest.text()

    await paste("delta\nepsilon\n")
    await expect(guest.button("Paste")).to_be_focused()
    await guest.page.keyboard.press("Enter")
    for person in (host, guest):
        await person.sees("delta\nepsilon\ndelta\nepsilon")
    await guest.page.keyboard.press("Control+d")


async def test_images(host: Person, guest: Person, session: dict[str, Any], tmp_path: Path) -> None:
    await both_in(host, guest, session)
    # Besides the sixel, 2 x 1 green pixels as a PNG.
    png = _png(2, 1, b"\x00\xff\x00")
    header = f"inline=1;size={len(png)};width=60px;height=36px;preserveAspectRatio=0"
    inline = f"\x1b]1337;File={header}:{b64encode(png).decode()}\x07"
    (tmp_path / "sixel").write_text(f"before the sixel\n{SIXEL}\nafter the sixel\n")
    (tmp_path / "inline").write_text(f"before the PNG\n{inline}\nafter the PNG\n")
    await guest.run(f"clear; cat {tmp_path}/sixel {tmp_path}/inline")
    for person in (host, guest):
        await person.sees_line("after the PNG")
        await _eventually(person.colors, lambda now: min(now.values()) > 900)
    await guest.screenshot("images")
    lines = (await guest.text()).splitlines()
    # The text goes on below each image: nothing came before the addon was there.
    assert lines.index("after the sixel") - lines.index("before the sixel") > 2
    assert lines.index("after the PNG") - lines.index("before the PNG") > 2
    # Guests who join later get the screen as text.
    await guest.page.reload()
    await guest.sees_line("after the PNG")
    assert await guest.colors() == {"red": 0, "green": 0, "blue": 0}
    assert not host.problems
    assert not guest.problems


def _png(width: int, height: int, pixel: bytes) -> bytes:
    """A picture of one color, as RGB."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = (b"\0" + pixel * width) * height
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


async def test_the_link_breaks_and_mends(
    browser: Browser, host: Person, session: dict[str, Any], tmp_path: Path
) -> None:
    with jupyter_server(tmp_path / "b") as server:
        port = int(server.url.rstrip("/").rpartition(":")[2])
        guest = await Person.at(browser, server)
        await both_in(host, guest, session)
        await guest.say("before")
        await guest.run("for i in $(seq 1 200); do echo line $i; sleep 0.1; done")
        await guest.sees_line("line 5")
        server.stop(signal.SIGKILL)
        await guest.state("reconnecting")
        await guest.sees_line("line 5")  # what was there can still be read
        await host.say("meanwhile")
    with jupyter_server(tmp_path / "b", port=port):
        await guest.state("connected", timeout=40)
        await guest.sees_line("line 200", timeout=60)
        assert [line for line in (await guest.text()).splitlines() if re.fullmatch(r"line \d+", line)] == [
            f"line {i}" for i in range(1, 201)
        ]
        await guest.heard("before")
        await guest.heard("meanwhile")
        await same_picture(host, guest)
        await expect(guest.page.get_by_role("log", name="Chat").get_by_text("before", exact=True)).to_have_count(1)


async def test_what_is_typed_without_a_connection_waits_and_is_asked_about(
    browser: Browser, host: Person, session: dict[str, Any], tmp_path: Path
) -> None:
    with jupyter_server(tmp_path / "b") as server:
        port = int(server.url.rstrip("/").rpartition(":")[2])
        guest = await Person.at(browser, server)
        await both_in(host, guest, session)
        server.stop(signal.SIGKILL)
        await guest.state("reconnecting")
        await guest.type("echo it is $((6*7))\n")
        await expect(guest.page.get_by_role("status").get_by_text("20 typed characters are waiting")).to_be_visible()
        await guest.screenshot("waiting-input")
        await asyncio.sleep(STALE + 0.5)  # what has waited for less is sent without asking
    with jupyter_server(tmp_path / "b", port=port):
        await guest.state("connected", timeout=40)
        asked = guest.page.get_by_role("alert").filter(has_text="in the meantime?")
        await expect(asked).to_contain_text("«echo it is $((6*7))↵»")
        await guest.screenshot("held-input")
        assert "it is 42" not in await host.text()
        await asked.get_by_role("button", name="Send").click()
        await guest.sees_line("it is 42")
        await expect(guest.page.get_by_text("in the meantime?")).to_have_count(0)


async def test_reloading(host: Person, guest: Person, session: dict[str, Any]) -> None:
    await both_in(host, guest, session)
    await rename(guest, "Grace")
    await guest.run("echo before")
    await guest.say("Back in a moment")
    await host.show("People")
    await host.page.get_by_label("Lock session").click()
    await host.heard("Back in a moment")
    await guest.page.reload()
    await guest.connected()  # who is known is not new
    await guest.sees_line("before")
    await guest.heard("Back in a moment")
    await host.show("People")
    await expect(host.people().get_by_text("Grace")).to_have_count(1)
    stored = await guest.page.evaluate("JSON.stringify(sessionStorage) + JSON.stringify(localStorage)")
    assert session["tickets"]["write"][-20:] not in stored
    assert "resume" not in stored


async def test_panels_hide_no_terminal(host: Person, session: dict[str, Any]) -> None:
    await host.open(session)
    await host.connected()
    await host.sees("$")
    await host.shells().first.locator(".sshx-title").dblclick()
    for panel in ("Chat", "Chat", "Network"):
        await host.button(panel).click()
        await _eventually(lambda: _hidden(host), lambda now: now <= 0)


async def test_pan_and_zoom(host: Person, session: dict[str, Any]) -> None:
    await host.open(session)
    await host.connected()
    await host.sees("$")

    async def box() -> FloatRect:
        return await _box(host)

    mouse = host.page.mouse
    start = await _still(host)
    await mouse.move(60, 700)
    await mouse.wheel(0, -240)
    await _eventually(box, lambda now: now["width"] > 1.2 * start["width"])
    await mouse.wheel(0, 240)
    await _eventually(box, lambda now: abs(now["width"] - start["width"]) < 2)
    await mouse.down()
    await mouse.move(160, 650, steps=5)
    await mouse.up()
    moved = await _still(host)
    assert abs(moved["x"] - start["x"] - 100) < 2
    assert abs(moved["y"] - start["y"] + 50) < 2

    # Over a terminal the wheel scrolls it, and Ctrl makes it zoom.
    await host.run("seq 1 500")
    await host.sees_line("500")
    scrolled = "element => element.sshxTerminal.buffer.active.baseY - element.sshxTerminal.buffer.active.viewportY"
    assert await host.terminal().evaluate(scrolled) == 0
    await mouse.wheel(0, -300)
    await _eventually(lambda: host.terminal().evaluate(scrolled), lambda lines: lines > 1)
    assert (await box())["width"] == moved["width"]
    await host.page.keyboard.down("Control")
    await mouse.wheel(0, 50)
    await host.page.keyboard.up("Control")
    await _eventually(box, lambda now: now["width"] < 0.9 * moved["width"])
    # A selection is where the pointer was, also at this scale.
    await host.type("clear; echo 0123456789\n")
    await host.sees_line("0123456789")
    screen = await host.terminal().locator(".xterm-screen").bounding_box()
    assert screen is not None
    cell, line = screen["width"] / 80, screen["height"] / 24
    await mouse.move(screen["x"] + 2.1 * cell, screen["y"] + 0.5 * line)
    await mouse.down()
    await mouse.move(screen["x"] + 6.1 * cell, screen["y"] + 0.5 * line, steps=4)
    await mouse.up()
    assert await host.terminal().evaluate("e => e.sshxTerminal.getSelection()") == "2345"
    await host.button("Fit all").click()
    await _eventually(box, lambda now: abs(now["width"] - start["width"]) < 2)


async def _hidden(person: Person) -> float:
    """How many pixels of the first shell lie outside of the canvas, to the left and to the right."""
    shell = await person.shells().first.bounding_box()
    canvas = await person.page.locator(".sshx-canvas").bounding_box()
    assert shell is not None
    assert canvas is not None
    return max(canvas["x"] - shell["x"], shell["x"] + shell["width"] - canvas["x"] - canvas["width"])


async def test_the_host_is_away_for_ten_seconds(browser: Browser, guest: Person, tmp_path: Path) -> None:
    with jupyter_server(tmp_path / "a") as server:
        session = await server.share()
        await guest.open(session, session["tickets"]["write"])
        await guest.connected()
        await guest.sees("$")
        await guest.run("for i in $(seq 1 150); do echo line $i; sleep 0.1; done")
        await guest.sees_line("line 3")
        server.process.send_signal(signal.SIGSTOP)
        try:
            await guest.state("reconnecting", timeout=12)
            await asyncio.sleep(4)  # to ten seconds in all
        finally:
            server.process.send_signal(signal.SIGCONT)
        await guest.state("connected", timeout=30)
        await guest.sees_line("line 150", timeout=60)
        assert [line for line in (await guest.text()).splitlines() if re.fullmatch(r"line \d+", line)] == [
            f"line {i}" for i in range(1, 151)
        ]


async def test_narrow_and_touched(
    browser: Browser, host: Person, server_b: JupyterServer, session: dict[str, Any]
) -> None:
    guest = await Person.at(
        browser, server_b, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, device_scale_factor=3
    )
    # On a phone, a person joins rather than shares.
    assert (await guest.page.get_by_role("heading", level=2).all_text_contents())[:2] == [
        "Join a session",
        "Share a terminal",
    ]
    await guest.screenshot("narrow-start")
    await expect(guest.button("Join")).to_be_in_viewport()
    await guest.field("Ticket").fill(session["tickets"]["write"])
    await guest.button("Join").tap()
    await guest.connected()
    await guest.sees("$")
    await guest.terminal().tap()
    await guest.page.keyboard.type("cat")
    await guest.page.keyboard.press("Enter")
    await guest.button("Ctrl").tap()
    await expect(guest.button("Ctrl")).to_have_attribute("aria-pressed", "true")
    await guest.page.keyboard.type("c")
    await guest.sees("^C")
    await guest.page.keyboard.type("echo up and down")
    await guest.page.keyboard.press("Enter")
    await guest.sees_line("up and down")
    await guest.page.keyboard.type("clear")
    await guest.page.keyboard.press("Enter")
    for _ in range(2):
        await guest.page.get_by_role("button", name="Up", exact=True).tap()
    await guest.page.keyboard.press("Enter")
    await guest.sees_line("up and down")
    await guest.page.keyboard.type("echo t")
    await guest.button("Esc").tap()
    await guest.page.keyboard.press("Control+u")

    await guest.button("New shell").tap()
    await expect(guest.page.get_by_role("tab")).to_have_count(2)
    await guest.page.get_by_role("tab").first.tap()
    await guest.sees("up and down")
    await guest.page.get_by_role("tab").nth(1).tap()
    await expect(guest.page.get_by_role("tab").nth(1)).to_have_attribute("aria-selected", "true")
    # Nothing is wider than the screen.
    assert await guest.page.evaluate("document.documentElement.scrollWidth") <= 390
    await guest.screenshot("narrow")


async def test_keyboard_only(host: Person) -> None:
    page = host.page

    async def tab_to(name: str, limit: int = 40) -> None:
        for _ in range(limit):
            focused = "document.activeElement.getAttribute('aria-label') ?? document.activeElement.innerText"
            if await page.evaluate(focused) == name:
                return
            await page.keyboard.press("Tab")
        raise AssertionError(f"Tab does not lead to {name}")

    await tab_to("Share")
    await page.keyboard.press("Enter")
    await host.connected()
    await host.sees("$")
    for _ in range(40):
        if await page.evaluate("document.activeElement.classList.contains('sshx-title')"):
            break
        await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await page.keyboard.type("echo by keyboard\n")
    await host.sees_line("by keyboard")
    await page.keyboard.press("Control+Shift+Enter")  # and out of it again
    assert await page.evaluate("document.activeElement.classList.contains('sshx-title')")
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.getAttribute('aria-label')") == FEWER


async def test_at_double_zoom(browser: Browser, server_a: JupyterServer, session: dict[str, Any]) -> None:
    host = await Person.at(browser, server_a, viewport={"width": 640, "height": 400}, device_scale_factor=2)
    await host.open(session)
    await host.connected()
    await host.run("echo large")
    await host.sees_line("large")
    for panel in ("Chat", "People", "Network", "Settings"):
        await host.show(panel)
        await accessible(host.page, panel)
    assert await host.page.evaluate("document.documentElement.scrollWidth") <= 640
    await host.screenshot("zoom-200")


# Where it goes wrong.


async def test_a_command_is_pasted_on_the_page(guest: Person, session: dict[str, Any]) -> None:
    command = f"jupyter sshx join {session['tickets']['write']}"
    await guest.page.evaluate("text => navigator.clipboard.writeText(text)", command)
    await guest.page.keyboard.press("Control+V")
    await expect(guest.field("Ticket")).to_be_focused()
    await expect(guest.field("Ticket")).to_have_value(command)
    await guest.page.keyboard.press("Enter")
    await guest.connected()


async def test_a_text_that_is_no_ticket(guest: Person) -> None:
    await guest.field("Ticket").fill("hello")
    await expect(guest.page.get_by_text("ticket", exact=False).first).to_be_visible()
    await guest.button("Join").click(force=True)
    await expect(guest.page.get_by_role("alert").first).to_be_visible()
    await guest.screenshot("no-ticket")


async def test_a_ticket_that_is_no_longer_valid(guest: Person, server_a: JupyterServer) -> None:
    session = await server_a.share()
    old = session["tickets"]["write"]
    await server_a.json("PATCH", f"sshx/api/sessions/{session['id']}", {"rotate": True})
    await guest.join(old)
    await guest.state("refused")
    await expect(guest.page.get_by_text("ask for a new ticket", exact=False).first).to_be_visible()
    await guest.screenshot("wrong-ticket")


async def test_a_session_that_has_ended(host: Person, guest: Person, server_a: JupyterServer) -> None:
    session = await server_a.share()
    await both_in(host, guest, session)
    await server_a.call("DELETE", f"sshx/api/sessions/{session['id']}?terminals=close")
    for person in (host, guest):
        await person.state("ended")
        await person.sees("$")  # still readable
    await guest.screenshot("ended")
    await guest.page.reload()
    await guest.state("refused")
    await expect(guest.page.get_by_text("ended", exact=False).first).to_be_visible()
    await guest.screenshot("not-found")


async def test_a_password(guest: Person, server_a: JupyterServer) -> None:
    session = await server_a.share(password="open sesame")
    await guest.join(session["tickets"]["write"])
    password = guest.page.get_by_label("Password", exact=True)
    await password.fill("close sesame")
    await password.press("Enter")
    await expect(guest.page.get_by_text("password", exact=False).first).to_be_visible()
    await guest.screenshot("wrong-password")
    password = guest.page.get_by_label("Password", exact=True)
    await password.fill("open sesame")
    await password.press("Enter")
    await guest.connected()
    await guest.run("echo inside")
    await guest.sees_line("inside")
    await server_a.call("DELETE", f"sshx/api/sessions/{session['id']}?terminals=close")


async def test_a_host_that_is_not_there(guest: Person) -> None:
    async with await SshxNode.spawn(relays="disabled", bind="127.0.0.1:0") as node:
        ticket = (await node.host(terminals=[])).ticket
    assert ticket is not None
    await guest.join(ticket)
    began = asyncio.get_running_loop().time()
    await expect(guest.page.get_by_role("heading", name="No answer yet")).to_be_visible()
    assert asyncio.get_running_loop().time() - began < 6
    await guest.state("unreachable")
    await expect(guest.page.get_by_text("may have stopped sharing")).to_be_visible()
    await expect(guest.button("Try again")).to_be_visible()
    await guest.screenshot("unreachable")
    await guest.button("Give up").click()
    await expect(guest.field("Ticket")).to_be_visible()


async def test_a_server_that_is_gone(browser: Browser, session: dict[str, Any], tmp_path: Path) -> None:
    with jupyter_server(tmp_path) as server:
        guest = await Person.at(browser, server)
    await guest.join(session["tickets"]["write"])
    await guest.state("unreachable")
    await expect(guest.page.get_by_text("Jupyter server", exact=False).first).to_be_visible()


async def test_waiting_for_the_host(host: Person, guest: Person, server_a: JupyterServer) -> None:
    session = await server_a.share(approve=True)
    await host.open(session)
    await host.connected()
    await guest.open(session, session["tickets"]["write"])
    await guest.state("waiting")
    await expect(guest.page.get_by_text("let you in", exact=False).first).to_be_visible()
    await guest.screenshot("waiting")
    await host.button("Let in").first.click()
    await guest.connected()
    await guest.run("echo let in")
    await host.sees_line("let in")
    await server_a.call("DELETE", f"sshx/api/sessions/{session['id']}?terminals=close")


async def test_underscores_are_seen(host: Person, session: dict[str, Any]) -> None:
    """Also in fonts that draw them below the row."""
    await host.open(session)
    await host.connected()
    await host.run("clear; printf '\\n\\n%s\\n\\n' ____; echo there")
    await host.sees_line("there")
    screen = await host.terminal().locator(".xterm-screen").bounding_box()
    assert screen
    row = screen["height"] / 24
    lines = [
        await host.page.screenshot(clip={"x": screen["x"], "y": screen["y"] + y * row, "width": 40, "height": row + 1})
        for y in (1, 2)  # an empty one, one with underscores
    ]
    assert lines[0] != lines[1]


async def test_a_class(browser: Browser, server_a: JupyterServer, server_b: JupyterServer) -> None:
    """A host and two guests at work in three shells, as in the README's picture."""
    session = await server_a.share(name="Numerics, week 3")
    look = {"viewport": {"width": 1440, "height": 860}, "color_scheme": "dark"}
    host, _ = await three_shells(browser, server_a, server_b, session, **look)
    await host.screenshot("class")
    await server_a.call("DELETE", f"sshx/api/sessions/{session['id']}?terminals=close")
