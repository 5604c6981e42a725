"""Sharing costs the host nothing: what guests can, and cannot, do to a terminal that JupyterLab has open.

Programs run in it, and after each step host and guest see the same, cell by cell.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, expect

from tests.e2e.browser import Person, same_picture
from tests.e2e.labs import Lab, clean
from tests.e2e.notebooks import configure
from tests.servers import JupyterServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180), pytest.mark.asyncio(loop_scope="session")]

Come = Callable[[JupyterServer], Awaitable[Person]]
MORE = "More rows and columns, for everyone"
FEWER = "Fewer rows and columns, for everyone"


@pytest_asyncio.fixture(loop_scope="session")
async def come(browser: Browser, server_a: JupyterServer, server_b: JupyterServer) -> AsyncIterator[Come]:
    """Brings a person to a server. In the end nothing must have gone wrong in the browser."""
    people: list[Person] = []

    async def come(server: JupyterServer) -> Person:
        configure(server)
        people.append(await Person.at(browser, server))
        return people[-1]

    for server in (server_a, server_b):
        await clean(server)
    yield come
    for server in (server_a, server_b):
        await clean(server)
    assert [problem for person in people for problem in person.problems] == []


async def share(come: Come, server_a: JupyterServer, server_b: JupyterServer) -> tuple[Lab, Person, str]:
    """A host's JupyterLab with a terminal, a guest who may type, and the terminal's name."""
    host, guest = await come(server_a), await come(server_b)
    lab = await Lab.open(host)
    name = await lab.new_terminal()
    session = await server_a.share(terminals=[name], name="pair")
    await guest.join(session["tickets"]["write"], "Bob")
    await guest.connected()
    return lab, guest, name


async def size(server: JupyterServer) -> list[tuple[int, int]]:
    """Rows and columns of the shells of the only session."""
    [session] = await server.json("GET", "sshx/api/sessions")
    return [(shell["rows"], shell["cols"]) for shell in session["shells"]]


async def becomes(server: JupyterServer, wanted: Callable[[list[tuple[int, int]]], bool]) -> None:
    while not wanted(await size(server)):
        await asyncio.sleep(0.05)


def toast(person: Person, text: str) -> Locator:
    return person.page.locator(".sshx-toast").filter(has_text=text)


async def test_a_guest_neither_ends_nor_resizes_the_terminal_that_the_host_has_open(
    come: Come, server_a: JupyterServer, server_b: JupyterServer, tmp_path: Path
) -> None:
    lab, guest, name = await share(come, server_a, server_b)
    text = tmp_path / "text"
    await lab.type(f"vim -u NONE -N {text}\n")
    await guest.sees("~")
    await lab.page.keyboard.type("iunsaved words")
    await guest.sees("unsaved words")
    await same_picture(lab, guest)
    [before] = await size(server_a)

    shell = guest.shells().first
    for button in (MORE, FEWER):
        await shell.get_by_role("button", name=button, exact=True).click(force=True)  # it says that it is disabled
    await expect(toast(guest, "The host has this terminal open")).to_be_visible()
    await shell.get_by_role("button", name="Close shell", exact=True).click(force=True)
    await expect(toast(guest, "Only the host can close this terminal.")).to_be_visible()
    await guest.screenshot("manners-guest")
    await guest.type(" and more")
    await guest.sees("unsaved words and more")
    await same_picture(lab, guest)
    assert await size(server_a) == [before]

    # The session's own tab, in front or behind, changes nothing.
    [session] = await server_a.json("GET", "sshx/api/sessions")
    await lab.command("sshx:open-session", id=session["id"])
    await lab.person.connected()
    await expect(lab.page.get_by_role("group", name="Shell ")).to_be_visible()
    await lab.person.sees("unsaved words and more")
    await same_picture(lab.person, guest)
    assert await size(server_a) == [before]
    await lab.tab(f"Terminal {name}").click()
    await same_picture(lab, guest)
    assert await size(server_a) == [before]

    # Without a tab of Jupyter's, the session decides; a tab that is opened later fits again, however often.
    for _ in range(3):
        await lab.close_tab(f"Terminal {name}")
        larger = shell.get_by_role("button", name=MORE, exact=True)
        await expect(larger).to_have_attribute("aria-disabled", "false")
        await larger.click()
        await becomes(server_a, lambda now: now[0][0] > before[0])
        await lab.command("terminal:open", name=name)
        await becomes(server_a, lambda now: now == [before])
        await same_picture(lab, guest)
        await expect(larger).to_have_attribute("aria-disabled", "true")

    # htop draws all of the screen, and again after each change. It believes LINES and COLUMNS, which terminado sets.
    await lab.terminal().click()
    await lab.page.keyboard.press("Escape")
    await lab.page.keyboard.type(":wq\n")
    await guest.sees("$ ")
    await lab.page.keyboard.type("env -u LINES -u COLUMNS htop\n")
    await guest.sees("PID")
    await same_picture(lab, guest)
    await lab.page.set_viewport_size({"width": 1000, "height": 600})
    await becomes(server_a, lambda now: now != [before])
    await guest.sees("PID")
    await same_picture(lab, guest)
    await guest.type("q")
    await same_picture(lab, guest)
    assert text.read_text() == "unsaved words and more\n"


async def test_an_owner_removes_a_terminal_and_it_runs_on(
    come: Come, server_a: JupyterServer, server_b: JupyterServer
) -> None:
    lab, guest, name = await share(come, server_a, server_b)
    await lab.type("echo kept-$((1+1)); sleep 1000\n")
    await guest.sees_line("kept-2")
    [session] = await server_a.json("GET", "sshx/api/sessions")
    owner = await come(server_a)
    await owner.open(session)
    await owner.connected()
    await owner.shells().first.get_by_role("button", name="Close shell", exact=True).click()
    question = owner.page.get_by_role("alertdialog")
    await expect(question).to_contain_text("was running before you shared it")
    await expect(question.get_by_role("button", name="Remove from session", exact=True)).to_be_focused()
    await owner.screenshot("manners-close")
    await owner.page.keyboard.press("Escape")
    await expect(question).to_have_count(0)
    await expect(owner.shells()).to_have_count(1)

    await owner.shells().first.get_by_role("button", name="Close shell", exact=True).click()
    await question.get_by_role("button", name="Close terminal", exact=True).click()
    await expect(question).to_contain_text("sleep is running in this shell.")
    await expect(question.get_by_role("button", name="Cancel", exact=True)).to_be_focused()
    await owner.page.keyboard.press("Enter")
    await expect(question).to_have_count(0)
    await expect(owner.shells()).to_have_count(1)

    await owner.shells().first.get_by_role("button", name="Close shell", exact=True).click()
    await owner.page.keyboard.press("Enter")  # the first that is offered
    await expect(guest.shells()).to_have_count(0)
    await expect(toast(guest, f"removed “Terminal {name}” from the session")).to_be_visible()
    async with server_a.open_terminal(name) as terminal:
        await terminal.wait_for("kept-2")
        await terminal.type("\x03")
        await terminal.wait_for("^C")


async def test_everyone_sees_who_opened_and_closed_what(
    come: Come, server_a: JupyterServer, server_b: JupyterServer
) -> None:
    _, bob, _ = await share(come, server_a, server_b)
    [session] = await server_a.json("GET", "sshx/api/sessions")
    ada = await come(server_b)
    await ada.join(session["tickets"]["write"], "Ada")
    await ada.connected()
    await ada.button("New shell").click()
    await expect(toast(bob, "Ada opened “Terminal")).to_be_visible()
    await bob.button("Fit all").click()
    await bob.shells().nth(1).get_by_role("button", name="Shell menu", exact=True).click()
    await bob.page.get_by_role("menuitem", name="Rename…").click()
    await bob.page.get_by_role("textbox", name="Shell name").fill("build")
    await bob.page.keyboard.press("Enter")
    await expect(toast(ada, "Bob renamed a shell to “build”")).to_be_visible()
    mine = ada.page.get_by_role("group", name="Shell build")
    await mine.get_by_role("button", name="Shell menu", exact=True).click()
    await ada.screenshot("manners-menu")
    await ada.page.get_by_role("menuitemcheckbox", name="Lock size").click()
    await expect(
        bob.page.get_by_role("group", name="Shell build").get_by_role("button", name=MORE, exact=True)
    ).to_have_attribute("aria-disabled", "true")

    await ada.run("sleep 1000", 1)
    await expect(ada.page.get_by_role("alertdialog")).to_have_count(0)
    await bob.sees("sleep 1000", 1)
    await bob.page.get_by_role("group", name="Shell build").get_by_role("button", name="Close shell").click()
    question: Any = bob.page.get_by_role("alertdialog")
    await expect(question).to_contain_text("sleep is running in this shell.")
    await bob.screenshot("manners-running")
    await question.get_by_role("button", name="Close anyway").click()
    await expect(toast(ada, "Bob closed “build”")).to_be_visible()
    await expect(ada.shells()).to_have_count(1)
