"""Decides what one client is sent next: at once when idle, and under load as few, as large messages as it acknowledges.

What waits for a client is state, not a queue: which users and shells changed, and how far each shell was sent. So
memory per client is bounded, and nobody waits for anybody. Sans-I/O: each call that needs the time takes it as `now`,
in seconds of a monotonic clock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace

from ..protocol.codec import encode
from ..protocol.messages import Closed, Error, ShellInfo, Shells, User, UserDiff
from .flow import Flow
from .limits import Limits
from .output_log import Hold
from .shell_messages import PART
from .subscription import Source, Subscription

BATCH = PART
"""Output bytes taken at once; handing them to the link costs about the same whatever their size, but an echo waits."""
SMALL_BATCH = 16 << 10
"""The same of other shells than the one that the client types into."""
LITTLE = 2048
"""Bytes that wait up to which a shell comes before those that print much."""


class Outgoing:
    """What one client was sent and will be sent. `user` and `shells` tell what a session looks like to this client."""

    def __init__(
        self,
        limits: Limits,
        user: Callable[[int], User | None],
        shells: Callable[[], list[tuple[int, ShellInfo]]],
        now: float,
    ) -> None:
        self.subscriptions: dict[int, Subscription] = {}
        self.flow = Flow(limits.window, now)
        self.closing: Closed | None = None
        """The farewell, once there is one."""
        self.ended = False
        """Whether everything was taken, the farewell last."""
        self.take_again: float | None = None
        """When to call `take` again although nothing has happened; None if that is not needed."""
        self._limits = limits
        self._user = user
        self._shells = shells
        self._control: deque[bytes] = deque()
        self._control_size = 0
        self._last_error: Error | None = None
        self._changed_users: set[int] = set()
        self._shells_changed = False
        self._first = 0
        self._complete: dict[int, Hold | None] = {}
        """Shells of which this client must miss nothing, and what keeps their output for it."""

    # What happens.

    def post(self, data: bytes) -> None:
        """Send an encoded message. More than `Limits.control_bytes` that wait end the client's participation."""
        if self.closing is not None:
            return
        self._control.append(data)
        self._control_size += len(data)
        if self._control_size > self._limits.control_bytes:
            self.close(Closed("tooSlow", "Your connection is too slow to follow this session."))

    def answer(self, data: bytes) -> None:
        """Send the encoded answer to a request, after what the request has changed."""
        for change in self._changes():
            self.post(change)
        self.post(data)

    def send_error(self, error: Error) -> None:
        """Tell the client of an error that answers no request. Errors about consecutive input become one."""
        last = self._last_error
        if last is not None and self._control and self._control[-1] == encode(last):
            if last == error:
                return
            if joined := _joined(last, error):
                self._control_size -= len(self._control.pop())
                error = joined
        self._last_error = error
        self.post(encode(error))

    def user_changed(self, uid: int) -> None:
        """Send what user `uid` is now. Changes between two sends become one."""
        self._changed_users.add(uid)

    def shells_changed(self) -> None:
        """Send the list of shells as it is now."""
        self._shells_changed = True

    def close(self, closed: Closed) -> None:
        """Send this farewell after what waits, and nothing afterwards. The first one counts."""
        if self.closing is None:
            self.closing = closed

    def complete(self, sid: int, on: bool, hold: Hold | None, now: float) -> None:
        """Send all of a shell's output, however late, as far as its log has it, which `hold` makes keep more; or not
        any longer."""
        if on:
            self._complete[sid] = hold
        else:
            self._complete.pop(sid, None)
        if (sub := self.subscriptions.get(sid)) is not None:
            sub.set_complete(on, hold, now)

    def is_complete(self, sid: int) -> bool:
        """Whether this client must miss nothing of a shell."""
        return sid in self._complete

    def subscribe(self, shell: Source, seq: int, needs_scrollback: bool, now: float) -> None:
        """Start or resume sending a shell's output, from `seq` if the log has it and the size is the same.

        A client that subscribes again on one link gets a snapshot: what it names does not fit what is on its way.

        Args:
            needs_scrollback: whether the client's earlier link did not bring all of the scrollback.
        """
        known = self.subscriptions.get(shell.sid)
        sub = Subscription(shell, partial=needs_scrollback)
        sub.set_complete(shell.sid in self._complete, self._complete.get(shell.sid), now)
        if known is not None:
            sub.partial = known.needs_scrollback
            sub.acknowledged, sub.sent = known.acknowledged, known.sent
            sub.skipped_at = now  # no matter how often a client asks, its scrollback is made after `STEADY` seconds
        elif sub.can_resume(seq):
            sub.position = seq
        self.subscriptions[shell.sid] = sub
        ended = [known for known in self.subscriptions.values() if known.shell.ended]
        for known in ended[: -self._limits.shells]:  # they keep their output until the client was sent it
            self._unsubscribe(known)

    def acknowledge(self, sid: int, received: int, now: float) -> None:
        """Note that the client has parsed `received` bytes of this shell's output since its link began.

        More than it was sent counts as all of that.
        """
        sub = self.subscriptions.get(sid)
        if sub is not None and (received := min(received, sub.sent)) > sub.acknowledged:
            self.flow.acknowledged(received - sub.acknowledged, now)
            sub.on_acknowledged(received)

    # What is sent.

    @property
    def draining(self) -> bool:
        """Whether the client was not sent all of the output of shells that have ended."""
        return any(sub.shell.ended for sub in self.subscriptions.values())

    def take(self, now: float, crowd: int = 1, typed: int | None = None) -> list[bytes]:
        """Return what to send now, as encoded messages, and count it as sent.

        `crowd` clients share a busy host. The client types into shell `typed` now, if any: its echoes have the right of
        way.

        Changes come before the output, so that the client knows a shell's new size before output that was made for it.
        """
        messages = [*self._control, *self._changes()]
        self._control.clear()
        self._control_size = 0
        self.take_again = None
        room = min(self.flow.window - self.flow.in_flight, BATCH)
        subscriptions = list(self.subscriptions.values())
        self._first = (self._first + 1) % max(len(subscriptions), 1)  # so that a busy shell starves no other
        in_turn = subscriptions[self._first :] + subscriptions[: self._first]
        for sub in sorted(in_turn, key=lambda sub: sub.waiting > LITTLE):
            most = room if typed in (None, sub.shell.sid) else min(room, SMALL_BATCH)
            for message, size in sub.messages(most, self.flow.rate, crowd, now):
                room -= size
                self.flow.sent(size, now, limited=room > 0 and sub.position == sub.shell.log.end)
                messages.append(message)
            if room > 0 and 0 <= sub.position < sub.shell.log.end:
                self.take_again = now  # it was sent the screen as it was a moment ago
            elif (due := sub.scrollback_at) is not None and due > now:
                self.take_again = due if self.take_again is None else min(due, self.take_again)
            if sub.shell.ended and sub.drained:
                self._unsubscribe(sub)
                messages += self._changes()
        if room <= 0 and self.flow.in_flight < self.flow.window:
            self.take_again = now  # the batch is full, not the window
        if self.closing is not None:
            messages.append(encode(self.closing))
            self.ended = True
        return messages

    def _changes(self) -> list[bytes]:
        """The users and shells that have changed since the client was told of them."""
        messages = [encode(UserDiff(uid, self._user(uid))) for uid in self._changed_users]
        self._changed_users.clear()
        if self._shells_changed and self.closing is None:  # shells that end with the session stay to be read
            self._shells_changed = False
            draining = [(sid, sub.shell.info) for sid, sub in self.subscriptions.items() if sub.shell.ended]
            messages.append(encode(Shells(self._shells() + draining)))
        return messages

    def _unsubscribe(self, sub: Subscription) -> None:
        """Forget a shell that has ended, and what is in flight of it: clients do not acknowledge what is gone."""
        del self.subscriptions[sub.shell.sid]
        self.flow.forget(sub.sent - sub.acknowledged)
        self._shells_changed = True


def _joined(first: Error, second: Error) -> Error | None:
    """Two errors about consecutive input as one, or None if they are not that."""
    one, two = first.details, second.details
    same = (first.code, first.text, one.get("sid")) == (second.code, second.text, two.get("sid"))
    if not same or "n" not in one or "n" not in two or one["n"] + one["bytes"] != two["n"]:
        return None
    return replace(first, details={**one, "bytes": one["bytes"] + two["bytes"]})
