"""Sharing terminals in a real JupyterLab and a real Notebook 7, in Chromium; guests come through another server."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Route, expect

from sshx_jupyter.account import account_name
from tests.e2e.browser import Person
from tests.e2e.labs import LOADED, Lab, clean
from tests.e2e.notebooks import configure
from tests.servers import TOKEN, JupyterServer, jupyter_server

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180), pytest.mark.asyncio(loop_scope="session")]

Come = Callable[[JupyterServer], Awaitable[Person]]

# Notebook 7.6's own on the page of a terminal, also without this extension.
NOTEBOOKS = re.compile(r"Cannot read properties of undefined \(reading '(schema|options)'\)(\n.*static/notebook/|$)")

FORBIDDEN = """
from jupyter_server.auth import Authorizer

class Nobody(Authorizer):
    def is_authorized(self, handler, user, action, resource):
        return resource != "sshx"

c.ServerApp.authorizer_class = Nobody
"""


@pytest_asyncio.fixture(loop_scope="session")
async def come(browser: Browser) -> AsyncIterator[Come]:
    """Brings a person to a server. In the end nothing must have gone wrong in the browser."""
    people: list[Person] = []

    async def come(server: JupyterServer) -> Person:
        configure(server)
        people.append(await Person.at(browser, server))
        return people[-1]

    yield come
    assert [problem for person in people for problem in person.problems] == []


@pytest_asyncio.fixture(loop_scope="session", autouse=True)
async def nothing_left(server_a: JupyterServer, server_b: JupyterServer) -> AsyncIterator[None]:
    """Each test begins, and leaves the servers, without sessions and terminals."""
    for server in (server_a, server_b):
        await clean(server)
    yield
    for server in (server_a, server_b):
        await clean(server)


async def hosted(server: JupyterServer) -> list[dict[str, Any]]:
    sessions: list[dict[str, Any]] = await server.json("GET", "sshx/api/sessions")
    return sessions


async def keeps_no_secret(lab: Lab, session: dict[str, Any], *more: str) -> None:
    """What is kept has the session, without what lets someone into it."""
    kept = await asyncio.wait_for(lab.kept(session), 20)
    # A ticket begins with addresses, which are no secret.
    for secret in ("sshx1", session["owner_secret"], *(ticket[-40:] for ticket in session["tickets"].values()), *more):
        assert secret not in kept


async def test_share_a_terminal(come: Come, server_a: JupyterServer, server_b: JupyterServer) -> None:
    host, guest = await come(server_a), await come(server_b)
    lab = await Lab.open(host)
    name = await lab.new_terminal()
    async with server_a.open_terminal(name) as terminal:
        await terminal.wait_for("$ ")
        await lab.type("echo before-$((1+1))\n")
        await terminal.wait_for("before-2")

        # Share it, and hand out a ticket.
        tab = lab.tab(f"Terminal {name}")
        await lab.context_menu(tab)
        await host.screenshot("lab-menu")
        await lab.item("Share Terminal…").click()
        await host.screenshot("lab-share")
        await expect(lab.dialog.get_by_label(f"Terminal {name}")).to_be_checked()
        await lab.dialog.get_by_role("button", name="Share", exact=True).click()
        await expect(lab.dialog).to_contain_text(f"“Terminal {name}” is shared")
        ticket = await host.copied("Copy ticket")
        [session] = await hosted(server_a)
        assert ticket == session["tickets"]["write"]
        assert [shell["terminal"] for shell in session["shells"]] == [name]
        await expect(lab.dialog).to_contain_text("No guests are here.")
        await host.screenshot("lab-tickets")
        await lab.dialog.get_by_role("button", name="Done").click()
        await expect(lab.toolbar_button("Shared…")).to_be_visible()

        # A guest comes. What they are called is text.
        bob = "Bob <b>bold</b><img src=x onerror=alert(1)>"
        await guest.join(ticket, bob)
        await guest.sees_line("before-2")
        joined = lab.notification(f"{bob} joined “Terminal {name}”")
        await expect(joined).to_be_visible()
        await expect(joined.locator("b, img")).to_have_count(0)
        await expect(lab.marked()).to_have_count(1)
        await expect(tab).to_have_attribute("data-sshx-guests", "1")
        assert await tab.evaluate("element => getComputedStyle(element, '::after').content") == '"1"'
        await expect(lab.toolbar_button("Shared: 1 guest…")).to_be_visible()
        await expect(lab.status).to_have_text("Sharing: 1 guest")
        await host.screenshot("lab-shared")
        await lab.toolbar_button("Shared: 1 guest…").click()
        await expect(lab.dialog.get_by_role("listitem").filter(has_text="Can type")).to_contain_text(bob)
        await lab.dialog.get_by_role("button", name="Done").click()

        # Both type.
        await lab.type("echo from-$((1+2))-host\n")
        await guest.sees_line("from-3-host")
        await guest.run("echo from-$((2+2))-guest")
        await terminal.wait_for("from-4-guest")

        # Stop in the Running panel. The terminal lives on.
        await lab.running()
        item = lab.section.locator(".jp-RunningSessions-item")
        await expect(item).to_contain_text("1 guest")
        await item.hover()
        await host.screenshot("lab-running")
        await item.locator('[title="Stop Sharing"]').click()
        await expect(lab.dialog).to_contain_text("1 guest is here and will be disconnected. Your terminals stay open.")
        await lab.dialog.get_by_role("button", name="Stop Sharing").click()
        await guest.state("ended")
        await expect(guest.page.get_by_text("The host stopped sharing.")).to_be_visible()
        await expect(item).to_have_count(0)
        await expect(lab.status).to_have_count(0)
        await expect(lab.toolbar_button("Shared: 1 guest…")).to_have_count(0)
        await expect(lab.marked()).to_have_count(0)
        await lab.type("echo alone-$((2+3))\n")
        await terminal.wait_for("alone-5")


async def test_new_session_and_reload(come: Come, server_a: JupyterServer, tmp_path: Path) -> None:
    host = await come(server_a)
    lab = await Lab.open(host)
    await host.screenshot("lab-launcher")
    await lab.card("New Shared Session").click()
    await host.connected()
    await expect(host.button("Share")).to_have_attribute("aria-expanded", "true")
    await expect(host.button("Copy ticket")).to_be_visible()
    [session] = await hosted(server_a)
    await host.run("echo typed-$((1+1))")
    await host.sees_line("typed-2")
    await host.screenshot("lab-session")

    done = tmp_path / "done"
    await host.run(f"i=0; while [ ! -e {done} ]; do echo n$((i+=1)); sleep 0.01; done; echo end-$i")
    await host.sees_line("n50")
    await keeps_no_secret(lab, session)
    await host.page.reload()
    await host.connected()
    await expect(lab.tab(f"Session: {session['name']}")).to_have_count(1)
    await host.sees("n100\n")
    done.touch()
    await host.sees("\nend-")
    await host.sees_line("typed-2")  # the scrollback comes after the screen
    numbers = [line for line in (await host.text()).splitlines() if re.fullmatch(r"n\d+", line)]
    assert numbers == [f"n{number}" for number in range(1, len(numbers) + 1)]
    assert f"end-{len(numbers)}" in await host.text()

    await host.show("People")
    await expect(host.people().get_by_role("listitem")).to_have_count(1)
    [now] = await hosted(server_a)
    assert [user["uid"] for user in now["users"]] == [user["uid"] for user in session["users"]]
    await keeps_no_secret(lab, session)


async def test_the_host_in_a_plain_terminal(come: Come, server_a: JupyterServer, server_b: JupyterServer) -> None:
    """They are one of the people, hear what guests write and do, answer from there, and stop sharing."""
    host, guest = await come(server_a), await come(server_b)
    lab = await Lab.open(host)
    name = await lab.new_terminal()
    session = await server_a.share(terminals=[name], name="pair")
    await expect(lab.marked()).to_have_count(1)
    await guest.join(session["tickets"]["write"], "Grace")
    await guest.show("People")
    await expect(guest.people().get_by_role("listitem")).to_have_count(2)
    the_host = guest.people().get_by_role("listitem").filter(has_text="Host")
    await expect(the_host).to_contain_text(account_name() or "Host")  # Jupyter has made up a name
    await expect(the_host).to_contain_text(f"in Terminal {name}")

    # Chat.
    await guest.say("hello")
    await guest.say("are you there?")
    chat = lab.notification("Grace: are you there? (and 1 more in “pair”)")
    await expect(chat).to_be_visible()
    await expect(lab.notification("Grace: hello (in")).to_have_count(0)
    await expect(lab.status).to_have_text("Sharing: 1 guest · 2 unread messages")
    await expect(lab.marked()).to_have_attribute("data-sshx-unread", "2")
    await host.screenshot("lab-chat")
    await lab.answer(chat, "Reply")
    await lab.dialog.get_by_role("textbox").fill("yes")
    await lab.dialog.get_by_role("button", name="Send").click()
    await guest.heard("yes")
    await expect(lab.status).to_have_text("Sharing: 1 guest")
    await expect(lab.marked()).not_to_have_attribute("data-sshx-unread", re.compile("."))
    await guest.say("look")
    await lab.answer(lab.notification("Grace: look"), "Open Chat")
    await host.heard("look")
    await guest.say("read at once")
    await host.heard("read at once")
    await expect(lab.status).to_have_text("Sharing: 1 guest")
    await expect(guest.people().get_by_role("listitem")).to_have_count(0)
    await guest.show("People")
    await expect(guest.people().get_by_role("listitem")).to_have_count(2)  # in the session's tab, and not once more

    # Shells.
    await lab.tab(f"Terminal {name}").click()
    await guest.button("New shell").click()
    await expect(lab.notification("Grace opened “Terminal")).to_be_visible()

    # People and tickets, with a click; and the end.
    await lab.status.click()
    await expect(lab.dialog.get_by_role("button", name="Remove: Grace")).to_be_visible()
    await expect(lab.dialog.get_by_role("button", name="Copy ticket", exact=True)).to_be_visible()
    await host.screenshot("lab-people")
    await lab.dialog.get_by_role("button", name="Stop Sharing").click()
    await expect(lab.dialog).to_contain_text("1 guest is here and will be disconnected. Your terminals stay open.")
    await lab.dialog.get_by_role("button", name="Keep Sharing").click()
    await expect(lab.dialog).to_contain_text("“pair” is shared")
    await lab.dialog.get_by_role("button", name="Open Session").click()
    await host.show("Share")
    await host.button("Stop sharing").click()
    await host.button("Stop for everyone").click()
    await expect(host.page.get_by_text("You stopped sharing.")).to_be_visible()
    await expect(guest.page.get_by_text("The host stopped sharing.")).to_be_visible()
    assert await hosted(server_a) == []


async def test_the_icon_of_a_shared_terminal(come: Come, server_a: JupyterServer) -> None:
    """It is where it was after a reload, and the terminal's own is back when sharing has stopped."""
    host = await come(server_a)
    lab = await Lab.open(host)
    name = await lab.new_terminal()
    icon = lab.tab(f"Terminal {name}").locator(".lm-TabBar-tabIcon svg")

    async def looks() -> tuple[str | None, Any]:
        box = await icon.bounding_box()
        assert box is not None
        return await icon.get_attribute("data-icon"), {key: round(float(box[key])) for key in ("x", "y")}

    plain = await looks()
    session = await server_a.share(terminals=[name])
    await expect(icon).to_have_attribute("data-icon", "sshx:share")
    shared = await looks()
    assert shared[1]["y"] == plain[1]["y"]
    await asyncio.wait_for(lab.saved(f"terminal:{name}"), 20)
    await host.page.reload()
    await expect(lab.terminal()).to_be_visible(timeout=LOADED)
    await expect(icon).to_have_attribute("data-icon", "sshx:share")
    while await looks() != shared:
        await asyncio.sleep(0.05)
    await server_a.call("DELETE", f"sshx/api/sessions/{session['id']}")
    await expect(icon).to_have_attribute("data-icon", str(plain[0]))
    assert await looks() == plain


async def test_requests(come: Come, server_a: JupyterServer, server_b: JupyterServer) -> None:
    """Who asks for something is answered in JupyterLab, where no session is open."""
    host, guest = await come(server_a), await come(server_b)
    lab = await Lab.open(host)
    session = await server_a.share(terminals=[await server_a.terminal()], name="pair")
    await guest.join(session["tickets"]["read"], "Grace")
    await guest.connected()
    await guest.button("Ask for write access").click()
    request = lab.notification("Grace wants to type in “pair”")
    await expect(request).to_be_visible()
    await host.screenshot("lab-request")
    await lab.answer(request, "Allow")
    await expect(guest.button("New shell")).to_be_enabled()
    await guest.run("echo allowed-$((1+1))")
    await guest.sees_line("allowed-2")

    closed = await server_a.share(approve=True, name="exam")
    other = await come(server_b)
    await other.join(closed["tickets"]["write"], "Ada")
    await expect(other.page.get_by_text("has been asked to let you in")).to_be_visible()
    request = lab.notification("Ada wants to join “exam”")
    await expect(request).to_be_visible()
    await expect(lab.status).to_have_text("Sharing 2 sessions: 1 guest")  # who waits is not there yet
    await lab.answer(request, "Let in")
    await other.connected()
    await expect(lab.status).to_have_text("Sharing 2 sessions: 2 guests")


async def test_join(come: Come, server_a: JupyterServer, server_b: JupyterServer) -> None:
    guest = await come(server_b)
    lab = await Lab.open(guest)
    session = await server_a.share(name="class", password="opens it")
    ticket = session["tickets"]["write"]
    stopped = await server_a.share(name="stopped")
    await server_a.json("DELETE", f"sshx/api/sessions/{stopped['id']}")

    await lab.choose("Join Shared Session…")
    await guest.field("Ticket").fill(ticket[:-5])
    await expect(guest.field("Ticket")).to_have_accessible_description(re.compile("This ticket is incomplete"))
    await guest.join(stopped["tickets"]["read"], "Grace")
    await expect(guest.page.get_by_text("no longer shared")).to_be_visible()
    await guest.field("Ticket").fill(ticket)
    await guest.field("Password").fill("wrong")
    await guest.button("Join").click()
    await expect(guest.page.get_by_text("did not accept this ticket or password")).to_be_visible()
    await guest.screenshot("lab-join")
    await guest.field("Password").fill("opens it")
    await guest.button("Join").click()
    await guest.connected()
    await expect(lab.tab("Session: class")).to_be_visible()
    await guest.run("echo joined-$((1+1))")
    await guest.sees_line("joined-2")
    await expect(lab.status).to_have_text(re.compile(r"^Joined class · 1 person · direct · \d+ ms$"))
    [now] = await hosted(server_a)
    [user] = now["users"]
    assert user["name"] == "Grace"

    await keeps_no_secret(lab, session, "opens it")
    await guest.page.reload()
    await guest.connected()
    await guest.sees_line("joined-2")
    await expect(lab.status).to_have_text(re.compile(r"^Joined class · 1 person · direct · \d+ ms$"))
    [now] = await hosted(server_a)
    assert [one["uid"] for one in now["users"]] == [user["uid"]]
    await keeps_no_secret(lab, session, "opens it")

    await lab.close_tab("Session: class")
    await expect(lab.status).to_have_count(0)
    while (await hosted(server_a))[0]["users"]:
        await asyncio.sleep(0.05)


async def test_commands(come: Come, server_a: JupyterServer) -> None:
    """By the palette, and where one right-clicks in a terminal."""
    host = await come(server_a)
    lab = await Lab.open(host)
    listed = await lab.palette("ticket")
    await expect(listed).to_have_count(2)
    for item in await listed.all():
        await expect(item).to_have_class(re.compile("lm-mod-disabled"))
        await expect(item).to_contain_text("Nothing is shared from this server.")
    await lab.escape()
    name = await lab.new_terminal()
    session = await server_a.share(terminals=[name], name="demo")
    await expect(lab.marked()).to_have_attribute("data-sshx-session", session["id"])

    async def copied(ticket: str) -> bool:
        return bool(await host.page.evaluate("navigator.clipboard.readText()") == ticket)

    for label, kind, says in (
        ("Copy Ticket", "write", "Anyone with it can type"),
        ("Copy Read-only Ticket", "read", "Anyone with it can watch"),
    ):
        await lab.choose(label)
        await expect(lab.notification(says)).to_be_visible()
        assert await copied(session["tickets"][kind])
    for label, kind in (("Copy Ticket", "write"), ("Copy Read-only Ticket", "read")):
        await host.page.evaluate("navigator.clipboard.writeText('')")
        await lab.context_menu(lab.terminal())
        await host.screenshot("lab-content-menu")
        await lab.item(label).click()
        while not await copied(session["tickets"][kind]):
            await asyncio.sleep(0.05)
    await lab.context_menu(lab.terminal())
    await expect(lab.item("Manage Sharing…")).to_be_visible()
    await lab.item("Stop Sharing").click()
    await expect(lab.marked()).to_have_count(0)
    assert await hosted(server_a) == []

    await server_a.share(terminals=[name])
    await expect(lab.marked()).to_have_count(1)
    await lab.choose("Stop Sharing")
    await expect(lab.marked()).to_have_count(0)
    assert await hosted(server_a) == []
    await lab.context_menu(lab.terminal())
    await expect(lab.items()).to_have_count(1)
    await expect(lab.item("Share Terminal…")).to_be_visible()


async def test_who_may_not_share(browser: Browser, tmp_path: Path) -> None:
    """Nothing of it is to be seen."""
    with jupyter_server(tmp_path, config=FORBIDDEN, lab=True) as server:
        configure(server)
        person = Person(server, context := await browser.new_context(), await context.new_page())
        async with person.page.expect_response(re.compile("sshx/api/sessions")) as answer:
            lab = await Lab.open(person)
        assert (await answer.value).status == 403
        for name in ("New Shared Session", "Join Shared Session…"):
            await expect(lab.card(name)).to_have_count(0)
        await lab.new_terminal()
        await lab.context_menu(lab.terminal())
        await expect(lab.items()).to_have_count(0)
        await lab.escape()
        await lab.menu("File", "New")
        await expect(lab.item("Terminal")).to_be_visible()
        await expect(lab.items()).to_have_count(0)
        await lab.escape()
        await expect(await lab.palette("shar")).to_have_count(0)
        await lab.escape()
        await lab.running()
        await expect(lab.section).to_have_count(0)
        # The browser's own note of the one request that has found it out.
        assert person.problems == ["Failed to load resource: the server responded with a status of 403 (Forbidden)"]


async def test_without_terminals(come: Come, server_a: JupyterServer, tmp_path: Path) -> None:
    """One cannot share, but join."""
    session = await server_a.share(name="elsewhere")
    reason = "Terminals are disabled on this Jupyter server. You can join sessions, but not share."
    with jupyter_server(tmp_path, "--ServerApp.terminals_enabled=False", lab=True) as server:
        person = await come(server)
        lab = await Lab.open(person)
        await expect(lab.card("New Shared Session")).to_have_attribute("title", reason)
        listed = await lab.palette("Shared Terminals")
        for label in ("Share Terminal…", "New Shared Session"):
            item = listed.filter(has=person.page.get_by_text(label, exact=True))
            await expect(item).to_have_class(re.compile("lm-mod-disabled"))
            await expect(item).to_contain_text(reason)
        await lab.escape()
        await lab.menu("File", "Join Shared Session…")
        await person.join(session["tickets"]["write"])
        await person.connected()
        await person.run("echo joined-$((1+1))")
        await person.sees_line("joined-2")


async def test_under_a_prefix_and_open_to_guests(come: Come, tmp_path: Path) -> None:
    guests = "c.SshxApp.guests = True\n"
    with jupyter_server(tmp_path, config=guests, lab=True, base="/user/ada/") as server:
        person = await come(server)
        lab = await Lab.open(person)
        name = await lab.new_terminal()
        async with server.open_terminal(name) as terminal:
            await lab.menu("File", "Share Terminal…")
            await expect(lab.dialog).to_contain_text("do not need a Jupyter login")
            await person.screenshot("lab-share-guests")
            share, goes_on = lab.dialog.get_by_role("button", name="Share", exact=True), asyncio.Event()

            async def wait(route: Route) -> None:
                await goes_on.wait()
                await route.continue_()

            await person.page.route("**/sshx/api/sessions*", wait)
            await share.click()
            await expect(lab.dialog.get_by_role("status")).to_have_text("Sharing…")
            await expect(share).to_be_disabled()
            goes_on.set()
            await expect(lab.dialog).to_contain_text("is shared")
            await expect(lab.dialog).to_contain_text(f"Guests on this computer open {server.url}sshx/guest and paste")
            await lab.dialog.get_by_role("button", name="More").click()
            await expect(lab.dialog).to_contain_text("For links, set SshxApp.public_url")
            await expect(lab.dialog.get_by_role("button", name="Save invite…")).to_have_count(0)  # there is no relay
            await person.screenshot("lab-tickets-guests")
            await lab.dialog.get_by_role("button", name="Open Session").click()
            await person.connected()
            await person.run("echo shared-$((1+1))")
            await terminal.wait_for("shared-2")
            await expect(lab.tab(f"Terminal {name}")).to_have_count(1)
            await expect(lab.tab(f"Session: Terminal {name}")).to_have_count(1)


async def test_in_notebook_7(come: Come, server_a: JupyterServer) -> None:
    host = await come(server_a)
    name = await server_a.terminal()
    await host.page.goto(f"{server_a.url}terminals/{name}?token={TOKEN}")
    page = Lab(host)
    await expect(page.terminal()).to_be_visible(timeout=LOADED)
    async with server_a.open_terminal(name) as terminal:
        await page.type("echo before-$((1+1))\n")
        await terminal.wait_for("before-2")
        await page.context_menu(page.terminal())
        await page.item("Share Terminal…").click()
        await page.dialog.get_by_role("button", name="Share", exact=True).click()
        await expect(page.dialog).to_contain_text("is shared")
        [session] = await hosted(server_a)
        assert await host.copied("Copy ticket") == session["tickets"]["write"]
        await host.screenshot("notebook-7-tickets")
        async with host.context.expect_page() as opened:
            await page.dialog.get_by_role("button", name="Open Session").click()
        there = Person(server_a, host.context, await opened.value)
        await there.connected()
        assert there.page.url.startswith(f"{server_a.url}sshx/p2p/{session['id']}")
        await there.sees_line("before-2")
        await there.run("echo there-$((2+2))")
        await terminal.wait_for("there-4")
        assert there.problems == []
    host.problems = [problem for problem in host.problems if not NOTEBOOKS.search(problem)]
