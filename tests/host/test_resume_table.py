"""Clients that come back as the same user."""

from __future__ import annotations

import pytest

from sshx_jupyter.host import resume_table as table_module
from sshx_jupyter.host.limits import Limits
from sshx_jupyter.host.resume_table import ResumeEntry, ResumeTable
from sshx_jupyter.protocol.messages import Role, User

SESSION = b"i" * 16


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


def user(role: Role = "writer") -> User:
    return User("Ann", "#3b82f6", role)


def entry(uid: int = 1, role: Role = "writer") -> ResumeEntry:
    return ResumeEntry(uid, user(role), role, SESSION)


def companion(uid: int, main: int) -> ResumeEntry:
    return ResumeEntry(uid, user(), "writer", SESSION, "companion", main)


def test_an_entry_is_kept_for_a_while(clock: Clock) -> None:
    table = ResumeTable(Limits(resume_period=600))
    ann = entry(role="reader")
    table.enter(ann)
    clock.now += 10_000  # here all the time
    table.leave(ann, user("writer"), {7})
    clock.now += 599
    found = table.find(ann.key.id, "reader")
    assert found is ann
    assert (found.user.role, found.needs_scrollback) == ("writer", {7})
    clock.now += 2
    assert table.find(ann.key.id, "reader") is None


def test_a_writer_who_was_made_a_reader_is_kept(clock: Clock) -> None:
    table = ResumeTable(Limits(resume_period=600))
    ann = entry()
    table.enter(ann)
    table.leave(ann, user("reader"), set())
    clock.now += 100_000
    table.enter(entry(2))
    found = table.find(ann.key.id, "writer")
    assert found is not None
    assert found.user.role == "reader"


def test_an_entry_is_found_by_its_id_and_role(clock: Clock) -> None:
    table = ResumeTable(Limits())
    host, guest = entry(role="owner"), entry(2)
    table.enter(host)
    table.enter(guest)
    assert table.find(host.key.id, "writer") is None
    assert table.find(guest.key.id, "owner") is None
    assert table.find(guest.key.id, "writer") is guest
    assert table.find(guest.token, "writer") is None
    assert host.token != guest.token


def test_a_companion_is_known_as_long_as_its_user(clock: Clock) -> None:
    table = ResumeTable(Limits(resume_period=600))
    main, view = entry(), companion(2, 1)
    table.enter(main)
    table.enter(view)
    assert table.find(view.key.id, "writer") is view
    table.leave(main, user(), set())
    assert table.find(view.key.id, "writer") is view
    clock.now += 601
    assert table.find(view.key.id, "writer") is None


def test_companions_do_not_push_others_out(clock: Clock) -> None:
    """Not even those of a user who was made a reader, who is kept for longer."""
    table = ResumeTable(Limits(users=3, resume_period=600))
    main, honest = entry(), entry(99)
    table.enter(main)
    table.enter(honest)
    table.leave(honest, user(), set())
    for number in range(2, 90):
        view = companion(number, 1)
        table.enter(view)
        table.leave(view, user("reader"), set())
    assert table.find(honest.key.id, "writer") is honest
    assert len(table) <= 2 + 8 + 1
    clock.now += 601
    table.enter(entry(100))
    assert table.find(view.key.id, "writer") is None


def test_a_removed_user_does_not_come_back(clock: Clock) -> None:
    table = ResumeTable(Limits())
    ann, view, bob = entry(), companion(2, 1), entry(3)
    for known in (ann, view, bob):
        table.enter(known)
    assert table.revoke(1)
    assert not table.revoke(1)
    table.leave(ann, user(), set())
    assert list(table) == [bob]
    assert table.find(view.key.id, "writer") is None


def test_entries_do_not_pile_up(clock: Clock) -> None:
    table = ResumeTable(Limits(users=3))
    stays, demoted = entry(0), entry(1)
    table.enter(stays)
    table.enter(demoted)
    table.leave(demoted, user("reader"), set())
    for number in range(2, 100):
        clock.now += 1
        last = entry(number)
        table.enter(last)
        table.leave(last, user(), set())
    assert len(table) <= 4 * 3
    assert {stays, demoted, last} <= set(table)
    for number in range(100, 200):  # bounded, whoever is in it
        clock.now += 1
        last = entry(number)
        table.enter(last)
        table.leave(last, user("reader"), set())
    assert len(table) <= 4 * 3
    assert {stays, last} <= set(table)
