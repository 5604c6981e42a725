"""A Jupyter terminal of server A, watched and typed into from elsewhere: directly, and through server B."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import random
import re
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from sshx_jupyter.client import SessionEnded, SshxClient, retry
from sshx_jupyter.client.command import CommandError
from sshx_jupyter.client.events import Output
from sshx_jupyter.links import Link, Unreachable
from sshx_jupyter.node import SshxNode
from sshx_jupyter.protocol.handshake import Refused
from sshx_jupyter.protocol.messages import Chunks, Close, Data, Error, Hello, Move, Snapshot, Subscribe
from sshx_jupyter.screen.screen import GhosttyScreen
from sshx_jupyter.ticket import Ticket
from tests.screens import assert_same_screen
from tests.servers import JupyterServer, TerminalTab, jupyter_server
from tests.sessions import RawClient, Stalling

pytestmark = pytest.mark.e2e


def join(session: dict[str, Any], kind: str = "write", **options: Any) -> Any:
    """A guest of its own, straight over iroh."""
    return SshxClient.connect(session["tickets"][kind], relays="disabled", **options)


async def screen_has(client: SshxClient, text: str, sid: int = 1) -> None:
    await asyncio.wait_for(client.wait_for(lambda c: sid in c.shells and text in c.screen(sid).text()), 30)


async def error_from(client: SshxClient) -> str:
    async for event in client:
        if isinstance(event, Error):
            return event.text
    raise AssertionError(client.ended)


@contextlib.asynccontextmanager
async def shared_terminal(server: JupyterServer, **options: Any) -> AsyncIterator[tuple[TerminalTab, dict[str, Any]]]:
    """A Jupyter terminal with a tab that shows it, shared."""
    name = await server.terminal()
    async with server.open_terminal(name) as tab:
        await tab.wait_for("$ ")
        session = await server.share(terminals=[name], **options)
        yield tab, session
        await server.call("DELETE", f"sshx/api/sessions/{session['id']}?terminals=close")


async def test_a_terminal_with_history_is_shared_both_ways(server_a: JupyterServer) -> None:
    name = await server_a.terminal()
    async with server_a.open_terminal(name) as tab:
        await tab.wait_for("$ ")
        await tab.type("printf '\\033[32mgreen\\033[0m %s\\n' from$((1))before\r")
        await tab.wait_for("from1before")
        session = await server_a.share(terminals=[name], name="demo")
        assert [shell["terminal"] for shell in session["shells"]] == [name]
        async with join(session, name="guest") as client:
            await screen_has(client, "green from1before")
            received: list[bytes] = []
            client.observe(lambda event: received.append(event.data) if isinstance(event, Output) else None)
            before = len(tab.output)
            await client.send(1, "echo guest$((2))typed\r")
            await tab.wait_for("guest2typed")
            await screen_has(client, "guest2typed")
            await tab.type("echo host$((3))typed\r")
            await screen_has(client, "host3typed")
            await tab.wait_for("$ ", len(tab.output) - 3)
            await client.wait_for(lambda _: len(b"".join(received)) >= len(tab.output[before:].encode()))
            assert b"".join(received) == tab.output[before:].encode()
        status = await server_a.json("GET", "sshx/api/status")
        assert status["sessions"] >= 1
        # Stopping the session leaves the terminal as it is.
        assert (await server_a.call("DELETE", f"sshx/api/sessions/{session['id']}")).code == 204
        await tab.type("echo still$((4))alive\r")
        await tab.wait_for("still4alive")
        with pytest.raises(Refused, match="no longer shared"):
            async with join(session):
                pass


async def test_without_history_guests_get_nothing_from_before(server_a: JupyterServer, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("hunter2\n" * 30)
    shell, editor = [await server_a.terminal() for _ in range(2)]
    async with server_a.open_terminal(shell) as shell_tab, server_a.open_terminal(editor) as editor_tab:
        for tab in (shell_tab, editor_tab):
            await tab.wait_for("$ ")
            await tab.type("printf '\\033]2;hunter2\\007'; seq -f 'hunter2 %g' 100\r")
            await tab.wait_for("hunter2 100\r\n")
        await editor_tab.type(f"vim -u NONE -i NONE -n -N -c 'set ruler title' {tmp_path}/file\r")
        await editor_tab.wait_for("Top")
        lengths = [len(shell_tab.output), len(editor_tab.output)]
        session = await server_a.share(terminals=[shell, editor], history=False)
        ticket = Ticket.decode(session["tickets"]["write"])
        guest = RawClient(await server_a.dial(session["id"]), ticket.credentials())
        await guest.join()
        await guest.until(Hello)
        for sid in (1, 2):
            await guest.send(Subscribe(sid, -1))
            assert b"hunter2" not in (await guest.until(Snapshot)).data
        for tab, length in zip((shell_tab, editor_tab), lengths, strict=True):
            assert "hunter2" not in tab.output[length:]  # nothing was drawn again for the guest
        await guest.send(Data(1, 0, b"echo he''re\r"), Data(2, len(b"echo he''re\r"), b":echo 'the'.'re'\r"))
        await shell_tab.wait_for("here", lengths[0])
        await editor_tab.wait_for("there", lengths[1])
        while not (b"here" in guest.received and b"there" in guest.received):
            await guest.until(Chunks)
        assert b"hunter2" not in guest.received
        async with join(session, "read") as late:
            await screen_has(late, "here")
            await screen_has(late, "there", 2)
            for sid in (1, 2):
                assert "hunter2" not in late.screen(sid).snapshot().decode()
            await editor_tab.type(":qa!\r")
            await screen_has(late, "$", 2)
            assert "hunter2" not in late.screen(2).snapshot().decode()
    async with server_a.open_terminal(shell) as tab:
        await tab.wait_for("hunter2 100\r\n")  # Jupyter's own tabs have all of it
    await server_a.call("DELETE", f"sshx/api/sessions/{session['id']}?terminals=close")


async def test_server_b_sees_neither_plaintext_nor_secret(
    server_a: JupyterServer, server_b: JupyterServer, record_b: Path
) -> None:
    async with shared_terminal(server_a, password="open sesame") as (tab, session):
        ticket = Ticket.decode(session["tickets"]["write"])

        async def through_b() -> Link:
            return await server_b.dial(session["id"], ticket.endpoint_ticket)

        async with SshxClient.connect(ticket, password="open sesame", name="Quentin-Marker", dial=through_b) as client:
            await client.chat("chat-marker")
            await client.send(1, "echo typed-$((40+2))-marker\r")
            await tab.wait_for("typed-42-marker")
            await screen_has(client, "typed-42-marker")
            assert (await client.run("seq 1 20000")).output.endswith("19999\n20000\n")
            await client.wait_for(lambda c: c.messages)
        record = record_b.read_bytes()
        assert len(record) > 10_000
        assert ticket.endpoint_ticket.encode() in record  # it does record
        for secret in (ticket.secret, bytes.fromhex(session["owner_secret"])):
            assert secret not in record
            assert secret.hex().encode() not in record
            assert base64.b64encode(secret)[:20] not in record
        lowered = record.lower()
        for text in (b"marker", b"typed-", b"open sesame", b"19999", ticket.encode().encode()[-40:]):
            assert text not in lowered
        assert "sshx1" not in server_b.log.read_text()


async def test_programs_look_the_same_at_the_guest(server_a: JupyterServer) -> None:
    async with shared_terminal(server_a) as (tab, session), join(session) as client:
        truth = GhosttyScreen(24, 80)
        await screen_has(client, "$")

        async def same(text: str, start: int) -> None:
            """Both have come to show `text`, and then all that both have been sent."""
            await tab.wait_for(text, start)
            await asyncio.sleep(0.3)  # let the program finish drawing; what counts is compared below, however far it is
            for _ in range(100):
                printed = tab.output
                size = len(printed.encode())
                await client.wait_for(lambda c, size=size: c._shells[1].seq >= size)
                if tab.output == printed:
                    break
            truth.feed(printed[same.fed :].encode())  # type: ignore[attr-defined]
            same.fed = len(printed)  # type: ignore[attr-defined]
            assert client._shells[1].seq == len(printed.encode())
            assert_same_screen(client.screen(1), truth)

        same.fed = 0  # type: ignore[attr-defined]
        start = len(tab.output)
        colors = "\\033[1;3;4;38;5;208;48;2;1;2;3mcolors\\033[0m \\033[7minverse\\033[0m"
        await client.send(1, f"clear; printf '{colors} 中文 é 👍🏽 👨‍👩‍👧 ➡️\\n'; echo ok$((7))\r")
        await same("ok7", start)
        start = len(tab.output)
        await client.resize(1, 50, 200)
        await client.wait_for(lambda c: c.shells[1].cols == 200)
        truth.feed(tab.output[same.fed : start].encode())  # type: ignore[attr-defined]
        same.fed = start  # type: ignore[attr-defined]
        truth.resize(50, 200)
        await client.send(1, "stty size; printf '%0180d\\n' 5; echo ok$((8))\r")
        await same("ok8", start)
        assert "50 200" in truth.text()
        start = len(tab.output)
        await client.send(1, "vim -u NONE -N -c 'set number' /etc/services\r")
        await same("/etc/services", start)
        await client.send(1, "ihello from the guest\x1b:split\r")
        await same("hello from", start)
        start = len(tab.output)
        await client.send(1, ":qa!\r")
        await same("$ ", start)
        start = len(tab.output)
        await client.send(1, "htop -d 100\r")
        await same("Load", start)
        start = len(tab.output)
        await client.send(1, "q")
        await same("$ ", start)
        # Bracketed paste: bash asks for it, and takes what is pasted without running it.
        start = len(tab.output)
        assert client.screen(1)._terminal.mode(2004)
        await client.send(1, b"\x1b[200~echo pasted\necho twice\x1b[201~")
        await same("twice", start)
        assert "pasted\r\npasted" not in tab.output[start:]


async def test_a_late_guest_after_much_output(server_a: JupyterServer) -> None:
    async with shared_terminal(server_a) as (_, session), join(session, screens=False) as typist:
        await typist.run("yes 'some line of output that is long enough' | head -c 100000000; seq 1 15000", timeout=100)
        async with join(session, "read") as late:
            await late.wait_for(lambda c: 1 in c._shells and c._shells[1].seq > 0 and "15000" in c.screen(1).text())
            total = 10_000 + 24

            def lines() -> list[str]:
                screen = late.screen(1)
                assert isinstance(screen, GhosttyScreen)
                return screen.snapshot().decode(errors="replace").split("\r\n")

            await late.wait_for(lambda c: c.screen(1)._terminal.total_rows >= total)
            numbers = [int(line) for line in lines() if line.isdigit()]
            assert numbers[-9_000:] == list(range(6001, 15001))


async def test_a_guest_who_is_cut_off_again_and_again_loses_nothing(
    server_a: JupyterServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(retry, "BACKOFF", (0.001, 0.01))
    links: list[Link] = []
    async with (
        shared_terminal(server_a) as (tab, session),
        await SshxNode.spawn(relays="disabled", bind="127.0.0.1:0") as node,
    ):

        async def dial() -> Link:
            links.append(await node.join(session["tickets"]["write"]))
            return links[-1]

        async with join(session, dial=dial) as client:
            received = bytearray()

            def on_event(event: Any) -> None:
                if isinstance(event, Output):
                    if event.snapshot:
                        received.clear()
                        assert not event.missed
                    received.extend(event.data)

            client.observe(on_event)
            await client.wait_for(lambda c: 1 in c._shells and c._shells[1].seq >= 0)
            # ended by a file and not by Ctrl-C, which a shell misses when it comes between a `sleep` and the next line
            enough = tmp_path / "enough"
            loop = f"while [ ! -e {enough} ]; do i=$((i+1)); echo line $i; [ $((i%20)) = 0 ] && sleep 0.005; done"
            await tab.type(f"i=0; {loop}\r")
            chance = random.Random(3)
            for _ in range(200):
                await asyncio.sleep(chance.uniform(0, 0.01))
                made = len(links)
                await links[-1].close()
                await client.wait_for(lambda c, made=made: len(links) > made and c.state == "connected")
            enough.touch()
            await tab.wait_for("$ ", tab.output.rfind("line "))
            start = len(tab.output)
            await tab.type("echo last=$i\r")
            await tab.wait_for("\rlast=", start)
            last = int(tab.output[start:].split("\rlast=")[1].split("\r")[0])
            await screen_has(client, f"last={last}")
            lines = [int(number) for number in re.findall(rb"line (\d+)", received)]
            assert last > 500
            assert lines == list(range(1, last + 1))


async def test_a_reader_is_refused_by_the_host_itself(server_a: JupyterServer) -> None:
    async with shared_terminal(server_a) as (tab, session), join(session, "read", name="sneaky") as reader:
        await reader.wait_for(lambda c: 1 in c.shells)
        before = len(tab.output)
        for message in (Data(1, 0, b"touch gotcha\r"), Move(1, 1, (9, 9)), Move(2, 1, None), Close(3, 1, True)):
            reader._post(message)
            assert "You have read-only access" in await error_from(reader)
        await tab.type("ls gotcha; echo checked$((5))\r")
        await tab.wait_for("checked5", before)
        assert "No such file" in tab.output[before:]
        shells = (await server_a.json("GET", f"sshx/api/sessions/{session['id']}"))["shells"]
        assert [(shell["x"], shell["rows"]) for shell in shells] == [(0, 24)]


def memory(server: JupyterServer) -> int:
    """Resident bytes of a server's process."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) * 1024


async def test_twenty_guests_and_one_does_not_read(server_a: JupyterServer) -> None:
    async with shared_terminal(server_a) as (tab, session), contextlib.AsyncExitStack() as stack:
        node = await stack.enter_async_context(await SshxNode.spawn(relays="disabled", bind="127.0.0.1:0"))

        async def dial() -> Link:
            return await node.join(session["tickets"]["write"])

        guests = [await stack.enter_async_context(join(session, dial=dial, screens=number < 2)) for number in range(19)]
        stalled: list[Stalling] = []

        async def dial_stalling() -> Link:
            stalled.append(Stalling(await dial()))
            return stalled[-1]

        lazy = await stack.enter_async_context(join(session, dial=dial_stalling))
        await lazy.wait_for(lambda c: 1 in c._shells and c._shells[1].seq >= 0)
        await guests[0].run("seq 1 300000")  # so that what every session needs has been allocated
        started = time.monotonic()
        await guests[0].run("seq 1 300000")
        took = time.monotonic() - started
        before = memory(server_a)
        stalled[0].flowing.clear()
        started = time.monotonic()
        await guests[0].run("seq 1 300000; echo all$((1))done")
        assert time.monotonic() - started < 3 * took + 1
        for guest in guests[:2]:
            await screen_has(guest, "all1done")
        assert memory(server_a) - before < 32 << 20
        stalled[0].flowing.set()
        await screen_has(lazy, "all1done")
        await tab.wait_for("all1done")


async def test_a_huge_paste_leaves_the_server_responsive(server_a: JupyterServer) -> None:
    async with shared_terminal(server_a) as (tab, session), join(session) as client:
        await screen_has(client, "$")
        await client.send(1, "stty raw -echo; sleep 1000\r")
        pasting = asyncio.ensure_future(client.send(1, b"x" * 10_000_000))
        slowest = 0.0
        complaint = asyncio.ensure_future(error_from(client))
        for _ in range(50):
            started = time.monotonic()
            assert (await server_a.call("GET", "api/status")).code == 200
            slowest = max(slowest, time.monotonic() - started)
            await asyncio.sleep(0.05)
        assert slowest < 1
        await pasting
        assert "does not read its input" in await asyncio.wait_for(complaint, 30)
        # The tab's own typing and the rest of the server go on; the program can still be ended.
        name = await server_a.terminal()
        async with server_a.open_terminal(name) as other:
            await other.type("echo other$((6))fine\r")
            await other.wait_for("other6fine")
        assert (await server_a.call("DELETE", f"api/terminals/{name}")).code == 204
        assert not tab.closed


async def test_a_paste_that_is_read_arrives_whole(server_a: JupyterServer) -> None:
    async with shared_terminal(server_a) as (_, session), join(session) as client:
        await screen_has(client, "$")
        await client.send(1, "stty raw -echo; head -c 5000000 | md5sum; stty sane\r")
        await asyncio.sleep(0.5)
        data = bytes(random.Random(5).choices(range(32, 127), k=5_000_000))
        await client.send(1, data)
        await screen_has(client, hashlib.md5(data).hexdigest())


async def test_each_refusal_has_its_own_sentence(server_a: JupyterServer, monkeypatch: pytest.MonkeyPatch) -> None:
    session = await server_a.share(password="right")
    with pytest.raises(Refused, match="password"):
        async with join(session):
            pass
    with pytest.raises(Refused, match="not accept this ticket or password"):
        async with join(session, password="wrong"):
            pass
    await server_a.call("PATCH", f"sshx/api/sessions/{session['id']}", {"locked": True})
    with pytest.raises(Refused, match="locked"):
        async with join(session, password="right"):
            pass
    await server_a.call("PATCH", f"sshx/api/sessions/{session['id']}", {"locked": False})
    async with join(session, password="right") as client:
        await client.wait_for(lambda c: c.shells)
        await client.send(1, "exit\r")
        await client.wait_for(lambda c: not c.shells)
        with pytest.raises(CommandError, match="There is no shell 1"):
            await client.run("true", shell=1)
    await server_a.call("DELETE", f"sshx/api/sessions/{session['id']}")
    with pytest.raises(Refused, match="no longer shared"):
        async with join(session, password="right"):
            pass
    gone = await SshxNode.spawn(relays="disabled", bind="127.0.0.1:0")
    unreachable = Ticket.from_endpoint_ticket(gone.address(), bytes(16), bytes(16), "writer").encode()
    await gone.close()
    monkeypatch.setattr("sshx_jupyter.node.DIAL_TIMEOUT", 2.0)
    with pytest.raises(Unreachable, match="cannot be reached"):
        async with SshxClient.connect(unreachable, relays="disabled"):
            pass


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
async def test_a_server_that_stops_says_so_and_leaves_nothing(tmp_path: Path, how: signal.Signals) -> None:
    with jupyter_server(tmp_path) as server:
        session = await server.share()
        async with join(session) as client:
            shell = int((await client.run("echo $$")).output)
            child = int((await client.run("sleep 1000 & echo $!")).output.split()[-1])
            if how == signal.SIGINT:
                server.process.send_signal(how)  # twice, as Jupyter asks for
            stopping = asyncio.create_task(asyncio.to_thread(server.stop, how))
            with pytest.raises(SessionEnded, match="shut down"):
                await client.wait_for(lambda _: False)
            await stopping
        while not (gone(shell) and gone(child)):
            await asyncio.sleep(0.02)


def gone(pid: int) -> bool:
    """Whether a process has ended, be it that nobody has asked for its status."""
    try:
        return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return True


def test_output_messages_are_what_the_test_records() -> None:
    """The names that the recording test looks for would be there if frames were clear."""
    from sshx_jupyter.protocol.codec import encode

    assert b"typed-" in encode(Chunks(1, 0, [b"typed-"]))
    assert b"typed-" in encode(Snapshot(1, 0, b"typed-", 0, False))
