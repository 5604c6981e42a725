"""A real relay on this machine: `iroh-relay`, which `make relay` builds once and keeps in the user's cache."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.servers import free_port

VERSION = "1.4.1"
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "sshx-jupyter" / f"iroh-relay-{VERSION}"
PROGRAM = CACHE / "bin" / "iroh-relay"
START_TIMEOUT = 20.0


class Relay:
    """One relay, which can be stopped and started again. All that passes goes through this process and is recorded."""

    def __init__(self, directory: Path) -> None:
        self.record = bytearray()
        """Every byte in both directions."""
        self.connections = 0
        """How many were ever opened."""
        self._inside = free_port()
        self._config = directory / "relay.toml"
        self._config.write_text(f'http_bind_addr = "127.0.0.1:{self._inside}"\nenable_metrics = false\n')
        self._log = directory / "relay.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._recorder: asyncio.Server | None = None
        self._carriers: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        assert self._recorder is not None
        return f"http://127.0.0.1:{self._recorder.sockets[0].getsockname()[1]}"

    async def start(self) -> None:
        if self._recorder is None:
            self._recorder = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        assert PROGRAM.is_file(), f"{PROGRAM} is missing: run `make relay`"
        with self._log.open("ab") as log:
            command: list[str | Path] = [PROGRAM, "--dev", "--config-path", self._config]
            self._process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        deadline = asyncio.get_running_loop().time() + START_TIMEOUT
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self._inside)
            except OSError:
                assert self._process.poll() is None, self._log.read_text()
                assert asyncio.get_running_loop().time() < deadline, self._log.read_text()
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return

    def stop(self) -> None:
        """Kill it: what is on its way is lost."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    async def close(self) -> None:
        self.stop()
        if self._recorder is not None:
            self._recorder.close()
        for task in self._carriers:
            task.cancel()
        await asyncio.gather(*self._carriers, return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._carriers.add(task)
        self.connections += 1
        writers = [writer]
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._inside)
            writers.append(far_writer)
            await asyncio.gather(self._copy(reader, far_writer), self._copy(far_reader, writer))
        except (OSError, asyncio.CancelledError):
            pass  # asyncio's server would log both
        finally:
            for each in writers:
                each.close()
            self._carriers.discard(task)

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1 << 16):
            self.record += data
            writer.write(data)
            await writer.drain()
        raise ConnectionResetError  # both directions end together, as they do in the relay


@asynccontextmanager
async def running_relay(directory: Path) -> AsyncIterator[Relay]:
    """A relay that has started; gone afterwards."""
    relay = Relay(directory)
    await relay.start()
    try:
        yield relay
    finally:
        with contextlib.suppress(OSError):
            await relay.close()
