"""The session manager's door: what strangers can do before they have shown a key."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest

from sshx_jupyter.host.door import TURN_PERIOD
from sshx_jupyter.host.errors import Invalid
from sshx_jupyter.links import FrameReader, LinkClosed
from sshx_jupyter.protocol.handshake import Preface
from sshx_jupyter.protocol.messages import Hello, Ping
from tests.sessions import Host, RawClient, credentials, hosting, own_key


async def closed(host: Host) -> None:
    while host._serving:
        await asyncio.sleep(0.01)


async def test_unfinished_handshakes_are_bounded_and_end() -> None:
    async with hosting(handshake_timeout=0.5) as host:
        session = await host.create()
        strangers = [await host.dial(f"stranger {number}") for number in range(40)]
        await asyncio.sleep(0)
        assert len(host.manager.door) == 32
        for stranger in strangers[:8]:  # the oldest have made room
            assert (await FrameReader(stranger).next())[1:] == b"busy"
        assert host.manager.refused == {"busy": 8}
        async with host.connect(session) as client:
            assert (await client.run("echo in")).output == "in\n"
        started = time.monotonic()
        for stranger in strangers[9:]:
            with pytest.raises(LinkClosed):
                await stranger.receive()
        assert time.monotonic() - started < 2
        await closed(host)
        assert len(host.manager.door) == 0


async def test_an_endpoint_that_leaves_handshakes_unfinished_is_refused_unheard(host: Host) -> None:
    session = await host.create()
    for _ in range(host.manager.limits.unfinished_handshakes):
        await (await host.dial("flooder")).close()
    await closed(host)
    link = await host.dial("flooder")
    assert (await FrameReader(link).next())[1:] == b"rateLimited"
    async with host.connect(session) as client:
        assert client.role == "writer"


async def test_wrong_keys_delay_first_joins_only() -> None:
    async with hosting(wrong_keys=5) as host:
        session = await host.create()
        async with host.connect(session) as before:
            pass
        started = time.monotonic()
        for number in range(10):  # from ever new endpoints
            link = await host.dial(f"guesser {number}")
            await link.send([Preface("writer", session.id).pack(), os.urandom(48)])
            assert (await FrameReader(link).next())[1:] == b"invalidAuth"
        assert time.monotonic() - started > 4 * TURN_PERIOD
        for number in range(3):
            link = await host.dial(f"guesser {number}")
            await link.send([Preface("writer", session.id).pack(), os.urandom(48)])
        for role in ("owner", "writer"):
            started = time.monotonic()
            async with host.connect(session, role):
                assert time.monotonic() - started < TURN_PERIOD
        started = time.monotonic()
        resuming = RawClient(await host.dial("the same guest elsewhere"), own_key(session, "writer", before))
        await resuming.join()
        assert (await resuming.until(Hello)).uid == before.uid
        assert time.monotonic() - started < TURN_PERIOD
        started = time.monotonic()
        async with host.connect(session, dial=lambda: host.dial("another guest")):
            assert time.monotonic() - started > TURN_PERIOD


async def test_failing_in_the_name_of_the_host_keeps_its_own_page_not_out(host: Host) -> None:
    session = await host.create()
    for _ in range(host.manager.limits.failed_handshakes + 1):
        link = await host.dial("user host", share="local")
        await link.send([Preface("writer", session.id).pack(), os.urandom(48)])
        reason = (await FrameReader(link).next())[1:]
    assert reason == b"rateLimited"
    async with host.connect(session, "owner", dial=lambda: host.dial("user host", share="local")) as client:
        assert client.role == "owner"


async def test_a_handshake_that_trickles_in_ends_as_well() -> None:
    async with hosting(handshake_timeout=0.3) as host:
        session = await host.create()
        client = RawClient(await host.dial(), credentials(session, "writer"))
        await client.shake()  # but no first message
        with pytest.raises(LinkClosed):
            await client.until(Ping)
        await closed(host)
        assert (len(host.manager.door), session.users()) == (0, {})


@pytest.mark.parametrize(
    "first",
    [b"\x00", b"GET / HTTP/1.1\r\n", b"sshx", b"sshx\x01", b"sshx\x01\x00\x07" + bytes(16), b"\xff" * 65535],
)
async def test_garbage_is_refused(host: Host, first: bytes) -> None:
    link = await host.dial()
    await link.send([first])
    assert (await FrameReader(link).next())[1:] == b"malformed"
    await closed(host)
    assert host.manager.refused == {"malformed": 1}


async def test_garbage_after_a_right_preface_counts_as_a_wrong_key(host: Host) -> None:
    session = await host.create()
    for second in (b"\x00", os.urandom(48), os.urandom(65535)):
        link = await host.dial()
        await link.send([Preface("writer", session.id).pack(), second])
        assert (await FrameReader(link).next())[1:] == b"invalidAuth"
    await closed(host)
    assert (host.manager.refused, session.users()) == ({"invalidAuth": 3}, {})


async def test_an_unknown_session_and_no_session(host: Host) -> None:
    link = await host.dial()
    await link.send([Preface("owner", bytes(16)).pack(), os.urandom(48)])
    assert (await FrameReader(link).next())[1:] == b"notFound"


async def test_a_recording_of_somebody_gets_nowhere(host: Host) -> None:
    session = await host.create()
    client = RawClient(await host.dial(), credentials(session, "writer"))
    recorded = await client.shake()
    await client.join_only()
    while not session.users():
        await asyncio.sleep(0.01)
    replay = await host.dial("attacker")
    await replay.send([*recorded, os.urandom(100)])
    reader = FrameReader(replay)
    assert (await reader.next())[:1] == b"\x00"
    assert (await reader.next())[1:] == b"malformed"
    with pytest.raises(LinkClosed):
        await reader.next()
    assert len(session.users()) == 1


async def test_who_does_not_read_the_refusal_is_let_go(host: Host) -> None:
    session = await host.create()
    link = await host.dial()
    link._inbox._limit = 0  # takes nothing
    await link.send([Preface("writer", session.id).pack(), os.urandom(48)])
    await asyncio.wait_for(closed(host), 3)
    assert len(host.manager.door) == 0


@pytest.mark.parametrize("expires_in", [0, 0.0, -1, float("nan"), float("inf"), 1e12])
async def test_an_end_time_that_makes_no_sense_is_refused(host: Host, expires_in: float) -> None:
    with pytest.raises(Invalid, match="expires_in"):
        await host.create(expires_in=expires_in)
    assert (host.manager.sessions, host.terminals._manager.terminals) == ({}, {})


@pytest.mark.parametrize("there_is", [False, True])
async def test_a_directory_that_is_none_is_refused(host: Host, tmp_path: Path, there_is: bool) -> None:
    place = tmp_path / "secret-name"
    if there_is:
        place.write_text("a file")
    for cwd in (str(place), "a\0b", "x" * 5000, ""):
        with pytest.raises(Invalid, match="directory") as refused:
            await host.create(cwd=cwd)
        assert "Traceback" not in str(refused.value)
    assert host.manager.sessions == {}
    await host.create(cwd=str(tmp_path))
