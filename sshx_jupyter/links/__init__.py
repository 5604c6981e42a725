"""Links: duplexes of frames between one client and the host.

A link moves opaque frames and knows nothing of what is in them, so a new transport is one small file. Whoever holds
a link talks to it through the `Link` protocol only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

PathKind = Literal["direct", "relay", "local"]


class LinkClosed(ConnectionError):
    """The link is gone: the other side closed it, or the transport failed. `str()` says why, when that is known."""


class Unreachable(ConnectionError):
    """No link could be made to the host. `str()` is a sentence for the person who tried."""


@dataclass(frozen=True)
class LinkPath:
    """How a link reaches the other side, and the transport's round-trip time in seconds if it measures one."""

    kind: PathKind
    rtt: float | None = None


class Link(Protocol):
    """A duplex of frames. One task may send and one may receive at a time."""

    @property
    def held(self) -> bool:
        """Whether what the other side sends is held up on its way right now, so that its silence means nothing."""

    @property
    def peer(self) -> str:
        """Who is at the other end as far as the transport knows: an endpoint id, or an address. Not a secret."""

    async def send(self, frames: Sequence[bytes]) -> None:
        """Send frames in order, waiting while the transport is full. Raises `LinkClosed`."""

    async def receive(self) -> list[bytes]:
        """The next frames, at least one. Raises `LinkClosed` when there are no more."""

    async def close(self, reason: str = "") -> None:
        """Deliver what was sent if that takes no longer than a second, then close. Never raises."""

    def path(self) -> LinkPath:
        """How the frames travel right now."""


class FrameReader:
    """Frames one by one from a link, for the handshake; `rest()` hands over what came early."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._frames: list[bytes] = []

    async def next(self) -> bytes:
        """The next frame. Raises `LinkClosed`."""
        while not self._frames:
            self._frames = list(await self._link.receive())
        return self._frames.pop(0)

    def rest(self) -> list[bytes]:
        """Frames that were received but not yet taken."""
        frames, self._frames = self._frames, []
        return frames
