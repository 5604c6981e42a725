"""Clients that come back as the same user."""

from __future__ import annotations

import pytest

from sshx_jupyter.host import resume_table as table_module
from sshx_jupyter.host.client_stream import ClientStream
from sshx_jupyter.host.limits import Limits
from sshx_jupyter.host.resume_table import ResumeEntry, ResumeTable
from sshx_jupyter.protocol.messages import JoinKind, User


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(table_module, "time", clock)
    return clock


def user(role: str = "writer") -> User:
    return User("Ann", "#3b82f6", role, None, None, False)  # type: ignore[arg-type]


def entry(uid: int = 1, role: str = "writer", kind: JoinKind = "user") -> ResumeEntry:
    return ResumeEntry(uid, user(role), ClientStream(), kind)


def test_an_entry_is_kept_for_a_while(clock: Clock) -> None:
    table = ResumeTable(Limits(resume_period=600))
    here = entry()
    table.enter(b"ann", here)
    clock.now += 10_000  # here all the time
    table.leave(b"ann", user("reader"), {7})
    clock.now += 599
    found = table.find(b"ann", "user", owner=False)
    assert found is not None
    assert (found.uid, found.user.role, found.needs_scrollback) == (1, "reader", {7})
    assert found.stream is here.stream
    clock.now += 2
    assert table.find(b"ann", "user", owner=False) is None


def test_an_entry_is_for_a_client_of_the_same_kind(clock: Clock) -> None:
    table = ResumeTable(Limits())
    table.enter(b"host", entry(role="owner"))
    table.enter(b"guest", entry(2))
    table.enter(b"view", entry(3, kind="companion"))
    assert table.find(b"host", "user", owner=False) is None
    assert table.find(b"guest", "user", owner=True) is None
    assert table.find(b"view", "user", owner=False) is None
    assert table.find(b"view", "companion", owner=False) is not None
    assert table.find(b"", "user", owner=False) is None
    assert table.find(None, "user", owner=False) is None


def test_a_removed_user_does_not_come_back(clock: Clock) -> None:
    table = ResumeTable(Limits())
    table.enter(b"ann", entry())
    table.enter(b"host", entry(2, "owner"))
    assert table.revoke_guest(1)
    assert not table.revoke_guest(1)
    assert not table.revoke_guest(2)
    table.revoke(b"host")
    table.leave(b"host", user("owner"), set())
    assert len(table) == 0


def test_entries_do_not_pile_up(clock: Clock) -> None:
    table = ResumeTable(Limits(users=3))
    table.enter(b"stays", entry(0))
    for number in range(100):
        clock.now += 1
        token = b"%d" % number
        table.enter(token, entry(number))
        table.leave(token, user(), set())
    assert len(table) <= 4 * 3
    assert b"stays" in table
    assert b"99" in table
