"""The page that a session's link leads to. What comes after the # in its address, the ticket, never gets here."""

from __future__ import annotations

from typing import Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import JupyterHandler
from tornado import web
from tornado.escape import url_escape

from .base import SshxHandler

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>sshx</title><meta name="referrer" content="no-referrer"></head>
<body><main>
{content}
<p>The command comes with the Python package <code>sshx-jupyter</code>: <code>pip install sshx-jupyter</code></p>
</main></body>
</html>
"""
_START = """<h1>Share a terminal</h1>
<p>In a terminal, run</p>
<pre>jupyter sshx share</pre>
<p>and give the ticket that it prints to the people you want to join you.</p>
<h1>Join a shared terminal</h1>
<p>In a terminal on your own machine, run</p>
<pre>jupyter sshx join TICKET</pre>
<p>with the ticket, or the whole link, that you were given.</p>"""
_SESSION = """<h1>Join this shared terminal</h1>
<p>In a terminal on your own machine, run</p>
<pre>jupyter sshx join 'LINK'</pre>
<p>with the whole address of this page as it stands in the address bar, from http to the last character.
What comes after the # lets you in. No server on the way sees it, so give it only to people who may join.</p>"""


class PageHandler(SshxHandler, JupyterHandler):
    """How to take part from a terminal."""

    @property
    def content_security_policy(self) -> str:
        return super().content_security_policy + "; default-src 'none'"

    async def prepare(self) -> None:  # type: ignore[override]
        ticket = self.get_query_argument("ticket", None)
        if ticket is not None:  # out of the address, before it gets into that of the login page
            self.redirect(f"{self.request.path}#{url_escape(ticket, plus=False)}")
            return
        await super().prepare()

    @web.authenticated
    @authorized
    def get(self, session_id: str | None = None) -> None:
        if session_id is not None:
            self.session_id(session_id)
        self.set_header("Content-Type", "text/html; charset=UTF-8")
        self.finish(_PAGE.format(content=_SESSION if session_id else _START))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        JupyterHandler.write_error(self, status_code, **kwargs)


default_handlers: list[tuple[str, type[Any]]] = [
    (r"/sshx/p2p/?", PageHandler),
    (r"/sshx/p2p/([^/]+)", PageHandler),
]
