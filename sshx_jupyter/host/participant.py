"""One connected client as the host sees it: the tasks that read its messages and send it what `outgoing` decides.

Nothing that the session tells a participant waits for the participant's link.
"""

from __future__ import annotations

import asyncio
import functools
import time
from collections import deque
from typing import Protocol

from ..links import Link, LinkClosed
from ..protocol.codec import MalformedMessage, decode_client, encode
from ..protocol.codes import CloseCode
from ..protocol.handshake import SecureChannel
from ..protocol.messages import (
    ClientMessage,
    Closed,
    Done,
    Error,
    HostMessage,
    ShellInfo,
    User,
)
from ..protocol.noise import NoiseError
from ..timeouts import wait_for
from .fair_scheduler import FairScheduler
from .input_throttle import InputThrottle
from .limits import Limits
from .outgoing import BATCH, SMALL_BATCH, Outgoing
from .resume_table import ResumeEntry
from .shell import Shell

SEND_SECONDS = 0.00035
SEND_RATE = 500e6
"""What a batch costs: so many seconds whatever its size, its acknowledgment included, and so many bytes a second
(measured)."""
GATHER = 0.005
"""Seconds in which output gathers while more comes than one call to the link carries: calls cost more than bytes."""
ECHO_BYTES = 2048
"""Bytes of output up to which it may be a keystroke's echo. More of it gathers."""
ECHO_PERIOD = 1.0
"""Seconds from a keystroke in which the output of its shell counts as its echo."""
COMPANIONS_PATIENCE = 20
"""How many times as long a companion may be silent."""


class ParticipantSession(Protocol):
    """What a participant needs of its session."""

    limits: Limits
    scheduler: FairScheduler
    shells: dict[int, Shell]
    bytes_sent: int

    @property
    def clients(self) -> int:
        """How many clients are here."""

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
        self.outgoing = Outgoing(
            session.limits, functools.partial(session.user_for, self), session.shell_list, time.monotonic()
        )
        self._wake = asyncio.Event()
        self._typed: tuple[int, float] = (0, float("-inf"))
        """The shell that the client typed into last, and when."""
        self._urgent = False
        """Whether an echo is due, which waits for nobody's turn."""
        self._gathering: asyncio.Future[None] | None = None
        """Done when what has gathered is to be sent."""
        self._timer: asyncio.TimerHandle | None = None
        self._heard = time.monotonic()
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
        self.outgoing.post(data)
        self._wake.set()

    def answer(self, answer: Done | Error) -> None:
        """Answer a request, after what it has changed."""
        assert answer.req is not None
        encoded = encode(answer)
        self.stream.keep_answer(answer.req, encoded)
        self.outgoing.answer(encoded)
        self._wake.set()

    def repeat_answer(self, req: int) -> None:
        """Answer once more a request that was taken over an earlier link."""
        answer = self.stream.answer(req)
        if answer is None:
            answer = encode(Error(req, "forgotten", "The host no longer has the answer to this request."))
        self.post_encoded(answer)

    def send_error(self, error: Error) -> None:
        """Tell the client of an error that answers no request."""
        self.outgoing.send_error(error)
        self._wake.set()

    def user_changed(self, uid: int) -> None:
        """Send what user `uid` is now."""
        self.outgoing.user_changed(uid)
        self._wake.set()

    def shells_changed(self) -> None:
        """Send the list of shells as it is now."""
        self.outgoing.shells_changed()
        self._wake.set()

    def shell_output(self, shell: Shell) -> None:
        """Send what the shell has printed."""
        sid, typed = self._typed
        if self._wake.is_set() and sid != shell.sid:
            return
        sub = self.outgoing.subscriptions.get(shell.sid)
        if sub is None:
            return
        self._wake.set()
        if sid == shell.sid and sub.waiting <= ECHO_BYTES and shell.last_output - typed < ECHO_PERIOD:
            self._urgent = True
            self.session.scheduler.hurry(self)
            self._send_gathered()

    def close(self, code: CloseCode, text: str) -> None:
        """End this client's participation, telling it why. Nothing that it sends is taken any more."""
        self.outgoing.close(Closed(code, text))
        self._wake.set()

    def cut(self) -> None:
        """Break the link; the client may come back."""
        if self.outgoing.closing is None:
            self.outgoing.close(Closed("stopped", "The connection was lost."))
            self._cutting = asyncio.ensure_future(self.link.close())

    # What the client asks for.

    def complete(self, shell: Shell, on: bool) -> None:
        """Send all of a shell's output, however late, or no longer; for those who may type, more of it is kept."""
        holds = self.stream.holds
        if not on:
            holds.pop(shell.sid, None)
        elif shell.sid not in holds and self.user.role != "reader" and (hold := shell.log.hold()) is not None:
            holds[shell.sid] = hold
        self.outgoing.complete(shell.sid, on, holds.get(shell.sid), time.monotonic())
        self._wake.set()

    def subscribe(self, shell: Shell, seq: int) -> None:
        """Start or resume sending a shell's output; see `Outgoing.subscribe`."""
        if not self.outgoing.is_complete(shell.sid):
            self.stream.holds.pop(shell.sid, None)  # of an earlier link
        self.outgoing.subscribe(shell, seq, shell.sid in self.needs_scrollback, time.monotonic())
        self._wake.set()

    def acknowledge(self, sid: int, received: int) -> None:
        """Note that the client has parsed `received` bytes of this shell's output since its link began."""
        self.outgoing.acknowledge(sid, received, time.monotonic())
        self._wake.set()

    @property
    def draining(self) -> bool:
        """Whether the client was not sent all of the output of shells that have ended."""
        return self.outgoing.draining

    def shells_without_scrollback(self) -> set[int]:
        """Shells whose scrollback the client may still lack."""
        subscriptions = self.outgoing.subscriptions
        here = {sid for sid, sub in subscriptions.items() if sub.needs_scrollback}
        return here | (self.needs_scrollback - subscriptions.keys())

    def take_input(self, shell: Shell, data: bytes) -> bool:
        """Pass input on to a shell; False when the client's bound of unread input does not allow it."""
        if not data:
            return True
        if self.unread + len(data) > self._limits.input_bytes:
            return False
        self.unread += len(data)
        self._typed = shell.sid, time.monotonic()
        shell.typed(data)
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

    async def _read(self, frames: list[bytes]) -> str:
        watchdog = asyncio.ensure_future(self._watch())
        throttle = InputThrottle()
        try:
            while True:
                for frame in frames:
                    if self.outgoing.closing is not None:
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
            closing = self.outgoing.closing is not None

    async def _input_room(self) -> None:
        """Let a large paste wait in the transport as long as the program goes on reading it, for up to 5 s."""
        deadline = time.monotonic() + 5
        while self.unread > self._limits.input_bytes // 2 and time.monotonic() < deadline:
            self._input_taken.clear()
            try:
                await wait_for(self._input_taken.wait(), 0.5)
            except asyncio.TimeoutError:
                break

    async def _pump(self) -> str:
        outgoing, scheduler = self.outgoing, self.session.scheduler
        try:
            while not outgoing.ended:
                await self._wake.wait()
                waited = 0.0 if self._urgent else await scheduler.turn(self)
                if self._cutting is not None:  # the client must not learn that the host has cut its link
                    break
                self._wake.clear()
                self._urgent = False
                now = time.monotonic()
                crowd = self.session.clients if waited else 1
                sid, typed = self._typed
                echoes, most = (sid, SMALL_BATCH) if now - typed < ECHO_PERIOD else (None, BATCH)
                frames = [self._secured.seal(message) for message in outgoing.take(now, crowd, echoes)]
                if outgoing.take_again is not None:
                    self._wake_at(outgoing.take_again, now)
                if frames:
                    size = sum(map(len, frames))
                    self.bytes_sent += size
                    self.session.bytes_sent += size
                    scheduler.spent(SEND_SECONDS + size / SEND_RATE)
                    await self.link.send(frames)
                    await asyncio.sleep(0)  # a link with room has not suspended us
                    if ECHO_BYTES < size < most and self._wake.is_set() and not self._urgent:  # more has come meanwhile
                        await self._gather()
        except LinkClosed as error:
            return outgoing.closing.text if outgoing.closing is not None else str(error)
        assert outgoing.closing is not None
        await self.link.close(outgoing.closing.text)
        return outgoing.closing.text

    async def _gather(self) -> None:
        """Let output gather, but not while an echo is due."""
        loop = asyncio.get_running_loop()
        self._gathering = loop.create_future()
        timer = loop.call_later(GATHER, self._send_gathered)
        try:
            await self._gathering
        finally:
            timer.cancel()

    def _send_gathered(self) -> None:
        if self._gathering is not None and not self._gathering.done():
            self._gathering.set_result(None)

    def _wake_at(self, at: float, now: float) -> None:
        if at <= now:
            self._wake.set()
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(at - now + 0.001, self._wake.set)
