"""The sessions that this process hosts, and the door to them: a link comes in, a participant goes on.

Strangers knock at the door, so everything before the end of the handshake is bounded; `door` says how.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeAlias

from ..account import account_name
from ..links import FrameReader, Link, LinkClosed
from ..protocol.codec import MalformedMessage, decode_client, encode
from ..protocol.handshake import HandshakeError, HostHandshake, Preface, Refused, SecureChannel, refusal
from ..protocol.messages import Closed, Join
from ..protocol.noise import NoiseError
from ..screen import screen
from ..timeouts import wait_for
from . import dispatch
from .door import Door, Share
from .errors import Full, Invalid, TerminalsUnavailable
from .fair_scheduler import FairScheduler
from .limits import Limits
from .names import clean_name
from .output_log import OutputMemory
from .session import Key, Session, SessionEvent
from .share_options import ShareOptions
from .terminals import Terminals

log = logging.getLogger(__name__)

Shaken: TypeAlias = tuple[Session, Preface, Key, SecureChannel, Join, list[bytes]]
"""Result of a handshake: session, what the client claimed, and the key that proved it; channel, first message, and
frames that came early."""


class SessionManager:
    """Sessions of one process. `address` gives the host's iroh endpoint ticket as it is known now."""

    def __init__(self, terminals: Terminals | None, address: Callable[[], str], limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._memory = OutputMemory(self.limits.output_bytes, self.limits.holds)
        self.sessions: dict[bytes, Session] = {}
        self._terminals = terminals
        self._address = address
        self._scheduler = FairScheduler()
        self.refused: Counter[str] = Counter()
        """How many links were refused before they were in, by reason."""
        self._sent_before = 0
        self.door: Door[asyncio.Task[Shaken]] = Door(self.limits)
        self._observers: list[Callable[[SessionEvent], None]] = []
        self._nobody = secrets.token_bytes(32)

    def observe(self, callback: Callable[[SessionEvent], None]) -> None:
        """Call `callback` for every event of every session."""
        self._observers.append(callback)

    async def create(
        self, options: ShareOptions, command: Sequence[str] | None = None, host: str | None = None
    ) -> Session:
        """Start a session with the terminals of the options, or with one new terminal if they name none.

        Args:
            options: how it is shared.
            command: what the new terminal runs; None means the user's shell.
            host: the name of the person who shares, for guests; None means the name of this process's account.

        Raises `NotHere`, `Invalid`, `Full` or `TerminalsUnavailable`; nothing has been created then.
        """
        if self._terminals is None:
            raise TerminalsUnavailable("Terminals are disabled on this server, so there is nothing to share.")
        terminals = options.terminals
        for terminal in terminals or ():
            self._terminals.check(terminal)
        if terminals is not None and len(terminals) > self.limits.shells:
            raise Full(f"A session has at most {self.limits.shells} shells. You chose {len(terminals)} terminals.")
        if options.cwd is not None and not await asyncio.to_thread(os.path.isdir, options.cwd):
            raise Invalid("The directory in which terminals are to start (cwd) does not exist.")
        self._check_room()
        await asyncio.to_thread(screen.load)
        session = await Session.make(
            options.with_default_role("writer"),
            terminals=self._terminals,
            limits=self.limits,
            scheduler=self._scheduler,
            memory=self._memory,
            address=self._address,
            handle=dispatch.handle,
            host=clean_name(host or account_name() or "", self.limits.name_length),
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

    async def accept(
        self,
        link: Link,
        *,
        share: Share | None = None,
        account: str = "",
        shaken: Callable[[], None] | None = None,
    ) -> None:
        """Serve a link that came in: handshake, then the session until either side ends it. Never raises.

        Args:
            share: whose places at the door it takes; by default "local" for a link that does not leave this machine.
                Nobody is an owner over "guests", whatever secret they show.
            account: the name of the account that the client's person has logged in with, if that is known.
            shaken: called once the client has shown a key.
        """
        if share is None:
            share = "local" if link.path().kind == "local" else "network"
        try:
            session, preface, key, secured, join, rest = await self._shake(link, share)
            if shaken is not None:
                shaken()
            try:
                if session.key(preface) != key:  # new tickets were made, or the client was removed, meanwhile
                    raise Refused("invalidAuth" if preface.client is None else "unknownClient")
                if session.invite_ended(preface):
                    raise Refused("inviteEnded")
                await session.serve(link, secured, key, join, rest, account)
            except Refused as refused:  # by now the client understands encrypted messages only
                self.refused[refused.reason] += 1
                await self._send(link, secured.seal(encode(Closed(refused.reason, str(refused)))))
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
        await asyncio.gather(*(session.stop(reason, code="shutdown") for session in list(self.sessions.values())))

    async def _shake(self, link: Link, share: Share) -> Shaken:
        """The handshake, within its time and as long as it has a place at the door."""
        peer, door = link.peer, self.door
        if share == "network":
            door.check(peer, time.monotonic())
        task = asyncio.ensure_future(self._handshake(link, share))
        self._take_place(task, peer, share)
        try:
            await asyncio.wait({task}, timeout=self.limits.handshake_timeout)
            if task.cancelled():  # a newcomer has its place
                raise Refused("busy")
            if not task.done():
                raise asyncio.TimeoutError
            return task.result()
        except Refused as refused:
            if refused.reason in ("invalidAuth", "malformed"):
                door.failed(peer, share, time.monotonic())
            elif task.cancelled() or refused.reason != "busy":
                door.unfinished(peer, share, time.monotonic())
            raise
        except (HandshakeError, NoiseError, MalformedMessage):
            door.failed(peer, share, time.monotonic())
            raise
        except (LinkClosed, asyncio.TimeoutError):
            door.unfinished(peer, share, time.monotonic())
            raise
        finally:
            door.leave(task)
            task.cancel()

    async def _handshake(self, link: Link, share: Share) -> Shaken:
        door, peer = self.door, link.peer
        reader = FrameReader(link)
        first = await reader.next()
        preface = Preface.parse(first)
        owner = preface.role == "owner"
        if share == "local" and not owner:  # nobody keeps the host's own page out by failing in its name
            door.check(peer, time.monotonic())
        session = self.sessions.get(preface.session_id)
        key = session.key(preface) if session is not None else None
        if share == "guests" and key is not None and key.role == "owner":
            key = None  # who owns a session has a login, and comes by the way that asks for it
        # An unknown session and a wrong key cost the same work and are told only afterwards.
        handshake = HostHandshake(first, key.psk if key is not None else self._nobody)
        message = await reader.next()
        guessable = not owner and preface.client is None
        if (
            session is not None
            and guessable
            and (share == "network" or (share == "guests" and session.password_needed))
        ):
            await self._wait_for_turn(session.id, peer, share)
        try:
            if session is not None and session.invite_ended(preface):
                raise Refused("inviteEnded")
            if session is not None and guessable and session.password_needed and not preface.password:
                raise Refused("passwordRequired")
            reply, secured = handshake.receive(message)
        except Refused as refused:
            if session is None:
                raise Refused("notFound") from None
            if preface.client is not None:
                raise Refused("unknownClient") from None
            if refused.reason == "invalidAuth":
                door.wrong_key(session.id, share, time.monotonic())
            raise
        await link.send([reply])
        # The first encrypted message proves that the client is live: nothing was done for a recording of it.
        first = secured.open(await reader.next())
        try:
            join = decode_client(first)
        except MalformedMessage:
            join = None
        if session is None or key is None or not isinstance(join, Join):
            text = "Your client did not join as it should. Update sshx-jupyter on both sides and join again."
            await self._send(link, secured.seal(encode(Closed("malformed", text))))
            raise Refused("malformed")
        door.came_in(session.id, peer, share)
        return session, preface, key, secured, join, reader.rest()

    def _take_place(self, task: asyncio.Task[Shaken], peer: str, share: Share) -> None:
        loser = self.door.enter(task, peer, share)
        if loser is not None:
            loser.cancel()

    async def _wait_for_turn(self, session_id: bytes, peer: str, share: Share) -> None:
        """Wait if keys of this session are being guessed."""
        delay = self.door.turn(session_id, peer, share, time.monotonic())
        if delay > 0:
            task = asyncio.current_task()
            assert task is not None
            self.door.leave(task)
            await asyncio.sleep(delay)
            self._take_place(task, peer, share)

    async def _send(self, link: Link, frame: bytes) -> None:
        with contextlib.suppress(LinkClosed, asyncio.TimeoutError):
            await wait_for(link.send([frame]), 1)

    def _check_room(self) -> None:
        if len(self.sessions) >= self.limits.sessions:
            raise Full(f"This host has at most {self.limits.sessions} sessions. Stop one first.")

    def _forget(self, event: SessionEvent) -> None:
        if event.kind == "stopped":
            self.sessions.pop(event.session.id, None)
            self.door.forget(event.session.id)
            self._sent_before += event.session.bytes_sent
