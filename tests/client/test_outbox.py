"""The outbox against a model of the host: whatever breaks, nothing is lost, doubled or reordered."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sshx_jupyter.client.outbox import PIECE, PING_BYTES, STALE, Ask, Input, Outbox
from sshx_jupyter.host.client_stream import ClientStream
from sshx_jupyter.protocol.messages import MAX_UNANSWERED, Chat, Create, Data, Lock, Move, Resize


class Host:
    """What a host does with one client's stream. `typed` and `done` are what came of it."""

    def __init__(self) -> None:
        self.stream = ClientStream()
        self.token = b"token"
        self.typed: dict[int, bytes] = {}
        self.done: list[object] = []
        self.order: list[object] = []

    def take(self, message: object) -> int | None:
        """Take one message; returns the number of the request that is answered now."""
        if isinstance(message, Data):
            data = self.stream.take(message.n, message.data)
            self.typed[message.sid] = self.typed.get(message.sid, b"") + data
            if data:
                self.order.append(data)
            return None
        req: int = message.req  # type: ignore[attr-defined]
        if self.stream.begin(req):
            self.done.append(message)
            self.order.append(message)
            self.stream.keep_answer(req, b"done")
        assert self.stream.answer(req) is not None
        return req

    def forget(self) -> None:
        self.stream, self.token = ClientStream(), b"another"


def settle(outbox: Outbox, host: Host, now: float = 0.0, shells: tuple[int, ...] = (1, 2)) -> list[tuple[str, str]]:
    losses = outbox.open(host.token, host.stream.taken, host.stream.req, shells, True, now)
    return [(type(loss.item).__name__, loss.code) for loss in losses]


@settings(max_examples=300, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_nothing_is_lost_or_doubled_however_often_the_link_breaks(seed: int) -> None:
    rng = random.Random(seed)
    outbox, host = Outbox("send"), Host()
    typed = {1: b"", 2: b""}
    said: list[str] = []
    settle(outbox, host)
    for number in range(200):
        what = rng.random()
        if what < 0.5:
            sid, data = rng.choice((1, 2)), b"<%d>" % number
            outbox.type(sid, data, 0)
            typed[sid] += data
        elif what < 0.7:
            outbox.ask(Chat(0, str(number)), 0)
            said.append(str(number))
        way = outbox.take()
        arrives = rng.randint(0, len(way)) if rng.random() < 0.3 else len(way)
        for message in way[:arrives]:
            answer = host.take(message)
            if answer is not None and rng.random() < 0.8:
                outbox.answered(answer)  # else the answer is lost on its way
        if rng.random() < 0.3:
            outbox.acknowledge(host.stream.taken, 0)
        if arrives < len(way) or rng.random() < 0.1:
            outbox.close()
            assert settle(outbox, host) == []
        elif outbox.sendable is False and way and rng.random() < 0.1:
            outbox.close()
            settle(outbox, host)
    for _ in range(3):
        outbox.close()
        settle(outbox, host)
        while messages := outbox.take():
            for message in messages:
                if (answer := host.take(message)) is not None:
                    outbox.answered(answer)
    outbox.acknowledge(host.stream.taken, 0)
    assert host.typed == {sid: data for sid, data in typed.items() if data}
    assert [message.text for message in host.done] == said  # type: ignore[attr-defined]
    assert outbox.size == 0
    assert outbox.waiting() == []


def test_requests_and_input_keep_their_order() -> None:
    outbox, host = Outbox(), Host()
    outbox.type(1, b"a", 0)
    outbox.ask(Lock(0, True), 0)
    outbox.type(1, b"b", 0)
    before = outbox.sendable
    settle(outbox, host)
    assert (before, outbox.sendable) == (False, True)
    assert outbox.take() == [Data(1, 0, b"a"), Lock(1, True), Data(1, 1, b"b")]
    outbox.close()
    host.take(Data(1, 0, b"a"))
    settle(outbox, host)
    assert outbox.take() == [Lock(1, True), Data(1, 1, b"b")]


def test_a_client_waits_for_answers_before_it_asks_for_more() -> None:
    outbox, host = Outbox(), Host()
    settle(outbox, host)
    for number in range(MAX_UNANSWERED + 10):
        outbox.ask(Chat(0, str(number)), 0)
    assert len(outbox.take()) == MAX_UNANSWERED
    assert not outbox.sendable
    outbox.close()
    settle(outbox, host)
    assert len(outbox.take()) == MAX_UNANSWERED  # the same again
    for req in range(1, 6):
        assert outbox.answered(req) is not None
    assert outbox.answered(3) is None
    assert [message.req for message in outbox.take()] == list(range(65, 70))  # type: ignore[union-attr]


def test_unsent_moves_of_a_shell_become_one() -> None:
    outbox, host = Outbox(), Host()
    places = [(x, 0) for x in range(4)]
    first = outbox.ask(Move(0, 1, places[0]), 0)
    assert outbox.ask(Move(0, 1, places[1]), 0) is first
    assert outbox.ask(Move(0, 1, None), 0) is first  # raising it is part of a move
    outbox.ask(Move(0, 2, places[2]), 0)
    settle(outbox, host)
    assert outbox.take() == [Move(1, 1, places[1]), Move(2, 2, places[2])]
    outbox.ask(Move(0, 2, places[3]), 0)
    assert outbox.take() == [Move(3, 2, places[3])]
    outbox.ask(Resize(0, 1, 24, 80), 0)
    outbox.ask(Resize(0, 1, 30, 90), 0)
    outbox.ask(Move(0, 1, places[0]), 0)
    assert outbox.take() == [Resize(4, 1, 30, 90), Move(5, 1, places[0])]


@pytest.mark.parametrize("stale", ["hold", "error", "send"])
def test_input_that_waited_for_long_is_not_sent_without_asking(stale: str) -> None:
    outbox, host = Outbox(stale), Host()  # type: ignore[arg-type]
    settle(outbox, host)
    outbox.close()
    outbox.type(1, b"cd scratch && ", 0)
    outbox.type(1, b"rm -rf ./*\r", STALE - 1)
    outbox.ask(Chat(0, "still there?"), 0)
    outbox.ask(Create(0, 0, 0), 0)
    losses = settle(outbox, host, STALE + 0.1)
    sent = outbox.take()
    if stale == "send":
        assert losses == [("Ask", "stale")]
        assert sent == [Data(1, 0, b"cd scratch && "), Data(1, 14, b"rm -rf ./*\r"), Chat(1, "still there?")]
    elif stale == "error":  # also what was typed later, which would mean something else without it
        assert losses == [("Input", "stale"), ("Input", "stale"), ("Ask", "stale")]
        assert sent == [Chat(1, "still there?")]
        assert outbox.size == 0
    else:
        assert (losses, sent) == ([("Ask", "stale")], [Chat(1, "still there?")])
        assert outbox.held
        assert not outbox.sendable
        outbox.type(1, b"x", STALE + 1)
        assert outbox.take() == []
        assert b"".join(item.data for item in outbox.waiting()) == b"cd scratch && rm -rf ./*\rx"
        outbox.release()
        assert b"".join(message.data for message in outbox.take()) == b"cd scratch && rm -rf ./*\rx"  # type: ignore[union-attr]


def test_input_that_the_host_was_taking_has_not_waited() -> None:
    outbox, host = Outbox(), Host()
    settle(outbox, host)
    outbox.type(1, b"a long paste", 0)
    outbox.take()
    outbox.acknowledge(6, STALE)
    host.take(Data(1, 0, b"a long"))
    outbox.close()
    assert settle(outbox, host, STALE + 1) == []
    assert outbox.take() == [Data(1, 6, b" paste")]


def test_input_that_is_held_can_be_discarded() -> None:
    outbox, host = Outbox("hold"), Host()
    outbox.type(1, b"gone", 0)
    settle(outbox, host, STALE + 1)
    assert [item.data for item in outbox.discard()] == [b"gone"]
    assert not outbox.held
    outbox.type(1, b"kept", STALE + 1)
    assert outbox.take() == [Data(1, 0, b"kept")]
    outbox.close()  # and without a link, what was sent and may not have arrived
    outbox.type(1, b" more", STALE + 1)
    outbox.discard()
    host.take(Data(1, 0, b"ke"))
    settle(outbox, host, STALE + 1)
    outbox.type(1, b"!", STALE + 1)
    assert outbox.take() == [Data(1, 2, b"!")]


def test_a_stream_that_the_host_has_forgotten_is_told() -> None:
    outbox, host = Outbox("send"), Host()
    settle(outbox, host)
    outbox.type(1, b"cd scratch && ", 0)
    outbox.ask(Lock(0, True), 0)
    outbox.take()
    outbox.type(1, b"rm -rf ./*\r", 0)  # means something else without what came before
    outbox.type(2, b"ls\r", 0)
    outbox.ask(Chat(0, "hello"), 0)
    outbox.close()
    host.forget()
    assert settle(outbox, host) == [("Input", "lost"), ("Ask", "lost"), ("Input", "lost")]
    assert outbox.take() == [Data(2, 0, b"ls\r"), Chat(1, "hello")]


def test_input_for_a_shell_that_has_ended_or_from_a_reader_is_told() -> None:
    outbox, host = Outbox("send"), Host()
    outbox.type(1, b"a", 0)
    outbox.type(2, b"b", 0)
    assert settle(outbox, host, shells=(2,)) == [("Input", "noShell")]
    outbox.close()
    losses = outbox.open(host.token, 0, 0, (1, 2), False, 0)
    assert [(loss.item.data, loss.code) for loss in losses if isinstance(loss.item, Input)] == [(b"b", "notAllowed")]
    assert outbox.size == 0


def test_a_new_client_goes_on_where_an_older_one_was() -> None:
    outbox = Outbox()
    outbox.type(1, b"a", 0)
    outbox.ask(Lock(0, False), 0)
    outbox.open(b"token", 100, 7, (1,), True, 0)
    assert outbox.take() == [Data(1, 100, b"a"), Lock(8, False)]
    assert outbox.end == 101


def test_much_input_is_sent_in_pieces_and_asks_how_much_has_arrived() -> None:
    outbox, host = Outbox(), Host()
    settle(outbox, host)
    outbox.type(1, bytes(PING_BYTES + 1), 0)
    assert [len(message.data) for message in outbox.take()] == [PIECE, PIECE, 1]  # type: ignore[union-attr]
    assert outbox.wants_ping()
    assert not outbox.wants_ping()
    outbox.acknowledge(PIECE + 10, 0)
    assert outbox.size == PIECE - 9


def test_a_request_that_was_not_sent_can_be_withdrawn() -> None:
    outbox, host = Outbox(), Host()
    ask = outbox.ask(Chat(0, "no"), 0)
    sent = outbox.ask(Chat(0, "yes"), 0)
    outbox.withdraw(ask)
    settle(outbox, host)
    assert outbox.take() == [Chat(1, "yes")]
    outbox.withdraw(sent)
    assert isinstance(outbox.answered(1), Ask)
