"""A pipe: joins a client's link that ends here to a link to a host elsewhere. It moves frames and understands none."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Protocol

from . import Link, LinkClosed, PathKind
from .websocket import GOING_AWAY, HOST_GONE

PATH_PERIOD = 2.0
"""Seconds from one look at how the frames travel to the next."""
LAST_WORDS = 1.0
"""Seconds that the host's last frames may take to arrive once it takes no more."""


class NearEnd(Protocol):
    """The client's link, which can also be told how its frames travel on, and why it is closed, as a code."""

    async def send(self, frames: Sequence[bytes]) -> None: ...

    async def receive(self) -> list[bytes]: ...

    async def close(self, reason: str = "", code: int = ...) -> None: ...

    async def tell_path(self, kind: PathKind) -> None: ...


class Pipe:
    """Each direction holds what its links hold, and waits for the side that takes it: nothing piles up here."""

    def __init__(self, near: NearEnd, far: Link) -> None:
        self.frames = 0
        """Frames that the client has sent."""
        self._near = near
        self._far = far

    async def run(self) -> None:
        """Move frames until either side ends; the other is ended then."""
        up = asyncio.ensure_future(self._up())
        down = asyncio.ensure_future(self._down())
        path = asyncio.ensure_future(self._tell_path())
        try:
            await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
            if not down.done() and not up.result():
                await asyncio.wait({down}, timeout=LAST_WORDS)
        finally:
            up.cancel()
            down.cancel()
            path.cancel()
            await self._near.close("The connection to the host has ended.", HOST_GONE)
            await self._far.close()
            await asyncio.gather(up, down, path, return_exceptions=True)

    async def close(self, reason: str) -> None:
        """End both sides, because this server shuts down."""
        await self._near.close(reason, GOING_AWAY)

    async def _up(self) -> bool:
        """From the client to the host; returns whether it was the client that ended it."""
        while True:
            try:
                frames = await self._near.receive()
            except LinkClosed:
                return True
            self.frames += len(frames)
            try:
                await self._far.send(frames)
            except LinkClosed:
                return False

    async def _down(self) -> None:
        try:
            while True:
                await self._near.send(await self._far.receive())
        except LinkClosed:
            pass

    async def _tell_path(self) -> None:
        """Tell the client how its frames travel, now and when that changes."""
        told = None
        with contextlib.suppress(LinkClosed):
            while True:
                kind = self._far.path().kind
                if kind != told:
                    told = kind
                    await self._near.tell_path(kind)
                await asyncio.sleep(PATH_PERIOD)
