"""The page: create or join a session. What comes after the # in its address, the ticket, never gets here.

The page is a shell of HTML around the bundle that `js/build.mjs` puts into `static/`. It refers to everything by
relative addresses, so that it works under any base URL and behind proxies that change it.
"""

from __future__ import annotations

import gzip
from functools import lru_cache
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Any, cast

from jupyter_core.utils import ensure_async
from jupyter_server.auth import User
from jupyter_server.auth.decorator import allow_unauthenticated, authorized
from jupyter_server.base.handlers import JupyterHandler, PublicStaticFileHandler
from tornado import web
from tornado.escape import url_escape
from tornado.web import RequestHandler

from ..page_html import APP, STATIC, html, policy
from .base import SshxHandler

CLASSIC = ("guest.js",)
"""Scripts that are no modules, because they also run from a file on a disk, where modules do not load."""

COMPRESSIBLE = (".css", ".js", ".txt")
"""How files end that are text."""

LOGIN = "login"
"""In the query of an address whose fragment is kept in the browser during the login, by `js/src/page/login.ts`."""

MADE_UP = "Anonymous "
"""How the names begin that Jupyter gives to those whom it does not know."""

_LOGIN = f"""<p>Taking you to the login…</p>
<noscript><p><a href="?{LOGIN}">Log in</a></p></noscript>"""
NOT_BUILT = """<main>
<h1>The page has not been built</h1>
<p>This is a source checkout of sshx-jupyter without its page. To build it, run in its directory <code>js</code>, with
Node.js 20.19 or newer,</p>
<pre>npm ci &amp;&amp; npm run build</pre>
<p>and load this page again. Until then you can share and join from a terminal:</p>
<pre>jupyter sshx share
jupyter sshx join TICKET</pre>
</main>"""


class Lenient(RequestHandler):
    """Finds nothing at an address that is no text, instead of failing before Jupyter knows the user."""

    def decode_argument(self, value: bytes, name: str | None = None) -> str:
        return value.decode(errors="replace")


class PageHandler(Lenient, SshxHandler, JupyterHandler):
    """The page, the same one at both of its addresses: the bundle looks where it is."""

    @property
    def content_security_policy(self) -> str:
        # WebAssembly decodes the images in terminals.
        return "; ".join((super().content_security_policy, policy("'self' 'wasm-unsafe-eval'", "'self'")))

    async def prepare(self) -> None:  # type: ignore[override]
        tickets = self.request.query_arguments.get("ticket")
        if tickets:  # out of the address, before it gets into that of the login page
            ticket = tickets[-1].decode(errors="replace").strip()
            self.redirect(f"{self.request.path}#{url_escape(ticket, plus=False)}")
            return
        await super().prepare()

    @allow_unauthenticated  # of what needs a user, only the way to the login is shown without one
    async def get(self, session_id: str | None = None) -> None:
        if session_id is not None:
            self.session_id(session_id)
        if self.current_user or LOGIN in self.request.query_arguments or not built("page.js"):
            await ensure_async(self._show())
        else:
            # The login's own redirects would lose what is after the #.
            self._finish(_LOGIN, "login.js")

    @web.authenticated
    @authorized
    def _show(self) -> None:
        if not built("page.js"):
            self.set_status(503)
            self._finish(NOT_BUILT)
            return
        self.xsrf_token  # noqa: B018 - sets the cookie that the page's requests need
        terminals = "no" if self.app.terminal_manager is None else "yes"
        name = cast("User", self.current_user).display_name or ""
        if name.startswith(MADE_UP):
            name = ""
        guests = "yes" if self.app.guests else "no"
        data = {"default_role": self.app.default_role, "terminals": terminals, "guests": guests, "name": name}
        self._finish(APP, "page.css", "page.js", **data)

    def _finish(self, body: str, *assets: str, **data: str) -> None:
        self.set_header("Content-Type", "text/html; charset=UTF-8")
        self.set_header("Referrer-Policy", "no-referrer")
        self.finish(shell(self.request.path, "/sshx/p2p", body, *assets, **data))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        JupyterHandler.write_error(self, status_code, **kwargs)


class StaticHandler(Lenient, PublicStaticFileHandler):
    """The bundle. There is nothing secret in it, and the way to the login needs it."""

    async def get(self, path: str, include_body: bool = True) -> None:
        accepted = "gzip" in self.request.headers.get("Accept-Encoding", "")
        self._packs = accepted and path.endswith(COMPRESSIBLE) and "Range" not in self.request.headers
        if not self._packs:
            await super().get(path, include_body)
            return
        # A third of the bytes. tornado's own way would compress them again for each request, which takes longer than
        # all else that the server does for a page.
        self.path = self.parse_url_path(path)
        self.absolute_path = self.validate_absolute_path(self.root, self.get_absolute_path(self.root, self.path))
        if self.absolute_path is None:
            return
        self.modified = self.get_modified_time()
        self.set_headers()
        if self.should_return_304():
            self.set_status(304)
            return
        body = _gzip(Path(self.absolute_path), self._stat().st_mtime_ns)
        self.set_header("Content-Length", len(body))
        if include_body:
            self.write(body)

    def parse_url_path(self, url_path: str) -> str:
        if "\0" in url_path:
            raise web.HTTPError(404)  # no file's name holds it, and Python refuses to look
        return super().parse_url_path(url_path)

    def set_extra_headers(self, path: str) -> None:
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Vary", "Accept-Encoding")
        if self._packs:
            self.set_header("Content-Encoding", "gzip")
            self.set_header("Etag", f"W/{self.compute_etag()}")  # other bytes for the same content


def built(name: str) -> bool:
    """Whether there is a bundle of this name."""
    return (STATIC / name).is_file()


def shell(path: str, page: str, body: str, *assets: str, **data: str) -> str:
    """The HTML of a page, for a request of `path`.

    Args:
        path: the path that was asked for, which ends in `page` or in something below it.
        page: the page's own path, below the base URL.
        body: HTML.
        assets: names of style sheets and scripts in `STATIC` to load.
        data: the body's `data-` attributes. `data-root` is always there: the relative address of the base URL.
    """
    root = "../" * (1 + path.rpartition(page)[2].count("/"))
    attributes = {"root": root, **data}
    return html(
        head="\n".join(_tag(root, name) for name in assets),
        body=body,
        attributes="".join(f' data-{name.replace("_", "-")}="{escape(value)}"' for name, value in attributes.items()),
    )


def _tag(root: str, name: str) -> str:
    path = STATIC / name
    # With a version in its address, the browser keeps a file until there is another.
    address = f"{root}static/sshx_jupyter/{name}?v={_version(path, path.stat().st_mtime_ns)}"
    if name.endswith(".css"):
        return f'<link rel="stylesheet" href="{address}">'
    kind = "defer" if name in CLASSIC else 'type="module"'
    return f'<script {kind} src="{address}"></script>'


@lru_cache(maxsize=16)
def _gzip(path: Path, changed: int) -> bytes:
    """A file's content as gzip, made again when it has `changed`."""
    return gzip.compress(path.read_bytes())


@lru_cache(maxsize=16)
def _version(path: Path, changed: int) -> str:
    """What stands for a file's content, computed again when it has `changed`."""
    return sha256(path.read_bytes()).hexdigest()[:16]


default_handlers: list[tuple[str, type[Any]]] = [
    (r"/sshx/p2p/?", PageHandler),
    (r"/sshx/p2p/([^/]+)", PageHandler),
]
static_handler = (r"/static/sshx_jupyter/(.*)", StaticHandler, {"path": str(STATIC)})
