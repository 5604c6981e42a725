"""Links over the comm of a notebook widget: frames travel as the binary buffers of its custom messages.

This is the kernel's side, on the loop of the background thread. What the view sends arrives only while the kernel takes
messages: not, in most front ends, while a cell runs. JupyterLab has a subshell take them then, but only after it has
started one: what it sent before waits for the cell, and what it sends later overtakes that. So the view numbers its
frames, and sends those again that are not taken while a cell runs. What is sent to the view travels at any time, and in
order.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any

from . import LinkClosed, LinkPath, PathKind
from .inbox import Inbox
from .websocket import BAD_ADDRESS, NORMAL, UNREACHABLE, UNSUPPORTED

RATE = 200.0
"""Messages a second that all links of a kernel send together. Jupyter servers drop a kernel's messages beyond 1,000 a
second, counted over 3 s, by default (`ZMQChannelsWebsocketConnection.iopub_msg_rate_limit`), and a cell's own output is
to have room beside. While a message waits for its turn, frames gather to go with the next."""
BURST = 50.0
"""Messages that may be sent at once after a pause."""
BATCH = 512 << 10
"""Bytes of one message."""
INBOX = 4 << 20
"""Unread bytes, and bytes that wait for frames before them. A view that lets so much wait does not heed what it is told
of them."""
ENTRY = 100
"""Bytes that it takes to keep a frame, beside its own."""

TELLING = 0.05
"""Seconds from what was taken to the word of it."""

Send = Callable[[dict[str, Any], Sequence[bytes]], None]


class FrameOrder:
    """Puts numbered frames into the order of their numbers, each once. Sans-I/O."""

    def __init__(self) -> None:
        self.size = 0
        """Bytes that wait for frames before them."""
        self._next = 0
        self._early: dict[int, bytes] = {}

    def put(self, first: int, frames: Sequence[bytes]) -> list[bytes]:
        """Add frames, whose numbers go up from `first`; returns those whose turn it is."""
        for number, frame in enumerate(frames, first):
            if number >= self._next and number not in self._early:
                self._early[number] = frame
                self.size += len(frame) + ENTRY
        ready = []
        while self._next in self._early:
            ready.append(self._early.pop(self._next))
            self.size -= len(ready[-1]) + ENTRY
            self._next += 1
        return ready


class CommLink:
    """One link. `send` sends a custom message with buffers; `busy` tells whether the kernel runs a cell."""

    def __init__(self, name: str, send: Send, busy: Callable[[], bool]) -> None:
        self.peer = "notebook"
        self._name = name
        self._send = send
        self._busy = busy
        self._inbox = Inbox(INBOX)
        self._order = FrameOrder()
        self._taken = 0
        self._telling: asyncio.TimerHandle | None = None

    @property
    def held(self) -> bool:
        return self._busy()

    async def send(self, frames: Sequence[bytes]) -> None:
        batch: list[bytes] = []
        for frame in frames:
            if batch and sum(map(len, batch)) + len(frame) > BATCH:
                await self._send_in_turn(batch)
                batch = []
            batch.append(frame)
        await self._send_in_turn(batch)

    async def _send_in_turn(self, frames: list[bytes]) -> None:
        await _turn()
        if self._inbox.ended is not None:
            raise LinkClosed(str(self._inbox.ended))
        self._send({"type": "frames", "link": self._name}, frames)

    async def receive(self) -> list[bytes]:
        frames = await self._inbox.take()
        self._taken += len(frames)
        if self._telling is None:
            self._telling = asyncio.get_running_loop().call_later(TELLING, self._tell_taken)
        return frames

    def _tell_taken(self) -> None:
        self._telling = None
        if self._inbox.ended is None:
            self._send({"type": "taken", "link": self._name, "frames": self._taken}, ())

    async def close(self, reason: str = "", code: int = NORMAL) -> None:
        self._close(reason, code)

    def _close(self, reason: str, code: int) -> None:
        if self._inbox.ended is None:
            self.on_close(reason or "closed")
            unreachable = code in (BAD_ADDRESS, UNREACHABLE)
            sentence = reason if code != NORMAL else ""
            self._send({"type": "closed", "link": self._name, "reason": sentence, "unreachable": unreachable}, ())

    def path(self) -> LinkPath:
        return LinkPath("local")

    async def tell_path(self, kind: PathKind) -> None:
        """Tell the view how frames travel from here on."""
        self._send({"type": "path", "link": self._name, "path": kind}, ())

    # What the widget passes on.

    def on_frames(self, first: object, frames: Sequence[bytes]) -> None:
        """Frames have come, the first of them the view's frame number `first`, counted from 0 for each link."""
        if not isinstance(first, int):
            return
        ready = self._order.put(first, frames)
        if not self._inbox.offer(ready) or self._order.size > INBOX:
            self._close("The view sends more than it may.", UNSUPPORTED)

    def on_close(self, reason: str = "the view has gone") -> None:
        """The view has closed the link, or is gone."""
        self._inbox.end(LinkClosed(reason))


_budget, _counted_at = BURST, 0.0


async def _turn() -> None:
    """Wait until one more message may be sent. A kernel has one loop for all links."""
    global _budget, _counted_at
    now = time.monotonic()
    _budget = min(BURST, _budget + (now - _counted_at) * RATE) - 1
    _counted_at = now
    if _budget < 0:
        await asyncio.sleep(-_budget / RATE)
