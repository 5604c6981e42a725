"""Makes the test vectors that the Python and the TypeScript implementation are both tested with.

``python -m tests.vectors.generate`` writes the JSON files next to this one, and a test checks that they are what
this gives. In them bytes are lowercase hex; the fields of messages have their wire names. Every key is made up.
"""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal
from zlib import crc32

import cbor2

from sshx_jupyter.protocol import codec
from sshx_jupyter.protocol import messages as m
from sshx_jupyter.protocol.framing import MAX_FRAME, pack
from sshx_jupyter.protocol.handshake import (
    MAX_PLAINTEXT,
    ClientHandshake,
    Credentials,
    HostHandshake,
    Preface,
    refusal,
)
from sshx_jupyter.protocol.noise import PROTOCOL_NAME, NoiseNNpsk0, derive_client, derive_invite
from sshx_jupyter.ticket import Ticket

ROLES: tuple[m.Role, ...] = ("owner", "writer", "reader")

HERE = Path(__file__).parent

# str(iroh.EndpointTicket) of an endpoint with a relay, an IPv4 and an IPv6 address.
ENDPOINT_TICKET = (
    "endpointabbj2okex3px6toebrp7f67n2q6a6xmdekpfpwapfopqsptniynsaayadjuhi5dqom5c6l3smvwgc6jomv"
    "4gc3lqnrss433sm4xqcad7aaaaduqjaeaqaaaaaaaaaaaaaaaaaaaaaaaacyy"
)


def made_up(name: str, size: int) -> bytes:
    """Bytes that look random and are always the same."""
    return (sha256(name.encode()).digest() * (size // 32 + 1))[:size]


def plain(value: Any) -> Any:
    """A value as JSON: bytes in hex, dataclasses with wire names."""
    if isinstance(value, bytes):
        return value.hex()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {wire_name: plain(getattr(value, name)) for name, wire_name in m.wire_names(type(value)).items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


# --- Tickets ----------------------------------------------------------------------------------------------


def raw_ticket(body: bytes) -> str:
    """A ticket with the right checksum over whatever bytes."""
    raw = body + crc32(body).to_bytes(4, "big")
    return "sshx1" + base64.b32encode(raw).decode().rstrip("=").lower()


def addresses(relay: str, direct: int) -> bytes:
    """An EndpointTicket's bytes, with this many addresses, by turns of IPv4 and IPv6."""
    entries = [b"\x00" + bytes((len(relay),)) + relay.encode()] if relay else []
    for number in range(direct):
        port = bytes((0x80 | number, 0x01))  # from 128 on
        entries.append(
            b"\x01\x01" + bytes(15) + bytes((number,)) + port if number % 2 else b"\x01\x00" + bytes(4) + port
        )
    return b"\x00" + made_up("endpoint", 32) + bytes((len(entries),)) + b"".join(entries)


def tickets() -> dict[str, Any]:
    session_id, writer, reader = made_up("session", 16), made_up("writer", 16), made_up("reader", 16)
    full = Ticket.from_endpoint_ticket(ENDPOINT_TICKET, session_id, writer, "writer")
    locked = Ticket.from_endpoint_ticket(ENDPOINT_TICKET, session_id, writer, "writer", password=True)
    samples = {
        "writer": full,
        "reader": Ticket(full.address, session_id, reader, "reader"),
        "password": locked,
        "shortest address": Ticket(b"\x00", session_id, reader, "reader"),
        "address of 23 bytes": Ticket(made_up("a", 23), session_id, reader, "reader"),
        "address of 24 bytes": Ticket(made_up("b", 24), session_id, reader, "reader", password=True),
        "address of 255 bytes": Ticket(made_up("c", 255), session_id, writer, "writer"),
        "address of 256 bytes": Ticket(made_up("d", 256), session_id, writer, "writer"),
        "longest address": Ticket(made_up("e", 2048), session_id, writer, "writer"),
        "invite": Ticket(full.address, session_id, reader, "reader", expires=1_800_000_000),
        "invite with a password": Ticket(full.address, session_id, writer, "writer", True, 65_536),
        "invite that ends as late as it may": Ticket(b"\x00", session_id, reader, "reader", expires=2**32 - 1),
        "16 direct addresses and a relay": Ticket(addresses("https://r.example/", 16), session_id, writer, "writer"),
    }
    text, invite = full.encode(), samples["invite"].encode()
    third = len(text) // 3
    page = "https://hub.example.org/user/ada/"
    at = f"{page}sshx/p2p/{session_id.hex()}"
    accepted = {
        "upper case": text.upper(),
        "spaces around": f"  \t{text}\n",
        "line breaks inside": f"{text[:third]}\r\n   {text[third:]}",
        "invisible spaces": f"\ufeff{text[:40]}\u200b{text[40:80]}\u00a0{text[80:]}\u2060",
        "link": full.url(at),
        "link in spaces": f" {full.url(at)} ",
        "link with parameter": f"{page}sshx/p2p/{session_id.hex()}?ticket={text}",
        "link with parameters": f"{page}lab?reset&ticket={text}&a=b#top",
        "only the fragment": f"#{text}",
        "command": f"jupyter sshx join {text}",
        "command of a prompt": f"$ jupyter-sshx  join\t{text[:90]}\n{text[90:]}\n",
        "magic": f"%sshx join {full.url(at)}",
    }
    wrong = "b" if text[third] != "b" else "c"
    fields: dict[str, Any] = {
        "a": full.address,
        "i": session_id,
        "k": writer,
        "r": "writer",
        "p": False,
        "c": bytes(4),
    }

    def changed(**changes: Any) -> str:
        return raw_ticket(cbor2.dumps({**fields, **changes})[:-4])

    refused = [
        ("nothing", "", "empty"),
        ("only spaces", " \n\t\u200b", "empty"),
        ("a word", "hello", "foreign"),
        ("a command without a ticket", "jupyter sshx join ", "foreign"),
        ("a command with a word", "jupyter sshx join me", "foreign"),
        ("a sentence", "Please send me the ticket again, it did not work.", "foreign"),
        ("a link without ticket", page + "lab/tree/a.ipynb", "foreign"),
        ("a link with another fragment", page + "lab#cell-3", "foreign"),
        ("an endpoint ticket", ENDPOINT_TICKET, "foreign"),
        ("another alphabet", "тикет", "foreign"),
        ("first character changed", "t" + text[1:], "foreign"),
        ("no version", "sshx" + text[5:], "foreign"),
        ("version 2", "sshx2" + text[5:], "newer"),
        ("version 9, upper case", "SSHX9" + text[5:].upper(), "newer"),
        ("version 0", "sshx0" + text[5:], "mistyped"),
        ("cut in the prefix", text[:3], "incomplete"),
        ("only the prefix", text[:5], "incomplete"),
        ("cut in the address", text[:60], "incomplete"),
        ("cut in the secret", text[:-50], "incomplete"),
        ("last character missing", text[:-1], "incomplete"),
        ("link, cut", full.url(at)[:-7], "incomplete"),
        ("one character changed", text[:third] + wrong + text[third + 1 :], "mistyped"),
        ("last character changed", text[:-1] + ("a" if text[-1] != "a" else "b"), "mistyped"),
        ("a digit that is not used", text[:third] + "1" + text[third + 1 :], "mistyped"),
        ("Kelvin sign for k", text.replace("k", "\u212a", 1), "mistyped"),
        ("one character more", text + "a", "mistyped"),
        ("twice", text + text, "mistyped"),
        ("two characters swapped", text[:70] + text[71] + text[70] + text[72:], "mistyped"),
        ("padding", text + "=", "mistyped"),
        ("role owner", changed(r="owner"), "malformed"),
        ("role of another type", changed(r=b"writer"), "malformed"),
        ("password of another type", changed(p=1), "malformed"),
        ("no address", changed(a=b""), "malformed"),
        ("address too long", changed(a=bytes(2049)), "malformed"),
        ("session id too short", changed(i=session_id[:15]), "malformed"),
        ("secret too long", changed(k=writer + b"\x00"), "malformed"),
        ("an additional field", changed(z=1), "malformed"),
        ("invite, cut in its end", invite[:-14], "incomplete"),
        (
            "invite, one character changed",
            samples["invite"].encode()[:-13] + "7" + samples["invite"].encode()[-12:],
            "mistyped",
        ),
        ("invite that ended early", raw_ticket(cbor2.dumps({**fields, "e": 65_535, "c": bytes(4)})[:-4]), "malformed"),
        ("zeros", "sshx1aaaa", "mistyped"),
        ("17 direct addresses", changed(a=addresses("", 17)), "crowded"),
        ("17 direct addresses and a relay", changed(a=addresses("https://r.example/", 17)), "crowded"),
        ("100 direct addresses", changed(a=addresses("", 100)), "crowded"),
    ]
    return {
        "valid": [
            {
                "name": name,
                "text": ticket.encode(),
                "address": ticket.address.hex(),
                "endpointTicket": ticket.endpoint_ticket,
                "sessionId": ticket.session_id.hex(),
                "secret": ticket.secret.hex(),
                "role": ticket.role,
                "password": ticket.password,
                "expires": ticket.expires,
                "page": "https://example.org/join/",
                "url": ticket.url("https://example.org/join/"),
            }
            for name, ticket in samples.items()
        ],
        "accepted": [{"name": n, "text": t, "ticket": text} for n, t in accepted.items()],
        "refused": [{"name": n, "text": t, "reason": r} for n, t, r in refused],
    }


# --- Messages ---------------------------------------------------------------------------------------------

USER = m.User("Ada", "#ff8800", "owner", (12.5, -3), 1, person="a1b2c3d4e5f60718")
GUEST = m.User("Grace \U0001f680", "#0088ff", "reader", None, None, pending=True, wants_write=True, ticket="writer")

CLIENT: list[m.ClientMessage] = [
    m.Join(),
    m.Join("Ada", chat=17),
    m.Join(None, "mirror", True),
    m.Join(None, "companion", features=["later"]),
    m.Data(1, 0, b"ls -l\r"),
    m.Data(1, 6, b""),
    m.Data(2, 4_294_967_296, bytes(range(256))),
    m.Subscribe(1, -1),
    m.Subscribe(1, 4_294_967_296),
    m.Complete(1, True),
    m.Complete(1, False),
    m.Ack(1, 0),
    m.Ack(1, 9_007_199_254_740_992),
    m.Ping(0),
    m.Ping(12345.678),
    m.SetCursor((1, -2.25)),
    m.SetCursor(None),
    m.SetFocus(7),
    m.SetFocus(None),
    m.Create(1, -100, 10_000_000),
    m.Close(2, 0, False),
    m.Close(18, 0, True),
    m.Remove(19, 1),
    m.Move(3, 1, (0, -5)),
    m.Move(9_007_199_254_740_992, 4_294_967_295, None),
    m.Resize(20, 1, 24, 80),
    m.LockSize(21, 1, True),
    m.Rename(22, 1, "build"),
    m.SetListed(23, True),
    m.Idle(24, 1),
    m.Chat(4, "hello\nthere"),
    m.Chat(5, ""),
    m.SetName(6, "Grace Höpper \U0001f680"),
    m.SetColor(7, "#12aB9f"),
    m.RequestWrite(8),
    m.SetRole(9, 3, "writer"),
    m.SetRole(10, 3, "reader"),
    m.Kick(11, 3, "bye", True),
    m.Kick(16, 4, "", False),
    m.Approve(12, 4, True),
    m.Approve(13, 4, False),
    m.Lock(14, True),
    m.Lock(15, False),
    m.NewTickets(17),
]

HOST: list[m.HostMessage] = [
    m.Hello(1, {"name": "demo", "limits": {"window": 524_288}, "list": [1, 2.5, None, True, "x"]}),
    m.Hello(2, {"token": bytes(16), "role": "reader", "input": 12, "req": 3, "features": []}),
    m.Waiting({}),
    m.Waiting({"session": "00", "name": "demo", "host": "ada", "readOnly": False}),
    m.Users([]),
    m.Users([(1, USER), (2, GUEST)]),
    m.UserDiff(2, GUEST),
    m.UserDiff(2, None),
    m.Shells([]),
    m.Shells([(1, m.ShellInfo(0, 0, 24, 80, "bash")), (2, m.ShellInfo(-5, 7, 1000, 2000, "", True, aid="0f1e"))]),
    m.Shells([(3, m.ShellInfo(0, 0, 24, 80, "vim", protected=True, viewed=True, locked=True))]),
    m.Snapshot(1, 1_000, b"\x1bc\x1b[1mhi", 0, False),
    m.Snapshot(1, 4_294_967_296, b"", 3, True),
    m.Chunks(1, 0, [b"abc", b"", b"\xff"]),
    m.Chunks(1, 9_007_199_254_740_991, []),
    m.Hear(1, 2, "Grace", "hello", 1_700_000_000.25),
    m.ShellChanged(1, "closed", "vim", 2, "Grace"),
    m.ShellChanged(1, "later", "", None, ""),
    m.ShellLatency(0.75),
    m.Pong(12345.678, 0),
    m.Pong(0, 4_294_967_296),
    m.Done(1, None),
    m.Done(2, 7),
    m.Error(3, "full", "A session has at most 14 shells. Close one first.", {"limit": 14}),
    m.Error(None, "notAllowed", "You can watch.", {"sid": 1, "n": 0, "bytes": 6}),
    m.Error(None, "later", "", {}),
    m.Closed("removed", "The host removed you from the session."),
    m.Closed("later", ""),
]


def malformed(kind: Literal["client", "host"]) -> list[tuple[str, bytes]]:
    """Bytes that are to be refused, each with a name."""
    values: list[tuple[str, Any]] = []

    def add(name: str, value: Any) -> None:
        values.append((name, value))

    if kind == "client":
        add("no map", ["chat", [1, "x"]])
        add("two keys", {"chat": [1, "x"], "ping": 1})
        add("no key", {})
        add("key is bytes", {b"chat": [1, "x"]})
        add("key is a number", {1: "x"})
        add("text is bytes", {"chat": [1, b"x"]})
        add("text is null", {"chat": [1, None]})
        add("text too long", {"chat": [1, "x" * 65_537]})
        add("join is no map", {"join": None})
        add("kind is a number", {"join": {"as": 1}})
        add("chat is a fraction", {"join": {"chat": 0.5}})
        add("features is a text", {"join": {"features": "x"}})
        add("feature is a number", {"join": {"features": [1]}})
        add("passive is a number", {"join": {"passive": 1}})
        add("cursor too short", {"setCursor": [1]})
        add("cursor is NaN", {"setCursor": [float("nan"), 0]})
        add("cursor is infinite", {"setCursor": [0, float("-inf")]})
        add("cursor is boolean", {"setCursor": [True, 0]})
        add("id is boolean", {"remove": [1, False]})
        add("id is negative", {"remove": [1, -1]})
        add("id too large", {"remove": [1, 2**32]})
        add("id is text", {"remove": [1, "1"]})
        add("id has a fraction", {"remove": [1, 1.5]})
        add("close without a flag", {"close": [1, 1]})
        add("id missing", {"data": []})
        add("data is text", {"data": [1, 0, "x"]})
        add("data is an array", {"data": [1, 0, [1, 2]]})
        add("data missing", {"data": [1, 0]})
        add("position too far", {"create": [1, 10_000_001, 0]})
        add("position has a fraction", {"create": [1, 0, 0.5]})
        add("no rows", {"resize": [1, 1, 0, 80]})
        add("too many rows", {"resize": [1, 1, 1001, 80]})
        add("too many columns", {"resize": [1, 1, 24, 2001]})
        add("columns missing", {"resize": [1, 1, 24]})
        add("place incomplete", {"move": [1, 1, [0]]})
        add("place is a map", {"move": [1, 1, {"x": 0, "y": 0}]})
        add("sequence number below -1", {"subscribe": [1, -2]})
        add("sequence number too large", {"ack": [1, 2**53 + 1]})
        add("acknowledged -1", {"ack": [1, -1]})
        add("ping is NaN", {"ping": float("nan")})
        add("role is a number", {"setRole": [1, 1, 2]})
        add("request 0", {"chat": [0, "x"]})
        add("request below 0", {"chat": [-1, "x"]})
        add("request with a fraction", {"chat": [1.5, "x"]})
        add("request without a number", {"chat": "x"})
        add("input before the start", {"data": [1, -1, b"x"]})
        add("flag is a number", {"lock": [1, 1]})
        add("flag is null", {"approve": [1, 1, None]})
        add("no number", {"requestWrite": None})
        add("big number", {"ping": 2**64})
        return [(name, cbor2.dumps(value)) for name, value in values] + [
            ("nothing", b""),
            ("half a message", cbor2.dumps({"chat": [1, "hello"]})[:-1]),
            ("something after it", cbor2.dumps({"chat": [1, "x"]}) + b"\x00"),
            ("the same key twice", bytes.fromhex("a2") + cbor2.dumps({"lock": [1, True]})[1:] * 2),
            ("indefinite length", bytes.fromhex("bf646368617482016178ff")),
            ("a tag", bytes.fromhex("a164636861748201c06178")),
            ("a tagged map", bytes.fromhex("d9d9f7a1646368617482016178")),
            ("undefined", bytes.fromhex("a1646c6f636b8201f7")),
            ("not UTF-8", bytes.fromhex("a16463686174820161ff")),
            ("too deep", b"\xa1\x64chat\x82\x01" + b"\x81" * 100 + b"\x00"),
            ("huge length", b"\xa1\x64data\x9b\xff\xff\xff\xff\xff\xff\xff\xff"),
            ("huge text", b"\xa1\x64chat\x82\x01\x7b\x7f\xff\xff\xff\xff\xff\xff\xff"),
        ]
    user = {"name": "a", "color": "#000000", "role": "reader"}
    add("users is a map", {"users": {}})
    add("user is null", {"users": [[1, None]]})
    add("pair too short", {"users": [[1]]})
    add("color is a word", {"userDiff": [1, {**user, "color": "red"}]})
    add("color with more", {"userDiff": [1, {**user, "color": "#000000\n"}]})
    add("user without name", {"userDiff": [1, {"color": "#000000", "role": "reader"}]})
    add("user without role", {"userDiff": [1, {"name": "a", "color": "#000000"}]})
    add("user with bad focus", {"userDiff": [1, {**user, "focus": -1}]})
    add("pending is null", {"userDiff": [1, {**user, "pending": None}]})
    add("shell without title", {"shells": [[1, {"x": 0, "y": 0, "rows": 1, "cols": 1}]]})
    add("chunk is text", {"chunks": [1, 0, ["x"]]})
    add("chunks is bytes", {"chunks": [1, 0, b"x"]})
    add("snapshot without more", {"snapshot": [1, 0, b"x", 0]})
    add("snapshot before the start", {"snapshot": [1, -1, b"x", 0, False]})
    add("waiting for nothing", {"waiting": None})
    add("waiting with an array", {"waiting": ["demo"]})
    add("info is an array", {"hello": [1, []]})
    add("info with a number as key", {"hello": [1, {"a": {1: 2}}]})
    add("info with NaN", {"hello": [1, {"a": float("nan")}]})
    add("time is text", {"hear": [1, 1, "a", "b", "c"]})
    add("answer without a value", {"done": [1]})
    add("answer to no request", {"done": [None, 1]})
    add("answer that is no plain value", {"done": [1, float("inf")]})
    add("error without details", {"error": [1, "full", "x"]})
    add("error's code is null", {"error": [1, None, "x", {}]})
    add("error's details are a list", {"error": [1, "full", "x", []]})
    add("closed without a text", {"closed": ["removed"]})
    add("closed is a text", {"closed": "removed"})
    add("pong without the input", {"pong": 1})
    add("ended is a number", {"shells": [[1, {"x": 0, "y": 0, "rows": 1, "cols": 1, "title": "", "ended": 1}]]})
    add("latency is infinite", {"shellLatency": float("inf")})
    return [(name, cbor2.dumps(value)) for name, value in values]


def messages() -> dict[str, Any]:
    def samples(values: list[Any]) -> list[dict[str, Any]]:
        result = []
        for value in values:
            data = codec.encode(value)
            [(name, _)] = cbor2.loads(data).items()
            result.append({"name": name, "fields": plain(value), "bytes": data.hex()})
        return result

    def forms(decode: Callable[[bytes], Any], *values: tuple[str, bytes]) -> list[dict[str, Any]]:
        """Bytes that another encoder may write, and the bytes that they mean."""
        return [{"name": name, "bytes": data.hex(), "same": codec.encode(decode(data)).hex()} for name, data in values]

    return {
        "client": samples(CLIENT),
        "host": samples(HOST),
        "alsoClient": forms(
            codec.decode_client,
            ("long header of the map", bytes.fromhex("b90001") + cbor2.dumps({"lock": [1, True]})[1:]),
            ("whole number as a float", cbor2.dumps({"ack": [1, float(2**40)]})),
            ("whole number as a short float", bytes.fromhex("a16672656d6f76658201f94700")),
            ("more array elements", cbor2.dumps({"data": [1, 0, b"x", "later"]})),
            ("more map keys", cbor2.dumps({"join": {"later": 1, "name": "Ada"}})),
            ("empty join", cbor2.dumps({"join": {}})),
            ("unknown way to join", cbor2.dumps({"join": {"as": "later"}})),
            ("unknown role", cbor2.dumps({"setRole": [1, 2, "admin"]})),
        ),
        "alsoHost": forms(
            codec.decode_host,
            (
                "user with fewer keys",
                cbor2.dumps({"userDiff": [1, {"name": "a", "color": "#AbCdEf", "role": "reader"}]}),
            ),
            ("unknown role", cbor2.dumps({"userDiff": [1, {"name": "a", "color": "#AbCdEf", "role": "later"}]})),
            (
                "shell without ended",
                cbor2.dumps({"shells": [[1, {"x": 0, "y": 0, "rows": 1, "cols": 1, "title": ""}]]}),
            ),
            ("more array elements", cbor2.dumps({"chunks": [1, 2, [b"x"], 4]})),
        ),
        "ignored": [
            {"name": name, "bytes": cbor2.dumps({name: value}).hex()}
            for name, value in (("later", None), ("", 1), ("Chat", [1, "x"]), ("latest", [1, {"a": b"b"}]))
        ],
        "malformedClient": [{"name": n, "bytes": b.hex()} for n, b in malformed("client") if len(b) < 1000],
        "malformedHost": [{"name": n, "bytes": b.hex()} for n, b in malformed("host")],
    }


# --- Framing ----------------------------------------------------------------------------------------------


def framing() -> dict[str, Any]:
    frames = [b"a", b"hello", bytes(range(256)), made_up("frame", 300)]
    return {
        "maxFrame": MAX_FRAME,
        "maxPlaintext": MAX_PLAINTEXT,
        "streams": [{"frames": plain(part), "bytes": pack(part).hex()} for part in (frames[:1], frames[1:], frames)],
        "unfinished": [{"bytes": b.hex(), "pending": len(b)} for b in (b"\x00\x00\x00", pack([b"hello"])[:-1])],
        "tooLarge": ["00000000", "00010000", "ffffffff", "80000001"],
    }


# --- Keys, handshakes and what follows --------------------------------------------------------------------


def psk() -> dict[str, Any]:
    secret, session_id = made_up("secret", 16), made_up("session", 16)
    rows: list[tuple[m.Role, str | None]] = [("owner", None), ("writer", None), ("reader", None)]
    rows += [
        ("reader", "correct horse battery staple"),
        ("writer", ""),
        ("writer", "\u212bngstro\u0308m \ufb01"),  # NFKC makes "\u00c5ngstr\u00f6m fi" of this
        ("writer", "\u00c5ngstr\u00f6m fi"),
        ("owner", "pass\U0001f680word \u5bc6\u7801"),
    ]
    return {
        "keys": [
            {
                "secret": secret.hex(),
                "sessionId": session_id.hex(),
                "role": role,
                "password": password,
                "psk": Credentials(session_id, role, secret, password).psk().hex(),
            }
            for role, password in rows
        ],
        "invites": [
            {
                "secret": secret.hex(),
                "sessionId": session_id.hex(),
                "expires": expires,
                "invite": derive_invite(secret, session_id, expires).hex(),
            }
            for expires in (1_800_000_000, 65_536)
        ],
        "clients": [
            {"token": token.hex(), "sessionId": session_id.hex(), "id": client_id.hex(), "psk": key.hex()}
            for token in (made_up("token", 16), bytes(16))
            for client_id, key in [derive_client(token, session_id)]
        ],
    }


def handshake() -> dict[str, Any]:
    return {"noise": noise(), "handshakes": handshakes(), "prefaces": prefaces(), "refusals": refusals()}


def noise() -> list[dict[str, Any]]:
    """Noise alone, with payloads, in the form of other implementations' vectors."""
    result = []
    for number, prologue in enumerate((b"", b"John Galt", made_up("prologue", 100))):
        name = f"noise {number}"
        psk, ours, theirs = made_up(name, 32), made_up(name + " i", 32), made_up(name + " r", 32)
        initiator = NoiseNNpsk0(True, prologue, psk, ours)
        responder = NoiseNNpsk0(False, prologue, psk, theirs)
        payloads = [b"" if number == 0 else made_up(f"{name} payload {i}", 10 + i) for i in range(8)]
        sent = [initiator.write_message(payloads[0])]
        responder.read_message(sent[0])
        sent.append(responder.write_message(payloads[1]))
        initiator.read_message(sent[1])
        ends = (initiator.split()[0], responder.split()[0])
        sent += [ends[i % 2].encrypt(payload) for i, payload in enumerate(payloads[2:])]
        result.append(
            {
                "protocol": PROTOCOL_NAME.decode(),
                "prologue": prologue.hex(),
                "psk": psk.hex(),
                "initiatorEphemeral": ours.hex(),
                "responderEphemeral": theirs.hex(),
                "messages": [{"payload": p.hex(), "ciphertext": c.hex()} for p, c in zip(payloads, sent, strict=True)],
            }
        )
    return result


def handshakes() -> list[dict[str, Any]]:
    """Whole handshakes, and the first messages in both directions."""
    result = []
    roles: list[tuple[m.Role, str | None]] = [("owner", None), ("writer", None), ("reader", "swordfish")]
    for role, password in roles:
        credentials = Credentials(made_up("session", 16), role, made_up(role, 16), password)
        key, ours, theirs = credentials.psk(), made_up(role + " client", 32), made_up(role + " host", 32)
        client = ClientHandshake(credentials.preface(), key, ephemeral=ours)
        preface, first = client.start()
        reply, at_host = HostHandshake(preface, key, ephemeral=theirs).receive(first)
        at_client = client.receive(reply)
        exchange: list[tuple[str, m.ClientMessage | m.HostMessage]] = [
            ("client", m.Join("Ada")),
            ("host", m.Hello(1, {"name": "demo"})),
            ("client", m.Subscribe(1, -1)),
            ("client", m.Data(1, 0, b"ls\r")),
            ("host", m.Chunks(1, 0, [b"a  b  c\r\n"])),
            ("host", m.Pong(1.5, 3)),
        ]
        ends = {"client": at_client, "host": at_host}
        transport = []
        for sender, message in exchange:
            data = codec.encode(message)
            transport.append({"from": sender, "message": data.hex(), "frame": ends[sender].seal(data).hex()})
        result.append(
            {
                "sessionId": credentials.session_id.hex(),
                "role": role,
                "secret": credentials.secret.hex(),
                "password": password,
                "psk": key.hex(),
                "clientEphemeral": ours.hex(),
                "hostEphemeral": theirs.hex(),
                "preface": preface.hex(),
                "first": first.hex(),
                "reply": reply.hex(),
                "transport": transport,
            }
        )
    return result


def prefaces() -> dict[str, Any]:
    session_id = made_up("session", 16)
    good = Preface("reader", session_id, True).pack()
    return {
        "valid": [
            {
                "role": role,
                "sessionId": session_id.hex(),
                "password": password,
                "client": client and client.hex(),
                "expires": expires,
                "bytes": Preface(role, session_id, password, client, expires).pack().hex(),
            }
            for role in ROLES
            for password, client, expires in (
                (False, None, None),
                (True, None, None),
                (False, made_up("client", 16), None),
                (False, None, 1_800_000_000),
                (True, None, 2**32 - 1),
            )
        ],
        "refused": [
            {"name": name, "bytes": data.hex(), "reason": reason}
            for name, data, reason in (
                ("nothing", b"", "malformed"),
                ("only the magic", good[:4], "malformed"),
                ("other magic", b"sshy" + good[4:], "malformed"),
                ("HTTP", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "malformed"),
                ("version 2", good[:4] + b"\x02" + good[5:], "version"),
                ("version 2, another length", b"sshx\x02", "version"),
                ("version 0", good[:4] + b"\x00" + good[5:], "version"),
                ("unknown role", good[:6] + b"\x03" + good[7:], "malformed"),
                ("too short", good[:-1], "malformed"),
                ("too long", good + b"\x00", "malformed"),
                ("a client's id without its flag", good + bytes(16), "malformed"),
                ("no client's id with its flag", good[:5] + b"\x02" + good[6:], "malformed"),
                ("the end of an invite without its flag", good + bytes(4), "malformed"),
                ("an invite without its end", good[:5] + b"\x04" + good[6:], "malformed"),
                ("an invite whose end is too short", good[:5] + b"\x04" + good[6:] + bytes(3), "malformed"),
                ("an invite and a client's id", good[:5] + b"\x06" + good[6:] + bytes(20), "malformed"),
                ("a client's id that is too short", good[:5] + b"\x02" + good[6:] + bytes(15), "malformed"),
            )
        ],
    }


def refusals() -> list[dict[str, str]]:
    reasons = "invalidAuth passwordRequired version malformed notFound full locked busy rateLimited unknownClient"
    reasons += " inviteEnded later"
    return [{"reason": reason, "bytes": refusal(reason).hex()} for reason in reasons.split()]


FILES: dict[str, Callable[[], dict[str, Any]]] = {
    "tickets.json": tickets,
    "messages.json": messages,
    "framing.json": framing,
    "psk.json": psk,
    "handshake.json": handshake,
}


def render(name: str) -> str:
    """The text of one of the files."""
    return json.dumps(FILES[name](), indent=2, ensure_ascii=True) + "\n"


if __name__ == "__main__":
    for file in FILES:
        (HERE / file).write_text(render(file), encoding="ascii", newline="\n")
