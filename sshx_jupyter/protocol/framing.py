"""Frames on a byte stream (QUIC): a 4-byte big-endian length, then that many bytes.

On a WebSocket one binary message is one frame, so only byte streams need this file.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

__all__ = ["HEADER_SIZE", "MAX_FRAME", "FrameDecoder", "FrameTooLarge", "pack"]

MAX_FRAME = 65535
"""Most bytes a frame holds: also the longest Noise message (Noise rev 34, section 3)."""

HEADER_SIZE = 4

_header = struct.Struct(">I")


class FrameTooLarge(ValueError):
    """A frame is empty or longer than :data:`MAX_FRAME`; the stream cannot be used any more."""


def _check(size: int) -> None:
    if not size:
        raise FrameTooLarge("empty frame")
    if size > MAX_FRAME:
        raise FrameTooLarge(f"frame of {size} bytes, the limit is {MAX_FRAME}")


def pack(frames: Iterable[bytes]) -> bytes:
    """Join ``frames`` (each 1 to :data:`MAX_FRAME` bytes) into what goes onto the byte stream.

    Raises:
        FrameTooLarge: if a frame is empty or too long.
    """
    parts: list[bytes] = []
    for frame in frames:
        size = len(frame)
        _check(size)
        parts += (_header.pack(size), frame)
    return b"".join(parts)


class FrameDecoder:
    """Cuts a byte stream, arriving in pieces of any size, into frames.

    Holds at most one unfinished frame, so at most ``HEADER_SIZE + MAX_FRAME`` bytes between calls.
    """

    __slots__ = ("_buffer", "_error")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._error: str | None = None

    @property
    def pending(self) -> int:
        """Bytes of an unfinished frame: not 0 at the end of a stream means that it was cut off."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next bytes of the stream and return the frames that they complete, in order.

        Raises:
            FrameTooLarge: if a header announces an empty or too long frame, as soon as the header is there
                and before room is made for its content; from then on at every call.
        """
        if self._error is not None:
            raise FrameTooLarge(self._error)
        buffer = self._buffer
        if buffer:
            buffer += data
            source: bytes | bytearray = buffer
        else:
            source = data
        frames: list[bytes] = []
        position, end = 0, len(source)
        with memoryview(source) as view:
            while end - position >= HEADER_SIZE:
                (size,) = _header.unpack_from(view, position)
                try:
                    _check(size)
                except FrameTooLarge as exc:
                    self._error = str(exc)
                    raise
                stop = position + HEADER_SIZE + size
                if stop > end:
                    break
                frames.append(bytes(view[position + HEADER_SIZE : stop]))
                position = stop
        if source is buffer:
            del buffer[:position]
        else:
            buffer += data[position:]
        return frames
