"""Noise ``NNpsk0_25519_ChaChaPoly_SHA256``: the handshake and the ciphers that come out of it.

After the Noise Protocol Framework, revision 34 (https://noiseprotocol.org/noise.html); the section numbers
below are its. Only this one pattern is here, because the protocol uses no other::

    NNpsk0:
      -> psk, e
      <- e, ee

The primitives come from `cryptography` (X25519, RFC 7748; ChaCha20-Poly1305, RFC 8439; Argon2id, RFC 9106)
and the standard library (SHA-256; HMAC, RFC 2104).
"""

from __future__ import annotations

import hmac
import re
import struct
import unicodedata
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

__all__ = [
    "CLIENT_ID_SIZE",
    "KEY_SIZE",
    "PROTOCOL_NAME",
    "TAG_SIZE",
    "CipherState",
    "NoiseError",
    "NoiseNNpsk0",
    "derive_client",
    "derive_invite",
    "derive_psk",
    "hash_password",
]

PROTOCOL_NAME = b"Noise_NNpsk0_25519_ChaChaPoly_SHA256"

KEY_SIZE = 32
"""Bytes of a psk, a cipher key, an X25519 key and a SHA-256 digest: all four are 32."""

CLIENT_ID_SIZE = 16
"""Bytes by which a client that comes back names itself."""

INVITE_SIZE = 16
"""Bytes of an invite's secret: as many as a ticket's has."""

TAG_SIZE = 16
"""Bytes that encryption adds to a message."""

_LAST_NONCE = 2**64 - 1  # reserved: section 5.1

_nonce = struct.Struct("<4xQ")  # 32 zero bits, then the counter, little-endian: section 12.3


class NoiseError(Exception):
    """A message is not authentic, is cut short, or came out of turn. Tells nothing of keys or content."""


def hash_password(password: str, session_id: bytes) -> bytes:
    """Return the 32-byte Argon2id hash (RFC 9106) of a session's password; takes about 50 ms.

    19 MiB, 2 passes, 1 lane; the salt is the session id. The password is hashed as NFKC-normalized UTF-8, so that it
    is the same from every keyboard; a lone surrogate counts as U+FFFD, as in browsers. The empty string is a password.

    Args:
        password: what the person typed.
        session_id: 16 bytes (Argon2id needs at least 8).
    """
    text = unicodedata.normalize("NFKC", re.sub("[\ud800-\udfff]", "\ufffd", password))
    argon2 = Argon2id(salt=session_id, length=32, iterations=2, lanes=1, memory_cost=19 * 1024)
    return argon2.derive(text.encode())


def derive_psk(secret: bytes, session_id: bytes, role: str, password_hash: bytes = b"") -> bytes:
    """Derive the 32-byte pre-shared key that proves ``role`` in a session.

    HKDF-SHA256 (RFC 5869) with the secret, followed by the password's hash, as key material, the session id as salt
    and ``"sshx/1 " + role`` as info.

    Args:
        secret: the ticket's secret, any length.
        session_id: 16 bytes.
        role: ``"owner"``, ``"writer"`` or ``"reader"``.
        password_hash: :func:`hash_password` of the session's password, or empty if it has none.
    """
    return _derive(secret + password_hash, session_id, role, KEY_SIZE)


def derive_invite(secret: bytes, session_id: bytes, expires: int) -> bytes:
    """Derive the 16-byte secret that stands in for the ticket's ``secret`` until a point in time.

    HKDF-SHA256 with the secret as key material, the session id as salt and ``"sshx/1 invite "`` and the time in decimal
    digits as info. The host makes it again from the time that a client claims, so it keeps no list of invites.

    Args:
        secret: the secret of the invite's role, any length.
        session_id: 16 bytes.
        expires: Unix time in whole seconds.
    """
    return _derive(secret, session_id, f"invite {expires}", INVITE_SIZE)


def derive_client(token: bytes, session_id: bytes) -> tuple[bytes, bytes]:
    """Derive what a client that holds ``token`` shows when it comes back: its 16-byte id, and its 32-byte psk.

    HKDF-SHA256 with the token as key material, the session id as salt and ``"sshx/1 client"`` as info. The id is sent
    in clear and tells nothing of the token.
    """
    derived = _derive(token, session_id, "client", CLIENT_ID_SIZE + KEY_SIZE)
    return derived[:CLIENT_ID_SIZE], derived[CLIENT_ID_SIZE:]


def _derive(material: bytes, session_id: bytes, purpose: str, length: int) -> bytes:
    info = b"sshx/1 " + purpose.encode("ascii")
    return HKDF(algorithm=SHA256(), length=length, salt=session_id, info=info).derive(material)


class CipherState:
    """One direction of an encrypted channel: a key and a message counter (section 5.1)."""

    __slots__ = ("_cipher", "_n")

    def __init__(self, key: bytes) -> None:
        self._cipher = ChaCha20Poly1305(key)
        self._n = 0

    def encrypt(self, plaintext: bytes, ad: bytes = b"") -> bytes:
        """Return the ciphertext, :data:`TAG_SIZE` bytes longer than the plaintext, and count on.

        Raises:
            NoiseError: after 2**64 - 1 messages.
        """
        n = self._n
        if n == _LAST_NONCE:
            raise NoiseError("too many messages under one key")
        self._n = n + 1
        return self._cipher.encrypt(_nonce.pack(n), plaintext, ad)

    def decrypt(self, ciphertext: bytes, ad: bytes = b"") -> bytes:
        """Return the plaintext of the next message, and count on. On failure the counter stays (section 5.1).

        Raises:
            NoiseError: if the message was changed, repeated, reordered, made with another key or cut short,
                or follows one that was lost; and after 2**64 - 1 messages.
        """
        n = self._n
        if n == _LAST_NONCE:
            raise NoiseError("too many messages under one key")
        try:
            plaintext = self._cipher.decrypt(_nonce.pack(n), ciphertext, ad)
        except InvalidTag:
            raise NoiseError("message failed authentication") from None
        self._n = n + 1
        return plaintext


def _hkdf(chaining_key: bytes, material: bytes, outputs: int) -> list[bytes]:
    """HKDF of section 4.3: that of RFC 5869 with the chaining key as salt and no info."""
    temp_key = hmac.digest(chaining_key, material, "sha256")
    result: list[bytes] = []
    block = b""
    for i in range(1, outputs + 1):
        block = hmac.digest(temp_key, block + bytes((i,)), "sha256")
        result.append(block)
    return result


class _SymmetricState:
    """Section 5.2, without the case of no key: psk0 sets a key before anything is encrypted."""

    __slots__ = ("_chaining_key", "_cipher", "_hash")

    _cipher: CipherState

    def __init__(self) -> None:
        # The name is longer than a digest, so the initial hash is the digest of it.
        self._hash = self._chaining_key = sha256(PROTOCOL_NAME).digest()

    def mix_hash(self, data: bytes) -> None:
        self._hash = sha256(self._hash + data).digest()

    def mix_key(self, material: bytes) -> None:
        self._chaining_key, key = _hkdf(self._chaining_key, material, 2)
        self._cipher = CipherState(key)

    def mix_key_and_hash(self, material: bytes) -> None:
        self._chaining_key, digest, key = _hkdf(self._chaining_key, material, 3)
        self.mix_hash(digest)
        self._cipher = CipherState(key)

    def encrypt_and_hash(self, plaintext: bytes) -> bytes:
        ciphertext = self._cipher.encrypt(plaintext, self._hash)
        self.mix_hash(ciphertext)
        return ciphertext

    def decrypt_and_hash(self, ciphertext: bytes) -> bytes:
        plaintext = self._cipher.decrypt(ciphertext, self._hash)
        self.mix_hash(ciphertext)
        return plaintext

    def split(self) -> tuple[CipherState, CipherState]:
        first, second = _hkdf(self._chaining_key, b"", 2)
        return CipherState(first), CipherState(second)


class NoiseNNpsk0:
    """One side of a handshake (section 5.3).

    The initiator writes one message, then reads one; the responder reads, then writes. Then both
    :meth:`split`. Both sides must be given the same prologue and psk, or the first message read fails. A
    handshake that has failed stays failed.

    Args:
        initiator: whether this side starts.
        prologue: bytes of any length that both sides know and that the handshake authenticates (section 6).
        psk: the 32-byte pre-shared key (section 9).
        ephemeral: the 32-byte X25519 private key to use instead of a fresh one. For test vectors only: using
            one twice gives up the secrecy of everything sent.

    Raises:
        ValueError: if ``psk`` is not 32 bytes.
    """

    __slots__ = ("_ephemeral", "_initiator", "_public", "_step", "_symmetric", "_theirs")

    def __init__(self, initiator: bool, prologue: bytes, psk: bytes, ephemeral: bytes | None = None) -> None:
        if len(psk) != KEY_SIZE:
            raise ValueError(f"the psk must be {KEY_SIZE} bytes")
        self._initiator = initiator
        self._ephemeral = (
            X25519PrivateKey.generate() if ephemeral is None else X25519PrivateKey.from_private_bytes(ephemeral)
        )
        self._public = self._ephemeral.public_key().public_bytes_raw()
        self._theirs = b""
        self._step = 0  # messages done; -1 after a failure
        self._symmetric = _SymmetricState()
        self._symmetric.mix_hash(prologue)
        self._symmetric.mix_key_and_hash(psk)  # the token psk, which starts the first message on both sides

    @property
    def finished(self) -> bool:
        """Whether both messages are done and :meth:`split` may be called."""
        return self._step == 2

    def write_message(self, payload: bytes = b"") -> bytes:
        """Return this side's message, with ``payload`` encrypted in it: 48 bytes and the payload.

        Raises:
            NoiseError: if it is the other side's turn, or the other side's key makes no shared secret.
        """
        step = self._begin(writing=True)
        self._mix_tokens(step, self._public)
        message = self._public + self._symmetric.encrypt_and_hash(payload)
        self._step = step + 1
        return message

    def read_message(self, data: bytes) -> bytes:
        """Return the payload of the other side's message.

        Raises:
            NoiseError: if the psk or prologue of the two sides differ, the message was changed or cut short,
                or it is this side's turn.
        """
        step = self._begin(writing=False)
        if len(data) < KEY_SIZE + TAG_SIZE:
            raise NoiseError("handshake message is cut short")
        self._theirs = data[:KEY_SIZE]
        self._mix_tokens(step, self._theirs)
        payload = self._symmetric.decrypt_and_hash(data[KEY_SIZE:])
        self._step = step + 1
        return payload

    def _begin(self, writing: bool) -> int:
        """Check whose turn it is, and count the handshake as failed until the message is done."""
        step = self._step
        if step not in (0, 1) or writing != (self._initiator == (step == 0)):
            raise NoiseError("handshake message out of turn")
        self._step = -1
        return step

    def _mix_tokens(self, step: int, public: bytes) -> None:
        """Token e of either message, with a psk mixed into the key too (section 9.2); ee of the second."""
        self._symmetric.mix_hash(public)
        self._symmetric.mix_key(public)
        if step == 1:
            try:
                shared = self._ephemeral.exchange(X25519PublicKey.from_public_bytes(self._theirs))
            except ValueError:  # a point of low order: section 12.1 allows refusing it
                raise NoiseError("the key makes no shared secret") from None
            self._symmetric.mix_key(shared)

    def split(self) -> tuple[CipherState, CipherState]:
        """Return the ciphers for what this side sends and for what it receives.

        Raises:
            NoiseError: before the handshake is finished.
        """
        if not self.finished:
            raise NoiseError("the handshake is not finished")
        self._step = -1  # two pairs of ciphers would use every nonce twice
        first, second = self._symmetric.split()
        return (first, second) if self._initiator else (second, first)
