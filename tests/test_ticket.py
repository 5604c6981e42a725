from __future__ import annotations

import json
import string
import traceback
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import iroh
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sshx_jupyter.protocol.handshake import Credentials
from sshx_jupyter.ticket import EARLIEST, LATEST, MAX_ADDRESS, Ticket, TicketError

VECTORS = json.loads((Path(__file__).parent / "vectors/tickets.json").read_text())
ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
REASONS = {"empty", "foreign", "newer", "incomplete", "mistyped", "malformed", "crowded"}

tickets = st.builds(
    Ticket,
    st.binary(min_size=1, max_size=300),
    st.binary(min_size=16, max_size=16),
    st.binary(min_size=16, max_size=16),
    st.sampled_from(["writer", "reader"]),
    st.booleans(),
    st.none() | st.integers(EARLIEST, LATEST),
)

# Addresses whose length is in the byte, in one byte after it, and in two.
SAMPLES = [
    Ticket(bytes(range(1, 20)), b"i" * 16, bytes(range(100, 116)), "writer"),
    Ticket(bytes(range(60)), b"\xff" * 16, bytes(range(200, 216)), "reader", password=True),
    Ticket(b"acD" * 100, bytes(16), b"apakraicDwriter!", "writer", password=True),
    Ticket(b"ae\x1a" * 20, b"i" * 16, bytes(range(100, 116)), "reader", expires=0x61634420),
]


def refused(text: str) -> TicketError:
    """The error for a text; checks that nothing hangs on it that tells the text."""
    with pytest.raises(TicketError) as info:
        Ticket.decode(text)
    error = info.value
    assert error.reason in REASONS
    assert error.__cause__ is None
    assert error.__context__ is None
    assert len(error.args) == 1
    said = f"{error} {error!r} {''.join(traceback.format_exception_only(error))}"
    if len(text) > 25:
        assert text not in said
        assert text[-10:] not in said
    return error


@given(tickets)
def test_round_trip(ticket: Ticket) -> None:
    text = ticket.encode()
    assert text.startswith("sshx1")
    assert set(text[5:]) <= set(ALPHABET)
    assert Ticket.decode(text) == ticket
    assert Ticket.decode(ticket.url("https://example.org/")) == ticket


@given(tickets, st.data())
def test_white_space_and_case_do_not_matter(ticket: Ticket, data: st.DataObject) -> None:
    text = "".join(data.draw(st.sampled_from([c, c.upper()])) for c in ticket.encode())
    for _ in range(5):
        at = data.draw(st.integers(0, len(text)))
        text = text[:at] + data.draw(st.text(st.sampled_from(" \n\r\t\u00a0\u200b\ufeff\u2003"))) + text[at:]
    assert Ticket.decode(text) == ticket


def test_longest_ticket_with_a_line_break_after_every_character() -> None:
    ticket = Ticket(bytes(MAX_ADDRESS), bytes(16), bytes(16), "writer")
    assert Ticket.decode("\r\n".join(ticket.url("https://hub.example.org/user/ada"))) == ticket


@pytest.mark.parametrize("ticket", SAMPLES, ids=lambda ticket: f"address-of-{len(ticket.address)}")
def test_every_changed_character_is_refused(ticket: Ticket) -> None:
    text = ticket.encode()
    for position, right in enumerate(text):
        for wrong in ALPHABET + string.digits + "#?/=:-_.\u212a\u017f\u0131\u0130\0":
            if wrong == right:
                continue
            reason = refused(text[:position] + wrong + text[position + 1 :]).reason
            if position < 4:
                assert reason == "foreign"
            elif position == 4:
                newer = "23456789"
                expected = "newer" if wrong in newer else "mistyped" if wrong == "0" else "foreign"
                assert reason == expected
            else:
                assert reason == "mistyped"


@pytest.mark.parametrize("ticket", SAMPLES, ids=lambda ticket: f"address-of-{len(ticket.address)}")
def test_every_cut_is_refused(ticket: Ticket) -> None:
    text, url = ticket.encode(), ticket.url("https://example.org")
    assert refused("").reason == "empty"
    for end in range(1, len(text)):
        assert refused(text[:end]).reason == "incomplete"
        assert refused(text[:end].upper()).reason == "incomplete"
        assert refused(text[end:]).reason == "foreign"
    start = url.index("#") + 1
    for end in range(start):
        assert refused(url[:end]).reason == ("empty" if not end else "foreign")
    for end in range(start + 1, len(url)):
        assert refused(url[:end]).reason == "incomplete"


@pytest.mark.parametrize("ticket", SAMPLES, ids=lambda ticket: f"address-of-{len(ticket.address)}")
def test_two_characters_swapped_or_one_left_out_or_added(ticket: Ticket) -> None:
    text = ticket.encode()
    for at in range(5, len(text) - 1):
        if text[at] != text[at + 1]:
            assert refused(text[:at] + text[at + 1] + text[at] + text[at + 2 :]).reason == "mistyped"
        assert refused(text[:at] + text[at + 1 :]).reason in ("mistyped", "incomplete")
        assert refused(text[:at] + "q" + text[at:]).reason in ("mistyped", "incomplete")
    for more in ALPHABET:
        assert refused(text + more).reason == "mistyped"


@given(st.text())
def test_foreign_text(text: str) -> None:
    refused(text)


@given(st.text(st.sampled_from(ALPHABET + "0189 #?="), max_size=300), st.sampled_from(["sshx1", "SSHX2", "#sshx1"]))
def test_foreign_text_that_starts_like_a_ticket(text: str, start: str) -> None:
    refused(start + text)


@given(tickets, st.data())
def test_random_damage(ticket: Ticket, data: st.DataObject) -> None:
    text = list(ticket.encode())
    for _ in range(data.draw(st.integers(1, 5))):
        text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.sampled_from(ALPHABET))
    damaged = "".join(text)
    if damaged != ticket.encode():
        refused(damaged)


def test_huge_texts_are_refused_at_once() -> None:
    assert refused("a" * 10_000_000).reason == "foreign"
    assert refused(SAMPLES[0].encode() + " " * 1_000_000 + "x").reason == "foreign"
    assert refused(" " * 10_000_000).reason == "empty"
    assert Ticket.decode(" " * 1_000_000 + SAMPLES[0].encode()) == SAMPLES[0]


@pytest.mark.parametrize("row", VECTORS["valid"], ids=lambda row: row["name"])
def test_vectors_valid(row: dict[str, Any]) -> None:
    ticket = Ticket.decode(row["text"])
    assert ticket.encode() == row["text"]
    assert ticket.address.hex() == row["address"]
    assert ticket.session_id.hex() == row["sessionId"]
    assert ticket.secret.hex() == row["secret"]
    assert (ticket.role, ticket.password, ticket.expires) == (row["role"], row["password"], row["expires"])
    assert ticket.url(row["page"]) == row["url"]
    assert ticket.endpoint_ticket == row["endpointTicket"]


@pytest.mark.parametrize("row", VECTORS["accepted"], ids=lambda row: row["name"])
def test_vectors_accepted(row: dict[str, str]) -> None:
    assert Ticket.decode(row["text"]).encode() == row["ticket"]


@pytest.mark.parametrize("row", VECTORS["refused"], ids=lambda row: row["name"])
def test_vectors_refused(row: dict[str, str]) -> None:
    assert refused(row["text"]).reason == row["reason"]


def test_every_reason_has_its_own_sentence() -> None:
    sentences = {row["reason"]: str(refused(row["text"])) for row in VECTORS["refused"]}
    assert set(sentences) == REASONS
    assert len(set(sentences.values())) == len(REASONS)


def test_carries_what_iroh_gives() -> None:
    key = iroh.SecretKey.generate().public()
    for addresses in ([], ["127.0.0.1:1"], [f"192.168.1.{i}:5000" for i in range(15)] + ["[::1]:7"]):
        for relay in (None, "https://relay.example.org/"):
            given = iroh.EndpointTicket.from_addr(iroh.EndpointAddr(key, relay, addresses))
            ticket = Ticket.from_endpoint_ticket(str(given), bytes(16), b"k" * 16, "reader")
            copy = Ticket.decode(ticket.encode())
            assert copy.endpoint_ticket == str(given)
            there = iroh.EndpointTicket.from_string(copy.endpoint_ticket).endpoint_addr()
            assert there == given.endpoint_addr()


@pytest.mark.parametrize("relay", [None, "https://relay.example.org/"])
@pytest.mark.parametrize("host", ["192.168.1.1", "[2001:db8::1]"])
def test_counts_the_addresses_that_iroh_writes(host: str, relay: str | None) -> None:
    key = iroh.SecretKey.generate().public()
    for count in (16, 17):
        given = iroh.EndpointTicket.from_addr(
            iroh.EndpointAddr(key, relay, [f"{host}:{4000 * i + 80}" for i in range(count)])
        )
        text = Ticket.from_endpoint_ticket(str(given), bytes(16), b"k" * 16, "reader").encode()
        if count == 16:
            Ticket.decode(text)
        else:
            assert refused(text).reason == "crowded"


@pytest.mark.parametrize("text", ["", "endpoint", "endpoint1", "ENDPOINTaa", "nodeaaaa", "endpointabc=", "endpoint a"])
def test_refuses_other_endpoint_tickets(text: str) -> None:
    with pytest.raises(ValueError, match="EndpointTicket"):
        Ticket.from_endpoint_ticket(text, bytes(16), bytes(16), "reader")


def test_the_relays_are_those_of_the_address() -> None:
    relays = {row["name"]: Ticket.decode(row["text"]).relays for row in VECTORS["valid"]}
    assert relays["writer"] == ["https://relay.example.org/"]
    assert relays["16 direct addresses and a relay"] == ["https://r.example/"]
    assert all(len(found) < 2 for found in relays.values())  # bytes that are no address count as far as they go


@pytest.mark.parametrize("expires", [0, EARLIEST - 1, LATEST + 1, -1])
def test_an_invite_ends_at_a_time_that_fits(expires: int) -> None:
    with pytest.raises(ValueError, match="invite"):
        Ticket(b"a", bytes(16), bytes(16), "reader", expires=expires)


def test_fragment_keeps_the_ticket_from_servers() -> None:
    ticket = SAMPLES[0]
    parts = urlsplit(ticket.url("https://example.org/join/"))
    assert parts.path == "/join/"
    assert parts.fragment == ticket.encode()
    assert not parts.query


def test_credentials() -> None:
    ticket = SAMPLES[0]
    assert ticket.credentials("pw") == Credentials(ticket.session_id, "writer", ticket.secret, "pw")
    assert ticket.credentials().password is None


def test_secret_is_not_shown() -> None:
    ticket = Ticket(b"a", b"i" * 16, b"topsecretsecret!", "writer")
    for shown in (repr(ticket), str(ticket), f"{ticket}", repr([ticket]), repr(ticket.credentials("passw0rd"))):
        assert "topsecret" not in shown
        assert ticket.secret.hex() not in shown
        assert "passw0rd" not in shown


def test_fields_are_checked() -> None:
    def make(
        address: bytes = b"a", session_id: bytes = bytes(16), secret: bytes = b"topsecretsecret!", role: str = "writer"
    ) -> Ticket:
        checked: Literal["writer"] = role  # type: ignore[assignment]
        return Ticket(address, session_id, secret, checked)

    make()
    for wrong in (
        {"address": b""},
        {"address": bytes(MAX_ADDRESS + 1)},
        {"session_id": bytes(15)},
        {"secret": b"topsecret"},
        {"role": "owner"},
    ):
        with pytest.raises(ValueError, match=r"ticket|session id") as info:
            make(**wrong)
        assert "topsecret" not in str(info.value)
