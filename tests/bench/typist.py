"""Somebody who types into one shell, in a process of their own: `python -m tests.bench.typist`.

The first line of its input is JSON and says how they come: `{"url", "terminal"}` for JupyterLab's own terminal socket,
`{"ticket"}` for a guest over iroh, `{"ticket", "url"}` for a guest through the Jupyter server at `url`, and `{"owner",
"url"}` for the session's owner. `sid` chooses a shell. Each line after that names what to do and its arguments, and is
answered by one line of JSON. A typist can be called from the process of a bench, too.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import itertools
import json
import sys
import time
from collections.abc import AsyncIterator
from typing import Any, Protocol

from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from sshx_jupyter.client import SshxClient
from sshx_jupyter.client.events import Event, Output
from sshx_jupyter.links.websocket import dial_websocket
from sshx_jupyter.node import SshxNode
from sshx_jupyter.protocol.handshake import Credentials
from sshx_jupyter.ticket import Ticket
from tests.servers import TOKEN

TAIL = 2000
"""Bytes at the end of the output in which a word is looked for: a prompt with its marks may follow."""
PAUSE = 0.002
"""Seconds from an echo to the next key."""
KEYS = "abcdefghijklmnopqrstuvwxyz"


class Keyboard(Protocol):
    """What types into the shell."""

    async def __call__(self, text: str) -> None: ...


class Typist:
    """Types, and looks at what comes. `heard` is called by whatever receives the shell's output."""

    def __init__(self) -> None:
        self.keyboard: Keyboard
        self.printed = 0
        """Bytes of output that came, without screens that were drawn anew."""
        self.missed = 0
        """Bytes of output that were skipped."""
        self._tail = b""
        self._words = 0
        self._changed = asyncio.Event()

    def heard(self, data: bytes, snapshot: bool = False, missed: int = 0) -> None:
        self.printed += 0 if snapshot else len(data)
        self.missed += missed
        self._tail = data if snapshot else (self._tail[-TAIL:] + data[-TAIL:])
        self._changed.set()

    async def until(self, word: str) -> None:
        """Wait until the word is at the end of the output, or on a screen that is drawn anew."""
        while word.encode() not in self._tail:
            self._changed.clear()
            await self._changed.wait()

    async def enter(self, command: str = "") -> str:
        """Enter a command; returns a word that the shell prints after it."""
        self._words += 1
        await self.keyboard(f"{command}echo word$((1000+{self._words}))\r")
        return f"word{1000 + self._words}"

    async def prompt(self) -> None:
        """Wait until the shell has done all that was entered."""
        await self.until(await self.enter())

    async def echo(self, keys: int) -> dict[str, Any]:
        """Seconds from each key to its echo, while `cat` runs. A line of a terminal has at most 4,095 keys."""
        await self.prompt()
        await self.keyboard("echo now$((1)); cat\r")
        await self.until("now1")
        times = []
        gc.collect()
        for key in itertools.islice(itertools.cycle(KEYS), keys):
            self._tail = b""
            began = time.perf_counter()
            await self.keyboard(key)
            await self.until(key)
            times.append(time.perf_counter() - began)
            await asyncio.sleep(PAUSE)
        await self.keyboard("\r\x04")  # not Ctrl-C, at which a shell forgets what was typed ahead
        await self.prompt()
        return {"times": times}

    async def bulk(self, command: str) -> dict[str, Any]:
        """Seconds until the end of a command's output, and how many bytes of it came and were skipped."""
        await self.prompt()
        self.printed = self.missed = 0
        began = time.perf_counter()
        await self.until(await self.enter(f"{command}; "))
        return {"seconds": time.perf_counter() - began, "printed": self.printed, "missed": self.missed}

    async def flood(self) -> dict[str, Any]:
        """Start `yes`."""
        await self.prompt()
        await self.keyboard("yes hello\r")
        await self.until("hello\r\nhello")
        return {}

    async def interrupt(self, after: float, patience: float) -> dict[str, Any]:
        """Seconds from a Ctrl-C to the prompt, `after` seconds after the first output of `yes`; None if it takes longer
        than `patience`."""
        await self.flood()
        await asyncio.sleep(after)
        began = time.perf_counter()
        await self.keyboard("\x03")
        try:
            await asyncio.wait_for(self.until("$ "), patience)
        except asyncio.TimeoutError:
            return {"seconds": None}
        return {"seconds": time.perf_counter() - began}


@contextlib.asynccontextmanager
async def typist(how: dict[str, Any]) -> AsyncIterator[Typist]:
    """A typist who has their shell, and whose prompt is there; see the module for `how`."""
    async with _tab(how) if "terminal" in how else _client(how) as someone:
        yield someone


@contextlib.asynccontextmanager
async def _tab(how: dict[str, Any]) -> AsyncIterator[Typist]:
    someone = Typist()
    url = f"{how['url'].replace('http', 'ws', 1)}terminals/websocket/{how['terminal']}"
    socket = await websocket_connect(HTTPRequest(url, headers={"Authorization": f"token {TOKEN}"}))
    if socket.protocol is not None:
        socket.protocol.set_nodelay(True)

    async def keyboard(text: str) -> None:
        await socket.write_message(json.dumps(["stdin", text]))

    someone.keyboard = keyboard
    reading = asyncio.ensure_future(_read(socket, someone))
    try:
        await someone.until("$ ")
        yield someone
    finally:
        reading.cancel()
        if socket.stream is not None:
            socket.stream.close()  # at once, whatever is still on its way


async def _read(socket: WebSocketClientConnection, someone: Typist) -> None:
    while (message := await socket.read_message()) is not None:
        kind, *rest = json.loads(message)
        if kind == "stdout":
            someone.heard(rest[0].encode())


@contextlib.asynccontextmanager
async def _client(how: dict[str, Any]) -> AsyncIterator[Typist]:
    someone = Typist()
    async with contextlib.AsyncExitStack() as stack:
        credentials: Ticket | Credentials
        if "ticket" in how:
            credentials = ticket = Ticket.decode(how["ticket"])
            path = f"{ticket.session_id.hex()}?addr={ticket.endpoint_ticket}"
        else:
            session = bytes.fromhex(how["owner"]["id"])
            credentials = Credentials(session, "owner", bytes.fromhex(how["owner"]["owner_secret"]))
            path = session.hex()
        if "url" in how:

            async def dial() -> Any:
                return await dial_websocket(f"{how['url']}sshx/api/link/{path}", token=TOKEN)

        else:
            node = await stack.enter_async_context(await SshxNode.spawn(relays="disabled", bind=how.get("bind")))

            async def dial() -> Any:
                return await node.join(ticket)

        client = await stack.enter_async_context(SshxClient.connect(credentials, dial=dial, screens=False))
        await client.wait_for(lambda c: c.shells)
        sid = how.get("sid", min(client.shells))

        def on_event(event: Event) -> None:
            if isinstance(event, Output) and event.sid == sid:
                someone.heard(event.data, event.snapshot, event.missed)

        client.observe(on_event)

        async def keyboard(text: str) -> None:
            await client.send(sid, text)

        someone.keyboard = keyboard
        await client.wait_for(lambda c: c._shells[sid].seq >= 0)
        yield someone


async def start(process: asyncio.subprocess.Process, how: dict[str, Any]) -> None:
    """Let a process that runs this module become a typist."""
    await _answer(process, how)


async def ask(process: asyncio.subprocess.Process, what: str, *arguments: Any) -> Any:
    """What the typist in a process answers."""
    return await _answer(process, [what, *arguments])


async def _answer(process: asyncio.subprocess.Process, line: Any) -> Any:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(line).encode() + b"\n")
    answer = await process.stdout.readline()
    assert answer, "The typist has failed; its standard error says why."
    return json.loads(answer)


async def main() -> None:
    commands = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    async with typist(json.loads(await commands.readline())) as someone:
        print("{}", flush=True)
        while line := await commands.readline():
            what, *arguments = json.loads(line)
            print(json.dumps(await getattr(someone, what)(*arguments)), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
