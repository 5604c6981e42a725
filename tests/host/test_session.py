"""What a session lets whom do, on real PTYs."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from sshx_jupyter.client import SessionEnded, SshxClient, retry
from sshx_jupyter.client.command import CommandError
from sshx_jupyter.client.events import InfoChanged
from sshx_jupyter.host.errors import Full, NotHere, TerminalsUnavailable
from sshx_jupyter.host.session import Session, SessionEvent
from sshx_jupyter.host.session_manager import SessionManager
from sshx_jupyter.host.share_options import ShareOptions
from sshx_jupyter.links import Link
from sshx_jupyter.protocol.codec import encode
from sshx_jupyter.protocol.handshake import Preface, Refused
from sshx_jupyter.protocol.messages import (
    Close,
    Closed,
    Data,
    Done,
    Error,
    Hear,
    Hello,
    Move,
    Ping,
    Pong,
    RequestWrite,
    Resize,
    SetCursor,
    Shells,
)
from tests.sessions import ADDRESS, Host, RawClient, credentials, hosting, own_key


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    async with hosting(shells=3, users=4) as host:
        yield host


async def error_from(client: SshxClient) -> str:
    async for event in client:
        if isinstance(event, Error):
            return event.text
    raise AssertionError(client.ended)


async def test_what_the_host_says_of_the_session_is_an_event(host: Host) -> None:
    session = await host.create()
    async with host.connect(session) as client:
        seen: list[str] = []
        client.observe(lambda event: seen.append(client.info["name"]) if isinstance(event, InfoChanged) else None)
        session.rename("Another")
        await client.wait_for(lambda _: seen == ["Another"])


async def test_a_reader_can_change_nothing(host: Host, tmp_path: Path) -> None:
    never = tmp_path / "never"
    session = await host.create()
    async with host.connect(session, "writer", name="w") as writer, host.connect(session, "reader", name="r") as reader:
        sid = next(iter(reader.shells))
        before = dict(session.shells[sid].__dict__)
        await reader.send(sid, f"touch {never}\r".encode())
        assert "You have read-only access" in await error_from(reader)
        for attempt in (
            reader.create(),
            reader.close_shell(sid),
            reader.run("true"),
            reader.move(sid, (5, 5)),
            reader.resize(sid, 10, 10),
            reader.move(sid, None),
            reader.kick(1),
            reader.set_role(reader.uid, "writer"),
            reader.lock(True),
            reader.approve(1, True),
        ):
            with pytest.raises(CommandError, match=r"You have read-only access|Only the host") as refused:
                await attempt
            assert refused.value.code in ("notAllowed", "")
        shell = session.shells[sid]
        assert (shell.x, shell.y, shell.resized_at) == (before["x"], before["y"], before["resized_at"])
        assert list(session.shells) == [sid]
        assert not session.locked
        assert "never" not in (await writer.run("echo ok")).output
        assert (await writer.run(f"ls {never}")).exit_status != 0


async def test_roles_change_live(host: Host) -> None:
    session = await host.create()
    async with (
        host.connect(session, "owner", name="o") as owner,
        host.connect(session, "reader", name="r") as reader,
    ):
        await reader.request_write()
        await owner.wait_for(lambda c: reader.uid in c.users and c.users[reader.uid].wants_write)
        await owner.set_role(reader.uid, "writer")
        await reader.wait_for(lambda c: c.role == "writer")
        assert (await reader.run("echo mine")).output == "mine\n"
        await owner.set_role(reader.uid, "reader")
        await reader.wait_for(lambda c: c.role == "reader")
        await reader.send(next(iter(reader.shells)), b"x")
        assert "You have read-only access" in await error_from(reader)


async def test_removed_means_out(host: Host) -> None:
    session = await host.create()
    async with (
        host.connect(session, "owner") as owner,
        host.connect(session, "writer") as writer,
        host.connect(session, "reader") as reader,
    ):
        await owner.wait_for(lambda c: len(c.users) == 3)
        await owner.kick(writer.uid, "time is up\x1b[2J")
        with pytest.raises(SessionEnded, match=r"removed you from the session: time is up \[2J"):
            await writer.wait_for(lambda _: False)
        await owner.wait_for(lambda c: writer.uid not in c.users)
        assert writer.end_code == "removed"
        with pytest.raises(CommandError, match="Owners cannot be removed"):
            await owner.kick(owner.uid)
        assert reader.state == "connected"


async def test_removed_while_away_does_not_come_back_as_the_same(host: Host) -> None:
    session = await host.create()
    offline = asyncio.Event()
    offline.set()

    async def dial() -> Link:
        await offline.wait()
        return await host.dial()

    async with host.connect(session, "reader", dial=dial) as reader, host.connect(session, "owner") as owner:
        session.set_role(reader.uid, "writer")
        await reader.wait_for(lambda c: c.role == "writer")
        offline.clear()
        await host.links[0].close()
        await owner.wait_for(lambda c: reader.uid not in c.users)
        uid = reader.uid
        await owner.kick(uid, new_tickets=False)
        await owner.run("true")
        offline.set()
        await reader.wait_for(lambda c: c.state == "connected" and c.uid != uid)
        await reader.wait_for(lambda c: c.role == "reader")  # what the ticket gives


async def test_approval(host: Host) -> None:
    session = await host.create(approve=True)
    async with host.connect(session, "owner") as owner:
        entering = asyncio.ensure_future(_enter(host, session, "wanted"))
        await owner.wait_for(lambda c: any(user.pending for user in c.users.values()))
        [(uid, user)] = [(uid, user) for uid, user in owner.users.items() if user.pending]
        assert user.name == "wanted"
        assert list(session.users()) == [owner.uid]
        await owner.approve(uid, True)
        assert await entering == "inside"
        refused = asyncio.ensure_future(_enter(host, session, "unwanted"))
        await owner.wait_for(lambda c: any(user.pending for user in c.users.values()))
        [uid] = [uid for uid, user in owner.users.items() if user.pending]
        await owner.approve(uid, False)
        with pytest.raises(SessionEnded, match="did not let you in"):
            await refused


async def _enter(host: Host, session: object, name: str) -> str:
    async with host.connect(session, "writer", name=name) as client:  # type: ignore[arg-type]
        await client.run("true")
        return "inside"


async def test_lock_lets_nobody_new_in(host: Host) -> None:
    session = await host.create()
    async with host.connect(session, "owner") as owner, host.connect(session, "writer") as writer:
        await owner.lock(True)
        await owner.run("true")
        with pytest.raises(Refused, match="locked"):
            async with host.connect(session, "reader"):
                pass
        await host.links[1].close()  # who was here comes back
        await writer.wait_for(lambda c: c.state == "reconnecting")
        await writer.wait_for(lambda c: c.state == "connected")


async def test_everyone_is_told_when_the_session_changes(host: Host) -> None:
    session = await host.create("before")
    async with host.connect(session, "owner") as owner, host.connect(session, "reader") as reader:
        assert (reader.info["name"], reader.info["locked"]) == ("before", False)
        uid, token = reader.uid, reader.info["token"]
        session.rename("after")
        await owner.lock(True)
        for client in (owner, reader):
            await client.wait_for(lambda c: (c.info["name"], c.info["locked"]) == ("after", True))
        assert (reader.uid, reader.info["token"], reader.state) == (uid, token, "connected")


async def test_full_session_and_too_many_shells(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST_TRIES", 0.3)
    session = await host.create()
    async with contextlib.AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(host.connect(session)) for _ in range(4)]
        with pytest.raises(Refused, match="full"):
            async with host.connect(session, "reader"):
                pass
        await clients[0].create()
        await clients[0].create()
        with pytest.raises(CommandError, match="at most 3 shells"):
            await clients[0].create()


async def test_password(host: Host) -> None:
    session = await host.create(password="naïve ☃")
    assert session.ticket is not None
    with pytest.raises(Refused, match="password"):
        async with SshxClient.connect(session.ticket, dial=host.dial):
            pass
    with pytest.raises(Refused) as wrong:
        async with host.connect(session, "writer", password="no"):
            pass
    assert wrong.value.reason == "invalidAuth"
    async with host.connect(session, "writer", password="nai\u0308ve ☃") as client:  # the same text, typed otherwise
        assert (await client.run("echo in")).output == "in\n"


async def test_wrong_keys_are_limited_by_endpoint(host: Host) -> None:
    session = await host.create()
    good = credentials(session, "reader")
    bad = type(good)(session.id, "writer", good.secret)  # a reader who claims to be a writer
    for _ in range(host.manager.limits.failed_handshakes):
        with pytest.raises(Refused) as refused:
            async with SshxClient.connect(bad, dial=host.dial):
                pass
        assert refused.value.reason == "invalidAuth"
    with pytest.raises(Refused) as refused:
        async with SshxClient.connect(good, dial=host.dial):
            pass
    assert refused.value.reason == "rateLimited"
    async with SshxClient.connect(good, dial=lambda: host.dial("somebody else")):
        pass


async def test_rotating_tickets_shuts_out_the_old(host: Host) -> None:
    session = await host.create()
    old = credentials(session, "writer")
    async with host.connect(session) as inside:
        session.rotate()
        with pytest.raises(Refused):
            async with SshxClient.connect(old, dial=host.dial):
                pass
        async with host.connect(session):
            pass
        assert (await inside.run("echo still")).output == "still\n"


async def test_new_tickets_keep_nobody_out_who_was_inside(host: Host) -> None:
    """A link that breaks after the tickets were made anew, and two who did not notice for a while."""
    session = await host.create()
    [sid] = session.shells
    links: list[Link] = []

    async def dial() -> Link:
        links.append(await host.dial())
        return links[-1]

    async with host.connect(session, "owner") as owner, host.connect(session, dial=dial, name="Ann") as ann:
        uid = ann.uid
        assert owner.users[uid].ticket == "writer"
        await owner.new_tickets()
        assert owner.users[uid].ticket is None
        await owner.wait_for(lambda c: c.info["rotations"] == 1)
        await links[-1].close()
        await ann.wait_for(lambda c: c.state == "reconnecting")
        await ann.send(sid, "echo still here\r")
        await ann.wait_for(lambda c: c.state == "connected")
        assert (ann.uid, owner.users[uid].name) == (uid, "Ann")
        await ann.wait_for(lambda c: "\nstill here" in c.screen(sid).text())


@pytest.mark.parametrize("away", [False, True])
async def test_removed_stays_removed(host: Host, away: bool) -> None:
    session = await host.create()
    shown = credentials(session, "writer")
    async with host.connect(session, "owner") as owner, host.connect(session, name="Bob") as bob:
        link = await host.dial()
        eve = RawClient(link, shown)
        await eve.join(name="Eve")
        hello = await eve.until(Hello)
        view = RawClient(await host.dial(), own_key(session, "writer", hello))
        await view.join(kind="companion")
        of_view = own_key(session, "writer", await view.until(Hello))
        if away:
            await link.close()
            await owner.wait_for(lambda c: hello.uid not in c.users)
        await owner.kick(hello.uid, "bye")
        for key in (shown, own_key(session, "writer", hello), of_view):
            with pytest.raises(Refused) as refused:
                await RawClient(await host.dial("elsewhere"), key).join()
            assert refused.value.reason == ("invalidAuth" if key is shown else "unknownClient")
        assert (await bob.run("echo fine")).output == "fine\n"


async def test_removed_while_waiting_for_approval(host: Host) -> None:
    session = await host.create(approve=True)
    eve = RawClient(await host.dial(limit=10), credentials(session, "writer"))  # which does not read
    await eve.join(name="Eve")
    async with host.connect(session, "owner") as owner:
        await owner.wait_for(lambda c: any(user.pending for user in c.users.values()))
        [uid] = (uid for uid, user in owner.users.items() if user.pending)
        await owner.kick(uid)
        with pytest.raises(CommandError, match="Nobody with this number waits"):
            await owner.approve(uid, True)
        assert uid not in session.users()


async def test_let_in_and_forgotten(host: Host) -> None:
    session = await host.create()
    async with host.connect(session) as ann:
        uid = ann.uid
        participant = session._sender.get(uid)
        assert participant is not None
        participant.close("unknownClient", "Who are you?")
        await ann.wait_for(lambda c: c.state == "reconnecting")
        await ann.wait_for(lambda c: c.state == "connected" and c.uid != uid)


async def test_removed_but_welcome_again(host: Host) -> None:
    session = await host.create()
    async with host.connect(session, "owner") as owner:
        async with host.connect(session, name="Eve") as eve:
            await owner.kick(eve.uid, new_tickets=False)
            with pytest.raises(SessionEnded):
                await eve.wait_for(lambda _: False)
        async with host.connect(session, name="Eve") as again:
            assert again.uid != eve.uid
            with pytest.raises(CommandError, match="Only the host"):
                await again.new_tickets()


async def test_a_writer_made_a_reader_stays_one(host: Host) -> None:
    """With what identifies the client, however long it was away; the owner is told that the ticket allows more."""
    session = await host.create()
    first = RawClient(await host.dial(), credentials(session, "writer"))
    await first.join(name="Ann")
    hello = await first.until(Hello)
    async with host.connect(session, "owner") as owner:
        await owner.set_role(hello.uid, "reader")
        assert (owner.users[hello.uid].role, owner.users[hello.uid].ticket) == ("reader", "writer")
        await first.link.close()
        await owner.wait_for(lambda c: hello.uid not in c.users)
        for entry in session._resume_table:
            if entry.left is not None:
                entry.left -= 100_000
        again = RawClient(await host.dial(), own_key(session, "writer", hello))
        await again.join()
        resumed = await again.until(Hello)
        assert (resumed.uid, resumed.info["role"]) == (hello.uid, "reader")
        await owner.new_tickets()
        assert owner.users[hello.uid].ticket is None


async def test_a_client_that_was_forgotten_joins_with_its_ticket(host: Host) -> None:
    session = await host.create()
    links: list[Link] = []

    async def dial() -> Link:
        links.append(await host.dial())
        return links[-1]

    async with host.connect(session, dial=dial, name="Ann") as ann:
        uid = ann.uid
        session._resume_table.revoke(uid)
        await links[-1].close()
        await ann.wait_for(lambda c: c.uid != uid and c.state == "connected")
        assert session.users()[ann.uid].name == "Ann"
        assert len(links) == 3
    assert host.manager.refused["unknownClient"] == 1


async def test_read_only_session_has_no_writer(host: Host) -> None:
    session = await host.create(read_only=True)
    assert session.ticket is None
    assert session.key(Preface("writer", session.id)) is None
    async with host.connect(session, "reader") as reader, host.connect(session, "owner") as owner:
        for attempt in (owner.set_role(reader.uid, "writer"), reader.request_write()):
            with pytest.raises(CommandError, match="read-only for everyone") as refused:
                await attempt
            assert refused.value.code == "readOnly"


async def test_stop_tells_why_and_leaves_the_terminal(host: Host) -> None:
    session = await host.create()
    [name] = host.terminals._manager.terminals
    events: list[SessionEvent] = []
    session.observe(events.append)
    async with host.connect(session) as client:
        assert (await client.run("echo here")).output == "here\n"
        await session.stop("Lunch.")
        await client.wait_for(lambda c: c.state == "ended")
        assert list(client.shells) == [1]  # to be read on
        assert "here" in client.screen(1).text()
        with pytest.raises(SessionEnded, match=r"Lunch\."):
            await client.run("true")
    assert [event.kind for event in events] == ["joined", "stopped", "left"]
    with pytest.raises(Refused) as refused:
        async with host.connect(session):
            pass
    assert refused.value.reason == "notFound"
    assert host.terminals._manager.terminals[name].ptyproc.isalive()
    again = await host.create(terminals=[name])
    async with host.connect(again) as client:
        assert (await client.run("echo lives")).output == "lives\n"
        await again.stop(terminals="close")
    assert name not in host.terminals._manager.terminals


async def test_session_expires(host: Host) -> None:
    session = await host.create(expires_in=0.3)
    async with host.connect(session) as client:
        with pytest.raises(SessionEnded, match="end time"):
            await client.wait_for(lambda _: False)
    assert host.manager.sessions == {}


async def test_a_shell_that_ends_is_gone_after_its_last_output(host: Host) -> None:
    session = await host.create()
    async with host.connect(session) as client:
        sid = next(iter(client.shells))
        await client.wait_for(lambda c: c._shells[sid].seq >= 0)
        await client.send(sid, b"echo good$((1))bye; exit\r")
        seen = b""
        async for event in client:
            seen += getattr(event, "data", b"")
            if isinstance(event, Shells) and not event.shells:
                break
        assert b"good1bye" in seen
        with pytest.raises(CommandError, match="no shell"):
            await client.run("true", shell=sid)
        await client.send(sid, b"x")
        assert "has ended" in await error_from(client)


async def test_nothing_is_created_for_a_terminal_that_is_not_there(host: Host) -> None:
    with pytest.raises(NotHere, match="no terminal named 'nope'"):
        await host.create(terminals=["nope"])
    assert host.manager.sessions == {}
    assert host.terminals._manager.terminals == {}
    with pytest.raises(TerminalsUnavailable):
        await host.create(command=["/does/not/exist"])
    assert host.manager.sessions == {}
    with pytest.raises(TerminalsUnavailable, match="disabled"):
        await SessionManager(None, lambda: ADDRESS).create(ShareOptions())


async def test_too_many_sessions() -> None:
    async with hosting(sessions=1) as host:
        await host.create()
        with pytest.raises(Full, match="at most 1 sessions"):
            await host.create()


async def test_chat_is_heard_by_all_and_by_who_comes_later(host: Host) -> None:
    session = await host.create()
    async with host.connect(session, name="a\x07nn\n") as ann, host.connect(session, "reader", name="bob") as bob:
        await bob.chat("hello\nthere")
        await ann.wait_for(lambda c: c.messages)
        message = ann.messages[0]
        assert isinstance(message, Hear)
        assert (message.uid, message.name, message.text) == (bob.uid, "bob", "hello\nthere")
        assert session.users()[ann.uid].name == "a nn"
        for number in range(10):
            await ann.chat(str(number))
        with pytest.raises(CommandError, match="too many messages"):
            await ann.chat("one more")
        with pytest.raises(CommandError, match="at most 4000"):
            await bob.chat("x" * 4001)
    async with host.connect(session) as late:
        await late.wait_for(lambda c: len(c.messages) >= 11)
        assert late.messages[0].text == "hello\nthere"


async def test_coming_back_does_not_bring_back_a_role_that_was_taken(host: Host) -> None:
    session = await host.create()
    first = RawClient(await host.dial(), credentials(session, "reader"))
    await first.join()
    session.set_role((await first.until(Hello)).uid, "writer")
    [seat] = session._resume_table
    second = RawClient(await host.dial(), seat.key)
    await second.join()
    hello = await second.until(Hello)
    assert hello.info["role"] == "writer"
    session.set_role(hello.uid, "reader")
    third = RawClient(await host.dial(), own_key(session, "reader", hello))
    await third.join()  # the host does not know yet that the link before is broken
    again = await third.until(Hello)
    assert (again.uid, again.info["role"]) == (hello.uid, "reader")


async def test_those_who_come_back_are_counted_too(host: Host) -> None:
    session = await host.create()
    keys = []
    for _ in range(8):
        client = RawClient(await host.dial(), credentials(session, "reader"))
        await client.join()
        hello = await client.until(Hello)
        keys.append(own_key(session, "reader", hello))
        await client.link.close()
        while hello.uid in session.users():
            await asyncio.sleep(0.01)
    for key in keys:
        client = RawClient(await host.dial(), key)
        await client.join()
        await client.until((Hello, Closed))  # type: ignore[arg-type]
    assert len(session.users()) == 4


async def test_nothing_is_done_for_one_who_was_removed(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    session = await host.create()
    [sid] = session.shells
    client = RawClient(await host.dial(limit=2000), credentials(session, "writer"))
    await client.join()
    hello = await client.until(Hello)
    for number in range(200):  # its link is full, so that the farewell has to wait
        session._sender.get(hello.uid).post(Error(None, "invalid", "x" * 100 + str(number)))  # type: ignore[union-attr]
        await asyncio.sleep(0)
    written: list[bytes] = []
    monkeypatch.setattr(session.shells[sid].terminal, "write", lambda data, _: written.append(data))
    session.kick(hello.uid)
    await client.send(Data(sid, 0, b"echo evil\r"))
    await asyncio.sleep(0.2)
    assert not written


async def test_input_that_no_program_has_read_goes_with_its_writer(host: Host) -> None:
    session = await host.create()
    [sid] = session.shells
    async with host.connect(session) as watcher, host.connect(session) as evil:
        await watcher.send(sid, b"stty raw -echo; sleep 1.5; stty sane; echo awake\r")
        await asyncio.sleep(0.5)
        for _ in range(20):
            await evil.send(sid, b"echo e''vil\r" * 2000)
        await asyncio.sleep(0.3)
        session.kick(evil.uid)
        await watcher.wait_for(lambda c: "awake" in c.screen(sid).text())
        await watcher.run("true", timeout=30)
        assert session._sender.get(watcher.uid) is not None
        assert session.shells[sid].seq < 200_000  # what the PTY itself had taken, and not all of the 480,000


async def test_a_full_chat_keeps_nobody_out() -> None:
    async with hosting(chat_burst=1000, chat_period=0.0) as host:
        session = await host.create()
        async with host.connect(session, "reader") as talker:
            for _ in range(110):
                await talker.chat("\N{FULL BLOCK}\N{GRINNING FACE}" * 2000)
            await talker.wait_for(lambda c: len(c.messages) == 110)
            async with host.connect(session) as client:
                assert (await client.run("echo in")).output == "in\n"
                assert client.messages


async def test_a_flood_of_messages_leaves_time_for_others(host: Host) -> None:
    session = await host.create()
    client = RawClient(await host.dial(limit=16 << 20), credentials(session, "reader"))
    await client.join()
    await client.until(Hello)
    flood = [SetCursor((float(number), 0.0)) for number in range(20_000)]
    frames = [client.secured.seal(encode(message)) for message in flood]
    await client.link.send(frames)
    other = RawClient(await host.dial(), credentials(session, "reader"))
    await other.join()
    for number in range(20):
        await other.send(Ping(float(number)))
        await other.until(Pong)
    [flooding] = [user for user in session.users().values() if user.cursor is not None]
    assert flooding.cursor is not None
    assert 0 < flooding.cursor[0] < 19_999


async def test_asking_again_and_again_happens_once(host: Host) -> None:
    session = await host.create()
    events: list[SessionEvent] = []
    session.observe(events.append)
    reader = RawClient(await host.dial(), credentials(session, "reader"))
    await reader.join()
    await reader.send(*map(RequestWrite, range(1, 101)), Ping(1.0))
    writer = RawClient(await host.dial(), credentials(session, "writer"))
    await writer.join()
    [sid] = session.shells
    await writer.send(*[Close(req, sid, True) for req in range(1, 101)])
    await asyncio.sleep(0.1)
    assert [event.kind for event in events].count("wantsWrite") == 1
    assert len(session._tasks) <= 1


async def test_an_observer_that_fails_hurts_nobody(host: Host) -> None:
    session = await host.create()

    def fail(event: SessionEvent) -> None:
        raise RuntimeError("a fault")

    session.observe(fail)
    async with host.connect(session) as client:
        await client.chat("hello")
        assert (await client.run("echo fine")).output == "fine\n"
        await session.stop("Done.")


async def test_old_tickets_do_not_work_for_who_was_at_the_door(host: Host) -> None:
    session = await host.create()
    late = RawClient(await host.dial(), credentials(session, "writer"))
    await late.shake()
    session.rotate()
    await late.join_only()
    assert (await late.until(Closed)).code == "invalidAuth"
    assert not session.users()


async def test_two_sessions_share_one_terminal(host: Host) -> None:
    one = await host.create()
    [shell] = one.shells.values()
    two = await host.create(terminals=[shell.terminal.name])
    [other] = two.shells.values()
    assert [shell.terminal.viewed_elsewhere, other.terminal.viewed_elsewhere] == [False, True]
    async with host.connect(one) as client, host.connect(two) as second:
        await client.resize(next(iter(client.shells)), 30, 100)
        await second.wait_for(lambda c: [(s.rows, s.cols) for s in c.shells.values()] == [(30, 100)])
    await one.stop()
    assert not other.terminal.viewed_elsewhere


async def test_a_session_that_is_owned_stops_without_its_owner() -> None:
    async with hosting(abandoned_period=5) as host:
        never, kept, owned = [await host.create(while_owned=owned) for owned in (True, False, True)]
        watching = RawClient(await host.dial(), credentials(never, "owner"))
        await watching.join(kind="mirror", passive=True)
        await watching.until(Hello)
        async with host.connect(owned, "owner", observer=True) as owner, host.connect(owned) as guest:
            while never.stopped is None:
                await asyncio.sleep(0.02)
            assert owned.stopped is None
            owned.limits = replace(owned.limits, abandoned_period=0.3)
            await owner.close()
            for _ in range(10):  # guests who come and go do not put it off
                async with host.connect(kept), contextlib.AsyncExitStack() as stack:
                    with contextlib.suppress(Refused, SessionEnded):
                        await stack.enter_async_context(host.connect(owned, "reader"))
                    await asyncio.sleep(0.05)
            with pytest.raises(SessionEnded, match="The host has gone"):
                await guest.wait_for(lambda _: False)
        assert kept.stopped is None


async def test_only_idle_terminals_of_its_own_are_closed(host: Host) -> None:
    session = await host.create()
    found = host.terminals.create(24, 80, command=["sh"]).name
    session.open_terminal(found)
    busy, idle = session.shells[1], session.create_shell(command=["sh"])
    async with host.connect(session) as client:
        for shell in (busy, idle):
            await client.run("true", shell.sid)
        await client.send(busy.sid, "exec 3>&1; sleep 100\r")
        while busy.terminal.running is None:
            await asyncio.sleep(0.02)
        await session.stop(terminals="idle")
    left = set(host.terminals._manager.terminals)
    assert {found, busy.terminal.name} <= left
    assert idle.terminal.name not in left


async def stopped(session: Session) -> str:
    """Why the session has stopped, once it has."""
    while session.stopped is None:
        await asyncio.sleep(0.01)
    return session.stopped


async def test_a_session_ends_in_time_on_a_machine_that_was_suspended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its clock goes on then, but timers stand still."""
    monkeypatch.setattr("sshx_jupyter.host.session.EXPIRY_PERIOD", 0.1)
    async with hosting() as host:
        session = await host.create(expires_in=3600)
        await asyncio.sleep(0.3)
        assert session.stopped is None
        session.clock = lambda: time.time() + 3601
        assert await asyncio.wait_for(stopped(session), 2) == "The session has reached its end time."


async def test_an_end_time_is_kept_when_the_clock_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sshx_jupyter.host.session.EXPIRY_PERIOD", 0.1)
    async with hosting() as host:
        session = await host.create(expires_in=0.3)
        session.clock = lambda: time.time() - 60
        await asyncio.sleep(0.6)
        assert session.stopped is None
        session.clock = time.time
        await asyncio.sleep(0.2)
        assert session.stopped is not None


async def test_a_client_that_resizes_wildly_counts_as_alive_and_gets_its_last_size() -> None:
    async with hosting(silence=0.5) as host:
        session = await host.create()
        [sid] = session.shells
        writer = RawClient(await host.dial(), credentials(session, "writer"))
        await writer.join()
        resizes = 0
        resize = session.shells[sid].terminal.resize

        def counted(rows: int, cols: int) -> None:
            nonlocal resizes
            resizes += 1
            resize(rows, cols)

        session.shells[sid].terminal.resize = counted  # type: ignore[method-assign]
        sizes = [(20 + number % 30, 60 + number % 100) for number in range(3000)]
        await writer.send(*(Resize(req, sid, *size) for req, size in enumerate(sizes, 1)), Ping(1.0))
        answered = 0
        while answered < 3000:
            assert (await writer.until((Done, Closed))).req == answered + 1  # type: ignore[arg-type]
            answered += 1
        info = session.shells[sid]
        while (info.terminal.rows, info.terminal.cols) != sizes[-1]:
            await asyncio.sleep(0.01)
        assert resizes < 1000


async def test_two_who_open_a_shell_at_once_each_have_their_own(host: Host) -> None:
    session = await host.create(command=["sh"])
    async with host.connect(session) as ann, host.connect(session) as bob:
        shells = await asyncio.gather(ann.create(), bob.create())
        assert sorted(shells) == [2, 3]
        assert set(shells) <= set(ann.shells)


async def test_shells_that_are_opened_at_one_place_lie_beside_each_other(host: Host) -> None:
    session = await host.create(command=["sh"])
    async with host.connect(session) as ann, host.connect(session) as bob:
        await asyncio.gather(ann.create(2000, 0), bob.create(2000, 0))
        await ann.wait_for(lambda c: len(c.shells) == 3)
        places = {sid: (shell.x, shell.y) for sid, shell in ann.shells.items()}
        assert places == {1: (0, 0), 2: (2000, 0), 3: (2000, 476)}


async def test_terminals_of_any_size_are_shared_side_by_side(host: Host) -> None:
    sizes = ((50, 200), (24, 80), (50, 200))
    names = tuple(host.terminals.create(rows, cols, None, ["sh"]).name for rows, cols in sizes)
    session = await host.manager.create(ShareOptions("large", terminals=names))
    assert [(shell.x, shell.y) for shell in session.shells.values()] == [(0, 0), (1718, 0), (0, 918)]


async def test_an_answer_is_repeated_only_so_long(host: Host) -> None:
    session = await host.create()
    client = RawClient(await host.dial(), credentials(session, "writer"))
    await client.join()
    await client.send(*(Move(req, 1, None) for req in range(1, 101)))
    for req in range(1, 101):
        assert await client.until(Done) == Done(req)
    await client.send(Move(37, 1, None), Move(36, 1, None))
    assert await client.until(Done) == Done(37)
    assert (await client.until(Error)).code == "forgotten"
