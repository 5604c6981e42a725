"""Guests without a Jupyter login: what they are served, and that only a ticket lets them in."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest, HTTPResponse
from tornado.routing import RuleRouter
from tornado.web import RequestHandler
from tornado.websocket import WebSocketClientConnection, websocket_connect

from sshx_jupyter.client import SshxClient
from sshx_jupyter.host.limits import Limits
from sshx_jupyter.links import FrameReader, LinkClosed
from sshx_jupyter.links.websocket import WebSocketLink, dial_websocket
from sshx_jupyter.protocol.handshake import Preface, Refused
from sshx_jupyter.server import pages
from sshx_jupyter.server.guests import relay_sources
from sshx_jupyter.ticket import Ticket
from tests.servers import TOKEN, jupyter_server
from tests.tls import tls_proxy

from .serving import Server, owner_of, until
from .test_pages import Page

NOBODY = "0" * 32
PATHS = ["sshx/guest", "sshx/guest/", f"sshx/guest/{NOBODY}"]
RELAYS = ["https://relay.example:8443/", "http://10.0.0.1"]
GUESTS = {"SshxApp": {"guests": True}}
with_guests = pytest.mark.parametrize("sshx_config", [GUESTS])


@pytest.fixture(autouse=True)
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A bundle of the test's own, which need not have been built."""
    directory = tmp_path / "static"
    directory.mkdir()
    for name in ("guest.js", "guest.css"):
        (directory / name).write_text(f"/* {name} */")
    monkeypatch.setattr(pages, "STATIC", directory)
    monkeypatch.setattr(pages, "static_handler", (*pages.static_handler[:2], {"path": str(directory)}))
    return directory


async def get(server: Server, path: str, **headers: str) -> HTTPResponse:
    """A request without a login, unless `headers` hold one."""
    request = HTTPRequest(server.url + path, headers=headers, follow_redirects=False)
    return await AsyncHTTPClient().fetch(request, raise_error=False)


def link_url(server: Server, session: dict[str, Any]) -> str:
    """Where guests' links to a session are."""
    return f"{server.url}sshx/guest/link/{session['id']}"


def dial(server: Server, session: dict[str, Any]) -> Callable[[], Awaitable[WebSocketLink]]:
    """What makes links as a guest does, without a login."""
    return lambda: dial_websocket(link_url(server, session))


def join(server: Server, session: dict[str, Any], kind: str = "write", **options: Any) -> Any:
    """A guest's client with one of the session's tickets."""
    return SshxClient.connect(session["tickets"][kind], dial=dial(server, session), **options)


async def connect(server: Server, path: str, **headers: str) -> WebSocketClientConnection:
    """A bare WebSocket."""
    url = server.url.replace("http", "ws", 1) + path
    return await websocket_connect(HTTPRequest(url, headers=headers))


async def status(server: Server, path: str, **headers: str) -> int:
    """What a WebSocket's handshake is answered with; 101 when it succeeds."""
    try:
        (await connect(server, path, **headers)).close()
    except HTTPClientError as error:
        return error.code
    return 101


async def logged_in(server: Server) -> str:
    """The cookies of a browser whose user is logged in."""
    answer = await server.call("GET", "sshx/p2p", headers={"Authorization": ""}, params={"token": server.token})
    cookies = [cookie.partition(";")[0] for cookie in answer.headers.get_list("Set-Cookie")]
    assert any(cookie.startswith("username-") for cookie in cookies)
    return "; ".join(cookies)


# Whether it is there.


async def test_off_by_default_it_is_an_address_like_any_other(server: Server) -> None:
    session = await server.share()
    for path in (*PATHS, f"sshx/guest/{session['id']}", f"sshx/guest/link/{session['id']}"):
        answer, unknown = await get(server, path), await get(server, path.replace("guest", "ghost"))
        assert (answer.code, answer.headers["Content-Type"]) == (unknown.code, unknown.headers["Content-Type"])
        assert answer.code == (302 if path.endswith("/") else 404)
        assert answer.body.replace(b"guest", b"ghost") == unknown.body
    assert await status(server, f"sshx/guest/link/{session['id']}") == 404
    page_config: dict[str, Any] = server.app.web_app.settings["page_config_data"]
    assert page_config["sshxGuests"] is False


@with_guests
async def test_front_ends_are_told_that_it_is_there(server: Server) -> None:
    page_config: dict[str, Any] = server.app.web_app.settings["page_config_data"]
    assert page_config["sshxGuests"] is True
    assert (await server.call("GET", "sshx/api/status")).body["guests"] is True


def routes(router: RuleRouter) -> Iterator[tuple[str, Any]]:
    """Every pattern of an application's addresses, with its handler."""
    for rule in router.rules:
        if isinstance(rule.target, RuleRouter):
            yield from routes(rule.target)
        else:
            regex = getattr(rule.matcher, "regex", None)
            if regex is not None:
                yield regex.pattern.rstrip("$"), rule.target


PUBLIC_HANDLERS = {"PublicStaticFileHandler", "StaticHandler", "FileFindHandler", "LoginFormHandler", "LogoutHandler"}
"""Handlers of Jupyter and of the page's bundle that are meant for everyone."""


@pytest.mark.parametrize("sshx_config", [GUESTS, {}])
async def test_everything_else_answers_as_to_a_stranger(
    server: Server, sshx_config: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    """Over all addresses of the server: only guests' own, and those that were public before, answer without a login."""
    session = await server.share()
    terminal = session["shells"][0]["terminal"]
    opened = set()
    asked = 0
    for pattern, handler in routes(server.app.web_app.default_router):
        if not (isinstance(handler, type) and issubclass(handler, RequestHandler)):
            continue
        for value in (session["id"], terminal):
            path = re.sub(r"\((?!\?:)(?:[^()]|\([^()]*\))*\)", value, pattern).replace("\\", "").rstrip("?")
            path = re.sub(r"\(\?:[^()]*\)\??|[?*+^]", "", path)
            if not path.startswith("/a%40b/") or handler.__name__ in PUBLIC_HANDLERS:
                continue
            asked += 1
            answer = await get(server, path.removeprefix("/a%40b/"))
            if answer.code < 300 and b"login.js" not in answer.body:
                opened.add(path.replace(session["id"], "ID").replace(terminal, "1"))
    own = {"/a%40b/sshx/guest/", "/a%40b/sshx/guest/ID"} if sshx_config else set()
    assert asked > 60
    assert {path for path in opened if "sshx" in path} == own
    assert opened - own == {"/a%40b/api", "/a%40b/"}  # Jupyter's version, and an empty page


# The page.


@with_guests
@pytest.mark.parametrize("path", PATHS)
async def test_the_page_and_its_parts(server: Server, path: str) -> None:
    answer = await get(server, path)
    assert answer.code == 200
    assert answer.headers["Content-Type"] == "text/html; charset=UTF-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    page = Page(answer.body)
    assert set(page.data) == {"data-root"}
    assert page.data["data-root"] is not None
    # Relative, so that it is right for a browser that knows the server by another prefix, too.
    for prefix in (server.url, "https://hub.example/user/ann/proxy/8888/"):
        assert urljoin(prefix + path, page.data["data-root"]) == prefix
    parts = [urljoin(server.url + path, address) for address in page.addresses if not address.startswith("data:")]
    assert [re.sub(r".*/|\?v=.*", "", part) for part in parts] == ["guest.css", "guest.js"]
    assert b'<script defer src="' in answer.body
    for part in parts:
        found = await get(server, part.removeprefix(server.url))
        assert (found.code, found.headers["X-Content-Type-Options"]) == (200, "nosniff")
        assert found.headers.get_list("Set-Cookie") == []


@pytest.mark.parametrize("sshx_config", [{"SshxApp": {**GUESTS["SshxApp"], "relays": RELAYS}}])
async def test_only_the_server_and_its_relays_are_spoken_to(server: Server) -> None:
    policies = (await get(server, "sshx/guest")).headers.get_list("Content-Security-Policy")
    [policy] = [dict(part.strip().partition(" ")[::2] for part in each.split(";")) for each in policies]
    assert policy["default-src"] == policy["base-uri"] == policy["form-action"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == "'self' 'wasm-unsafe-eval'"
    assert policy["worker-src"] == "blob:"
    relays = "https://relay.example:8443 wss://relay.example:8443 http://10.0.0.1 ws://10.0.0.1"
    assert policy["connect-src"] == f"'self' {relays}"
    assert "report-uri" not in policy  # which would be sent with the user's cookies


@pytest.mark.parametrize("sshx_config", [{"SshxApp": {**GUESTS["SshxApp"], "relays": ""}}])
@pytest.mark.parametrize(("relays", "sources"), [("disabled", ""), ("rubbish", ""), ("default", "wss://")])
async def test_the_environments_relays_count_too(
    server: Server, relays: str, sources: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSHX_RELAYS", relays)
    policy = (await get(server, "sshx/guest")).headers["Content-Security-Policy"]
    assert sources in policy
    assert ("connect-src 'self';" in policy) is not bool(sources)
    assert "./" not in policy
    assert "link. " not in policy


def test_no_relay_adds_more_than_its_address_to_the_policy() -> None:
    strange = ["https://a.example; script-src *", "https://a b", "ftp://a", "https://", "https://u:p@a", "https://a,b"]
    assert list(relay_sources(strange)) == []
    assert list(relay_sources(["https://[::1]:1/x?y", "https://a.example.:7/"])) == [
        *("https://[::1]:1", "wss://[::1]:1"),
        *("https://a.example:7", "wss://a.example:7"),
    ]


@with_guests
async def test_nothing_of_a_user_is_in_it(server: Server) -> None:
    """Not even where the browser is logged in, or comes with a token: and it stays logged in."""
    session = await server.share()
    cookies = await logged_in(server)
    stale = re.sub(r'(username-[^=]*=)"?[^;]*', r"\1stale", cookies)
    path = f"sshx/guest/{session['id']}"
    expected = await get(server, path)
    as_others: list[tuple[str, dict[str, str]]] = [
        ("", {"Cookie": cookies}),
        ("", {"Cookie": stale}),
        ("", {"Authorization": f"token {server.token}"}),
        ("", {"Origin": "https://evil.example", "Authorization": f"token {server.token}"}),
        (f"?token={server.token}", {}),
    ]
    for query, headers in as_others:
        answer = await get(server, path + query, **headers)
        assert (answer.code, answer.body) == (200, expected.body)
        assert answer.headers.get_list("Set-Cookie") == []
        assert not [name for name in answer.headers if name.startswith("Access-Control")]
    for secret in (server.token, session["id"], *session["tickets"].values()):
        assert secret.encode() not in expected.body


@with_guests
async def test_a_server_that_asks_nobody_for_a_login_sets_no_cookie_either(server: Server) -> None:
    provider: Any = server.app.identity_provider
    provider.token = ""
    for path in (*PATHS, "sshx/guest/xyz"):
        assert (await get(server, path)).headers.get_list("Set-Cookie") == []


@with_guests
async def test_the_page_does_not_tell_whether_a_session_exists(server: Server) -> None:
    session = await server.share()
    there, not_there = await get(server, f"sshx/guest/{session['id']}"), await get(server, f"sshx/guest/{NOBODY}")
    assert there.body == not_there.body
    for name in ("xyz", "link", "<script>", "%ff", "%00"):
        found = await get(server, f"sshx/guest/{name}")
        assert found.code == 404
        assert b"There is no such page" in found.body
        assert b"<script>" not in found.body
        assert found.headers.get_list("Set-Cookie") == []
        assert found.headers["Referrer-Policy"] == "no-referrer"
        assert found.headers["Content-Security-Policy"].startswith("default-src 'none'")


@with_guests
async def test_a_checkout_without_a_bundle_says_what_to_do(bundle: Path, server: Server) -> None:
    (bundle / "guest.css").unlink()
    assert "guest.css" not in (await get(server, "sshx/guest")).body.decode()
    (bundle / "guest.js").unlink()
    answer = await get(server, "sshx/guest")
    assert answer.code == 503
    assert "npm run build" in answer.body.decode()


@with_guests
async def test_nothing_can_be_sent_to_it(server: Server) -> None:
    for method in ("POST", "PUT", "DELETE"):
        request = HTTPRequest(server.url + "sshx/guest", method, allow_nonstandard_methods=True)
        answer = await AsyncHTTPClient().fetch(request, raise_error=False)
        assert answer.code == 405
        assert answer.headers.get_list("Set-Cookie") == []


@with_guests
async def test_only_the_servers_own_names_lead_to_it(server: Server) -> None:
    server.app.web_app.settings["allow_remote_access"] = False
    assert (await get(server, "sshx/guest", Host="rebound.example")).code == 403
    assert await status(server, f"sshx/guest/link/{NOBODY}", Host="rebound.example") == 403


# The link.


@pytest.mark.parametrize(
    "sshx_config", [GUESTS, {**GUESTS, "ServerApp": {"allow_unauthenticated_access": False}}], ids=["open", "closed"]
)
async def test_a_ticket_lets_a_guest_in(server: Server) -> None:
    session = await server.share()
    async with join(server, session, name="Ada") as ada, join(server, session, "read", name="Bob") as bob:
        assert (ada.role, bob.role) == ("writer", "reader")
        assert (await ada.run("echo $((6 * 7))", timeout=20)).output == "42\n"
        await bob.wait_for(lambda _: "42" in bob.screen(1).text())
        await ada.send(1, "echo ty''ped\n")
        await bob.wait_for(lambda _: "typed" in bob.screen(1).text())
        with pytest.raises(Exception, match="write"):
            await bob.run("true", timeout=20)
    assert not server.extension.idle_guests


@with_guests
async def test_a_session_with_a_password_asks_guests_for_it(server: Server) -> None:
    session = await server.share(password="open sesame")
    for password, reason in ((None, "passwordRequired"), ("wrong", "invalidAuth")):
        with pytest.raises(Refused) as refused:
            async with join(server, session, password=password):
                pass
        assert refused.value.reason == reason
    async with join(server, session, password="open sesame") as guest:
        assert guest.role == "writer"


@with_guests
async def test_a_guest_whose_link_breaks_comes_back_as_the_same_user(server: Server) -> None:
    session = await server.share()
    links: list[WebSocketLink] = []

    async def dial_and_keep() -> WebSocketLink:
        links.append(await dial(server, session)())
        return links[-1]

    async with SshxClient.connect(session["tickets"]["write"], dial=dial_and_keep) as guest:
        uid = guest.uid
        await links[0].close()
        await guest.wait_for(lambda _: len(links) == 2 and guest.state == "connected")
        assert guest.uid == uid
        assert (await guest.run("echo back", timeout=20)).output == "back\n"


@with_guests
@pytest.mark.parametrize("login", ["none", "cookie", "token"])
async def test_no_login_makes_anyone_an_owner_here(server: Server, login: str) -> None:
    """Not even with the owner's own secret: whoever has it comes by the way that asks for the login."""
    session = await server.share()
    headers = {
        "none": {},
        "cookie": {"Cookie": await logged_in(server)},
        "token": {"Authorization": f"token {server.token}"},
    }[login]
    url = link_url(server, session)
    with pytest.raises(Refused) as refused:
        async with SshxClient.connect(owner_of(session), dial=lambda: dial_websocket(url, headers=headers)):
            pass
    assert refused.value.reason == "invalidAuth"
    ticket = session["tickets"]["read"]
    async with SshxClient.connect(ticket, dial=lambda: dial_websocket(url, headers=headers)) as guest:
        assert guest.role == "reader"
    async with server.owner(session) as owner:
        assert owner.role == "owner"


@with_guests
async def test_an_owners_key_for_coming_back_is_none_here(server: Server) -> None:
    session = await server.share()
    links: list[WebSocketLink] = []

    async def first_as_owner() -> WebSocketLink:
        links.append(await (dial(server, session) if links else server.dial(session["id"]))())
        return links[-1]

    async with SshxClient.connect(owner_of(session), dial=first_as_owner) as owner:
        await links[0].close()
        await owner.wait_for(lambda _: len(links) > 2)  # it tries, and tries again
        assert owner.state != "connected"
        assert server.extension.manager is not None
        assert server.extension.manager.sessions[bytes.fromhex(session["id"])].users() == {}


@with_guests
@pytest.mark.parametrize("shared", [True, False])
async def test_an_unknown_session_is_told_in_the_handshake(server: Server, shared: bool) -> None:
    """And where nothing has been shared, nobody makes the server look for relays."""
    if shared:
        await server.share()
    ticket = Ticket(b"address", bytes(16), bytes(16), "reader")
    with pytest.raises(Refused) as refused:
        async with SshxClient.connect(ticket, dial=dial(server, {"id": NOBODY})):
            pass
    assert refused.value.reason == "notFound"
    assert (server.extension.manager is not None) is shared


@with_guests
@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("sshx/guest/link/xyz", 404),
        *((f"sshx/guest/link/{NOBODY}?{name}=1", 400) for name in ("ticket", "secret", "owner_secret", "password")),
        (f"sshx/guest/link/{NOBODY}?addr=endpointaaaa", 400),
        (f"sshx/guest/link/{NOBODY}?token=1", 400),
        (f"sshx/guest/link/{NOBODY}", 101),
    ],
)
async def test_only_the_ticket_and_only_in_the_handshake(server: Server, path: str, expected: int) -> None:
    assert await status(server, path) == expected
    if expected == 101:
        assert (await get(server, path)).code == 400  # no page


@with_guests
async def test_pages_from_elsewhere_open_no_links(server: Server) -> None:
    path = f"sshx/guest/link/{NOBODY}"
    own = server.url.split("/a%40b")[0]
    assert await status(server, path, Origin=own) == 101
    for headers in ({}, {"Authorization": f"token {server.token}"}, {"Cookie": await logged_in(server)}):
        assert await status(server, path, Origin="https://evil.example", **headers) == 403


@with_guests
@pytest.mark.parametrize(
    ("message", "binary", "code"), [("text", False, 1003), (b"", True, 1003), (b"x" * 65536, True, 1009)]
)
async def test_what_is_no_frame_ends_the_link(server: Server, message: Any, binary: bool, code: int) -> None:
    session = await server.share()
    socket = await connect(server, f"sshx/guest/link/{session['id']}")
    await socket.write_message(message, binary=binary)
    assert await socket.read_message() is None
    assert socket.close_code == code


@with_guests
async def test_the_end_of_the_server_is_told_to_guests(server: Server) -> None:
    session = await server.share()
    async with join(server, session) as guest:
        await server.app.cleanup_extensions()
        await guest.wait_for(lambda _: guest.ended)
        assert "The host's Jupyter server has shut down" in guest.ended
    assert await status(server, f"sshx/guest/link/{NOBODY}") == 503


# The door.

PROMPTLY = Limits().handshake_timeout / 2
"""Seconds in which a guest gets in who need not wait until the handshakes of strangers have timed out."""


async def knock(server: Server, session: dict[str, Any], *frames: bytes) -> WebSocketLink:
    """A stranger's link."""
    link = await dial(server, session)()
    if frames:
        await link.send(frames)
    return link


@with_guests
async def test_strangers_who_do_nothing_lock_nobody_out(server: Server) -> None:
    session = await server.share()
    limits = server.extension.limits
    strangers = [await knock(server, session) for _ in range(limits.guest_handshakes + 3)]
    for stranger in strangers[:3]:  # the oldest have made room
        assert (await FrameReader(stranger).next())[1:] == b"busy"
    started = time.monotonic()
    async with join(server, session) as guest, server.owner(session) as owner:
        assert (guest.role, owner.role) == ("writer", "owner")
    assert time.monotonic() - started < PROMPTLY
    for stranger in strangers:
        await stranger.close()


@pytest.mark.parametrize(
    "sshx_config", [{"SshxApp": {**GUESTS["SshxApp"], "guest_sockets": 5, "handshake_timeout": 60.0}}]
)
async def test_only_so_many_sockets_stay_open_that_nobody_uses(server: Server) -> None:
    session = await server.share()
    async with join(server, session) as guest:
        sockets = [await connect(server, f"sshx/guest/link/{session['id']}") for _ in range(7)]
        for socket in sockets[:2]:
            assert await asyncio.wait_for(socket.read_message(), 5) in (None, b"\x01busy")
            await until(lambda: _closed(sockets[0]))
        assert sockets[0].close_code == 1013
        assert "Try again in a few seconds" in (sockets[0].close_reason or "")
        assert len(server.extension.idle_guests) == 5
        async with join(server, session) as other:
            assert (await other.run("echo in", timeout=20)).output == "in\n"
        assert (await guest.run("echo still here", timeout=20)).output == "still here\n"
        for socket in sockets:
            socket.close()
        await until(lambda: _empty(server))


async def _closed(socket: WebSocketClientConnection) -> bool:
    return socket.close_code is not None


async def _empty(server: Server) -> bool:
    return not server.extension.idle_guests


@pytest.mark.parametrize(
    "sshx_config", [{"SshxApp": {**GUESTS["SshxApp"], "guest_sockets": 3, "handshake_timeout": 0.3}}]
)
async def test_a_socket_whose_client_does_not_close_it_holds_up_nobody(server: Server) -> None:
    """A handshake that takes too long ends the link; the socket is gone at once where a newer one needs its place."""
    session = await server.share()
    host, _, port = server.url.removeprefix("http://").partition("/")[0].partition(":")
    request = (
        f"GET /a%40b/sshx/guest/link/{session['id']} HTTP/1.1\r\nHost: {host}:{port}\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n"
    )
    readers = []
    for _ in range(4):
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(request.encode())
        assert b"101" in await reader.readuntil(b"\r\n\r\n")
        readers.append((reader, writer))
        await asyncio.sleep(0.4)  # by now the server has begun to close it
    started = time.monotonic()
    await readers[0][0].read()  # until its end
    assert time.monotonic() - started < 1
    for _, writer in readers:
        writer.close()


@with_guests
@pytest.mark.parametrize(("password", "attacks"), [(None, 40), ("open sesame", 5)])
async def test_wrong_keys_lock_no_other_guest_out(server: Server, password: str | None, attacks: int) -> None:
    """All of them come from one address, as behind a proxy. Passwords are tried in turns, five a second."""
    session = await server.share(**({"password": password} if password else {}))
    limits = server.extension.limits
    session_id = bytes.fromhex(session["id"])
    guesses = 0

    async def guess() -> None:
        nonlocal guesses
        while True:
            preface = Preface("writer", session_id, password=password is not None)
            link = await knock(server, session, preface.pack(), os.urandom(48))
            with contextlib.suppress(LinkClosed):
                answer = (await FrameReader(link).next())[1:]
                guesses += answer == b"invalidAuth"
            await link.close()

    async with join(server, session, password=password) as before:
        started = time.monotonic()
        attackers = [asyncio.ensure_future(guess()) for _ in range(attacks)]
        try:
            await until(lambda: _more_than(lambda: guesses, limits.wrong_keys + 5))
            waiting = time.monotonic()
            async with join(server, session, password=password) as guest:
                assert guest.role == "writer"
            assert time.monotonic() - waiting < PROMPTLY
            ticket = session["tickets"]["read"]
            async with SshxClient.connect(ticket, password=password, relays="disabled") as by_iroh:
                assert by_iroh.role == "reader"
            async with server.owner(session) as owner:
                assert owner.role == "owner"
            assert (await before.run("echo still here", timeout=20)).output == "still here\n"
            if password:
                assert guesses <= limits.wrong_keys + (time.monotonic() - started) * 6
        finally:
            for attacker in attackers:
                attacker.cancel()
            await asyncio.wait(attackers)


async def _more_than(value: Callable[[], int], bound: int) -> bool:
    return value() > bound


@with_guests
async def test_a_guest_who_mistypes_the_password_may_try_again(server: Server) -> None:
    """An endpoint would be refused by now; but behind a proxy that would be everybody."""
    session = await server.share(password="open sesame")
    for _ in range(server.extension.limits.failed_handshakes + 1):
        with pytest.raises(Refused) as refused:
            async with join(server, session, password="wrong"):
                pass
        assert refused.value.reason == "invalidAuth"
    async with join(server, session, password="open sesame") as guest:
        assert guest.role == "writer"


# Behind a proxy.


async def test_guests_come_through_a_proxy_with_tls(tmp_path: Path) -> None:
    """A server of its own process, as people run it; links begin with the address that the proxy has."""
    settings = ("--SshxApp.guests=True", "--ServerApp.trust_xheaders=True", "--ServerApp.allow_remote_access=True")
    with jupyter_server(tmp_path, *settings, base="/user/ann/") as real:
        async with tls_proxy(real.port) as port:
            headers = {"Authorization": f"token {TOKEN}", "Host": "lab.example.org"}
            session = await real.share()
            assert session["urls"] == {"write": None, "read": None}
            path = f"/user/ann/sshx/api/sessions/{session['id']}"
            asked = HTTPRequest(f"https://localhost:{port}{path}", headers=headers, validate_cert=False)
            session = json.loads((await AsyncHTTPClient().fetch(asked)).body)
            address, _, ticket = session["urls"]["write"].partition("#")
            assert address == f"https://lab.example.org/user/ann/sshx/guest/{session['id']}"
            assert ticket == session["tickets"]["write"]

            here = address.replace("lab.example.org", f"localhost:{port}")
            page = await AsyncHTTPClient().fetch(HTTPRequest(here, validate_cert=False), raise_error=False)
            assert page.code in (200, 503)  # in a checkout without its page
            assert page.headers.get_list("Set-Cookie") == []
            url = here.replace("/sshx/guest/", "/sshx/guest/link/")
            origin = {"Origin": f"https://localhost:{port}"}
            async with SshxClient.connect(
                ticket, dial=lambda: dial_websocket(url, headers=origin, verify=False)
            ) as guest:
                assert (await guest.run("echo $((6 * 7))", timeout=20)).output == "42\n"
