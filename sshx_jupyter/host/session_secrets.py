"""The secrets of a session: one for each role that can be had, and the key derived from it that proves the role."""

from __future__ import annotations

import asyncio
import secrets
from typing import Literal

from ..protocol.messages import Role
from ..protocol.noise import derive_psk
from ..ticket import SECRET_SIZE, Ticket


class SessionSecrets:
    """A session's secrets. `owner` is that of the host's own front ends, and never part of a ticket."""

    def __init__(self, session_id: bytes, read_only: bool, password: str | None, owner: bytes) -> None:
        self.owner = owner
        self.password_needed = password is not None
        self._session_id = session_id
        self._read_only = read_only
        self._password = password
        self._secrets: dict[Role, bytes] = {"owner": owner, "reader": secrets.token_bytes(SECRET_SIZE)}
        if not read_only:
            self._secrets["writer"] = secrets.token_bytes(SECRET_SIZE)
        self._psks = {
            role: derive_psk(secret, session_id, role, None if role == "owner" else password)
            for role, secret in self._secrets.items()
        }

    @classmethod
    async def make(cls, session_id: bytes, read_only: bool, password: str | None) -> SessionSecrets:
        """Fresh secrets. In a thread, as deriving a key from a password takes a while."""
        return await asyncio.to_thread(cls, session_id, read_only, password, secrets.token_bytes(SECRET_SIZE))

    async def renewed(self) -> SessionSecrets:
        """Fresh secrets for those who join; the owner's stays."""
        return await asyncio.to_thread(SessionSecrets, self._session_id, self._read_only, self._password, self.owner)

    def psk(self, role: Role) -> bytes | None:
        """The key that proves a role, or None if nobody can have it here."""
        return self._psks.get(role)

    def ticket(self, role: Literal["writer", "reader"], address: str) -> str | None:
        """The ticket for a role, with the endpoint ticket `address`, or None if nobody can have the role here."""
        secret = self._secrets.get(role)
        if secret is None:
            return None
        return Ticket.from_endpoint_ticket(address, self._session_id, secret, role, self.password_needed).encode()
