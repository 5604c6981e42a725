"""The people of a session as the others see them: names, colors, and the several clients of one person."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from sshx_jupyter.account import account_name
from sshx_jupyter.client.command import CommandError
from sshx_jupyter.host.names import clean_name
from sshx_jupyter.host.share_options import ShareOptions
from sshx_jupyter.links import Link, LinkClosed
from sshx_jupyter.protocol.handshake import ClientKey, Credentials
from sshx_jupyter.protocol.messages import (
    Chat,
    Closed,
    Data,
    Done,
    Error,
    Hello,
    Ping,
    Pong,
    Role,
    SetCursor,
    SetName,
)
from tests.sessions import Host, RawClient, credentials, own_key


async def test_a_host_with_two_clients_is_one_person(host: Host) -> None:
    session, events = await host.create(), list[tuple[str, str]]()
    session.observe(lambda event: events.append((event.kind, event.user.name if event.user is not None else "")))

    def account(name: str) -> Callable[[], Awaitable[Link]]:
        return lambda: host.dial(account=name)

    async with contextlib.AsyncExitStack() as stack:
        enter = stack.enter_async_context
        guest = await enter(host.connect(session, "reader", name="Bob", dial=account("ada")))
        first = await enter(host.connect(session, "owner", name="Ada", dial=account("ada")))
        tab = await enter(host.connect(session, "owner", name="Ada", observer=True, dial=account("ada")))
        await tab.set_listed(True)
        await tab.set_focus(1)
        other = await enter(host.connect(session, "owner", name="Cleo", dial=account("cleo")))
        nobody = await enter(host.connect(session, "owner", name="Dan"))
        await guest.wait_for(lambda c: len(c.users) == 5 and c.users[tab.uid].focus == 1)
        assert list(guest.people) == [guest.uid, first.uid, other.uid, nobody.uid]
        assert guest.people[first.uid].focus == 1
        assert set(tab.people) == {guest.uid, tab.uid, other.uid, nobody.uid}
        assert len(session.people()) == 4
        assert guest.users[first.uid].person not in ("", "ada")
        assert guest.users[guest.uid].person == guest.users[nobody.uid].person == ""
        await tab.set_listed(False)
        await first.close()
        await guest.wait_for(lambda c: len(c.users) == 3)
    comings = [event for event in events if event[0] in ("joined", "left")]
    assert comings[:5] == [
        ("joined", "Bob"),
        ("joined", "Ada"),
        ("joined", "Cleo"),
        ("joined", "Dan"),
        ("left", "Ada"),
    ]


async def test_the_same_account_is_another_person_in_another_session(host: Host) -> None:
    persons = set()
    for _ in range(2):
        async with host.connect(await host.create(), "owner", dial=lambda: host.dial(account="ada")) as client:
            persons.add(client.users[client.uid].person)
    assert len(persons) == 2


async def test_cursors_names_and_focus_are_seen(host: Host) -> None:
    session = await host.create()
    async with host.connect(session) as ann, host.connect(session) as bob:
        sid = next(iter(ann.shells))
        await ann.set_cursor((1.5, -2.0))
        await ann.set_focus(sid)
        await ann.set_name("Ann")
        await bob.wait_for(
            lambda c: (user := c.users.get(ann.uid)) and (user.cursor, user.focus, user.name) == ((1.5, -2), sid, "Ann")
        )
        with pytest.raises(CommandError, match="visible character"):
            await ann.set_name("\x00\n ")
        await ann.set_color("#12aB9f")
        await bob.wait_for(lambda c: c.users[ann.uid].color == "#12aB9f")
        for color in ("red", "#12ab9", "#12ab9f\n", ""):
            with pytest.raises(CommandError, match="#rrggbb"):
                await ann.set_color(color)
    async with host.connect(session, "owner", observer=True) as observer:
        assert observer.users == {}
        async with host.connect(session, "reader") as reader:
            await observer.wait_for(lambda c: reader.uid in c.users)
            assert observer.uid not in reader.users
    async with host.connect(session, "writer", observer=True) as sneaky:
        assert sneaky.uid in session.users()


@pytest.mark.parametrize(
    ("name", "clean"),
    [("  Ann \t Lee ", "Ann Lee"), ("a\x1b[31mb", "a [31mb"), ("\u202eevil", "evil"), ("x" * 100, "x" * 64), ("", "")],
)
def test_names_are_one_visible_line(name: str, clean: str) -> None:
    assert clean_name(name, 64) == clean


@pytest.mark.parametrize("name", ["Ada", None])
async def test_an_owner_without_a_name_is_the_person_who_shares(host: Host, name: str | None) -> None:
    session = await host.manager.create(ShareOptions(), host=name)
    expected = name or account_name() or "Host"
    async with host.connect(session, "owner") as owner, host.connect(session) as guest:
        await owner.wait_for(lambda c: guest.uid in c.people)
        assert [owner.people[c.uid].name for c in (owner, guest)] == [expected, f"Guest {guest.uid}"]


async def test_people_who_are_here_at_once_have_different_colors(host: Host) -> None:
    session = await host.create()
    async with host.connect(session) as ann:
        for _ in range(12):  # more than there are colors
            async with host.connect(session):
                pass
        async with host.connect(session) as bob:
            assert bob.users[bob.uid].color != bob.users[ann.uid].color
            async with host.connect(session) as carol:
                colors = {user.color for user in carol.users.values()}
            assert len(colors) == 3


async def test_a_guest_and_its_companion_are_one_user(host: Host) -> None:
    session = await host.create()
    async with host.connect(session, "owner") as owner, host.connect(session, "writer", name="Ann") as ann:
        joins: list[str] = []
        session.observe(lambda event: joins.append(event.kind))
        view = RawClient(await host.dial(), own_key(session, "writer", ann))
        await view.join(kind="companion")
        hello = await view.until(Hello)
        assert (hello.uid, hello.info["role"]) == (ann.uid, "writer")
        assert hello.info["token"] != ann.info["token"]
        assert set(session.users()) == {owner.uid, ann.uid}
        await view.send(SetName(1, "Ann B."), SetCursor((3, 4)), Chat(2, "from the view"))
        await owner.wait_for(lambda c: c.users[ann.uid].cursor == (3, 4) and c.messages)
        assert owner.users[ann.uid].name == "Ann B."
        assert (owner.messages[-1].uid, owner.messages[-1].name) == (ann.uid, "Ann B.")
        await owner.set_role(ann.uid, "reader")
        await owner.wait_for(lambda c: c.users[ann.uid].role == "reader")
        await view.send(Data(1, 0, b"x"))
        error = await view.until(Error)
        assert (error.code, error.details) == ("notAllowed", {"sid": 1, "n": 0, "bytes": 1})
        await view.link.close()
        await owner.chat("still there?")
        await ann.wait_for(lambda c: c.messages[-1].text == "still there?")
        assert ann.uid in session.users()
        assert not {"joined", "left"} & set(joins)


async def test_a_companion_goes_with_its_user(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    session = await host.create()
    async with host.connect(session, "owner") as owner:
        async with host.connect(session, "writer") as ann:
            key = own_key(session, "writer", ann)
            views = [RawClient(await host.dial(), key) for _ in range(2)]
            for view in views:
                await view.join(kind="companion")
                await view.until(Hello)
            for companion in [participant for participant in session._sender if participant.main is not None]:
                monkeypatch.setattr(companion.link, "close", slowly(companion.link.close))
        with pytest.raises(LinkClosed):  # they may come back once their user has
            await asyncio.gather(*(view.until(Closed) for view in views))
        late = RawClient(await host.dial(), key)
        await late.join(kind="companion")
        assert (await late.until(Closed)).code == "busy"
        async with host.connect(session, "writer") as ann:
            view = RawClient(await host.dial(), own_key(session, "writer", ann))
            await view.join(kind="companion")
            await view.until(Hello)
            await owner.kick(ann.uid, "bye")
            assert (await view.until(Closed)).code == "removed"


def slowly(close: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    async def close_slowly(reason: str = "") -> None:
        await asyncio.sleep(0.1)
        await close(reason)

    return close_slowly


async def test_a_companion_stays_when_its_users_link_is_replaced(host: Host) -> None:
    session = await host.create()
    first = RawClient(await host.dial(), credentials(session, "writer"))
    await first.join(name="Ann")
    hello = await first.until(Hello)
    view = RawClient(await host.dial(), own_key(session, "writer", hello))
    await view.join(kind="companion")
    await view.until(Hello)
    second = RawClient(await host.dial(), own_key(session, "writer", hello))
    await second.join()
    assert (await second.until(Hello)).uid == hello.uid
    await first.until(Closed)
    await view.send(SetName(1, "Bea"), Ping(1.0))
    await view.until(Pong)
    assert session.users()[hello.uid].name == "Bea"


async def test_a_ticket_makes_nobody_a_companion(host: Host) -> None:
    session = await host.create()
    sneaky = RawClient(await host.dial(), credentials(session, "reader"))
    await sneaky.join(kind="companion")
    assert (await sneaky.until(Closed)).code == "invalidAuth"


async def test_each_kind_of_client_goes_on_with_its_own_stream(host: Host) -> None:
    session = await host.create()
    main = RawClient(await host.dial(), credentials(session, "writer"))
    await main.join()
    of_main = own_key(session, "writer", await main.until(Hello))
    cases: tuple[tuple[Role, Credentials | ClientKey, dict[str, Any]], ...] = (
        ("writer", of_main, {"kind": "companion"}),
        ("owner", credentials(session, "owner"), {"kind": "mirror"}),
        ("reader", credentials(session, "reader"), {}),
    )
    for role, key, wishes in cases:
        first = RawClient(await host.dial(), key)
        await first.join(**wishes)
        hello = await first.until(Hello)
        assert (hello.info["input"], hello.info["req"]) == (0, 0)
        await first.send(Data(1, 0, b" "), Chat(1, "hello"), Ping(1.0))
        assert (await first.until(Pong)).taken == 1
        await first.link.close()
        again = RawClient(await host.dial(), own_key(session, role, hello))
        await again.join(**wishes)
        resumed = await again.until(Hello)
        assert (resumed.uid, resumed.info["input"], resumed.info["req"]) == (hello.uid, 1, 1)
        said = len(session._chat)
        await again.send(Data(1, 0, b" x"), Chat(1, "hello"))
        assert await again.until(Done) == Done(1)
        assert len(session._chat) == said  # answered once more, not said once more
        await again.send(Ping(2.0))
        assert (await again.until(Pong)).taken == 2
        await again.send(Data(1, 9, b"y"))  # what came before is missing
        assert (await again.until(Closed)).code == "malformed"
