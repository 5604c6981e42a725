"""Frees iroh's objects on a thread of their own, where that cannot deadlock.

The bindings of iroh 1.2 free a Rust object in `__del__`. Python's cyclic garbage collector calls that on whatever
thread it happens to run, also on one of Rust's that reports the end of a call and holds the lock of a QUIC connection
meanwhile. Freeing a stream takes the same lock, so that thread waits for itself, and whoever uses the connection next,
such as the event loop, waits with it. `apply` makes `__del__` hand the object over instead.

Only code that reads as known is replaced, as in `iroh_fast_path`.
"""

from __future__ import annotations

import importlib
import inspect
import queue
import re
import textwrap
import threading
from typing import Any

_KNOWN = re.compile(
    re.escape(
        """\
def __del__(self):
    # In case of partial initialization of instances.
    handle = getattr(self, "_handle", None)
    if handle is not None:
        _uniffi_rust_call(_UniffiLib.NAME, handle)
"""
    ).replace("NAME", r"(uniffi_iroh_ffi_fn_free_\w+)")
)

_released: queue.SimpleQueue[tuple[Any, Any, Any]] = queue.SimpleQueue()
"""Calls that free an object. `put` may interrupt itself, as it does when the collector runs within it."""


def apply() -> bool:
    """Replace `__del__` of the installed bindings' classes; true if all of them free their objects safely afterwards.

    Safe to call again, and never raises.
    """
    try:
        bindings = importlib.import_module("iroh.iroh_ffi")
        classes = [value for value in vars(bindings).values() if isinstance(value, type) and "__del__" in vars(value)]
        done = [_defer(cls, bindings) for cls in classes if "_uniffi_make_instance" in vars(cls)]
    except Exception:  # whatever is different here: iroh works without
        return False
    if not any(thread.name == _NAME for thread in threading.enumerate()):
        threading.Thread(target=_free, name=_NAME, daemon=True).start()
    return all(done)


_NAME = "sshx-iroh-release"


def _defer(cls: type[Any], bindings: Any) -> bool:
    original = vars(cls)["__del__"]
    if hasattr(original, "_sshx_original"):
        return True
    known = _KNOWN.fullmatch(textwrap.dedent(inspect.getsource(original)))
    if known is None:
        return False
    call, free, put = bindings._uniffi_rust_call, getattr(bindings._UniffiLib, known[1]), _released.put

    def release(self: Any) -> None:
        handle = getattr(self, "_handle", None)
        if handle is not None:
            put((call, free, handle))

    release._sshx_original = original  # type: ignore[attr-defined]
    cls.__del__ = release
    return True


def _free() -> None:
    while True:
        call, free, handle = _released.get()
        call(free, handle)
