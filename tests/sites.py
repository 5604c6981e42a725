"""Web servers for static files, in processes of their own."""

from __future__ import annotations

import contextlib
import functools
import gzip
import io
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.servers import free_port

START_TIMEOUT = 20.0


class StaticServer:
    """Make one with `static_server`."""

    def __init__(self, url: str, log: Path) -> None:
        self.url = url
        self.log = log


@contextlib.contextmanager
def static_server(directory: Path, log: Path, *, packs: bool = False) -> Iterator[StaticServer]:
    """`python -m http.server` for the files in a directory; or with `packs` one that sends them as gzip, as most web
    servers are set up to do."""
    port = free_port()
    command = [sys.executable, "-m", "tests.sites" if packs else "http.server", str(port)]
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*command, "--bind", "127.0.0.1", "--directory", str(directory)],
            cwd=Path(__file__).parents[1],
            stdout=output,
            stderr=output,
        )
    try:
        deadline = time.monotonic() + START_TIMEOUT
        while True:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.02)
        yield StaticServer(f"http://127.0.0.1:{port}/", log)
    finally:
        process.terminate()
        process.wait()


class _Packing(SimpleHTTPRequestHandler):
    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        if path.suffix not in (".html", ".js", ".css"):
            super().do_GET()
            return
        content = _packed(path)
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.copyfile(io.BytesIO(content), self.wfile)


@functools.cache
def _packed(path: Path) -> bytes:
    return gzip.compress(path.read_bytes(), 6)


if __name__ == "__main__":
    port, _, address, _, directory = sys.argv[1:]
    ThreadingHTTPServer((address, int(port)), functools.partial(_Packing, directory=directory)).serve_forever()
