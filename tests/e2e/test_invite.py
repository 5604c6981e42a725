"""Invite files, from wherever they are saved: a double click in a browser with nothing installed, and one is in."""

from __future__ import annotations

import asyncio
import re
import time
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from sshx_jupyter.ticket import Ticket
from tests.cli.programs import Shared, Sshx
from tests.e2e.browser import Person, Visitor
from tests.notebook.kernels import lone_kernel, server_kernel
from tests.relay import Relay, running_relay
from tests.servers import JupyterServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(110), pytest.mark.asyncio(loop_scope="session")]

LOAD = "%load_ext sshx_jupyter\nimport sshx_jupyter\n"


def ticket_in(file: Path) -> Ticket:
    """The invite that a file holds."""
    found = re.findall(r'<script type="text/plain" id="sshx-invite">(.*)</script>', file.read_text())
    assert len(found) == 1
    return Ticket.decode(found[0])


async def opened(browser: Browser, file: Path) -> Visitor:
    """A guest who has opened the file by a double click."""
    guest = await Visitor.to(browser, file.as_uri())
    await expect(guest.page.get_by_role("heading", name="You are invited to a shared terminal")).to_be_visible()
    return guest


async def in_by(browser: Browser, file: Path) -> Visitor:
    guest = await opened(browser, file)
    await guest.button("Join").click()
    await guest.connected()
    return guest


async def test_saved_from_the_share_panel(browser: Browser, server: JupyterServer, tmp_path: Path) -> None:
    host = await Person.at(browser, server)
    await host.share("Training run 3")
    await host.run("echo to-watch$((1+1))")
    await host.show("Share")
    await host.button("More").click()
    await host.button("Save invite…").click()
    panel = host.page.get_by_role("group", name="Invite")
    await expect(panel).to_contain_text("connects through a relay")
    await expect(panel.get_by_label("People can")).to_have_value("reader")
    await expect(panel.get_by_label("The invite works for")).to_have_value("86400")
    async with host.page.expect_download() as downloading:
        await panel.get_by_role("button", name="Save", exact=True).click()
    download = await downloading.value
    assert download.suggested_filename == "invite-training-run-3.html"
    await expect(panel).to_contain_text(re.compile("saved as invite-training-run-3.html. It works until"))
    await host.screenshot("invite-saved")
    file = tmp_path / download.suggested_filename
    await download.save_as(file)

    ticket = ticket_in(file)
    assert ticket.role == "reader"
    assert ticket.expires == pytest.approx(time.time() + 86_400, abs=60)
    top = file.read_text()[:900]
    assert "Anyone who has it can watch, not type, until 2" in top
    guest = await opened(browser, file)
    await expect(guest.page.locator("form")).to_contain_text(re.compile("not type. This invite ends on"))
    await guest.screenshot("invite-opened")
    await guest.button("Join").click()
    await guest.connected()
    await guest.sees_line("to-watch2")
    await expect(guest.page.locator(".sshx-toolbar")).to_contain_text("shared by")
    await guest.screenshot("invite-joined")
    assert guest.problems == []

    await host.show("People")
    await host.button("Make new tickets…").click()
    await host.button("Make new tickets").click()
    await expect(host.page.get_by_text("New tickets were made")).to_be_visible()
    late = await opened(browser, file)
    await late.button("Join").click()
    await expect(late.page.get_by_role("alert")).to_contain_text("did not accept this ticket")
    await guest.page.reload()  # who is in stays
    await guest.connected()


async def test_written_by_the_command_line(browser: Browser, relay: Relay, tmp_path: Path) -> None:
    file = tmp_path / "invite.html"
    options = ("--relays", relay.url, "--invite", str(file))
    shared = await asyncio.to_thread(Shared, Sshx(tmp_path), options, ("sh",))  # the relay's recorder is in this loop
    try:
        await asyncio.to_thread(
            shared.said, f"The invite is {file}. Anyone who opens it in a browser can watch, not type, until 2"
        )
        assert file.stat().st_mode & 0o777 == 0o600
        assert ticket_in(file).role == "reader"
        assert shared.facts.keys() == {"id", "tickets"}
        guest = await in_by(browser, file)
        await expect(guest.page.locator(".sshx-badge")).to_have_text("Read-only")
    finally:
        await asyncio.to_thread(shared.close)


async def test_the_command_line_writes_it_once_there_is_a_relay(tmp_path: Path) -> None:
    file = tmp_path / "invite.html"
    async with running_relay(tmp_path) as relay:
        relay.stop()
        options = ("--relays", relay.url, "--invite", str(file), "--password")
        shared = await asyncio.to_thread(Shared, Sshx(tmp_path), options, ("sh",))
        try:
            await asyncio.to_thread(shared.said, f"The invite {file} is written once a relay has been found.")
            assert not file.exists()
            await relay.start()
            await asyncio.to_thread(shared.said, f"The invite is {file}. Anyone who opens it in a browser can watch")
            assert "They also need the password." in shared.stderr
            assert ticket_in(file).password
        finally:
            await asyncio.to_thread(shared.close)


@pytest.mark.parametrize("where", ["server", "kernel"])
async def test_written_by_python(
    browser: Browser, server: JupyterServer, relay: Relay, tmp_path: Path, where: str
) -> None:
    file = tmp_path / "to type.html"
    opening = server_kernel(server) if where == "server" else lone_kernel(tmp_path, relay.url)
    async with opening as kernel:
        code = f"""{LOAD}
session = sshx_jupyter.share("Python", where={where!r})
print(repr(session.invite({str(file)!r}, role="writer", expires="2h")))
try:
    session.invite("/nowhere/invite.html")
except sshx_jupyter.SharingError as error:
    print(error)
"""
        result: Any = await kernel.run(code)
        assert not result.error, result
        assert f"<Invite {str(file)!r}: anyone who opens it in a browser can watch and type until 2" in result.text
        assert "The invite cannot be written to '/nowhere/invite.html': its directory does not exist." in result.text
        ticket = ticket_in(file)
        assert ticket.role == "writer"
        assert ticket.expires == pytest.approx(time.time() + 7200, abs=60)
        guest = await in_by(browser, file)
        await guest.run("echo typed$((1+1))")
        await guest.sees_line("typed2")
        await kernel.run("session.stop()")


async def test_an_invite_that_has_ended_says_so(browser: Browser, server: JupyterServer, tmp_path: Path) -> None:
    session = await server.share(name="Short")
    answer = await server.json("GET", f"sshx/api/sessions/{session['id']}/invite?expires_in=2")
    (tmp_path / "invite.html").write_text(answer["html"])
    ends = ticket_in(tmp_path / "invite.html").expires
    assert ends is not None
    await asyncio.sleep(ends - time.time())
    guest = await opened(browser, tmp_path / "invite.html")
    await expect(guest.page.locator("form")).to_contain_text("This invite ended on")
    await guest.button("Join").click()
    await expect(guest.page.get_by_role("alert")).to_contain_text("This invite has ended. Ask the host for a new one.")


async def test_without_scripts_the_file_says_what_it_is(
    browser: Browser, server: JupyterServer, tmp_path: Path
) -> None:
    """As a mail program's preview shows it."""
    session = await server.share(name="Preview", read_only=True)
    answer = await server.json("GET", f"sshx/api/sessions/{session['id']}/invite")
    (tmp_path / "invite.html").write_text(answer["html"])
    guest = await Visitor.to(browser, (tmp_path / "invite.html").as_uri(), java_script_enabled=False)
    assert (await guest.page.inner_text("body")).startswith("This file is an invite to a terminal that someone shares")
    await guest.screenshot("invite-without-scripts")
