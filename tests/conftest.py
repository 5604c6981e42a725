"""What every test may use: pytest-jupyter's fixtures, on the loop that the test itself runs on."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

pytest_plugins = ["pytest_jupyter.jupyter_server"]

settings.register_profile("busy machine", deadline=None)  # an example takes as long as the machine makes it take
settings.load_profile("busy machine")

IN_THE_BROWSER = [
    "test_front_ends",
    "test_manners",
    "test_lab",
    "test_notebook",
    "test_canvas",
    "test_hidden_page",
    "test_browser",
]
"""In the order in which they run: the last measure more, and nothing else runs by then."""
BESIDE_THEM = "test_guest_page"
"""In the browser as well, but without close measurements: the other process runs it beside the first of them."""
ASYNC_TIMEOUT = 60.0
"""Seconds that an async test may take. pytest-timeout, which is for what hangs for good, would end the whole run."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # Chromium needs all cores for itself: what it does comes last, when the other process has done its part.
    last = {stem: place for place, stem in enumerate(IN_THE_BROWSER, 1)}
    items.sort(key=lambda item: last.get(item.path.stem, 0.5 if item.path.stem == BESIDE_THEM else 0))
    for item in items:
        if isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.obj):
            marker = item.get_closest_marker("timeout")
            item.obj = _limited(item.obj, marker.args[0] if marker is not None else ASYNC_TIMEOUT)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Gives each process whole files, and one of them all files of tests in the browser."""
    scheduler = LoadScopeScheduling(config, log)
    scheduler._split_scope = _scope
    return scheduler


def _scope(nodeid: str) -> str:
    file = nodeid.partition("::")[0]
    return "browser" if Path(file).stem in IN_THE_BROWSER else file


def _limited(test: Any, seconds: float) -> Any:
    @functools.wraps(test)
    async def limited(*args: Any, **kwargs: Any) -> None:
        await asyncio.wait_for(test(*args, **kwargs), seconds)

    return limited


@pytest.fixture(scope="session", autouse=True)
def plain_shell() -> Iterator[None]:
    """The same shell in every terminal, whoever runs the tests and whatever their shell does when it starts."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("SHELL", "/bin/sh")
        monkeypatch.setenv("PS1", "$ ")
        yield


@pytest.fixture
async def jp_asyncio_loop() -> asyncio.AbstractEventLoop:
    """The loop of the test, in place of pytest-jupyter's own, where a server would answer no async test."""
    return asyncio.get_running_loop()
