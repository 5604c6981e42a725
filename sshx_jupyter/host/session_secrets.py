"""The secrets of a session: one for each role that can be had, and the key derived from it that proves the role."""

from __future__ import annotations

import asyncio
import secrets
from typing import Literal

from ..protocol.messages import Role
from ..protocol.noise import derive_invite, derive_psk, hash_password
from ..ticket import SECRET_SIZE, Ticket


class SessionSecrets:
    """A session's secrets. `owner` is that of the host's own front ends, and never part of a ticket.

    Args:
        session_id: 16 bytes.
        read_only: whether nobody can have the role `writer`.
        password_hash: `hash_password` of the session's password, or empty if it has none.
    """

    def __init__(self, session_id: bytes, read_only: bool, password_hash: bytes) -> None:
        self.owner = secrets.token_bytes(SECRET_SIZE)
        self._session_id = session_id
        self._read_only = read_only
        self._password_hash = password_hash
        self._secrets: dict[Role, bytes] = {}
        self._psks: dict[Role, bytes] = {"owner": derive_psk(self.owner, session_id, "owner")}
        self.renew()

    @classmethod
    async def make(cls, session_id: bytes, read_only: bool, password: str | None) -> SessionSecrets:
        """Fresh secrets. The password is hashed in a thread, as that takes a while, and is not kept."""
        password_hash = b"" if password is None else await asyncio.to_thread(hash_password, password, session_id)
        return cls(session_id, read_only, password_hash)

    @property
    def password_needed(self) -> bool:
        return self._password_hash != b""

    def renew(self) -> None:
        """Make fresh secrets for those who join; the owner's stays."""
        roles: tuple[Role, ...] = ("reader",) if self._read_only else ("reader", "writer")
        for role in roles:
            self._secrets[role] = secret = secrets.token_bytes(SECRET_SIZE)
            self._psks[role] = derive_psk(secret, self._session_id, role, self._password_hash)

    def psk(self, role: Role, expires: int | None = None) -> bytes | None:
        """The key that proves a role, or None if nobody can have it here; `expires` as in `ticket`."""
        if expires is None:
            return self._psks.get(role)
        secret = self._secrets.get(role)
        if secret is None:
            return None
        invite = derive_invite(secret, self._session_id, expires)
        return derive_psk(invite, self._session_id, role, self._password_hash)

    def ticket(self, role: Literal["writer", "reader"], address: str, expires: int | None = None) -> Ticket | None:
        """The ticket for a role, or None if nobody can have the role here.

        Args:
            role: what it lets people do.
            address: the endpoint ticket of the host.
            expires: Unix time in seconds for an invite, which ends then. This does not check it.
        """
        secret = self._secrets.get(role)
        if secret is None:
            return None
        if expires is not None:
            secret = derive_invite(secret, self._session_id, expires)
        return Ticket.from_endpoint_ticket(address, self._session_id, secret, role, self.password_needed, expires)
