"""The shared session: its shells, who takes part and in which role, what everyone is told.

Independent of how messages travel. `dispatch` knows which client may ask for what.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import math
import secrets
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any, Literal

from ..links import Link
from ..protocol.codes import CloseCode
from ..protocol.handshake import Preface, Refused, SecureChannel
from ..protocol.messages import (
    ClientMessage,
    Hear,
    Hello,
    Join,
    JoinKind,
    Place,
    Role,
    ShellChanged,
    ShellInfo,
    ShellLatency,
    User,
    Users,
    Waiting,
)
from ..protocol.people import one_per_person
from ..ticket import Ticket
from .colors import free_color
from .errors import Full, Invalid, NotAllowed, NotHere
from .fair_scheduler import FairScheduler
from .limits import Limits
from .names import clean_name
from .output_log import OutputMemory
from .participant import Participant
from .placement import Box, aside, in_rows
from .resume_table import COMPANIONS, ResumeEntry, ResumeTable
from .sender import SessionSender
from .session_secrets import SessionSecrets
from .share_options import INVITE_PERIOD, LONGEST_SESSION, ShareOptions
from .shell import RENAMES, Shell
from .terminals import Terminal, Terminals

log = logging.getLogger(__name__)

ROWS, COLS = 24, 80
"""Size of a new shell in cells."""
USERS_AT_ONCE = 64
"""Users in one message, which must fit into a frame even if all have the longest of names."""
CHAT_HISTORY = 100
"""Chat messages kept for those who join or come back."""
FAREWELL = 2.0
"""Seconds that a session which stops waits for everyone to be told."""
DRAIN = 10.0
"""Seconds in which the last output of a shell that has ended should have reached everyone."""
EXPIRY_PERIOD = 15.0
"""Seconds between two looks at the clock. A session with an end time does not trust a timer alone: timers stand still
while the machine is suspended, and the clock may be set."""
RENAME_PERIOD = 5.0
"""Seconds within which everyone is told of at most `RENAMES` names of a shell. The list of shells has each at once."""
LATENCY_PERIOD = 5.0
"""Seconds between two reports of the shells' latency."""

EventKind = Literal[
    "started",
    "joined",
    "left",
    "asked",
    "wantsWrite",
    "role",
    "newTickets",
    "shellOpened",
    "shellClosed",
    "shellRemoved",
    "chat",
    "stopped",
]


@dataclass(frozen=True)
class Key:
    """What lets a client in: the key of a role, or that of a client which has been inside (`entry`)."""

    role: Role
    psk: bytes = field(repr=False)
    entry: ResumeEntry | None = None


@dataclass(frozen=True)
class SessionEvent:
    """Something that happened in a session, for whoever hosts it. `detail` is a sentence's worth of text, no secret."""

    kind: EventKind
    session: Session
    uid: int | None = None
    user: User | None = None
    detail: str = ""


class Session:
    """A shared space that lives in this process. Made by `SessionManager`. Everything happens on its event loop."""

    def __init__(
        self,
        name: str,
        options: ShareOptions,
        session_secrets: SessionSecrets,
        session_id: bytes,
        *,
        terminals: Terminals,
        limits: Limits,
        scheduler: FairScheduler,
        memory: OutputMemory,
        address: Callable[[], str],
        handle: Callable[[Session, Participant, ClientMessage], None],
        host: str = "",
    ) -> None:
        self.id = session_id
        self.name = name
        self.host = host
        """The name of the person who shares, for guests; empty if it is not known."""
        self.options = options
        self.limits = limits
        self.scheduler = scheduler
        self._memory = memory
        self.clock: Callable[[], float] = time.time
        """Unix time, by which the session expires."""
        self.created = self.clock()
        self.expires_at = None if options.expires_in is None else self.created + options.expires_in
        """Unix time after which the session stops, or None."""
        self.last_activity = self.created
        """Unix time of the last input by, or output to, someone who is here."""
        self.bytes_sent = 0
        """Bytes sent to everyone so far, as they go onto the links."""
        self.locked = False
        self.stopped: str | None = None
        """Why the session has stopped, or None while it runs."""
        self.shells: dict[int, Shell] = {}
        self._secrets = session_secrets
        self._rotations = 0
        self._terminals = terminals
        self._address = address
        self._handle = handle
        self._person_key = secrets.token_bytes(16)
        self._sender = SessionSender()
        self._resume_table = ResumeTable(limits)
        self._next_uid = 1
        self._next_sid = 1
        self._chat: deque[Hear] = deque(maxlen=CHAT_HISTORY)
        self._chat_seq = 0
        self._observers: list[Callable[[SessionEvent], None]] = []
        self._closing: dict[int, Participant | None] = {}
        """The shells that were asked to end, each with the client that asked."""
        self._tasks: set[asyncio.Task[None]] = set()
        loop = asyncio.get_running_loop()
        self._latency_timer = loop.call_later(LATENCY_PERIOD, self._report_latency)
        self._expiry: asyncio.TimerHandle | None = None
        self._abandoned: asyncio.TimerHandle | None = None
        self._check_owned()
        if self.expires_at is not None:
            self._check_expired(self.expires_at)

    @classmethod
    async def make(cls, options: ShareOptions, **parts: Any) -> Session:
        """A new session with fresh secrets; `parts` are what the session manager gives to all its sessions."""
        session_id = secrets.token_bytes(16)
        session_secrets = await SessionSecrets.make(session_id, bool(options.read_only), options.password)
        name = clean_name(options.name or "", parts["limits"].name_length) or "Shared terminal"
        return cls(name, replace(options, password=None), session_secrets, session_id, **parts)

    def __repr__(self) -> str:
        return f"<Session {self.id.hex()} {self.name!r}>"

    # Tickets.

    @property
    def password_needed(self) -> bool:
        return self._secrets.password_needed

    @property
    def owner_secret(self) -> bytes:
        """The secret of the host's own front ends. Never part of a ticket."""
        return self._secrets.owner

    @property
    def ticket(self) -> str | None:
        """The ticket that lets one write, with the host's addresses as known now; None for a read-only session."""
        ticket = self._secrets.ticket("writer", self._address())
        return ticket.encode() if ticket is not None else None

    @property
    def read_ticket(self) -> str:
        """The ticket that lets one watch."""
        ticket = self._secrets.ticket("reader", self._address())
        assert ticket is not None
        return ticket.encode()

    def invite(self, role: Literal["writer", "reader"] = "reader", expires_in: float = INVITE_PERIOD) -> Ticket:
        """A ticket that lets nobody in after `expires_in` seconds, or after the session's end if that is sooner.

        New tickets end invites as well. Guests who came in by one stay, and can come back for
        `Limits.resume_period`. Raises `Invalid`.
        """
        if not 1 <= expires_in <= LONGEST_SESSION:
            raise Invalid("An invite lasts for at least a second, and at most a year.")
        expires = math.ceil(self.clock() + expires_in)
        if self.expires_at is not None:
            expires = min(expires, int(self.expires_at))
        ticket = self._secrets.ticket(role, self._address(), expires)
        if ticket is None:
            raise Invalid("Nobody can type in this session, so it has no invites that let people type.", "readOnly")
        return ticket

    def key(self, preface: Preface) -> Key | None:
        """The key that a client claims to have, or None if nobody has it now."""
        if preface.client is not None:
            entry = self._resume_table.find(preface.client, preface.role)
            return Key(entry.role, entry.key.psk(), entry) if entry is not None else None
        psk = self._secrets.psk(preface.role, preface.expires)
        return Key(preface.role, psk) if psk is not None else None

    def invite_ended(self, preface: Preface) -> bool:
        """Whether the client claims to have an invite whose time is over."""
        return preface.expires is not None and preface.expires <= self.clock()

    def rotate(self) -> None:
        """Make new tickets. The old ones let nobody in any more; who has been inside stays, and may come back."""
        self._secrets.renew()
        self._rotations += 1
        for participant in self._sender.everyone():
            if participant.main is None:
                self.update_user(participant, ticket=None)
        for entry in self._resume_table:
            entry.user = replace(entry.user, ticket=None)
        self._info_changed()
        self._emit("newTickets", None)

    # What the host does.

    def announce(self) -> None:
        """Tell the observers that the session is there."""
        self._emit("started", None, self.name)

    def observe(self, callback: Callable[[SessionEvent], None]) -> Callable[[], None]:
        """Call `callback` for every event from now on; returns what ends that."""
        self._observers.append(callback)
        return lambda: self._observers.remove(callback)

    def users(self) -> dict[int, User]:
        """The users who are here, by uid; observers and those who wait for approval are not among them."""
        return {p.uid: p.user for p in self._sender if not p.observer}

    def people(self) -> dict[int, User]:
        """The users who are here, each person once, by uid."""
        return one_per_person(self.users())

    def open_terminal(self, name: str) -> Shell:
        """Share a running terminal, with its history unless the options say otherwise. Raises `NotHere` or `Full`."""
        self._check_room()
        terminal = self._terminals.open(name)
        new = Box.of_cells(terminal.rows, terminal.cols)
        return self._add_shell(terminal, *in_rows(new, self._windows()), started_here=False)

    def create_shell(
        self,
        at: tuple[int, int] | None = None,
        command: Sequence[str] | None = None,
        cwd: str | None = None,
        *,
        by: Participant | None = None,
    ) -> Shell:
        """Start a terminal and share it, at or near a place. Raises `Full` or `TerminalsUnavailable`."""
        self._check_room()
        new, taken = Box.of_cells(ROWS, COLS, *(at or (0, 0))), self._windows()
        place = in_rows(new, taken) if at is None else aside(new, taken)
        terminal = self._terminals.create(ROWS, COLS, cwd or self.options.cwd, command)
        return self._add_shell(terminal, *place, started_here=True, by=by)

    def rename(self, name: str) -> None:
        """Give the session another name. Raises `Invalid` if nothing of it can be shown."""
        name = clean_name(name, self.limits.name_length)
        if not name:
            raise Invalid("A session's name needs at least one visible character.")
        self.name = name
        self._info_changed()

    def lock(self, locked: bool) -> None:
        """Keep new people out, or let them in again. Users who are here, or come back after a broken link, stay."""
        self.locked = locked
        self._info_changed()

    def set_role(self, uid: int, role: Role) -> None:
        """Change what a user may do, from now on. Raises `NotHere` or `Invalid`."""
        participant = self._sender.get(uid)
        if participant is None or participant.observer:
            raise NotHere("This user has left.", "noUser")
        if role == "owner" or participant.user.role == "owner":
            raise Invalid("Owners are the host's own; their role cannot be given or taken.")
        if role == "writer" and self.options.read_only:
            raise Invalid("This session is read-only for everyone.", "readOnly")
        if role == "reader":
            for client in self._sender.clients(participant):
                client.drop_input()
        self.update_user(participant, role=role, wants_write=False)
        self._emit("role", participant, role)

    def kick(self, uid: int, reason: str = "", new_tickets: bool = True) -> None:
        """Remove a user, also one whose link has broken and who would come back.

        Without `new_tickets` the user's old ticket lets them in again. Raises `NotHere`, or `Invalid` for an owner.
        """
        participant = self._sender.find(uid)
        known = [participant.user] if participant else [entry.user for entry in self._resume_table if entry.uid == uid]
        if any(user.role == "owner" for user in known):
            raise Invalid("Owners cannot be removed.")
        if not known:
            raise NotHere("This user has left.", "noUser")
        self._resume_table.revoke(uid)
        if new_tickets:
            self.rotate()
        if participant is None:
            return
        if self._sender.admit(uid) is not None:  # nobody can let them in any more
            self._sender.user_changed(uid)
        reason = clean_name(reason, self.limits.chat_length)
        for client in self._sender.clients(participant):
            client.drop_input()
            client.close("removed", "The host removed you from the session" + (f": {reason}" if reason else "."))

    def asks(self, uid: int) -> Literal["asked", "wantsWrite"] | None:
        """What a user waits for: to be let in, or to be allowed to type."""
        participant = self._sender.find(uid)
        if participant is None:
            return None
        return "asked" if participant.user.pending else "wantsWrite" if participant.user.wants_write else None

    def approve(self, uid: int, allow: bool) -> None:
        """Let in a user who waits for approval, or not. Raises `NotHere` if nobody waits under this uid."""
        participant = self._sender.admit(uid)
        if participant is None:
            raise NotHere("Nobody with this number waits for approval.", "noUser")
        if allow:
            participant.user = replace(participant.user, pending=False)
            self._welcome(participant, participant.heard)
        else:
            participant.close("notAdmitted", "The host did not let you in.")
            self._sender.user_changed(uid)

    async def drained(self) -> None:
        """Wait until everyone has the last output of the shells that have ended, or for `DRAIN` seconds."""
        deadline = time.monotonic() + DRAIN
        while any(p.draining for p in self._sender) and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.02)

    async def stop(
        self,
        reason: str = "The host stopped sharing.",
        terminals: Literal["keep", "idle", "close"] = "keep",
        code: CloseCode = "stopped",
    ) -> None:
        """End the session for everyone. Its terminals live on ("keep"), or are closed: all of them ("close"), or those
        that it has started itself and that run nothing ("idle")."""
        if self.stopped is not None:
            return
        self.stopped = reason
        leaving = self._sender.everyone()
        for participant in leaving:
            participant.close(code, reason)
        shells = list(self.shells.values())
        self.discard()
        self._emit("stopped", None, reason)
        closing = [
            shell.terminal
            for shell in shells
            if terminals == "close" or (terminals == "idle" and shell.started_here and shell.terminal.running is None)
        ]
        await asyncio.gather(*(terminal.terminate() for terminal in closing), return_exceptions=True)
        if leaving:
            await asyncio.wait([participant.gone for participant in leaving], timeout=FAREWELL)

    def discard(self) -> None:
        """Let go of the terminals and timers."""
        self._latency_timer.cancel()
        for timer in (self._expiry, self._abandoned):
            if timer is not None:
                timer.cancel()
        for shell in self.shells.values():
            shell.release()
        self.shells.clear()

    # Those who take part.

    @property
    def clients(self) -> int:
        """How many clients are here."""
        return len(self._sender)

    async def serve(
        self, link: Link, secured: SecureChannel, key: Key, join: Join, frames: list[bytes], account: str = ""
    ) -> None:
        """Let a client that has shown `key` take part until it leaves. Raises `Refused` if it may not come in.

        `account` is the name of the account that the client's person has logged in with, if that is known.
        """
        participant = self._seat(link, secured, key, join, account)
        why = ""
        try:
            if participant.user.pending:
                self._sender.wait(participant)
                participant.post(Waiting(self._description()))
                self._sender.user_changed(participant.uid)
                self._emit("asked", participant)
            else:
                self._welcome(participant, join.chat)
            why = await participant.run(frames)
        finally:
            self._leave(participant, why)
            participant.gone.set_result(None)

    def _seat(self, link: Link, secured: SecureChannel, key: Key, join: Join, account: str) -> Participant:
        if self.stopped is not None:
            raise Refused("notFound")
        role, entry = key.role, key.entry
        if role != "owner" and (join.kind == "companion" or (entry is not None and entry.kind == "companion")):
            return self._companion(link, secured, entry, join)
        kind: JoinKind = "mirror" if join.kind == "mirror" and role == "owner" else "user"
        if entry is not None and entry.kind != kind:  # an owner's, with another client
            entry = None
        if role != "owner":
            if entry is None and self.locked:
                raise Refused("locked")
            if (entry is None or entry.uid not in self._sender) and self._full():
                raise Refused("full")
        if entry is None:
            uid, self._next_uid = self._next_uid, self._next_uid + 1
            color = free_color(p.user.color for p in self._sender.everyone() if not p.observer)
            guest = role != "owner"
            user = User("", color, role, pending=self.options.approve and guest, ticket=role if guest else None)
            entry = ResumeEntry(uid, user, role, self.id, kind)
        else:
            previous = self._sender.get(entry.uid)
            if previous is not None:  # what it is now, not what it was when it came
                entry.user, entry.needs_scrollback = previous.user, previous.shells_without_scrollback()
        name = clean_name(join.name or entry.user.name, self.limits.name_length)
        name = name or ((self.host or "Host") if role == "owner" else f"Guest {entry.uid}")
        user = replace(entry.user, name=name, cursor=None, person=self._person(account) if role == "owner" else "")
        participant = Participant(self, link, secured, entry, user, kind == "mirror")
        participant.passive = join.passive
        participant.heard = join.chat
        participant.needs_scrollback = entry.needs_scrollback
        return participant

    def _companion(self, link: Link, secured: SecureChannel, entry: ResumeEntry | None, join: Join) -> Participant:
        """Another client of a guest who is here, such as the view in a notebook whose kernel takes part.

        It comes with the key of the guest's own client, or later with its own.
        """
        if entry is None or join.kind != "companion":
            raise Refused("invalidAuth")
        main = self._sender.get(entry.uid if entry.main is None else entry.main)
        if main is None:
            raise Refused("busy")  # its user may come back
        here = entry.main is not None and entry.uid in self._sender
        if not here and (len(self._sender.companions(main)) >= COMPANIONS or self._full()):
            raise Refused("full")
        if entry.main is None:
            uid, self._next_uid = self._next_uid, self._next_uid + 1
            entry = ResumeEntry(uid, main.user, entry.role, self.id, "companion", main.uid)
        companion = Participant(self, link, secured, entry, main.user, True)
        companion.main = main
        return companion

    def _person(self, account: str) -> str:
        """What stands for an account in this session: guests need not learn its name."""
        return blake2b(account.encode(), key=self._person_key, digest_size=8).hexdigest() if account else ""

    def _elsewhere(self, participant: Participant) -> bool:
        """Whether another client of the same person is listed."""
        person = participant.user.person
        others = (p for p in self._sender if not p.observer and p.uid != participant.uid)
        return bool(person) and any(other.user.person == person for other in others)

    def _full(self) -> bool:
        return len(self._sender.everyone()) >= self.limits.users

    def _welcome(self, participant: Participant, heard: int) -> None:
        previous = self._sender.add(participant)
        if previous is not None:  # the host has not yet found the old link to be broken
            previous.close("replaced", "You have joined again from elsewhere.")
        self._check_owned()
        participant.entry.user = participant.user
        self._resume_table.enter(participant.entry)
        participant.post(self._hello(participant))
        users = list(self.users().items())
        participant.post(Users(users[:USERS_AT_ONCE]))
        for uid, _ in users[USERS_AT_ONCE:]:
            participant.user_changed(uid)
        if participant.user.role == "owner":
            for uid in self._sender.waiting:
                participant.user_changed(uid)
        participant.shells_changed()
        for message in self._chat:
            if message.seq > heard:
                participant.post(message)
        if not participant.observer:
            self._sender.user_changed(participant.uid)
            if previous is None and not self._elsewhere(participant):
                self._emit("joined", participant)

    def _hello(self, participant: Participant) -> Hello:
        info = {
            **self._description(),
            "token": participant.entry.token,
            "role": participant.user.role,
            "rotations": self._rotations,
            "locked": self.locked,
            "created": self.created,
            "features": [],
            "input": participant.stream.taken,
            "req": participant.stream.req,
        }
        return Hello(participant.speaker.uid, info)

    def _description(self) -> dict[str, Any]:
        """What a client that has shown a key may know before it is in."""
        return {
            "session": self.id.hex(),
            "name": self.name,
            "host": self.host,
            "readOnly": bool(self.options.read_only),
        }

    def _info_changed(self) -> None:
        for participant in self._sender:
            participant.post(self._hello(participant))

    def _leave(self, participant: Participant, why: str) -> None:
        uid = participant.uid
        was = self._sender.remove(participant)
        if was == "waiting":
            self._sender.user_changed(uid)
        elif was == "here":
            without = participant.shells_without_scrollback()
            self._resume_table.leave(participant.entry, participant.user, without)
            if participant.observer:
                self._check_owned()
                return
            self._sender.user_changed(uid)
            for companion in self._sender.companions(participant):
                companion.cut()
            if not self._elsewhere(participant):
                self._emit("left", participant, why)
        self._check_owned()

    def user_for(self, viewer: Participant, uid: int) -> User | None:
        """User `uid` as `viewer` may see them, or None."""
        participant = self._sender.find(uid) if viewer.user.role == "owner" else self._sender.get(uid)
        return participant.user if participant is not None and not participant.observer else None

    def shell_list(self) -> list[tuple[int, ShellInfo]]:
        """The shells from the lowest to the topmost."""
        return [(sid, shell.info) for sid, shell in self.shells.items()]

    # What clients ask for, and may.

    def handle(self, participant: Participant, message: ClientMessage) -> None:
        """Do what a client asks, or tell it why not. Raises `MalformedMessage`."""
        self._handle(self, participant, message)

    def request_write(self, participant: Participant) -> None:
        """Ask the owners for the right to type. Raises `NotAllowed` if nobody may."""
        if participant.user.role != "reader":
            return
        if self.options.read_only:
            raise NotAllowed("This session is read-only for everyone.", "readOnly")
        if not participant.user.wants_write:
            self.update_user(participant, wants_write=True)
            self._emit("wantsWrite", participant.speaker)

    def say(self, participant: Participant, text: str) -> None:
        """Send a chat message to everyone. Raises `Invalid` if it is too long, or the last of too many."""
        text = text.strip()
        if not text:
            return
        if len(text) > self.limits.chat_length:
            limit = self.limits.chat_length
            raise Invalid(f"A message has at most {limit} characters; yours has {len(text)}.", "tooLong", limit=limit)
        speaker = participant.speaker
        now, times = time.monotonic(), speaker.chats
        if len(times) == times.maxlen and now - times[0] < self.limits.chat_period:
            raise Invalid("That was too many messages at once. Wait a few seconds.", "tooFast")
        times.append(now)
        self._chat_seq += 1
        message = Hear(self._chat_seq, speaker.uid, speaker.user.name, text, time.time())
        self._chat.append(message)
        while 4 * sum(len(known.text) for known in self._chat) > self.limits.control_bytes // 2:
            self._chat.popleft()  # all of it must fit into what may wait for one who joins
        self._sender.broadcast(message)
        self._emit("chat", speaker, text)

    def move(self, shell: Shell, to: Place) -> None:
        """Raise a shell above the others, and place it if `to` says where."""
        self.shells[shell.sid] = self.shells.pop(shell.sid)  # raised
        if to is not None:
            shell.x, shell.y = to
        self._sender.shells_changed()

    def lock_size(self, shell: Shell, locked: bool) -> None:
        """Let nobody resize a shell, or let them again. Raises `Invalid` while the host's tab decides its size."""
        shell.check_viewed()
        shell.locked = locked
        self._sender.shells_changed()

    def rename_shell(self, shell: Shell, name: str, by: Participant | None = None) -> None:
        """Give a shell a name or, with an empty one, its program's title. Raises `Invalid` if it cannot be shown."""
        cleaned = clean_name(name, self.limits.name_length)
        if name.strip() and not cleaned:
            raise Invalid("A shell's name needs at least one visible character.")
        before = shell.info.title
        shell.name = cleaned
        self._sender.shells_changed()
        now = time.monotonic()
        # Each notice goes to everyone, and none may crowd out the output of people on slow links.
        told = shell.renames
        if shell.info.title != before and (len(told) < RENAMES or now - told[0] >= RENAME_PERIOD):
            told.append(now)
            self._shell_changed(shell, "renamed", by)

    def close_shell(self, shell: Shell, force: bool = False, by: Participant | None = None) -> None:
        """End a shell's terminal, in a while. Raises `Invalid` if something runs in it, unless `force` is true."""
        if shell.sid in self._closing:
            return
        command = shell.terminal.running
        if command is not None and not force:
            title = shell.info.title
            text = f"{command or 'A program'} is running in “{title}”. Close it anyway to end that program."
            raise Invalid(text, "running", command=command)
        self._closing[shell.sid] = by
        task = asyncio.ensure_future(self._terminate(shell))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _terminate(self, shell: Shell) -> None:
        """End a shell's terminal. If that fails, the shell may be closed again."""
        try:
            await shell.terminal.terminate()
        except Exception:
            log.exception("could not end the terminal of shell %d", shell.sid)
            self._closing.pop(shell.sid, None)

    def remove_shell(self, shell: Shell, by: Participant | None = None) -> None:
        """Share a terminal no longer, which runs on. Raises `Invalid` if the session has started it."""
        if shell.started_here:
            raise Invalid("This shell belongs to the session: it can be closed, but not removed.")
        shell.release()
        self._without(shell)
        self._shell_changed(shell, "removed", by)
        self._emit("shellRemoved", by, shell.info.title)

    def set_listed(self, participant: Participant, listed: bool) -> None:
        """List an owner's mirror as a user, or hide it. Raises `Invalid` for any other client."""
        if participant.entry.kind != "mirror":
            raise Invalid("Only an owner's mirror can be listed or hidden.")
        if participant.observer != listed:
            return
        participant.observer = not listed
        self._sender.user_changed(participant.uid)
        if not self._elsewhere(participant):
            self._emit("joined" if listed else "left", participant)

    def update_user(self, participant: Participant, **changes: Any) -> None:
        """Change what everyone sees of a user."""
        participant = participant.speaker
        user = replace(participant.user, **changes)
        if user != participant.user:
            participant.user = user
            if not participant.observer:
                self._sender.user_changed(participant.uid)

    # What shells tell.

    def shell_output(self, shell: Shell) -> None:
        if len(self._sender):
            self.last_activity = time.time()
            self._sender.shell_output(shell)

    def shell_changed(self, shell: Shell) -> None:
        self._sender.shells_changed()

    def shell_ended(self, shell: Shell) -> None:
        if shell.sid in self.shells:
            self._without(shell)
            change = "closed" if shell.sid in self._closing else "ended"
            closed_by = self._closing.pop(shell.sid, None)
            self._shell_changed(shell, change, closed_by)
            self._emit("shellClosed", closed_by, shell.info.title)

    def _without(self, shell: Shell) -> None:
        """A shell is not there any more, but for its last output."""
        del self.shells[shell.sid]
        self._sender.shells_changed()
        self._sender.shell_output(shell)
        for participant in self._sender:
            if participant.user.focus == shell.sid:
                self.update_user(participant, focus=None)

    def _shell_changed(self, shell: Shell, change: str, by: Participant | None) -> None:
        uid, name = (by.speaker.uid, by.speaker.user.name) if by is not None else (None, "")
        self._sender.broadcast(ShellChanged(shell.sid, change, shell.info.title, uid, name))

    def _check_room(self) -> None:
        if self.stopped is not None:
            raise Full("The session has ended.")
        if len(self.shells) >= self.limits.shells:
            limit = self.limits.shells
            raise Full(f"A session has at most {limit} shells. Close one first.", limit=limit)

    def _add_shell(
        self,
        terminal: Terminal,
        x: int,
        y: int,
        started_here: bool,
        by: Participant | None = None,
    ) -> Shell:
        sid, self._next_sid = self._next_sid, self._next_sid + 1
        shell = Shell(sid, terminal, x, y, self.limits, self._memory, self, started_here, self.options.history)
        self.shells[sid] = shell
        self._sender.shells_changed()
        self._shell_changed(shell, "opened", by)
        self._emit("shellOpened", by, shell.info.title)
        return shell

    def _windows(self) -> list[Box]:
        """What the shells cover of the canvas."""
        return [
            Box.of_cells(shell.terminal.rows, shell.terminal.cols, shell.x, shell.y) for shell in self.shells.values()
        ]

    def _emit(self, kind: EventKind, participant: Participant | None, detail: str = "") -> None:
        uid, user = (participant.uid, participant.user) if participant is not None else (None, None)
        event = SessionEvent(kind, self, uid, user, detail)
        for observer in list(self._observers):
            try:
                observer(event)
            except Exception:  # the session, and whoever caused the event, must not suffer
                log.exception("an observer of the session failed")

    def _report_latency(self) -> None:
        loop = asyncio.get_running_loop()
        self._latency_timer = loop.call_later(LATENCY_PERIOD, self._report_latency)
        measured = [shell.latency for shell in self.shells.values() if shell.latency]
        if measured and time.time() - self.last_activity < LATENCY_PERIOD and len(self._sender):
            self._sender.broadcast(ShellLatency(round(max(measured), 2)))

    def _check_owned(self) -> None:
        """Stop in a while if nobody is left to whom the session belongs."""
        if not self.options.while_owned or self.stopped is not None:
            return
        if any(participant.user.role == "owner" and not participant.passive for participant in self._sender):
            if self._abandoned is not None:
                self._abandoned.cancel()
                self._abandoned = None
        elif self._abandoned is None:  # guests who come and go do not put it off
            loop = asyncio.get_running_loop()
            stop = functools.partial(self._stop_by_itself, "abandoned", "The host has gone.", "idle")
            self._abandoned = loop.call_later(self.limits.abandoned_period, stop)

    def _check_expired(self, expires_at: float) -> None:
        """Stop if it is time, else look again soon."""
        left = expires_at - self.clock()
        if left <= 0:
            self._stop_by_itself("expired", "The session has reached its end time.", "keep")
        else:
            loop = asyncio.get_running_loop()
            self._expiry = loop.call_later(min(left, EXPIRY_PERIOD), self._check_expired, expires_at)

    def _stop_by_itself(self, code: CloseCode, reason: str, terminals: Literal["keep", "idle"]) -> None:
        task = asyncio.ensure_future(self.stop(reason, terminals, code))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
