"""What a client types and asks for on its way to the host, in order, until the host has it. The mirror of `outbox.ts`.

Input is kept until the host says that it was taken, and a request until it is answered. After a broken link the outbox
sends again what the host does not have, so that nothing is lost, doubled or reordered. Sans-I/O: times are seconds of a
monotonic clock and come in as `now`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from ..protocol.messages import MAX_UNANSWERED, Chat, Data, Move, Request, Resize

PIECE = 32 << 10
"""Most bytes of one `Data`."""
STALE = 10.0
"""Seconds after which input that waited for a new link is not sent without asking: the screen may be another now. They
count from when it was typed or, if that is later, from when the host last took input."""
PING_BYTES = 64 << 10
"""Bytes after which the host is asked how much it has taken, without waiting for the next regular ping."""

StaleInput: TypeAlias = Literal["error", "hold", "send"]
"""What becomes of input that has waited for longer than `STALE`: it is dropped with an error (scripts), held until a
person decides, or sent."""

LossCode: TypeAlias = Literal["stale", "noShell", "notAllowed", "lost"]
"""Why input or a request was not delivered: it had waited for too long, its shell has ended, the user may not type any
more, or the link broke and the host has forgotten whether it had arrived."""


@dataclass(eq=False)
class Input:
    """Input for a shell, whose first byte has position `n` in the stream once it was sent."""

    sid: int
    data: bytes
    since: float
    n: int = -1


@dataclass(eq=False)
class Ask:
    """A request; `request.req` is its number once it was sent, and 0 before."""

    request: Request
    since: float


@dataclass(frozen=True)
class Loss:
    """Input or a request that will not be delivered, or whose fate is not known (`lost`)."""

    item: Input | Ask
    code: LossCode


class Outbox:
    """The items of one client. `take` says what to send now."""

    def __init__(self, stale: StaleInput = "error") -> None:
        self.stale = stale
        self._sent: deque[Input | Ask] = deque()
        """Sent over this link, and neither taken nor answered."""
        self._queue: deque[Input | Ask] = deque()
        self._asked: dict[int, Ask] = {}
        """The requests that were sent, on any link, and are not answered."""
        self._position = 0
        """Position in the stream of the next byte that is sent."""
        self._taken_at = float("-inf")
        self._req = 0
        self._stream: bytes | None = None
        self._open = False
        self._unacknowledged = 0
        """Bytes sent since the host was last asked how much it has taken."""
        self.size = 0
        """Bytes of input that the host may not have."""
        self.held = False
        """Whether input waits for `release` or `discard`."""

    @property
    def requests(self) -> int:
        """Requests that wait to be sent."""
        return sum(isinstance(item, Ask) for item in self._queue)

    @property
    def end(self) -> int:
        """Position after all input that is here, as long as none of it is dropped."""
        return self._position + sum(len(item.data) for item in self._queue if isinstance(item, Input))

    @property
    def sendable(self) -> bool:
        """Whether `take` would find anything."""
        if not self._open or not self._queue:
            return False
        if self.held:
            return any(isinstance(item, Ask) for item in self._queue) and len(self._asked) < MAX_UNANSWERED
        return isinstance(self._queue[0], Input) or len(self._asked) < MAX_UNANSWERED or self._repeats(self._queue[0])

    def waiting(self) -> list[Input]:
        """The input that waits for a link, or for a decision: all that the host may not have."""
        if self._open and not self.held:
            return []
        return [item for item in (*self._sent, *self._queue) if isinstance(item, Input)]

    def type(self, sid: int, data: bytes, now: float) -> None:
        """Add input for a shell."""
        for start in range(0, len(data), PIECE):
            self._queue.append(Input(sid, data[start : start + PIECE], now))
        self.size += len(data)

    def ask(self, request: Request, now: float) -> Ask:
        """Add a request, whose `req` does not count yet. A move or a new size takes the place of an unsent one of the
        same shell."""
        last = self._queue[-1] if self._queue else None
        if isinstance(last, Ask) and not self._repeats(last):
            match last.request, request:
                case Move(_, before, to), Move(_, sid, None) if before == sid and to is not None:
                    return last  # a move raises as well
                case (Move(_, before), Move(_, sid)) | (Resize(_, before), Resize(_, sid)) if before == sid:
                    last.request = request
                    return last
        ask = Ask(request, now)
        self._queue.append(ask)
        return ask

    def withdraw(self, ask: Ask) -> None:
        """Forget a request if it was never sent."""
        if ask.request.req == 0 and ask in self._queue:
            self._queue.remove(ask)

    def open(
        self, stream: bytes | None, taken: int, req: int, shells: Collection[int], may_write: bool, now: float
    ) -> list[Loss]:
        """A link is there, and the host has told all that it tells a client that joins.

        Args:
            stream: the token of the stream that the host goes on with, or has begun.
            taken: bytes of input of this stream that the host has taken.
            req: number of the last request that it has taken.
            shells: the shells that are there.
            may_write: whether this user may type.

        Returns:
            What will not be sent.
        """
        losses: list[Loss] = []
        if stream is not None and stream == self._stream:
            self._forget_taken(taken)
            self._req = max(self._req, req)
        else:
            losses += self._forget_stream()
            self._req = req
        self._stream = stream
        self._queue.extendleft(reversed(self._sent))
        self._sent.clear()
        self._position = taken
        self._unacknowledged = 0
        self._open = True
        oldest = next((item for item in self._queue if isinstance(item, Input)), None)
        stale = oldest is not None and now - max(oldest.since, self._taken_at) > STALE
        self.held = stale and self.stale == "hold"
        for item in list(self._queue):
            code = self._undeliverable(item, shells, may_write, now, stale)
            if code is not None:
                losses.append(Loss(item, code))
        self._drop(losses)
        self.held = self.held and any(isinstance(item, Input) for item in self._queue)
        return losses

    def close(self) -> None:
        """The link is gone."""
        self._open = False

    def take(self) -> list[Data | Request]:
        """What to send now, in order."""
        out: list[Data | Request] = []
        kept: deque[Input | Ask] = deque()
        while self._open and self._queue:
            item = self._queue[0]
            if isinstance(item, Input):
                self._queue.popleft()
                if self.held:
                    kept.append(item)
                    continue
                item.n = self._position
                self._position += len(item.data)
                self._unacknowledged += len(item.data)
                out.append(Data(item.sid, item.n, item.data))
            else:
                if len(self._asked) >= MAX_UNANSWERED and not self._repeats(item):
                    break
                self._queue.popleft()
                if item.request.req == 0:
                    self._req += 1
                    item.request = replace(item.request, req=self._req)
                    self._asked[self._req] = item
                out.append(item.request)
            self._sent.append(item)
        kept.extend(self._queue)
        self._queue = kept
        return out

    def wants_ping(self) -> bool:
        """Whether to ask the host now how much it has taken; true once each time."""
        if self._unacknowledged < PING_BYTES:
            return False
        self._unacknowledged = 0
        return True

    def acknowledge(self, taken: int, now: float) -> None:
        """The host has taken the input before position `taken`."""
        size = self.size
        self._forget_taken(taken)
        if self.size < size:
            self._taken_at = now

    def _forget_taken(self, taken: int) -> None:
        rest: deque[Input | Ask] = deque()
        for item in self._sent:
            if isinstance(item, Input) and item.n < taken:
                done = min(len(item.data), taken - item.n)
                self.size -= done
                item.data, item.n = item.data[done:], item.n + done
                if not item.data:
                    continue
            rest.append(item)
        self._sent = rest

    def answered(self, req: int) -> Ask | None:
        """The request that was answered, or None if none waits for that."""
        ask = self._asked.pop(req, None)
        if ask is not None:
            (self._sent if ask in self._sent else self._queue).remove(ask)
        return ask

    def release(self) -> None:
        """Send the input that is held."""
        self.held = False

    def discard(self) -> list[Input]:
        """Forget the input that waits, and return it. Without a link some of it may have arrived."""
        inputs = [item for item in self._queue if isinstance(item, Input)]
        if not self._open:
            inputs = [item for item in self._sent if isinstance(item, Input)] + inputs
        self._drop([Loss(item, "stale") for item in inputs])
        self.held = False
        return inputs

    @staticmethod
    def _repeats(item: Input | Ask) -> bool:
        return isinstance(item, Ask) and item.request.req > 0

    def _forget_stream(self) -> list[Loss]:
        """What has no place in the host's new stream: what was sent, and input that means something else without it."""
        lost: list[Loss] = [Loss(item, "lost") for item in self._sent]
        cut = {item.sid for item in self._sent if isinstance(item, Input)}
        for item in self._queue:
            if (isinstance(item, Input) and item.sid in cut) or self._repeats(item):
                lost.append(Loss(item, "lost"))
        self._drop(lost)
        return lost

    def _undeliverable(
        self, item: Input | Ask, shells: Collection[int], may_write: bool, now: float, stale: bool
    ) -> LossCode | None:
        if isinstance(item, Input):
            if item.sid not in shells:
                return "noShell"
            if not may_write:
                return "notAllowed"
            return "stale" if stale and self.stale == "error" else None
        late = item.request.req == 0 and now - item.since > STALE
        return "stale" if late and not isinstance(item.request, Chat) else None

    def _drop(self, losses: Collection[Loss]) -> None:
        gone = {id(loss.item) for loss in losses}
        self._sent = deque(item for item in self._sent if id(item) not in gone)
        self._queue = deque(item for item in self._queue if id(item) not in gone)
        for loss in losses:
            if isinstance(loss.item, Input):
                self.size -= len(loss.item.data)
            else:
                self._asked.pop(loss.item.request.req, None)
