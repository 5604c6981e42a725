"""Where iroh's objects are freed. That nothing hangs is seen by `make soak`."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from iroh import SecretKey, iroh_ffi

from sshx_jupyter.links import iroh_release


def test_objects_are_freed_on_a_thread_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    assert iroh_release.apply() is True
    assert iroh_release.apply() is True
    freed = threading.Event()
    where: list[str] = []

    def put(item: tuple[Any, Any, Any]) -> None:
        call, free, handle = item

        def recorded(free: Any, handle: Any) -> None:
            where.append(threading.current_thread().name)
            call(free, handle)
            freed.set()

        iroh_release._released.put((recorded, free, handle))

    release = iroh_ffi.SecretKey.__del__
    cells = dict(zip(release.__code__.co_freevars, release.__closure__ or (), strict=True))
    monkeypatch.setattr(cells["put"], "cell_contents", put)
    key = SecretKey.generate()
    del key
    assert freed.wait(10)
    assert where == ["sshx-iroh-release"]


def test_classes_that_read_otherwise_are_left_alone() -> None:
    class Mended:
        def __del__(self) -> None:
            pass

    before = Mended.__del__
    assert iroh_release._defer(Mended, iroh_ffi) is False
    assert Mended.__del__ is before
