"""Every way in which a session refuses, ends and fails for a client: as the host says it, and with all of its texts
replaced by nonsense. Programs go by the codes."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sshx_jupyter.client import SessionEnded, SshxClient, retry
from sshx_jupyter.client.command import CommandError
from sshx_jupyter.host.limits import Limits
from sshx_jupyter.host.session import Session
from sshx_jupyter.node import SshxNode
from sshx_jupyter.protocol import codec
from sshx_jupyter.protocol.handshake import Refused
from sshx_jupyter.protocol.messages import Closed, Error
from tests.sessions import Host, RawClient, credentials, hosting, own_key

NONSENSE = "Xyzzy: the host removed you, locked, full, not shared any more."


@pytest.fixture(params=["texts", "nonsense"], autouse=True)
def texts(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "nonsense":
        monkeypatch.setitem(codec._WIRE, Closed, ("closed", lambda m: (m.code, NONSENSE)))
        monkeypatch.setitem(codec._WIRE, Error, ("error", lambda m: (m.req, m.code, NONSENSE, m.details)))
    monkeypatch.setattr(retry, "BACKOFF", (0.01, 0.1))
    monkeypatch.setattr(retry, "FIRST_TRIES", 0.3)


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    async with hosting(users=4, shells=2) as host:
        yield host


async def ended(client: SshxClient) -> str:
    with pytest.raises(SessionEnded) as end:
        await client.wait_for(lambda _: False)
    assert end.value.code == client.end_code
    return client.end_code


async def test_a_session_that_is_stopped_or_ends(host: Host) -> None:
    session = await host.create()
    async with host.connect(session) as client:
        await session.stop()
        assert await ended(client) == "stopped"
    short = await host.create(expires_in=0.3)
    async with host.connect(short) as client:
        assert await ended(client) == "expired"
    session = await host.create()
    async with host.connect(session) as client:
        await host.manager.close()
        assert await ended(client) == "shutdown"


async def test_a_session_without_its_owner() -> None:
    async with hosting() as host:
        session = await host.create(while_owned=True)
        async with host.connect(session) as client:
            async with host.connect(session, "owner"):
                session.limits = replace(session.limits, abandoned_period=0.2)
            assert await ended(client) == "abandoned"


async def test_an_owner_removes_or_turns_away(host: Host) -> None:
    session = await host.create(approve=True)
    states: list[str] = []
    async with host.connect(session, "owner") as owner, contextlib.AsyncExitStack() as stack:

        def entering() -> asyncio.Future[SshxClient]:
            guest = host.connect(session, on_event=lambda event: states.append(getattr(event, "state", "")))
            return asyncio.ensure_future(stack.enter_async_context(guest))

        turned_away = entering()
        await owner.wait_for(lambda c: any(user.pending for user in c.users.values()))
        await owner.approve(next(uid for uid, user in owner.users.items() if user.pending), False)
        with pytest.raises(SessionEnded) as end:
            await turned_away
        assert end.value.code == "notAdmitted"
        assert "waiting" in states
        joining = entering()
        await owner.wait_for(lambda c: any(user.pending for user in c.users.values()))
        await owner.approve(next(uid for uid, user in owner.users.items() if user.pending), True)
        client = await joining
        await owner.kick(client.uid)
        assert await ended(client) == "removed"


async def test_a_client_that_joins_again_elsewhere_or_makes_no_sense(host: Host) -> None:
    session = await host.create()
    async with host.connect(session) as client:
        again = RawClient(await host.dial(), own_key(session, "writer", client))
        await again.join()
        assert await ended(client) == "replaced"
    wild = RawClient(await host.dial(), credentials(session, "writer"))
    await wild.join()
    await wild.link.send([wild.secured.seal(b"nonsense")])
    assert (await wild.until(Closed)).code == "malformed"


@pytest.mark.parametrize("reason", ["locked", "full", "invalidAuth", "notFound"])
async def test_a_client_that_is_not_let_in(host: Host, reason: str) -> None:
    session = await host.create()
    shown = credentials(session, "reader")
    async with contextlib.AsyncExitStack() as stack:
        if reason == "locked":
            session.lock(True)
        elif reason == "full":
            for _ in range(4):
                await stack.enter_async_context(host.connect(session))
        elif reason == "invalidAuth":
            session.rotate()
        else:
            await session.stop()
        with pytest.raises(Refused) as refused:
            async with SshxClient.connect(shown, dial=host.dial):
                pass
        assert refused.value.reason == reason


async def test_a_full_session_is_tried_again(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST_TRIES", 30.0)
    session = await host.create()
    async with contextlib.AsyncExitStack() as stack:
        others = [await stack.enter_async_context(host.connect(session)) for _ in range(4)]
        late = asyncio.ensure_future(stack.enter_async_context(host.connect(session)))
        while not host.manager.refused["full"]:
            await asyncio.sleep(0.01)
        await others[0].close()
        assert (await late).state == "connected"


async def test_a_slow_client_comes_back(host: Host) -> None:
    session = await host.create()
    async with host.connect(session) as client:
        states: list[str] = []
        client.observe(lambda event: states.append(getattr(event, "state", "")))
        participant = session._sender.get(client.uid)
        assert participant is not None
        participant.close("tooSlow", "Your connection is too slow.")
        await client.wait_for(lambda _: "connected" in states)
        assert "reconnecting" in states
        assert (await client.run("echo back")).output == "back\n"


async def test_requests_that_are_refused(host: Host) -> None:
    session = await host.create()
    async with host.connect(session, "owner") as owner, host.connect(session, "reader") as reader:

        async def code(attempt: Callable[[], Any]) -> str:
            with pytest.raises(CommandError) as error:
                await attempt()
            return error.value.code

        assert await code(reader.create) == "notAllowed"
        assert await code(lambda: reader.lock(True)) == "notAllowed"
        assert await code(lambda: owner.kick(99)) == "noUser"
        assert await code(lambda: owner.kick(owner.uid)) == "invalid"
        assert await code(lambda: owner.move(99, None)) == "noShell"
        assert await code(lambda: owner.chat("x" * 5000)) == "tooLong"
        assert await code(lambda: owner.set_color("red")) == "invalid"
        await owner.create()
        assert await code(owner.create) == "full"
        errors: list[Error] = []
        owner.observe(lambda event: errors.append(event) if isinstance(event, Error) else None)
        session.shells[1].terminal._input.write = lambda data, written: None  # type: ignore[method-assign]
        await owner.send(1, bytes(3 << 20))
        await owner.wait_for(lambda _: errors)
        assert (errors[0].code, errors[0].details["sid"]) == ("inputFull", 1)
        session.set_role(reader.uid, "writer")
        await reader.wait_for(lambda c: c.role == "writer")
        session.set_role(reader.uid, "reader")
        reader.users[reader.uid] = session.users()[owner.uid]  # it has not heard of that yet
        assert await code(lambda: reader.run("true", 1)) == "notAllowed"


@pytest.mark.parametrize(("how", "status"), [("stopped", 0), ("removed", 1), ("expired", 0)])
async def test_the_command_line_tells_by_its_exit_status(tmp_path: Path, how: str, status: int) -> None:
    async with await SshxNode.spawn(relays="disabled", bind="127.0.0.1:0", limits=Limits()) as node:
        session: Session = await node.host("demo", command=["sh"])
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "sshx_jupyter.cli", "join", str(session.ticket), "--relays", "disabled"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=tmp_path,
        )
        deadline = time.monotonic() + 40
        while not any(participant.outgoing.subscriptions for participant in session._sender):  # it is settled then
            assert time.monotonic() < deadline
            await asyncio.sleep(0.02)
        if how == "removed":
            session.kick(next(iter(session.users())))
        else:
            await session.stop(code=how)  # type: ignore[arg-type]
        assert await process.wait() == status
