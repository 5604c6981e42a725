"""A real session with real PTYs in this process, and clients on in-memory links: what most tests need."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

from sshx_jupyter.client import SshxClient
from sshx_jupyter.host.door import Share
from sshx_jupyter.host.limits import Limits
from sshx_jupyter.host.session import Session
from sshx_jupyter.host.session_manager import SessionManager
from sshx_jupyter.host.share_options import ShareOptions
from sshx_jupyter.host.terminals import Terminals
from sshx_jupyter.links import FrameReader, Link
from sshx_jupyter.links.memory import MemoryLink, memory_link
from sshx_jupyter.protocol.codec import decode_host, encode
from sshx_jupyter.protocol.handshake import ClientHandshake, ClientKey, Credentials
from sshx_jupyter.protocol.messages import ClientMessage, Hello, HostMessage, Join, Role
from sshx_jupyter.ticket import Ticket

ADDRESS = "endpointaaaa"


class Host:
    """A session manager whose clients come over memory links."""

    def __init__(self, limits: Limits) -> None:
        self.terminals = Terminals.own()
        self.manager = SessionManager(self.terminals, lambda: ADDRESS, limits)
        self.links: list[MemoryLink] = []
        self._serving: set[asyncio.Task[None]] = set()

    async def dial(
        self, peer: str = "guest", limit: int = 1 << 20, share: Share = "network", account: str = ""
    ) -> MemoryLink:
        """A link to it."""
        near, far = memory_link(limit, peer)
        task = asyncio.ensure_future(self.manager.accept(far, share=share, account=account))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        self.links.append(near)
        return near

    async def create(self, name: str = "test", **options: Any) -> Session:
        """A session; with one shell, a plain `sh` without a prompt of its own making, unless told otherwise."""
        command = options.pop("command", ["sh"])
        return await self.manager.create(ShareOptions(name or None, **options), command)

    def connect(
        self,
        session: Session,
        role: Role = "writer",
        dial: Callable[[], Any] | None = None,
        password: str | None = None,
        **options: Any,
    ) -> contextlib.AbstractAsyncContextManager[SshxClient]:
        """A client of this role."""
        return SshxClient.connect(credentials(session, role, password), dial=dial or self.dial, **options)

    async def close(self) -> None:
        await self.manager.close()
        for link in self.links:
            await link.close()
        if self._serving:
            await asyncio.wait(set(self._serving))
        await self.terminals.shutdown()


def credentials(session: Session, role: Role, password: str | None = None) -> Credentials:
    """What a client of this role shows."""
    if role == "owner":
        return Credentials(session.id, role, session.owner_secret)
    text = session.ticket if role == "writer" else session.read_ticket
    assert text is not None
    return Ticket.decode(text).credentials(password)


def own_key(session: Session, role: Role, client: Hello | SshxClient) -> ClientKey:
    """What a client that came with this role shows when it comes back."""
    return ClientKey(role, session.id, client.info["token"])


@contextlib.asynccontextmanager
async def hosting(**limits: Any) -> AsyncIterator[Host]:
    """A host with these limits, and nothing left of it afterwards."""
    host = Host(Limits(**limits))
    try:
        yield host
    finally:
        await host.close()


class RawClient:
    """A guest with a client of its own: sends what it likes, and reads when it likes. Call `shake`, then `join`."""

    def __init__(self, link: Link, key: Credentials | ClientKey) -> None:
        self.link = link
        self.reader = FrameReader(link)
        self._handshake = ClientHandshake(key.preface(), key.psk())
        self.received = bytearray()
        """All messages that came, as their bytes on the wire were before encryption."""

    async def shake(self) -> list[bytes]:
        """The handshake; returns the frames that it took."""
        frames = self._handshake.start()
        await self.link.send(frames)
        self.secured = self._handshake.receive(await self.reader.next())
        return frames

    async def join(self, **wishes: Any) -> None:
        await self.shake()
        await self.join_only(**wishes)

    async def join_only(self, **wishes: Any) -> None:
        await self.send(Join(**wishes))

    async def send(self, *messages: ClientMessage) -> None:
        await self.link.send([self.secured.seal(encode(message)) for message in messages])

    async def until(self, kind: type[Any]) -> Any:
        """The next message of this kind."""
        message: HostMessage | None = None
        while not isinstance(message, kind):
            frame = self.secured.open(await self.reader.next())
            self.received += frame
            message = decode_host(frame)
        return message


async def past(client: SshxClient, sid: int, seq: int) -> None:
    """Wait until a client has more than the first `seq` bytes of a shell's output."""
    await client.wait_for(lambda c: c._shells[sid].seq > seq)


class Stalling:
    """A link that stops taking frames from the other side while `stalled`: a guest that does not read."""

    held = False

    def __init__(self, link: Link) -> None:
        self._link = link
        self.peer = link.peer
        self.flowing = asyncio.Event()
        self.flowing.set()
        self.send, self.close, self.path = link.send, link.close, link.path

    async def receive(self) -> list[bytes]:
        await self.flowing.wait()
        frames = await self._link.receive()
        await self.flowing.wait()
        return frames


class Throttled:
    """A link that delivers at most `rate` bytes a second, with `delay` seconds on the way, each way."""

    held = False

    def __init__(self, link: Link, rate: float, delay: float) -> None:
        self._link = link
        self._rate = rate
        self._delay = delay
        self._free = 0.0
        self.peer = link.peer
        self.close, self.path = link.close, link.path

    async def send(self, frames: Any) -> None:
        await asyncio.sleep(self._delay)
        await self._link.send(frames)

    async def receive(self) -> list[bytes]:
        frames = await self._link.receive()
        loop = asyncio.get_running_loop()
        self._free = max(self._free, loop.time()) + sum(map(len, frames)) / self._rate
        await asyncio.sleep(max(0.0, self._free - loop.time()) + self._delay)
        return frames
