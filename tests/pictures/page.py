"""The page of a Jupyter server: start, share and join, a session with its panels, and all that can go wrong."""

from __future__ import annotations

import asyncio
import signal
import tempfile
from pathlib import Path
from typing import Any

from playwright.async_api import Locator, expect

from sshx_jupyter.node import SshxNode
from tests.e2e.browser import Person
from tests.pictures.scenes import three_shells
from tests.pictures.stage import LOCALE, SCHEMES, SIZES, Scene, Stage
from tests.servers import jupyter_server

STALE = 10.5
"""Seconds after which what was typed without a connection is asked about."""


async def start(stage: Stage) -> None:
    ada = await stage.person(stage.host)
    await expect(ada.button("Share")).to_be_visible()
    await stage.take(ada, "start", whole=True)


async def share_form(stage: Stage) -> None:
    """Filled in, beside the sessions that this server hosts; and one of them is to be stopped."""
    for _ in range(2):
        await stage.host.terminal()
    session = await stage.host.share(name="Numerics, week 3")
    await stage.host.share(name="Training run", read_only=True)
    await stage.guest(session["tickets"]["write"], "Grace")
    ada = await stage.person(stage.host, "Ada")
    await ada.field("Session name").fill("Pair work")
    await ada.page.get_by_label("Terminal 1", exact=True).check()
    await stage.take(ada, "share-form", whole=True)
    await ada.page.get_by_role("button", name="Stop sharing Numerics").click()
    await expect(ada.page.locator(".sshx-page-hosted [role=alert]")).to_be_visible()
    await stage.take(ada, "hosted-stop", whole=True)


async def join_form(stage: Stage) -> None:
    session = await stage.host.share(name="Exam", password="open sesame")
    bob = await stage.person(stage.other, "Bob")
    await bob.field("Ticket").fill(session["tickets"]["write"])
    await expect(bob.field("Password").or_(bob.page.get_by_label("Password", exact=True)).first).to_be_visible()
    await stage.take(bob, "join-form", whole=True)
    await bob.field("Ticket").fill(session["tickets"]["write"][:-7])
    await expect(bob.page.locator("form [role=alert]").first).to_be_visible()
    await stage.take(bob, "join-wrong-ticket", whole=True)


async def password_form(stage: Stage) -> None:
    session = await stage.host.share(name="Exam", password="open sesame")
    bob = await stage.person(stage.other, "Bob")
    await bob.open(session, session["tickets"]["write"])
    password = bob.page.get_by_label("Password", exact=True)
    await expect(password).to_be_visible()
    await stage.take(bob, "password-form")
    await password.fill("close sesame")
    await password.press("Enter")
    await expect(bob.page.get_by_role("alert")).to_be_visible()
    await stage.take(bob, "password-wrong")


async def missing_ticket(stage: Stage) -> None:
    bob = await stage.person(stage.other, "Bob")
    await bob.open({"id": "00" * 16})
    await expect(bob.field("Ticket")).to_be_visible()
    await stage.take(bob, "missing-ticket")


async def share_panel(stage: Stage) -> None:
    """What one sees after sharing, and how to stop."""
    ada = await stage.person(stage.host, "Ada")
    await ada.share("Numerics, week 3")
    await ada.sees("$")
    await expect(ada.button("Copy ticket")).to_be_visible()
    await stage.take(ada, "share-panel")
    await ada.button("More").click()
    await stage.take(ada, "share-panel-more")
    save = ada.page.locator(".sshx-save-invite > button")
    await save.click()
    await stage.take(ada, "share-panel-invite")
    await save.click()
    await ada.button("More").click()
    [session] = await stage.host.json("GET", "sshx/api/sessions")
    await stage.guest(session["tickets"]["write"], "Grace")
    await ada.page.locator(".sshx-invite-stop button").click()
    await expect(ada.page.locator(".sshx-invite-stop .sshx-confirm")).to_be_visible()
    await stage.take(ada, "share-panel-stop")


async def session(stage: Stage) -> None:
    """Three shells at work, with each panel."""
    shared = await stage.host.share(name="Numerics, week 3")
    look = {**SIZES["desktop"], **LOCALE}
    setting, guests = await three_shells(stage.browser, stage.host, stage.other, shared, **look)
    await setting.context.close()
    ada = await _back(stage, shared)
    for guest, (x, y) in zip(guests, ((380, 250), (810, 660)), strict=True):
        await guest.page.mouse.move(x, y, steps=4)
    if not stage.phone:
        await expect(ada.page.locator(".sshx-cursor")).to_have_count(2)
    await stage.take(ada, "session")
    for panel in ("Chat", "People", "Network", "Settings"):
        await ada.show(panel)
        await expect(ada.page.locator(".sshx-panel")).to_be_visible()
        await stage.take(ada, panel.lower())


async def _back(stage: Stage, shared: dict[str, Any]) -> Person:
    """The host, who opens the session on a screen of the size that the pictures have."""
    ada = await stage.person(stage.host, "Ada")
    await ada.open(shared)
    await ada.connected()
    await expect(ada.terminal()).to_be_visible()
    return ada


def _action(person: Person, name: str) -> Locator:
    return person.shells().first.get_by_role("button", name=name, exact=True)


async def shell(stage: Stage) -> None:
    """What one does with a shell: the menu, find, rename, and the question before it is closed."""
    shared = await stage.host.share(name="Training run")
    ada = await _back(stage, shared)
    await ada.run("for n in 1 2 3 4 5 6 7 8; do echo epoch $n: loss 0.$((95 - 9 * n)); done")
    await ada.sees_line("epoch 8: loss 0.23")
    await _action(ada, "Shell menu").click()
    await expect(ada.page.get_by_role("menu")).to_be_visible()
    await stage.take(ada, "shell-menu")
    await ada.page.get_by_role("menuitem").first.click()
    await expect(ada.field("Shell name")).to_be_visible()
    await stage.take(ada, "shell-rename")
    await ada.page.keyboard.press("Escape")
    await _action(ada, "Find").click()
    await ada.page.locator(".sshx-find input").fill("loss")
    await expect(ada.page.locator(".sshx-find [role=status]")).not_to_be_empty()
    await stage.take(ada, "find")
    await ada.page.locator(".sshx-find input").press("Escape")
    await ada.run("sleep 1000")
    await ada.sees("sleep 1000")
    await _action(ada, "Close shell").click()
    await expect(ada.page.get_by_role("alertdialog")).to_be_visible()
    await stage.take(ada, "question")


async def requests(stage: Stage) -> None:
    """Guests ask to come in and to type: first as notices, then among the people; and one is to be removed."""
    shared = await stage.host.share(name="Exam", approve=True)
    ada = await _back(stage, shared)
    tickets = shared["tickets"]
    async with stage.host.owner(shared, observer=True) as owner:
        for name, ticket in (("Grace", tickets["write"]), ("Linus", tickets["read"])):
            guest = await stage.guest(ticket, name, joins=False)
            await owner.wait_for(lambda c: any(user.pending for user in c.users.values()))
            await owner.approve(next(uid for uid, user in owner.users.items() if user.pending), True)
            await guest.connected()
    await guest.page.locator(".sshx-toolbar .sshx-ask").click()
    bob = await stage.guest(tickets["write"], "Bob", joins=False)
    await bob.state("waiting")
    await expect(ada.page.locator(".sshx-toast[data-tone=request]")).to_have_count(2)
    await stage.take(ada, "requests")
    await ada.show("People")
    await stage.quiet(ada)
    await expect(ada.people().get_by_role("listitem")).to_have_count(4)
    await stage.take(ada, "requests-people")
    await ada.people().get_by_role("listitem").filter(has_text="Grace").locator("button.sshx-danger").click()
    await expect(ada.page.locator(".sshx-people .sshx-confirm")).to_be_visible()
    await stage.take(ada, "people-remove")


async def guest(stage: Stage) -> None:
    """A guest who watches, asks to type, is allowed to, and is removed in the end."""
    shared = await stage.host.share(name="Training run")
    async with stage.host.owner(shared, name="Ada") as ada:
        bob = await stage.guest(shared["tickets"]["read"], "Bob", size=stage.size)
        await bob.sees("$")
        await ada.send(1, b"echo epoch $((1+1)) of 10\n")
        await bob.sees_line("epoch 2 of 10")
        await stage.take(bob, "guest-watching")
        await bob.page.locator(".sshx-toolbar .sshx-ask").click()
        await expect(bob.page.locator(".sshx-asked")).to_be_visible()
        await stage.take(bob, "guest-asked")
        uid = next(uid for uid, user in ada.users.items() if user.name == "Bob")
        await ada.set_role(uid, "writer")
        await expect(bob.button("New shell")).to_have_attribute("aria-disabled", "false")
        await bob.run("echo typed by Bob")
        await bob.sees_line("typed by Bob")
        await stage.quiet(bob)
        await stage.take(bob, "guest-typing")
        await ada.kick(uid)
        await bob.state("ended")
        await stage.take(bob, "guest-removed")


async def empty(stage: Stage) -> None:
    """A session without a shell, for the host and for a guest who watches."""
    shared = await stage.host.share(name="Numerics")
    async with stage.host.owner(shared, observer=True) as owner:
        await owner.close_shell(1)
        await owner.wait_for(lambda c: not c.shells)
    ada = await stage.person(stage.host, "Ada")
    await ada.open(shared)
    await expect(ada.page.locator(".sshx-empty")).to_be_visible()
    await stage.take(ada, "empty-host")
    bob = await stage.guest(shared["tickets"]["read"], "Bob", size=stage.size)
    await expect(bob.page.locator(".sshx-empty")).to_be_visible()
    await stage.take(bob, "empty-guest")


async def waiting(stage: Stage) -> None:
    """A guest waits for the host, and is turned away."""
    shared = await stage.host.share(name="Exam", approve=True)
    async with stage.host.owner(shared, name="Ada") as ada:
        bob = await stage.guest(shared["tickets"]["write"], "Bob", size=stage.size, joins=False)
        await bob.state("waiting")
        await stage.take(bob, "waiting")
        await ada.wait_for(lambda c: any(user.pending for user in c.users.values()))
        await ada.approve(next(uid for uid, user in ada.users.items() if user.pending), False)
        await bob.state("refused")
        await stage.take(bob, "turned-away")


async def refused(stage: Stage) -> None:
    """With an old ticket, at a locked session, and at one that is over."""
    shared = await stage.host.share(name="Exam")
    path = f"sshx/api/sessions/{shared['id']}"
    changed = await stage.host.json("PATCH", path, {"rotate": True, "locked": True})
    tickets = {"old-ticket": shared["tickets"]["write"], "locked": changed["tickets"]["write"]}
    for screen, ticket in tickets.items():
        bob = await stage.guest(ticket, "Bob", size=stage.size, joins=False)
        await bob.state("refused")
        await stage.take(bob, f"refused-{screen}")
    await stage.host.call("DELETE", path)
    bob = await stage.guest(tickets["locked"], "Bob", size=stage.size, joins=False)
    await bob.state("refused")
    await stage.take(bob, "refused-over")


async def ended(stage: Stage) -> None:
    """The host stops sharing: for a guest, and for the host."""
    shared = await stage.host.share(name="Training run")
    ada = await _back(stage, shared)
    bob = await stage.guest(shared["tickets"]["write"], "Bob", size=stage.size)
    await bob.run("echo the last line")
    await bob.sees_line("the last line")
    await ada.show("Share")
    await ada.page.locator(".sshx-invite-stop button").click()
    await ada.page.locator(".sshx-invite-stop .sshx-confirm button.sshx-danger").click()
    for person, screen in ((bob, "ended-guest"), (ada, "ended-host")):
        await person.state("ended")
        await stage.take(person, screen)


async def unreachable(stage: Stage) -> None:
    """The host's machine does not answer."""
    for scheme in SCHEMES:  # the first screen does not stay long enough for two pictures
        async with await SshxNode.spawn(relays="disabled", bind="127.0.0.1:0") as node:
            ticket = (await node.host(terminals=[])).ticket
        assert ticket is not None
        bob = await stage.guest(str(ticket), "Bob", size=stage.size, joins=False)
        await expect(bob.page.locator(".sshx-screen[data-state=connecting] button")).to_be_visible()
        await stage.take(bob, "no-answer-yet", schemes=[scheme])
        await bob.state("unreachable", timeout=60)
        await stage.take(bob, "unreachable", schemes=[scheme])


async def reconnecting(stage: Stage) -> None:
    """The guest's own server is gone and comes back; what they typed meanwhile waits, and is asked about."""
    shared = await stage.host.share(name="Training run")
    with tempfile.TemporaryDirectory() as directory:
        with jupyter_server(Path(directory)) as server:
            bob = await stage.person(server)
            await bob.join(shared["tickets"]["write"], "Bob")
            await bob.connected()
            await bob.sees("$")
            server.stop(signal.SIGKILL)
            await bob.state("reconnecting")
            await bob.type("echo typed meanwhile\n")
            await expect(bob.page.get_by_role("region", name="Waiting input")).to_be_visible()
            await stage.take(bob, "reconnecting")
            port = server.port
        await asyncio.sleep(STALE)  # what has waited for less is sent without asking
        with jupyter_server(Path(directory), port=port):
            await bob.state("connected", timeout=40)
            await expect(bob.page.get_by_role("region", name="Held input")).to_be_visible()
            await stage.take(bob, "held-input")


SCENES: list[Scene] = [
    start,
    share_form,
    join_form,
    password_form,
    missing_ticket,
    share_panel,
    session,
    shell,
    requests,
    guest,
    empty,
    waiting,
    refused,
    ended,
    unreachable,
    reconnecting,
]
