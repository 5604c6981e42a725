"""Output to many, slow, stalled, late and returning clients: nothing is lost, and nobody waits for anybody."""

from __future__ import annotations

import asyncio
import random
import re
import time
import tracemalloc
from collections.abc import Sequence
from pathlib import Path

import pytest

from sshx_jupyter.client import SshxClient, connection, output, retry
from sshx_jupyter.client.events import Output
from sshx_jupyter.host import participant
from sshx_jupyter.host.outgoing import SMALL_BATCH
from sshx_jupyter.host.output_log import OutputLog
from sshx_jupyter.host.session import Session
from sshx_jupyter.host.shell_messages import PART
from sshx_jupyter.links import Link
from sshx_jupyter.protocol.codec import encode
from sshx_jupyter.protocol.handshake import MAX_PLAINTEXT
from sshx_jupyter.protocol.messages import MAX_ID, MAX_SEQ, Chunks, Hello, Subscribe
from tests.screens import assert_same_screen
from tests.sessions import Host, RawClient, Stalling, Throttled, credentials, hosting, past


async def settle(session: Session, *clients: SshxClient) -> None:
    """Wait until the shell is silent and every client has its screen, scrollback included."""
    [shell] = session.shells.values()

    def settled(client: SshxClient) -> bool:
        sub = next(p for p in session._sender if p.uid == client.uid).outgoing.subscriptions[shell.sid]
        return sub.drained and client._shells[shell.sid].seq == shell.seq and not client._shells[shell.sid].arriving

    silent_since = time.monotonic()
    seq = shell.seq
    while time.monotonic() - silent_since < 0.3 or not all(map(settled, clients)):
        await asyncio.sleep(0.02)
        if shell.seq != seq:
            seq, silent_since = shell.seq, time.monotonic()


def assert_equal(session: Session, client: SshxClient) -> None:
    """The screen cell by cell; the scrollback by what the two screens tell of it, which is much quicker."""
    [(sid, shell)] = session.shells.items()
    assert_same_screen(shell._screen, client.screen(sid), scrollback=False)
    assert shell._screen.snapshot() == client.screen(sid).snapshot()


async def test_bulk_output_ends_in_the_same_screen(host: Host) -> None:
    session = await host.create()
    async with host.connect(session) as client:
        await client.run("seq 1 400000")
        await settle(session, client)
        assert_equal(session, client)
        assert "399999\n400000" in client.screen(next(iter(client.shells))).text()


async def test_a_late_client_gets_screen_and_scrollback(host: Host) -> None:
    session = await host.create()
    async with host.connect(session) as first:
        await first.run("seq 1 30000; printf '\\033[1;31mred\\033[0m \\360\\237\\230\\200 wide: \\344\\270\\255\\n'")
        async with host.connect(session, "reader") as late:
            await settle(session, first, late)
            assert_equal(session, late)
            assert_equal(session, first)


async def test_an_echo_waits_for_nobodys_turn(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    session = await host.create(command=["cat"])
    async with host.connect(session) as client:
        await settle(session, client)
        monkeypatch.setattr(session.scheduler, "_free_at", float("inf"))  # so that nobody's turn ever comes
        monkeypatch.setattr(session.scheduler, "_arm", lambda loop: None)
        monkeypatch.setattr(session.scheduler, "spent", lambda seconds: None)
        await client.send(1, "x")
        await asyncio.wait_for(client.wait_for(lambda c: "x" in c.screen(1).text()), 20)
        answer = asyncio.ensure_future(client.chat("waits"))  # its answer is not urgent
        while not session.scheduler._queue:
            await asyncio.sleep(0.01)
        assert not answer.done()
        await client.send(1, "y")
        await asyncio.wait_for(client.wait_for(lambda c: "xy" in c.screen(1).text()), 20)
        await asyncio.wait_for(answer, 20)
        monkeypatch.undo()


async def test_an_echo_does_not_gather_with_output_that_is_being_sent(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(participant, "GATHER", 3600)
    session = await host.create(command=["cat"])
    async with host.connect(session) as client:
        await settle(session, client)
        noisy = session.create_shell(command=["sh", "-c", "read go; seq 1 2000; read go"])
        await client.wait_for(lambda c: noisy.sid in c._shells and c._shells[noisy.sid].seq >= 0)
        [guest] = session._sender
        send, sending, go_on = guest.link.send, asyncio.Event(), asyncio.Event()

        async def slow_send(frames: Sequence[bytes]) -> None:
            if sum(map(len, frames)) > participant.ECHO_BYTES:
                sending.set()
                await go_on.wait()
            await send(frames)

        monkeypatch.setattr(guest.link, "send", slow_send)
        noisy.terminal.write(b"\n", lambda count: None)
        await asyncio.wait_for(sending.wait(), 20)
        await client.send(1, "x")
        while not guest._urgent:
            await asyncio.sleep(0.01)
        go_on.set()
        await asyncio.wait_for(client.wait_for(lambda c: "x" in c.screen(1).text()), 20)
        assert list(session._sender) == [guest]  # over this link


@pytest.mark.parametrize("elsewhere", [False, True])
async def test_other_output_comes_in_small_parts_while_someone_types(
    host: Host, monkeypatch: pytest.MonkeyPatch, elsewhere: bool
) -> None:
    monkeypatch.setattr(participant, "ECHO_PERIOD", 3600)
    session = await host.create(command=["cat"])
    async with host.connect(session) as client:
        noisy = session.create_shell(command=["sh", "-c", "read go; seq 1 20000; read go"])
        sid = 1 if elsewhere else noisy.sid
        await client.wait_for(lambda c: noisy.sid in c._shells and c._shells[noisy.sid].seq >= 0)
        await client.send(sid, "x")
        await client.wait_for(lambda c: "x" in c.screen(sid).text())
        [guest] = session._sender
        send, go_on, sizes = guest.link.send, asyncio.Event(), []

        async def late_send(frames: Sequence[bytes]) -> None:
            await go_on.wait()
            sizes.append(sum(map(len, frames)))
            await send(frames)

        monkeypatch.setattr(guest.link, "send", late_send)
        noisy.terminal.write(b"\n", lambda count: None)
        while noisy.seq < 100_000:
            await asyncio.sleep(0.01)
        go_on.set()
        await asyncio.wait_for(client.wait_for(lambda c: "20000" in c.screen(noisy.sid).text()), 20)
        assert (max(sizes) > SMALL_BATCH + 1000) != elsewhere


async def resized(client: SshxClient, sid: int, size: tuple[int, int]) -> None:
    await client.wait_for(lambda c: (c.shells[sid].rows, c.shells[sid].cols) == size)


async def test_resize_keeps_screens_equal(host: Host) -> None:
    session = await host.create()
    async with host.connect(session) as client, host.connect(session, "reader") as other:
        sid = next(iter(client.shells))
        for rows, cols in ((10, 40), (50, 200), (24, 80)):
            await client.run("printf '%0150d\\n' 1 2 3")
            await client.resize(sid, rows, cols)
            await resized(other, sid, (rows, cols))
            assert (await client.run("stty size")).output.split() == [str(rows), str(cols)]
            await settle(session, client, other)
            assert_equal(session, client)
            assert_equal(session, other)


async def test_returning_clients_lose_no_line_and_see_none_twice(
    host: Host, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(retry, "BACKOFF", (0.001, 0.005))
    session = await host.create()
    links: list[Link] = []

    async def dial() -> Link:
        links.append(await host.dial())
        return links[-1]

    chance = random.Random(7)
    received = bytearray()
    async with host.connect(session, dial=dial) as client, host.connect(session) as typist:

        async def watch() -> None:
            async for event in client:
                if isinstance(event, Output):
                    if event.snapshot:
                        received.clear()
                        assert not event.missed
                    received.extend(event.data)

        async def pull_the_plug() -> None:
            made = len(links)
            await links[-1].close("pulled the plug")
            await client.wait_for(lambda c: len(links) > made and c.state == "connected")

        watching = asyncio.ensure_future(watch())
        uid, sid = client.uid, next(iter(client.shells))
        await client.wait_for(lambda c: c._shells[sid].seq >= 0)
        # ended by a file and not by Ctrl-C, which `sh` misses when it comes between a `sleep` and the next line
        enough = tmp_path / "enough"
        lines_until = f"while [ ! -e {enough} ]; do i=$((i+1)); echo line $i; [ $((i%20)) = 0 ] && sleep 0.002; done"
        await typist.send(sid, f"i=0; {lines_until}\r")
        for _ in range(300):
            await asyncio.sleep(chance.uniform(0, 0.01))
            await pull_the_plug()
        enough.touch()
        last = int((await typist.run("echo $i")).output)
        await settle(session, client)
        assert client.uid == uid
        assert_equal(session, client)
        lines = [int(number) for number in re.findall(rb"line (\d+)", received)]
        assert last > 1000
        assert lines == list(range(1, last + 1))
        watching.cancel()


async def test_a_client_that_was_away_too_long_gets_the_screen(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "BACKOFF", (0.001, 0.005))
    session = await host.create()
    away = asyncio.Event()
    away.set()

    async def dial() -> Link:
        await away.wait()
        return await host.dial()

    async with host.connect(session, dial=dial) as client, host.connect(session) as typist:
        await client.run("true")
        away.clear()
        await host.links[0].close()
        await typist.run("seq 1 500000")  # more than the log holds
        away.set()
        await client.wait_for(lambda c: c.state == "connected")
        await settle(session, client, typist)
        assert_equal(session, client)


async def test_a_stalled_client_disturbs_nobody_and_costs_little(host: Host) -> None:
    session = await host.create()
    stalling: list[Stalling] = []

    async def dial() -> Link:
        link = Stalling(await host.dial(limit=64 << 10))
        stalling.append(link)
        return link

    others = [host.connect(session, "reader", screens=False) for _ in range(18)]
    async with host.connect(session, dial=dial) as stalled, host.connect(session) as typist:
        clients = [await other.__aenter__() for other in others]
        await typist.run("seq 1 1000")
        await settle(session, stalled, typist)
        stalling[0].flowing.clear()
        tracemalloc.start()
        before = tracemalloc.take_snapshot()
        result = await typist.run("seq 1 300000; echo done")
        assert result.exit_status == 0
        participant = next(p for p in session._sender if p.uid == stalled.uid)
        assert participant.outgoing.flow.in_flight <= host.manager.limits.window
        grown = sum(
            stat.size_diff
            for stat in tracemalloc.take_snapshot().compare_to(before, "filename")
            if stat.traceback[0].filename.endswith(("participant.py", "outgoing.py", "subscription.py"))
        )
        tracemalloc.stop()
        assert grown < host.manager.limits.window
        await settle(session, typist, *clients)
        stalling[0].flowing.set()
        await settle(session, stalled)
        assert_equal(session, stalled)
        assert_equal(session, typist)
        for other in others:
            await other.__aexit__(None, None, None)


async def test_interrupt_shows_at_once_on_a_slow_link(host: Host) -> None:
    session = await host.create()

    async def dial() -> Link:
        return Throttled(await host.dial(), rate=125_000, delay=0.01)

    async with host.connect(session, dial=dial) as client:
        sid = next(iter(client.shells))
        await client.wait_for(lambda c: c._shells[sid].seq >= 0)
        took = []
        for _ in range(3):
            await client.send(sid, b"yes hello\r")
            await past(client, sid, client._shells[sid].seq + 5_000_000)  # it runs, and has for a while
            started = time.monotonic()
            await client.send(sid, b"\x03echo stop$((40+2))\r")
            await client.wait_for(lambda c: "stop42" in c.screen(sid).text())
            took.append(time.monotonic() - started)
            await client.send(sid, b"clear\r")
            await client.wait_for(lambda c: "stop42" not in c.screen(sid).text())
        assert sorted(took)[1] < 0.5, took
        await settle(session, client)
        assert_equal(session, client)


async def test_a_client_that_says_nothing_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    async with hosting(silence=1.0) as host:
        session = await host.create()
        monkeypatch.setattr(connection, "PING_PERIOD", 0.2)
        async with host.connect(session) as other:
            monkeypatch.setattr(connection, "PING_PERIOD", 3600)  # as if its machine went to sleep
            async with host.connect(session) as quiet:
                await other.wait_for(lambda c: quiet.uid in c.users)
                await other.wait_for(lambda c: quiet.uid not in c.users)
                assert other.state == "connected"


def test_log_keeps_the_newest_and_reads_from_anywhere() -> None:
    log = OutputLog(1000)
    data = bytes(range(256)) * 40
    chance = random.Random(1)
    position = 0
    while position < len(data):
        size = chance.randint(1, 200)
        log.append(data[position : position + size])
        position = min(position + size, len(data))
        assert log.end == position
        assert log.end - log.start <= 1000
        for _ in range(5):
            at, most = chance.randint(log.start, log.end), chance.randint(1, 1200)
            assert b"".join(log.read(at, most)) == data[at : min(at + most, log.end)]


def test_log_keeps_small_outputs_together() -> None:
    log = OutputLog(2 << 20)
    for _ in range(60_000):
        log.append(b"x")
    chunks = log.read(0, PART)
    assert len(chunks) < 20
    assert len(encode(Chunks(MAX_ID, MAX_SEQ, chunks))) <= MAX_PLAINTEXT


async def print_and_exit(client: SshxClient, sid: int, lines: int) -> None:
    """Let a new shell print some lines and end, and wait until it has."""
    await client.wait_for(lambda c: sid in c._shells and c._shells[sid].seq >= 0)
    await client.send(sid, f"seq 1 {lines}; exit\r")
    await client.wait_for(lambda c: sid not in c.shells)


async def test_shells_that_end_do_not_use_up_the_window() -> None:
    async with hosting(window=64 << 10) as host:
        session = await host.create()
        async with host.connect(session) as client:
            await client.run("true")
            participant = next(iter(session._sender))
            for _ in range(6):
                await print_and_exit(client, await client.create(), 4000)
            await asyncio.sleep(0.1)
            assert participant.outgoing.flow.in_flight == 0
            assert (await client.run("echo on")).output == "on\n"


async def test_shells_that_ended_are_not_kept_for_one_who_does_not_read() -> None:
    async with hosting(shells=2) as host:
        session = await host.create()
        stuck = RawClient(await host.dial(), credentials(session, "reader"))
        await stuck.join()
        uid = (await stuck.until(Hello)).uid
        async with host.connect(session) as client:
            for _ in range(6):
                sid = await client.create()
                await stuck.send(Subscribe(sid, -1))
                await print_and_exit(client, sid, 9000)
            participant = session._sender.get(uid)
            assert participant is not None
            assert len(participant.outgoing.subscriptions) <= 3


async def test_scrollback_that_was_not_there_yet_comes_after_the_link_broke(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "BACKOFF", (0.001, 0.005))
    session = await host.create()
    async with host.connect(session) as typist:
        await typist.run("seq 1 30000")
        links: list[Throttled] = []

        async def dial() -> Link:
            links.append(Throttled(await host.dial(limit=8 << 10), rate=40_000, delay=0.0))
            return links[-1]

        async with host.connect(session, "reader", dial=dial) as late:
            [sid] = session.shells
            await late.wait_for(lambda c: c._shells[sid].seq >= 0)
            await asyncio.sleep(0.3)  # the screen is there, and the scrollback under way
            await links[0].close()
            await late.wait_for(lambda c: len(links) == 2 and c.state == "connected")
            links[1]._rate = 10e6
            await settle(session, late)
            assert_equal(session, late)


async def test_scrollback_that_was_overtaken_is_asked_for_again(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "REPLAY_BYTES", 1000)
    session = await host.create()

    async def dial() -> Link:
        return Throttled(await host.dial(), rate=60_000, delay=0.0)

    async with host.connect(session) as typist:
        await typist.run("seq 1 20000")
        sid = next(iter(session.shells))
        async with host.connect(session, "reader", dial=dial) as late:
            await late.wait_for(lambda c: c._shells[sid].arriving)
            await typist.run("for i in 1 2 3 4 5 6 7 8; do printf '%0400d\\r' $i; sleep 0.05; done")
            await settle(session, typist, late)
            assert_equal(session, late)


async def test_answers_that_a_program_does_not_read_are_bounded(host: Host) -> None:
    session = await host.create()
    [shell] = session.shells.values()
    shell.terminal.write(b"stty raw -echo; sleep 100\r", lambda _: None)
    await asyncio.sleep(0.5)
    for _ in range(200):
        shell.on_output(b"\x1b[c" * 1000)
    await asyncio.sleep(0.1)
    assert sum(len(data) for data, _ in shell.terminal._input._queue) <= 20_000


async def test_who_stops_reading_events_does_not_stop_the_client(host: Host) -> None:
    session = await host.create()
    async with host.connect(session, screens=False) as client:
        async for _ in client:
            break
        result = await asyncio.wait_for(client.run("seq 1 1200000"), 50)
        assert result.exit_status == 0
