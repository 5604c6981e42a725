"""Makes iroh's Python wheel send bytes at the speed of memory, and answer without a detour.

The bindings of iroh 1.2 copy every buffer that they hand to Rust byte by byte in a Python loop, which holds
one stream to a few MB/s and takes a whole core for it. `apply` puts one `memmove` in that loop's place. The
receiving side needs nothing: it slices a C pointer, which is one copy already.

The bindings also report the end of every call through the event loop's self-pipe, even when Rust has answered within
the call, on the loop's own thread: that is most of a small call's time. `apply` hands such an answer over directly. A
call that is ready then does not suspend, so who calls in a loop must let others run from time to time (`IrohLink`).

Only the code that is known to be slow is replaced: where the bindings read otherwise, such as in a wheel that
has mended this itself, they are left alone. iroh works the same with and without the patches.
"""

from __future__ import annotations

import asyncio
import ctypes
import importlib
import inspect
import textwrap
from collections.abc import Callable
from typing import Any

# What the methods must say, to the letter, for the replacement to mean the same. `write` relies on `_reserve`
# to make room before the block and to move `len` on after it.
_KNOWN_WRITE = """\
def write(self, value):
    with self._reserve(len(value)):
        for i, byte in enumerate(value):
            self.rbuf.data[self.rbuf.len + i] = byte
"""
_KNOWN_RESERVE = """\
@contextlib.contextmanager
def _reserve(self, num_bytes):
    if self.rbuf.len + num_bytes > self.rbuf.capacity:
        self.rbuf = _UniffiRustBuffer.reserve(self.rbuf, num_bytes)
    yield None
    self.rbuf.len += num_bytes
"""
_KNOWN_CALLBACK = """\
@_UNIFFI_RUST_FUTURE_CONTINUATION_CALLBACK
def _uniffi_continuation_callback(future_ptr, poll_code):
    (eventloop, future) = _UniffiContinuationHandleMap.remove(future_ptr)
    eventloop.call_soon_threadsafe(_uniffi_set_future_result, future, poll_code)

def _uniffi_set_future_result(future, poll_code):
    if not future.cancelled():
        future.set_result(poll_code)
"""
_KNOWN_FIELDS = [
    ("capacity", ctypes.c_uint64),
    ("len", ctypes.c_uint64),
    ("data", ctypes.POINTER(ctypes.c_char)),
]


def apply() -> bool:
    """Replace the copying loop of the installed iroh bindings; true if they are fast afterwards.

    False means that the bindings are not the ones this was written for, and that nothing was changed. Safe to
    call again, and never raises.
    """
    try:
        bindings = importlib.import_module("iroh.iroh_ffi")
        answers = patch_answers(bindings)
        return patch(bindings._UniffiRustBufferBuilder, bindings._UniffiRustBuffer) and answers
    except Exception:  # whatever is different here, the slow path still works
        return False


def patch(builder: Any, buffer: Any) -> bool:
    """Replace `builder.write` if `builder` and `buffer`, the bindings' two classes, have the known shape."""
    original = builder.__dict__.get("write")
    if hasattr(original, "_sshx_original"):
        return True
    if not _is_known(builder, buffer):
        return False
    builder.write = _fast_write(original)
    return True


def patch_answers(bindings: Any) -> bool:
    """Replace the callback of the module `bindings` by which Rust reports the end of a call, if it is the known one."""
    original = bindings._uniffi_continuation_callback
    if hasattr(bindings, "_sshx_original_callback"):
        return True
    if _KNOWN_CALLBACK not in inspect.getsource(bindings):
        return False
    handles, answer = bindings._UniffiContinuationHandleMap, bindings._uniffi_set_future_result

    def on_answer(handle: int, poll_code: int) -> None:
        loop, future = handles.remove(handle)
        if asyncio._get_running_loop() is loop:  # on the loop's own thread, within the call
            answer(future, poll_code)
        else:
            loop.call_soon_threadsafe(answer, future, poll_code)

    bindings._sshx_original_callback = original  # calls under way still hold its address
    bindings._uniffi_continuation_callback = type(original)(on_answer)
    return True


def _is_known(builder: Any, buffer: Any) -> bool:
    try:
        return (
            list(buffer._fields_) == _KNOWN_FIELDS
            and _source(builder.__dict__["write"]) == _KNOWN_WRITE
            and _source(builder.__dict__["_reserve"]) == _KNOWN_RESERVE
        )
    except (AttributeError, KeyError, OSError, SyntaxError, TypeError):  # no such name, or no source to read
        return False


def _source(function: Any) -> str:
    return textwrap.dedent(inspect.getsource(function))


def _fast_write(original: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
    def write(self: Any, value: Any) -> None:
        if not isinstance(value, bytes):
            if not isinstance(value, bytearray):
                original(self, value)  # a memoryview's length need not be its number of bytes
                return
            value = bytes(value)
        size = len(value)
        with self._reserve(size):
            if size:
                # The address only now: making room may have moved the buffer.
                rbuf = self.rbuf
                ctypes.memmove(ctypes.addressof(rbuf.data.contents) + rbuf.len, value, size)

    write._sshx_original = original  # type: ignore[attr-defined]
    return write
