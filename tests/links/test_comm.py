"""Links over a widget's comm: the kernel's side, which gets frames late, twice and out of order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sshx_jupyter.links import LinkClosed
from sshx_jupyter.links.comm import ENTRY, INBOX, CommLink, FrameOrder

TOO_MUCH = "The view sends more than it may."


class View:
    """What the kernel tells the view."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []

    def __call__(self, message: dict[str, Any], buffers: Sequence[bytes]) -> None:
        self.told.append(message)


def _link(view: View) -> CommLink:
    return CommLink("a", view, lambda: False)


@given(st.data(), st.integers(1, 12))
def test_frames_come_in_order_and_once_however_they_arrive(data: st.DataObject, count: int) -> None:
    frames = [bytes([i]) * i for i in range(count)]
    order = FrameOrder()
    arrived: list[bytes] = []
    pieces = st.tuples(st.integers(0, count - 1), st.integers(1, count))
    for first, size in data.draw(st.lists(pieces, max_size=20)):
        arrived += order.put(first, frames[first : first + size])
        assert arrived == frames[: len(arrived)]
    arrived += order.put(0, frames)
    assert (arrived, order.size) == (frames, 0)


async def test_what_was_overtaken_goes_first() -> None:
    link = _link(View())
    link.on_frames(1, [b"two"])
    link.on_frames(0, [b"one", b"two"])
    assert await link.receive() == [b"one", b"two"]
    link.on_frames(1, [b"two"])
    link.on_frames(2, [b"three"])
    assert await link.receive() == [b"three"]


@pytest.mark.parametrize("first", [0, 1])
async def test_a_view_that_sends_more_than_it_may_is_cut_off(first: int) -> None:
    view = View()
    link = _link(view)
    frame = bytes(1 << 20)
    for i in range(INBOX // (len(frame) + ENTRY) + 2):
        link.on_frames(first + i, [frame])
    assert [message["reason"] for message in view.told if message["type"] == "closed"] == [TOO_MUCH]
    taken = await link.receive() if first == 0 else []
    assert sum(map(len, taken)) <= INBOX
    with pytest.raises(LinkClosed, match=TOO_MUCH):
        await link.receive()


@pytest.mark.parametrize("first", [None, "0", -1, 1.0])
async def test_a_number_that_makes_no_sense_hurts_nobody(first: object) -> None:
    link = _link(View())
    link.on_frames(first, [b"what"])
    link.on_frames(0, [b"one"])
    assert await link.receive() == [b"one"]
