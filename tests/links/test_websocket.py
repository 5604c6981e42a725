"""WebSocket links between real tornado sockets on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler
from tornado.websocket import WebSocketHandler

from sshx_jupyter.links import LinkClosed, LinkPath, Unreachable
from sshx_jupyter.links.websocket import INBOX, WebSocketLink, dial_websocket, short
from sshx_jupyter.protocol.framing import MAX_FRAME


@dataclass
class Place:
    """A server whose sockets are links, and those links as they come."""

    url: str
    arrived: asyncio.Queue[tuple[WebSocketLink, WebSocketHandler]] = field(default_factory=asyncio.Queue)

    async def pair(self, **options: Any) -> tuple[WebSocketLink, WebSocketLink]:
        """The client's end and the server's."""
        near = await dial_websocket(f"{self.url}/link", **options)
        far, _ = await self.arrived.get()
        return near, far


class Handler(WebSocketHandler):
    """What the extension's handler does, without Jupyter."""

    def initialize(self, place: Place) -> None:
        self.place = place

    @property
    def max_message_size(self) -> int:
        return MAX_FRAME

    def open(self, *args: str) -> None:
        self.link = WebSocketLink(self, "user ann")
        self.place.arrived.put_nowait((self.link, self))

    async def on_message(self, message: str | bytes) -> None:
        await self.link.on_message(message)

    def on_close(self) -> None:
        self.link.on_close(self.close_code, self.close_reason)


class Status(RequestHandler):
    """Answers with the status that it is asked for."""

    def get(self, status: str) -> None:
        self.set_status(int(status))
        self.finish({"message": "It says so."} if status == "418" else "")


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    [socket] = bind_sockets(0, "127.0.0.1")
    place = Place(f"ws://127.0.0.1:{socket.getsockname()[1]}")
    server = HTTPServer(Application([(r"/link", Handler, {"place": place}), (r"/(\d+)", Status)]))
    server.add_socket(socket)
    yield place
    server.stop()
    await server.close_all_connections()


async def take(link: WebSocketLink, count: int) -> list[bytes]:
    frames: list[bytes] = []
    while len(frames) < count:
        frames += await link.receive()
    return frames


async def test_frames_go_both_ways_in_order(place: Place) -> None:
    near, far = await place.pair()
    frames = [b"\0", b"x" * MAX_FRAME, *(bytes([n]) for n in range(256))]
    for source, target in ((near, far), (far, near)):
        sending = asyncio.ensure_future(source.send(frames))
        assert await take(target, len(frames)) == frames
        await sending
    assert far.peer == "user ann"
    assert near.peer == place.url.removeprefix("ws://")
    assert near.path() == far.path() == LinkPath("local")
    await near.close()


async def test_a_pipe_is_known_by_its_address(place: Place) -> None:
    link = await dial_websocket(f"{place.url}/link?addr=endpointaaaa")
    assert link.path() == LinkPath("relay")
    await link.close()


@pytest.mark.parametrize(
    ("text", "kind"), [('{"path": "direct"}', "direct"), ('{"path": "by pigeon"}', "relay"), ('{"later": 1}', "relay")]
)
async def test_a_pipe_tells_its_path(place: Place, text: str, kind: Any) -> None:
    near = await dial_websocket(f"{place.url}/link?addr=endpointaaaa")
    far, handler = await place.arrived.get()
    await handler.write_message(text)
    await far.send([b"a frame"])
    assert await near.receive() == [b"a frame"]
    assert near.path() == LinkPath(kind)
    await far.tell_path("local")
    await far.send([b"another"])
    assert await near.receive() == [b"another"]
    assert near.path() == LinkPath("local")
    await near.close()


async def test_nobody_is_told_a_path_after_the_end(place: Place) -> None:
    near, far = await place.pair()
    await near.close()
    with pytest.raises(LinkClosed):
        await far.receive()
    with pytest.raises(LinkClosed):
        await far.tell_path("direct")


@pytest.mark.parametrize("ender", ["near", "far"])
async def test_what_was_sent_before_the_end_arrives(place: Place, ender: str) -> None:
    near, far = await place.pair()
    this, other = (near, far) if ender == "near" else (far, near)
    await this.send([b"last", b"words"])
    await this.close("that is all")
    assert await take(other, 2) == [b"last", b"words"]
    for _ in range(2):
        with pytest.raises(LinkClosed, match="that is all"):
            await other.receive()
        with pytest.raises(LinkClosed, match="that is all"):
            await other.send([b"too late"])
        with pytest.raises(LinkClosed):
            await this.receive()
        with pytest.raises(LinkClosed):
            await this.send([b"too late"])
        await this.close()
        await other.close()


async def test_a_broken_connection_ends_the_link(place: Place) -> None:
    near = await dial_websocket(f"{place.url}/link")
    far, handler = await place.arrived.get()
    waiting = asyncio.ensure_future(near.receive())
    await asyncio.sleep(0)
    connection: Any = handler.ws_connection
    connection._abort()
    with pytest.raises(LinkClosed, match="was closed"):
        await waiting
    with pytest.raises(LinkClosed):
        await far.send([b"x"])


@pytest.mark.parametrize("sender", ["near", "far"])
async def test_who_does_not_read_slows_the_sender_and_needs_no_memory(place: Place, sender: str) -> None:
    near, far = await place.pair()
    this, other = (near, far) if sender == "near" else (far, near)
    frame = b"x" * 60_000
    sent = 0

    async def send() -> None:
        nonlocal sent
        while True:
            await this.send([frame])
            sent += 1

    sending = asyncio.ensure_future(send())
    before = -1
    while before != sent:  # until the sockets' buffers are full
        before = sent
        await asyncio.sleep(0.3)
    assert other._inbox.size <= INBOX + MAX_FRAME
    assert sent * len(frame) < 32 << 20
    assert len(await take(other, before)) >= before  # and goes on once it is read
    sending.cancel()
    await near.close()


async def test_a_full_inbox_does_not_outlive_the_link(place: Place) -> None:
    near, far = await place.pair()
    sending = asyncio.ensure_future(near.send([b"x" * 60_000] * 1000))
    while far._inbox.size < INBOX:
        await asyncio.sleep(0.01)
    await far.close("enough")
    with pytest.raises(LinkClosed):
        await sending


@pytest.mark.parametrize(
    ("message", "binary", "code"), [("text", False, 1003), (b"", True, 1003), (b"x" * (MAX_FRAME + 1), True, 1009)]
)
async def test_what_is_no_frame_ends_the_link(place: Place, message: Any, binary: bool, code: int) -> None:
    near = await dial_websocket(f"{place.url}/link")
    far, handler = await place.arrived.get()
    await handler.write_message(message, binary=binary)
    with pytest.raises(LinkClosed):
        await near.receive()
    with pytest.raises(LinkClosed):
        await far.receive()
    assert handler.close_code == code or code == 1009  # too long a message also breaks the connection


@pytest.mark.parametrize("code", [1013, 4400, 4404])
async def test_a_pipe_that_leads_nowhere_is_no_link(place: Place, code: int) -> None:
    near, far = await place.pair()
    await far.close("Nobody is there.", code)
    with pytest.raises(Unreachable, match="Nobody is there"):
        await near.receive()


async def test_a_server_that_shuts_down_says_so_even_without_words(place: Place) -> None:
    near, far = await place.pair()
    await far.close("", 1001)
    with pytest.raises(LinkClosed, match="shutting down"):
        await near.receive()


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (401, "check its token"),
        (403, "check its token"),
        (404, "has no sshx-jupyter"),
        (418, r"\(HTTP status 418\)\. It says so\.$"),
        (503, r"\(HTTP status 503\)\.$"),
        (302, r"\(HTTP status 302\)\.$"),
        (200, "cannot be reached"),
    ],
)
async def test_refusals_are_sentences(place: Place, status: int, sentence: str) -> None:
    with pytest.raises(Unreachable, match=sentence):
        await dial_websocket(f"{place.url}/{status}", token="secret")


@pytest.mark.parametrize(
    "url", ["", "link", "ftp://127.0.0.1/link", "ws://", "ws://127.0.0.1:nothing/", "ws://127.0.0.1:1/link", "ws://[/"]
)
async def test_addresses_that_lead_nowhere(url: str) -> None:
    with pytest.raises(Unreachable, match="Jupyter server"):
        await dial_websocket(url)


async def test_a_server_that_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sshx_jupyter.links.websocket.DIAL_TIMEOUT", 0.2)
    silent = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    with pytest.raises(Unreachable, match="does not answer"):
        await dial_websocket(f"http://127.0.0.1:{port}/link")
    silent.close()


@pytest.mark.parametrize(("reason", "shown"), [("", ""), ("x" * 123, "x" * 123), ("x" * 124, "x" * 120 + "…")])
def test_reasons_fit(reason: str, shown: str) -> None:
    assert short(reason) == shown


def test_reasons_are_cut_between_characters() -> None:
    assert len(short("ä" * 100).encode()) <= 123
    assert short("xä" * 100).startswith("xäxä")
