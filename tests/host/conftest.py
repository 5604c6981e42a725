"""A host for the tests of sessions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.sessions import Host, hosting


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Shells do not read the startup files of the person who runs the tests, which may take long."""
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    async with hosting() as host:
        yield host
