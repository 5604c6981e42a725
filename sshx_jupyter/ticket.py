"""Tickets: the short string that lets someone into a session.

A ticket is ``"sshx1"`` and lowercase, unpadded base32 (RFC 4648, section 6) of a CBOR map (RFC 8949): where
the host is, which session, and a secret that carries the role. Its last entry is a CRC-32 of all bytes
before, so that a mistyped character gets its own message instead of a failed connection. There is exactly one
text for a ticket, so reading one is a walk along the bytes that its fields must have, without a general CBOR
decoder.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, cast
from zlib import crc32

from cbor2 import dumps

from .protocol.handshake import Credentials

__all__ = ["Reason", "Ticket", "TicketError"]

Reason: TypeAlias = Literal["empty", "foreign", "newer", "incomplete", "mistyped", "malformed", "crowded"]

ID_SIZE = 16
SECRET_SIZE = 16
MAX_ADDRESS = 2048
EARLIEST, LATEST = 1 << 16, (1 << 32) - 1
"""Unix times at which an invite may end: those that CBOR writes in four bytes."""
MAX_DIRECT_ADDRESSES = 16
"""Direct addresses of a host. All are tried at once: a ticket with more could aim whoever joins at other machines."""

_PREFIX = "sshx"
_VERSION = "1"
_ENDPOINT = "endpoint"  # what iroh writes before the base32 of an EndpointTicket
_MAX_TEXT = 16_384  # much more than the longest ticket as a link, with a line break after every character

_SENTENCES: dict[Reason, str] = {
    "empty": "No ticket was found. Paste the ticket from the host. It starts with sshx1.",
    "foreign": "This is not an sshx ticket. A ticket starts with sshx1. In a link, it comes after the #.",
    "newer": "This ticket is from a newer version of sshx-jupyter. Update sshx-jupyter and try again.",
    "incomplete": "This ticket is incomplete. Copy the whole ticket and try again.",
    "mistyped": "This ticket contains a wrong character. Copy the ticket instead of typing it.",
    "malformed": "This version of sshx-jupyter cannot read this ticket. Ask the host for a new one.",
    "crowded": "This ticket has more than 16 addresses. Ask the host for a new one.",
}

# Spaces, and the invisible characters that chat programs and PDFs put into long words.
_space = re.compile("[\\s\u200b-\u200d\u2060\ufeff]+")
_command = re.compile(r"^(\$\s*)?(jupyter[\s-]+|%)sshx\s+join\s+", re.ASCII)
"""What people copy with a ticket: the line that joins in a shell or a notebook."""


class TicketError(ValueError):
    """A text is not a ticket. ``str()`` is a sentence for a person; it holds nothing of the text.

    Attributes:
        reason: ``empty`` (nothing there), ``foreign`` (some other text), ``newer`` (a ticket of a newer
            version), ``incomplete`` (cut off), ``mistyped`` (a character is wrong), ``malformed`` (whole, but
            senseless), or ``crowded`` (more than 16 direct addresses).
    """

    def __init__(self, reason: Reason) -> None:
        super().__init__(_SENTENCES[reason])
        self.reason: Reason = reason


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a ticket holds. Its ``repr()`` hides the secret; only :meth:`encode` and :meth:`url` tell it.

    Attributes:
        address: where the host is: an iroh EndpointTicket as bytes, 1 to 2,048 of them.
        session_id: 16 bytes.
        secret: 16 random bytes, which stand for the role.
        role: ``"writer"`` or ``"reader"``; owners have no tickets.
        password: whether a password is needed as well.
        expires: Unix time in seconds if this is an invite, which lets people in until then; else None.

    Raises:
        ValueError: if a field is none of this.
    """

    address: bytes
    session_id: bytes
    secret: bytes = field(repr=False)
    role: Literal["writer", "reader"]
    password: bool = False
    expires: int | None = None

    def __post_init__(self) -> None:
        if not 0 < len(self.address) <= MAX_ADDRESS:
            raise ValueError(f"a ticket's address has 1 to {MAX_ADDRESS} bytes")
        if len(self.session_id) != ID_SIZE:
            raise ValueError(f"a session id has {ID_SIZE} bytes")
        if len(self.secret) != SECRET_SIZE:
            raise ValueError(f"a ticket's secret has {SECRET_SIZE} bytes")
        if self.role not in ("writer", "reader"):
            raise ValueError("a ticket's role is writer or reader")
        if self.expires is not None and not EARLIEST <= self.expires <= LATEST:
            raise ValueError(f"an invite ends at a Unix time from {EARLIEST} to {LATEST}")

    @classmethod
    def from_endpoint_ticket(
        cls,
        endpoint_ticket: str,
        session_id: bytes,
        secret: bytes,
        role: Literal["writer", "reader"],
        password: bool = False,
        expires: int | None = None,
    ) -> Ticket:
        """Make a ticket from ``str(iroh.EndpointTicket)``.

        Raises:
            ValueError: if a field is none of what the class says, or the text is not an EndpointTicket's.
        """
        bits = _bits(endpoint_ticket[len(_ENDPOINT) :])
        if bits is None or bits[1] or not endpoint_ticket.startswith(_ENDPOINT):
            raise ValueError("not an EndpointTicket")
        return cls(bits[0], session_id, secret, role, password, expires)

    @property
    def endpoint_ticket(self) -> str:
        """The address in the form that ``iroh.EndpointTicket.from_string`` reads."""
        return _ENDPOINT + _base32(self.address)

    @property
    def relays(self) -> list[str]:
        """The URLs of the relays over which the host is reached, as far as the address is understood."""
        return _read_address(self.address)[0]

    def encode(self) -> str:
        """Return the ticket's text, the only one that there is for it."""
        fields: dict[str, Any] = {
            "a": self.address,
            "i": self.session_id,
            "k": self.secret,
            "r": self.role,
            "p": self.password,
            **({} if self.expires is None else {"e": self.expires}),
            "c": bytes(4),
        }
        body = dumps(fields)[:-4]
        return _PREFIX + _VERSION + _base32(body + crc32(body).to_bytes(4, "big"))

    @classmethod
    def decode(cls, text: str) -> Ticket:
        """Read a ticket as a person pastes it.

        Case does not matter, nor does white space around and in it; it may also be a link whose fragment or
        ``ticket`` parameter the ticket is, or follow ``jupyter sshx join`` or ``%sshx join``.

        Raises:
            TicketError: if it is not exactly a ticket. See there for the reasons.
        """
        text = text.strip()
        if len(text) > _MAX_TEXT:
            raise TicketError("foreign")
        word = _from_link(_space.sub("", _command.sub("", text, count=1)))
        if not word:
            raise TicketError("empty")
        # Before lower(), which would make a "k" of the Kelvin sign.
        if not word.isascii():
            raise TicketError("mistyped" if _starts_like_ticket(word) else "foreign")
        word = word.lower()
        if (_PREFIX + _VERSION).startswith(word):
            raise TicketError("incomplete")
        if not _starts_like_ticket(word):
            raise TicketError("foreign")
        version, body = word[4], word[5:]
        if version != _VERSION:
            raise TicketError("newer" if version > _VERSION else "mistyped")
        bits = _bits(body)
        if bits is None:
            raise TicketError("mistyped")
        raw, rest = bits
        ticket = _walk(raw)
        if not isinstance(ticket, Ticket):
            raise TicketError(ticket)
        if rest:
            raise TicketError("mistyped")
        if _read_address(ticket.address)[1] > MAX_DIRECT_ADDRESSES:
            raise TicketError("crowded")
        return ticket

    def url(self, page: str) -> str:
        """Return the link to a page, such as a guest page. The ticket is in the fragment, so that no server sees it."""
        return f"{page}#{self.encode()}"

    def credentials(self, password: str | None = None) -> Credentials:
        """Return what a client shows to the host."""
        return Credentials(self.session_id, self.role, self.secret, password, self.expires)


def _starts_like_ticket(word: str) -> bool:
    return re.match("sshx[0-9]", word, re.IGNORECASE | re.ASCII) is not None


def _from_link(word: str) -> str:
    """The ticket in a link; the word itself if it is no link with a ticket."""
    if _starts_like_ticket(word) and "://" not in word:
        return word
    address, _, fragment = word.partition("#")
    parameter = re.search("[?&]ticket=([^&]*)", address, re.IGNORECASE)
    if parameter and not _starts_like_ticket(fragment):
        return parameter[1]
    return fragment or word


def _base32(raw: bytes) -> str:
    return base64.b32encode(raw).decode("ascii").rstrip("=").lower()


_to_digits = str.maketrans("abcdefghijklmnopqrstuvwxyz234567", "0123456789abcdefghijklmnopqrstuv")


def _bits(text: str) -> tuple[bytes, bool] | None:
    """Read lowercase base32 that may be cut anywhere; None if a character is not of the alphabet.

    Returns the whole bytes, and whether what remains is more than the zero bits that fill up the last
    character.
    """
    if not re.fullmatch("[a-z2-7]+", text):
        return None
    size, extra = divmod(5 * len(text), 8)
    number = int(text.translate(_to_digits), 32)
    return (number >> extra).to_bytes(size, "big"), extra >= 5 or number & ((1 << extra) - 1) != 0


def _walk(raw: bytes) -> Ticket | Reason:
    """Read the CBOR map, or tell in which way it is wrong.

    Both roles have six letters, so only the address has a length of its own, and it comes first: after it
    every byte has its place, and a cut can be told from a wrong character.
    """
    intact = len(raw) > 4 and crc32(raw[:-4]) == int.from_bytes(raw[-4:], "big")
    wrong: Reason = "malformed" if intact else "mistyped"
    if not any(head.startswith(raw[:3]) for head in (b"\xa6aa", b"\xa7aa")):
        return wrong
    more = 7 if raw[:1] == b"\xa7" else 0  # bytes of the field "e" of an invite
    # Next is the length of the address: up to 23 within the byte, or 0x58 and 1 byte, or 0x59 and 2 bytes.
    width = {b"\x58": 1, b"\x59": 2}.get(raw[3:4], 0)
    start = 4 + width
    if len(raw) < start:
        return "incomplete"
    size = int.from_bytes(raw[4:start], "big") if width else raw[3] - 0x40
    shortest, longest = ((1, 23), (24, 255), (256, MAX_ADDRESS))[width]
    if not shortest <= size <= longest:
        return wrong
    end = start + size
    session_id, secret = raw[end + 3 : end + 19], raw[end + 22 : end + 38]
    role, flag, expires = raw[end + 41 : end + 47], raw[end + 49 : end + 50], raw[end + 53 : end + 57] if more else b""
    checksum = raw[end + 53 + more : end + 57 + more]
    head = (b"aiP", session_id, b"akP", secret, b"arf", role, b"ap", flag)
    fields = (*head, *((b"ae\x1a", expires) if more else ()), b"acD", checksum)
    fits = (
        b"".join(fields).startswith(raw[end:])
        and (b"writer".startswith(role) or b"reader".startswith(role))
        and flag in (b"", b"\xf4", b"\xf5")
    )
    if len(raw) < end + 57 + more:
        # If the last fields are there after all, the length of the address is what is wrong.
        whole = raw[-10 - more : -8 - more] == b"ap" and raw[-7:-4] == b"acD"
        return "incomplete" if fits and not whole else wrong
    until = int.from_bytes(expires, "big") if more else None
    if not (fits and intact) or (until is not None and until < EARLIEST):
        return wrong
    return Ticket(raw[start:end], session_id, secret, cast(Any, role.decode("ascii")), flag == b"\xf5", until)


def _read_address(address: bytes) -> tuple[list[str], int]:
    """The relays of an EndpointTicket and how many direct addresses it holds, as far as it is understood.

    It is written in postcard: a byte for the version, 32 of the endpoint's id, and a list of relays (0 and a text) and
    socket addresses (1; then 0 and 4 bytes, or 1 and 16 bytes; then the port). Numbers are LEB128.
    """
    at = 33

    def number() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte, at = address[at], at + 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    relays: list[str] = []
    direct = 0
    try:
        for _ in range(number()):
            kind = number()
            if kind == 0:
                size = number()
                at += size
                if at <= len(address):
                    relays.append(address[at - size : at].decode(errors="replace"))
            elif kind == 1:
                size = 16 if number() else 4
                at += size
                number()
                direct += 1
            else:
                break
    except IndexError:
        pass
    return relays, direct
