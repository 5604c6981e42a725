"""Invite files: the guest page as one HTML file with an invite in it, a ticket that lets people in for a while.

Anyone who opens the file in a browser can join, with nothing installed. The file says what it holds and when it ends:
on the page, in a comment at its top, and where scripts do not run.
"""

from __future__ import annotations

import os
import tempfile
from datetime import datetime, timezone
from pathlib import Path
from typing import Literal, TypeAlias

from .guest_page import single_file
from .host.errors import NoRelay
from .host.session import Session
from .host.share_options import INVITE_PERIOD
from .ticket import Ticket

InviteRole: TypeAlias = Literal["writer", "reader"]


def make_invite(session: Session, role: InviteRole = "reader", expires_in: float = INVITE_PERIOD) -> Ticket:
    """The invite for a file; see `Session.invite`.

    Raises:
        Invalid: if nobody can have the role here, or `expires_in` makes no sense.
        NoRelay: if the host has no relay (yet).
    """
    ticket = session.invite(role, expires_in)
    if not ticket.relays:
        raise NoRelay
    return ticket


def invite_html(invite: Ticket) -> str:
    """The text of the file, about 2 MB. It takes some tenths of a second.

    Raises:
        NotBuilt: if there are no bundles.
    """
    return single_file(invite.encode(), _about(invite))


def check_target(path: str | os.PathLike[str]) -> Path:
    """Where an invite is to be written, checked before it is made.

    Raises:
        ValueError: with a sentence, if no file can be written there.
    """
    try:
        target = Path(path).expanduser().resolve()
        if target.is_dir():
            why = "it is a directory"
        elif target.exists() and not target.is_file():
            why = "it is not a regular file"
        elif not target.parent.is_dir():
            why = "its directory does not exist"
        elif not os.access(target.parent, os.W_OK):
            why = "you may not write in its directory"
        else:
            return target
    except (OSError, ValueError, RuntimeError):  # the last for a ~ of nobody
        why = "the name cannot be used"
    raise ValueError(f"The invite cannot be written to {str(path)!r}: {why}.")


def write_invite(path: Path, html: str) -> None:
    """Write the file, whole or not at all. On POSIX only its owner can read it: it holds a secret. Raises OSError."""
    descriptor, temporary = tempfile.mkstemp(prefix=".sshx-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(html)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink()
        raise


def describe(role: str, expires: float) -> str:
    """What an invite allows and until when, as the end of a sentence."""
    until = datetime.fromtimestamp(expires, timezone.utc)
    return f"{'watch and type' if role == 'writer' else 'watch, not type,'} until {until:%Y-%m-%d %H:%M} UTC"


def _about(invite: Ticket) -> str:
    assert invite.expires is not None
    password = " They also need the password of the session." if invite.password else ""
    return (
        "This file is an invite to a terminal that someone shares with sshx-jupyter. Open it in a browser to join; it "
        f"connects through a relay. Anyone who has it can {describe(invite.role, invite.expires)}.{password} Pass it "
        "on only to people whom the host would invite."
    )
