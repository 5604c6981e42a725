"""What a client tells and does before the host has let it in."""

from __future__ import annotations

import asyncio

import pytest

from sshx_jupyter.client import SshxClient
from sshx_jupyter.client.events import Event, StateChanged
from sshx_jupyter.client.retry import NO_ANSWER, NO_ANSWER_YET
from sshx_jupyter.links import Link, LinkClosed, Unreachable
from tests.sessions import Host, hosting


@pytest.fixture(autouse=True)
def _in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sshx_jupyter.client.client.LATE", 0.05)
    monkeypatch.setattr("sshx_jupyter.client.client.UNREACHABLE", 0.1)
    monkeypatch.setattr("sshx_jupyter.client.retry.BACKOFF", (0.01, 0.01))


class States(list[tuple[str, str]]):
    """The states that a client was in, each with its reason."""

    def take(self, event: Event) -> None:
        if isinstance(event, StateChanged):
            self.append((event.state, event.reason))


class Away:
    """Dials a host that is not there yet: attempts fail with `errors`, the last one hangs until `back` is set."""

    def __init__(self, host: Host, *errors: Exception, back: bool = True) -> None:
        self._host = host
        self._errors = list(errors)
        self.back = asyncio.Event()
        if back:
            self.back.set()

    async def __call__(self) -> Link:
        if self._errors:
            raise self._errors.pop(0)
        await self.back.wait()
        return await self._host.dial()


async def test_the_person_is_told_step_by_step_that_there_is_no_answer() -> None:
    async with hosting() as host:
        session, states = await host.create(), States()
        away = Away(host, back=False)

        def on_event(event: Event) -> None:
            states.take(event)
            if states[-1:] == [("unreachable", NO_ANSWER)]:
                away.back.set()

        async with host.connect(session, dial=away, on_event=on_event) as client:
            assert client.state == "connected"
        assert states[:4] == [
            ("connecting", NO_ANSWER_YET),
            ("unreachable", NO_ANSWER),
            ("connecting", ""),
            ("connected", ""),
        ]


async def test_a_client_that_keeps_trying_is_in_as_soon_as_the_host_is_there() -> None:
    async with hosting() as host:
        session, states = await host.create(), States()
        away = Away(host, Unreachable("No way."), LinkClosed("cut"))
        async with host.connect(session, dial=away, keep_trying=True, on_event=states.take) as client:
            assert client.state == "connected"
        assert states[:3] == [("unreachable", "No way."), ("connecting", ""), ("connected", "")]


async def test_other_clients_fail_after_one_attempt() -> None:
    async with hosting() as host:
        session = await host.create()
        with pytest.raises(Unreachable, match="No way"):
            async with host.connect(session, dial=Away(host, Unreachable("No way."))):
                pass


async def test_giving_up_ends_the_attempts() -> None:
    async with hosting() as host:
        session, unreachable = await host.create(), asyncio.Event()

        async def join() -> None:
            away = Away(host, *[Unreachable("No way.")] * 10_000)
            async with host.connect(session, dial=away, keep_trying=True, on_event=lambda _: unreachable.set()):
                pass

        joining = asyncio.ensure_future(join())
        await unreachable.wait()
        joining.cancel()
        with pytest.raises(asyncio.CancelledError):
            await joining


async def test_a_client_that_waits_for_approval_waits_again_when_its_link_breaks() -> None:
    async with hosting() as host:
        session, states = await host.create(approve=True), States()
        waits = asyncio.Event()

        def on_event(event: Event) -> None:
            states.take(event)
            if states[-1:] and states[-1][0] == "waiting":
                waits.set()

        async def join() -> SshxClient:
            async with host.connect(session, keep_trying=True, on_event=on_event) as client:
                return client

        joining = asyncio.ensure_future(join())
        await waits.wait()
        waits.clear()
        await host.links[-1].close()
        await waits.wait()
        [uid] = [participant.uid for participant in session._sender.everyone() if participant.user.pending]
        session.approve(uid, True)
        await joining
        assert [state for state, _ in states][:4] == ["waiting", "reconnecting", "waiting", "connected"]
