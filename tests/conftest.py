"""What every test may use: pytest-jupyter's fixtures, on the loop that the test itself runs on."""

from __future__ import annotations

import asyncio

import pytest

pytest_plugins = ["pytest_jupyter.jupyter_server"]


@pytest.fixture
async def jp_asyncio_loop() -> asyncio.AbstractEventLoop:
    """The loop of the test, in place of pytest-jupyter's own, where a server would answer no async test."""
    return asyncio.get_running_loop()
