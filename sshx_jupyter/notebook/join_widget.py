"""`JoinTicket`: a box for a ticket that becomes the session."""

from __future__ import annotations

from typing import Any

import traitlets

from ..links.comm import CommLink
from ..ticket import Ticket, TicketError
from . import sharing
from .errors import SharingError
from .frontend import SessionWidget
from .widget import SharedSession


class JoinTicket(SessionWidget):
    """Takes a ticket, says what it is while it is typed, joins, and shows the session in its place."""

    session = traitlets.Instance(
        SharedSession, allow_none=True, read_only=True, help="The session, once it has been joined."
    )

    def __repr__(self) -> str:
        if self.session is not None:
            return f"<JoinTicket: {self.session!r}>"
        return "<JoinTicket: to join without a widget, session = sshx_jupyter.join(TICKET)>"

    def _instead(self) -> str:
        return "A box for a ticket. It shows here while its kernel runs; sshx_jupyter.join(TICKET) joins without it."

    async def _join(self, content: dict[str, Any]) -> dict[str, Any]:
        name, password = content.get("name"), content.get("password")
        try:
            session = await sharing.join_here(
                Ticket.decode(str(content.get("ticket"))),
                name=name if isinstance(name, str) and name else None,
                password=password if isinstance(password, str) else None,
                height=self.height,
            )
        except (TicketError, SharingError) as error:
            return {"type": "refused", "message": str(error), "reason": error.reason}
        self.set_trait("session", session)
        self.name, self.ended, self.own = session.name, session.ended, session.own
        traitlets.dlink((session, "name"), (self, "name"))
        traitlets.dlink((session, "ended"), (self, "ended"))
        self.session_id = session.session_id
        return {"type": "joined"}

    async def _access(self) -> dict[str, Any]:
        if self.session is None:
            return {"type": "ended", "reason": "No session has been joined yet."}
        return await self.session._access()

    async def _serve(self, link: CommLink) -> None:
        if self.session is not None:
            await self.session._serve(link)
