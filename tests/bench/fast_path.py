"""What the faster copy into iroh's buffers is worth: one QUIC stream on loopback, with and without it.

Each variant runs in a process of its own, because the patch changes the bindings for the whole process.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time

from .report import Row

BLOCK = 64 * 1024
SECONDS = 2.0


def measure() -> list[Row]:
    before, after = (_in_own_process(variant) for variant in ("plain", "patched"))
    ratio = after / before
    return [
        Row(
            "iroh, one stream, patched copy",
            f"{after:.1f} MB/s",
            f"iroh as it comes: {before:.1f} MB/s",
            ratio,
            ">= 10 x",
            ratio >= 10,
        )
    ]


def _in_own_process(variant: str) -> float:
    command = [sys.executable, "-m", __spec__.name, variant]
    return float(subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout)


async def _throughput() -> float:
    """Send for a while over a stream between two endpoints; MB/s as the receiver saw it."""
    from iroh import Endpoint, EndpointOptions, RelayMode, preset_minimal

    async def endpoint() -> Endpoint:
        return await Endpoint.bind(
            EndpointOptions(
                preset=preset_minimal(),
                alpns=[b"bench"],
                relay_mode=RelayMode.disabled(),
                bind_addr="127.0.0.1:0",
            )
        )

    host, guest = await endpoint(), await endpoint()

    async def receive() -> tuple[int, float]:
        incoming = await host.accept_next()
        assert incoming is not None
        connection = await (await incoming.accept()).connect()
        stream = (await connection.accept_bi()).recv()
        received, start = len(await stream.read(BLOCK)), time.perf_counter()
        while data := await stream.read(BLOCK):
            received += len(data)
        return received, time.perf_counter() - start

    receiving = asyncio.create_task(receive())
    connection = await guest.connect(host.addr(), b"bench")
    stream = (await connection.open_bi()).send()
    block = bytes(range(256)) * (BLOCK // 256)
    end = time.perf_counter() + SECONDS
    while time.perf_counter() < end:
        await stream.write_all(block)
    await stream.finish()
    received, seconds = await receiving
    connection.close(0, b"")
    await guest.close()
    await host.close()
    return received / seconds / 1e6


if __name__ == "__main__":
    if sys.argv[1] == "patched":
        from sshx_jupyter.links.iroh_fast_path import apply

        if not apply():
            sys.exit("the installed iroh is not one that the patch knows")
    print(asyncio.run(_throughput()))
