"""The sessions that this process hosts, and the door to them: a link comes in, a participant goes on.

The door is where strangers knock, so everything before the handshake is bounded: how many knock at once, how long they
may take, and how often one may fail.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence

from ..links import FrameReader, Link, LinkClosed
from ..protocol.codec import MalformedMessage, decode_client, encode
from ..protocol.handshake import HandshakeError, HostHandshake, Preface, Refused, Secured, refusal
from ..protocol.messages import Closed, Join, Role
from ..protocol.noise import NoiseError
from . import screen
from .errors import Full, TerminalsUnavailable
from .limits import Limits
from .pacer import Pacer
from .session import Session, SessionEvent, SessionOptions
from .terminals import Terminals

log = logging.getLogger(__name__)

REMEMBERED_PEERS = 1024
"""Endpoints whose failed handshakes are remembered."""


class Hub:
    """Sessions of one process. `address` gives the host's iroh endpoint ticket as it is known now."""

    def __init__(self, terminals: Terminals | None, address: Callable[[], str], limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.sessions: dict[bytes, Session] = {}
        self._terminals = terminals
        self._address = address
        self._pacer = Pacer()
        self.refused: Counter[str] = Counter()
        """How many links were refused before they were in, by reason."""
        self._sent_before = 0
        self._knocking = 0
        self._failures: dict[str, deque[float]] = {}
        self._observers: list[Callable[[SessionEvent], None]] = []
        self._nobody = secrets.token_bytes(32)

    def observe(self, callback: Callable[[SessionEvent], None]) -> None:
        """Call `callback` for every event of every session."""
        self._observers.append(callback)

    async def create(
        self,
        name: str = "",
        *,
        terminals: Sequence[str] | None = None,
        command: Sequence[str] | None = None,
        cwd: str | None = None,
        read_only: bool = False,
        approve: bool = False,
        password: str | None = None,
        expires_in: float | None = None,
        while_owned: bool = False,
    ) -> Session:
        """Start a session with the named running terminals, or with one new terminal if `terminals` is None.

        Raises `NotHere`, `Full` or `TerminalsUnavailable`; nothing has been created then.
        """
        if self._terminals is None:
            raise TerminalsUnavailable("Terminals are disabled on this server, so there is nothing to share.")
        for terminal in terminals or ():
            self._terminals.check(terminal)
        if terminals is not None and len(terminals) > self.limits.shells:
            raise Full(f"A session has at most {self.limits.shells} shells.")
        expires_at = time.time() + expires_in if expires_in is not None else None
        options = SessionOptions(read_only, approve, cwd, expires_at, while_owned)
        self._check_room()
        await asyncio.to_thread(screen.load)
        session = await Session.make(
            name,
            options,
            password,
            terminals=self._terminals,
            limits=self.limits,
            pacer=self._pacer,
            address=self._address,
        )
        self._check_room()  # others may have come while the password was hashed
        try:
            if terminals is None:
                session.create_shell(command=command)
            for terminal in dict.fromkeys(terminals or ()):
                session.open_terminal(terminal)
        except BaseException:
            session.discard()
            raise
        for observer in (*self._observers, self._forget):
            session.observe(observer)
        self.sessions[session.id] = session
        session.announce()
        return session

    @property
    def bytes_sent(self) -> int:
        """Bytes sent to participants so far, those of ended sessions included."""
        return self._sent_before + sum(session.bytes_sent for session in self.sessions.values())

    async def accept(self, link: Link) -> None:
        """Serve a link that came in: handshake, then the session until either side ends it. Never raises."""
        try:
            if self._knocking >= self.limits.handshakes:
                raise Refused("busy")
            self._knocking += 1
            try:
                session, role, psk, secured, join, rest = await asyncio.wait_for(
                    self._handshake(link), self.limits.handshake_timeout
                )
            finally:
                self._knocking -= 1
            try:
                if session.psk(role) != psk:  # new tickets were made meanwhile
                    raise Refused("invalidAuth")
                await session.serve(link, secured, role, join, rest)
            except Refused as refused:  # by now the client understands encrypted messages only
                self.refused[refused.reason] += 1
                await self._send(link, secured.seal(encode(Closed(str(refused)))))
        except Refused as refused:
            self.refused[refused.reason] += 1
            await self._send(link, refusal(refused.reason))
        except (HandshakeError, NoiseError, MalformedMessage):
            self.refused["malformed"] += 1
            await self._send(link, refusal("malformed"))
        except (LinkClosed, asyncio.TimeoutError):
            pass
        except Exception:
            log.exception("serving a participant failed")
        finally:
            await link.close()

    async def close(self, reason: str = "The host has shut down.") -> None:
        """Stop every session."""
        await asyncio.gather(*(session.stop(reason) for session in list(self.sessions.values())))

    async def _handshake(self, link: Link) -> tuple[Session, Role, bytes, Secured, Join, list[bytes]]:
        self._check_failures(link.peer)
        reader = FrameReader(link)
        first = await reader.next()
        preface = Preface.parse(first)
        session = self.sessions.get(preface.session_id)
        psk = session.psk(preface.role) if session is not None else None
        # An unknown session and a wrong key cost the same work and are told only afterwards.
        handshake = HostHandshake(first, psk or self._nobody)
        message = await reader.next()
        try:
            if session is not None and preface.role != "owner" and session.password_needed and not preface.password:
                raise Refused("passwordRequired")
            reply, secured = handshake.receive(message)
        except Refused as refused:
            if session is None:
                raise Refused("notFound") from None
            if refused.reason == "invalidAuth":
                self._failed(link.peer)
            raise
        await link.send([reply])
        # The first encrypted message proves that the client is live: nothing was done for a recording of it.
        join = decode_client(secured.open(await reader.next()))
        if session is None or psk is None or not isinstance(join, Join):
            raise Refused("malformed")
        return session, preface.role, psk, secured, join, reader.rest()

    async def _send(self, link: Link, frame: bytes) -> None:
        with contextlib.suppress(LinkClosed, asyncio.TimeoutError):
            await asyncio.wait_for(link.send([frame]), 1)

    def _check_failures(self, peer: str) -> None:
        times = self._failures.get(peer)
        if times is not None and len(times) == times.maxlen and time.monotonic() - times[0] < 60:
            raise Refused("rateLimited")

    def _failed(self, peer: str) -> None:
        times = self._failures.pop(peer, None) or deque(maxlen=self.limits.failed_handshakes)
        times.append(time.monotonic())
        self._failures[peer] = times
        while len(self._failures) > REMEMBERED_PEERS:
            del self._failures[next(iter(self._failures))]

    def _check_room(self) -> None:
        if len(self.sessions) >= self.limits.sessions:
            raise Full(f"This host has at most {self.limits.sessions} sessions. Stop one first.")

    def _forget(self, event: SessionEvent) -> None:
        if event.kind == "stopped":
            self.sessions.pop(event.session.id, None)
            self._sent_before += event.session.bytes_sent
