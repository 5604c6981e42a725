from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sshx_jupyter.protocol.framing import HEADER_SIZE, MAX_FRAME, FrameDecoder, FrameTooLarge, pack

VECTORS = json.loads((Path(__file__).parents[1] / "vectors/framing.json").read_text())


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    ends = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[a:b] for a, b in pairwise(ends)]


@given(st.lists(st.binary(min_size=1, max_size=200)), st.lists(st.integers(0, 10_000)))
def test_any_pieces_give_the_same_frames(frames: list[bytes], cuts: list[int]) -> None:
    decoder = FrameDecoder()
    received = [frame for piece in pieces(pack(frames), cuts) for frame in decoder.feed(piece)]
    assert received == frames
    assert decoder.pending == 0


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_any_bytes_give_frames_or_the_error(data: list[bytes]) -> None:
    decoder, received, total = FrameDecoder(), list[bytes](), 0
    for piece in data:
        total += len(piece)
        try:
            frames = decoder.feed(piece)
        except FrameTooLarge:
            with pytest.raises(FrameTooLarge):
                decoder.feed(b"")
            return
        assert all(type(frame) is bytes and 0 < len(frame) <= MAX_FRAME for frame in frames)
        received += frames
    assert total == sum(HEADER_SIZE + len(frame) for frame in received) + decoder.pending


def test_byte_by_byte() -> None:
    frames = [b"a", b"bc" * 100, b"d"]
    decoder = FrameDecoder()
    assert [f for byte in pack(frames) for f in decoder.feed(bytes((byte,)))] == frames


def test_largest_frame() -> None:
    frame = bytes(MAX_FRAME)
    assert FrameDecoder().feed(pack([frame, frame])) == [frame, frame]


@pytest.mark.parametrize("header", VECTORS["tooLarge"])
def test_bad_length_is_refused_with_the_header(header: str) -> None:
    decoder = FrameDecoder()
    assert decoder.feed(pack([b"fine"])) == [b"fine"]
    assert decoder.feed(bytes.fromhex(header)[:3]) == []
    with pytest.raises(FrameTooLarge):
        decoder.feed(bytes.fromhex(header)[3:])
    with pytest.raises(FrameTooLarge):
        decoder.feed(pack([b"too late"]))


def test_does_not_keep_the_callers_buffer() -> None:
    buffer = bytearray(pack([b"abc"]) + b"\x00")
    decoder = FrameDecoder()
    [frame] = decoder.feed(buffer)  # type: ignore[arg-type]
    buffer[:] = bytes(len(buffer))
    assert frame == b"abc"
    assert type(frame) is bytes


@pytest.mark.parametrize("frame", [b"", bytes(MAX_FRAME + 1)])
def test_pack_refuses(frame: bytes) -> None:
    with pytest.raises(FrameTooLarge):
        pack([b"fine", frame])


def test_vectors() -> None:
    assert VECTORS["maxFrame"] == MAX_FRAME
    for row in VECTORS["streams"]:
        frames = [bytes.fromhex(frame) for frame in row["frames"]]
        assert pack(frames).hex() == row["bytes"]
        assert FrameDecoder().feed(bytes.fromhex(row["bytes"])) == frames
    for row in VECTORS["unfinished"]:
        decoder = FrameDecoder()
        assert decoder.feed(bytes.fromhex(row["bytes"])) == []
        assert decoder.pending == row["pending"]
