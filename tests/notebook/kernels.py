"""Real kernels that run code as notebooks have them run it: of a Jupyter server, or without one."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_client.manager import AsyncKernelManager
from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from tests.servers import TOKEN, JupyterServer


@dataclass
class Result:
    """What a cell has put out. `messages` are all of its messages but its status."""

    text: str = ""
    """What it has printed, on stdout and stderr."""
    error: list[str] = field(default_factory=list)
    displays: list[dict[str, Any]] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)

    def take(self, message: dict[str, Any]) -> bool:
        """Add one message; returns whether the cell has ended."""
        kind, content = message["header"]["msg_type"], message["content"]
        if kind == "status":
            return bool(content["execution_state"] == "idle")
        self.messages.append(message)
        if kind == "stream":
            self.text += content["text"]
        elif kind == "error":
            self.error = content["traceback"]
        elif kind in ("display_data", "execute_result"):
            self.displays.append(content["data"])
        return False


class ServerKernel:
    """A kernel of a Jupyter server, over its WebSocket. Make one with `server_kernel`."""

    def __init__(self, server: JupyterServer, kernel_id: str, connection: WebSocketClientConnection) -> None:
        self.server = server
        self.id = kernel_id
        self._connection = connection

    async def run(self, code: str) -> Result:
        """Run a cell and wait for its end."""
        message_id = uuid.uuid4().hex
        content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False, "stop_on_error": True}
        header = {"msg_id": message_id, "msg_type": "execute_request", "version": "5.3", "username": "", "session": "s"}
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
        await self._connection.write_message(json.dumps(message))
        result = Result()
        while True:
            answer = await self._connection.read_message()
            assert answer is not None
            if isinstance(answer, bytes):
                continue
            message = json.loads(answer)
            ours = message["parent_header"].get("msg_id") == message_id and message["channel"] == "iopub"
            if ours and result.take(message):
                return result

    async def restart(self) -> None:
        await self.server.json("POST", f"api/kernels/{self.id}/restart")


@contextlib.asynccontextmanager
async def server_kernel(server: JupyterServer, headers: dict[str, str] | None = None) -> AsyncIterator[ServerKernel]:
    """Start a kernel; it is shut down afterwards."""
    kernel_id: str = (await server.json("POST", "api/kernels", {}))["id"]
    url = f"{server.url.replace('http', 'ws', 1)}api/kernels/{kernel_id}/channels?session_id=s"
    headers = {"Authorization": f"token {TOKEN}"} if headers is None else headers
    connection = await websocket_connect(HTTPRequest(url, headers=headers), max_message_size=100 << 20)
    try:
        yield ServerKernel(server, kernel_id, connection)
    finally:
        connection.close()
        await server.call("DELETE", f"api/kernels/{kernel_id}")


class LoneKernel:
    """A kernel without a Jupyter server, as VS Code, nbclient and papermill have it. Make one with `lone_kernel`."""

    def __init__(self, client: Any) -> None:
        self._client = client

    async def run(self, code: str) -> Result:
        """Run a cell and wait for its end."""
        message_id = self._client.execute(code, allow_stdin=False)
        result = Result()
        while True:
            message = await self._client.get_iopub_msg()
            if message["parent_header"].get("msg_id") == message_id and result.take(message):
                return result


@contextlib.asynccontextmanager
async def lone_kernel(directory: Path, relays: str = "disabled") -> AsyncIterator[LoneKernel]:
    """Start a kernel in `directory`; it is shut down afterwards."""
    manager = AsyncKernelManager(kernel_name="python3")
    environment = os.environ | {"SSHX_RELAYS": relays, "HOME": str(directory), "SHELL": "/bin/sh"}
    await manager.start_kernel(cwd=str(directory), env=environment)
    client = manager.client()
    client.start_channels()
    try:
        await client.wait_for_ready(timeout=60)
        yield LoneKernel(client)
    finally:
        client.stop_channels()
        await asyncio.wait_for(manager.shutdown_kernel(), 20)
