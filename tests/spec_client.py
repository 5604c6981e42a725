"""A client of `sshx/1` written from `docs/protocol.md` alone: it imports nothing of this project.

It shows that the document is enough. The numbers in comments are sections of the document.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import random
import time
import unicodedata
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import count
from typing import Any

import cbor2
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClosedError, websocket_connect

ROLES = ("owner", "writer", "reader")
Dial = Callable[[], Awaitable[Any]]


class Failed(Exception):
    """A request failed, or the session is over for this client. `str()` is the code."""


# --- Keys, tickets, handshake (3, 4) ----------------------------------------------------------------------------------


def ticket_fields(ticket: str) -> dict[str, Any]:
    raw = base64.b32decode(ticket[5:].upper() + "=" * (-len(ticket[5:]) % 8))
    fields: dict[str, Any] = cbor2.loads(raw)
    assert zlib.crc32(raw[:-4]).to_bytes(4, "big") == fields["c"]
    return fields


def derive_psk(secret: bytes, session_id: bytes, role: str, password: str | None = None) -> bytes:
    if password is not None:
        text = unicodedata.normalize("NFKC", password).encode()
        secret += Argon2id(salt=session_id, length=32, iterations=2, lanes=1, memory_cost=19_456).derive(text)
    return HKDF(SHA256(), 32, salt=session_id, info=f"sshx/1 {role}".encode()).derive(secret)


class Cipher:
    def __init__(self, key: bytes) -> None:
        self._cipher, self._n = ChaCha20Poly1305(key), count()

    def encrypt(self, data: bytes, ad: bytes = b"") -> bytes:
        return self._cipher.encrypt(bytes(4) + next(self._n).to_bytes(8, "little"), data, ad)

    def decrypt(self, data: bytes, ad: bytes = b"") -> bytes:
        return self._cipher.decrypt(bytes(4) + next(self._n).to_bytes(8, "little"), data, ad)


class Handshake:
    """The initiator of Noise_NNpsk0_25519_ChaChaPoly_SHA256."""

    def __init__(self, prologue: bytes, psk: bytes, key: X25519PrivateKey | None = None) -> None:
        self._key = key or X25519PrivateKey.generate()
        self._h = self._ck = sha256(b"Noise_NNpsk0_25519_ChaChaPoly_SHA256").digest()
        self._mix_hash(prologue)
        self._ck, temp, self._k = self._hkdf(psk, 3)  # the token psk
        self._mix_hash(temp)

    def _mix_hash(self, data: bytes) -> None:
        self._h = sha256(self._h + data).digest()

    def _mix_key(self, material: bytes) -> None:
        self._ck, self._k = self._hkdf(material, 2)

    def _hkdf(self, material: bytes, size: int) -> list[bytes]:
        secret, out = hmac.digest(self._ck, material, "sha256"), [b""]
        for i in range(size):
            out.append(hmac.digest(secret, out[-1] + bytes((i + 1,)), "sha256"))
        return out[1:]

    def first(self) -> bytes:
        public = self._key.public_key().public_bytes_raw()
        self._mix_hash(public)
        self._mix_key(public)
        tag = Cipher(self._k).encrypt(b"", self._h)
        self._mix_hash(tag)
        return public + tag

    def finish(self, reply: bytes) -> tuple[Cipher, Cipher]:
        """The ciphers for sending and receiving."""
        if reply[:1] == b"\x01":
            raise Failed(reply[1:].decode("ascii"))
        public, tag = reply[1:33], reply[33:]
        self._mix_hash(public)
        self._mix_key(public)
        self._mix_key(self._key.exchange(X25519PublicKey.from_public_bytes(public)))
        Cipher(self._k).decrypt(tag, self._h)
        first, second = self._hkdf(b"", 2)
        return Cipher(first), Cipher(second)


class WebSocket:
    def __init__(self, connection: Any) -> None:
        self.connection = connection

    @classmethod
    async def dial(cls, url: str, token: str) -> WebSocket:
        request = HTTPRequest(url.replace("http", "ws", 1), headers={"Authorization": f"token {token}"})
        return cls(await websocket_connect(request, max_message_size=65_535))

    async def send(self, frame: bytes) -> None:
        await self.connection.write_message(frame, binary=True)

    async def receive(self) -> bytes:
        while isinstance(message := await self.connection.read_message(), str):
            pass  # a pipe tells of its path
        if message is None:
            raise ConnectionError(self.connection.close_code)
        return bytes(message)

    def close(self) -> None:
        self.connection.close()


@dataclass(eq=False)
class Item:
    """Input (`data`) or a request (`args` and `answer`) on its way to the host."""

    name: str
    since: float
    sid: int = 0
    data: bytes = b""
    args: tuple[Any, ...] = ()
    answer: asyncio.Future[Any] | None = None
    n: int | None = None  # its position or number, once it was sent over any link
    sent: bool = False  # whether it was sent over this link


@dataclass
class Output:
    """What is known of one shell (8). `text` is what its terminal shows: the last snapshot, and what followed."""

    position: int = -1
    text: bytearray = field(default_factory=bytearray)
    received: int = 0
    acknowledged: int = 0
    subscribed: bool = False
    parts: list[bytes] = field(default_factory=list)
    replay: list[bytes] = field(default_factory=list)

    def on_chunks(self, seq: int, chunks: list[bytes], *_: Any) -> None:
        data = b"".join(chunks)
        self.received += len(data)
        if seq == self.position:
            self.position += len(data)
            self.text += data
            self.replay.append(data)

    def on_snapshot(self, seq: int, data: bytes, part: int, more: bool, *_: Any) -> None:
        self.received += len(data)
        if part == 0:
            self.parts, self.replay = [], []
        self.parts.append(data)
        if not more:
            self.text[:] = b"".join(self.parts + self.replay)
            self.position = max(self.position, seq)


class SpecClient:
    """One user. `dial` makes links. `undelivered` is input that the host has not taken, and never will."""

    def __init__(
        self, dial: Dial, session_id: bytes, role: str, secret: bytes, password: str | None = None, backoff: float = 0.5
    ) -> None:
        self.uid, self.links, self.settled = 0, 0, False
        self.info: dict[str, Any] = {}
        self.users: dict[int, Any] = {}
        self.shells: dict[int, Any] = {}
        self.output: dict[int, Output] = {}
        self.chat: list[tuple[int, str]] = []
        self.errors: list[tuple[str, dict[str, Any]]] = []
        self.undelivered: list[Item] = []
        self.outbox: list[Item] = []
        self.link: Any = None
        self.token: bytes | None = None
        self._dial, self._backoff = dial, backoff
        self._psk = derive_psk(secret, session_id, role, password)
        self._preface = b"sshx" + bytes((1, password is not None, ROLES.index(role))) + session_id
        self._direct: list[tuple[str, Any]] = []
        self._hello: dict[str, Any] = {}  # of the first hello of this link
        self._stream: bytes | None = None  # the token whose numbers the outbox has
        self._position = self._req = self._unasked = 0
        self._work, self._changed = asyncio.Event(), asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None

    def type(self, sid: int, data: bytes) -> None:
        for start in range(0, len(data), 32 << 10):
            self.outbox.append(Item("data", time.monotonic(), sid, data[start : start + (32 << 10)]))
        self._work.set()

    def request(self, name: str, *args: Any) -> asyncio.Future[Any]:
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.outbox.append(Item(name, time.monotonic(), args=args, answer=answer))
        self._work.set()
        return answer

    async def until(self, condition: Callable[[], Any]) -> None:
        while not condition():
            self._changed.clear()
            await self._changed.wait()

    async def run(self) -> None:
        """Take part until the session is over for this client; raises `Failed` then (6.2, 10)."""
        began, delay = time.monotonic(), self._backoff
        while True:
            before, code = self.links, ""
            try:
                await self._one_link()
            except Failed as error:
                code = str(error)
                if code == "unknownClient" and self.token:  # forgotten: with the ticket, at once
                    self.token = None
                    continue
            except (OSError, InvalidTag, WebSocketClosedError, asyncio.TimeoutError):
                pass  # the link is broken
            again = ("busy", "full", "rateLimited", "tooSlow") if self.uid else ("busy", "full")
            if code and (code not in again or (not self.uid and time.monotonic() - began > 10)):
                raise Failed(code)
            delay = self._backoff if self.links > before else min(2 * delay, 15)
            await asyncio.sleep(delay * random.uniform(0.5, 1))

    async def _one_link(self) -> None:
        self.link = link = await self._dial()
        tasks: list[asyncio.Task[None]] = []
        try:
            preface, psk = self._preface, self._psk
            if self.token is not None:  # 3.3
                derived = HKDF(SHA256(), 48, salt=preface[7:], info=b"sshx/1 client").derive(self.token)
                preface, psk = preface[:5] + b"\x02" + preface[6:] + derived[:16], derived[16:]
            handshake = Handshake(preface, psk)
            await link.send(preface)
            await link.send(handshake.first())
            send, receive = handshake.finish(await asyncio.wait_for(link.receive(), 15))
            self._heard, self._hello = time.monotonic(), {}
            self._direct = [("join", {"chat": self.chat[-1][0] if self.chat else 0})]
            for output in self.output.values():
                output.received, output.acknowledged, output.subscribed = 0, 0, False
            tasks = list(map(asyncio.ensure_future, (self._read(link, receive), self._write(link, send), self._ping())))
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait(tasks[:1], timeout=1)  # what the host said last (6.3)
            next(task for task in tasks if task.done()).result()
        finally:
            self.settled = False
            self._changed.set()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            link.close()

    async def _read(self, link: Any, cipher: Cipher) -> None:
        while True:
            [(name, value)] = cbor2.loads(cipher.decrypt(await link.receive())).items()
            self._heard = time.monotonic()
            self._on_message(name, value)
            self._acknowledge(4 << 10)
            self._changed.set()

    async def _write(self, link: Any, cipher: Cipher) -> None:
        while True:
            self._work.clear()
            for name, value in self._to_send():
                await link.send(cipher.encrypt(cbor2.dumps({name: value})))
            await self._work.wait()

    def _to_send(self) -> list[tuple[str, Any]]:
        out, self._direct = self._direct, []
        unanswered = sum(item.answer is not None and item.n is not None for item in self.outbox)
        for item in self.outbox if self.settled else ():
            if item.sent:
                continue
            if item.answer is None:
                item.n = self._position
                self._position += len(item.data)
                self._unasked += len(item.data)
                out.append(("data", [item.sid, item.n, item.data]))
            else:
                if item.n is None:
                    if unanswered >= 64:
                        break
                    unanswered += 1
                    self._req = item.n = self._req + 1
                out.append((item.name, [item.n, *item.args] if item.args else item.n))
            item.sent = True
        if self._unasked >= 64 << 10:
            self._unasked = 0
            out.append(("ping", time.monotonic()))
        return out

    async def _ping(self) -> None:
        while time.monotonic() - self._heard <= 15:
            self._post("ping", time.monotonic())
            await asyncio.sleep(2)
        raise ConnectionError("silence")

    def _post(self, name: str, value: Any) -> None:
        self._direct.append((name, value))
        self._work.set()

    def _acknowledge(self, least: int) -> None:
        if least == 1:
            self._timer = None
        for sid, output in self.output.items():
            if output.received - output.acknowledged >= least:
                output.acknowledged = output.received
                self._post("ack", [sid, output.received])
            elif output.received > output.acknowledged and self._timer is None:
                self._timer = asyncio.get_running_loop().call_later(0.02, self._acknowledge, 1)

    def _on_message(self, name: str, value: Any) -> None:
        """Ignores what is not known: messages, and elements beyond those that are (13)."""
        if name == "hello":
            self.uid, self.info = value[:2]
            self._hello = self._hello or self.info
            self.token = self._hello["token"]
        elif name == "users":
            self.users = {uid: user for uid, user, *_ in value}
        elif name == "userDiff":
            self.users[value[0]] = value[1]  # None: has left
        elif name == "shells":
            self._on_shells({sid: shell for sid, shell, *_ in value})
        elif name in ("snapshot", "chunks") and value[0] in self.output:
            output = self.output[value[0]]
            (output.on_snapshot if name == "snapshot" else output.on_chunks)(*value[1:])
        elif name == "hear" and (not self.chat or value[0] > self.chat[-1][0]):
            self.chat.append((value[0], value[3]))
        elif name == "pong" and self.settled:
            self._forget_taken(value[1])
        elif name in ("done", "error"):
            if name == "error":
                self.errors.append((value[1], value[3]))
            for item in [item for item in self.outbox if item.answer is not None and item.n == value[0] is not None]:
                self._end(item, value[1], failed=name == "error")
        elif name == "closed":
            raise Failed(value[0])

    def _on_shells(self, shells: dict[int, Any]) -> None:
        self.shells = shells
        self.output = {sid: self.output.get(sid, Output()) for sid in shells}
        for sid, output in self.output.items():
            if not output.subscribed and not shells[sid].get("ended"):
                output.subscribed = True
                self._post("subscribe", [sid, output.position])
        if not self.settled:
            self._settle()

    def _settle(self) -> None:  # 9.3
        taken, req = self._hello["input"], self._hello["req"]
        self.settled, self.links = True, self.links + 1
        same, self._stream = self.token == self._stream, self.token
        if same:
            self._forget_taken(taken)
        else:
            cut = {item.sid for item in self.outbox if item.answer is None and item.n is not None}
            for item in [i for i in self.outbox if i.n is not None or (i.answer is None and i.sid in cut)]:
                self._end(item, "lost", failed=True)
        self._position, self._req, self._unasked = taken, max(self._req, req) if same else req, 0
        now, writes = time.monotonic(), self.users.get(self.uid, self.info)["role"] in ("owner", "writer")
        stale = any(item.answer is None and now - item.since > 10 for item in self.outbox)
        for item in list(self.outbox):
            item.sent = False
            if item.answer is None:
                gone = item.sid not in self.shells or self.shells[item.sid].get("ended")
                undeliverable = stale or gone or not writes
            else:
                undeliverable = item.n is None and now - item.since > 10 and item.name != "chat"
            if undeliverable:
                self._end(item, "lost", failed=True)
        self._work.set()

    def _end(self, item: Item, value: Any, failed: bool) -> None:
        self.outbox.remove(item)
        self._work.set()
        if item.answer is None:
            self.undelivered.append(item)
        elif not item.answer.done():
            item.answer.set_exception(Failed(value)) if failed else item.answer.set_result(value)

    def _forget_taken(self, taken: int) -> None:
        for item in [item for item in self.outbox if item.answer is None and item.n is not None and item.n < taken]:
            item.data, item.n = item.data[taken - (item.n or 0) :], taken
            if not item.data:
                self.outbox.remove(item)
