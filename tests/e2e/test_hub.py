"""JupyterHub: users with servers of their own, and guests with a ticket and no account.

Started once: a hub, its proxy, and the servers of Ann, who shares, and Bob. The programs come from an environment that
is made when it is missing; see `tests/hub.py`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from sshx_jupyter.client import SshxClient
from sshx_jupyter.links import Unreachable
from sshx_jupyter.links.websocket import dial_websocket
from sshx_jupyter.protocol.handshake import Refused
from sshx_jupyter.ticket import Ticket
from tests.e2e import browser as browsers
from tests.hub import PASSWORD, Hub, Visitor, running_hub

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(600),  # the first time, the environment is made
    pytest.mark.asyncio(loop_scope="session"),
]

BASE = "/jupyter/"
CONFIG = """
c.SshxApp.guests = True
c.SshxApp.name_length = 33
"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def hub(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Hub]:
    with running_hub(tmp_path_factory.mktemp("hub"), CONFIG, BASE) as hub:
        await asyncio.gather(hub.start_server("ann"), hub.start_server("bob"))
        yield hub


@pytest_asyncio.fixture(loop_scope="session")
async def session(hub: Hub) -> AsyncIterator[dict[str, Any]]:
    """What Ann shares."""
    status, session = await hub.call("POST", "user/ann/sshx/api/sessions", {"name": "Lecture"})
    assert status == 201, session
    yield session
    await hub.call("DELETE", f"user/ann/sshx/api/sessions/{session['id']}?terminals=close")


@pytest_asyncio.fixture(loop_scope="session")
async def bob(hub: Hub) -> Visitor:
    """Bob's browser, in which he is logged in at the hub."""
    bob = Visitor(hub)
    await bob.log_in("bob")
    return bob


async def test_a_guest_without_an_account_joins_with_the_ticket_alone(hub: Hub, session: dict[str, Any]) -> None:
    address, _, ticket = session["urls"]["write"].partition("#")
    assert address == f"{hub.url}user/ann/sshx/guest/{session['id']}"  # the hub's public_url
    guest = Visitor(hub)
    page = await guest.get(address.removeprefix(hub.url), redirects=False)
    assert page.status in (200, 503)  # in a checkout without its page
    assert list(guest.cookies) == []
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert "/hub/" not in page.headers["Content-Security-Policy"]

    url = address.replace("/sshx/guest/", "/sshx/guest/link/")
    origin = {"Origin": re.sub(r"(//[^/]*)/.*", r"\1", hub.url)}
    async with SshxClient.connect(ticket, dial=lambda: dial_websocket(url, headers=origin), name="Grace") as client:
        assert client.role == "writer"
        assert (await client.run("echo $((6 * 7))", timeout=20)).output == "42\n"
        told = (await hub.call("GET", f"user/ann/sshx/api/sessions/{session['id']}"))[1]
        assert [user["name"] for user in told["users"]] == ["Grace"]
    wrong = Ticket(b"address", bytes.fromhex(session["id"]), bytes(16), "writer")
    with pytest.raises(Refused) as refused:
        async with SshxClient.connect(wrong, dial=lambda: dial_websocket(url)):
            pass
    assert refused.value.reason == "invalidAuth"


async def test_a_stranger_is_sent_to_the_login_elsewhere(hub: Hub, session: dict[str, Any]) -> None:
    for path in ("user/ann/sshx/p2p?login", f"user/ann/sshx/p2p/{session['id']}?login", "user/ann/view/notes.txt"):
        reply = await Visitor(hub).get(path)
        assert "/hub/login" in reply.url, path
    for path in ("user/ann/sshx/api/sessions", "user/ann/api/terminals", "user/ann/sshx/api/status"):
        assert (await Visitor(hub).get(path, "cors")).status == 403, path
    with pytest.raises(Unreachable, match="does not let you in"):
        await dial_websocket(f"{hub.url}user/ann/sshx/api/link/{session['id']}")


async def test_bob_joins_from_his_own_server(hub: Hub, session: dict[str, Any], bob: Visitor) -> None:
    """By a link that leads everyone to a server of their own. A browser keeps what is after the # over redirects."""
    reply = await bob.get(f"hub/user-redirect/sshx/p2p/{session['id']}")
    at = f"{hub.url}user/bob/sshx/p2p/{session['id']}"
    assert (reply.status, reply.url) == (200, at)
    assert "login.js" in reply.body  # which keeps what is after the #, goes on to this, and puts it back
    reply = await bob.get(f"{at.removeprefix(hub.url)}?login")
    assert reply.url == f"{at}?login"
    assert 'data-name="bob"' in reply.body or reply.status == 503
    assert (await bob.get("user/bob/sshx/api/sessions", "cors")).body == "[]"
    assert (await bob.get("user/ann/sshx/api/sessions", "cors")).status == 403  # hers is not his

    ticket = Ticket.decode(session["tickets"]["read"])
    url = f"{hub.url}user/bob/sshx/api/link/{session['id']}?addr={ticket.endpoint_ticket}"
    headers = {"Cookie": bob.header(f"{BASE}user/bob/"), "Sec-Fetch-Mode": "websocket"}
    async with SshxClient.connect(ticket, dial=lambda: dial_websocket(url, headers=headers), name="Bob") as client:
        assert client.role == "reader"
        told = (await hub.call("GET", f"user/ann/sshx/api/sessions/{session['id']}"))[1]
        assert [user["name"] for user in told["users"]] == ["Bob"]


async def test_the_environments_configuration_reaches_shells_too(hub: Hub, session: dict[str, Any]) -> None:
    """Unlike `Spawner.args`, which are the server's alone."""
    url = f"{hub.url}user/ann/sshx/guest/link/{session['id']}"
    program = "from sshx_jupyter.config import load_settings as s; print(s().name_length)"
    async with SshxClient.connect(session["tickets"]["write"], dial=lambda: dial_websocket(url)) as client:
        ran = await client.run(f"{hub.python} -c '{program}'", timeout=40)
        assert ran.output == "33\n"


async def test_nothing_of_ours_is_in_the_hubs_log_as_a_warning(hub: Hub, bob: Visitor) -> None:
    """Such as requests without the token against forged ones (XSRF)."""
    await bob.get("user/bob/sshx/p2p?login")
    before = len(hub.log.read_text())
    for _ in range(2):
        await bob.get("user/bob/sshx/p2p")
        for path in ("sshx/api/sessions", "api/terminals", "sshx/api/status"):
            assert (await bob.get(f"user/bob/{path}", "cors")).status == 200
    assert [line for line in hub.log.read_text()[before:].splitlines() if re.match(r"\[[WE] ", line)] == []


# The same in a real browser.


async def test_a_user_of_the_hub_joins_in_a_browser_from_their_own_server(
    hub: Hub, session: dict[str, Any], browser: Browser
) -> None:
    """By a link that the hub leads to the server of whoever follows it."""
    bob = await browsers.Visitor.to(browser, f"{hub.url}hub/login")
    await fill_in_login(bob, "bob")
    link = f"{hub.url}hub/user-redirect/sshx/p2p#{session['tickets']['write']}"
    await bob.page.goto(link, wait_until="commit")  # their server leads to the login and back
    await bob.connected()
    assert bob.page.url == f"{hub.url}user/bob/sshx/p2p/{session['id']}"  # the ticket is not seen there
    await bob.run("echo $((6 * 7))")
    await bob.sees_line("42")
    await bob.screenshot("hub-user")
    told = (await hub.call("GET", f"user/ann/sshx/api/sessions/{session['id']}"))[1]
    assert [user["name"] for user in told["users"]] == ["bob"]
    assert bob.problems == []


async def test_a_link_that_meets_the_login_asks_for_its_ticket(
    hub: Hub, session: dict[str, Any], browser: Browser
) -> None:
    """The hub's login form drops what is after the #. Once somebody is logged in, the link works."""
    link = f"{hub.url}hub/user-redirect/sshx/p2p#{session['tickets']['write']}"
    bob = await browsers.Visitor.to(browser, link)
    await fill_in_login(bob, "bob")
    await expect(bob.page.get_by_text("Did you follow a link? Logging in removed its ticket.")).to_be_visible()
    await bob.screenshot("hub-dropped-ticket")
    assert bob.page.url == f"{hub.url}user/bob/sshx/p2p"
    await bob.page.goto(link)
    await bob.connected()

    with_id = link.replace("/p2p#", f"/p2p/{session['id']}#")
    other = await browsers.Visitor.to(browser, with_id)
    await fill_in_login(other, "bob")
    await expect(other.page.get_by_role("alert")).to_contain_text("The ticket is missing")
    await other.join(with_id)
    await other.connected()
    assert bob.problems == other.problems == []


async def test_a_guest_joins_in_a_browser_without_any_login(
    hub: Hub, session: dict[str, Any], browser: Browser
) -> None:
    guest = await browsers.Visitor.to(browser, session["urls"]["write"])
    await guest.field("Your name").fill("Grace")
    await guest.button("Join").click()
    await guest.connected()
    await guest.run("echo $((6 * 7))")
    await guest.sees_line("42")
    await guest.screenshot("hub-guest")
    assert await guest.context.cookies() == []
    assert guest.problems == []


async def fill_in_login(visitor: browsers.Visitor, name: str) -> None:
    """On the hub's login page."""
    await visitor.page.get_by_label("Username").fill(name)
    await visitor.page.get_by_label("Password").fill(PASSWORD)
    await visitor.page.get_by_role("button", name="Sign in").click()
