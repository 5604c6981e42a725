"""The network of the tests and benches: what it carries, how long that takes, and what it drops."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.network import QUEUE, Machine, Network

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has network namespaces")

DELAY = 0.02
SERVER = """
import socket, sys
with socket.create_server(("10.0.0.1", 7)) as server, socket.socket(type=socket.SOCK_DGRAM) as datagrams:
    datagrams.bind(("10.0.0.1", 7))
    print("ready", flush=True)
    while True:
        with server.accept()[0] as connection:
            while data := connection.recv(1 << 16):
                connection.sendall(data)
"""
CLIENT = """
import socket, sys
with socket.create_connection(("10.0.0.1", 7)) as connection, socket.socket(type=socket.SOCK_DGRAM) as datagrams:
    print("ready", flush=True)
    for line in sys.stdin:
        what, size = line.split()
        if what == "tcp":
            connection.sendall(b"x" * int(size))
            left = int(size)
            while left:
                left -= len(connection.recv(left))
        for _ in range(int(size) // 1000 if what == "udp" else 0):
            datagrams.sendto(bytes(1000), ("10.0.0.1", 7))
        print("done", flush=True)
"""


@pytest_asyncio.fixture
async def client() -> AsyncIterator[Machine]:
    """A machine with a TCP connection to another that echoes."""
    async with Network(seed=1, delay=DELAY, tcp=True) as network:
        await hear(await network.start("10.0.0.1", sys.executable, "-c", SERVER))
        machine = await network.start("10.1.0.1", sys.executable, "-c", CLIENT)
        await hear(machine)
        yield machine


async def hear(machine: Machine) -> None:
    assert machine.process.stdout is not None
    assert await machine.process.stdout.readline()


async def send(machine: Machine, protocol: str, size: int) -> float:
    """Seconds until the bytes have been sent and, with TCP, are back."""
    assert machine.process.stdin is not None
    began = time.monotonic()
    machine.process.stdin.write(f"{protocol} {size}\n".encode())
    await hear(machine)
    return time.monotonic() - began


async def test_tcp_takes_the_delay_twice(client: Machine) -> None:
    assert await send(client, "tcp", 1) >= 2 * DELAY


async def test_tcp_gets_through_lossy_lines(client: Machine) -> None:
    client.loss = 0.05
    await send(client, "tcp", 1 << 20)
    assert client.counts.lost > 0


async def test_a_line_carries_no_more_than_its_rate(client: Machine) -> None:
    client.limit(200_000)
    assert await send(client, "tcp", 200_000) >= 1.0
    client.limit(None)
    assert await send(client, "tcp", 200_000) < 1.0


async def test_few_bytes_wait_for_a_line(client: Machine) -> None:
    client.limit(1000)
    counts = client.counts
    await send(client, "udp", 3 * QUEUE)
    while counts.full * 1000 < QUEUE:
        await asyncio.sleep(0.01)
    assert counts.full * 1000 < 3 * QUEUE


async def test_a_machine_behind_a_nat_has_no_tcp(client: Machine) -> None:
    client.rebind("10.3.0.1")
    sending = asyncio.ensure_future(send(client, "tcp", 1))
    while not client.counts.barred:
        await asyncio.sleep(0.01)
    assert not sending.done()
    sending.cancel()
