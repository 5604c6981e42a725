"""What a proxy has seen, and how a secret could stand in it."""

from __future__ import annotations

from base64 import b32encode, b64encode, urlsafe_b64encode
from dataclasses import dataclass, field
from itertools import cycle

HEAD_END = b"\r\n\r\n"


@dataclass
class Connection:
    """All bytes of one connection, without TLS."""

    sent: bytearray = field(default_factory=bytearray)
    """By the client."""
    received: bytearray = field(default_factory=bytearray)

    @property
    def is_websocket(self) -> bool:
        return self.received.startswith(b"HTTP/1.1 101 ")

    def plain(self) -> bytes:
        """All of it, with the frames of a WebSocket replaced by what is in them."""
        return b"".join(
            _without_frames(bytes(way)) if self.is_websocket else bytes(way) for way in (self.sent, self.received)
        )


def spellings(secret: bytes) -> list[bytes]:
    """The secret itself, and texts that could stand for it, without padding."""
    texts = [secret.hex().encode(), *(encode(secret).rstrip(b"=") for encode in (b32encode, b64encode))]
    return [secret, *texts, texts[1].lower(), urlsafe_b64encode(secret).rstrip(b"=")]


def _without_frames(data: bytes) -> bytes:
    """A WebSocket's handshake, then the payload of its frames (RFC 6455, section 5.2), of which the last may be cut."""
    head, _, rest = data.partition(HEAD_END)
    parts = [head, HEAD_END]
    while len(rest) >= 2:
        assert not rest[0] & 0x70, "compressed: nothing could be found in it"
        length, at = rest[1] & 0x7F, 2
        if length >= 126:
            at = {126: 4, 127: 10}[length]
            length = int.from_bytes(rest[2:at], "big")
        mask = bytes(4)
        if rest[1] & 0x80:
            mask, at = rest[at : at + 4], at + 4
        parts.append(bytes(byte ^ key for byte, key in zip(rest[at : at + length], cycle(mask), strict=False)))
        rest = rest[at + length :]
    return b"".join(parts)
