from __future__ import annotations

import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from noise.connection import Keypair, NoiseConnection

from sshx_jupyter.protocol.noise import (
    PROTOCOL_NAME,
    CipherState,
    NoiseError,
    NoiseNNpsk0,
    derive_client,
    derive_invite,
    derive_psk,
    hash_password,
)

VECTORS = Path(__file__).parents[1] / "vectors"
PSK = bytes(range(32))

# The other implementation warns of what only tests do.
pytestmark = pytest.mark.filterwarnings("ignore:One of ephemeral keypairs is already set")


def other(initiator: bool, prologue: bytes, psk: bytes, ephemeral: bytes | None = None) -> Any:
    """The same handshake by another implementation."""
    connection = NoiseConnection.from_name(PROTOCOL_NAME)
    connection.set_psks(psk)
    connection.set_prologue(prologue)
    (connection.set_as_initiator if initiator else connection.set_as_responder)()
    if ephemeral is not None:
        connection.set_keypair_from_private_bytes(Keypair.EPHEMERAL, ephemeral)
    connection.start_handshake()
    return connection


def pair(**changes: Any) -> tuple[NoiseNNpsk0, NoiseNNpsk0]:
    settings: dict[str, Any] = {"prologue": b"p", "psk": PSK}
    return NoiseNNpsk0(True, **settings), NoiseNNpsk0(False, **{**settings, **changes})


def finished() -> tuple[NoiseNNpsk0, NoiseNNpsk0]:
    ours, theirs = pair()
    theirs.read_message(ours.write_message())
    ours.read_message(theirs.write_message())
    return ours, theirs


PAYLOADS = [b"", b"a", bytes(range(256)) * 10, bytes(65535 - 48)]


@pytest.mark.parametrize("payload", PAYLOADS, ids=len)
@pytest.mark.parametrize("prologue", [b"", b"sshx", bytes(1000)], ids=len)
def test_initiator_against_another_implementation(prologue: bytes, payload: bytes) -> None:
    ours, theirs = NoiseNNpsk0(True, prologue, PSK), other(False, prologue, PSK)
    assert theirs.read_message(ours.write_message(payload)) == payload
    assert ours.read_message(bytes(theirs.write_message(payload[::-1]))) == payload[::-1]
    transport(ours, theirs)


@pytest.mark.parametrize("payload", PAYLOADS, ids=len)
@pytest.mark.parametrize("prologue", [b"", b"sshx", bytes(1000)], ids=len)
def test_responder_against_another_implementation(prologue: bytes, payload: bytes) -> None:
    ours, theirs = NoiseNNpsk0(False, prologue, PSK), other(True, prologue, PSK)
    assert ours.read_message(bytes(theirs.write_message(payload))) == payload
    assert theirs.read_message(ours.write_message(payload[::-1])) == payload[::-1]
    transport(ours, theirs)


def transport(ours: NoiseNNpsk0, theirs: Any) -> None:
    assert ours.finished
    assert theirs.handshake_finished
    send, receive = ours.split()
    for i in range(300):
        message = bytes([i % 256]) * i
        assert theirs.decrypt(send.encrypt(message)) == message
        assert receive.decrypt(theirs.encrypt(message)) == message


@given(st.binary(max_size=200), st.binary(min_size=32, max_size=32), st.binary(max_size=100))
def test_same_bytes_as_another_implementation(prologue: bytes, psk: bytes, payload: bytes) -> None:
    ours, theirs = NoiseNNpsk0(True, prologue, psk, b"\x01" * 32), other(True, prologue, psk, b"\x01" * 32)
    assert ours.write_message(payload) == theirs.write_message(payload)


@pytest.mark.parametrize("number", range(3))
def test_vectors(number: int) -> None:
    row = json.loads((VECTORS / "handshake.json").read_text())["noise"][number]
    prologue, psk = bytes.fromhex(row["prologue"]), bytes.fromhex(row["psk"])
    keys = bytes.fromhex(row["initiatorEphemeral"]), bytes.fromhex(row["responderEphemeral"])
    ours = [NoiseNNpsk0(True, prologue, psk, keys[0]), NoiseNNpsk0(False, prologue, psk, keys[1])]
    theirs = [other(True, prologue, psk, keys[0]), other(False, prologue, psk, keys[1])]
    messages = [(bytes.fromhex(m["payload"]), bytes.fromhex(m["ciphertext"])) for m in row["messages"]]
    assert row["protocol"] == PROTOCOL_NAME.decode()
    for sender, (payload, ciphertext) in enumerate(messages[:2]):
        for ends in (ours, theirs):
            assert ends[sender].write_message(payload) == ciphertext
            assert ends[1 - sender].read_message(ciphertext) == payload
    states = [end.split() for end in ours]
    for i, (payload, ciphertext) in enumerate(messages[2:]):
        sender = i % 2
        assert states[sender][0].encrypt(payload) == ciphertext
        assert states[1 - sender][1].decrypt(ciphertext) == payload
        assert theirs[sender].encrypt(payload) == ciphertext
        assert theirs[1 - sender].decrypt(ciphertext) == payload


@pytest.mark.parametrize("changes", [{"psk": PSK[::-1]}, {"psk": bytes(32)}, {"prologue": b""}, {"prologue": b"q"}])
def test_other_key_or_prologue(changes: dict[str, bytes]) -> None:
    ours, theirs = pair(**changes)
    with pytest.raises(NoiseError):
        theirs.read_message(ours.write_message(b"payload"))


def test_every_tampered_byte_of_either_message() -> None:
    ephemeral = b"\x05" * 32
    first = NoiseNNpsk0(True, b"p", PSK, ephemeral).write_message(b"payload")
    responder = NoiseNNpsk0(False, b"p", PSK)
    responder.read_message(first)
    second = responder.write_message(b"answer")
    for message in (first, second):
        for position in range(len(message)):
            for bit in range(8):
                changed = bytearray(message)
                changed[position] ^= 1 << bit
                reader = NoiseNNpsk0(message is second, b"p", PSK, ephemeral)
                if message is second:
                    reader.write_message(b"payload")
                with pytest.raises(NoiseError):
                    reader.read_message(bytes(changed))
                assert not reader.finished


def test_every_cut_of_either_message() -> None:
    ours, theirs = pair()
    first = ours.write_message(b"payload")
    for end in range(len(first)):
        with pytest.raises(NoiseError):
            NoiseNNpsk0(False, b"p", PSK).read_message(first[:end])
    theirs.read_message(first)
    with pytest.raises(NoiseError):
        ours.read_message(theirs.write_message()[:-1])
    with pytest.raises(NoiseError):  # failed once, failed for good
        ours.read_message(theirs_again(first))


def theirs_again(first: bytes) -> bytes:
    responder = NoiseNNpsk0(False, b"p", PSK)
    responder.read_message(first)
    return responder.write_message()


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    with pytest.raises(NoiseError):
        NoiseNNpsk0(False, b"p", PSK).read_message(data)
    ours = NoiseNNpsk0(True, b"p", PSK)
    ours.write_message()
    with pytest.raises(NoiseError):
        ours.read_message(data)


def test_own_message_sent_back() -> None:
    ours, _ = pair()
    first = ours.write_message()
    with pytest.raises(NoiseError):
        ours.read_message(first)


# The points of order 1, 2, 4 and 8 (RFC 7748, section 6.1: the shared secret is all zeros), in canonical form.
LOW_ORDER = [
    bytes(32),
    b"\x01" + bytes(31),
    bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
    bytes.fromhex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
    bytes.fromhex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
]


@pytest.mark.parametrize("point", LOW_ORDER, ids=lambda point: point.hex()[:8])
def test_points_of_low_order(point: bytes) -> None:
    """Whoever has the psk can send such a key with a valid first message; it must not get an answer."""
    ours, theirs = pair()
    ours._public = point
    theirs.read_message(ours.write_message())
    with pytest.raises(NoiseError):
        theirs.write_message()
    assert not theirs.finished


def test_out_of_turn() -> None:
    ours, theirs = pair()
    for wrong in (lambda: ours.read_message(bytes(48)), theirs.write_message, ours.split, theirs.split):
        with pytest.raises(NoiseError):
            wrong()
    first = ours.write_message()
    with pytest.raises(NoiseError):
        ours.write_message()
    theirs.read_message(first)
    with pytest.raises(NoiseError):
        theirs.read_message(first)
    ours.read_message(theirs.write_message())
    for end in (ours, theirs):
        assert end.finished
        end.split()
        for wrong in (lambda: end.read_message(bytes(48)), end.write_message, end.split):  # noqa: B023
            with pytest.raises(NoiseError):
                wrong()


def test_every_handshake_has_other_keys() -> None:
    seen = {NoiseNNpsk0(True, b"", PSK).write_message() for _ in range(100)}
    assert len(seen) == 100
    assert len({finished()[0].split()[0].encrypt(b"x") for _ in range(100)}) == 100


def test_directions_have_different_keys() -> None:
    send, receive = finished()[0].split()
    assert send.encrypt(b"x") != receive.encrypt(b"x")


@pytest.mark.parametrize("size", [0, 31, 33])
def test_psk_size(size: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        NoiseNNpsk0(True, b"", b"s" * size)


def test_failure_does_not_count() -> None:
    sender, receiver = CipherState(PSK), CipherState(PSK)
    first, second = sender.encrypt(b"1"), sender.encrypt(b"2")
    with pytest.raises(NoiseError):
        receiver.decrypt(second)
    assert receiver.decrypt(first) == b"1"
    assert receiver.decrypt(second) == b"2"
    with pytest.raises(NoiseError):
        receiver.decrypt(second)


def test_associated_data() -> None:
    message = CipherState(PSK).encrypt(b"text", b"ad")
    assert CipherState(PSK).decrypt(message, b"ad") == b"text"
    with pytest.raises(NoiseError):
        CipherState(PSK).decrypt(message, b"other")


def test_last_nonce_is_not_used() -> None:
    state = CipherState(PSK)
    state._n = 2**64 - 2
    message = state.encrypt(b"")
    with pytest.raises(NoiseError, match="too many"):
        state.encrypt(b"")
    state._n = 2**64 - 2
    assert state.decrypt(message) == b""
    with pytest.raises(NoiseError, match="too many"):
        state.decrypt(message)


@pytest.mark.parametrize("row", json.loads((VECTORS / "psk.json").read_text())["keys"])
def test_psk_vectors(row: dict[str, Any]) -> None:
    secret, session_id = bytes.fromhex(row["secret"]), bytes.fromhex(row["sessionId"])
    password = row["password"]
    password_hash = b"" if password is None else hash_password(password, session_id)
    assert derive_psk(secret, session_id, row["role"], password_hash).hex() == row["psk"]


@pytest.mark.parametrize("row", json.loads((VECTORS / "psk.json").read_text())["clients"])
def test_client_vectors(row: dict[str, str]) -> None:
    client_id, psk = derive_client(bytes.fromhex(row["token"]), bytes.fromhex(row["sessionId"]))
    assert (client_id.hex(), psk.hex()) == (row["id"], row["psk"])


@pytest.mark.parametrize("row", json.loads((VECTORS / "psk.json").read_text())["invites"])
def test_invite_vectors(row: dict[str, Any]) -> None:
    secret, session_id = bytes.fromhex(row["secret"]), bytes.fromhex(row["sessionId"])
    assert derive_invite(secret, session_id, row["expires"]).hex() == row["invite"]


def test_psk_depends_on_everything() -> None:
    secret, session_id = b"s" * 16, b"i" * 16
    keys = [
        derive_client(secret, session_id)[1],
        derive_client(b"S" * 16, session_id)[1],
        derive_client(secret, b"I" * 16)[1],
        derive_psk(derive_invite(secret, session_id, 1_800_000_000), session_id, "writer"),
        derive_psk(derive_invite(secret, session_id, 1_800_000_001), session_id, "writer"),
        derive_psk(secret, session_id, "writer"),
        derive_psk(secret, session_id, "reader"),
        derive_psk(secret, session_id, "owner"),
        derive_psk(b"S" * 16, session_id, "writer"),
        derive_psk(secret, b"I" * 16, "writer"),
        derive_psk(secret, session_id, "writer", hash_password("", session_id)),
        derive_psk(secret, session_id, "writer", hash_password("a", session_id)),
        derive_psk(secret, session_id, "writer", hash_password("A", session_id)),
        derive_psk(secret, b"I" * 16, "writer", hash_password("a", b"I" * 16)),
    ]
    assert len(set(keys)) == len(keys)
    assert {len(key) for key in keys} == {32}


def test_psk_against_argon2_and_hkdf_of_others() -> None:
    """Argon2id as argon2-cffi computes it, HKDF written out after RFC 5869."""
    low_level = pytest.importorskip("argon2.low_level")
    secret, session_id = b"s" * 16, b"i" * 16
    password = low_level.hash_secret_raw(b"pw", session_id, 2, 19 * 1024, 1, 32, low_level.Type.ID)
    extracted = hmac.digest(session_id, secret + password, "sha256")
    expected = hmac.digest(extracted, b"sshx/1 reader\x01", "sha256")
    assert derive_psk(secret, session_id, "reader", hash_password("pw", session_id)) == expected


SALT = b"i" * 16


def test_password_in_any_form() -> None:
    assert hash_password("\u00e9", SALT) == hash_password("e\u0301", SALT)
    assert hash_password("\uff21", SALT) == hash_password("A", SALT)
    # What a terminal gives for bytes that are no text; must not raise, as the error would quote the password.
    assert hash_password("pass\udcff", SALT) == hash_password("pass\ufffd", SALT)
