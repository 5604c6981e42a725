"""The page: what is served, to whom, and from where its parts come."""

from __future__ import annotations

import gzip
import logging
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
from jupyter_server.auth import IdentityProvider, User
from tornado.httpclient import AsyncHTTPClient, HTTPRequest

from sshx_jupyter.server import pages

from .serving import Answer, Server

NOBODY = "0" * 32
PATHS = ["sshx/p2p", "sshx/p2p/", f"sshx/p2p/{NOBODY}"]
STRANGER = {"Authorization": ""}


class Page(HTMLParser):
    """The addresses that a page refers to, and the attributes of its body."""

    def __init__(self, body: bytes) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.data: dict[str, str | None] = {}
        self.feed(body.decode())

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.addresses += [value for name, value in attributes if name in ("src", "href") and value is not None]
        if tag == "body":
            self.data = dict(attributes)


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A bundle of the test's own, which need not have been built."""
    directory = tmp_path / "static"
    directory.mkdir()
    for name in ("page.js", "page.css", "login.js"):
        (directory / name).write_text(f"/* {name} */")
    monkeypatch.setattr(pages, "STATIC", directory)
    monkeypatch.setattr(pages, "static_handler", (*pages.static_handler[:2], {"path": str(directory)}))
    return directory


async def follow(server: Server, path: str, address: str) -> Answer:
    """Load, as someone who is not logged in, what a page at `path` refers to."""
    url, _, version = urljoin(server.url + path, address).partition("?v=")
    assert url.startswith(server.url)
    return await server.call("GET", url.removeprefix(server.url), params={"v": version}, headers=dict(STRANGER))


@pytest.mark.parametrize("path", PATHS)
async def test_the_page_and_its_parts(bundle: Path, server: Server, path: str) -> None:
    answer = await server.call("GET", path)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/html; charset=UTF-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    page = Page(answer.body)
    assert page.data["data-default-role"] == "writer"
    assert page.data["data-terminals"] == "yes"
    assert page.data["data-guests"] == "no"
    assert page.data["data-name"] == ""  # Jupyter has made one up
    # Relative, so that it is right for a browser that knows the server by another prefix, too.
    assert page.data["data-root"] is not None
    for prefix in (server.url, "https://hub.example/user/ann/proxy/8888/"):
        assert urljoin(prefix + path, page.data["data-root"]) == prefix
    parts = [address for address in page.addresses if not address.startswith("data:")]
    assert [re.sub(r".*/|\?v=.*", "", part) for part in parts] == ["page.css", "page.js"]
    for part in parts:
        assert not part.startswith(("/", "http"))
        answer = await follow(server, path, part)
        assert answer.status == 200
        assert answer.body.decode() in ("/* page.css */", "/* page.js */")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert int(answer.headers["Cache-Control"].removeprefix("max-age=")) > 365 * 24 * 3600


async def test_a_new_bundle_has_a_new_address(bundle: Path, server: Server) -> None:
    before = Page((await server.call("GET", "sshx/p2p")).body).addresses
    (bundle / "page.js").write_text("/* another */")
    after = Page((await server.call("GET", "sshx/p2p")).body).addresses
    assert [one == other for one, other in zip(before, after, strict=True)] == [True, True, False]


async def test_bundles_are_sent_compressed(bundle: Path, server: Server) -> None:
    script = "/* a bundle */\n" * 10_000
    (bundle / "page.js").write_text(script)
    zipped: dict[str, Any] = {"headers": {"Accept-Encoding": "gzip"}, "decompress_response": False}
    answer = await server.call("GET", "static/sshx_jupyter/page.js", **zipped)
    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.body).decode() == script
    assert int(answer.headers["Content-Length"]) == len(answer.body)
    plain = await server.call("GET", "static/sshx_jupyter/page.js", decompress_response=False)
    assert plain.body.decode() == script
    zipped["headers"]["Range"] = "bytes=3-12"
    part = await server.call("GET", "static/sshx_jupyter/page.js", **zipped)
    assert (part.status, part.body.decode()) == (206, script[3:13])
    again = {"headers": {"Accept-Encoding": "gzip", "If-None-Match": answer.headers["Etag"]}}
    assert (await server.call("GET", "static/sshx_jupyter/page.js", **again)).status == 304
    (bundle / "page.js").write_text("/* another */")
    answer = await server.call(
        "GET", "static/sshx_jupyter/page.js", **{**zipped, "headers": {"Accept-Encoding": "gzip"}}
    )
    assert gzip.decompress(answer.body) == b"/* another */"


async def test_nothing_else_is_served(bundle: Path, server: Server) -> None:
    (bundle.parent / "secret").write_text("secret")
    for path in ("", "nothing.js", "../secret", "%2e%2e/secret", "..%2fsecret"):
        answer = await server.call("GET", f"static/sshx_jupyter/{path}")
        assert answer.status in (403, 404), path


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("headers", [{}, STRANGER])
async def test_nothing_from_elsewhere_runs_in_it(
    bundle: Path, server: Server, path: str, headers: dict[str, str]
) -> None:
    answer = await server.call("GET", path, headers=dict(headers))
    policy = dict(part.strip().partition(" ")[::2] for part in answer.headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self' 'wasm-unsafe-eval'"
    assert policy["connect-src"] == "'self'"
    assert policy["base-uri"] == policy["form-action"] == "'none'"
    assert policy["frame-ancestors"] == "'self'"  # Jupyter's own
    assert b"<script>" not in answer.body
    assert not re.search(rb"\son\w+=", answer.body)


@pytest.mark.parametrize(
    "sshx_config", [{"SshxApp": {"default_role": "reader", "guests": True}, "ServerApp": {"terminals_enabled": False}}]
)
async def test_the_page_knows_what_the_server_allows(bundle: Path, server: Server) -> None:
    data = Page((await server.call("GET", "sshx/p2p")).body).data
    assert data["data-default-role"] == "reader"
    assert data["data-terminals"] == "no"
    assert data["data-guests"] == "yes"


class Ada(IdentityProvider):
    """As on a JupyterHub, where the users have names."""

    def get_user(self, handler: Any) -> User:
        return User("ada", "ada", 'Ada "A" <Lovelace>')


@pytest.mark.parametrize("sshx_config", [{"ServerApp": {"identity_provider_class": Ada}}])
async def test_the_page_knows_who_it_is(bundle: Path, server: Server) -> None:
    assert Page((await server.call("GET", "sshx/p2p")).body).data["data-name"] == 'Ada "A" <Lovelace>'


async def test_no_such_page(server: Server) -> None:
    answer = await server.call("GET", "sshx/p2p/<script>")
    assert answer.status == 404
    assert b"<script>" not in answer.body.replace(b"<script>\n", b"")


async def test_a_ticket_in_the_query_moves_behind_the_hash_before_the_login(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for headers in ({}, STRANGER):
        answer = await server.call(
            "GET",
            f"sshx/p2p/{NOBODY}",
            params={"ticket": "sshx1abc\r\nX: y"},
            headers=dict(headers),
            follow_redirects=False,
        )
        assert answer.status == 302
        assert answer.headers["Location"] == f"/a%40b/sshx/p2p/{NOBODY}#sshx1abc%0D%0AX%3A%20y"
    assert "sshx1abc" not in caplog.text


@pytest.mark.parametrize("sshx_config", [{}, {"ServerApp": {"allow_unauthenticated_access": False}}])
@pytest.mark.parametrize("path", PATHS)
async def test_the_way_to_the_login_keeps_what_is_behind_the_hash(bundle: Path, server: Server, path: str) -> None:
    """A redirect would do, but for the ticket that the browser has: after the login's form it is gone."""
    answer = await server.call("GET", path, headers=dict(STRANGER), follow_redirects=False)
    assert answer.status == 200
    page = Page(answer.body)
    assert set(page.data) == {"data-root"}
    login = next(address for address in page.addresses if "login.js" in address)
    answer = await follow(server, path, login)
    assert answer.status == 200
    # Which then comes here, and after the login again.
    answer = await server.call("GET", path, headers=dict(STRANGER), params={"login": ""}, follow_redirects=False)
    assert answer.status == 302
    assert answer.headers["Location"].startswith("/a%40b/login?next=")
    assert answer.headers["Location"].endswith("%3Flogin%3D")
    answer = await server.call("GET", path, params={"login": ""})
    assert "data-terminals" in Page(answer.body).data


async def test_a_checkout_without_a_bundle_says_what_to_do(bundle: Path, server: Server) -> None:
    (bundle / "page.js").unlink()
    answer = await server.call("GET", "sshx/p2p")
    assert answer.status == 503
    text = answer.body.decode()
    assert "npm ci &amp;&amp; npm run build" in text
    assert "jupyter sshx join" in text
    assert Page(answer.body).addresses == ["data:,"]
    answer = await server.call("GET", "sshx/p2p", headers=dict(STRANGER), follow_redirects=False)
    assert answer.status == 302


async def test_the_page_gets_what_its_requests_need(bundle: Path, server: Server) -> None:
    """Jupyter takes changes only with this cookie's value in a header; see `tests/server/test_access.py`."""
    answer = await server.call("GET", "sshx/p2p", headers=dict(STRANGER), params={"token": server.token})
    cookies: list[Any] = answer.headers.get_list("Set-Cookie")
    assert any(cookie.startswith("_xsrf=") for cookie in cookies)


STRANGE = [
    f"static/sshx_jupyter/{name}" for name in ("page.js%00.css", "%00", "page.js%00", "%ff", "a" * 5000, "page.js/x")
]


@pytest.mark.parametrize("path", [*STRANGE, "sshx/p2p/%00", "sshx/p2p/%ff"])
async def test_a_strange_address_is_not_found(
    bundle: Path, server: Server, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    request = HTTPRequest(server.url + path, headers={"Authorization": f"token {server.token}"})
    response = await AsyncHTTPClient().fetch(request, raise_error=False)
    assert response.code == 404
    assert "Traceback" not in caplog.text


async def test_a_ticket_that_is_no_text_is_moved_too(server: Server) -> None:
    request = HTTPRequest(f"{server.url}sshx/p2p?ticket=%ff", follow_redirects=False)
    response = await AsyncHTTPClient().fetch(request, raise_error=False)
    assert (response.code, response.headers["Location"]) == (302, "/a%40b/sshx/p2p#%EF%BF%BD")
