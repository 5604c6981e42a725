"""Who may use the extension: as Jupyter's configuration says, for REST, WebSockets and pages alike."""

from __future__ import annotations

import asyncio
import json
from argparse import Namespace
from typing import Any

import pytest
from jupyter_server.auth import Authorizer
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

from sshx_jupyter.cli import sessions
from sshx_jupyter.cli.console import Failure
from sshx_jupyter.host.share_options import ShareOptions
from sshx_jupyter.jupyter_servers import JupyterServer
from sshx_jupyter.links import Unreachable
from sshx_jupyter.links.websocket import dial_websocket
from sshx_jupyter.notebook.backends import ServerBackend
from sshx_jupyter.notebook.errors import SharingError

from .serving import SPEC, Server

NOBODY = "0" * 32
API = [
    (method.upper(), path[1:].replace("{id}", NOBODY))
    for path, item in SPEC["paths"].items()
    for method in ("get", "post", "patch", "delete")
    if method in item and path.startswith("/sshx/api") and "link" not in path
]


class Nobody(Authorizer):
    """Allows everything but this extension."""

    asked: list[tuple[str, str]] = []  # noqa: RUF012 - what was asked, for the test to see

    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        if resource == "sshx":
            self.asked.append((action, resource))
        return resource != "sshx"


class Some(Authorizer):
    """Allows some of the actions on this extension."""

    allowed: set[str] = set()  # noqa: RUF012 - for the test to set

    async def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        return resource != "sshx" or action in self.allowed


async def upgrade_status(url: str, **headers: str) -> int:
    """What a WebSocket handshake is answered with; 101 when it succeeds."""
    try:
        connection = await websocket_connect(HTTPRequest(url.replace("http", "ws", 1), headers=headers))
    except HTTPClientError as error:
        return error.code
    connection.close()
    return 101


@pytest.mark.parametrize("token", ["", "token wrong"])
@pytest.mark.parametrize(("method", "path"), API)
async def test_nobody_gets_in_without_the_token(server: Server, method: str, path: str, token: str) -> None:
    body: dict[str, Any] | None = {} if method in ("POST", "PATCH") else None
    answer = await server.call(method, path, body, headers={"Authorization": token})
    assert (*answer,) == (403, "forbidden")
    assert server.extension.manager is None
    assert await server.terminals() == set()


@pytest.mark.parametrize("sshx_config", [{}, {"ServerApp": {"allow_unauthenticated_access": False}}])
@pytest.mark.parametrize("query", ["", "?addr=endpointaaaa"])
async def test_no_link_without_the_token(server: Server, query: str) -> None:
    url = server.link_url(NOBODY) + query
    assert await upgrade_status(url) == 403
    assert await upgrade_status(url, Authorization="token wrong") == 403
    assert await upgrade_status(url, Authorization=f"token {server.token}") == 101
    assert await upgrade_status(f"{url}{'&' if query else '?'}token={server.token}") == 101


@pytest.mark.parametrize("sshx_config", [{}, {"ServerApp": {"allow_unauthenticated_access": False}}])
async def test_no_page_without_the_token(server: Server) -> None:
    for path in ("sshx/p2p", f"sshx/p2p/{NOBODY}"):
        for token in ("", "token wrong"):
            headers = {"Authorization": token}
            answer = await server.call("GET", path, headers=dict(headers), follow_redirects=False)
            assert answer.status in (200, 302)  # the way to the login, see `test_pages.py`
            assert b"page.js" not in answer.body
            answer = await server.call("GET", path, params={"login": ""}, headers=dict(headers), follow_redirects=False)
            assert answer.status == 302
            assert answer.headers["Location"].startswith("/a%40b/login?")


@pytest.mark.parametrize("sshx_config", [{"ServerApp": {"authorizer_class": Nobody}}])
async def test_the_authorizer_decides(server: Server) -> None:
    Nobody.asked.clear()
    for method, path in API:
        answer = await server.call(method, path, {} if method in ("POST", "PATCH") else None)
        assert (*answer,) == (403, "forbidden"), (method, path)
    assert await upgrade_status(server.link_url(NOBODY), Authorization=f"token {server.token}") == 403
    assert (await server.call("GET", "sshx/p2p")).status == 403
    read, write, execute = (Nobody.asked.count((action, "sshx")) for action in ("read", "write", "execute"))
    assert (read, write, execute) == (5, 3, 1)
    assert server.extension.manager is None
    with pytest.raises(Unreachable, match="does not let you in"):
        await dial_websocket(server.link_url(NOBODY), token=server.token)


SOME = pytest.mark.parametrize("sshx_config", [{"ServerApp": {"authorizer_class": Some}}])


@SOME
async def test_who_may_read_but_not_execute_is_told_no_secrets(server: Server) -> None:
    Some.allowed = {"read", "write", "execute"}
    made = await server.share(name="Lecture")
    path = f"sshx/api/sessions/{made['id']}"
    nothing = {"write": None, "read": None}
    hidden = {"tickets": nothing, "urls": nothing, "owner_secret": None}

    def secrets(session: dict[str, Any]) -> dict[str, Any]:
        assert session["id"] == made["id"]
        return {key: session[key] for key in hidden}

    for allowed in ({"read"}, {"read", "write"}, {"read", "write", "execute"}):
        Some.allowed = allowed
        expected = secrets(made) if "execute" in allowed else hidden
        assert secrets((await server.call("GET", path)).body) == expected
        [listed] = (await server.call("GET", "sshx/api/sessions")).body
        assert secrets(listed) == expected
        invited = await server.call("GET", f"{path}/invite")
        assert invited.status == (503 if "execute" in allowed else 403)  # there is no relay here
        if "execute" in allowed:
            changed = (await server.call("PATCH", path, {"name": "Talk"})).body
            assert (changed["name"], secrets(changed)) == ("Talk", expected)
            assert (await server.call("POST", "sshx/api/sessions", {})).status == 201


@SOME
async def test_who_may_write_but_not_execute_changes_and_ends_nothing(server: Server) -> None:
    Some.allowed = {"read", "write", "execute"}
    made = await server.share(name="Lecture")
    path = f"sshx/api/sessions/{made['id']}"
    Some.allowed = {"read", "write"}
    for body in ({"rotate": True}, {"name": "Talk"}, {"locked": True}):
        assert (*(await server.call("PATCH", path, body)),) == (403, "forbidden")
    for query in ("", "?terminals=close", "?terminals=idle"):
        assert (*(await server.call("DELETE", path + query)),) == (403, "forbidden")
    assert (*(await server.call("POST", "sshx/api/sessions", {})),) == (403, "forbidden")
    # Nor is anyone told that a session does not exist.
    assert (*(await server.call("DELETE", f"sshx/api/sessions/{NOBODY}")),) == (403, "forbidden")
    Some.allowed = {"read", "write", "execute"}
    left = (await server.call("GET", path)).body
    assert (left["name"], left["options"]["locked"]) == ("Lecture", False)
    assert {left["tickets"][kind] for kind in ("write", "read")} == set(made["tickets"].values())
    assert await server.terminals() == {shell["terminal"] for shell in made["shells"]}


@SOME
async def test_kernels_and_the_command_line_do_without_secrets(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    jupyter = JupyterServer(server.url, server.token)
    Some.allowed = {"read", "write", "execute"}
    hosted = await ServerBackend(jupyter).share(ShareOptions("Lecture"))
    Some.allowed = {"read", "write"}
    assert await hosted.tickets() is None
    with pytest.raises(Unreachable, match="does not let you in"):
        await hosted.dial()
    assert [session["id"] for session in await ServerBackend(jupyter).sessions()] == [hosted.id]

    monkeypatch.setattr(sessions, "running_servers", lambda: [jupyter])
    monkeypatch.setattr(sessions, "records", list)
    await asyncio.to_thread(sessions.list_sessions, Namespace(json=True))
    [fact] = json.loads(capsys.readouterr().out)
    assert (fact["id"], fact["name"]) == (hosted.id, "Lecture")
    Some.allowed = {"read"}
    with pytest.raises(SharingError, match="does not let"):
        await ServerBackend(jupyter).share(ShareOptions())
    with pytest.raises(Failure, match="does not let"):
        await asyncio.to_thread(sessions.stop_session, Namespace(id=hosted.id))
    assert await server.sessions() == [hosted.id]


async def test_a_cookie_alone_changes_nothing(server: Server) -> None:
    """Else any page on the web could share the terminals of whoever opens it (cross-site request forgery)."""
    nobody = {"Authorization": ""}
    login = await server.call("GET", "login", headers=dict(nobody))
    page = await server.call("GET", "sshx/p2p", headers=dict(nobody), params={"token": server.token})
    set_cookies = login.headers.get_list("Set-Cookie") + page.headers.get_list("Set-Cookie")
    cookies = dict(cookie.partition(";")[0].split("=", 1) for cookie in set_cookies)
    xsrf = cookies["_xsrf"]
    as_browser = {**nobody, "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
    assert (await server.call("GET", "sshx/api/sessions", headers=dict(as_browser))).status == 200
    answer = await server.call("POST", "sshx/api/sessions", {}, headers=dict(as_browser))
    assert (*answer,) == (403, "forbidden")
    assert "_xsrf" in answer.body["message"]
    assert await server.terminals() == set()
    answer = await server.call("POST", "sshx/api/sessions", {}, headers={**as_browser, "X-XSRFToken": xsrf})
    assert answer.status == 201
    session_id = answer.body["id"]
    changes: list[tuple[str, dict[str, Any] | None]] = [("PATCH", {}), ("DELETE", None)]
    for method, body in changes:
        answer = await server.call(method, f"sshx/api/sessions/{session_id}", body, headers=dict(as_browser))
        assert (*answer,) == (403, "forbidden")
    # A WebSocket carries cookies from anywhere and no such token: there the origin decides.
    url = server.link_url(session_id)
    assert await upgrade_status(url, Cookie=as_browser["Cookie"], Origin="https://evil.example") == 403
    own = server.url.split("/a%40b")[0]
    assert await upgrade_status(url, Cookie=as_browser["Cookie"], Origin=own) == 101
