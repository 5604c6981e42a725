"""What a client is sent next, without a link, a clock or an event loop.

The shells here print an endless stream of numbered lines. Their screens are simple: the scrollback is all that a shell
has printed, and the visible part is the end of that. A snapshot begins with the size that it was made for.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from sshx_jupyter.host import outgoing as outgoing_module
from sshx_jupyter.host import shell_messages, subscription
from sshx_jupyter.host.limits import Limits
from sshx_jupyter.host.outgoing import Outgoing
from sshx_jupyter.host.output_log import Hold, OutputLog, OutputMemory
from sshx_jupyter.host.shell_messages import SHARED_PERIOD, ShellMessages, SnapshotMessages
from sshx_jupyter.host.subscription import INTERRUPTED_PERIOD, PATIENCE, QUIET, STEADY, Subscription
from sshx_jupyter.protocol.codec import decode_host, encode
from sshx_jupyter.protocol.messages import (
    Ack,
    Chunks,
    Closed,
    Complete,
    Done,
    Error,
    Hear,
    HostMessage,
    ShellInfo,
    Shells,
    Snapshot,
    Subscribe,
    User,
    UserDiff,
)

STREAM = b"".join(b"%05d\n" % number for number in range(20_000))
PART = 64
VISIBLE = 20
LIMITS = Limits(window=256, log_bytes=1000, held_bytes=2000, control_bytes=500, shells=2)
REPLAY = 150
"""Bytes that a client keeps while a snapshot arrives."""
ANN = User("Ann", "#3b82f6", "reader", None, None, False)


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscription, "PART", PART)
    monkeypatch.setattr(subscription, "MIN_WINDOW", PART)
    monkeypatch.setattr(subscription, "REPLAY_BYTES", REPLAY)
    monkeypatch.setattr(shell_messages, "PART", PART)
    monkeypatch.setattr(shell_messages, "SCROLLBACK_PART", PART)


class FakeShell:
    def __init__(self, sid: int = 1) -> None:
        self.sid = sid
        self.log = OutputLog(LIMITS.log_bytes, LIMITS.held_bytes, OutputMemory(10**6, 1))
        self.last_output = 0.0
        self.resized_at = 0
        self.generation = 0
        self.interrupted = float("-inf")
        self.ended = False
        self.text = b""
        self._messages = ShellMessages(sid, self.log, self.draw)
        self._resizes = [0]

    @property
    def info(self) -> ShellInfo:
        return ShellInfo(0, 0, 24, 80 + self.generation, "", self.ended)

    def prints(self, size: int, now: float = 0.0) -> bytes:
        data = STREAM[len(self.text) : len(self.text) + size]
        self.text += data
        self.log.append(data)
        self.last_output = now
        return data

    def resizes(self) -> None:
        self.generation += 1
        self.resized_at = self.log.end
        self._resizes.append(self.log.end)

    def made_for(self, position: int) -> int:
        """The columns that the shell had when it printed the byte at this position."""
        return 79 + sum(at <= position for at in self._resizes)

    def snapshot(self, scrollback: bool, after: int, now: float) -> SnapshotMessages:
        return self._messages.snapshot(scrollback, self.generation, after, now)

    def chunks(self, position: int, size: int) -> tuple[bytes, int]:
        return self._messages.chunks(position, size)

    def draw(self, scrollback: bool) -> bytes:
        seen = self.text if scrollback else self.text[-VISIBLE:]
        return b"%d %s " % (self.info.cols, b"whole" if scrollback else b"screen") + seen


class Client:
    """Follows section 8 of the protocol to the letter, and fails when the host does not."""

    def __init__(self, shell: FakeShell) -> None:
        self.shell = shell
        self.cols = 0
        self.position = -1
        self.text = b""
        self.whole = False
        self.received = 0
        self._parts: list[bytes] | None = None
        self._replay = b""
        self._part = 0
        self.complete = False

    def new_link(self) -> None:
        self.received = 0
        self._parts, self._replay = None, b""

    def takes(self, message: HostMessage) -> Subscribe | None:
        """Process a message; returns what the client sends because of it."""
        match message:
            case Shells(shells):
                self.cols = dict(shells)[self.shell.sid].cols
            case Chunks(_, seq, chunks):
                data = b"".join(chunks)
                self.received += len(data)
                assert len(data) <= PART
                if self.complete and seq > self.position >= 0:  # more than the host keeps
                    self.position, self.text, self._parts = seq, b"", None
                if seq == self.position:
                    assert self.complete or {self.shell.made_for(at) for at in range(seq, seq + len(data))} == {
                        self.cols
                    }
                    self.position += len(data)
                    self.text += data
                    self._keep(data)
            case Snapshot(_, seq, data, part, more):
                self.received += len(data)
                return self._snapshot(seq, data, part, more)
        return None

    def _keep(self, data: bytes) -> None:
        self._replay += data
        if len(self._replay) > REPLAY:
            self._parts = None

    def _snapshot(self, seq: int, data: bytes, part: int, more: bool) -> Subscribe | None:
        if part == 0:
            self._parts, self._replay, self._part = [], b"", 0
        assert part == self._part
        self._part += 1
        if self._parts is not None:
            self._parts.append(data)
        if more:
            return None
        if self._parts is None:
            return None if self.complete else Subscribe(self.shell.sid, -1)
        cols, kind, text = b"".join(self._parts).split(b" ", 2)
        assert self.complete or int(cols) == self.cols
        self.text = text + self._replay
        self.whole = kind == b"whole"
        self.position = max(self.position, seq)
        self._parts, self._replay = None, b""
        return None


def outgoing(*shells: FakeShell, user: Callable[[int], User | None] = lambda _: ANN) -> Outgoing:
    return Outgoing(LIMITS, user, lambda: [(shell.sid, shell.info) for shell in shells if not shell.ended], 0.0)


def take(out: Outgoing, now: float = 0.0, crowd: int = 1) -> list[Any]:
    return [decode_host(data) for data in out.take(now, crowd)]


def output(messages: list[Any]) -> bytes:
    return b"".join(b"".join(message.chunks) for message in messages if isinstance(message, Chunks))


@pytest.fixture
def shell() -> FakeShell:
    shell = FakeShell()
    shell.prints(30)
    return shell


@pytest.fixture
def out(shell: FakeShell) -> Outgoing:
    """For a client that has the shell's screen and scrollback, and has acknowledged them."""
    out = outgoing(shell)
    out.subscribe(shell, -1, False, 0.0)
    [snapshot] = take(out)
    assert snapshot == Snapshot(1, 30, shell.draw(True), 0, False)
    out.acknowledge(1, len(snapshot.data), 0.0)
    return out


def test_idle_there_is_nothing_to_send(out: Outgoing) -> None:
    assert take(out, 100.0) == []
    assert out.take_again is None


def test_output_is_sent_at_once_when_idle(out: Outgoing, shell: FakeShell) -> None:
    assert take(out, 1.0) == []
    assert take(out, 1.0) == []
    key = shell.prints(1)
    assert take(out, 1.0) == [Chunks(1, 30, [key])]


def test_output_that_gathered_is_one_message(out: Outgoing, shell: FakeShell) -> None:
    printed = b"".join(shell.prints(6) for _ in range(10))
    [chunks] = take(out)
    assert output([chunks]) == printed


def test_never_more_than_a_window_is_in_flight(out: Outgoing, shell: FakeShell) -> None:
    shell.prints(600)
    before = out.subscriptions[1].sent
    first = output(take(out))
    assert len(first) == LIMITS.window
    assert take(out) == []
    assert out.take_again is None
    out.acknowledge(1, before + 100, 0.1)
    more = output(take(out, 0.1))
    assert len(more) == 100
    assert shell.text[30:].startswith(first + more)


def test_acknowledgements_that_are_not_news_change_nothing(out: Outgoing, shell: FakeShell) -> None:
    shell.prints(600)
    take(out)
    in_flight = out.flow.in_flight
    out.acknowledge(1, 1, 0.1)
    out.acknowledge(7, 1000, 0.1)
    assert out.flow.in_flight == in_flight
    out.acknowledge(1, 1 << 40, 0.1)
    assert out.flow.in_flight == 0


def test_one_who_falls_behind_gets_the_screen_and_later_the_scrollback(out: Outgoing, shell: FakeShell) -> None:
    shell.prints(1200, now=5.0)
    [screen] = take(out, 5.0)
    assert screen == Snapshot(1, 1230, shell.draw(False), 0, False)
    assert out.take_again == 5.0 + QUIET
    out.acknowledge(1, 1 << 40, 5.1)
    assert take(out, 5.1) == []
    assert out.take_again == 5.0 + QUIET
    parts = take(out, 5.0 + QUIET)
    assert [part.part for part in parts] == list(range(len(parts)))
    assert b"".join(part.data for part in parts) == shell.draw(True)[: LIMITS.window]
    assert parts[-1].more


def test_one_on_a_slow_link_gets_the_screen_when_the_rest_would_take_too_long(shell: FakeShell) -> None:
    sub = Subscription(shell, position=30)
    waits = shell.prints(800)
    patient = list(sub.messages(1000, len(waits) / PATIENCE, 1, 0.0))
    assert output([decode_host(message) for message, _ in patient]) == waits
    shell.prints(1)
    late = Subscription(shell, position=30)
    [(screen, _)] = late.messages(1000, len(waits) / PATIENCE, 1, 0.0)
    assert decode_host(screen) == Snapshot(1, shell.log.end, shell.draw(False), 0, False)


def test_in_slow_start_nothing_is_skipped_that_the_log_has(shell: FakeShell) -> None:
    sub = Subscription(shell, position=30)
    waits = shell.prints(shell.log.limit)
    messages = [decode_host(message) for message, _ in sub.messages(2000, None, 1, 0.0)]
    assert output(messages) == waits


def test_an_interrupt_drops_what_waits(shell: FakeShell) -> None:
    shell.prints(800)
    shell.interrupted = 5.0
    for rate in (800 / PATIENCE, None):
        first, _ = next(Subscription(shell, position=30).messages(1000, rate, 1, 5.0 + INTERRUPTED_PERIOD / 2))
        assert isinstance(decode_host(first), Snapshot)
        first, _ = next(Subscription(shell, position=30).messages(1000, rate, 1, 5.0 + 2 * INTERRUPTED_PERIOD))
        assert isinstance(decode_host(first), Chunks)


def test_in_a_crowd_less_may_wait_for_each(shell: FakeShell) -> None:
    shell.prints(shell.log.limit // 5)
    for crowd, kind in ((1, Chunks), (2, Chunks), (3, Snapshot)):
        first, _ = next(Subscription(shell, position=30).messages(1000, None, crowd, 0.0))
        assert isinstance(decode_host(first), kind)


def test_a_crowd_is_sent_one_screen_and_goes_on_to_the_newest(shell: FakeShell) -> None:
    guests = [outgoing(shell) for _ in range(3)]
    for guest in guests:
        guest.subscribe(shell, 30, False, 0.0)
    shell.prints(shell.log.limit // 2)
    [first] = take(guests[0], 0.01, crowd=3)
    shell.prints(shell.log.limit // 2)
    [second] = take(guests[1], 0.02, crowd=3)
    assert second == first
    assert guests[1].take_again == 0.02
    assert output(take(guests[1], 0.03)) == STREAM[first.seq : shell.log.end][: LIMITS.window - len(first.data)]
    [third] = take(guests[2], 0.02 + SHARED_PERIOD, crowd=3)
    assert third.seq == shell.log.end


def test_a_screen_never_goes_back(shell: FakeShell) -> None:
    early, late = outgoing(shell), outgoing(shell)
    for guest in (early, late):
        guest.subscribe(shell, 30, False, 0.0)
    shell.prints(shell.log.limit)
    [screen] = take(early, 0.01, crowd=2)
    [_, *_] = take(late, 0.01)
    late.acknowledge(1, 10**6, 0.01)
    shell.prints(shell.log.limit)
    take(late, 0.01)
    late.acknowledge(1, 10**6, 0.01)
    shell.prints(shell.log.limit)
    [newer] = take(late, 0.02, crowd=2)
    assert newer.seq > screen.seq


def complete(out: Outgoing, shell: FakeShell) -> Hold | None:
    hold = shell.log.hold()
    out.complete(1, True, hold, 0.0)
    return hold


def received(out: Outgoing, now: float = 0.0, crowd: int = 1) -> list[Any]:
    """All that comes, by a client that acknowledges it at once."""
    messages, size = [], out.subscriptions[1].acknowledged
    while more := take(out, now, crowd):
        messages += more
        size += sum(
            len(message.data if isinstance(message, Snapshot) else b"".join(message.chunks)) for message in more
        )
        out.acknowledge(1, size, now)
    return messages


def test_nothing_is_skipped_of_what_must_be_complete(out: Outgoing, shell: FakeShell) -> None:
    hold = complete(out, shell)
    waits = shell.prints(950)
    shell.interrupted = 0.0
    shell.resizes()
    waits += shell.prints(950)
    assert hold is not None
    messages = received(out, crowd=10)
    assert output(messages) == waits
    assert not any(isinstance(message, Snapshot) for message in messages)
    assert hold.position == shell.log.end
    [anew] = [message for message in received(out, 2 * QUIET) if isinstance(message, Snapshot) and not message.more]
    assert anew.seq == shell.log.end  # some of it was made for another size


def test_what_is_more_than_is_kept_is_left_out_and_the_screen_comes_anew(out: Outgoing, shell: FakeShell) -> None:
    hold = complete(out, shell)
    for _ in range(30):
        shell.prints(100)
    assert hold is not None
    messages = received(out)
    first = messages[0]
    assert first.seq > 30
    assert shell.log.end - first.seq >= LIMITS.held_bytes // 2 - 100
    assert output(messages) == STREAM[first.seq : shell.log.end]
    assert any(isinstance(message, Snapshot) for message in received(out, 2 * QUIET))


def test_a_screen_that_was_due_comes_before_what_must_be_complete(out: Outgoing, shell: FakeShell) -> None:
    shell.prints(LIMITS.window)
    take(out)  # the window is full
    shell.prints(shell.log.limit + 1)
    assert take(out) == []
    due = shell.log.end
    hold = complete(out, shell)
    waits = shell.prints(100)
    out.acknowledge(1, 10**6, 0.0)
    [screen, *rest] = received(out)
    assert (type(screen), screen.seq) == (Snapshot, due)
    assert output(rest) == waits
    assert hold is not None


def test_what_waited_already_must_be_complete_too(out: Outgoing, shell: FakeShell) -> None:
    waits = shell.prints(shell.log.limit)
    hold = complete(out, shell)
    waits += shell.prints(shell.log.limit - 100)
    assert output(received(out)) == waits
    assert hold is not None


def test_it_may_be_skipped_again(out: Outgoing, shell: FakeShell) -> None:
    hold = complete(out, shell)
    shell.prints(shell.log.limit + 500)
    out.complete(1, False, None, 0.0)
    [screen, *_] = received(out)
    assert (type(screen), screen.seq) == (Snapshot, shell.log.end)
    assert hold is not None


def test_what_must_be_complete_resumes_although_the_size_has_changed(shell: FakeShell) -> None:
    out = outgoing(shell)
    hold = complete(out, shell)
    out.subscribe(shell, 10, False, 0.0)
    shell.resizes()
    shell.prints(10)
    assert output(received(out)) == STREAM[10:40]
    assert hold is not None


def test_scrollback_comes_although_the_shell_never_is_quiet(out: Outgoing, shell: FakeShell) -> None:
    shell.prints(1200, now=5.0)
    now, kinds = 5.0, list[type]()
    while Snapshot not in kinds[1:]:
        kinds += [type(message) for message in take(out, now)]
        out.acknowledge(1, 1 << 40, now)
        now += QUIET / 2
        shell.prints(6, now)
    assert STEADY <= now - 5.0 < STEADY + QUIET


def test_chunks_go_on_between_the_parts_of_a_snapshot(out: Outgoing, shell: FakeShell) -> None:
    client = Client(shell)
    out.shells_changed()
    shell.prints(1200, now=5.0)
    kinds = list[type]()
    now = 5.0
    while not out.subscriptions[1].drained:
        for message in take(out, now):
            kinds.append(type(message))
            client.takes(message)
        out.acknowledge(1, out.subscriptions[1].sent - 150, now)
        now += QUIET
        if len(kinds) < 20:
            shell.prints(10, now - QUIET)
    first, last = kinds.index(Snapshot), len(kinds) - 1 - kinds[::-1].index(Snapshot)
    assert Chunks in kinds[first:last]
    assert (client.text, client.whole) == (shell.text, True)


@pytest.mark.parametrize(("seq", "resumes"), [(30, True), (10, True), (0, True), (31, False), (-1, False)])
def test_resumes_where_the_log_has_the_output(shell: FakeShell, seq: int, resumes: bool) -> None:
    out = outgoing(shell)
    out.subscribe(shell, seq, False, 0.0)
    messages = take(out)
    if resumes:
        assert output(messages) == shell.text[seq:]
        assert not any(isinstance(message, Snapshot) for message in messages)
        assert take(out, 100.0) == []
    else:
        assert [type(message) for message in messages] == [Snapshot]


def test_one_who_subscribes_again_gets_a_snapshot(shell: FakeShell) -> None:
    """Whatever position it names: chunks that it has not seen when it asks may be on their way."""
    out = outgoing(shell)
    out.subscribe(shell, 10, False, 0.0)
    take(out)
    out.subscribe(shell, 10, False, 0.0)
    assert isinstance(take(out)[0], Snapshot)


def test_does_not_resume_from_before_the_log_or_a_resize(shell: FakeShell) -> None:
    shell.prints(1100)
    for seq, resized in ((shell.log.start - 1, False), (shell.log.end - 1, True)):
        if resized:
            shell.resizes()
        out = outgoing(shell)
        out.subscribe(shell, seq, False, 0.0)
        assert isinstance(take(out)[0], Snapshot)


def test_one_who_resumes_without_scrollback_gets_it(shell: FakeShell) -> None:
    out = outgoing(shell)
    out.subscribe(shell, 10, True, 0.0)
    chunks, snapshot = take(out, QUIET)
    assert output([chunks]) == shell.text[10:]
    assert snapshot == Snapshot(1, 30, shell.draw(True), 0, False)


def test_one_who_asks_for_a_snapshot_still_needs_scrollback(out: Outgoing, shell: FakeShell) -> None:
    shell.prints(1200)
    take(out)
    out.subscribe(shell, -1, False, 0.0)
    assert out.subscriptions[1].needs_scrollback  # should the link break before the snapshot


def test_scrollback_is_needed_until_it_is_acknowledged(shell: FakeShell) -> None:
    out = outgoing(shell)
    out.subscribe(shell, -1, False, 0.0)
    [snapshot] = take(out)
    assert out.subscriptions[1].needs_scrollback  # it may not arrive
    out.acknowledge(1, len(snapshot.data), 0.1)
    assert not out.subscriptions[1].needs_scrollback


def test_a_resize_drops_the_snapshot_that_is_being_sent(out: Outgoing, shell: FakeShell) -> None:
    shell.prints(1200, now=5.0)
    take(out, 5.0)
    out.acknowledge(1, 1 << 40, 5.1)
    assert take(out, 6.0)[-1].more
    out.acknowledge(1, 1 << 40, 6.1)
    shell.resizes()
    out.shells_changed()
    shells, first, *_ = take(out, 6.1)
    assert dict(shells.shells)[1].cols == 81
    assert first.part == 0
    assert first.data.startswith(b"81 whole ")


def test_a_new_size_is_told_before_output_that_was_made_for_it(out: Outgoing, shell: FakeShell) -> None:
    shell.prints(6)
    shell.resizes()
    shell.prints(6)
    out.shells_changed()
    shells, snapshot = take(out)
    assert dict(shells.shells)[1].cols == 81
    assert snapshot.data.startswith(b"81 ")


def test_a_shell_ends_after_its_last_output(out: Outgoing, shell: FakeShell) -> None:
    last = shell.prints(400)
    shell.ended = True
    out.shells_changed()
    shells, *messages = take(out)
    assert [info.ended for _, info in shells.shells] == [True]
    printed = output(messages)
    assert bool(out.draining)
    out.acknowledge(1, 1 << 40, 0.1)
    *messages, end = take(out, 0.1)
    assert printed + output(messages) == last
    assert end == Shells([])
    assert not bool(out.draining)
    assert out.flow.in_flight == 0
    assert take(out, 100.0) == []


def test_shells_that_end_with_the_session_stay_to_be_read(out: Outgoing, shell: FakeShell) -> None:
    shell.prints(6)
    out.close(Closed("stopped", "The host stopped sharing."))
    shell.ended = True
    out.shells_changed()
    assert [type(message) for message in take(out)] == [Chunks, Closed]


def test_few_ended_shells_are_kept_for_one_who_does_not_acknowledge() -> None:
    shells = [FakeShell(sid) for sid in range(5)]
    out = outgoing(*shells)
    for shell in shells:
        shell.prints(300)
        out.subscribe(shell, -1, False, 0.0)
        shell.ended = True
        take(out)
    assert list(out.subscriptions) == [2, 3, 4]


def test_what_waits_beyond_the_bound_ends_participation(out: Outgoing) -> None:
    message = encode(Hear(1, 2, "Bob", "x" * 100, 0.0))
    for _ in range(20):
        out.post(message)
    assert out.closing is not None
    assert out.closing.code == "tooSlow"
    assert not out.ended
    *heard, closed = take(out)
    assert closed == out.closing
    assert len(heard) == LIMITS.control_bytes // len(message) + 1
    assert out.ended


def test_control_that_is_taken_does_not_count(out: Outgoing) -> None:
    message = encode(Hear(1, 2, "Bob", "x" * 100, 0.0))
    for _ in range(20):
        out.post(message)
        take(out)
    assert out.closing is None


def test_the_farewell_comes_last_and_the_first_one_counts(out: Outgoing, shell: FakeShell) -> None:
    out.post(encode(Hear(1, 2, "Bob", "bye", 0.0)))
    out.close(Closed("stopped", "The host stopped sharing."))
    out.close(Closed("removed", "The host removed you."))
    out.post(encode(Hear(2, 2, "Bob", "too late", 0.0)))
    hear, closed = take(out)
    assert hear.text == "bye"
    assert closed.code == "stopped"
    assert out.ended


def test_changes_between_two_sends_become_one() -> None:
    users = {2: ANN}
    out = outgoing(user=users.get)
    for _ in range(10):
        out.user_changed(2)
        out.user_changed(3)
        out.shells_changed()
    *changes, shells = take(out)
    assert sorted(changes, key=lambda change: change.uid) == [UserDiff(2, ANN), UserDiff(3, None)]
    assert shells == Shells([])
    assert take(out) == []


def test_an_answer_comes_after_what_the_request_changed(out: Outgoing) -> None:
    out.user_changed(2)
    out.shells_changed()
    out.answer(encode(Done(1, None)))
    assert [type(message) for message in take(out)] == [UserDiff, Shells, Done]


def test_errors_about_consecutive_input_become_one(out: Outgoing) -> None:
    def error(n: int, size: int) -> Error:
        return Error(None, "notAllowed", "You can watch only.", {"sid": 1, "n": n, "bytes": size})

    for n in range(10):
        out.send_error(error(n, 1))
    out.send_error(error(9, 1))
    assert [message.details["bytes"] for message in take(out)] == [10, 1]
    out.send_error(error(10, 1))
    out.send_error(error(20, 1))
    assert len(take(out)) == 2


def test_a_busy_shell_starves_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing_module, "BATCH", 50)
    shells = [FakeShell(sid) for sid in (1, 2, 3)]
    out = outgoing(*shells)
    for shell in shells:
        out.subscribe(shell, 0, False, 0.0)
        shell.prints(300)
    seen = []
    for _ in range(3):
        seen += [message.sid for message in take(out, 1.0)]
        assert out.take_again == 1.0  # the batch is full, not the window
    assert sorted(seen) == [1, 2, 3]


@pytest.mark.parametrize("little", [1, 2, 3])
def test_a_shell_that_has_little_to_say_comes_first(little: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing_module, "LITTLE", 50)
    shells = [FakeShell(sid) for sid in (1, 2, 3)]
    out = outgoing(*shells)
    for shell in shells:
        out.subscribe(shell, 0, False, 0.0)
        shell.prints(50 if shell.sid == little else 51)
    first, *_ = take(out, 1.0)
    assert first.sid == little


def test_what_is_typed_has_the_right_of_way(shell: FakeShell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing_module, "SMALL_BATCH", 10)
    out = outgoing(shell)
    out.subscribe(shell, 0, False, 0.0)
    shell.prints(30)

    def sizes(typed: int) -> list[int]:
        messages = [decode_host(data) for data in out.take(0.0, typed=typed)]
        return [sum(map(len, message.chunks)) for message in messages if isinstance(message, Chunks)]

    assert sizes(2) == [10]
    assert out.take_again == 0.0
    assert sizes(1) == [shell.log.end - 10]
    assert out.take_again is None


class Interleaving(RuleBasedStateMachine):
    """Output, resizes, messages on their way, acknowledgements, broken links and time, in any order."""

    @initialize()
    def start(self) -> None:
        self.now = 0.0
        self.shell = FakeShell()
        self.client = Client(self.shell)
        self.needs_scrollback = False
        self.hold: Hold | None = None
        self._connect()

    def _connect(self) -> None:
        self.down: deque[HostMessage] = deque()
        self.up: deque[Ack | Complete | Subscribe] = deque()
        self.out = outgoing(self.shell)
        self.out.shells_changed()
        self.woken = True
        self.client.new_link()
        self.client.complete = False
        self.up.append(Subscribe(1, self.client.position))

    @rule(size=st.integers(1, 400))
    def prints(self, size: int) -> None:
        self.shell.prints(size, self.now)
        self.woken = True

    @rule()
    def resizes(self) -> None:
        self.shell.resizes()
        self.out.shells_changed()
        self.woken = True

    @rule(seconds=st.sampled_from([0.01, QUIET, STEADY]))
    def waits(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def host_sends(self) -> None:
        self.woken = False
        self.down.extend(take(self.out, self.now))

    @rule(count=st.integers(1, 4))
    def client_receives(self, count: int) -> None:
        for _ in range(min(count, len(self.down))):
            answer = self.client.takes(self.down.popleft())
            if answer is not None:
                self.up.append(answer)

    @rule()
    def client_acknowledges(self) -> None:
        self.up.append(Ack(1, self.client.received))

    @rule(anew=st.booleans())
    def client_subscribes_again(self, anew: bool) -> None:
        self.up.append(Subscribe(1, -1 if anew else self.client.position))

    @rule(count=st.integers(1, 4))
    def host_receives(self, count: int) -> None:
        for _ in range(min(count, len(self.up))):
            match self.up.popleft():
                case Complete(_, on):
                    self.client.complete |= on  # what comes from now on may be either
                    self.hold = (self.hold or self.shell.log.hold()) if on else None
                    self.out.complete(1, on, self.hold, self.now)
                case Ack(sid, received):
                    self.out.acknowledge(sid, received, self.now)
                case Subscribe(_, seq):
                    self.out.subscribe(self.shell, seq, self.needs_scrollback, self.now)
            self.woken = True

    @rule(on=st.booleans())
    def client_wants_all(self, on: bool) -> None:
        self.up.append(Complete(1, on))

    @rule()
    def everything_arrives(self) -> None:
        self.host_receives(len(self.up))
        self.host_sends()
        self.client_receives(len(self.down))
        self.client_acknowledges()
        self.host_receives(len(self.up))

    @rule()
    def link_breaks(self) -> None:
        known = self.out.subscriptions.get(1)
        if known is not None:
            self.needs_scrollback = known.needs_scrollback
        self._connect()

    @invariant()
    def client_has_a_part_of_the_output(self) -> None:
        if hasattr(self, "client") and self.client.position >= 0:
            assert self.shell.text[: self.client.position].endswith(self.client.text)

    def teardown(self) -> None:
        if not hasattr(self, "client"):
            return
        while True:  # as a participant's tasks do it, from here on without delay
            while self.up or self.down:
                self.client_receives(len(self.down))
                self.host_receives(len(self.up))
            if self.client.received > (sub := self.out.subscriptions[1]).acknowledged:
                self.client_acknowledges()
            elif self.woken:
                self.host_sends()
            elif self.out.take_again is not None:
                self.now = max(self.now, self.out.take_again)
                self.host_sends()
            else:
                break
        assert sub.drained
        assert self.client.position == len(self.shell.text)
        assert (self.client.text, self.client.whole) == (self.shell.text, True)


class TestInterleaving(Interleaving.TestCase):  # type: ignore[misc,valid-type]
    settings = settings(
        max_examples=100, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )


def test_scrollback_that_a_client_had_to_drop_is_sent_again() -> None:
    play = Interleaving()
    play.start()
    play.client_wants_all(True)
    play.waits(STEADY)
    play.prints(248)
    play.everything_arrives()
    [sub] = play.out.subscriptions.values()
    assert sub.snapshot is not None  # its last part has to wait for an acknowledgment
    play.prints(REPLAY + 1)
    play.teardown()
