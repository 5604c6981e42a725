"""The client that was written from the specification alone, against a real Jupyter server."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import struct
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from socket import SO_LINGER, SOL_SOCKET
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from sshx_jupyter.links import FrameReader, Link
from tests.servers import TOKEN, JupyterServer, jupyter_server
from tests.sessions import credentials, hosting
from tests.spec_client import Failed, Handshake, SpecClient, WebSocket, derive_psk, ticket_fields

pytestmark = pytest.mark.e2e

VECTORS = Path(__file__).parents[1] / "vectors"


def vectors(file: str, key: str) -> list[dict[str, Any]]:
    return json.loads((VECTORS / file).read_text())[key]  # type: ignore[no-any-return]


# --- Without a server: what the specification says is what the vectors say ----------------------------------


def test_it_imports_nothing_of_this_project() -> None:
    source = (Path(__file__).parents[1] / "spec_client.py").read_text()
    assert "sshx_jupyter" not in source
    assert "from tests" not in source
    assert len(source.splitlines()) <= 400


@pytest.mark.parametrize("row", vectors("psk.json", "keys"), ids=lambda row: f"{row['role']} {row['password']}")
def test_keys(row: dict[str, Any]) -> None:
    psk = derive_psk(bytes.fromhex(row["secret"]), bytes.fromhex(row["sessionId"]), row["role"], row["password"])
    assert psk.hex() == row["psk"]


@pytest.mark.parametrize("row", vectors("handshake.json", "handshakes"), ids=lambda row: row["role"])
def test_handshakes(row: dict[str, Any]) -> None:
    session_id, secret = bytes.fromhex(row["sessionId"]), bytes.fromhex(row["secret"])
    client = SpecClient(nowhere, session_id, row["role"], secret, row["password"])
    assert client._preface.hex() == row["preface"]
    assert client._psk.hex() == row["psk"]
    key = X25519PrivateKey.from_private_bytes(bytes.fromhex(row["clientEphemeral"]))
    handshake = Handshake(client._preface, client._psk, key)
    assert handshake.first().hex() == row["first"]
    reply = bytes.fromhex(row["reply"])
    host_key = X25519PrivateKey.from_private_bytes(bytes.fromhex(row["hostEphemeral"]))
    assert reply[1:33] == host_key.public_key().public_bytes_raw()
    send, receive = handshake.finish(reply)
    for step in row["transport"]:
        message, frame = bytes.fromhex(step["message"]), bytes.fromhex(step["frame"])
        if step["from"] == "client":
            assert send.encrypt(message) == frame
        else:
            assert receive.decrypt(frame) == message


@pytest.mark.parametrize("row", vectors("tickets.json", "valid"), ids=lambda row: row["name"])
def test_tickets(row: dict[str, Any]) -> None:
    fields = ticket_fields(row["text"])
    assert [fields[key].hex() for key in "aik"] == [row["address"], row["sessionId"], row["secret"]]
    assert [fields["r"], fields["p"]] == [row["role"], row["password"]]


async def nowhere() -> Any:
    raise ConnectionRefusedError


# --- With a server ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    config = "c.SshxApp.chat_burst = 1000\nc.SshxApp.failed_handshakes = 1000\n"
    with jupyter_server(tmp_path_factory.mktemp("spec"), config=config) as server:
        yield server


class Cuttable(WebSocket):
    """A WebSocket whose network can fail in several ways."""

    deaf = mute = False

    async def send(self, frame: bytes) -> None:
        if not self.mute:
            await super().send(frame)

    async def receive(self) -> bytes:
        frame = await super().receive()
        while self.deaf:
            frame = await super().receive()
        return frame

    async def cut(self, how: str, chance: random.Random) -> None:
        """Lose what is sent, or what is received, or both, for a moment, or nothing; then end the connection."""
        self.mute = how in ("mute", "both")
        self.deaf = how in ("deaf", "both")
        await asyncio.sleep(chance.uniform(0, 0.03))
        stream = self.connection.protocol.stream
        if how == "polite":
            self.connection.close()
        elif stream.socket is not None:
            if how != "fin":
                stream.socket.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))  # a reset
            stream.close()


def client_of(server: JupyterServer, session: dict[str, Any], role: str, **options: Any) -> SpecClient:
    session_id = bytes.fromhex(session["id"])
    if role == "owner":
        secret = bytes.fromhex(session["owner_secret"])
    else:
        fields = ticket_fields(session["tickets"][KINDS[role]])
        assert (fields["i"], fields["r"]) == (session_id, role)
        secret = fields["k"]
    url = f"{server.url}sshx/api/link/{session['id']}"
    return SpecClient(lambda: Cuttable.dial(url, TOKEN), session_id, role, secret, **options)


KINDS = {"writer": "write", "reader": "read"}


@contextlib.asynccontextmanager
async def joined(client: SpecClient) -> AsyncIterator[SpecClient]:
    """The client takes part. Raises `Failed` if it is not let in."""
    running = asyncio.ensure_future(client.run())
    settled = asyncio.ensure_future(client.until(lambda: client.settled))
    try:
        await asyncio.wait({running, settled}, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
        yield client
        assert not running.done(), running.exception()
    finally:
        running.cancel()
        settled.cancel()
        await asyncio.gather(running, settled, return_exceptions=True)


async def prints(client: SpecClient, sid: int, text: bytes) -> None:
    await client.until(lambda: sid in client.output and text in client.output[sid].text)


async def test_it_joins_types_and_sees_output(server: JupyterServer) -> None:
    session = await server.share(name="spec")
    async with (
        joined(client_of(server, session, "owner")) as owner,
        joined(client_of(server, session, "writer")) as writer,
    ):
        assert writer.info["session"] == session["id"]
        assert (writer.info["name"], writer.info["input"], writer.info["req"]) == ("spec", 0, 0)
        assert owner.info["role"] == "owner"
        [sid] = writer.shells
        await prints(writer, sid, b"$ ")
        writer.type(sid, b"echo seen$((40+2))\r")
        await prints(writer, sid, b"seen42")
        await prints(owner, sid, b"seen42")
        # Much output: it goes on only as long as it is acknowledged.
        writer.type(sid, b"seq 1 200000; echo all$((1))done\r")
        await prints(writer, sid, b"all1done")
        assert b"200000\r\n" in writer.output[sid].text


async def test_create_gives_each_client_its_own_shell(server: JupyterServer) -> None:
    session = await server.share()
    async with joined(client_of(server, session, "writer")) as one, joined(client_of(server, session, "writer")) as two:
        sids = await asyncio.gather(*(client.request("create", 0, 0) for client in (one, two, one, two)))
        assert len(set(sids)) == 4
        assert {sids[0], sids[2]} <= one.shells.keys()  # each is told of its own before the answer
        assert {sids[1], sids[3]} <= two.shells.keys()
        await one.until(lambda: sids[3] in one.shells)
        one.type(sids[2], b"echo third$((3))\r")
        await prints(two, sids[2], b"third3")
        assert await two.request("close", sids[2], True) is None
        await one.until(lambda: sids[2] not in one.shells)
        one.type(sids[2], b"lost")
        await one.until(lambda: one.errors)
        [(code, details)] = one.errors
        assert (code, details["sid"], details["bytes"]) == ("noShell", sids[2], 4)
        await one.until(lambda: not one.outbox)  # an error takes it


async def test_codes(server: JupyterServer) -> None:
    session = await server.share(password="swordfish")
    owner = client_of(server, session, "owner")
    for password, code in ((None, "passwordRequired"), ("sword", "invalidAuth")):
        with pytest.raises(Failed, match=code):
            async with joined(client_of(server, session, "reader", password=password)):
                pass
    gone = {**session, "id": "00" * 16, "owner_secret": "00" * 16}
    with pytest.raises(Failed, match="notFound"):
        async with joined(client_of(server, gone, "owner")):
            pass
    reader = client_of(server, session, "reader", password="swordfish")
    async with joined(owner):
        running = asyncio.ensure_future(reader.run())
        await reader.until(lambda: reader.settled)
        [sid] = reader.shells
        kick = ("kick", owner.uid, "", True)
        for request in (
            ("create", 0, 0),
            ("close", sid, True),
            ("move", sid, None),
            ("lock", True),
            kick,
            ("newTickets",),
        ):
            with pytest.raises(Failed, match="notAllowed"):
                await reader.request(*request)
        reader.type(sid, b"no")
        await reader.until(lambda: reader.errors[-1] == ("notAllowed", {"sid": sid, "n": 0, "bytes": 2}))
        with pytest.raises(Failed, match="noUser"):
            await owner.request("kick", 99, "", True)
        with pytest.raises(Failed, match="invalid"):
            await owner.request("kick", owner.uid, "", True)
        assert await reader.request("requestWrite") is None
        await owner.until(lambda: owner.users[reader.uid]["wantsWrite"])
        assert await owner.request("setRole", reader.uid, "writer") is None
        await reader.until(lambda: reader.users[reader.uid]["role"] == "writer")
        await owner.request("kick", reader.uid, "bye", True)
        with pytest.raises(Failed, match="removed"):
            await running
        await owner.until(lambda: owner.users[reader.uid] is None)


async def test_new_tickets_cost_nobody_their_place(server: JupyterServer) -> None:
    session = await server.share()
    guest, late = client_of(server, session, "writer"), client_of(server, session, "writer")
    async with joined(client_of(server, session, "owner")) as owner, joined(guest):
        uid = guest.uid
        assert await owner.request("newTickets") is None
        await owner.until(lambda: owner.info["rotations"] == 1 and owner.users[uid]["ticket"] is None)
        guest.link.close()
        await guest.until(lambda: guest.links == 2 and guest.settled)
        assert guest.uid == uid
        with pytest.raises(Failed, match="invalidAuth"):
            await late.run()


@pytest.mark.timeout(100)
async def test_cut_at_random_it_loses_and_doubles_nothing(server: JupyterServer, tmp_path: Path) -> None:
    session = await server.share()
    chance = random.Random(7)
    file = tmp_path / "typed"
    writer = client_of(server, session, "writer", backoff=0.02)
    async with joined(client_of(server, session, "owner")) as owner, joined(writer):
        [sid] = writer.shells
        uid = writer.uid
        await prints(writer, sid, b"$ ")
        writer.type(sid, f"cat > {file}\r".encode())
        answers: list[asyncio.Future[Any]] = []
        typed = 0
        ways = ["mute", "deaf", "both", "polite", "fin", "reset"]
        cuts = [*ways, *ways, *ways]
        chance.shuffle(cuts)

        async def more_links_than(links: int) -> None:
            await writer.until(lambda: writer.links > links)

        for how in cuts:
            await asyncio.wait_for(writer.until(lambda: writer.settled), 20)
            links = writer.links

            async def work(until: asyncio.Task[None]) -> None:
                nonlocal typed
                while not until.done():
                    for _ in range(chance.randrange(1, 6)):
                        writer.type(sid, b"line %d\r" % typed)
                        typed += 1
                    answers.append(writer.request("chat", f"message {len(answers)}"))
                    await asyncio.sleep(chance.uniform(0, 0.01))

            await asyncio.sleep(chance.uniform(0, 0.05))
            cutting = asyncio.ensure_future(writer.link.cut(how, chance))
            await work(cutting)
            await more_links_than(links)
        created = await writer.request("create", 0, 0)
        assert created != sid
        writer.type(sid, b"\x04")
        await asyncio.wait_for(asyncio.gather(*answers), 20)
        await asyncio.wait_for(writer.until(lambda: not writer.outbox), 20)
        writer.type(sid, b"echo the$((1))end\r")
        await prints(writer, sid, b"the1end")
        assert writer.uid == uid
        assert writer.links > len(cuts)
        assert not writer.undelivered
        assert not writer.errors
        assert file.read_text().splitlines() == [f"line {number}" for number in range(typed)]
        said = [f"message {number}" for number in range(len(answers))]
        assert [text for _, text in writer.chat] == said
        assert [text for _, text in owner.chat] == said
        assert typed > 100
        assert len(owner.shells) == 2


async def test_a_stream_that_the_host_forgot_is_reported_and_not_repeated(server: JupyterServer) -> None:
    session = await server.share()
    writer = client_of(server, session, "writer", backoff=0.02)
    async with joined(client_of(server, session, "owner")) as owner, joined(writer):
        [sid] = writer.shells
        await writer.request("chat", "before")
        assert writer.info["req"] == 0
        uid, link = writer.uid, writer.link
        link.mute = True
        writer.type(sid, b"echo unknown$((1))fate\r")
        asked = writer.request("setName", "unknown")
        await asyncio.sleep(0.05)
        writer.token = b"a token that the host never gave"
        later = writer.request("chat", "after")
        writer.link.connection.close()
        with pytest.raises(Failed, match="lost"):
            await asked
        with contextlib.suppress(Failed):  # it was sent too, in vain
            await later
        assert [item.data for item in writer.undelivered] == [b"echo unknown$((1))fate\r"]
        assert writer.uid != uid
        assert await writer.request("setName", "Ada") is None
        await owner.until(lambda: owner.users[writer.uid]["name"] == "Ada")
        assert writer.info["input"] == 0


class Deaf:
    """A link to a host that takes no more after the handshake, and whose last words come only after that is known."""

    def __init__(self, link: Link) -> None:
        self._link, self._reader, self._sent = link, FrameReader(link), 0

    async def send(self, frame: bytes) -> None:
        await self._link.send([frame])
        self._sent += 1
        if self._sent == 3:  # the preface, the first message of the handshake, and `join`
            raise ConnectionError

    async def receive(self) -> bytes:
        frame = await self._reader.next()
        if self._sent >= 3:
            await asyncio.sleep(0.05)
        return frame

    def close(self) -> None:
        pass


async def test_it_reads_what_the_host_said_last() -> None:
    async with hosting() as host:
        session = await host.create()
        shown = credentials(session, "writer")
        session.lock(True)

        async def dial() -> Deaf:
            return Deaf(await host.dial())

        with pytest.raises(Failed, match="locked"):
            await asyncio.wait_for(SpecClient(dial, session.id, "writer", shown.secret).run(), 10)
