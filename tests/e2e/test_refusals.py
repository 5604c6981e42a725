"""What people at a browser are told when the host's server does not take them."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from sshx_jupyter import __version__
from tests.e2e.browser import Person, Visitor
from tests.servers import JupyterServer, jupyter_server

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

GUESTS = "c.SshxApp.guests = True\n"
LATER = f"""
{GUESTS}
import sshx_jupyter.protocol.handshake
sshx_jupyter.protocol.handshake.VERSION = 2  # what the host understands; the pages' is in their bundles
"""


async def test_a_host_of_another_version(browser: Browser, tmp_path: Path) -> None:
    with jupyter_server(tmp_path, config=LATER) as server:
        session = await server.share(name="Lecture")
        guest = await Visitor.to(browser, f"{server.url}sshx/guest/{session['id']}#{session['tickets']['write']}")
        await guest.button("Join").click()
        said = guest.page.get_by_role("alert")
        await expect(said).to_contain_text(f"This page is version {__version__}. Reload the page")
        await guest.screenshot("guest-page-other-version")
        host = await Person.at(browser, server)
        await host.open(session)
        await host.state("refused")
        await expect(host.page.get_by_text("Update it on both sides and join again.")).to_be_visible()
        await host.screenshot("other-version")


async def test_a_ticket_for_another_server(browser: Browser, tmp_path: Path, server_a: JupyterServer) -> None:
    """On the guest page of a server, which reaches the sessions of this server only."""
    elsewhere = await server_a.share()
    with jupyter_server(tmp_path, config=GUESTS) as server:
        session = await server.share(name="Lecture")
        for path in ("sshx/guest", f"sshx/guest/{session['id']}"):
            guest = await Visitor.to(browser, server.url + path)
            await guest.join(elsewhere["tickets"]["write"])
            said = guest.page.get_by_role("alert")
            await expect(said).to_contain_text("the ticket is for another server")
            await guest.screenshot("guest-page-other-server")
            await guest.join(session["tickets"]["write"])
            await guest.connected()
    await server_a.call("DELETE", f"sshx/api/sessions/{elsewhere['id']}?terminals=close")
