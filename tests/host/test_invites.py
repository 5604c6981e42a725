"""Invites: tickets that let people in until a point in time, which the host makes again from what a client claims."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from sshx_jupyter.account import account_name
from sshx_jupyter.client import SshxClient
from sshx_jupyter.host.errors import Invalid, NoRelay
from sshx_jupyter.host.session import Session
from sshx_jupyter.invite import make_invite
from sshx_jupyter.protocol.handshake import ClientKey, Credentials, Refused
from sshx_jupyter.protocol.messages import Closed, Hello, Waiting
from sshx_jupyter.ticket import Ticket
from tests.sessions import Host, RawClient, credentials, own_key


async def refusal(host: Host, key: Credentials | ClientKey) -> str:
    client = RawClient(await host.dial(), key)
    with pytest.raises(Refused) as refused:
        await client.join()
    return refused.value.reason


def pass_by(session: Session, seconds: float) -> None:
    """Put the session's clock forward."""
    session.clock = lambda: time.time() + seconds


async def test_an_invite_lets_people_in_until_it_ends(host: Host) -> None:
    session = await host.create()
    invite = session.invite()
    assert invite.role == "reader"
    assert invite.expires == pytest.approx(time.time() + 86_400, abs=5)
    assert Ticket.decode(invite.encode()) == invite
    async with SshxClient.connect(invite.credentials(), dial=host.dial) as client:
        assert client.role == "reader"
    pass_by(session, 86_390)
    async with SshxClient.connect(invite.credentials(), dial=host.dial):
        pass
    pass_by(session, 86_401)
    assert await refusal(host, invite.credentials()) == "inviteEnded"
    async with host.connect(session, "reader"):  # the ticket itself does not end
        pass


async def test_who_came_in_by_an_invite_may_come_back_after_its_end(host: Host) -> None:
    session = await host.create()
    invite = session.invite("writer", 60)
    client = RawClient(await host.dial(), invite.credentials())
    await client.join()
    hello = await client.until(Hello)
    pass_by(session, 61)
    await client.link.close()
    back = RawClient(await host.dial(), own_key(session, "writer", hello))
    await back.join()
    assert (await back.until(Hello)).uid == hello.uid


async def test_nobody_makes_an_invite_last_longer_or_allow_more(host: Host) -> None:
    session = await host.create()
    key = session.invite("reader", 60).credentials()
    assert key.expires is not None
    assert await refusal(host, replace(key, expires=key.expires + 60)) == "invalidAuth"
    assert await refusal(host, replace(key, role="writer")) == "invalidAuth"
    assert await refusal(host, replace(key, role="owner")) == "invalidAuth"
    assert await refusal(host, replace(key, expires=None)) == "invalidAuth"
    assert await refusal(host, replace(credentials(session, "reader"), expires=key.expires)) == "invalidAuth"


async def test_new_tickets_end_invites(host: Host) -> None:
    session = await host.create()
    invite = session.invite()
    session.rotate()
    assert await refusal(host, invite.credentials()) == "invalidAuth"
    async with SshxClient.connect(session.invite().credentials(), dial=host.dial):
        pass


async def test_an_invite_of_a_session_with_a_password_needs_that_too(host: Host) -> None:
    session = await host.create(password="swordfish")
    invite = session.invite()
    assert invite.password
    assert await refusal(host, invite.credentials()) == "passwordRequired"
    assert await refusal(host, invite.credentials("sardine")) == "invalidAuth"
    async with SshxClient.connect(invite.credentials("swordfish"), dial=host.dial):
        pass


async def test_an_invite_ends_with_its_session(host: Host) -> None:
    session = await host.create(expires_in=3600)
    assert session.expires_at is not None
    assert session.invite().expires == int(session.expires_at)
    assert session.invite("reader", 60).expires == pytest.approx(time.time() + 60, abs=5)


@pytest.mark.parametrize("seconds", [0, 0.5, -1, float("nan"), float("inf"), 367 * 86_400])
async def test_an_invite_ends_within_a_year(host: Host, seconds: float) -> None:
    session = await host.create()
    with pytest.raises(Invalid, match="at most a year"):
        session.invite("reader", seconds)


async def test_a_session_that_is_read_only_has_no_invites_to_type(host: Host) -> None:
    session = await host.create(read_only=True)
    assert session.invite().role == "reader"
    with pytest.raises(Invalid, match="Nobody can type"):
        session.invite("writer")


async def test_a_file_is_only_made_where_a_browser_could_reach_the_host(host: Host) -> None:
    with pytest.raises(NoRelay, match="needs a relay"):
        make_invite(await host.create())


async def test_guests_hear_who_shares_what_also_before_they_are_in(host: Host) -> None:
    session = await host.create("training run", approve=True)
    client = RawClient(await host.dial(), credentials(session, "writer"))
    await client.join()
    told = (await client.until(Waiting)).info
    assert told == {"session": session.id.hex(), "name": "training run", "host": account_name(), "readOnly": False}
    [uid] = session._sender.waiting
    session.approve(uid, True)
    assert (await client.until(Hello)).info.items() >= told.items()


async def test_a_waiting_client_knows_who_shares_what(host: Host) -> None:
    session = await host.create("training run", approve=True)
    asked: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    session.observe(lambda event: asked.set_result(event.uid or 0) if event.kind == "asked" else None)
    events: list[object] = []
    connecting = asyncio.ensure_future(_enter(host, session, events))
    session.approve(await asked, True)
    await connecting
    [said] = [getattr(event, "reason", "") for event in events if getattr(event, "state", "") == "waiting"]
    assert said == f'{account_name()} shares "training run".'


async def test_a_client_that_waits_again_keeps_its_own_key(host: Host) -> None:
    """A notebook's view comes by that key, and gets no ticket."""
    session = await host.create("training run", approve=True)
    uids: asyncio.Queue[int] = asyncio.Queue()
    session.observe(lambda event: uids.put_nowait(event.uid or 0) if event.kind == "asked" else None)
    events: list[object] = []
    entering = asyncio.ensure_future(_stay(host, session, events))
    session.approve(await uids.get(), True)
    client, leave = await entering
    token = client.info["token"]
    session._resume_table._entries.clear()  # as if it had been away for long
    [participant] = session._sender.everyone()
    participant.cut()
    await uids.get()
    await client.wait_for(lambda c: c.state == "waiting")
    assert client.info["token"] == token
    await leave()


async def _stay(host: Host, session: Session, events: list[object]) -> tuple[SshxClient, Callable[[], Awaitable[None]]]:
    stack = contextlib.AsyncExitStack()
    client = await stack.enter_async_context(host.connect(session, on_event=events.append))
    return client, stack.aclose


async def test_an_invite_that_ends_during_the_handshake_lets_nobody_in(host: Host) -> None:
    session = await host.create()
    client = RawClient(await host.dial(), session.invite("writer", 60).credentials())
    await client.shake()
    pass_by(session, 61)
    await client.join_only()
    assert (await client.until(Closed)).code == "inviteEnded"


async def _enter(host: Host, session: Session, events: list[object]) -> None:
    async with host.connect(session, on_event=events.append):
        pass
