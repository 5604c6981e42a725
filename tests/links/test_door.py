"""Floods over iroh, by endpoints that have no ticket: guests and the host's own page get in all the same."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator

import pytest
from iroh import (
    BiStream,
    Connection,
    Endpoint,
    EndpointAddr,
    EndpointOptions,
    EndpointTicket,
    IrohError,
    RelayMode,
    preset_minimal,
)

from sshx_jupyter.client import SshxClient
from sshx_jupyter.host.limits import Limits
from sshx_jupyter.host.session import Session
from sshx_jupyter.links import FrameReader
from sshx_jupyter.links.iroh import ALPN, IrohLink
from sshx_jupyter.links.memory import MemoryLink, memory_link
from sshx_jupyter.node import SshxNode
from sshx_jupyter.protocol.framing import pack
from sshx_jupyter.protocol.handshake import Preface
from tests.sessions import credentials

LOOPBACK = "127.0.0.1:0"


@pytest.fixture
async def node() -> AsyncIterator[SshxNode]:
    async with await SshxNode.spawn(relays="disabled", bind=LOOPBACK) as node:
        yield node


PROMPTLY = Limits().handshake_timeout / 2
"""Seconds in which somebody gets in who need not wait until the handshakes of strangers have timed out."""


class Strangers:
    """Endpoints that talk to a node and have no ticket."""

    def __init__(self, node: SshxNode) -> None:
        self._addr: EndpointAddr = EndpointTicket.from_string(node.address()).endpoint_addr()
        self._endpoints: list[Endpoint] = []
        self.kept: list[object] = []

    async def endpoint(self) -> Endpoint:
        options = EndpointOptions(preset=preset_minimal(), alpns=[ALPN], bind_addr=LOOPBACK)
        options.relay_mode = RelayMode.disabled()
        endpoint = await Endpoint.bind(options)
        self._endpoints.append(endpoint)
        return endpoint

    async def connect(self, endpoint: Endpoint) -> Connection:
        connection = await endpoint.connect(self._addr, ALPN)
        self.kept.append(connection)
        return connection

    async def knock(self, connection: Connection, data: bytes = b"\0") -> BiStream:
        stream = await connection.open_bi()
        await stream.send().write_all(data)
        self.kept.append(stream)
        return stream

    async def close(self) -> None:
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.gather(*(endpoint.close() for endpoint in self._endpoints)), 2)


@contextlib.asynccontextmanager
async def strangers(node: SshxNode) -> AsyncIterator[Strangers]:
    them = Strangers(node)
    try:
        yield them
    finally:
        await them.close()


async def join_as_guest(session: Session) -> float:
    """Seconds that it takes a guest to get in."""
    assert session.ticket is not None
    started = time.monotonic()
    async with SshxClient.connect(session.ticket, relays="disabled"):
        return time.monotonic() - started


async def join_as_owner(node: SshxNode, session: Session) -> float:
    """Seconds that it takes the host's own page to get in."""
    tasks = []

    async def dial() -> MemoryLink:
        near, far = memory_link(peer="user host")
        tasks.append(asyncio.ensure_future(node.manager.accept(far, share="local")))
        return near

    started = time.monotonic()
    async with SshxClient.connect(credentials(session, "owner"), dial=dial):
        taken = time.monotonic() - started
    await asyncio.wait(tasks)
    return taken


async def test_one_connection_full_of_unfinished_handshakes_locks_nobody_out(node: SshxNode) -> None:
    session = await node.host(command=["sh"])
    async with strangers(node) as them:
        connection = await them.connect(await them.endpoint())
        for _ in range(40):
            await them.knock(connection)
        await asyncio.sleep(0.3)
        assert await join_as_guest(session) < PROMPTLY
        assert await join_as_owner(node, session) < PROMPTLY


async def test_unfinished_handshakes_of_many_endpoints_lock_nobody_out(node: SshxNode) -> None:
    session = await node.host(command=["sh"])
    async with strangers(node) as them:
        for _ in range(20):
            connection = await them.connect(await them.endpoint())
            for _ in range(4):
                await them.knock(connection)
        await asyncio.sleep(0.3)
        assert await join_as_guest(session) < PROMPTLY
        assert await join_as_owner(node, session) < PROMPTLY


async def test_idle_connections_lock_nobody_out(node: SshxNode) -> None:
    session = await node.host(command=["sh"])
    async with strangers(node) as them:
        for _ in range(30):
            endpoint = await them.endpoint()
            await asyncio.gather(*(them.connect(endpoint) for _ in range(10)), return_exceptions=True)
        assert await join_as_guest(session) < PROMPTLY
        assert await join_as_owner(node, session) < PROMPTLY


async def test_a_connection_that_sends_much_without_a_key_ends(node: SshxNode) -> None:
    async with strangers(node) as them:
        connection = await them.connect(await them.endpoint())
        flood = [asyncio.ensure_future(them.knock(connection, bytes(1 << 20))) for _ in range(4)]
        assert await asyncio.wait_for(connection.closed(), 20)
        await asyncio.gather(*flood, return_exceptions=True)


async def test_a_guest_who_is_in_outlasts_a_flood(node: SshxNode) -> None:
    session = await node.host(command=["sh"])
    assert session.ticket is not None
    async with SshxClient.connect(session.ticket, relays="disabled") as client, strangers(node) as them:
        for _ in range(20):
            endpoint = await them.endpoint()
            await asyncio.gather(*(them.connect(endpoint) for _ in range(10)), return_exceptions=True)
        assert (await client.run("echo still here")).output == "still here\n"
        assert len(session.users()) == 1


async def test_many_guests_of_one_server_come_in_at_once(node: SshxNode) -> None:
    """A Jupyter server dials for all of its users through one connection, and they come back together."""
    session = await node.host(command=["sh"])
    ticket = session.ticket
    assert ticket is not None
    async with await SshxNode.spawn(relays="disabled", bind=LOOPBACK) as server, contextlib.AsyncExitStack() as stack:
        clients = [SshxClient.connect(ticket, dial=lambda: server.join(ticket)) for _ in range(40)]
        await asyncio.gather(*(stack.enter_async_context(client) for client in clients))
        assert len(session.users()) == 40
        assert node.manager.refused == {}


async def test_new_endpoints_do_not_buy_new_guesses(node: SshxNode) -> None:
    """Three attackers guess as fast as they can, each key from a new endpoint, while a guest and an owner come in."""
    session = await node.host(command=["sh"])
    guesses = 0

    async def guess(them: Strangers) -> None:
        nonlocal guesses
        while True:
            endpoint = await them.endpoint()
            try:
                connection = await them.connect(endpoint)
                stream = await them.knock(connection, pack([Preface("writer", session.id).pack(), os.urandom(48)]))
                answer = (await FrameReader(IrohLink(connection, stream, lambda: None)).next())[1:]
                guesses += answer == b"invalidAuth"
            except (IrohError, ConnectionError):
                pass
            await endpoint.close()

    async with strangers(node) as them:
        started = time.monotonic()
        attackers = [asyncio.ensure_future(guess(them)) for _ in range(3)]
        await asyncio.sleep(6)  # the attack goes on for so long
        waited = await join_as_guest(session)
        owner = await join_as_owner(node, session)
        taken = time.monotonic() - started
        for attacker in attackers:
            attacker.cancel()
        await asyncio.wait(attackers)
    limits = node.manager.limits
    assert guesses <= limits.wrong_keys + taken * 6
    assert waited < PROMPTLY
    assert owner < PROMPTLY
