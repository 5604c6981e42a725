"""`SshxClient`: takes part in a session over any link. For scripts, agents, the command line and the notebook.

    async with SshxClient.connect(ticket) as client:
        result = await client.run("uname -a")

It keeps the session's state as the host tells it (users, shells, chat, and each shell's exact screen), reconnects by
itself with backoff, and resumes: same user, no output lost, none twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, TypeAlias

from .command import CommandError, CommandRun, RunResult
from .events import Event, Events, InfoChanged, Output, State, StateChanged
from .host.screen import Screen, new_screen
from .host.screen import load as load_screens
from .links import FrameReader, Link, LinkClosed, Path, Unreachable
from .output import ShellOutput
from .protocol.codec import MalformedMessage, decode_host, encode
from .protocol.handshake import ClientHandshake, Credentials, Refused, Secured
from .protocol.messages import (
    Approve,
    Chat,
    Chunks,
    ClientMessage,
    Close,
    Closed,
    Create,
    Data,
    Error,
    Geometry,
    Hear,
    Hello,
    HostMessage,
    Join,
    Kick,
    Lock,
    Move,
    Ping,
    Pong,
    RequestWrite,
    Role,
    SetColor,
    SetCursor,
    SetFocus,
    SetName,
    SetRole,
    ShellInfo,
    ShellLatency,
    Shells,
    Snapshot,
    User,
    UserDiff,
    Users,
    Waiting,
)
from .protocol.noise import NoiseError
from .ticket import Ticket

log = logging.getLogger(__name__)

Dial: TypeAlias = Callable[[], Awaitable[Link]]

PING_PERIOD = 2.0
SILENCE = 15.0
"""Seconds without a word from the host after which the link is dead."""
BACKOFF = (0.5, 15.0)
"""Seconds before the first and, doubling, before the later attempts to reconnect."""
ANSWER = 15.0
"""Seconds in which the host should have done what it was asked for."""
ACK_BYTES = 4 << 10
ACK_DELAY = 0.02
"""Parsed output is acknowledged when this many bytes of it arrived at once, or after so many seconds."""
INPUT_PIECE = 32 << 10
OUTBOX_BYTES = 256 << 10
"""Input that may wait for the link; `send` waits for room beyond it."""
SCROLLBACK = 10_000
RETRY = frozenset({"busy", "rateLimited", "full"})
"""Refusals that may pass, so that a client which was inside before tries again."""


class SessionEnded(ConnectionError):
    """The session is over for this client: stopped, removed, or not let in. `str()` is a sentence for the person."""


class SshxClient:
    """One user of a session. Make one with `connect`, and use it as an async context manager.

    Attributes:
        uid: this user's number, 0 before the first connection.
        users: the users who are here, by uid.
        shells: the shells, by sid, the topmost last.
        messages: the chat so far, oldest first.
        info: what the host says of the session: name, role, readOnly and so on.
        state: see `State`.
        latency: seconds from here to the host and back, or None before it is known.
        shell_latency: milliseconds from input to output at the host, or None before it is known.
        bytes_in, bytes_out: traffic of all links so far.
    """

    def __init__(
        self, credentials: Credentials, dial: Dial, *, name: str | None, observer: bool, screens: bool, outputs: bool
    ) -> None:
        self.uid = 0
        self.users: dict[int, User] = {}
        self.shells: dict[int, ShellInfo] = {}
        self.messages: deque[Hear] = deque(maxlen=1000)
        self.info: dict[str, Any] = {}
        self.state: State = "connecting"
        self.latency: float | None = None
        self.shell_latency: float | None = None
        self.bytes_in = self.bytes_out = 0
        self._credentials = credentials
        self._psk: bytes | None = None
        self._dial = dial
        self._name = _utf8(name) if name is not None else None
        self._observer = observer
        self._with_screens = screens
        self._with_outputs = outputs or screens
        self._resume: bytes | None = None
        self._heard = 0.0
        self._link: Link | None = None
        self._secured: Secured | None = None
        self._shells: dict[int, ShellOutput] = {}
        self._outbox: deque[ClientMessage] = deque()
        self._outbox_size = 0
        self._outbox_changed = asyncio.Event()
        self._outbox_room = asyncio.Event()
        self._ack_timer: asyncio.TimerHandle | None = None
        self._last_heard = time.monotonic()
        self._answered = 0.0
        """All that was posted before this time has been answered, or will not be."""
        self._events = Events()
        self._changed = asyncio.Event()
        self._runner: asyncio.Task[None] | None = None
        self._first: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._owned: Callable[[], Awaitable[None]] | None = None
        self._ended = ""
        self._run_lock = asyncio.Lock()
        self._ask_lock = asyncio.Lock()

    @classmethod
    @contextlib.asynccontextmanager
    async def connect(
        cls,
        ticket: str | Ticket | Credentials,
        *,
        name: str | None = None,
        password: str | None = None,
        dial: Dial | None = None,
        relays: str | Sequence[str] | None = None,
        observer: bool = False,
        screens: bool = True,
        outputs: bool = True,
        on_event: Callable[[Event], None] | None = None,
    ) -> AsyncIterator[SshxClient]:
        """Join a session for as long as the context lasts.

        Args:
            ticket: a ticket, or `Credentials` together with `dial`.
            name: what others see; the host makes one up if it is None.
            password: the session's password, if its ticket says that one is needed.
            dial: makes links; over iroh from an endpoint of the client's own if None.
            relays: for that endpoint; see `SshxNode.spawn`.
            observer: not to be listed among the users; for owners.
            screens: whether to keep every shell's screen (see `screen`).
            outputs: whether to have every shell's output; else, without screens, only of those that `run` is used in.
            on_event: called with every event, also while this waits for the host's approval.

        Raises:
            TicketError: if the ticket is not one.
            Unreachable: if there is no way to the host.
            Refused: if the host does not let the client in.
            SessionEnded: if the host turned it away, or the session ended while it waited for approval.
        """
        if isinstance(ticket, str):
            ticket = Ticket.decode(ticket)
        async with contextlib.AsyncExitStack() as stack:
            if isinstance(ticket, Ticket):
                credentials = ticket.credentials(password if ticket.password else None)
                if ticket.password and password is None:
                    raise Refused("passwordRequired")
                if dial is None:
                    dial = await stack.enter_async_context(_iroh_dial(ticket, relays))
            else:
                credentials = ticket
            if dial is None:
                raise TypeError("credentials without a ticket need `dial`")
            client = cls(credentials, dial, name=name, observer=observer, screens=screens, outputs=outputs)
            if on_event is not None:
                client.observe(on_event)
            try:
                await client._start()
                yield client
            finally:
                await client.close()

    # What is known.

    @property
    def role(self) -> Role:
        """What this user may do now."""
        me = self.users.get(self.uid)
        role: Role = me.role if me is not None else self.info.get("role", self._credentials.role)
        return role

    @property
    def ended(self) -> str:
        """Why the session is over for this client; empty while it is not."""
        return self._ended

    def path(self) -> Path | None:
        """How frames travel right now; None without a link."""
        return self._link.path() if self._link is not None else None

    def screen(self, sid: int) -> Screen:
        """The exact screen of a shell. Raises KeyError for an unknown shell, or if screens are not kept."""
        screen = self._shells[sid].screen
        if screen is None:
            raise KeyError(sid)
        return screen

    async def wait_for(self, condition: Callable[[SshxClient], Any]) -> None:
        """Wait until `condition(client)` is true; it is tried after each message. Raises `SessionEnded`."""
        while not condition(self):
            if self._ended:
                raise SessionEnded(self._ended)
            self._changed.clear()
            await self._changed.wait()

    def __aiter__(self) -> AsyncIterator[Event]:
        """Everything that happens, from the first on. Ends with the session. One reader at a time."""
        return self._events.read()

    def observe(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        """Call `callback` with every event from now on; returns what ends that."""
        return self._events.observe(callback)

    # What a user does. Each raises `SessionEnded` when the session is over. What is not allowed, the host answers with
    # an `Error` event.

    async def create(self, x: int | None = None, y: int | None = None) -> int:
        """Open a shell, beside the others unless a place on the canvas is given; returns its sid.

        Raises `CommandError`.
        """
        known = set(self.shells)
        if x is None or y is None:
            x, y = max((shell.x for shell in self.shells.values()), default=-800) + 800, 0
        await self.ask(Create(x, y), lambda: bool(set(self.shells) - known))
        return max(set(self.shells) - known)

    async def close_shell(self, sid: int) -> None:
        """End a shell for everyone. Raises `CommandError`."""
        await self.ask(Close(sid), lambda: sid not in self.shells)

    async def send(self, sid: int, data: bytes | str) -> None:
        """Type into a shell. Waits while the link is full, not for the program."""
        if isinstance(data, str):
            data = data.encode()
        for start in range(0, len(data), INPUT_PIECE):
            while self._outbox_size > OUTBOX_BYTES or (self.state == "reconnecting" and not self._ended):
                self._outbox_room.clear()
                await self._outbox_room.wait()
            self._post(Data(sid, data[start : start + INPUT_PIECE]))

    async def run(self, command: str, shell: int | None = None, timeout: float | None = None) -> RunResult:
        """Type a command into a shell (the first, or a new one) and wait until it has ended.

        The shell must be at its prompt and be one of the sh family. The command is seen by everyone who watches. If who
        reads the events waits here, the oldest of them are forgotten if they become too many.

        Raises:
            CommandError: if it cannot be typed, or the shell ends, or `timeout` seconds pass; it is interrupted then.
        """
        try:
            with self._events.set_aside():
                return await asyncio.wait_for(self._run_command(command, shell), timeout)
        except asyncio.TimeoutError:
            raise CommandError(f"The command took longer than {timeout:g} s and was interrupted.") from None

    async def _run_command(self, command: str, shell: int | None) -> RunResult:
        async with self._run_lock:
            if shell is None:
                shell = next(iter(self.shells), None) or await self.create()
            if shell not in self.shells:
                raise CommandError(f"There is no shell {shell}.")
            if self.role == "reader":
                raise CommandError("You can watch but not run commands here: ask the host for write access.")
            self._want(shell)
            await self.wait_for(lambda _: shell not in self.shells or self._shells[shell].seq >= 0)
            command_run = CommandRun()
            errors: list[str] = []
            earlier_done = self._fence()

            def on_event(event: Event) -> None:
                if isinstance(event, Output) and event.sid == shell:
                    command_run.on_output(event.data, event.snapshot, event.missed)
                elif isinstance(event, Error) and earlier_done() and not command_run.begun:
                    errors.append(event.text)

            def over(_: SshxClient) -> bool:
                return command_run.done or bool(errors) or shell not in self.shells

            stop_observing = self.observe(on_event)
            try:
                await self.send(shell, command_run.line(command))
                await self.wait_for(over)
            except asyncio.CancelledError:
                if not self._ended and shell in self.shells:
                    self._post(Data(shell, b"\x03"))
                raise
            finally:
                stop_observing()
            if errors and not command_run.done:
                raise CommandError(errors[0])
            return command_run.result()

    async def chat(self, text: str) -> None:
        """Say something to everyone."""
        self._post(Chat(text))

    async def set_name(self, name: str) -> None:
        """Change one's own name."""
        self._name = _utf8(name)
        self._post(SetName(name))

    async def set_color(self, color: str) -> None:
        """Change one's own colour, "#rrggbb"."""
        self._post(SetColor(color))

    async def set_cursor(self, at: tuple[float, float] | None) -> None:
        """Say where one's pointer is on the canvas."""
        self._post(SetCursor(at))

    async def set_focus(self, sid: int | None) -> None:
        """Say which shell one looks at."""
        self._post(SetFocus(sid))

    async def move(self, sid: int, to: Geometry | None) -> None:
        """Move and resize a shell, or raise it above the others (None)."""
        self._post(Move(sid, to))

    async def request_write(self) -> None:
        """Ask the host for write access."""
        self._post(RequestWrite())

    async def set_role(self, uid: int, role: Role) -> None:
        """Change what a user may do; for owners."""
        self._post(SetRole(uid, role))

    async def kick(self, uid: int, reason: str = "") -> None:
        """Remove a user; for owners."""
        self._post(Kick(uid, reason))

    async def approve(self, uid: int, allow: bool) -> None:
        """Let in a user who waits, or not; for owners."""
        self._post(Approve(uid, allow))

    async def lock(self, locked: bool) -> None:
        """Let nobody new in, or let them in again; for owners."""
        self._post(Lock(locked))

    async def close(self) -> None:
        """Leave. Safe to call twice."""
        runner, self._runner = self._runner, None
        if runner is not None:
            if not self._ended:
                await self._flush()
            runner.cancel()
            await asyncio.gather(runner, return_exceptions=True)
        self._end("You left the session.")

    async def ask(self, message: ClientMessage, done: Callable[[], bool]) -> None:
        """Send a message and wait until it is done. Raises `CommandError` with the reason if it is not."""
        async with self._ask_lock:
            errors: list[str] = []
            earlier_done = self._fence()

            def on_event(event: Event) -> None:
                if isinstance(event, Error) and earlier_done():
                    errors.append(event.text)
                elif isinstance(event, StateChanged) and event.state == "reconnecting":
                    errors.append("The connection broke before the host could answer. Try again.")

            stop_observing = self.observe(on_event)
            try:
                self._post(message)
                with self._events.set_aside():
                    await asyncio.wait_for(self.wait_for(lambda _: errors or done()), ANSWER)
            except asyncio.TimeoutError:
                errors.append("The host did not answer. Try again.")
            finally:
                stop_observing()
            if errors and not done():
                raise CommandError(errors[0])

    # Connecting.

    async def _start(self) -> None:
        if self._credentials.password is not None:
            self._psk = await asyncio.to_thread(self._credentials.psk)
        else:
            self._psk = self._credentials.psk()
        if self._with_screens:
            await asyncio.to_thread(load_screens)
        self._runner = asyncio.ensure_future(self._run())
        await self._first

    async def _run(self) -> None:
        try:
            await self._keep_connected()
        except Exception as error:  # a fault of ours: whoever waits must learn that nothing more comes
            log.exception("the client failed")
            if not self._first.done():
                self._first.set_exception(error)
            self._end("The client has failed; its log says why.")

    async def _keep_connected(self) -> None:
        delay = BACKOFF[0]
        while True:
            started = time.monotonic()
            try:
                reason = await self._session()
            except (
                Unreachable,
                LinkClosed,
                NoiseError,
                MalformedMessage,
                asyncio.TimeoutError,
                Refused,
            ) as error:
                if isinstance(error, (LinkClosed, asyncio.TimeoutError)) and not self._first.done():
                    error = Unreachable("The host answered, but the connection broke at once. Try again.")
                if not self._first.done():
                    self._first.set_exception(error)
                    self._end(str(error))
                    return
                if isinstance(error, Refused) and error.reason not in RETRY:
                    self._end(str(error))
                    return
                reason = str(error)
            if self._ended:
                return
            self._set_state("reconnecting", reason)
            if time.monotonic() - started > BACKOFF[1]:
                delay = BACKOFF[0]
            await asyncio.sleep(delay * random.uniform(0.5, 1.0))
            delay = min(delay * 2, BACKOFF[1])

    async def _session(self) -> str:
        """One link from its making to its end; returns why it ended."""
        self._link = link = await self._dial()
        tasks: list[asyncio.Task[Any]] = []
        try:
            reader = FrameReader(link)
            handshake = ClientHandshake(self._credentials, self._psk)
            await link.send(handshake.start())
            self._secured = handshake.receive(await asyncio.wait_for(reader.next(), SILENCE))
            self._last_heard = self._answered = time.monotonic()
            # What was not sent yet is still meant; the rest spoke of the link that broke.
            unsent = [message for message in self._outbox if isinstance(message, (Data, Chat))]
            self._outbox = deque([Join(self._name, self._resume, self._heard, self._observer), *unsent])
            for shell in self._shells.values():
                shell.new_link()
            tasks = [
                asyncio.ensure_future(work)
                for work in (self._read(link, reader.rest()), self._write(link), self._ping(link))
            ]
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            return str(next(iter(done)).result())
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if self._ack_timer is not None:
                self._ack_timer.cancel()
                self._ack_timer = None
            self._link = None
            await link.close()

    async def _read(self, link: Link, frames: Sequence[bytes]) -> str:
        secured = self._secured
        assert secured is not None
        while True:
            for frame in frames:
                self.bytes_in += len(frame)
                message = decode_host(secured.open(frame))
                if message is not None:
                    self._receive(message)
                if self._ended:
                    return self._ended
            self._acknowledge(ACK_BYTES)  # the rest waits for more, or for the timer
            self._last_heard = time.monotonic()
            while self._events.full:
                await self._events.changed()
                self._last_heard = time.monotonic()
            self._changed.set()
            frames = await link.receive()

    async def _write(self, link: Link) -> str:
        secured = self._secured
        assert secured is not None
        while True:
            while not self._outbox:
                self._outbox_changed.clear()
                await self._outbox_changed.wait()
            frames = [secured.seal(encode(message)) for message in self._outbox]
            self._outbox.clear()
            self._outbox_size = 0
            self._outbox_room.set()
            self.bytes_out += sum(map(len, frames))
            await link.send(frames)

    async def _ping(self, link: Link) -> str:
        while True:
            self._post(Ping(time.monotonic()))
            await asyncio.sleep(PING_PERIOD)
            if time.monotonic() - self._last_heard > SILENCE:
                return "nothing was heard from the host"

    def _fence(self) -> Callable[[], bool]:
        """Tells whether an error that comes is about something later than this call."""
        now = time.monotonic()
        self._post(Ping(now))
        return lambda: self._answered >= now

    async def _flush(self) -> None:
        """Give what was posted last a moment to leave."""
        with contextlib.suppress(asyncio.TimeoutError):
            while self._outbox and self._link is not None:
                self._outbox_room.clear()
                await asyncio.wait_for(self._outbox_room.wait(), 1)

    def _post(self, message: ClientMessage) -> None:
        if self._ended:
            raise SessionEnded(self._ended)
        self._outbox.append(_well_formed(message))
        if isinstance(message, Data):
            self._outbox_size += len(message.data)
        self._outbox_changed.set()

    # What the host says.

    def _receive(self, message: HostMessage) -> None:
        match message:
            case Chunks(sid):
                if (shell := self._shells.get(sid)) is not None:
                    output = shell.on_chunks(message)
                    if output is not None:
                        self._events.emit(output)
                    self._parsed()
            case Snapshot(sid):
                if (shell := self._shells.get(sid)) is not None:
                    answer = shell.on_snapshot(message)
                    if isinstance(answer, Output):
                        self._events.emit(answer)
                    elif answer is not None:
                        self._post(answer)
                    self._parsed()
            case Pong(t):
                self.latency = time.monotonic() - t
                self._answered = t
            case Users(users):
                self.users = dict(users)
                self._events.emit(message)
            case UserDiff(uid, user):
                if user is None:
                    self.users.pop(uid, None)
                else:
                    self.users[uid] = user
                    if uid == self.uid:
                        self._name = user.name  # a companion may have changed it
                self._events.emit(message)
            case Shells(shells):
                self._on_shells(dict(shells))
                self._events.emit(message)
                if not self._first.done():  # now all is known that the host tells those who come
                    self._first.set_result(None)
            case Hear():
                self._heard = max(self._heard, message.time)
                self.messages.append(message)
                self._events.emit(message)
            case ShellLatency(ms):
                self.shell_latency = ms
                self._events.emit(message)
            case Error():
                self._events.emit(message)
            case Hello(uid, info):
                changed = info != self.info
                self.uid, self.info = uid, info
                token = info.get("token")
                self._resume = token if isinstance(token, bytes) else None
                self._set_state("connected")
                if changed:
                    self._events.emit(InfoChanged())
            case Waiting():
                self._set_state("waiting")
            case Closed(reason):
                if not self._first.done():
                    self._first.set_exception(SessionEnded(reason))
                self._end(reason)

    def _on_shells(self, shells: dict[int, ShellInfo]) -> None:
        for sid in self._shells.keys() - shells.keys():
            del self._shells[sid]
        for sid, info in shells.items():
            shell = self._shells.get(sid)
            if shell is None:
                screen = new_screen(info.rows, info.cols, SCROLLBACK) if self._with_screens else None
                shell = self._shells[sid] = ShellOutput(sid, screen)
            shell.resize(info.rows, info.cols)
            if shell.wanted or self._with_outputs:
                self._want(sid)
        self.shells = shells

    def _want(self, sid: int) -> None:
        """Ask for a shell's output, from where it was left."""
        if (subscribe := self._shells[sid].subscription()) is not None:
            self._post(subscribe)

    def _parsed(self) -> None:
        if self._ack_timer is None:
            self._ack_timer = asyncio.get_running_loop().call_later(ACK_DELAY, self._acknowledge_all)

    def _acknowledge_all(self) -> None:
        self._ack_timer = None
        self._acknowledge(1)

    def _acknowledge(self, least: int) -> None:
        if self._ended:
            return
        for shell in self._shells.values():
            if (ack := shell.acknowledgement(least)) is not None:
                self._post(ack)

    def _set_state(self, state: State, reason: str = "") -> None:
        if self.state != state:
            self.state = state
            self._events.emit(StateChanged(state, reason))
        self._changed.set()
        self._outbox_room.set()

    def _end(self, reason: str) -> None:
        if not self._ended:
            self._ended = reason or "The session has ended."
            self._set_state("ended", self._ended)
            self._events.end()


def _well_formed(message: ClientMessage) -> ClientMessage:
    """The message with a question mark for halves of characters, which cannot be sent."""
    match message:
        case Chat(text):
            return Chat(_utf8(text))
        case SetName(name):
            return SetName(_utf8(name))
        case Kick(uid, reason):
            return Kick(uid, _utf8(reason))
    return message


def _utf8(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


@contextlib.asynccontextmanager
async def _iroh_dial(ticket: Ticket, relays: str | Sequence[str] | None) -> AsyncIterator[Dial]:
    from .links.iroh import SshxNode  # only a client of its own needs an endpoint

    async with await SshxNode.spawn(relays=relays) as node:
        yield lambda: node.join(ticket)
