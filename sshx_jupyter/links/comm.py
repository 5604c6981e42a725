"""Links over the comm of a notebook widget: frames travel as the binary buffers of its custom messages.

This is the kernel's side, on the loop of the background thread. What the view sends arrives only while the kernel takes
messages: not, in most front ends, while a cell runs. What is sent to the view travels at any time.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from . import LinkClosed, Path, PathKind
from .websocket import BAD_ADDRESS, NORMAL, UNREACHABLE

RATE = 600_000
"""Bytes a second sent to a view. Jupyter servers drop a kernel's messages beyond 1 MB/s, counted over 3 s, by default
(`ZMQChannelsWebsocketConnection.iopub_data_rate_limit`), and a cell's own output is to have room beside."""
BURST = 300_000
"""Bytes that may be sent at once after a pause."""
INBOX = 4 << 20
"""Unread bytes; a view that lets so much wait does not heed what it is told of them."""

Send = Callable[[dict[str, Any], Sequence[bytes]], None]


class CommLink:
    """One link. `send` sends a custom message with buffers; `busy` tells whether the kernel runs a cell."""

    def __init__(self, name: str, send: Send, busy: Callable[[], bool]) -> None:
        self.peer = "notebook"
        self._name = name
        self._send = send
        self._busy = busy
        self._inbox: deque[bytes] = deque()
        self._size = 0
        self._changed = asyncio.Event()
        self._closed = ""
        self._budget = float(BURST)
        self._counted_at = time.monotonic()

    @property
    def held(self) -> bool:
        return self._busy()

    async def send(self, frames: Sequence[bytes]) -> None:
        batch: list[bytes] = []
        for frame in frames:
            if batch and sum(map(len, batch)) + len(frame) > BURST:
                await self._send_paced(batch)
                batch = []
            batch.append(frame)
        await self._send_paced(batch)

    async def _send_paced(self, frames: list[bytes]) -> None:
        size = sum(map(len, frames))
        now = time.monotonic()
        self._budget = min(float(BURST), self._budget + (now - self._counted_at) * RATE) - size
        self._counted_at = now
        if self._budget < 0:
            await asyncio.sleep(-self._budget / RATE)
        if self._closed:
            raise LinkClosed(self._closed)
        self._send({"type": "frames", "link": self._name}, frames)

    async def receive(self) -> list[bytes]:
        while not self._inbox:
            if self._closed:
                raise LinkClosed(self._closed)
            self._changed.clear()
            await self._changed.wait()
        frames = list(self._inbox)
        self._inbox.clear()
        self._send({"type": "taken", "link": self._name, "bytes": self._size}, ())
        self._size = 0
        return frames

    async def close(self, reason: str = "", code: int = NORMAL) -> None:
        if not self._closed:
            self.on_close(reason or "closed")
            unreachable = code in (BAD_ADDRESS, UNREACHABLE)
            sentence = reason if code != NORMAL else ""
            self._send({"type": "closed", "link": self._name, "reason": sentence, "unreachable": unreachable}, ())

    def path(self) -> Path:
        return Path("local")

    async def tell_path(self, kind: PathKind) -> None:
        """Tell the view how frames travel from here on."""
        self._send({"type": "path", "link": self._name, "path": kind}, ())

    # What the widget passes on.

    def on_frames(self, frames: Sequence[bytes]) -> None:
        """Frames have come."""
        self._size += sum(map(len, frames))
        if self._size > INBOX:
            self.on_close("the view sends more than it may")
            return
        self._inbox.extend(frames)
        self._changed.set()

    def on_close(self, reason: str = "the view has gone") -> None:
        """The view has closed the link, or is gone."""
        self._closed = self._closed or reason
        self._changed.set()
