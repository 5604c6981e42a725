"""The patched copy into iroh's buffers: the same bytes arrive, and only the known code is replaced."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import random
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any, no_type_check

import pytest
from iroh import Endpoint, EndpointOptions, RecvStream, RelayMode, SendStream, iroh_ffi, preset_minimal

from sshx_jupyter.links import iroh_fast_path

MIB = 1 << 20
# As the wheel has it, whether or not something imported before has put the patch on already.
_plain_write = getattr(
    iroh_ffi._UniffiRustBufferBuilder.write, "_sshx_original", iroh_ffi._UniffiRustBufferBuilder.write
)
EDGES = sorted({MIB} | {(1 << power) + off for power in range(20) for off in (-1, 0, 1)})


@pytest.fixture
def plain_bindings() -> Iterator[Any]:
    """The bindings' builder class as it comes, and put back as it was."""
    builder: Any = iroh_ffi._UniffiRustBufferBuilder
    found = builder.write
    builder.write = _plain_write
    yield builder
    builder.write = found


@pytest.fixture
async def echo() -> AsyncIterator[tuple[SendStream, RecvStream]]:
    """A stream to an endpoint that sends back whatever comes, over QUIC on loopback."""

    async def endpoint() -> Endpoint:
        return await Endpoint.bind(
            EndpointOptions(
                preset=preset_minimal(),
                alpns=[b"x"],
                relay_mode=RelayMode.disabled(),
                bind_addr="127.0.0.1:0",
            )
        )

    host, guest = await endpoint(), await endpoint()

    async def serve() -> None:
        incoming = await host.accept_next()
        assert incoming is not None
        connection = await (await incoming.accept()).connect()
        stream = await connection.accept_bi()
        send, receive = stream.send(), stream.recv()
        while data := await receive.read(1 << 16):
            await send.write_all(data)
        await send.finish()
        await connection.closed()

    serving = asyncio.create_task(serve())
    connection = await guest.connect(host.addr(), b"x")
    stream = await connection.open_bi()
    yield stream.send(), stream.recv()
    connection.close(0, b"")
    await serving
    await guest.close()
    await host.close()


def test_knows_the_installed_bindings(plain_bindings: Any) -> None:
    assert iroh_fast_path.apply() is True
    assert plain_bindings.write is not _plain_write


def test_applying_twice_changes_nothing_more(plain_bindings: Any) -> None:
    assert iroh_fast_path.apply() is True
    once = plain_bindings.write
    assert iroh_fast_path.apply() is True
    assert plain_bindings.write is once


async def test_data_of_every_size_arrives_unchanged(echo: tuple[SendStream, RecvStream]) -> None:
    assert iroh_fast_path.apply() is True
    send, receive = echo
    rng = random.Random(1)
    for size in [*EDGES, *(rng.randrange(MIB) for _ in range(20))]:
        sent = rng.randbytes(size)
        _, received = await asyncio.gather(send.write_all(sent), receive.read_exact(size))
        assert received == sent, f"{size} bytes came back different"
    await send.finish()
    assert await receive.read(1) == b""


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
@pytest.mark.parametrize("size", [0, 1, 16, 17, 70_000])
def test_every_kind_of_bytes_is_lowered_as_before(plain_bindings: Any, kind: type, size: int) -> None:
    value = kind(random.Random(size).randbytes(size))
    before = _lowered(value)
    assert iroh_fast_path.apply() is True
    assert _lowered(value) == before


def test_a_block_goes_after_what_is_already_there(plain_bindings: Any) -> None:
    assert iroh_fast_path.apply() is True
    builder = plain_bindings()
    for part in (b"one", b"", b"two" * 50, b"three"):
        builder.write(part)
    buffer = builder.finalize()
    try:
        assert buffer.data[: buffer.len] == b"one" + b"two" * 50 + b"three"
    finally:
        buffer.free()


def _lowered(value: Any) -> bytes:
    converter: Any = iroh_ffi._UniffiFfiConverterBytes
    buffer = converter.lower(value)
    try:
        return bytes(buffer.data[: buffer.len])
    finally:
        buffer.free()


class _UniffiRustBuffer(ctypes.Structure):
    """The bindings' buffer, in memory that the tests own."""

    _fields_ = (
        ("capacity", ctypes.c_uint64),
        ("len", ctypes.c_uint64),
        ("data", ctypes.POINTER(ctypes.c_char)),
    )

    @classmethod
    def reserve(cls, rbuf: Any, num_bytes: int) -> Any:
        grown = cls(rbuf.len + num_bytes, rbuf.len)
        grown.memory = ctypes.create_string_buffer(rbuf.data[: rbuf.len] if rbuf.len else b"", grown.capacity)
        grown.data = ctypes.cast(grown.memory, ctypes.POINTER(ctypes.c_char))
        return grown


class _NarrowBuffer(ctypes.Structure):
    _fields_ = (
        ("capacity", ctypes.c_uint32),
        ("len", ctypes.c_uint32),
        ("data", ctypes.POINTER(ctypes.c_char)),
    )


@no_type_check  # in the very words of the bindings
def _known_builder() -> Any:
    class Known:
        def __init__(self):
            self.rbuf = _UniffiRustBuffer()

        @contextlib.contextmanager
        def _reserve(self, num_bytes):
            if self.rbuf.len + num_bytes > self.rbuf.capacity:
                self.rbuf = _UniffiRustBuffer.reserve(self.rbuf, num_bytes)
            yield None
            self.rbuf.len += num_bytes

        def write(self, value):
            with self._reserve(len(value)):
                for i, byte in enumerate(value):
                    self.rbuf.data[self.rbuf.len + i] = byte

    return Known


def _mended(self: Any, value: bytes) -> None:
    with self._reserve(len(value)):
        ctypes.memmove(ctypes.addressof(self.rbuf.data.contents) + self.rbuf.len, value, len(value))


@contextlib.contextmanager
def _reserve_that_moves_first(self: Any, num_bytes: int) -> Iterator[None]:
    self.rbuf.len += num_bytes
    yield None


def test_replaces_the_known_shape() -> None:
    builder = _known_builder()
    assert iroh_fast_path.patch(builder, _UniffiRustBuffer) is True
    written = builder()
    written.write(b"some ")
    written.write(b"bytes")
    assert written.rbuf.data[: written.rbuf.len] == b"some bytes"


@pytest.mark.parametrize(
    ("name", "replacement"),
    [
        ("write", _mended),
        ("write", bytes.join),  # has no source to compare
        ("write", None),
        ("_reserve", _reserve_that_moves_first),
        ("_reserve", None),
    ],
)
def test_leaves_altered_bindings_alone(name: str, replacement: Any) -> None:
    builder = _known_builder()
    setattr(builder, name, replacement)
    assert iroh_fast_path.patch(builder, _UniffiRustBuffer) is False
    assert builder.__dict__[name] is replacement


@pytest.mark.parametrize("missing", ["write", "_reserve"])
def test_leaves_bindings_without_the_method_alone(missing: str) -> None:
    builder = _known_builder()
    delattr(builder, missing)
    before = dict(builder.__dict__)
    assert iroh_fast_path.patch(builder, _UniffiRustBuffer) is False
    assert dict(builder.__dict__) == before


@pytest.mark.parametrize("buffer", [_NarrowBuffer, object])
def test_leaves_another_buffer_alone(buffer: type) -> None:
    builder = _known_builder()
    before = builder.write
    assert iroh_fast_path.patch(builder, buffer) is False
    assert builder.write is before


@pytest.mark.parametrize("name", ["_UniffiRustBufferBuilder", "_UniffiRustBuffer"])
def test_bindings_made_otherwise_are_no_error(plain_bindings: Any, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delattr(iroh_ffi, name)
    assert iroh_fast_path.apply() is False
    assert plain_bindings.write is _plain_write


def test_no_bindings_are_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "iroh.iroh_ffi", None)
    assert iroh_fast_path.apply() is False
