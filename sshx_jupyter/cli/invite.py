"""The file of `jupyter sshx share --invite FILE`, which is written once there is a relay."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ..guest_page import NotBuilt
from ..host.errors import Invalid, NoRelay
from ..host.session import Session
from ..invite import check_target, describe, invite_html, make_invite, write_invite
from .console import Failure, clean


class Invite:
    """An invite file. It calls `say` with what the person should know.

    Raises:
        Failure: if no file can be written there.
    """

    def __init__(self, path: str, say: Callable[[str], None]) -> None:
        self._say = say
        try:
            self._path = check_target(path)
        except ValueError as error:
            raise Failure(clean(str(error)), 2) from None

    async def write(self, session: Session) -> None:
        """Write it, unless the session has ended."""
        if session.stopped is not None or not session.shells:
            return
        path = clean(str(self._path), 1000)
        try:
            ticket = make_invite(session)
            await asyncio.to_thread(lambda: write_invite(self._path, invite_html(ticket)))
        except NoRelay:
            self._say(f"The invite {path} is written once a relay has been found.")
        except (Invalid, NotBuilt) as error:
            self._say(f"There is no invite: {error}")
        except OSError as error:
            self._say(f"The invite cannot be written to {path}: {error.strerror}.")
        else:
            assert ticket.expires is not None
            may = describe(ticket.role, ticket.expires)
            password = " They also need the password." if ticket.password else ""
            self._say(f"The invite is {path}. Anyone who opens it in a browser can {may}.{password}")
