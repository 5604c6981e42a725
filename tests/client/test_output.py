"""A shell's output at a client: in order, whole, and acknowledged as the host counts it."""

from __future__ import annotations

import pytest

from sshx_jupyter.client import output as output_module
from sshx_jupyter.client.events import Output
from sshx_jupyter.client.output import ShellOutput
from sshx_jupyter.protocol.messages import Ack, Chunks, Complete, Snapshot, Subscribe


def snapshot(seq: int, data: bytes, part: int = 0, more: bool = False) -> Snapshot:
    return Snapshot(7, seq, data, part, more)


def test_it_is_asked_for_once_on_each_link_from_where_it_was_left() -> None:
    shell = ShellOutput(7, None)
    assert shell.subscription() == [Subscribe(7, -1)]
    assert shell.subscription() == []
    assert shell.on_snapshot(snapshot(10, b"screen")) == Output(7, b"screen", True)
    assert shell.on_chunks(Chunks(7, 10, [b"ab", b"c"])) == Output(7, b"abc")
    shell.new_link()
    assert shell.subscription() == [Subscribe(7, 13)]


def test_what_does_not_follow_is_left_out_and_acknowledged_all_the_same() -> None:
    shell = ShellOutput(7, None)
    assert shell.on_chunks(Chunks(7, 0, [b"early"])) is None
    shell.on_snapshot(snapshot(5, b"xx"))
    assert shell.on_chunks(Chunks(7, 4, [b"twice"])) is None
    assert shell.acknowledgement(13) is None
    assert shell.acknowledgement(12) == Ack(7, 12)
    assert shell.acknowledgement(1) is None
    shell.new_link()
    assert shell.acknowledgement(1) is None


def test_a_snapshot_in_parts_is_followed_by_what_was_printed_meanwhile() -> None:
    shell = ShellOutput(7, None)
    shell.on_snapshot(snapshot(100, b"small"))
    assert shell.on_snapshot(snapshot(100, b"one ", 0, True)) is None
    assert shell.on_chunks(Chunks(7, 100, [b"new"])) == Output(7, b"new")
    assert shell.arriving
    assert shell.on_snapshot(snapshot(100, b"two ", 1)) == Output(7, b"one two new", True)
    assert (shell.seq, shell.arriving) == (103, False)
    assert shell.on_snapshot(snapshot(203, b"later")) == Output(7, b"later", True, missed=100)


def test_a_snapshot_that_is_overtaken_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output_module, "REPLAY_BYTES", 10)
    shell = ShellOutput(7, None)
    shell.on_snapshot(snapshot(0, b"small"))
    shell.on_snapshot(snapshot(0, b"one", 0, True))
    shell.on_chunks(Chunks(7, 0, [b"x" * 11]))
    assert shell.on_snapshot(snapshot(0, b"two", 1, True)) is None
    assert shell.on_snapshot(snapshot(0, b"three", 2)) == Subscribe(7, -1)
    assert shell.on_snapshot(snapshot(11, b"again")) == Output(7, b"again", True)


def test_all_of_it_is_asked_for_before_it_is_asked_for() -> None:
    shell = ShellOutput(7, None)
    assert shell.set_complete(True) == []
    assert shell.subscription() == [Complete(7, True), Subscribe(7, -1)]
    assert shell.set_complete(True) == []
    shell.on_snapshot(snapshot(10, b"screen"))
    shell.new_link()
    assert shell.subscription() == [Complete(7, True), Subscribe(7, 10)]
    assert shell.set_complete(False) == [Complete(7, False)]


def test_it_says_exactly_what_the_host_had_to_leave_out() -> None:
    shell = ShellOutput(7, None)
    shell.set_complete(True)
    assert shell.on_chunks(Chunks(7, 3, [b"early"])) is None
    shell.on_snapshot(snapshot(10, b"screen"))
    assert shell.on_chunks(Chunks(7, 10, [b"ab"])) == Output(7, b"ab")
    assert shell.on_chunks(Chunks(7, 9, [b"twice"])) is None
    assert shell.on_chunks(Chunks(7, 20, [b"cd"])) == Output(7, b"cd", missed=8)
    assert shell.seq == 22


def test_a_snapshot_that_is_overtaken_costs_no_output(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output_module, "REPLAY_BYTES", 10)
    shell = ShellOutput(7, None)
    shell.set_complete(True)
    shell.on_snapshot(snapshot(0, b"small"))
    shell.on_snapshot(snapshot(0, b"one", 0, True))
    assert shell.on_chunks(Chunks(7, 0, [b"x" * 11])) == Output(7, b"x" * 11)
    assert shell.on_snapshot(snapshot(0, b"three", 1)) is None
    assert shell.on_chunks(Chunks(7, 11, [b"y"])) == Output(7, b"y")


def test_a_snapshot_that_begins_anew_forgets_the_one_before() -> None:
    shell = ShellOutput(7, None)
    shell.on_snapshot(snapshot(5, b"old", 0, True))
    assert shell.on_snapshot(snapshot(9, b"new")) == Output(7, b"new", True)
