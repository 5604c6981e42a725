"""That nobody listens at a host's addresses is noticed at once, and not mistaken for a host that does."""

from __future__ import annotations

import asyncio
import socket
import time

import pytest
from iroh import EndpointAddr, EndpointTicket, SecretKey

from sshx_jupyter.links import Unreachable
from sshx_jupyter.links.udp_probe import until_all_refuse
from sshx_jupyter.node import SshxNode
from tests.servers import free_port


def nobody() -> str:
    """An address of this machine at which nobody listens."""
    return f"127.0.0.1:{free_port()}"


async def returns(addresses: list[str]) -> bool:
    """Whether all of them refuse, within half a second."""
    try:
        await asyncio.wait_for(until_all_refuse(addresses), 0.5)
    except asyncio.TimeoutError:
        return False
    return True


async def test_only_what_all_addresses_refuse_is_refused() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as somebody:
        somebody.bind(("127.0.0.1", 0))
        listening = f"127.0.0.1:{somebody.getsockname()[1]}"
        assert await returns([nobody()])
        assert await returns([nobody(), "[::1]:9", nobody()])
        assert not await returns([nobody(), listening])
        assert not await returns([listening])


async def test_what_there_is_no_way_to_is_refused_too() -> None:
    assert await returns(["255.255.255.255:9", nobody()])


def ticket(relay: str | None, *addresses: str) -> str:
    """The address of an endpoint that is not there."""
    return str(EndpointTicket.from_addr(EndpointAddr(SecretKey.generate().public(), relay, list(addresses))))


async def test_an_old_ticket_of_a_restarted_host_is_told_at_once() -> None:
    async with await SshxNode.spawn(relays="disabled", bind="127.0.0.1:0") as node:
        started = time.monotonic()
        with pytest.raises(Unreachable, match="cannot be reached"):
            await node.dial(ticket(None, nobody(), nobody()))
        assert time.monotonic() - started < 2


@pytest.mark.parametrize("relay", [True, False])
async def test_it_is_waited_for_whoever_may_be_reached_in_another_way(
    relay: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sshx_jupyter.node.DIAL_TIMEOUT", 1.0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as somebody:
        somebody.bind(("127.0.0.1", 0))  # a firewall, or a network that loses packets
        address = nobody() if relay else f"127.0.0.1:{somebody.getsockname()[1]}"
        async with await SshxNode.spawn(relays="disabled", bind="127.0.0.1:0") as node:
            started = time.monotonic()
            with pytest.raises(Unreachable):
                await node.dial(ticket(f"http://127.0.0.1:{free_port()}" if relay else None, address))
            assert time.monotonic() - started >= 1.0
