"""How tests talk to a Jupyter server with the extension. Each answer is checked against the API's description."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jupyter_server.serverapp import ServerApp
from referencing import Registry
from referencing.jsonschema import DRAFT202012
from tornado.httpclient import HTTPClientError, HTTPResponse

import sshx_jupyter.server
from sshx_jupyter.client import SshxClient
from sshx_jupyter.links.websocket import WebSocketLink, dial_websocket
from sshx_jupyter.protocol.handshake import Credentials
from sshx_jupyter.server.app import SshxApp

SPEC: dict[str, Any] = yaml.safe_load(Path(sshx_jupyter.server.__file__).with_name("openapi.yaml").read_text())
_registry: Registry[Any] = Registry().with_resource("urn:spec", DRAFT202012.create_resource(SPEC))


@dataclass
class Answer:
    """What the server answered."""

    status: int
    body: Any
    headers: Any

    def __iter__(self) -> Any:
        """Status and reason, of an error."""
        return iter((self.status, self.body["reason"]))


class Server:
    """The server and how one talks to it."""

    def __init__(self, app: ServerApp, fetch: Callable[..., Awaitable[HTTPResponse]], url: str) -> None:
        self.app = app
        self.url = url
        self._fetch = fetch

    @property
    def extension(self) -> SshxApp:
        extension: SshxApp = self.app.web_app.settings["sshx_jupyter"]
        return extension

    @property
    def token(self) -> str:
        token: str = self.app.identity_provider.token
        return token

    async def call(self, method: str, path: str, body: Any = None, **options: Any) -> Answer:
        """A request with the token; `body` is sent as JSON unless it is bytes."""
        if body is not None:
            options["body"] = body if isinstance(body, bytes) else json.dumps(body)
        try:
            response = await self._fetch(path, method=method, allow_nonstandard_methods=True, **options)
        except HTTPClientError as error:
            if error.response is None:
                raise
            response = error.response
        is_json = "json" in response.headers.get("Content-Type", "") and response.body
        answer = Answer(response.code, json.loads(response.body) if is_json else response.body, response.headers)
        if path.startswith("sshx/"):
            check(method, path, answer)
        return answer

    async def share(self, **body: Any) -> dict[str, Any]:
        """A new session."""
        answer = await self.call("POST", "sshx/api/sessions", body)
        assert answer.status == 201, answer
        session: dict[str, Any] = answer.body
        return session

    async def sessions(self) -> list[str]:
        """The ids of all sessions."""
        return [session["id"] for session in (await self.call("GET", "sshx/api/sessions")).body]

    async def terminal(self) -> str:
        """A new terminal, made as JupyterLab does it."""
        name: str = (await self.call("POST", "api/terminals", {})).body["name"]
        return name

    async def terminals(self) -> set[str]:
        """The names of the terminals that Jupyter knows."""
        return {terminal["name"] for terminal in (await self.call("GET", "api/terminals")).body}

    def link_url(self, session_id: str, addr: str | None = None) -> str:
        """Where links to a session are, or pipes to one at another address."""
        return f"{self.url}sshx/api/link/{session_id}" + (f"?addr={addr}" if addr is not None else "")

    def dial(self, session_id: str, addr: str | None = None) -> Callable[[], Awaitable[WebSocketLink]]:
        """What makes links through this server."""
        return lambda: dial_websocket(self.link_url(session_id, addr), token=self.token)

    def owner(self, session: dict[str, Any], **options: Any) -> Any:
        """A client as the host's own front end would be one."""
        return SshxClient.connect(owner_of(session), dial=self.dial(session["id"]), **options)


async def until(condition: Callable[[], Awaitable[Any]], timeout: float = 10) -> None:
    """Wait for what is to become true soon, and of which nothing tells."""

    async def look() -> None:
        while not await condition():
            await asyncio.sleep(0.02)

    await asyncio.wait_for(look(), timeout)


def owner_of(session: dict[str, Any]) -> Credentials:
    """What makes one the owner of a session that the API has told of."""
    return Credentials(bytes.fromhex(session["id"]), "owner", bytes.fromhex(session["owner_secret"]))


def check(method: str, path: str, answer: Answer) -> None:
    """Fail unless the description allows this answer to this request."""
    found = operation(method, path)
    if found is None or answer.status == 500:
        assert answer.status in (403, 404, 405, 500), (method, path, answer)
        schema = {"$ref": "urn:spec#/components/schemas/Error"}
    else:
        where, responses = found
        assert str(answer.status) in responses, f"{method} {path} may not answer {answer.status}: {answer.body}"
        response = responses[str(answer.status)]
        pointer = f"{where}/responses/{answer.status}"
        if "$ref" in response:
            pointer = response["$ref"].removeprefix("#")
            response = SPEC["components"]["responses"][pointer.rpartition("/")[2]]
        kinds = list(response.get("content", {}))
        if kinds != ["application/json"]:
            return
        schema = {"$ref": f"urn:spec#{pointer}/content/application~1json/schema"}
    Draft202012Validator(schema, registry=_registry).validate(answer.body)
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"


def operation(method: str, path: str) -> tuple[str, dict[str, Any]] | None:
    """Where the description of a request is, and the answers that it may get."""
    path = path.partition("?")[0].rstrip("/")
    for template, item in SPEC["paths"].items():
        pattern = template.replace("{id}", "[^/]+")
        if re.fullmatch(pattern, "/" + path) and method.lower() in item:
            escaped = template.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")
            return f"/paths/{escaped}/{method.lower()}", item[method.lower()]["responses"]
    return None
