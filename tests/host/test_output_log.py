"""What is kept of shells' output, and for whom more of it."""

from __future__ import annotations

import gc

from hypothesis import given
from hypothesis import strategies as st

from sshx_jupyter.host.output_log import OutputLog, OutputMemory


def printed(log: OutputLog, size: int) -> bytes:
    data = b"".join(b"%07d\n" % number for number in range(log.end // 8, (log.end + size) // 8))
    log.append(data)
    return data


def rest(log: OutputLog, position: int) -> bytes:
    return b"".join(log.read(position, log.end - position))


@given(st.lists(st.integers(1, 400), min_size=1, max_size=40), st.data())
def test_it_has_the_newest_output_from_any_position(sizes: list[int], data: st.DataObject) -> None:
    log, stream = OutputLog(1000), b""
    for number, size in enumerate(sizes):
        piece = bytes([number]) * size
        log.append(piece)
        stream += piece
    assert log.size <= 1000
    assert log.size > 1000 - 400 or log.start == 0
    position = data.draw(st.integers(log.start, log.end))
    size = data.draw(st.integers(0, 1200))
    assert b"".join(log.read(position, size)) == stream[position : position + size]


def test_a_hold_keeps_more_from_where_it_began() -> None:
    log = OutputLog(800, 2400, OutputMemory(10_000, 1))
    printed(log, 160)
    hold = log.hold()
    assert hold is not None
    kept = b"".join(printed(log, 160) for _ in range(12))
    assert rest(log, hold.position) == kept
    hold.position += 1000
    printed(log, 160)
    assert log.start <= hold.position
    assert log.size <= 2400 - 900
    for _ in range(20):
        printed(log, 160)
    assert 2400 - 160 <= log.size <= 2400  # and no more
    del hold
    gc.collect()
    printed(log, 160)
    assert log.size <= 800


def test_there_are_only_so_many_holds() -> None:
    memory = OutputMemory(10_000, 2)
    logs = [OutputLog(800, 2400, memory) for _ in range(3)]
    holds = [log.hold() for log in logs]
    assert [hold is not None for hold in holds] == [True, True, False]
    del holds[0]
    gc.collect()
    assert logs[2].hold() is not None


def test_the_holds_of_a_shell_that_is_gone_do_not_count() -> None:
    memory = OutputMemory(10_000, 1)
    log, other = OutputLog(800, 2400, memory), OutputLog(800, 2400, memory)
    hold = log.hold()
    assert other.hold() is None
    del log
    gc.collect()
    assert other.hold() is not None
    assert hold is not None


def test_together_they_take_no_more_than_their_bound() -> None:
    memory = OutputMemory(4000, 0)
    large, small = OutputLog(3200, memory=memory), OutputLog(3200, memory=memory)
    for _ in range(20):
        printed(large, 160)
    assert large.size == 3200
    for _ in range(20):
        printed(small, 160)
    assert large.size + small.size <= 4000
    assert abs(large.size - small.size) <= 320  # the largest gives
    del large
    gc.collect()
    for _ in range(20):
        printed(small, 160)
    assert small.size == 3200
