"""What the Jupyter server is told of sessions: events, counters, activity; and how they end with it."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from sshx_jupyter.client import SessionEnded, SshxClient
from sshx_jupyter.links import Unreachable
from sshx_jupyter.node import SshxNode
from sshx_jupyter.protocol.handshake import Refused
from sshx_jupyter.server import app
from sshx_jupyter.ticket import Ticket

from .serving import Server, until

Events = asyncio.Queue[tuple[str, dict[str, Any]]]


@pytest.fixture
async def events(server: Server) -> Events:
    """What the event logger passes on."""
    queue: Events = asyncio.Queue()

    async def listen(logger: Any, schema_id: str, data: dict[str, Any]) -> None:
        queue.put_nowait((schema_id, {key: value for key, value in data.items() if not key.startswith("__")}))

    logger: Any = server.app.event_logger
    for schema in (app.SESSION_EVENT, app.USER_EVENT):
        logger.add_listener(schema_id=schema, listener=listen)
    return queue


async def test_events(server: Server, events: Events) -> None:
    session = await server.share(name="secret plans")
    about = {"session": session["id"]}
    assert await events.get() == (app.SESSION_EVENT, {"action": "started", "read_only": False, **about})
    async with server.owner(session, observer=True) as owner:
        async with SshxClient.connect(session["tickets"]["read"], name="Ada", relays="disabled") as guest:
            ada = {"uid": guest.uid, "name": "Ada", **about}
            assert await events.get() == (app.USER_EVENT, {"action": "joined", "role": "reader", **ada})
            await owner.set_role(guest.uid, "writer")
            assert await events.get() == (app.USER_EVENT, {"action": "role", "role": "writer", **ada})
            await guest.chat("hello")
        assert await events.get() == (app.USER_EVENT, {"action": "left", "role": "writer", **ada})
    await server.call("DELETE", f"sshx/api/sessions/{session['id']}")
    ended = {"action": "stopped", "reason": "The host stopped sharing.", **about}
    assert await events.get() == (app.SESSION_EVENT, ended)


async def metrics(server: Server) -> dict[str, float]:
    """The values that Prometheus would read."""
    text = (await server.call("GET", "metrics")).body.decode()
    return {name: float(value) for name, value in re.findall(r"^(sshx_\S+) (\S+)$", text, re.MULTILINE)}


async def test_metrics(server: Server) -> None:
    before = await metrics(server)
    session = await server.share()
    async with SshxClient.connect(session["tickets"]["write"], relays="disabled") as guest:
        await guest.run("seq 1 1000", timeout=20)
        now = await metrics(server)
    right = Ticket.decode(session["tickets"]["read"])
    with pytest.raises(Refused):
        async with SshxClient.connect(Ticket(right.address, right.session_id, bytes(16), "reader"), relays="disabled"):
            pass
    await server.call("DELETE", f"sshx/api/sessions/{session['id']}")
    after = await metrics(server)
    assert (now["sshx_sessions"], now["sshx_users"]) == (1, 1)
    assert (after["sshx_sessions"], after["sshx_users"]) == (0, 0)
    assert now["sshx_joins_total"] == before["sshx_joins_total"] + 1
    assert after["sshx_sent_bytes_total"] >= now["sshx_sent_bytes_total"] > 3000
    assert after['sshx_refused_handshakes_total{reason="invalidAuth"}'] == 1


@pytest.mark.parametrize("time", ["first", "second"])
async def test_each_server_of_a_process_counts(server: Server, time: str) -> None:
    assert (await metrics(server))["sshx_sessions"] == 0
    await server.share()
    assert (await metrics(server))["sshx_sessions"] == 1


@pytest.fixture
def quick_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Activity shows at once."""
    monkeypatch.setattr(app, "ACTIVITY_PERIOD", 0.05)


async def last_activity(server: Server) -> datetime:
    """As JupyterHub and other cullers learn of it; with nothing of what Jupyter sees by itself."""
    for name in ("api_last_activity", "terminal_last_activity"):
        server.app.web_app.settings.pop(name, None)
    answer = await server.call("GET", "api/status", params={"no_track_activity": "1"})
    return datetime.fromisoformat(answer.body["last_activity"].replace("Z", "+00:00"))


async def test_a_guest_who_only_watches_keeps_the_server_alive(quick_looks: None, server: Server) -> None:
    session = await server.share()
    async with server.owner(session):
        await until(lambda: _older(server, timedelta(seconds=0.5)))  # an owner's open tab is no reason
        async with SshxClient.connect(session["tickets"]["read"], relays="disabled"):
            await asyncio.sleep(1)
            assert not await _older(server, timedelta(seconds=0.5))
        await until(lambda: _older(server, timedelta(seconds=0.5)))


@pytest.mark.parametrize("sshx_config", [{"SshxApp": {"guests_keep_alive": False}}])
async def test_what_guests_do_is_activity(quick_looks: None, server: Server) -> None:
    session = await server.share()
    async with SshxClient.connect(session["tickets"]["write"], relays="disabled") as guest:
        await guest.run("true", timeout=20)
        await until(lambda: _older(server, timedelta(seconds=0.5)))  # to stay is not to do anything
        start = datetime.now(timezone.utc)
        await guest.send(1, "x")
        await until(lambda: _since(server, start))
        start = datetime.now(timezone.utc)
        await guest.chat("still here")
        await until(lambda: _since(server, start))


async def test_who_works_through_a_pipe_is_active(
    monkeypatch: pytest.MonkeyPatch, quick_looks: None, server: Server, elsewhere: SshxNode
) -> None:
    monkeypatch.setattr(app, "KEEP_ALIVE_FRAMES", 2)
    session = await elsewhere.host(command=["sh"])
    ticket = Ticket.decode(session.read_ticket)
    dial = server.dial(session.id.hex(), ticket.endpoint_ticket)
    async with SshxClient.connect(ticket, dial=dial) as guest:
        await until(lambda: _older(server, timedelta(seconds=0.5)))
        start = datetime.now(timezone.utc)

        async def moved() -> bool:
            for x in range(20):
                await guest.set_cursor((x, 0))
            return await _since(server, start)

        await until(moved)


async def _older(server: Server, age: timedelta) -> bool:
    return datetime.now(timezone.utc) - await last_activity(server) > age


async def _since(server: Server, start: datetime) -> bool:
    return await last_activity(server) >= start


@pytest.mark.parametrize("sshx_config", [{"SshxApp": {"guests_keep_alive": False}}])
async def test_a_server_in_use_does_not_shut_itself_down(
    monkeypatch: pytest.MonkeyPatch, quick_looks: None, server: Server
) -> None:
    stopped: list[bool] = []
    monkeypatch.setattr(server.app, "stop", lambda **_: stopped.append(True))
    server.app.shutdown_no_activity_timeout = 1
    session = await server.share()
    async with SshxClient.connect(session["tickets"]["read"], relays="disabled"):
        await until(lambda: _older(server, timedelta(seconds=1.2)))
        server.app.shutdown_no_activity()
        assert not stopped

    async def stops() -> bool:
        await last_activity(server)
        server.app.shutdown_no_activity()
        return bool(stopped)

    await until(stops)


async def test_the_end_of_the_server_is_told_to_everyone(server: Server, elsewhere: SshxNode) -> None:
    terminal = await server.terminal()
    session = await server.share(terminals=[terminal])
    other = await elsewhere.host(command=["sh"])
    ticket = Ticket.decode(other.read_ticket)
    dial = server.dial(other.id.hex(), ticket.endpoint_ticket)
    async with (
        SshxClient.connect(session["tickets"]["write"], relays="disabled") as guest,
        server.owner(session) as owner,
        SshxClient.connect(ticket, dial=dial) as piped,
    ):
        await server.app.cleanup_extensions()
        for client in (guest, owner):
            with pytest.raises(SessionEnded, match="The host's Jupyter server has shut down"):
                await client.wait_for(lambda _: False)
        await piped.wait_for(lambda client: client.state == "reconnecting")
        assert server.extension.pipes == set()
        assert await server.terminals() == {terminal}  # Jupyter ends them, if it wants to
        for method, path in (("GET", "sshx/api/status"), ("POST", "sshx/api/sessions")):
            assert (*await server.call(method, path),) == (503, "shuttingDown")
        assert await server.sessions() == []
        with pytest.raises(Unreachable, match="shutting down"):
            await server.dial(session["id"])()
    await server.app.cleanup_extensions()


async def test_being_stopped_twice_at_once_cuts_nothing_short(server: Server) -> None:
    """As when someone presses Ctrl-C twice: Jupyter ends with whichever is through first."""
    session = await server.share()
    async with SshxClient.connect(session["tickets"]["write"], relays="disabled") as guest:
        await asyncio.wait(
            [asyncio.ensure_future(server.app.cleanup_extensions()) for _ in range(2)],
            return_when=asyncio.FIRST_COMPLETED,
        )
        assert server.extension.manager is None
        with pytest.raises(SessionEnded, match="The host's Jupyter server has shut down"):
            await guest.wait_for(lambda _: False)


async def test_a_server_that_was_never_used_stops_too(server: Server) -> None:
    await server.extension.stop_extension()


async def test_a_server_that_stops_while_its_node_starts(server: Server) -> None:
    starting = asyncio.ensure_future(server.extension.node())
    await asyncio.sleep(0)
    await server.extension.stop_extension()
    await starting
    assert not server.extension._activity.is_running()


async def test_the_network_is_left_alone_until_something_is_shared(server: Server) -> None:
    assert await server.sessions() == []
    assert server.extension.manager is None
    await server.share()
    assert server.extension.manager is not None


@pytest.mark.parametrize("sshx_config", [{"SshxApp": {"bind": "nowhere"}}])
async def test_a_wrong_setting_gets_a_sentence(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    answer = await server.call("POST", "sshx/api/sessions", {})
    assert (*answer,) == (503, "networkUnavailable")
    assert "The network endpoint could not be opened" in answer.body["message"]
    assert "Traceback" not in caplog.text
