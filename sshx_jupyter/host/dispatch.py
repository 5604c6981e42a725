"""Dispatches what clients send: whether they may, whether it makes sense, and what the session does then.

Every permission is enforced here, whatever a front end shows or allows.
"""

from __future__ import annotations

import re
import time

from ..protocol.codec import MalformedMessage
from ..protocol.messages import (
    Ack,
    Approve,
    Chat,
    ClientMessage,
    Close,
    Complete,
    Create,
    Data,
    Done,
    Error,
    Idle,
    Join,
    Kick,
    Lock,
    LockSize,
    Move,
    NewTickets,
    Ping,
    Pong,
    Readiness,
    Remove,
    Rename,
    Request,
    RequestWrite,
    Resize,
    SetColor,
    SetCursor,
    SetFocus,
    SetListed,
    SetName,
    SetRole,
    Subscribe,
)
from .errors import Full, Invalid, NotAllowed, NotHere, SessionError
from .names import clean_name
from .participant import Participant
from .session import Session
from .shell import Shell


def handle(session: Session, participant: Participant, message: ClientMessage) -> None:
    """Do what a client asks, or tell it why not.

    Raises:
        MalformedMessage: if the client's own numbers make no sense.
    """
    match message:
        case Data(sid, n, data):
            n = max(n, participant.stream.taken)
            data = participant.stream.take(message.n, data)
            try:
                if data:
                    _type(session, participant, sid, data)
            except SessionError as error:
                details = {"sid": sid, "n": n, "bytes": len(data)}
                participant.send_error(Error(None, error.code, str(error), details))
        case Ping(t):
            participant.post(Pong(t, participant.stream.taken))
        case Join():
            raise MalformedMessage("join: it comes once, and first")
        case Ack() | Subscribe() | Complete() | SetCursor() | SetFocus():
            try:
                _need_admission(participant)
                _tell(session, participant, message)
            except SessionError as error:
                participant.send_error(Error(None, error.code, str(error), error.details))
        case _:
            _answer(session, participant, message)


def _answer(session: Session, participant: Participant, request: Request) -> None:
    """Do a request unless it was done before, and answer it."""
    if not participant.stream.begin(request.req):
        participant.repeat_answer(request.req)
        return
    answer: Done | Error
    try:
        _need_admission(participant)
        answer = Done(request.req, _do(session, participant, request))
    except SessionError as error:
        answer = Error(request.req, error.code, str(error), error.details)
    participant.answer(answer)


def _type(session: Session, participant: Participant, sid: int, data: bytes) -> None:
    _need_admission(participant)
    _need_writer(participant)
    shell = _shell(session, sid)
    session.last_activity = time.time()
    if not participant.take_input(shell, data):
        raise Full(
            f"Shell {sid} does not read its input: some of what you sent was dropped. "
            "Interrupt the program, or wait and send it again.",
            "inputFull",
        )


def _tell(
    session: Session, participant: Participant, message: Ack | Subscribe | Complete | SetCursor | SetFocus
) -> None:
    match message:
        case Ack(sid, received):
            participant.acknowledge(sid, received)
        case Subscribe(sid, seq):
            participant.subscribe(_shell(session, sid), seq)
        case Complete(sid, on) if on or sid in session.shells:  # one that has ended needs no more care
            participant.complete(_shell(session, sid), on)
        case SetCursor(at):
            session.update_user(participant, cursor=at)
        case SetFocus(focus):
            session.update_user(participant, focus=focus if focus in session.shells else None)


def _do(session: Session, participant: Participant, request: Request) -> int | Readiness | None:
    """Do a request; returns what its answer holds."""
    match request:
        case Create(_, x, y):
            _need_writer(participant)
            return session.create_shell((x, y), by=participant).sid
        case Close(_, sid, force):
            _need_writer(participant)
            shell = _shell(session, sid)
            if shell.protected and participant.user.role != "owner":
                raise NotAllowed("Only the host can close this terminal.")
            session.close_shell(shell, force, participant)
        case Remove(_, sid):
            _need_owner(participant)
            session.remove_shell(_shell(session, sid), participant)
        case Move(_, sid, to):
            _need_writer(participant)
            session.move(_shell(session, sid), to)
        case Resize(_, sid, rows, cols):
            _need_writer(participant)
            _shell(session, sid).resize(rows, cols)
            session.shell_changed(_shell(session, sid))
        case LockSize(_, sid, locked):
            _need_writer(participant)
            session.lock_size(_shell(session, sid), locked)
        case Rename(_, sid, name):
            _need_writer(participant)
            session.rename_shell(_shell(session, sid), name, participant)
        case Idle(_, sid):
            _need_writer(participant)
            return _shell(session, sid).readiness
        case Chat(_, text):
            session.say(participant, text)
        case SetName(_, name):
            name = clean_name(name, session.limits.name_length)
            if not name:
                raise Invalid("Enter a name with at least one visible character.")
            session.update_user(participant, name=name)
        case SetColor(_, color):
            if not re.fullmatch("#[0-9A-Fa-f]{6}", color):
                raise Invalid("A color is written as #rrggbb, such as #3b82f6.")
            session.update_user(participant, color=color)
        case RequestWrite():
            session.request_write(participant)
        case SetRole(_, uid, role):
            _need_owner(participant)
            session.set_role(uid, role)
        case Kick(_, uid, reason, new_tickets):
            _need_owner(participant)
            session.kick(uid, reason, new_tickets)
        case Approve(_, uid, allow):
            _need_owner(participant)
            session.approve(uid, allow)
        case Lock(_, locked):
            _need_owner(participant)
            session.lock(locked)
        case SetListed(_, listed):
            _need_owner(participant)
            session.set_listed(participant, listed)
        case NewTickets():
            _need_owner(participant)
            session.rotate()
    return None


def _need_admission(participant: Participant) -> None:
    if participant.user.pending:
        raise NotAllowed("The host has not let you in yet.", "notAdmitted")


def _need_writer(participant: Participant) -> None:
    if participant.user.role == "reader":
        raise NotAllowed("You have read-only access. Ask the host for write access.")


def _need_owner(participant: Participant) -> None:
    if participant.user.role != "owner":
        raise NotAllowed("Only the host may do that.")


def _shell(session: Session, sid: int) -> Shell:
    try:
        return session.shells[sid]
    except KeyError:
        raise NotHere(f"Shell {sid} has ended.", "noShell", sid=sid) from None
