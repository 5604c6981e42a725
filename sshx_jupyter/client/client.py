"""`SshxClient`: takes part in a session over any link. For scripts, agents, the command line and the notebook.

    async with SshxClient.connect(ticket) as client:
        result = await client.run("uname -a")

It keeps the session's state as the host tells it (users, shells, chat, and each shell's exact screen), reconnects by
itself with backoff, and resumes: same user, and no output, input or request lost or done twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

from ..links import LinkClosed, LinkPath, Unreachable
from ..protocol.codec import MalformedMessage
from ..protocol.codes import REFUSAL_CODES, RETRY
from ..protocol.handshake import ClientKey, Credentials, Refused
from ..protocol.messages import (
    Approve,
    Chat,
    Chunks,
    ClientMessage,
    Close,
    Closed,
    Create,
    Done,
    Error,
    Hear,
    Hello,
    HostMessage,
    Join,
    JoinKind,
    Kick,
    Lock,
    LockSize,
    Move,
    NewTickets,
    Ping,
    Place,
    Pong,
    Remove,
    Rename,
    Request,
    RequestWrite,
    Resize,
    Role,
    SetColor,
    SetCursor,
    SetFocus,
    SetListed,
    SetName,
    SetRole,
    ShellChanged,
    ShellInfo,
    ShellLatency,
    Shells,
    Snapshot,
    UserDiff,
    Users,
    Waiting,
)
from ..protocol.noise import NoiseError
from ..screen.screen import Screen, new_screen
from ..screen.screen import load as load_screens
from ..ticket import Ticket
from ..timeouts import wait_for
from .command import CommandError, RunResult
from .connection import Connection, ConnectionHandlers, Dial, Traffic
from .events import Event, Events, InfoChanged, InputHeld, InputLost, Output, State, StateChanged
from .outbox import PIECE, Ask, Input, Loss, LossCode, Outbox, StaleInput
from .output import ShellOutput
from .retry import LATE, NO_ANSWER, NO_ANSWER_YET, UNREACHABLE, Backoff, after_end
from .runner import CommandRunner
from .state import SessionState

log = logging.getLogger(__name__)

ACK_BYTES = 4 << 10
ACK_DELAY = 0.02
"""Parsed output is acknowledged when this many bytes of it arrived at once, or after so many seconds."""
OUTBOX_BYTES = 256 << 10
"""Input that the host may not have; `send` waits for room beyond it."""
OUTBOX_REQUESTS = 256
"""Requests that may wait for the link; more wait for room."""
SCROLLBACK = 10_000


class SessionEnded(ConnectionError):
    """The session is over for this client: stopped, removed, or not let in. `str()` is a sentence for the person.

    Attributes:
        code: the word by which programs tell why: a `CloseCode` of the host's, `left`, or `failed` for a fault of this
            side's; a newer host may have more.
    """

    def __init__(self, text: str, code: str = "") -> None:
        super().__init__(text)
        self.code = code


class InputNotDelivered(ConnectionError):
    """Input did not reach its shell, or may not have. `str()` is a sentence that holds nothing of the input."""


class SshxClient(SessionState):
    """One user of a session. Make one with `connect`, and use it as an async context manager.

    Attributes:
        state: see `State`.
        end_code: in a word, why the session is over for this client; empty while it is not. See `SessionEnded`.
        latency: seconds from here to the host and back, or None before it is known.
    """

    def __init__(
        self,
        credentials: Credentials,
        dial: Dial,
        *,
        name: str | None,
        observer: bool,
        screens: bool,
        outputs: bool,
        complete: bool,
        stale_input: StaleInput,
        keep_trying: bool,
    ) -> None:
        super().__init__(credentials.role)
        self.state: State = "connecting"
        self.latency: float | None = None
        self.end_code = ""
        self._credentials = credentials
        self._psk: bytes | None = None
        self._dial = dial
        self._name = _utf8(name) if name is not None else None
        self._observer = observer
        self._with_screens = screens
        self._with_outputs = outputs or screens
        self._complete = complete
        self._token: bytes | None = None
        """What makes this client the same one on its next link."""
        self._connection: Connection | None = None
        self._traffic = Traffic()
        self._shells: dict[int, ShellOutput] = {}
        self._outbox = Outbox(stale_input)
        self._answers: dict[Ask, list[asyncio.Future[Any]]] = {}
        self._lost: InputLost | None = None
        """Input that was not delivered, which the next `send` tells."""
        self._hello: Hello | None = None
        """The first of this link."""
        self._settled = False
        """Whether the host has told all that it tells those who join, on this link."""
        self._room = asyncio.Event()
        self._ack_timer: asyncio.TimerHandle | None = None
        self._events = Events()
        self._changed = asyncio.Event()
        self._runner: asyncio.Task[None] | None = None
        self._first: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._keep_trying = keep_trying
        self._waited = False
        """Whether the host has ever had it wait for approval."""
        self._patience: asyncio.TimerHandle | None = None
        """Runs while the host has not answered yet."""
        self._owned: Callable[[], Awaitable[None]] | None = None
        self._ended = ""
        self._commands = CommandRunner(self)

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
        complete: bool = False,
        stale_input: StaleInput = "error",
        keep_trying: bool = False,
        on_event: Callable[[Event], None] | None = None,
    ) -> AsyncIterator[SshxClient]:
        """Join a session for as long as the context lasts.

        Args:
            ticket: a ticket, or `Credentials` together with `dial`.
            name: what others see; the host makes one up if it is None.
            password: the session's password, if its ticket says that one is needed.
            dial: makes links; over iroh from an endpoint of the client's own if None.
            relays: for that endpoint; see `SshxNode.spawn`.
            observer: hidden from the user list; for owners.
            screens: whether to keep every shell's screen (see `screen`).
            outputs: whether to have every shell's output; else, without screens, only of those that `run` is used in.
            complete: whether all output must come, however late, as far as the host keeps it (8 MiB a shell; 16 MiB
                for a few clients that may type), rather than the screen as it is now when this client is behind.
            stale_input: what becomes of input that has waited for a new link for longer than 10 s: see `StaleInput`.
            keep_trying: whether to go on while the host does not answer (`unreachable`), until this is cancelled.
            on_event: called with every event, also while this waits for the host's answer or approval.

        Raises:
            TicketError: if the ticket is not one.
            Unreachable: if there is no way to the host, unless `keep_trying` is true.
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
            client = cls(
                credentials,
                dial,
                name=name,
                observer=observer,
                screens=screens,
                outputs=outputs,
                complete=complete,
                stale_input=stale_input,
                keep_trying=keep_trying,
            )
            if on_event is not None:
                client.observe(on_event)
            try:
                await client._start()
                yield client
            finally:
                await client.close()

    # What is known.

    @property
    def ended(self) -> str:
        """Why the session is over for this client; empty while it is not."""
        return self._ended

    @property
    def waiting_input(self) -> int:
        """Bytes of input that wait for the connection, or for a decision (`held_input`), and may not have arrived."""
        return sum(len(item.data) for item in self._outbox.waiting())

    @property
    def held_input(self) -> bytes:
        """Input that waits for `send_held` or `discard_held`, as the connection was broken for long. Mostly empty."""
        return b"".join(item.data for item in self._outbox.waiting()) if self._outbox.held else b""

    @property
    def bytes_in(self) -> int:
        """Bytes received over all links so far."""
        return self._traffic.received

    @property
    def bytes_out(self) -> int:
        """Bytes sent over all links so far."""
        return self._traffic.sent

    def path(self) -> LinkPath | None:
        """How frames travel right now; None without a link."""
        return self._connection.path() if self._connection is not None else None

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
                raise self._over()
            self._changed.clear()
            await self._changed.wait()

    def __aiter__(self) -> AsyncIterator[Event]:
        """Everything that happens, from the first on. Ends with the session. One reader at a time."""
        return self._events.read()

    def observe(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        """Call `callback` with every event from now on; returns what ends that."""
        return self._events.observe(callback)

    # What a user does. Each waits until the host has done it, over as many links as that takes. Each raises
    # `SessionEnded` when the session is over and `CommandError` when the host refuses, and an `Error` event tells.

    async def create(self, x: int | None = None, y: int | None = None) -> int:
        """Open a shell, beside the others unless a place on the canvas is given; returns its sid."""
        if x is None or y is None:
            x, y = max((shell.x for shell in self.shells.values()), default=-800) + 800, 0
        sid: int = await self._request(Create(0, x, y))
        return sid

    async def close_shell(self, sid: int, force: bool = False) -> None:
        """End a shell for everyone, and wait until it has ended. Unless `force` is true, it must be at its prompt."""
        await self._request(Close(0, sid, force))
        await self.wait_for(lambda _: sid not in self.shells)

    async def remove_shell(self, sid: int) -> None:
        """Take a terminal that was running before it was shared out of the session; for owners. It runs on."""
        await self._request(Remove(0, sid))
        await self.wait_for(lambda _: sid not in self.shells)

    async def move(self, sid: int, to: Place) -> None:
        """Move a shell to a place on the canvas, or only raise it above the others (None)."""
        await self._request(Move(0, sid, to))

    async def resize(self, sid: int, rows: int, cols: int) -> None:
        """Give a shell another size in cells."""
        await self._request(Resize(0, sid, rows, cols))

    async def lock_size(self, sid: int, locked: bool) -> None:
        """Keep a shell's size as it is for everyone, or let it be changed again."""
        await self._request(LockSize(0, sid, locked))

    async def rename_shell(self, sid: int, name: str) -> None:
        """Give a shell a name or, with an empty one, the title that its program sets."""
        await self._request(Rename(0, sid, _utf8(name)))

    async def chat(self, text: str) -> None:
        """Say something to everyone."""
        await self._request(Chat(0, _utf8(text)))

    async def set_name(self, name: str) -> None:
        """Change one's own name."""
        name = _utf8(name)
        await self._request(SetName(0, name))
        self._name = name

    async def set_color(self, color: str) -> None:
        """Change one's own color, "#rrggbb"."""
        await self._request(SetColor(0, _utf8(color)))

    async def request_write(self) -> None:
        """Ask the host for write access."""
        await self._request(RequestWrite(0))

    async def set_role(self, uid: int, role: Role) -> None:
        """Change what a user may do; for owners."""
        await self._request(SetRole(0, uid, role))

    async def kick(self, uid: int, reason: str = "", new_tickets: bool = True) -> None:
        """Remove a user; for owners. Without `new_tickets` the old ticket lets the user in again."""
        await self._request(Kick(0, uid, _utf8(reason), new_tickets))

    async def new_tickets(self) -> None:
        """Make new tickets; for owners. The old ones let nobody in any more, but who has been inside comes back."""
        await self._request(NewTickets(0))

    async def approve(self, uid: int, allow: bool) -> None:
        """Let in a user who waits, or not; for owners."""
        await self._request(Approve(0, uid, allow))

    async def lock(self, locked: bool) -> None:
        """Keep new people out of the session, or let them in again; for owners."""
        await self._request(Lock(0, locked))

    async def set_listed(self, listed: bool) -> None:
        """List this observer among the users, or hide it again; for owners."""
        await self._request(SetListed(0, listed))

    async def set_cursor(self, at: tuple[float, float] | None) -> None:
        """Say where one's pointer is on the canvas. Returns at once."""
        self._post(SetCursor(at))

    async def set_focus(self, sid: int | None) -> None:
        """Say which shell one looks at. Returns at once."""
        self._post(SetFocus(sid))

    async def send(self, sid: int, data: bytes | str) -> None:
        """Type into a shell. Waits while there is no room for more, not for the program; `drain` waits for the host.

        Raises:
            InputNotDelivered: if earlier input did not reach its shell, and `stale_input` is "error".
        """
        if isinstance(data, str):
            data = data.encode()
        for start in range(0, len(data), PIECE):
            await self._wait_for_outbox()
            self._tell_lost()
            self._post_input(sid, data[start : start + PIECE])

    async def drain(self) -> None:
        """Wait until the host has taken all that was typed. Raises `InputNotDelivered` as `send` does."""
        if self._outbox.size:
            self._post(Ping(time.monotonic()))
        while self._outbox.size:
            if self._ended:
                raise self._over()
            await self._wait_for_room()
        self._tell_lost()

    def send_held(self) -> None:
        """Send the input that is held."""
        self._outbox.release()
        self._wake()

    def discard_held(self) -> None:
        """Forget the input that is held, or that waits for the connection."""
        self._outbox.discard()
        self._set_room()

    async def run(self, command: str, shell: int | None = None, timeout: float | None = None) -> RunResult:
        """Type a command into a shell (the oldest that runs, or a new one) and wait until it has ended.

        The command is typed once the shell is at its prompt; a `CommandWaits` event tells if that takes long. A shell
        with integration shows the command and nothing else. Any other must be one of the sh family, and shows two short
        commands around it. Everyone who watches sees all of that. All of the output is returned, up to `MOST_OUTPUT`;
        over a slow link it comes late, and so does the shell's screen. If the reader of the events waits here,
        the oldest events are forgotten if they become too many.

        Raises:
            CommandError: if it cannot be typed, or the shell ends, or `timeout` seconds pass; it is interrupted then.
        """
        with self._events.set_aside():
            return await self._commands.run(command, shell, timeout)

    async def close(self) -> None:
        """Leave. Safe to call twice."""
        runner, self._runner = self._runner, None
        if runner is not None:
            if not self._ended:
                await self._flush()
            runner.cancel()
            await asyncio.gather(runner, return_exceptions=True)
        self._end("left", "You left the session.")

    async def _request(self, request: Request) -> Any:
        """Send a request and wait for its answer; returns what it holds."""
        while self._outbox.requests >= OUTBOX_REQUESTS and not self._ended:
            await self._wait_for_room()
        if self._ended:
            raise self._over()
        ask = self._outbox.ask(request, time.monotonic())
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._answers.setdefault(ask, []).append(answer)
        self._wake()
        try:
            with self._events.set_aside():
                return await answer
        except asyncio.CancelledError:
            if not any(not other.done() for other in self._answers.get(ask, ())):
                self._outbox.withdraw(ask)
                self._answers.pop(ask, None)
            raise

    def _post_input(self, sid: int, data: bytes) -> None:
        if self._ended:
            raise self._over()
        self._outbox.type(sid, data, time.monotonic())
        self._wake()

    def _tell_lost(self) -> None:
        lost, self._lost = self._lost, None
        if lost is not None:
            raise InputNotDelivered(lost.text)

    def _over(self) -> SessionEnded:
        return SessionEnded(self._ended, self.end_code)

    async def _wait_for_outbox(self) -> None:
        """Wait until there is room for more input."""
        while self._outbox.size > OUTBOX_BYTES and not self._ended:
            await self._wait_for_room()

    async def _wait_for_room(self) -> None:
        self._room.clear()
        await self._room.wait()

    def _set_room(self) -> None:
        self._room.set()
        self._changed.set()

    # Connecting.

    async def _start(self) -> None:
        if self._credentials.password is not None:
            self._psk = await asyncio.to_thread(self._credentials.psk)
        else:
            self._psk = self._credentials.psk()
        if self._with_screens:
            await asyncio.to_thread(load_screens)
        self._runner = asyncio.ensure_future(self._run())
        self._expect_answer()
        await self._first

    def _expect_answer(self) -> None:
        """The person is told when the host does not answer for long."""
        loop = asyncio.get_running_loop()

        def late() -> None:
            self._patience = loop.call_later(UNREACHABLE - LATE, self._set_state, "unreachable", NO_ANSWER)
            self._events.emit(StateChanged("connecting", NO_ANSWER_YET))

        self._patience = loop.call_later(LATE, late)

    def _stop_patience(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    async def _run(self) -> None:
        try:
            await self._keep_connected()
        except Exception as error:  # a fault of ours: whoever waits must learn that nothing more comes
            log.exception("the client failed")
            if not self._first.done():
                self._first.set_exception(error)
            self._end("failed", "The client has failed; its log says why.")

    async def _keep_connected(self) -> None:
        backoff, begun = Backoff(), time.monotonic()
        while True:
            started = time.monotonic()
            error: Exception
            try:
                error = LinkClosed(await self._take_part())
            except (Unreachable, LinkClosed, NoiseError, MalformedMessage, asyncio.TimeoutError, Refused) as raised:
                error = raised
            if self._ended:
                return
            if isinstance(error, Refused) and error.reason == "unknownClient" and self._token is not None:
                self._token = None  # the host has forgotten it: join as for the first time
                if self._hello is None:  # at once, unless this link brought that token
                    continue
            entered = self._first.done() or (self._waited and self._keep_trying)
            verdict = after_end(error, entered, time.monotonic() - begun, self._keep_trying)
            if not verdict.again:
                if not self._first.done():
                    self._first.set_exception(verdict.error)
                self._end(verdict.code, str(verdict.error))
                return
            self._stop_patience()
            if entered:
                self._set_state("reconnecting", str(verdict.error))
            elif isinstance(verdict.error, Unreachable):
                self._set_state("unreachable", str(verdict.error))
            backoff.reset_after(time.monotonic() - started)
            await asyncio.sleep(backoff.next())

    async def _take_part(self) -> str:
        """Take part over one link, from its making to its end; returns why it ended."""
        key: Credentials | ClientKey = self._credentials
        psk = self._psk
        if self._token is not None:
            key = ClientKey(self._credentials.role, self._credentials.session_id, self._token)
            psk = key.psk()
        assert psk is not None
        self._hello = None
        self._connection = connection = await Connection.open(self._dial, key, psk, self._traffic)
        self._stop_patience()
        if self.state == "unreachable":
            self._set_state("connecting")
        try:
            kind: JoinKind = "mirror" if self._observer else "user"
            connection.post(Join(self._name, kind, chat=self._heard))
            for shell in self._shells.values():
                shell.new_link()
            handlers = ConnectionHandlers(self._take_message, self._caught_up, self._to_send)
            return await connection.run(handlers) or self._ended
        finally:
            if self._ack_timer is not None:
                self._ack_timer.cancel()
                self._ack_timer = None
            self._connection = None
            self._settled = False
            self._outbox.close()
            await connection.close()

    async def _caught_up(self) -> None:
        self._acknowledge(ACK_BYTES)  # the rest waits for more, or for the timer
        self._changed.set()
        while self._events.full:
            await self._events.changed()

    def _to_send(self) -> list[ClientMessage]:
        messages: list[ClientMessage] = [*self._outbox.take()]
        if self._outbox.wants_ping():
            messages.append(Ping(time.monotonic()))
        self._set_room()
        return messages

    async def _flush(self) -> None:
        """Give what was posted last a moment to leave."""
        with contextlib.suppress(asyncio.TimeoutError):
            while self._settled and self._connection and not (self._connection.idle and not self._outbox.sendable):
                await wait_for(self._wait_for_room(), 1)

    def _post(self, message: ClientMessage) -> None:
        """Send what belongs to this link alone. Without a link it is forgotten."""
        if self._ended:
            raise self._over()
        if self._connection is not None:
            self._connection.post(message)

    def _wake(self) -> None:
        if self._connection is not None:
            self._connection.wake()

    # What the host says.

    def _take_message(self, message: HostMessage) -> bool:
        self._receive(message)
        return not self._ended

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
            case Pong(t, taken):
                self.latency = time.monotonic() - t
                if self._settled:
                    self._outbox.acknowledge(taken, time.monotonic())
                    self._set_room()
            case Users() | UserDiff() | Hear() | ShellLatency():
                if isinstance(message, UserDiff) and message.user is not None and message.uid == self.uid:
                    self._name = message.user.name  # a companion may have changed it
                if self._take(message):
                    self._events.emit(message)
            case Shells(shells):
                self._on_shells(dict(shells))
                self._take(message)
                self._events.emit(message)
                if not self._settled:
                    self._settle()
            case ShellChanged():
                self._events.emit(message)
            case Done(req, value):
                self._answer(req, value)
            case Error(req, code, text):
                self._events.emit(message)
                if req is not None:
                    self._answer(req, CommandError(text, code))
            case Hello(_, info):
                changed = self._take(message)
                if self._hello is None:
                    self._hello = message
                token = info.get("token")
                self._token = token if isinstance(token, bytes) else None
                self._set_state("connected")
                if changed:
                    self._events.emit(InfoChanged())
            case Waiting():
                self._waited = True
                self._take(message)
                self._set_state("waiting", self.offer)
            case Closed(code, text):
                if code in RETRY or code in REFUSAL_CODES:
                    raise Refused(code, text)
                if not self._first.done():
                    self._first.set_exception(SessionEnded(text, code))
                self._end(code, text)

    def _settle(self) -> None:
        """Go on with what was typed and asked for, now that the host has told all that it tells those who join."""
        info = self._hello.info if self._hello is not None else {}
        self._settled = True
        held, may_write = self._outbox.held, self.role != "reader"
        running = {sid for sid, shell in self.shells.items() if not shell.ended}
        losses = self._outbox.open(
            self._token, _count(info, "input"), _count(info, "req"), running, may_write, time.monotonic()
        )
        self._tell_losses(losses)
        if self._outbox.held and not held:
            self._events.emit(InputHeld())
        if not self._first.done():
            self._first.set_result(None)
        self._wake()
        self._set_room()

    def _tell_losses(self, losses: Sequence[Loss]) -> None:
        lost: dict[tuple[int, LossCode], bytearray] = {}
        for loss in losses:
            if isinstance(loss.item, Input):
                lost.setdefault((loss.item.sid, loss.code), bytearray()).extend(loss.item.data)
            else:
                self._fail(loss.item, CommandError(NOT_DONE[loss.code == "lost"], loss.code))
        for (sid, code), data in lost.items():
            event = InputLost(sid, bytes(data), code, NOT_DELIVERED[code].format(sid=sid, size=len(data)))
            if self._outbox.stale == "error":
                self._lost = event
            self._events.emit(event)

    def _answer(self, req: int, answer: Any) -> None:
        ask = self._outbox.answered(req)
        if ask is not None:
            self._fail(ask, answer)
            self._wake()  # one more may be sent

    def _fail(self, ask: Ask, answer: Any) -> None:
        for future in self._answers.pop(ask, ()):
            if future.done():
                continue
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)

    def _on_shells(self, shells: dict[int, ShellInfo]) -> None:
        for sid in self._shells.keys() - shells.keys():
            del self._shells[sid]
        for sid, info in shells.items():
            shell = self._shells.get(sid)
            if shell is None:
                screen = new_screen(info.rows, info.cols, SCROLLBACK) if self._with_screens else None
                shell = self._shells[sid] = ShellOutput(sid, screen, info.aid)
                shell.complete = self._complete
            shell.resize(info.rows, info.cols)
            if shell.wanted or self._with_outputs:
                self._want(sid)

    def _want(self, sid: int) -> None:
        """Ask for a shell's output, from where it was left."""
        for message in self._shells[sid].subscription():
            self._post(message)

    def _set_complete(self, sid: int, on: bool) -> None:
        """Have all of a shell's output, or no longer."""
        if not self._complete and sid in self._shells:
            for message in self._shells[sid].set_complete(on):
                self._post(message)

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
            self._events.emit(StateChanged(state, reason, self.end_code))
        self._set_room()

    def _end(self, code: str, reason: str) -> None:
        self._stop_patience()
        if not self._ended:
            self._ended, self.end_code = reason or "The session has ended.", code
            for ask in list(self._answers):
                self._fail(ask, self._over())
            self._set_state("ended", self._ended)
            self._events.end()


NOT_DELIVERED: dict[LossCode, str] = {
    "stale": "The connection was broken for long, so {size} bytes of input for shell {sid} were not sent.",
    "noShell": "Shell {sid} has ended: {size} bytes of input for it were not sent.",
    "notAllowed": "You no longer have write access. {size} bytes of input for shell {sid} were not sent.",
    "lost": "The connection broke: {size} bytes of input for shell {sid} may not have arrived. Look before you go on.",
}
NOT_DONE = (
    "The connection was broken for long, so this was not done. Try again.",
    "The connection broke, and the host does not know whether this was done. Look before you try again.",
)


def _count(info: dict[str, Any], key: str) -> int:
    value = info.get(key)
    return value if type(value) is int and value >= 0 else 0


def _utf8(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


@contextlib.asynccontextmanager
async def _iroh_dial(ticket: Ticket, relays: str | Sequence[str] | None) -> AsyncIterator[Dial]:
    from ..node import SshxNode  # only a client of its own needs an endpoint

    async with await SshxNode.spawn(relays=relays) as node:
        yield lambda: node.join(ticket)
