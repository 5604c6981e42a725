"""The least that a message and its answer take between two Python processes: over TCP, and over iroh as we use it.

`python -m tests.bench.ping_pong KIND` answers, and says where; with that as a further argument it asks.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from iroh import BiStream, Connection, Endpoint, EndpointTicket

from sshx_jupyter.links.iroh import ALPN, READ_SIZE, bind_endpoint
from tests.bench.typist import PAUSE

MESSAGE = bytes(48)
"""About as long as the frame of a key, and of its echo."""

Ask: TypeAlias = Callable[[bytes], Awaitable[Any]]


async def answer_tcp() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(READ_SIZE):
            writer.write(data)

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def ask_tcp(address: str) -> Ask:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(address))

    async def ask(message: bytes) -> None:
        writer.write(message)
        await reader.read(READ_SIZE)

    return ask


async def _endpoint() -> Endpoint:
    return (await bind_endpoint("disabled", "127.0.0.1:0", None))[0]


async def answer_iroh() -> None:
    endpoint = await _endpoint()
    print(EndpointTicket.from_addr(endpoint.addr()), flush=True)
    incoming = await endpoint.accept_next()
    assert incoming is not None
    connection = await (await incoming.accept()).connect()
    stream = await connection.accept_bi()
    send, recv = stream.send(), stream.recv()
    while data := await recv.read(READ_SIZE):
        await send.write_all(data)


async def ask_iroh(address: str) -> Ask:
    endpoint = await _endpoint()
    connection = await endpoint.connect(EndpointTicket.from_string(address).endpoint_addr(), ALPN)
    stream = await connection.open_bi()
    send, recv = stream.send(), stream.recv()

    async def ask(message: bytes, kept: tuple[Endpoint, Connection, BiStream] = (endpoint, connection, stream)) -> None:
        await send.write_all(message)
        await recv.read(READ_SIZE)

    return ask


async def main(kind: str, *address: str) -> None:
    if not address:
        await (answer_tcp if kind == "tcp" else answer_iroh)()
        return
    ask = await (ask_tcp if kind == "tcp" else ask_iroh)(*address)
    commands = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    while line := await commands.readline():
        _, count = json.loads(line)
        times = []
        gc.collect()
        for _ in range(count):
            began = time.perf_counter()
            await ask(MESSAGE)
            times.append(time.perf_counter() - began)
            await asyncio.sleep(PAUSE)
        print(json.dumps({"times": times}), flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
