"""Links through the Jupyter server: to its own sessions, and pipes to sessions elsewhere."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from typing import Any

import pytest
from iroh import EndpointAddr, EndpointTicket, SecretKey
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from sshx_jupyter.client import SessionEnded, SshxClient
from sshx_jupyter.links import Unreachable
from sshx_jupyter.links.websocket import dial_websocket
from sshx_jupyter.node import SshxNode
from sshx_jupyter.protocol.handshake import Credentials, Refused
from sshx_jupyter.ticket import Ticket

from .serving import Server, owner_of, until

NOBODY = "0" * 32


async def connect(server: Server, path: str) -> WebSocketClientConnection:
    """A bare WebSocket."""
    url = server.url.replace("http", "ws", 1) + path
    return await websocket_connect(HTTPRequest(url, headers={"Authorization": f"token {server.token}"}))


async def test_the_owner_works_in_its_session(server: Server) -> None:
    session = await server.share()
    async with server.owner(session, name="Host") as client:
        assert (client.role, client.path().kind) == ("owner", "local")
        assert (await client.run("echo $((6 * 7))", timeout=20)).output == "42\n"
        sid = await client.create()
        listed = (await server.call("GET", f"sshx/api/sessions/{session['id']}")).body
        assert [shell["sid"] for shell in listed["shells"]] == [1, sid]
        assert await server.terminals() == {shell["terminal"] for shell in listed["shells"]}
        assert [user["role"] for user in listed["users"]] == ["owner"]


async def test_two_tabs_of_a_browser_are_one_person(server: Server) -> None:
    session = await server.share()

    async def owner(cookie: str) -> SshxClient:
        url = f"{server.url}sshx/api/link/{session['id']}"
        credentials = Credentials(bytes.fromhex(session["id"]), "owner", bytes.fromhex(session["owner_secret"]))
        dial = functools.partial(dial_websocket, url, {"Cookie": cookie} if cookie else None, server.token)
        return await stack.enter_async_context(SshxClient.connect(credentials, dial=dial))

    async def browser() -> str:
        """The cookies of a browser that has logged in."""
        headers = {"Authorization": f"token {server.token}"}
        page = await AsyncHTTPClient().fetch(f"{server.url}sshx/p2p", headers=headers)
        return "; ".join(cookie.partition(";")[0] for cookie in page.headers.get_list("Set-Cookie"))

    async with contextlib.AsyncExitStack() as stack:
        mine, yours = await browser(), await browser()
        first, second, other = await owner(mine), await owner(mine), await owner(yours)
        await first.wait_for(lambda c: len(c.users) == 3)
        assert list(first.people) == [first.uid, other.uid]
        listed = (await server.call("GET", f"sshx/api/sessions/{session['id']}")).body["users"]
        assert [user["uid"] for user in listed] == [first.uid, other.uid]
        await other.wait_for(lambda c: len(c.users) == 3)
        assert second.uid not in other.people


async def test_the_owner_rules_over_guests(server: Server) -> None:
    session = await server.share(approve=True)
    async with server.owner(session, observer=True) as owner:
        connecting = SshxClient.connect(session["tickets"]["write"], name="Ada", relays="disabled")
        async with contextlib.AsyncExitStack() as stack:
            entering = asyncio.ensure_future(stack.enter_async_context(connecting))
            await owner.wait_for(lambda _: any(user.pending for user in owner.users.values()))
            [uid] = owner.users
            await owner.approve(uid, True)
            guest = await entering
            await owner.kick(uid, "lunch")
            async for _ in guest:
                pass
            assert "lunch" in guest.ended


async def test_an_unknown_session_is_told_in_the_handshake(server: Server) -> None:
    session = await server.share()
    await server.call("DELETE", f"sshx/api/sessions/{session['id']}")
    with pytest.raises(Refused) as refused:
        async with server.owner(session):
            pass
    assert refused.value.reason == "notFound"


async def test_an_owner_is_told_that_its_session_has_ended(server: Server) -> None:
    session = await server.share()
    async with server.owner(session) as client:
        await server.call("DELETE", f"sshx/api/sessions/{session['id']}")
        with pytest.raises(SessionEnded, match="stopped sharing"):
            await client.wait_for(lambda _: False)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("sshx/api/link/xyz", 404),
        (f"sshx/api/link/{NOBODY}?ticket=sshx1aaaa", 400),
        (f"sshx/api/link/{NOBODY}?addr=endpointaaaa&secret=1", 400),
        (f"sshx/api/link/{NOBODY}?owner_secret=1", 400),
        (f"sshx/api/link/{NOBODY}?password=1", 400),
    ],
)
async def test_refused_before_the_upgrade(server: Server, path: str, status: int) -> None:
    with pytest.raises(HTTPClientError) as error:
        await connect(server, path)
    assert error.value.code == status
    assert error.value.response is not None
    assert b'"reason": ' in error.value.response.body
    if status == 400:
        with pytest.raises(Unreachable, match=r"HTTP status 400.*secrets go encrypted"):
            await dial_websocket(server.url + path, token=server.token)


async def test_a_link_is_no_page(server: Server) -> None:
    assert (await server.call("GET", f"sshx/api/link/{NOBODY}")).status == 400


@pytest.mark.parametrize(
    ("message", "binary", "code"), [("text", False, 1003), (b"", True, 1003), (b"x" * 65536, True, 1009)]
)
async def test_what_is_no_frame_ends_the_link(server: Server, message: Any, binary: bool, code: int) -> None:
    session = await server.share()
    async with server.owner(session) as other:
        socket = await connect(server, f"sshx/api/link/{session['id']}")
        await socket.write_message(message, binary=binary)
        assert await socket.read_message() is None
        assert socket.close_code == code
        assert (await other.run("true", timeout=20)).exit_status == 0


async def test_a_pipe_reaches_a_session_elsewhere(server: Server, elsewhere: SshxNode) -> None:
    session = await elsewhere.host(command=["sh"])
    assert session.ticket is not None
    ticket = Ticket.decode(session.ticket)
    dial = server.dial(session.id.hex(), ticket.endpoint_ticket)
    async with SshxClient.connect(ticket, dial=dial, name="Grace") as client:
        assert (await client.run("echo $((6 * 7))", timeout=20)).output == "42\n"
        assert [user.name for user in session.users().values()] == ["Grace"]
        await client.wait_for(lambda c: (path := c.path()) is not None and path.kind == "direct")
        assert (await server.call("GET", "sshx/api/status")).body["pipes"] == 1
        result = await client.run("seq 1 200000 | tail -n 3", timeout=30)
        assert result.output == "199998\n199999\n200000\n"

    async def all_gone() -> bool:
        return not server.extension.pipes and not session.users()

    await until(all_gone)


async def test_a_pipe_passes_refusals_and_farewells_on(server: Server, elsewhere: SshxNode) -> None:
    session = await elsewhere.host(command=["sh"])
    ticket = Ticket.decode(session.read_ticket)
    dial = server.dial(session.id.hex(), ticket.endpoint_ticket)
    wrong = Ticket(ticket.address, ticket.session_id, bytes(16), "reader")
    for _ in range(3):
        with pytest.raises(Refused) as refused:
            async with SshxClient.connect(wrong, dial=dial):
                pass
        assert refused.value.reason == "invalidAuth"
    async with SshxClient.connect(ticket, dial=dial) as client:
        await session.stop("That is all for today.", terminals="close")
        with pytest.raises(SessionEnded, match="all for today"):
            await client.wait_for(lambda _: False)
    with pytest.raises(Refused) as refused:
        async with SshxClient.connect(ticket, dial=dial):
            pass
    assert refused.value.reason == "notFound"


async def test_a_pipe_to_nowhere(server: Server, elsewhere: SshxNode, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sshx_jupyter.node.DIAL_TIMEOUT", 0.5)
    session = await elsewhere.host(command=["sh"])
    ticket = Ticket.decode(session.read_ticket)
    await session.stop(terminals="close")
    socket = await connect(server, f"sshx/api/link/{NOBODY}?addr=nonsense")
    assert await socket.read_message() is None
    assert (socket.close_code, "not the address" in (socket.close_reason or "")) == (4400, True)
    crowded = EndpointAddr(SecretKey.generate().public(), None, [f"127.0.0.1:{port}" for port in range(1, 18)])
    socket = await connect(server, f"sshx/api/link/{NOBODY}?addr={EndpointTicket.from_addr(crowded)}")
    assert await socket.read_message() is None
    assert (socket.close_code, "more than 16 addresses" in (socket.close_reason or "")) == (4400, True)
    await elsewhere.close()
    socket = await connect(server, f"sshx/api/link/{NOBODY}?addr={ticket.endpoint_ticket}")
    assert await socket.read_message() is None
    assert (socket.close_code, "cannot be reached" in (socket.close_reason or "")) == (4404, True)
    with pytest.raises(Unreachable, match="cannot be reached"):
        async with SshxClient.connect(ticket, dial=server.dial(NOBODY, ticket.endpoint_ticket)):
            pass


async def test_a_host_that_goes_away_ends_the_pipe(server: Server, elsewhere: SshxNode) -> None:
    addr = elsewhere.address()
    socket = await connect(server, f"sshx/api/link/{NOBODY}?addr={addr}")
    await socket.write_message(b"\0" * 23, binary=True)  # a stream is there for the host once something is in it
    assert [await socket.read_message() for _ in range(2)] == ['{"path": "direct"}', b"\x01malformed"]
    assert await socket.read_message() is None
    assert (socket.close_code, socket.close_reason) == (4410, "The connection to the host has ended.")


async def test_ones_own_ticket_works_through_the_pipe_too(server: Server) -> None:
    """The first thing that people try: to join, from the same Jupyter, what they have just shared."""
    session = await server.share()
    ticket = Ticket.decode(session["tickets"]["write"])
    async with SshxClient.connect(ticket, dial=server.dial(session["id"], ticket.endpoint_ticket)) as client:
        assert (await client.run("echo $((6 * 7))", timeout=20)).output == "42\n"


async def test_a_client_that_stops_reading_holds_nobody_up(server: Server, elsewhere: SshxNode) -> None:
    """Neither side's memory grows, and the host goes on: it waits for the pipe, the pipe for the socket."""
    session = await elsewhere.host(command=["sh"])
    assert session.ticket is not None
    ticket = Ticket.decode(session.ticket)
    dial = server.dial(session.id.hex(), ticket.endpoint_ticket)
    links: list[Any] = []

    async def dial_and_keep() -> Any:
        links.append(await dial())
        return links[-1]

    async with (
        SshxClient.connect(ticket, relays="disabled") as quick,
        SshxClient.connect(ticket, dial=dial_and_keep),
    ):
        links[0].receive = asyncio.get_running_loop().create_future  # takes nothing any more
        for _ in range(3):
            assert (await quick.run("seq 1 300000; echo done", timeout=30)).exit_status == 0
        assert links[0]._inbox.size <= 512 << 10


async def test_the_owner_secret_is_the_owners_alone(server: Server) -> None:
    first, second = await server.share(), await server.share()
    with pytest.raises(Refused):
        async with SshxClient.connect(
            owner_of({**first, "owner_secret": second["owner_secret"]}), dial=server.dial(first["id"])
        ):
            pass
