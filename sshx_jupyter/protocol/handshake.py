"""How a client proves to a host that it may enter, and the encrypted channel that follows.

Three frames: the client sends a *preface* (in clear) and Noise message 1; the host answers with one frame,
``0x00`` and Noise message 2, or ``0x01`` and the reason for refusing. The preface is the prologue of the
handshake, so nobody on the way can change it, and the host tries only the key that it claims: that of a role, or
that of a client which has been inside before.
After that every frame is one Noise transport message (Noise rev 34, section 5.1) that holds one message of
:mod:`sshx_jupyter.protocol.messages`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .framing import MAX_FRAME
from .messages import Role
from .noise import (
    CLIENT_ID_SIZE,
    TAG_SIZE,
    CipherState,
    NoiseError,
    NoiseNNpsk0,
    derive_client,
    derive_psk,
    hash_password,
)

__all__ = [
    "MAX_PLAINTEXT",
    "SESSION_ID_SIZE",
    "VERSION",
    "ClientHandshake",
    "ClientKey",
    "Credentials",
    "HandshakeError",
    "HostHandshake",
    "Preface",
    "Refused",
    "SecureChannel",
    "refusal",
]

VERSION = 1
SESSION_ID_SIZE = 16

MAX_PLAINTEXT = MAX_FRAME - TAG_SIZE
"""Most bytes that :meth:`SecureChannel.seal` takes: 65,519."""

_MAGIC = b"sshx"
_ROLES: tuple[Role, ...] = ("owner", "writer", "reader")
_PASSWORD = 0x01
_CLIENT = 0x02
_INVITE = 0x04
_SIZE = len(_MAGIC) + 3 + SESSION_ID_SIZE
_TIME_SIZE = 4

_ACCEPTED = b"\x00"
_REFUSED = b"\x01"

_SENTENCES = {
    "invalidAuth": "The host did not accept this ticket or password. Check both, or ask for a new ticket.",
    "passwordRequired": "This session needs a password. Ask the host for it and join again.",
    "version": "The host runs another version of sshx-jupyter. Update it on both sides and join again.",
    "malformed": "The host could not read the request. Update sshx-jupyter on both sides and join again.",
    "notFound": "This session is no longer shared. Ask the host for a new ticket.",
    "full": "This session is full. Try again when someone leaves.",
    "locked": "The host has locked this session. Ask the host to unlock it, then join again.",
    "busy": "The host is busy. Try again in a few seconds.",
    "unknownClient": "The host no longer recognizes you. Join again with the ticket.",
    "inviteEnded": "This invite has ended. Ask the host for a new one.",
    "rateLimited": "Too many failed attempts. Wait a minute, then join with the right ticket.",
}


class HandshakeError(NoiseError):
    """The other side's bytes are wrong: damaged, changed, repeated, lost, or not of this protocol.

    The link cannot be used any more. Says nothing about keys or content.
    """


class Refused(Exception):
    """The host does not let this client in. ``str()`` is a sentence for a person that says what to do.

    Attributes:
        reason: a `RefusalCode`; a newer host may send another word of letters.
    """

    def __init__(self, reason: str, text: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self._text = text

    def __str__(self) -> str:
        text = self._text or "The host refused the connection. Ask the host for the reason."
        return _SENTENCES.get(self.reason, text)


def _is_reason(text: str) -> bool:
    return re.fullmatch("[A-Za-z]{1,64}", text) is not None


def refusal(reason: str) -> bytes:
    """Return the frame with which a host refuses a client, instead of the reply of :class:`HostHandshake`.

    Raises:
        ValueError: if ``reason`` is not 1 to 64 ASCII letters.
    """
    if not _is_reason(reason):
        raise ValueError("a reason is 1 to 64 ASCII letters")
    return _REFUSED + reason.encode("ascii")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client shows to enter a session. ``repr()`` hides the secret and the password.

    Attributes:
        session_id: 16 bytes.
        role: the role to claim; the secret must be that role's.
        secret: from the ticket, or the session's owner secret.
        password: the session's password, or None.
        expires: Unix time in seconds if the secret is an invite's, which ends then; else None.
    """

    session_id: bytes
    role: Role
    secret: bytes = field(repr=False)
    password: str | None = field(default=None, repr=False)
    expires: int | None = None

    def preface(self) -> Preface:
        """Return the preface of a handshake with :meth:`psk`. Raises ValueError if the session id is not 16 bytes."""
        return Preface(self.role, self.session_id, self.password is not None, expires=self.expires)

    def psk(self) -> bytes:
        """Return :func:`~sshx_jupyter.protocol.noise.derive_psk` of this; takes 50 ms with a password."""
        password_hash = b"" if self.password is None else hash_password(self.password, self.session_id)
        return derive_psk(self.secret, self.session_id, self.role, password_hash)


class ClientKey:
    """A client's own key: with it, one that was inside comes back as the same client, whatever became of the ticket.

    Args:
        role: the role whose key the client showed when it came for the first time.
        session_id: 16 bytes.
        token: from the host's ``hello``. Secret.
    """

    __slots__ = ("_psk", "id", "role", "session_id")

    def __init__(self, role: Role, session_id: bytes, token: bytes) -> None:
        self.role = role
        self.session_id = session_id
        self.id, self._psk = derive_client(token, session_id)

    def preface(self) -> Preface:
        """Return the preface of a handshake with :meth:`psk`."""
        return Preface(self.role, self.session_id, client=self.id)

    def psk(self) -> bytes:
        """Return the pre-shared key."""
        return self._psk


@dataclass(frozen=True, slots=True)
class Preface:
    """The first frame, in clear; 23 bytes, or 39 with a client's id, or 27 with an invite.

    ``"sshx"``, then one byte each for the version, the flags (bit 0: password, bit 1: client id, bit 2: invite) and the
    role (0 owner, 1 writer, 2 reader), then the session id, then the client's id or when the invite ends (4 bytes,
    big-endian).

    Attributes:
        role: the role claimed.
        session_id: 16 bytes.
        password: whether the client uses a password; a host that needs one refuses with ``passwordRequired``.
        client: 16 bytes if the client has been inside and uses a key of its own (:class:`ClientKey`), else None.
        expires: Unix time in seconds, up to 2**32 - 1, if the client uses an invite, which ends then; else None.
        version: the version of the protocol.
    """

    role: Role
    session_id: bytes
    password: bool = False
    client: bytes | None = None
    expires: int | None = None
    version: int = VERSION

    def pack(self) -> bytes:
        """Return the frame.

        Raises:
            ValueError: if a field is out of range.
        """
        if len(self.session_id) != SESSION_ID_SIZE:
            raise ValueError(f"a session id is {SESSION_ID_SIZE} bytes")
        if self.client is not None and len(self.client) != CLIENT_ID_SIZE:
            raise ValueError(f"a client's id is {CLIENT_ID_SIZE} bytes")
        flags, rest = _PASSWORD if self.password else 0, b""
        if self.client is not None:
            flags, rest = flags | _CLIENT, self.client
        if self.expires is not None:
            if self.client is not None:
                raise ValueError("a client that comes back needs no invite")
            if not 0 <= self.expires < 1 << 8 * _TIME_SIZE:
                raise ValueError(f"the time at which an invite ends has {_TIME_SIZE} bytes")
            flags, rest = flags | _INVITE, self.expires.to_bytes(_TIME_SIZE, "big")
        head = bytes((self.version, flags, _ROLES.index(self.role)))
        return _MAGIC + head + self.session_id + rest

    @classmethod
    def parse(cls, frame: bytes) -> Preface:
        """Read the first frame that a client sent.

        Raises:
            Refused: with ``version`` for a preface, of any length, of another version; with ``malformed`` for
                everything else that is not a preface. Unknown flags are ignored. The host sends
                ``refusal(exc.reason)``.
        """
        if frame[:4] != _MAGIC or len(frame) < 5:
            raise Refused("malformed")
        if frame[4] != VERSION:
            raise Refused("version")
        if len(frame) < _SIZE or frame[6] >= len(_ROLES):
            raise Refused("malformed")
        session_id, rest = bytes(frame[7:_SIZE]), bytes(frame[_SIZE:])
        flags = frame[5]
        sizes = {0: 0, _CLIENT: CLIENT_ID_SIZE, _INVITE: _TIME_SIZE}  # never both
        if len(rest) != sizes.get(flags & (_CLIENT | _INVITE)):
            raise Refused("malformed")
        return cls(
            _ROLES[frame[6]],
            session_id,
            bool(flags & _PASSWORD),
            client=rest if flags & _CLIENT else None,
            expires=int.from_bytes(rest, "big") if flags & _INVITE else None,
        )


class SecureChannel:
    """The encrypted channel after a handshake.

    One :meth:`seal` for each frame sent and one :meth:`open` for each frame received, in order: the link must
    not lose or reorder frames.
    """

    __slots__ = ("_broken", "_receive", "_send")

    def __init__(self, send: CipherState, receive: CipherState) -> None:
        self._send = send
        self._receive = receive
        self._broken = False

    def seal(self, plaintext: bytes) -> bytes:
        """Return the frame that carries ``plaintext``; send frames in the order in which they are sealed.

        Raises:
            ValueError: if ``plaintext`` is longer than :data:`MAX_PLAINTEXT`.
        """
        if len(plaintext) > MAX_PLAINTEXT:
            raise ValueError(f"message of {len(plaintext)} bytes, the limit is {MAX_PLAINTEXT}")
        return self._send.encrypt(plaintext)

    def open(self, frame: bytes) -> bytes:
        """Return the plaintext of the next frame received.

        Raises:
            HandshakeError: if the frame was changed, repeated, reordered or cut short, or one before it was
                lost; from then on at every call, because what is missing cannot come back.
        """
        if self._broken:
            raise HandshakeError("the link is broken")
        try:
            return self._receive.decrypt(frame)
        except NoiseError:
            self._broken = True
        raise HandshakeError("a message on the link was damaged or lost")


class ClientHandshake:
    """The client's side: send the frames of :meth:`start`, then :meth:`receive` the first frame that comes.

    Args:
        preface: that of the :class:`Credentials` or the :class:`ClientKey` to show.
        psk: the key of the same; 32 bytes.
        ephemeral: only for test vectors, as in :class:`~sshx_jupyter.protocol.noise.NoiseNNpsk0`.

    Raises:
        ValueError: if a field of the preface is out of range.
    """

    __slots__ = ("_noise", "_preface")

    def __init__(self, preface: Preface, psk: bytes, *, ephemeral: bytes | None = None) -> None:
        self._preface = preface.pack()
        self._noise = NoiseNNpsk0(True, self._preface, psk, ephemeral)

    def start(self) -> list[bytes]:
        """Return the two frames to send, the preface and Noise message 1. Call it once.

        Raises:
            NoiseError: at the second call.
        """
        return [self._preface, self._noise.write_message()]

    def receive(self, frame: bytes) -> SecureChannel:
        """Take the host's answer and return the channel.

        Raises:
            Refused: if the host refuses. Nothing proves that a refusal comes from the host itself.
            HandshakeError: if the frame is neither a refusal nor made with the same key for the same preface.
        """
        kind, body = frame[:1], frame[1:]
        if kind == _REFUSED:
            reason = body.decode("latin-1")
            if _is_reason(reason):
                raise Refused(reason)
        elif kind == _ACCEPTED:
            try:
                self._noise.read_message(body)
                return SecureChannel(*self._noise.split())
            except NoiseError:
                pass
        raise HandshakeError("the host did not answer as it should")


class HostHandshake:
    """The host's side, once :meth:`Preface.parse` has said which session and role are meant.

    For a session that does not exist give a random psk: an outsider then cannot tell it from a wrong key.
    A client's two frames can be replayed by whoever saw them (Noise rev 34, section 7.7), but not what
    follows: only when its first frame has been opened has the client shown that it is there and has the key.

    Args:
        preface: the first frame, exactly as it was received.
        psk: the 32-byte key of the session and role, or of the client, that the preface claims, and of no other.
        ephemeral: only for test vectors, as in :class:`~sshx_jupyter.protocol.noise.NoiseNNpsk0`.
    """

    __slots__ = ("_noise",)

    def __init__(self, preface: bytes, psk: bytes, *, ephemeral: bytes | None = None) -> None:
        self._noise = NoiseNNpsk0(False, preface, psk, ephemeral)

    def receive(self, frame: bytes) -> tuple[bytes, SecureChannel]:
        """Take the second frame that the client sent; return the frame to answer with, and the channel.

        Raises:
            Refused: with ``invalidAuth`` if the client has another key, or the frame or the preface was
                changed, which looks the same. The host sends ``refusal(exc.reason)`` and closes the link.
        """
        try:
            self._noise.read_message(frame)
            reply = _ACCEPTED + self._noise.write_message()
            return reply, SecureChannel(*self._noise.split())
        except NoiseError:
            pass
        raise Refused("invalidAuth")
