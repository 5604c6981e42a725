"""Links over iroh: QUIC between two endpoints, hole-punched or relayed. One bidirectional stream is one link."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from iroh import (
    BiStream,
    Connection,
    Endpoint,
    EndpointOptions,
    IrohError,
    RelayMode,
    SecretKey,
    preset_minimal,
    preset_n0,
)

from ..protocol.framing import FrameDecoder, FrameTooLarge, pack
from ..timeouts import wait_for
from . import LinkClosed, LinkPath, iroh_fast_path, iroh_release
from .relays import parse_relays

ALPN = b"sshx/1"
READ_SIZE = 256 << 10
"""Bytes asked of a stream at once; a call costs the same whatever its size."""
READS_IN_A_ROW = 4
"""Reads after which others get their turn, however fast the other side sends."""


class IrohLink:
    """One QUIC stream."""

    held = False

    def __init__(self, connection: Connection, stream: BiStream, released: Callable[[], None]) -> None:
        self.peer = str(connection.remote_id())
        self._connection = connection
        self._send = stream.send()
        self._recv = stream.recv()
        self._decoder = FrameDecoder()
        self._reads = 0
        self._released: Callable[[], None] | None = released
        self._sending: asyncio.Task[Any] | None = None
        self._aborted = False

    async def send(self, frames: Sequence[bytes]) -> None:
        self._sending = task = asyncio.current_task()
        try:
            await self._send.write_all(pack(frames))
        except IrohError as error:
            raise LinkClosed(self._why(error)) from None
        except asyncio.CancelledError:
            if not self._aborted or task is None:
                raise
            if hasattr(task, "uncancel"):  # from Python 3.11 on
                task.uncancel()
            raise LinkClosed("the other side does not take what it is sent") from None
        finally:
            self._sending = task = None  # else the task and the error that ends it hold each other

    async def receive(self) -> list[bytes]:
        while True:
            self._reads += 1
            if self._reads % READS_IN_A_ROW == 0:  # a read that is ready does not suspend
                await asyncio.sleep(0)
            try:
                data = await self._recv.read(READ_SIZE)
                frames = self._decoder.feed(data)
            except IrohError as error:
                raise LinkClosed(self._why(error)) from None
            except FrameTooLarge as error:
                raise LinkClosed(str(error)) from None
            if frames:
                return frames
            if not data:
                raise LinkClosed("the other side closed the link")

    async def close(self, reason: str = "") -> None:
        if self._released is None:
            return
        released, self._released = self._released, None
        try:
            # Each call waits for the one that is under way on the same stream, which the other side may hold up.
            with contextlib.suppress(IrohError, asyncio.TimeoutError):  # it may have ended already
                await wait_for(self._finish(), 1)
            if self._sending is not None:
                self._aborted = True
                self._sending.cancel()
            with contextlib.suppress(IrohError, asyncio.TimeoutError):
                await wait_for(self._recv.stop(0), 1)
        finally:
            released()

    async def _finish(self) -> None:
        await self._send.finish()
        await self._send.stopped()  # until the other side has it all

    def path(self) -> LinkPath:
        for path in self._connection.paths():
            if path.is_selected:
                return LinkPath("relay" if path.is_relay else "direct", path.rtt_ms / 1000)
        return LinkPath("direct")

    def _why(self, error: IrohError) -> str:
        return self._connection.close_reason() or error.message() or "the connection was lost"


async def bind_endpoint(
    relays: Sequence[str] | str, bind: str | None, key_file: str | os.PathLike[str] | None
) -> tuple[Endpoint, Sequence[str] | str]:
    """An endpoint that speaks `ALPN`, and its relays as `parse_relays` gives them.

    Raises:
        ValueError: for a bind address, relay URL or key file that cannot be used.
    """
    iroh_fast_path.apply()
    iroh_release.apply()
    mode = parse_relays(relays)
    options = EndpointOptions(
        preset=preset_n0() if mode == "default" else preset_minimal(),
        alpns=[ALPN],
        bind_addr=bind,
        secret_key=_load_key(Path(key_file)) if key_file is not None else None,
    )
    try:
        if mode == "disabled":
            options.relay_mode = RelayMode.disabled()
        elif mode != "default":
            options.relay_mode = RelayMode.custom_from_urls(list(mode))
        return await Endpoint.bind(options), mode
    except IrohError as error:
        raise ValueError(f"The network endpoint could not be opened: {error.message()}") from None


def _load_key(path: Path) -> bytes:
    try:
        key = path.read_bytes()
    except FileNotFoundError:
        key = SecretKey.generate().to_bytes()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(key)
        except OSError as error:
            raise ValueError(f"The key file {path} cannot be written: {error.strerror}.") from None
    except OSError as error:
        raise ValueError(f"The key file {path} cannot be read: {error.strerror}.") from None
    if len(key) != 32:
        raise ValueError(f"The key file {path} does not hold a 32-byte key.")
    return key
