"""The node: its identity, its relays, and what it says when something is wrong."""

from __future__ import annotations

import asyncio
import stat
import time
from pathlib import Path

import pytest
from iroh import EndpointTicket

from sshx_jupyter.client import SshxClient
from sshx_jupyter.links import LinkClosed, Unreachable
from sshx_jupyter.links.relays import parse_relays
from sshx_jupyter.node import SshxNode
from sshx_jupyter.ticket import Ticket
from tests.servers import free_port

LOOPBACK = "127.0.0.1:0"


async def test_a_session_opens_at_once_and_its_ticket_waits_once_for_a_relay() -> None:
    relay = f"http://127.0.0.1:{free_port()}"  # where there is none
    started = time.monotonic()
    async with await SshxNode.spawn(relays=[relay], bind=LOOPBACK) as node:
        assert node.wants_relay
        hosting = asyncio.ensure_future(node.host(command=["sh"]))
        while not node.manager.sessions:
            await asyncio.sleep(0.02)
        assert time.monotonic() - started < 1.5
        session = await hosting
        assert 4.5 < time.monotonic() - started < 6
        started = time.monotonic()
        await node.host(command=["sh"])
        await node.online()
        assert time.monotonic() - started < 1
        ticket = session.ticket
        assert ticket is not None
        async with SshxClient.connect(ticket, relays="disabled") as client:
            assert (await client.run("echo direct")).output == "direct\n"
            path = client.path()
            assert path is not None
            assert path.kind == "direct"


async def test_a_ticket_has_the_relay_that_was_found_while_it_waited(monkeypatch: pytest.MonkeyPatch) -> None:
    relay = "https://relay.example/"
    async with await SshxNode.spawn(relays="disabled", bind=LOOPBACK) as node:
        found = asyncio.Event()
        monkeypatch.setattr(SshxNode, "relay_url", property(lambda _: relay if found.is_set() else None))
        node._online = asyncio.ensure_future(asyncio.sleep(3))
        asyncio.get_running_loop().call_later(0.5, found.set)
        started = time.monotonic()
        ticket = (await node.host(command=["sh"])).read_ticket
        assert 2.5 < time.monotonic() - started < 4
        address = EndpointTicket.from_string(Ticket.decode(ticket).endpoint_ticket).endpoint_addr()
        assert address.relay_url() == relay


async def test_nothing_waits_for_a_relay_where_there_is_to_be_none() -> None:
    async with await SshxNode.spawn(relays="disabled", bind=LOOPBACK) as node:
        started = time.monotonic()
        await node.host(command=["sh"])
        assert time.monotonic() - started < 1
        assert not node.wants_relay


async def test_who_does_not_wait_for_the_ticket_leaves_no_session() -> None:
    async with await SshxNode.spawn(relays=[f"http://127.0.0.1:{free_port()}"], bind=LOOPBACK) as node:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(node.host(command=["sh"]), 1.5)
        while node.manager.sessions:
            await asyncio.sleep(0.02)


async def test_a_key_file_keeps_the_identity(tmp_path: Path) -> None:
    key = tmp_path / "keys" / "node"
    ids = []
    for _ in range(2):
        async with await SshxNode.spawn(relays="disabled", bind=LOOPBACK, key_file=key) as node:
            ids.append(node.endpoint_id)
    assert ids[0] == ids[1]
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    async with await SshxNode.spawn(relays="disabled", bind=LOOPBACK) as other:
        assert other.endpoint_id != ids[0]
    key.write_bytes(b"short")
    with pytest.raises(ValueError, match="does not hold a 32-byte key"):
        await SshxNode.spawn(relays="disabled", bind=LOOPBACK, key_file=key)


async def test_wrong_settings_get_a_sentence() -> None:
    with pytest.raises(ValueError, match="could not be opened"):
        await SshxNode.spawn(relays="disabled", bind="nowhere")
    for relays in ("sometimes", "", [], ["ftp://relay"]):
        with pytest.raises(ValueError, match="Relays are"):
            parse_relays(relays)
    assert parse_relays("https://a.example, https://b.example") == ["https://a.example", "https://b.example"]


async def test_many_links_share_one_connection_and_end_with_their_host() -> None:
    async with await SshxNode.spawn(relays="disabled", bind=LOOPBACK) as guest:
        async with await SshxNode.spawn(relays="disabled", bind=LOOPBACK) as host:
            ticket = (await host.host(command=["sh"])).ticket
            assert ticket is not None
            links = [await guest.join(ticket) for _ in range(5)]
            assert len(guest._dialed) == 1
            for link in links[1:]:
                await link.close()
            assert len(guest._dialed) == 1
        with pytest.raises(LinkClosed):
            await links[0].receive()
        await links[0].close()
        assert guest._dialed == {}
        with pytest.raises(Unreachable, match="cannot be reached"):
            await guest.join(Ticket.decode(ticket))
