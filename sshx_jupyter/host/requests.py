"""What clients ask for: whether they may, whether it makes sense, and what the session does then.

Every permission is enforced here, whatever a front end shows or allows.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from ..protocol.messages import (
    Ack,
    Approve,
    Chat,
    ClientMessage,
    Close,
    Create,
    Data,
    Kick,
    Lock,
    Move,
    Ping,
    Pong,
    RequestWrite,
    SetColor,
    SetCursor,
    SetFocus,
    SetName,
    SetRole,
    Subscribe,
)
from .errors import Full, Invalid, NotAllowed, NotHere, SessionError
from .names import clean_name

if TYPE_CHECKING:
    from .participant import Participant
    from .session import Session
    from .shell import Shell


def handle(session: Session, participant: Participant, message: ClientMessage) -> None:
    """Do what a client asks, or tell it why not."""
    try:
        if participant.user.pending and not isinstance(message, Ping):
            raise NotAllowed("The host has not let you in yet.")
        _do(session, participant, message)
    except SessionError as error:
        participant.complain(str(error))


def _do(session: Session, participant: Participant, message: ClientMessage) -> None:
    match message:
        case Data(sid, data):
            _need_writer(participant)
            shell = _shell(session, sid)
            session.last_activity = time.time()
            if not participant.take_input(shell, data):
                raise Full(
                    f"Shell {sid} does not read its input: some of what you sent was dropped. "
                    "Interrupt the program, or wait and send it again."
                )
        case Ack(sid, received):
            participant.acknowledge(sid, received)
        case Subscribe(sid, seq):
            participant.subscribe(_shell(session, sid), seq)
        case Ping(t):
            participant.post(Pong(t))
        case SetCursor(at):
            session.update_user(participant, cursor=at)
        case SetFocus(sid):
            session.update_user(participant, focus=sid if sid in session.shells else None)
        case SetName(name):
            name = clean_name(name, session.limits.name_length)
            if not name:
                raise Invalid("A name needs at least one visible character.")
            session.update_user(participant, name=name)
        case SetColor(color):
            if not re.fullmatch("#[0-9A-Fa-f]{6}", color):
                raise Invalid("A colour is written as #rrggbb, such as #3b82f6.")
            session.update_user(participant, color=color)
        case Chat(text):
            session.say(participant, text)
        case Create(x, y):
            _need_writer(participant)
            session.create_shell((x, y))
        case Close(sid):
            _need_writer(participant)
            session.close_shell(_shell(session, sid))
        case Move(sid, to):
            _need_writer(participant)
            session.move(_shell(session, sid), to)
        case RequestWrite():
            session.request_write(participant)
        case SetRole(uid, role):
            _need_owner(participant)
            session.set_role(uid, role)
        case Kick(uid, reason):
            _need_owner(participant)
            session.kick(uid, reason)
        case Approve(uid, allow):
            _need_owner(participant)
            session.approve(uid, allow)
        case Lock(locked):
            _need_owner(participant)
            session.lock(locked)


def _need_writer(participant: Participant) -> None:
    if participant.user.role == "reader":
        raise NotAllowed("You can watch but not change anything here: ask the host for write access.")


def _need_owner(participant: Participant) -> None:
    if participant.user.role != "owner":
        raise NotAllowed("Only the host may do that.")


def _shell(session: Session, sid: int) -> Shell:
    try:
        return session.shells[sid]
    except KeyError:
        raise NotHere(f"Shell {sid} has ended.") from None
