"""Connections of iroh and nothing else, as a floor: `python -m tests.bench.bare_iroh COUNT`.

Prints an address, takes COUNT connections with a stream each, says "ready", and is idle until its input ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any

from iroh import Endpoint, EndpointAddr, EndpointTicket

from sshx_jupyter.links.iroh import ALPN, bind_endpoint


@contextlib.asynccontextmanager
async def idle_connections(count: int) -> AsyncIterator[int]:
    """The id of a process that so many endpoints of this one have an idle connection to."""
    command = [sys.executable, "-m", __name__, str(count)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    endpoints: list[Endpoint] = []
    connections: list[Any] = []  # they last as long as these do
    try:
        address = EndpointTicket.from_string(process.stdout.readline().strip()).endpoint_addr()
        for _ in range(count):
            endpoints.append(await _bind())
            connection = await endpoints[-1].connect(address, ALPN)
            stream = await connection.open_bi()
            await stream.send().write_all(b"hello")
            connections += [connection, stream]
        assert await asyncio.to_thread(process.stdout.readline) == "ready\n"
        yield process.pid
    finally:
        process.stdin.close()
        process.wait(60)
        await asyncio.gather(*(endpoint.close() for endpoint in endpoints))


async def _bind() -> Endpoint:
    return (await bind_endpoint("disabled", "127.0.0.1:0", None))[0]


async def main(count: int) -> None:
    endpoint = await _bind()
    ports = [socket.rpartition(":")[2] for socket in endpoint.bound_sockets() if "[" not in socket]
    address = EndpointAddr(endpoint.id(), None, [f"127.0.0.1:{port}" for port in ports])
    print(EndpointTicket.from_addr(address), flush=True)
    connections: list[Any] = []
    for _ in range(count):
        incoming = await endpoint.accept_next()
        assert incoming is not None
        connection = await (await incoming.accept()).connect()
        stream = await connection.accept_bi()
        await stream.recv().read(100)
        connections += [connection, stream]
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await endpoint.close()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
