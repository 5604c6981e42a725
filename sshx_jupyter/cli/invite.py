"""The file of `jupyter sshx share --invite FILE`, written once there is a relay and whenever there are new tickets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from ..guest_page import NotBuilt
from ..host.errors import Invalid
from ..host.session import Session
from ..invite import NoRelay, describe, invite_html, make_invite, write_invite
from .console import Failure


class Invite:
    """An invite file. What becomes of it is told with `say`.

    Raises:
        Failure: if there is no such directory, or the file is one.
    """

    def __init__(self, path: str, say: Callable[[str], None]) -> None:
        self._path = Path(path)
        self._say = say
        self._writing: asyncio.Task[None] | None = None
        if self._path.is_dir() or not self._path.parent.is_dir():
            what = "it is a directory" if self._path.is_dir() else "its directory does not exist"
            raise Failure(f"The invite cannot be written to {self._path}: {what}.", 2)

    def write(self, session: Session) -> asyncio.Task[None]:
        """Write it, or write it anew, beside what the caller does."""
        self._writing = asyncio.ensure_future(self._write(session, self._writing))
        return self._writing

    async def _write(self, session: Session, earlier: asyncio.Task[None] | None) -> None:
        if earlier is not None:
            await earlier
        try:
            ticket = make_invite(session)
            await asyncio.to_thread(lambda: write_invite(self._path, invite_html(ticket)))
        except NoRelay:
            self._say(f"The invite {self._path} is written once a relay has been found.")
        except (Invalid, NotBuilt) as error:
            self._say(f"There is no invite: {error}")
        except OSError as error:
            self._say(f"The invite cannot be written to {self._path}: {error.strerror}.")
        else:
            assert ticket.expires is not None
            may = describe(ticket.role, ticket.expires)
            self._say(f"The invite is {self._path}. Whoever opens it in a browser can {may}.")
