"""A proxy that terminates TLS in front of a server on loopback, as nginx or a hub's proxy does."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import ipaddress
import ssl
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.recording import Connection


def certificate(directory: Path) -> Path:
    """A file with a new key and a self-signed certificate for `localhost` and 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    plain = serialization.NoEncryption()
    path = directory / "certificate.pem"
    path.write_bytes(
        key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, plain) + signed.public_bytes(encoding)
    )
    return path


@contextlib.asynccontextmanager
async def tls_proxy(port: int, record: list[Connection] | None = None) -> AsyncIterator[int]:
    """A proxy to a port of 127.0.0.1; gives its own port. It serves one request on a connection, or one WebSocket.

    It passes the client's `Host` on, and says by `X-Forwarded-Proto` and `X-Forwarded-For` how the client has come.
    Each connection is added to `record`.
    """
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        connection = Connection()
        if record is not None:
            record.append(connection)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await _pass_on(reader, writer, port, connection)
        finally:
            writer.close()
            tasks.discard(task)

    with tempfile.TemporaryDirectory() as directory:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate(Path(directory)))
        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _pass_on(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int, connection: Connection
) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    connection.sent += head
    behind_reader, behind = await asyncio.open_connection("127.0.0.1", port)
    try:
        forwarded = b"\r\nX-Forwarded-Proto: https\r\nX-Forwarded-For: 203.0.113.7\r\n\r\n"
        behind.write(head.removesuffix(b"\r\n\r\n") + forwarded)
        ways = [
            asyncio.ensure_future(_copy(reader, behind, connection.sent)),
            asyncio.ensure_future(_copy(behind_reader, writer, connection.received)),
        ]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
    finally:
        behind.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, record: bytearray) -> None:
    while data := await reader.read(1 << 16):
        record += data
        writer.write(data)
        await writer.drain()
