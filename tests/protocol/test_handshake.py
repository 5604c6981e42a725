from __future__ import annotations

import contextlib
import json
import pickle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sshx_jupyter.protocol.framing import MAX_FRAME
from sshx_jupyter.protocol.handshake import (
    MAX_PLAINTEXT,
    ClientHandshake,
    ClientKey,
    Credentials,
    HandshakeError,
    HostHandshake,
    Preface,
    Refused,
    SecureChannel,
    refusal,
)
from sshx_jupyter.protocol.noise import NoiseError

VECTORS = json.loads((Path(__file__).parents[1] / "vectors/handshake.json").read_text())
WRITER = Credentials(b"i" * 16, "writer", b"s" * 16)
REASONS = [
    "invalidAuth",
    "passwordRequired",
    "version",
    "malformed",
    "notFound",
    "full",
    "locked",
    "busy",
    "rateLimited",
    "unknownClient",
    "inviteEnded",
]


def shake(key: Credentials | ClientKey, **options: Any) -> ClientHandshake:
    return ClientHandshake(key.preface(), key.psk(), **options)


def connect(credentials: Credentials = WRITER) -> tuple[SecureChannel, SecureChannel]:
    client = shake(credentials)
    preface, first = client.start()
    reply, at_host = HostHandshake(preface, credentials.psk()).receive(first)
    return client.receive(reply), at_host


def reason(host: HostHandshake, frame: bytes) -> str:
    with pytest.raises(Refused) as info:
        host.receive(frame)
    assert info.value.__context__ is None
    return info.value.reason


@pytest.mark.parametrize("role", ["owner", "writer", "reader"])
@pytest.mark.parametrize("password", [None, "", "swordfish"])
def test_opens_a_channel(role: Any, password: str | None) -> None:
    credentials = Credentials(b"i" * 16, role, b"s" * 16, password)
    preface = Preface.parse(shake(credentials).start()[0])
    assert preface == Preface(role, b"i" * 16, password is not None)
    at_client, at_host = connect(credentials)
    for i in range(100):
        message = bytes([i]) * i
        assert at_host.open(at_client.seal(message)) == message
        assert at_client.open(at_host.seal(message)) == message


def test_largest_message() -> None:
    at_client, at_host = connect()
    frame = at_client.seal(bytes(MAX_PLAINTEXT))
    assert len(frame) == MAX_FRAME
    assert at_host.open(frame) == bytes(MAX_PLAINTEXT)
    with pytest.raises(ValueError, match="limit"):
        at_client.seal(bytes(MAX_PLAINTEXT + 1))
    assert at_host.open(at_client.seal(b"still there")) == b"still there"


def test_a_client_shows_its_own_key() -> None:
    key = ClientKey("writer", b"i" * 16, b"t" * 16)
    client = shake(key)
    preface, first = client.start()
    assert Preface.parse(preface) == Preface("writer", b"i" * 16, client=key.id)
    assert b"t" * 16 not in preface
    reply, at_host = HostHandshake(preface, key.psk()).receive(first)
    assert client.receive(reply).open(at_host.seal(b"hello")) == b"hello"
    for other in (ClientKey("writer", b"i" * 16, b"T" * 16), ClientKey("writer", b"I" * 16, b"t" * 16)):
        assert other.id != key.id
        assert reason(HostHandshake(preface, other.psk()), first) == "invalidAuth"


@pytest.mark.parametrize(
    "shown",
    [
        Credentials(b"i" * 16, "writer", b"S" * 16),
        Credentials(b"i" * 16, "writer", b"s" * 15),
        Credentials(b"i" * 16, "writer", b"s" * 16, "password"),
        Credentials(b"i" * 16, "reader", b"s" * 16),
        Credentials(b"i" * 16, "owner", b"s" * 16),
        Credentials(b"I" * 16, "writer", b"s" * 16),
    ],
)
def test_wrong_credentials(shown: Credentials) -> None:
    preface, first = shake(shown).start()
    assert reason(HostHandshake(preface, WRITER.psk()), first) == "invalidAuth"


def test_wrong_password() -> None:
    right = Credentials(b"i" * 16, "writer", b"s" * 16, "right")
    for password in ("wrong", "Right", "right ", "", None):
        preface, first = shake(Credentials(b"i" * 16, "writer", b"s" * 16, password)).start()
        assert reason(HostHandshake(preface, right.psk()), first) == "invalidAuth"


def test_every_other_role_claimed_with_the_key_of_one() -> None:
    """A reader's key must not open the writer's door, even if client or host mix up the roles."""
    keys = {role: Credentials(b"i" * 16, role, b"s" * 16).psk() for role in ("owner", "writer", "reader")}
    for claimed in keys:
        for role, key in keys.items():
            client = ClientHandshake(Preface(claimed, b"i" * 16), key)  # type: ignore[arg-type]
            preface, first = client.start()
            if role == claimed:
                HostHandshake(preface, keys[claimed]).receive(first)
            else:
                assert reason(HostHandshake(preface, keys[claimed]), first) == "invalidAuth"


def test_every_changed_byte_of_the_preface() -> None:
    """The preface is the prologue: also what still reads as a preface is refused."""
    preface, first = shake(WRITER).start()
    for position in range(len(preface)):
        for value in range(256):
            if value == preface[position]:
                continue
            changed = preface[:position] + bytes([value]) + preface[position + 1 :]
            assert reason(HostHandshake(changed, WRITER.psk()), first) == "invalidAuth"


def test_every_changed_byte_of_the_first_message() -> None:
    preface, first = shake(WRITER).start()
    for position in range(len(first)):
        for bit in range(8):
            changed = bytearray(first)
            changed[position] ^= 1 << bit
            assert reason(HostHandshake(preface, WRITER.psk()), bytes(changed)) == "invalidAuth"
    for end in range(len(first)):
        assert reason(HostHandshake(preface, WRITER.psk()), first[:end]) == "invalidAuth"
    assert reason(HostHandshake(preface, WRITER.psk()), first + b"\x00") == "invalidAuth"


def test_every_changed_byte_of_the_reply() -> None:
    ephemeral = b"\x07" * 32
    preface, first = shake(WRITER, ephemeral=ephemeral).start()
    reply, _ = HostHandshake(preface, WRITER.psk()).receive(first)
    cuts = [reply[:end] for end in range(len(reply))]
    changes = [
        reply[:position] + bytes([reply[position] ^ (1 << bit)]) + reply[position + 1 :]
        for position in range(len(reply))
        for bit in range(8)
    ]
    for wrong in [*cuts, *changes, reply + b"\x00"]:
        client = shake(WRITER, ephemeral=ephemeral)
        client.start()
        with pytest.raises(HandshakeError) as info:
            client.receive(wrong)
        assert info.value.__context__ is None
    client = shake(WRITER, ephemeral=ephemeral)
    client.start()
    client.receive(reply)


def test_reply_to_somebody_else() -> None:
    ours, theirs = shake(WRITER), shake(WRITER)
    ours.start()
    preface, first = theirs.start()
    reply, _ = HostHandshake(preface, WRITER.psk()).receive(first)
    with pytest.raises(HandshakeError):
        ours.receive(reply)


def test_replayed_handshake_gives_nothing() -> None:
    """Whoever replays a client's frames gets a reply, but can neither read it nor send anything."""
    client = shake(WRITER)
    preface, first = client.start()
    reply, at_host = HostHandshake(preface, WRITER.psk()).receive(first)
    at_client = client.receive(reply)
    recorded = at_client.seal(b"join")
    assert at_host.open(recorded) == b"join"
    again, at_host = HostHandshake(preface, WRITER.psk()).receive(first)
    assert again != reply
    with pytest.raises(HandshakeError):
        at_host.open(recorded)


def test_twice_or_in_the_wrong_order() -> None:
    client = shake(WRITER)
    with pytest.raises(HandshakeError):
        client.receive(b"\x00" + bytes(48))
    preface, first = client.start()
    with pytest.raises(NoiseError):
        client.start()
    host = HostHandshake(preface, WRITER.psk())
    reply, _ = host.receive(first)
    assert reason(host, first) == "invalidAuth"
    client.receive(reply)
    with pytest.raises(HandshakeError):
        client.receive(reply)


@pytest.mark.parametrize("frame", [b"", b"\x00", b"\x01", b"\x02", b"\x01not a word", b"\x01" + b"a" * 65])
def test_other_answers(frame: bytes) -> None:
    client = shake(WRITER)
    client.start()
    with pytest.raises(HandshakeError):
        client.receive(frame)


@given(st.binary(max_size=200) | st.binary(max_size=20).map(b"sshx\x01".__add__))
def test_any_bytes_to_the_host(data: bytes) -> None:
    with contextlib.suppress(Refused):
        Preface.parse(data)
    first = shake(WRITER).start()[1]
    assert reason(HostHandshake(data, WRITER.psk()), first) == "invalidAuth"
    assert reason(HostHandshake(Preface("writer", b"i" * 16).pack(), WRITER.psk()), data) == "invalidAuth"


@given(st.binary(max_size=200), st.sampled_from([b"", b"\x00", b"\x01"]))
def test_any_bytes_to_the_client(data: bytes, start: bytes) -> None:
    client = shake(WRITER)
    client.start()
    with pytest.raises((Refused, HandshakeError)) as info:
        client.receive(start + data)
    assert str(info.value)


# --- What follows the handshake -----------------------------------------------------------------------------


def sealed(count: int = 4) -> tuple[list[bytes], SecureChannel]:
    at_client, at_host = connect()
    return [at_client.seal(b"message %d" % i) for i in range(count)], at_host


def breaks(at_host: SecureChannel, frame: bytes, *more: bytes) -> None:
    """The frame is refused, and so is everything after it."""
    for data in (frame, *more):
        with pytest.raises(HandshakeError):
            at_host.open(data)


def test_every_changed_byte_of_a_frame() -> None:
    at_client, _ = connect()
    for position in range(len(at_client.seal(b"rm -rf"))):
        at_client, at_host = connect()
        frame = bytearray(at_client.seal(b"rm -rf"))
        right = bytes(frame)
        frame[position] ^= 1
        breaks(at_host, bytes(frame), right)


def test_replayed() -> None:
    frames, at_host = sealed()
    at_host.open(frames[0])
    breaks(at_host, frames[0], *frames[1:])


def test_reordered() -> None:
    frames, at_host = sealed()
    breaks(at_host, frames[1], *frames)


def test_dropped() -> None:
    frames, at_host = sealed()
    at_host.open(frames[0])
    breaks(at_host, frames[2], frames[1], frames[3])


def test_cut_or_longer() -> None:
    for end in range(len(sealed()[0][0])):
        frames, at_host = sealed()
        breaks(at_host, frames[0][:end], *frames)
    frames, at_host = sealed()
    breaks(at_host, frames[0] + b"\x00")


def test_sent_back() -> None:
    at_client, _ = connect()
    breaks(at_client, at_client.seal(b"echo"))


def test_of_another_connection() -> None:
    frames, _ = sealed()
    _, at_host = sealed()
    breaks(at_host, frames[0])


@given(st.binary(max_size=100))
def test_any_bytes_as_a_frame(data: bytes) -> None:
    _, at_host = connect()
    breaks(at_host, data)


def test_broken_receiving_leaves_sending() -> None:
    """So that a host can still say why it closes the link."""
    at_client, at_host = connect()
    breaks(at_host, b"x" * 20)
    assert at_client.open(at_host.seal(b"closed")) == b"closed"


# --- Preface, refusals, vectors -----------------------------------------------------------------------------


ID = st.binary(min_size=16, max_size=16)


@given(st.sampled_from(["owner", "writer", "reader"]), ID, st.booleans(), st.none() | ID)
def test_preface_round_trip(role: Any, session_id: bytes, password: bool, client: bytes | None) -> None:
    preface = Preface(role, session_id, password, client)
    assert len(preface.pack()) == (23 if client is None else 39)
    assert Preface.parse(preface.pack()) == preface


@pytest.mark.parametrize("size", [0, 15, 17])
def test_session_id_size(size: int) -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        Preface("writer", bytes(size)).pack()
    with pytest.raises(ValueError, match="16 bytes"):
        ClientHandshake(Preface("writer", bytes(size)), bytes(32))
    with pytest.raises(ValueError, match="16 bytes"):
        Preface("writer", bytes(16), client=bytes(size)).pack()


@pytest.mark.parametrize("word", REASONS)
def test_refusals_tell_the_client_what_to_do(word: str) -> None:
    client = shake(WRITER)
    client.start()
    with pytest.raises(Refused) as info:
        client.receive(refusal(word))
    assert info.value.reason == word
    assert str(info.value) != str(Refused("later"))
    assert str(info.value).count(".") >= 2
    assert word in repr(info.value)


def test_refusals_have_different_sentences() -> None:
    assert len({str(Refused(word)) for word in REASONS}) == len(REASONS)


def test_refusal_of_a_later_version() -> None:
    client = shake(WRITER)
    client.start()
    with pytest.raises(Refused, match="host refused") as info:
        client.receive(refusal("tooOld"))
    assert info.value.reason == "tooOld"
    again = pickle.loads(pickle.dumps(info.value))
    assert (again.reason, str(again)) == ("tooOld", str(info.value))


@pytest.mark.parametrize("word", ["", "two words", "a" * 65, "naïve", "a\n", "<b>"])
def test_refusal_is_one_word(word: str) -> None:
    with pytest.raises(ValueError, match="letters"):
        refusal(word)


def test_secrets_are_not_shown() -> None:
    credentials = Credentials(b"i" * 16, "writer", b"topsecretsecret!", "passw0rd")
    key = credentials.psk()
    client = ClientHandshake(credentials.preface(), key)
    preface, first = client.start()
    host = HostHandshake(preface, key)
    reply, at_host = host.receive(first)
    for shown in (credentials, client, host, at_host, client.receive(reply), at_host._send):
        for text in (repr(shown), str(shown)):
            assert "topsecret" not in text
            assert "passw0rd" not in text
            assert key.hex() not in text
            assert repr(key)[2:-1] not in text


@pytest.mark.parametrize("row", VECTORS["handshakes"], ids=lambda row: row["role"])
def test_vectors(row: dict[str, Any]) -> None:
    credentials = Credentials(
        bytes.fromhex(row["sessionId"]), row["role"], bytes.fromhex(row["secret"]), row["password"]
    )
    assert credentials.psk().hex() == row["psk"]
    client = shake(credentials, ephemeral=bytes.fromhex(row["clientEphemeral"]))
    assert [frame.hex() for frame in client.start()] == [row["preface"], row["first"]]
    host = HostHandshake(
        bytes.fromhex(row["preface"]), credentials.psk(), ephemeral=bytes.fromhex(row["hostEphemeral"])
    )
    reply, at_host = host.receive(bytes.fromhex(row["first"]))
    assert reply.hex() == row["reply"]
    ends = {"client": client.receive(reply), "host": at_host}
    for line in row["transport"]:
        receiver = "host" if line["from"] == "client" else "client"
        message, frame = bytes.fromhex(line["message"]), bytes.fromhex(line["frame"])
        assert ends[line["from"]].seal(message) == frame
        assert ends[receiver].open(frame) == message


@pytest.mark.parametrize("row", VECTORS["prefaces"]["valid"])
def test_vectors_of_prefaces(row: dict[str, Any]) -> None:
    preface = Preface(
        row["role"],
        bytes.fromhex(row["sessionId"]),
        row["password"],
        None if row["client"] is None else bytes.fromhex(row["client"]),
        row["expires"],
    )
    assert preface.pack().hex() == row["bytes"]
    assert Preface.parse(bytes.fromhex(row["bytes"])) == preface


@pytest.mark.parametrize("row", VECTORS["prefaces"]["refused"], ids=lambda row: row["name"])
def test_vectors_of_refused_prefaces(row: dict[str, Any]) -> None:
    with pytest.raises(Refused) as info:
        Preface.parse(bytes.fromhex(row["bytes"]))
    assert info.value.reason == row["reason"]


def test_vectors_of_refusals() -> None:
    assert [row["reason"] for row in VECTORS["refusals"]] == [*REASONS, "later"]
    for row in VECTORS["refusals"]:
        assert refusal(row["reason"]).hex() == row["bytes"]
