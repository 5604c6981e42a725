"""The guest page in a real Chromium with nothing installed, over a real relay, the only path that a browser has."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from iroh import EndpointAddr, EndpointTicket
from playwright.async_api import Browser, expect

from sshx_jupyter import guest_page
from sshx_jupyter.client import SshxClient
from sshx_jupyter.ticket import Ticket
from tests.e2e.browser import MORE, SIXEL, Person, Visitor, same_picture
from tests.recording import Connection, spellings
from tests.relay import Relay
from tests.servers import JupyterServer, jupyter_server
from tests.sites import StaticServer, static_server
from tests.tls import tls_proxy

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(110), pytest.mark.asyncio(loop_scope="session")]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StaticServer]:
    """`python -m http.server`, with the page somewhere below its root."""
    directory = tmp_path_factory.mktemp("site")
    guest_page.write_directory(directory / "some" / "path")
    with static_server(directory, directory / "log") as server:
        server.url += "some/path/"
        yield server


@pytest_asyncio.fixture(loop_scope="session")
async def session(server: JupyterServer) -> AsyncIterator[dict[str, Any]]:
    """A session with one shell, whose tickets name the relay."""
    await _online(server)
    session = await server.share(name="Lecture")
    yield session
    await server.call("DELETE", f"sshx/api/sessions/{session['id']}?terminals=close")


async def _online(server: JupyterServer) -> None:
    while (await server.json("GET", "sshx/api/status"))["relay_url"] is None:
        await asyncio.sleep(0.1)


async def in_by(browser: Browser, url: str, ticket: str, name: str = "", **options: Any) -> Visitor:
    """A guest who has followed a link and joined."""
    guest = await Visitor.to(browser, f"{url}#{ticket}", **options)
    if name:
        await guest.field("Your name").fill(name)
    await guest.button("Join").click()
    await guest.connected()
    return guest


async def test_a_link_leads_into_the_session(
    browser: Browser, server: JupyterServer, site: StaticServer, session: dict[str, Any], relay: Relay
) -> None:
    ticket = session["tickets"]["write"]
    del relay.record[:]
    connections = relay.connections
    guest = await Visitor.to(browser, f"{site.url}#{ticket}")
    await expect(guest.page.get_by_role("heading", name="You are invited to a shared terminal")).to_be_visible()
    await expect(guest.page.locator("form")).to_contain_text("You can watch and type.")
    assert relay.connections == connections  # the host is not asked before the person wants to join
    await guest.field("Your name").fill("Grace")
    started = time.monotonic()
    await guest.button("Join").click()
    await guest.connected()
    await guest.run("echo typed$((1+1))by-grace")
    await guest.sees_line("typed2by-grace")
    assert time.monotonic() - started < 10  # 1 s on a quiet machine
    await guest.show("People")
    await expect(guest.people()).to_contain_text("Grace")
    await guest.screenshot("guest-page")
    assert await guest.context.cookies() == []
    log = site.log.read_text()
    assert "GET /some/path/guest.js" in log
    assert "sshx1" not in log
    assert ticket not in log
    assert len(relay.record) > 10_000
    found = Ticket.decode(ticket)
    # It can be searched: the relay knows the host by its ID.
    assert EndpointTicket.from_string(found.endpoint_ticket).endpoint_addr().id().to_bytes() in relay.record
    for secret in (b"typed2by-grace", b"Grace", b"Lecture", ticket.encode(), *spellings(found.secret)):
        assert secret not in relay.record, secret
    async with server.owner(session) as owner:
        await guest.button("Leave").click()
        await owner.wait_for(lambda c: all(user.name != "Grace" for user in c.users.values()))
    assert guest.problems == []


@pytest.mark.parametrize("kind", ["directory", "single file"])
async def test_the_page_from_a_disk(browser: Browser, session: dict[str, Any], tmp_path: Path, kind: str) -> None:
    if kind == "directory":
        guest_page.write_directory(tmp_path / "page")
        page = tmp_path / "page" / "index.html"
    else:
        page = tmp_path / "sshx.html"
        page.write_text(guest_page.single_file(), encoding="utf-8", newline="\n")
    guest = await in_by(browser, page.as_uri(), session["tickets"]["write"], "Ada")
    await guest.run("echo from$((1+1))disk")
    await guest.sees_line("from2disk")
    await guest.page.reload()
    await guest.connected()
    await guest.show("People")
    await expect(guest.people().get_by_role("listitem")).to_have_count(1)  # the same user as before
    assert guest.problems == []
    # Such a page loads nothing later, so it draws no images; what follows them is there.
    (tmp_path / "image").write_text(f"{SIXEL}\nafter the image\n")
    await guest.run(f"cat {tmp_path}/image")
    await guest.sees_line("after the image")


async def test_a_ticket_is_pasted_and_survives_a_reload(
    browser: Browser, site: StaticServer, session: dict[str, Any]
) -> None:
    guest = await Visitor.to(browser, site.url)
    await guest.join(session["tickets"]["write"], "Ada")
    await guest.connected()
    await guest.page.reload()
    await guest.connected()
    await guest.show("People")
    await expect(guest.people().get_by_role("listitem")).to_have_count(1)
    await expect(guest.people()).to_contain_text("Ada")


async def test_a_wrong_ticket_and_one_of_a_session_that_is_over(
    browser: Browser, server: JupyterServer, site: StaticServer
) -> None:
    guest = await Visitor.to(browser, f"{site.url}#sshx1nonsense")
    await expect(guest.page.get_by_role("alert")).to_contain_text("wrong character")
    await _online(server)
    session = await server.share(name="short")
    await server.call("DELETE", f"sshx/api/sessions/{session['id']}?terminals=close")
    guest = await Visitor.to(browser, f"{site.url}#{session['tickets']['write']}")
    await guest.button("Join").click()
    await expect(guest.page.get_by_role("alert")).to_contain_text("no longer shared")
    await guest.button("Use another ticket").click()
    await expect(guest.field("Ticket")).to_be_empty()


async def test_the_hosts_own_server_lets_guests_in_without_a_login(browser: Browser, tmp_path: Path) -> None:
    """Through a proxy that ends TLS, which learns nothing that it does not need."""
    config = "c.SshxApp.guests = True\nc.ServerApp.trust_xheaders = True"
    record: list[Connection] = []
    with jupyter_server(tmp_path, config=config, base="/user/ada/") as server:
        async with tls_proxy(server.port, record) as port:
            session = await server.share(name="Lecture")
            ticket = session["tickets"]["write"]
            page = f"https://localhost:{port}/user/ada/sshx/guest/{session['id']}"
            # Links are for others than this machine: they are offered once the server knows its address.
            assert session["urls"] == {"write": None, "read": None}
            loaded: list[str] = []
            guest = await Visitor.to(browser, "about:blank", ignore_https_errors=True)
            guest.page.on("request", lambda request: loaded.append(request.url))
            await guest.page.goto(f"{page}#{ticket}")
            await guest.field("Your name").fill("Grace")
            started = time.monotonic()
            await guest.button("Join").click()
            await guest.connected()
            assert time.monotonic() - started < 5  # 0.2 s on a quiet machine
            await guest.run("echo without$((1+1))login")
            await guest.sees_line("without2login")
            await guest.page.keyboard.insert_text("pasted-in-one-piece")
            await guest.sees("pasted-in-one-piece")
            await guest.say("said in the chat")
            await guest.heard("said in the chat")
            await guest.show("Network")
            await guest.screenshot("guest-page-at-the-host")
            await guest.page.reload()
            await guest.connected()
            assert await guest.context.cookies() == []
            assert guest.problems == []
            files = {url.partition("?")[0].rpartition("/")[2] for url in loaded if not url.startswith("blob:")}
            assert files == {session["id"], "guest.js", "guest.css"}  # and no WebAssembly
            assert guest.page.url == page  # without the ticket, which only this tab knows
            await guest.page.goto("about:blank")
            await guest.page.goto(page)
            await guest.join(session["tickets"]["read"])
            await guest.connected()
            await expect(guest.page.get_by_text("Read-only").first).to_be_visible()
            server.stop()
            await guest.state("ended")
    sockets = [connection for connection in record if connection.is_websocket]
    assert len(sockets) == 3
    seen = b"\n".join(connection.plain() for connection in record)
    # It can be searched: the session's ID, which is no secret, is in each preface, which the browser has masked.
    session_id = bytes.fromhex(session["id"])
    assert all(session_id in connection.plain() and session_id not in connection.sent for connection in sockets)
    secrets = [b"without2login", b"pasted-in-one-piece", b"said in the chat", b"Grace", b"Lecture"]
    for ticket in filter(None, session["tickets"].values()):
        assert ticket not in server.log.read_text()
        secrets += [ticket.encode(), *spellings(Ticket.decode(ticket).secret)]
    for secret in secrets:
        assert secret not in seen, secret


async def test_only_the_relay_is_connected_to(
    browser: Browser, server: JupyterServer, site: StaticServer, session: dict[str, Any]
) -> None:
    guest = await in_by(browser, site.url, session["tickets"]["read"])
    # Before the node started, another server on loopback was allowed.
    answer = await guest.page.evaluate("url => fetch(url).then(() => 'answered', () => 'refused')", f"{server.url}api")
    assert answer == "refused"
    assert any("connect-src" in problem for problem in guest.problems)


async def test_a_relay_whose_name_ends_in_a_dot(
    browser: Browser, site: StaticServer, session: dict[str, Any], relay: Relay
) -> None:
    ticket = Ticket.decode(session["tickets"]["write"])
    host = EndpointTicket.from_string(ticket.endpoint_ticket).endpoint_addr().id()
    address = EndpointTicket.from_addr(EndpointAddr(host, relay.url.replace("127.0.0.1", "localhost."), []))
    dotted = Ticket.from_endpoint_ticket(str(address), ticket.session_id, ticket.secret, "writer")
    guest = await in_by(browser, site.url, dotted.encode())
    assert guest.problems == []


async def test_read_only_password_and_approval(browser: Browser, server: JupyterServer, site: StaticServer) -> None:
    await _online(server)
    session = await server.share(name="Guarded", password="sesame", approve=True)
    async with server.owner(session, name="Host") as owner:
        guest = await Visitor.to(browser, f"{site.url}#{session['tickets']['read']}")
        await expect(guest.page.locator("form")).to_contain_text(
            "You can watch but not type. You also need a password."
        )
        await guest.button("Join").click()
        await expect(guest.page.get_by_role("alert")).to_contain_text("needs a password")
        await guest.field("Password").fill("wrong")
        await guest.button("Join").click()
        await expect(guest.page.get_by_role("alert")).to_contain_text("did not accept")
        await guest.field("Password").fill("sesame")
        await guest.field("Your name").fill("Grace")
        await guest.button("Join").click()
        await guest.state("waiting")
        await owner.wait_for(lambda c: any(user.pending for user in c.users.values()))
        uid = next(uid for uid, user in owner.users.items() if user.pending)
        await owner.approve(uid, True)
        await guest.connected()
        await expect(guest.page.get_by_text("Read-only").first).to_be_visible()
        await guest.type("echo no")
        await guest.page.reload()  # who was let in need not wait again
        await guest.connected()
    await server.call("DELETE", f"sshx/api/sessions/{session['id']}?terminals=close")


async def test_three_kinds_of_guests_see_the_same(
    browser: Browser,
    server: JupyterServer,
    site: StaticServer,
    session: dict[str, Any],
    relay: Relay,
    tmp_path: Path,
) -> None:
    ticket = session["tickets"]["write"]
    config = f"c.SshxApp.relays = [{relay.url!r}]"
    with jupyter_server(tmp_path, config=config) as own:
        through_server = await Person.at(browser, own)
        await through_server.join(ticket, "Ada")
        await through_server.connected()
        with_nothing = await in_by(browser, site.url, ticket, "Grace")
        async with SshxClient.connect(ticket, relays=[relay.url], name="Linus") as in_terminal:
            await with_nothing.run("printf '\\033[1;32mgreen\\033[0m and \\033[7minverse\\033[0m\\n'")
            await through_server.sees_line("green and inverse")
            await same_picture(with_nothing, through_server)
            columns = len((await through_server.picture())["rows"][0].split("|"))
            await with_nothing.shells().first.get_by_role("button", name=MORE, exact=True).click()
            await in_terminal.wait_for(lambda c: c.shells[1].cols > columns)
            size = in_terminal.shells[1]
            await with_nothing.run("stty size")
            await through_server.sees_line(f"{size.rows} {size.cols}")
            await same_picture(with_nothing, through_server)
            await with_nothing.run("vim -u NONE -N")
            await with_nothing.sees("VIM - Vi IMproved")
            await through_server.type("ihello from Ada")
            picture = await same_picture(with_nothing, through_server)
            assert picture["kind"] == "alternate"
            await in_terminal.wait_for(lambda c: "hello from Ada" in c.screen(1).text())
            await in_terminal.send(1, "\x1b:q!\r")
            await with_nothing.say("hi all")
            await through_server.heard("hi all")
            await with_nothing.page.mouse.move(200, 300)
            await with_nothing.page.mouse.move(300, 400, steps=5)
            await expect(through_server.page.locator(".sshx-cursor").get_by_text("Grace")).to_be_visible()
    for guest in (with_nothing, through_server):
        await guest.context.close()


SOAK = bool(os.environ.get("SSHX_SOAK"))
"""Whether `make soak` runs this: with breaks that take a minute, instead of a few seconds."""
BREAKS = [("relay", 5), ("relay", 30), ("host", 20), ("tab", 60)] if SOAK else [("relay", 3), ("host", 3), ("tab", 3)]


@asynccontextmanager
async def gone(what: str, guest: Visitor, server: JupyterServer, relay: Relay) -> AsyncIterator[None]:
    """The relay is killed, the host's process stopped, or the guest's tab frozen."""
    if what == "relay":
        relay.stop()
        yield
        await relay.start()
    elif what == "host":
        server.process.send_signal(signal.SIGSTOP)
        yield
        server.process.send_signal(signal.SIGCONT)
    else:
        page = await guest.context.new_cdp_session(guest.page)
        await page.send("Page.setWebLifecycleState", {"state": "frozen"})
        yield
        await page.send("Page.setWebLifecycleState", {"state": "active"})


@pytest.mark.timeout(200)
@pytest.mark.parametrize(("what", "seconds"), BREAKS)
async def test_it_comes_back_by_itself_and_nothing_is_lost(
    browser: Browser,
    server: JupyterServer,
    site: StaticServer,
    session: dict[str, Any],
    relay: Relay,
    what: str,
    seconds: float,
) -> None:
    guest = await in_by(browser, site.url, session["tickets"]["write"])
    lines = int((seconds + 3) / 0.05)
    await guest.run(f"i=0; while [ $i -lt {lines} ]; do i=$((i+1)); echo line$i; sleep 0.05; done; cat")
    await guest.sees_line("line20")
    async with gone(what, guest, server, relay):
        if what != "tab":
            await guest.page.keyboard.type("typed while it was gone")
        await asyncio.sleep(seconds)
    back = time.monotonic()
    if what == "tab":
        await guest.type("typed while it was gone")
    await guest.sees_line(f"line{lines}", timeout=90 + seconds)
    await guest.connected()
    text = await guest.text()
    assert [int(number) for number in re.findall(r"line(\d+)", text)] == list(range(1, lines + 1))
    held = guest.page.get_by_role("region", name="Held input")
    if await held.count():  # what has waited for more than 10 s is the person's to decide
        await held.get_by_role("button", name="Send", exact=True).click()
    while "typedwhileitwasgone" not in re.sub(r"line\d+|\s", "", await guest.text()):  # echoed between the lines
        await asyncio.sleep(0.1)
    if SOAK:
        sys.stdout.write(f"{what} gone for {seconds} s: all there {time.monotonic() - back:.1f} s later\n")


async def test_images(browser: Browser, site: StaticServer, session: dict[str, Any], tmp_path: Path) -> None:
    guest = await in_by(browser, site.url, session["tickets"]["write"], "Ada")
    (tmp_path / "image").write_text(f"{SIXEL}\nafter the image\n")
    await guest.run(f"cat {tmp_path}/image")
    await guest.sees_line("after the image")
    deadline = time.monotonic() + 10
    while (colors := await guest.colors())["red"] < 900 or colors["blue"] < 900:
        assert time.monotonic() < deadline, colors
    assert guest.problems == []


async def test_on_a_phone(browser: Browser, site: StaticServer, session: dict[str, Any]) -> None:
    phone = {"viewport": {"width": 390, "height": 780}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}
    guest = await Visitor.to(browser, f"{site.url}#{session['tickets']['write']}", **phone)
    await guest.screenshot("guest-page-phone-invited")
    await guest.button("Join").tap()
    await guest.connected()
    await guest.terminal().tap()
    await guest.page.keyboard.type("echo by$((1+1))thumb\n")
    await guest.sees_line("by2thumb")
    await guest.screenshot("guest-page-phone")
