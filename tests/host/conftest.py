"""A host for the tests of sessions."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.sessions import Host, hosting


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    async with hosting() as host:
        yield host
