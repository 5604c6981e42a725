"""The guest page in a browser with nothing installed: over a relay, from the form to the end of the session."""

from __future__ import annotations

from playwright.async_api import expect

from sshx_jupyter.client import SshxClient
from sshx_jupyter.node import SshxNode
from tests.e2e.browser import Visitor
from tests.pictures.stage import Scene, Stage


async def _invited(stage: Stage, ticket: str) -> Visitor:
    """Someone who has followed a link."""
    bob = await stage.visitor(f"{stage.site}#{ticket}")
    await bob.field("Your name").fill("Bob")
    return bob


async def _joined(stage: Stage, ticket: str) -> Visitor:
    bob = await _invited(stage, ticket)
    await bob.button("Join").click()
    return bob


async def forms(stage: Stage) -> None:
    session = await stage.host.share(name="Lecture")
    secret = await stage.host.share(name="Exam", password="open sesame")
    bob = await stage.visitor(stage.site)
    await expect(bob.field("Ticket")).to_be_visible()
    await stage.take(bob, "join-form")
    await bob.field("Ticket").fill(session["tickets"]["write"][:-7])
    await expect(bob.page.get_by_role("alert")).to_be_visible()
    await stage.take(bob, "wrong-ticket")
    bob = await _invited(stage, session["tickets"]["read"])
    await stage.take(bob, "invited")
    bob = await _joined(stage, secret["tickets"]["write"])
    await expect(bob.page.get_by_role("alert")).to_be_visible()
    await stage.take(bob, "password")


async def session(stage: Stage) -> None:
    """As someone who watches, then as someone who types, with each panel; and the end."""
    shared = await stage.host.share(name="Lecture")
    async with stage.host.owner(shared, name="Ada") as ada:
        await ada.chat("Welcome. Ask if you want to type")
        bob = await _joined(stage, shared["tickets"]["read"])
        await bob.connected()
        await bob.sees("$")
        await ada.send(1, b"echo epoch $((1+1)) of 10\n")
        await bob.sees_line("epoch 2 of 10")
        await stage.take(bob, "watching")
        await ada.set_role(_uid(ada, "Bob"), "writer")
        await expect(bob.button("New shell")).to_have_attribute("aria-disabled", "false")
        await bob.run("echo typed by Bob")
        await bob.sees_line("typed by Bob")
        await stage.quiet(bob)
        await stage.take(bob, "typing")
        for panel in ("Chat", "People", "Network", "Settings"):
            await bob.show(panel)
            await expect(bob.page.locator(".sshx-panel")).to_be_visible()
            await stage.take(bob, panel.lower())
        await bob.button("Close Settings").click()
        await stage.host.call("DELETE", f"sshx/api/sessions/{shared['id']}")
        await bob.state("ended")
        await stage.take(bob, "ended")


async def waiting(stage: Stage) -> None:
    shared = await stage.host.share(name="Exam", approve=True)
    async with stage.host.owner(shared, name="Ada") as ada:
        bob = await _joined(stage, shared["tickets"]["write"])
        await bob.state("waiting")
        await stage.take(bob, "waiting")
        await ada.wait_for(lambda c: any(user.pending for user in c.users.values()))
        await ada.approve(_uid(ada, "Bob"), False)
        await expect(bob.page.get_by_role("status", name="Connection")).to_contain_text("refused")
        await stage.take(bob, "turned-away")


async def refused(stage: Stage) -> None:
    """The session is over, and the host cannot be reached."""
    shared = await stage.host.share(name="Lecture")
    await stage.host.call("DELETE", f"sshx/api/sessions/{shared['id']}?terminals=close")
    bob = await _joined(stage, shared["tickets"]["write"])
    await expect(bob.page.get_by_role("alert")).to_be_visible()
    await stage.take(bob, "refused")
    async with await SshxNode.spawn(relays=[stage.relay.url], bind="127.0.0.1:0") as node:
        await node.online()
        ticket = (await node.host(terminals=[])).ticket
    bob = await _joined(stage, str(ticket))
    await expect(bob.page.locator("form [role=status]")).not_to_be_empty()
    await stage.take(bob, "connecting")
    await bob.state("unreachable", timeout=60)
    await stage.take(bob, "unreachable")


def _uid(owner: SshxClient, name: str) -> int:
    return next(uid for uid, user in owner.users.items() if user.name == name)


SCENES: list[Scene] = [forms, session, waiting, refused]
