"""The node: its identity, its relays, and what it says when something is wrong."""

from __future__ import annotations

import stat
import time
from pathlib import Path

import pytest

from sshx_jupyter.client import SshxClient
from sshx_jupyter.links import LinkClosed, Unreachable
from sshx_jupyter.links.iroh import SshxNode, parse_relays
from sshx_jupyter.ticket import Ticket
from tests.servers import free_port

LOOPBACK = "127.0.0.1:0"


async def test_a_ticket_does_not_wait_for_a_relay_that_cannot_be_reached() -> None:
    relay = f"http://127.0.0.1:{free_port()}"
    started = time.monotonic()
    async with await SshxNode.spawn(relays=[relay], bind=LOOPBACK) as node:
        session = await node.host(command=["sh"])
        ticket = session.ticket
        assert time.monotonic() - started < 3
        assert ticket is not None
        async with SshxClient.connect(ticket, relays="disabled") as client:
            assert (await client.run("echo direct")).output == "direct\n"
            path = client.path()
            assert path is not None
            assert path.kind == "direct"


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
