"""The participants of a session: who is here, who waits for approval, and whose companion someone is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sshx_jupyter.host.sender import SessionSender
from sshx_jupyter.protocol.codec import decode_host
from sshx_jupyter.protocol.messages import Hear


@dataclass(eq=False)
class FakeParticipant:
    uid: int
    main: Any = None
    posted: list[bytes] = field(default_factory=list)

    def post_encoded(self, data: bytes) -> None:
        self.posted.append(data)


def participant(uid: int, **fields: Any) -> Any:
    return FakeParticipant(uid, **fields)


def test_one_who_waits_is_found_but_told_nothing() -> None:
    sender = SessionSender()
    here, waiting = participant(1), participant(2)
    sender.add(here)
    sender.wait(waiting)
    message = Hear(1, 1, "Ann", "hello", 0.0)
    sender.broadcast(message)
    assert [decode_host(data) for data in here.posted] == [message]
    assert waiting.posted == []
    assert list(sender) == [here]
    assert sender.everyone() == [here, waiting]
    assert sender.waiting == [2]
    assert sender.get(2) is None
    assert sender.find(2) is waiting
    assert 2 not in sender


def test_one_waits_until_admitted_or_gone() -> None:
    sender = SessionSender()
    first, second = participant(1), participant(2)
    sender.wait(first)
    sender.wait(second)
    assert sender.admit(1) == first
    assert sender.admit(1) is None
    assert sender.remove(first) is None
    assert sender.remove(second) == "waiting"
    assert sender.everyone() == []


def test_a_newer_link_takes_over_the_companions() -> None:
    sender = SessionSender()
    old, new = participant(1), participant(1)
    view, stranger = participant(2, main=old), participant(3)
    assert sender.add(old) is None
    sender.add(view)
    sender.add(stranger)
    assert sender.clients(old) == [old, view]
    assert sender.add(new) == old
    assert view.main == new
    assert sender.companions(new) == [view]
    assert sender.remove(old) is None
    assert sender.remove(new) == "here"
