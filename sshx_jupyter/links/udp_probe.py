"""Learns early that nobody listens at an endpoint's addresses, such as those of a host that has restarted.

QUIC takes no notice of the ICMP messages that say so, and tries on until its time is over. A connected UDP socket does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

PROBE = b"\0"
"""No packet of QUIC, whose first bytes have the bit 0x40 (RFC 9000, section 17): whoever listens ignores it."""


async def until_all_refuse(addresses: Sequence[str]) -> None:
    """Return once every address, given as "host:port", has refused a datagram or cannot be sent one.

    Never returns if one of them takes it, or a firewall drops it.
    """
    await asyncio.gather(*map(_until_refused, addresses))


class _Probe(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.refused = asyncio.Event()

    def error_received(self, exc: Exception) -> None:
        self.refused.set()


async def _until_refused(address: str) -> None:
    host, _, port = address.rpartition(":")
    try:
        transport, probe = await asyncio.get_running_loop().create_datagram_endpoint(
            _Probe, remote_addr=(host.strip("[]"), int(port))
        )
    except OSError:  # there is no way to it
        return
    try:
        transport.sendto(PROBE)
        await probe.refused.wait()
    finally:
        transport.close()
