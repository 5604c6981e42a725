"""One connected client as the host sees it: reads its messages, and pumps to it what it should see.

The pump is what decides the speed. It sends at once when idle; under load it sends as few, as large frames as the
client acknowledges. A client that falls behind is not sent its backlog but a snapshot of the screen as it is now, the
visible part first and the scrollback when the shell is quiet. What waits for a client is state (which users and
shells changed, how far each shell has been sent), not a queue of messages, so memory per client is bounded and nobody
waits for anybody.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from ..links import Link, LinkClosed
from ..protocol.codec import MalformedMessage, decode_client, encode
from ..protocol.codes import CloseCode
from ..protocol.handshake import SecureChannel
from ..protocol.messages import (
    Chunks,
    ClientMessage,
    Closed,
    Done,
    Error,
    HostMessage,
    ShellInfo,
    Shells,
    Snapshot,
    User,
    UserDiff,
)
from ..protocol.noise import NoiseError
from .fair_scheduler import FairScheduler
from .flow import Flow
from .input_throttle import InputThrottle
from .limits import Limits
from .resume_table import ResumeEntry
from .shell import Shell

PART = 60 << 10
"""Output bytes of one frame: with its envelope it stays under the frame limit."""
BATCH = 256 << 10
"""Output bytes handed to the link at once; a call into the link costs the same whatever its size."""
SEND_SECONDS = 0.0003
"""What handing a batch to the link costs besides making it, whatever its size; also at the receiver (measured)."""
GATHER = 0.005
"""Seconds in which output gathers while more comes than one call to the link carries: calls cost more than bytes."""
GATHER_FROM = 2048
"""Bytes of a batch from which on output gathers: it is no keystroke's echo."""
QUIET = 0.15
"""Seconds without output after which a shell is quiet, and scrollback that was left out is sent."""
COMPANIONS_PATIENCE = 20
"""How many times as long a companion may be silent."""
STEADY = 2.0
"""Seconds without skipping after which the scrollback is sent to a client although the shell is not quiet."""


@dataclass(slots=True)
class Subscription:
    """How far one shell has been sent to one client."""

    shell: Shell
    position: int = -1
    """Position up to which output was sent; -1 when the client's screen must be drawn anew."""
    partial: bool = False
    """Whether the client's screen lacks its scrollback."""
    skipped_at: float = 0.0
    acknowledged: int = 0
    """Output bytes that the client has parsed since its link began."""
    sent: int = 0
    """Output bytes that it was sent since then."""
    complete_at: int = 0
    """What it must have acknowledged to have the scrollback that it was sent last."""
    snapshot: bytes = b""
    """The snapshot being sent, taken at position `snapshot_seq` and resize `generation`."""
    snapshot_sent: int = 0
    snapshot_parts: int = 0
    snapshot_seq: int = 0
    generation: int = 0

    @property
    def drained(self) -> bool:
        """Whether the client was sent all there is."""
        return self.position == self.shell.seq and not self.partial and not self.snapshot

    @property
    def needs_scrollback(self) -> bool:
        """Whether the client may still lack its scrollback."""
        return self.partial or bool(self.snapshot) or self.acknowledged < self.complete_at


class ParticipantSession(Protocol):
    """What a participant needs of its session."""

    limits: Limits
    scheduler: FairScheduler
    stopped: str | None
    shells: dict[int, Shell]
    bytes_sent: int

    def user_for(self, viewer: Participant, uid: int) -> User | None:
        """User `uid` as `viewer` may see them, or None."""

    def shell_list(self) -> list[tuple[int, ShellInfo]]:
        """The shells from the lowest to the topmost."""

    def handle(self, participant: Participant, message: ClientMessage) -> None:
        """Do what a client asks, or tell it why not. Raises `MalformedMessage`."""


class Participant:
    """A client that has passed the handshake."""

    def __init__(
        self,
        session: ParticipantSession,
        link: Link,
        secured: SecureChannel,
        entry: ResumeEntry,
        user: User,
        observer: bool,
    ) -> None:
        self.session = session
        self.link = link
        self.entry = entry
        """What lets the client go on after its link broke."""
        self.uid = entry.uid
        self.stream = entry.stream
        self.observer = observer
        self.main: Participant | None = None
        """The user's own client, if this is a companion of it: another client of a user who is listed once."""
        self._user = user
        self.passive = False
        """Whether a session that lasts as long as its owners does not last for this one."""
        self.heard = 0
        """Number of the last chat message that it had heard when it came."""
        self.needs_scrollback: set[int] = set()
        """Shells whose scrollback this user's earlier link did not bring."""
        self.unread = 0
        """Bytes of its input that the programs have not taken yet."""
        self.chats: deque[float] = deque(maxlen=session.limits.chat_burst)
        self.bytes_sent = 0
        self._cutting: asyncio.Future[None] | None = None
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when the client has left."""
        self._secured = secured
        self._limits = session.limits
        self._control: deque[bytes] = deque()
        self._control_size = 0
        self._last_error: Error | None = None
        self._changed_users: set[int] = set()
        self._shells_changed = False
        self._subscriptions: dict[int, Subscription] = {}
        self._flow = Flow(session.limits.window, session.limits.log_bytes, time.monotonic())
        self._wake = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._first = 0
        self._heard = time.monotonic()
        self._closing: Closed | None = None
        self._receiving = False
        """Whether the client has sent nothing that waits to be dealt with."""
        self._input_taken = asyncio.Event()

    @property
    def speaker(self) -> Participant:
        """Who stands for this client's user."""
        return self.main or self

    @property
    def user(self) -> User:
        return self.speaker._user

    @user.setter
    def user(self, user: User) -> None:
        self.speaker._user = user

    # What the session tells its participants. None of these waits.

    def post(self, message: HostMessage) -> None:
        """Send a message as soon as the link takes it."""
        self.post_encoded(encode(message))

    def post_encoded(self, data: bytes) -> None:
        """Like `post`, for a message that was encoded once for many."""
        if self._closing is not None:
            return
        self._control.append(data)
        self._control_size += len(data)
        if self._control_size > self._limits.control_bytes:
            self.close("tooSlow", "Your connection is too slow to follow this session.")
        self._wake.set()

    def answer(self, answer: Done | Error) -> None:
        """Answer a request, after what it has changed."""
        assert answer.req is not None
        for data in self._changes():
            self.post_encoded(data)
        encoded = encode(answer)
        self.stream.keep_answer(answer.req, encoded)
        self.post_encoded(encoded)

    def repeat_answer(self, req: int) -> None:
        """Answer once more a request that was taken over an earlier link."""
        answer = self.stream.answer(req)
        if answer is None:
            answer = encode(Error(req, "forgotten", "The answer to this request is not known any more."))
        self.post_encoded(answer)

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
        self.post(error)

    def user_changed(self, uid: int) -> None:
        """Send what user `uid` is now. Changes between two sends become one."""
        self._changed_users.add(uid)
        self._wake.set()

    def shells_changed(self) -> None:
        """Send the list of shells as it is now."""
        self._shells_changed = True
        self._wake.set()

    def shell_output(self, shell: Shell) -> None:
        """Send what the shell has printed."""
        if shell.sid in self._subscriptions:
            self._wake.set()

    def close(self, code: CloseCode, text: str) -> None:
        """End this client's participation, telling it why. Nothing that it sends is taken any more."""
        if self._closing is None:
            self._closing = Closed(code, text)
        self._wake.set()

    def cut(self) -> None:
        """Break the link; the client may come back."""
        if self._closing is None:
            self._closing = Closed("stopped", "The connection was lost.")
            self._cutting = asyncio.ensure_future(self.link.close())

    # What the client asks for.

    def subscribe(self, shell: Shell, seq: int) -> None:
        """Start or resume sending a shell's output, from `seq` if the log has it and the size is the same."""
        known = self._subscriptions.get(shell.sid)
        sub = Subscription(shell)
        needs_scrollback = shell.sid in self.needs_scrollback
        if known is not None:
            needs_scrollback = known.needs_scrollback
            sub.acknowledged, sub.sent = known.acknowledged, known.sent
            sub.skipped_at = time.monotonic()  # one who asks again and again has no scrollback made each time
        if max(shell.log.start, shell.resized_at) <= seq <= shell.seq:
            sub.position, sub.partial = seq, needs_scrollback
        self._subscriptions[shell.sid] = sub
        ended = [known for known in self._subscriptions.values() if known.shell.ended]
        for known in ended[: -self._limits.shells]:  # it has not taken their output, and they keep theirs until then
            self._unsubscribe(known)
        self._wake.set()

    @property
    def draining(self) -> bool:
        """Whether the client was not sent all of the output of shells that have ended."""
        return any(sub.shell.ended for sub in self._subscriptions.values())

    def shells_without_scrollback(self) -> set[int]:
        """Shells whose scrollback the client may still lack."""
        here = {sid for sid, sub in self._subscriptions.items() if sub.needs_scrollback}
        return here | (self.needs_scrollback - self._subscriptions.keys())

    def _unsubscribe(self, sub: Subscription) -> None:
        """Forget a shell that has ended, and what is in flight of it: clients do not acknowledge what is gone."""
        del self._subscriptions[sub.shell.sid]
        self._flow.forget(sub.sent - sub.acknowledged)
        self._shells_changed = True

    def acknowledge(self, sid: int, received: int) -> None:
        """Note that the client has parsed `received` bytes of this shell's output since its link began."""
        sub = self._subscriptions.get(sid)
        if sub is None or received <= sub.acknowledged:
            return
        self._flow.acknowledged(received - sub.acknowledged, time.monotonic())
        sub.acknowledged = received
        self._wake.set()

    def take_input(self, shell: Shell, data: bytes) -> bool:
        """Pass input on to a shell; False when the client's bound of unread input does not allow it."""
        if not data:
            return True
        if self.unread + len(data) > self._limits.input_bytes:
            return False
        self.unread += len(data)
        shell.typed()
        shell.terminal.write(data, self._input_written)
        return True

    def drop_input(self) -> None:
        """Give up the input that no program has read yet: its writer may not write any more."""
        for shell in self.session.shells.values():
            shell.terminal.forget(self._input_written)

    def _input_written(self, count: int) -> None:
        self.unread -= count
        self._input_taken.set()

    # Running.

    async def run(self, frames: list[bytes]) -> str:
        """Serve the client until it leaves, is removed, or its link breaks; returns why. `frames` came early."""
        reader = asyncio.ensure_future(self._read(frames))
        pump = asyncio.ensure_future(self._pump())
        try:
            done, _ = await asyncio.wait({reader, pump}, return_when=asyncio.FIRST_COMPLETED)
            return next(iter(done)).result()
        finally:
            for task in (reader, pump):
                task.cancel()
            await asyncio.gather(reader, pump, return_exceptions=True)
            if self._timer is not None:
                self._timer.cancel()
            self.needs_scrollback = self.shells_without_scrollback()
            self._subscriptions.clear()

    async def _read(self, frames: list[bytes]) -> str:
        watchdog = asyncio.ensure_future(self._watch())
        throttle = InputThrottle()
        try:
            while True:
                for frame in frames:
                    if self._closing is not None:
                        await asyncio.Future()  # the pump says so to the client and ends us
                    started = time.thread_time()  # not the wall's: being held up by other programs is no work
                    message = decode_client(self._secured.open(frame))
                    if message is not None:
                        self.session.handle(self, message)
                    if pause := throttle.pause(time.monotonic(), time.thread_time() - started):
                        await asyncio.sleep(pause)
                if self.unread > self._limits.input_bytes // 2:
                    await self._input_room()
                self._heard, self._receiving = time.monotonic(), True
                frames = await self.link.receive()
                self._receiving = False
        except LinkClosed as error:
            return str(error)
        except (MalformedMessage, NoiseError) as error:
            self.close("malformed", f"Your client sent something that is not understood: {error}.")
            await asyncio.Future()
            raise AssertionError from error  # not reached
        finally:
            watchdog.cancel()

    async def _watch(self) -> None:
        """Break the link of a client that is silent, or that does not take its farewell."""
        closing = False
        while True:
            await asyncio.sleep(self._limits.silence / 5)
            if self.link.held or not self._receiving:  # what it has sent is being dealt with: it is alive
                self._heard = time.monotonic()
            # A companion's link may be held up where only its own side knows; its user's own link tells who is there.
            silence = self._limits.silence * (COMPANIONS_PATIENCE if self.main is not None else 1)
            if closing or time.monotonic() - self._heard > silence:
                await self.link.close("silence")
            closing = self._closing is not None

    async def _input_room(self) -> None:
        """Let a large paste wait in the transport as long as the program goes on reading it, for up to 5 s."""
        deadline = time.monotonic() + 5
        while self.unread > self._limits.input_bytes // 2 and time.monotonic() < deadline:
            self._input_taken.clear()
            try:
                await asyncio.wait_for(self._input_taken.wait(), 0.5)
            except asyncio.TimeoutError:
                break

    async def _pump(self) -> str:
        scheduler = self.session.scheduler
        try:
            while True:
                await self._wake.wait()
                await scheduler.turn()
                self._wake.clear()
                started = time.monotonic()
                frames = [self._secured.seal(data) for data in self._messages(started)]
                if frames:
                    size = sum(map(len, frames))
                    self.bytes_sent += size
                    self.session.bytes_sent += size
                    scheduler.spent(time.monotonic() - started + SEND_SECONDS)
                    await self.link.send(frames)
                    await asyncio.sleep(0)  # a link with room has not suspended us
                    if size > GATHER_FROM and self._wake.is_set():  # more has come meanwhile
                        await asyncio.sleep(GATHER)
                if self._closing is not None:
                    if self._cutting is None:  # else the client is not to know that it was meant
                        await self.link.send([self._secured.seal(encode(self._closing))])
                    await self.link.close(self._closing.text)
                    return self._closing.text
        except LinkClosed as error:
            return self._closing.text if self._closing is not None else str(error)

    def _messages(self, now: float) -> Iterator[bytes]:
        """What to send now, as encoded messages."""
        while self._control:
            yield self._control.popleft()
        self._control_size = 0
        yield from self._changes()
        room = min(self._flow.window - self._flow.in_flight, BATCH)
        subscriptions = list(self._subscriptions.values())
        self._first = (self._first + 1) % max(len(subscriptions), 1)  # so that a busy shell starves no other
        for sub in subscriptions[self._first :] + subscriptions[: self._first]:
            for data, size in self._output(sub, room, now):
                room -= size
                self._flow.sent(size, now, limited=room > 0 and sub.position == sub.shell.seq)
                sub.sent += size
                yield data
            if sub.shell.ended and sub.drained:
                self._unsubscribe(sub)
                if self.session.stopped is None:
                    self._shells_changed = False
                    yield self._shell_list()
        if room <= 0 and self._flow.in_flight < self._flow.window:
            self._wake.set()  # the batch is full, not the window

    def _changes(self) -> Iterator[bytes]:
        """The users and shells that have changed since the client was told of them."""
        changed, self._changed_users = self._changed_users, set()
        for uid in changed:
            yield encode(UserDiff(uid, self.session.user_for(self, uid)))
        if self._shells_changed and self.session.stopped is None:  # what was there stays to be read
            self._shells_changed = False
            yield self._shell_list()

    def _shell_list(self) -> bytes:
        """The shells as this client should see them: one that has ended stays until its last output was sent."""
        draining = [(sid, sub.shell.info) for sid, sub in self._subscriptions.items() if sub.shell.ended]
        return encode(Shells(self.session.shell_list() + draining))

    def _output(self, sub: Subscription, room: int, now: float) -> Iterator[tuple[bytes, int]]:
        """Messages of at most about `room` bytes of output for one shell, with the output bytes in each."""
        shell = sub.shell
        if sub.snapshot and sub.generation != shell.generation:
            sub.snapshot, sub.partial = b"", True  # it was for another size
        behind = shell.seq - sub.position
        if sub.position >= 0 and (
            behind > self._flow.backlog
            or sub.position < shell.log.start
            or (behind and sub.position < shell.resized_at)
        ):
            sub.position = -1
            sub.skipped_at = now
        if sub.position < 0 and room > 0:
            self._start_snapshot(sub, scrollback=shell.seq <= PART)
            sub.position = sub.snapshot_seq
            while sub.snapshot:  # all of it at once: it is the screen, and chunks go on from it
                part, size = self._snapshot_part(sub, PART)
                room -= size
                yield part, size
        while room > 0 and 0 <= sub.position < shell.seq:
            chunks = shell.log.read(sub.position, min(room, PART))
            size = sum(map(len, chunks))
            message = encode(Chunks(shell.sid, sub.position, chunks))
            sub.position += size
            room -= size
            yield message, size
        # The scrollback goes in the background: a snapshot in parts, between which output goes on.
        if sub.partial and sub.position >= 0:
            quiet_in = min(shell.last_output + QUIET, sub.skipped_at + STEADY) - now
            if quiet_in > 0:
                self._wake_in(quiet_in)
            elif room > 0:
                self._start_snapshot(sub, scrollback=True)
        while room > 0 and sub.snapshot:
            part, size = self._snapshot_part(sub, min(room, PART))
            room -= size
            yield part, size

    def _start_snapshot(self, sub: Subscription, scrollback: bool) -> None:
        sub.snapshot = sub.shell.snapshot(scrollback)
        sub.snapshot_seq = sub.shell.seq
        sub.snapshot_sent = sub.snapshot_parts = 0
        sub.generation = sub.shell.generation
        sub.partial = not scrollback

    def _snapshot_part(self, sub: Subscription, size: int) -> tuple[bytes, int]:
        part = sub.snapshot[sub.snapshot_sent : sub.snapshot_sent + size]
        sub.snapshot_sent += len(part)
        more = sub.snapshot_sent < len(sub.snapshot)
        message = Snapshot(sub.shell.sid, sub.snapshot_seq, part, sub.snapshot_parts, more)
        sub.snapshot_parts += 1
        if not more:
            sub.snapshot = b""
            if not sub.partial:
                sub.complete_at = sub.sent + len(part)
        return encode(message), len(part)

    def _wake_in(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds + 0.001, self._wake.set)


def _joined(first: Error, second: Error) -> Error | None:
    """Two errors about consecutive input as one, or None if they are not that."""
    one, two = first.details, second.details
    same = (first.code, first.text, one.get("sid")) == (second.code, second.text, two.get("sid"))
    if not same or "n" not in one or "n" not in two or one["n"] + one["bytes"] != two["n"]:
        return None
    return replace(first, details={**one, "bytes": one["bytes"] + two["bytes"]})
