"""The REST API as section 8 of the design promises it to scripts."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from sshx_jupyter._version import __version__
from sshx_jupyter.client import SshxClient
from sshx_jupyter.node import SshxNode
from sshx_jupyter.protocol.handshake import Credentials, Refused
from sshx_jupyter.ticket import Ticket

from .serving import Server, until

NOBODY = "0" * 32


@pytest.fixture
def sshx_config(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Traits of `SshxApp`, which tests give by `indirect`."""
    return {"SshxApp": getattr(request, "param", {})}


async def test_shares_a_new_terminal(server: Server) -> None:
    answer = await server.call("POST", "sshx/api/sessions")
    session = answer.body
    assert answer.status == 201
    assert answer.headers["Location"] == f"/a%40b/sshx/api/sessions/{session['id']}"
    [shell] = session["shells"]
    assert await server.terminals() == {shell["terminal"]}
    assert (shell["sid"], shell["rows"], shell["cols"]) == (1, 24, 80)
    assert session["name"] == "Shared terminal"
    assert session["users"] == []
    assert session["options"] == {
        "read_only": False,
        "approve": False,
        "history": True,
        "password": False,
        "expires_at": None,
        "locked": False,
    }
    age = datetime.now(timezone.utc) - datetime.fromisoformat(session["created"].replace("Z", "+00:00"))
    assert abs(age) < timedelta(minutes=1)


async def test_tickets_and_links(server: Server) -> None:
    session = await server.share()
    for kind, role in (("write", "writer"), ("read", "reader")):
        ticket = Ticket.decode(session["tickets"][kind])
        assert (ticket.role, ticket.session_id.hex()) == (role, session["id"])
        assert session["urls"][kind] is None  # to this machine alone, a link leads others to theirs
        assert session["owner_secret"] != ticket.secret.hex()


JOIN = "https://example.org/join/"
HUB = "https://hub.example.org/user/ann/"
ELSEWHERE = {"Host": "10.0.0.7:8888"}


@pytest.mark.parametrize(
    ("sshx_config", "headers", "page"),
    [
        ({"guest_page": JOIN}, {}, JOIN),
        ({"guest_page": JOIN, "guests": True, "public_url": HUB}, ELSEWHERE, JOIN),
        ({"guests": True, "public_url": HUB}, {}, f"{HUB}sshx/guest/ID"),
        ({"guests": True, "public_url": HUB.rstrip("/")}, ELSEWHERE, f"{HUB}sshx/guest/ID"),
        ({"guests": True}, ELSEWHERE, "http://10.0.0.7:8888/a%40b/sshx/guest/ID"),
        ({"guests": True}, {"Host": "lab.example.org"}, "http://lab.example.org/a%40b/sshx/guest/ID"),
        ({"guests": True}, {}, None),
        ({"guests": True}, {"Host": "localhost:8888"}, None),
        ({"guests": True}, {"Host": "[::1]:8888"}, None),
        ({"guests": False}, ELSEWHERE, None),
        ({"guests": False, "public_url": HUB}, ELSEWHERE, None),
    ],
    indirect=["sshx_config"],
)
async def test_links_lead_to_the_first_page_that_others_can_open(
    server: Server, headers: dict[str, str], page: str | None
) -> None:
    server.app.web_app.settings["allow_remote_access"] = True  # as where it listens to more than this machine
    made = await server.share()
    path = f"sshx/api/sessions/{made['id']}"
    session = (await server.call("GET", path, headers={"Authorization": f"token {server.token}", **headers})).body
    for kind in ("write", "read"):
        expected = page and f"{page.replace('ID', session['id'])}#{session['tickets'][kind]}"
        assert session["urls"][kind] == expected


@pytest.mark.parametrize("sshx_config", [{"guests": True}], indirect=True)
async def test_on_a_hub_only_its_proxy_knows_the_address(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel asks the server itself, whose name in a cluster nobody else can use."""
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/ann/")
    server.app.web_app.settings["allow_remote_access"] = True
    made = await server.share()
    kernel = {"Authorization": f"token {server.token}", "Host": "jupyter-ann:8888"}
    for headers, known in ((kernel, False), ({**kernel, "X-Forwarded-Host": "hub.example.org"}, True)):
        session = (await server.call("GET", f"sshx/api/sessions/{made['id']}", headers=headers)).body
        assert (session["urls"]["read"] is not None) is known


@pytest.mark.parametrize("sshx_config", [{"guest_page": JOIN}], indirect=True)
async def test_a_read_only_session_has_no_link_to_write(server: Server) -> None:
    session = await server.share(read_only=True)
    assert session["urls"] == {"write": None, "read": f"{JOIN}#{session['tickets']['read']}"}


async def test_shares_running_terminals(server: Server) -> None:
    names = [await server.terminal() for _ in range(3)]
    session = await server.share(terminals=[names[2], names[0], names[2]])
    assert [shell["terminal"] for shell in session["shells"]] == [names[2], names[0]]
    assert await server.terminals() == set(names)


async def test_a_guest_sees_what_a_running_terminal_has_printed(server: Server) -> None:
    name = await server.terminal()
    pty: Any = server.extension.terminal_manager
    pty.terminals[name].ptyproc.write("echo mar''ker\n")
    session = await server.share(terminals=[name])
    async with SshxClient.connect(session["tickets"]["read"], relays="disabled") as client:
        await client.wait_for(lambda _: client.shells and "marker" in client.screen(1).text())


async def test_without_history_guests_begin_with_an_empty_screen(server: Server) -> None:
    name = await server.terminal()
    manager: Any = server.extension.terminal_manager
    pty = manager.terminals[name]
    pty.ptyproc.write("printf '\\033]2;mar''ker\\007'; echo mar''ker\n")

    async def printed() -> bool:
        return "marker\r\n" in "".join(pty.read_buffer)

    await until(printed)
    session = await server.share(terminals=[name], history=False)
    assert session["options"]["history"] is False
    assert session["shells"][0]["title"] == f"Terminal {name}"
    async with (
        SshxClient.connect(session["tickets"]["write"], relays="disabled") as guest,
        server.owner(session) as owner,
    ):
        for client in (guest, owner):
            await client.wait_for(lambda c: 1 in c._shells and c._shells[1].seq >= 0)
            assert client.screen(1).text() == ""
        assert (await guest.run("echo out''put")).output == "output\n"
        await owner.wait_for(lambda c: "output" in c.screen(1).text())
        assert "marker" not in owner.screen(1).snapshot().decode()
    assert "marker\r\n" in "".join(pty.read_buffer)  # from which Jupyter's own tabs begin


@pytest.mark.parametrize("others", [False, True])
async def test_an_unknown_terminal_creates_nothing(server: Server, others: bool) -> None:
    known = [await server.terminal()] if others else []
    answer = await server.call("POST", "sshx/api/sessions", {"terminals": [*known, "nope"]})
    assert (*answer,) == (404, "notFound")
    assert "nope" in answer.body["message"]
    assert await server.sessions() == []
    assert await server.terminals() == set(known)


async def test_an_empty_list_of_terminals_shares_none_yet(server: Server) -> None:
    session = await server.share(terminals=[])
    assert session["shells"] == []
    assert await server.terminals() == set()


async def test_a_read_only_session_has_no_writer_ticket(server: Server) -> None:
    session = await server.share(read_only=True)
    assert session["tickets"]["write"] is None
    assert session["urls"]["write"] is None
    assert session["options"]["read_only"] is True
    reader = Ticket.decode(session["tickets"]["read"])
    claim = Credentials(reader.session_id, "writer", reader.secret)
    with pytest.raises(Refused) as refused:
        async with SshxClient.connect(claim, dial=server.dial(session["id"])):
            pass
    assert refused.value.reason == "invalidAuth"


@pytest.mark.parametrize("sshx_config", [{"SshxApp": {"default_role": "reader"}}])
async def test_the_default_role_says_whether_guests_may_write(server: Server) -> None:
    assert (await server.share())["tickets"]["write"] is None
    assert (await server.share(read_only=False))["tickets"]["write"] is not None


async def test_options(server: Server) -> None:
    session = await server.share(name="  pair\nwork ", approve=True, password="hünter2", expires_in=3600)
    assert session["name"] == "pair work"
    options = session["options"]
    assert (options["approve"], options["password"]) == (True, True)
    left = datetime.fromisoformat(options["expires_at"].replace("Z", "+00:00")) - datetime.now(timezone.utc)
    assert timedelta(minutes=59) < left <= timedelta(hours=1)
    assert Ticket.decode(session["tickets"]["write"]).password


async def test_null_is_as_good_as_nothing(server: Server) -> None:
    names = ("name", "terminals", "cwd", "read_only", "approve", "password", "expires_in", "history")
    session = await server.share(**dict.fromkeys(names))
    assert len(session["shells"]) == 1
    assert session["options"]["history"] is True


async def test_a_session_ends_at_its_time(server: Server) -> None:
    ended = asyncio.Event()
    node = await server.extension.node()
    node.manager.observe(lambda event: ended.set() if event.kind == "stopped" else None)
    session = await server.share(expires_in=0.2)
    await ended.wait()
    assert (*await server.call("GET", f"sshx/api/sessions/{session['id']}"),) == (404, "notFound")


async def test_a_directory_is_relative_to_the_root(server: Server, jp_root_dir: Path, tmp_path: Path) -> None:
    (jp_root_dir / "deep" / "er").mkdir(parents=True)
    for cwd, expected in (("deep/er", jp_root_dir / "deep" / "er"), (str(tmp_path), tmp_path)):
        session = await server.share(cwd=cwd)
        async with server.owner(session) as client:
            assert (await client.run("pwd -P", timeout=20)).output.strip() == str(expected.resolve())


WRONG: list[tuple[Any, str]] = [
    (b"{", "not JSON"),
    (b"\xff\xfe", "not JSON"),
    (b"[" * 50_000, "not JSON"),
    (b"[]", "not a JSON object"),
    (b"3", "not a JSON object"),
    ({"color": 1, "name": "x"}, '"color" is not known'),
    ({"name": 7}, '"name" must be text'),
    ({"name": ""}, '"name" must be text'),
    ({"name": "\u200b \n"}, "visible"),
    ({"name": "x" * 65}, "at most 64"),
    ({"terminals": "1"}, '"terminals" must be a list'),
    ({"terminals": [1]}, '"terminals" must be a list'),
    ({"cwd": "no/such/place"}, '"cwd" is not a directory'),
    ({"cwd": "x" * 5000}, '"cwd" is not a directory'),
    ({"cwd": "a\0b"}, '"cwd" must be text'),
    ({"cwd": 1}, '"cwd" must be text'),
    ({"read_only": "yes"}, '"read_only" must be true or false'),
    ({"approve": 1}, '"approve" must be true or false'),
    ({"history": "no"}, '"history" must be true or false'),
    ({"password": ""}, '"password" must be text'),
    ({"password": 1234}, '"password" must be text'),
    ({"password": "x" * 1025}, "at most 1024"),
    ({"expires_in": 0}, "greater than 0"),
    ({"expires_in": -5}, "greater than 0"),
    ({"expires_in": True}, "must be a number"),
    ({"expires_in": "2h"}, "must be a number"),
    ({"expires_in": 1e300}, "a year"),
    (b'{"expires_in": NaN}', "must be a number"),
    (b'{"expires_in": Infinity}', "a year"),
    (b'{"expires_in": 1' + b"0" * 400 + b"}", "a year"),
]


async def test_wrong_bodies_are_explained_and_create_nothing(server: Server) -> None:
    for body, sentence in WRONG:
        answer = await server.call("POST", "sshx/api/sessions", body)
        assert (*answer,) == (400, "invalid"), body
        assert sentence in answer.body["message"], (body, answer.body)
    assert (*await server.call("POST", "sshx/api/sessions", b" " * 70_000),) == (413, "tooLarge")
    assert await server.sessions() == []
    assert await server.terminals() == set()


async def test_lists_and_reads(server: Server) -> None:
    assert await server.sessions() == []
    first, second = await server.share(name="one"), await server.share(name="two")
    listed = (await server.call("GET", "sshx/api/sessions")).body
    assert [(session["id"], session["name"]) for session in listed] == [(first["id"], "one"), (second["id"], "two")]
    assert (await server.call("GET", f"sshx/api/sessions/{second['id']}")).body == second


async def test_users_are_listed(server: Server) -> None:
    session = await server.share()
    async with (
        SshxClient.connect(session["tickets"]["read"], name="Ada", relays="disabled") as guest,
        server.owner(session, observer=True),
    ):
        await guest.set_focus(1)
        await guest.request_write()
        await guest.wait_for(lambda _: guest.users and guest.users[guest.uid].wants_write)
        [user] = (await server.call("GET", f"sshx/api/sessions/{session['id']}")).body["users"]
    color = user.pop("color")
    assert color.startswith("#")
    assert user == {"uid": guest.uid, "name": "Ada", "role": "reader", "focus": 1, "wants_write": True}


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
@pytest.mark.parametrize("session_id", [NOBODY, "x", "0" * 31, "g" * 32, "0" * 33, "%20" + "0" * 31])
async def test_there_is_no_such_session(server: Server, method: str, session_id: str) -> None:
    await server.extension.node()
    body: dict[str, Any] | None = {} if method == "PATCH" else None
    assert (*await server.call(method, f"sshx/api/sessions/{session_id}", body),) == (404, "notFound")


async def test_renames(server: Server) -> None:
    path = f"sshx/api/sessions/{(await server.share())['id']}"
    answer = await server.call("PATCH", path, {"name": "better"})
    assert (answer.status, answer.body["name"]) == (200, "better")
    assert (await server.call("GET", path)).body == answer.body


async def test_locks(server: Server) -> None:
    session = await server.share()
    path = f"sshx/api/sessions/{session['id']}"
    assert (await server.call("PATCH", path, {"locked": True})).body["options"]["locked"] is True
    with pytest.raises(Refused, match="locked"):
        async with SshxClient.connect(session["tickets"]["read"], relays="disabled"):
            pass
    assert (await server.call("PATCH", path, {"locked": False})).body["options"]["locked"] is False
    async with SshxClient.connect(session["tickets"]["read"], relays="disabled"):
        pass


async def test_rotates_tickets(server: Server) -> None:
    session = await server.share()
    async with SshxClient.connect(session["tickets"]["write"], relays="disabled") as inside:
        answer = await server.call("PATCH", f"sshx/api/sessions/{session['id']}", {"rotate": True})
        assert answer.body["owner_secret"] == session["owner_secret"]
        for kind in ("write", "read"):
            assert answer.body["tickets"][kind] != session["tickets"][kind]
            with pytest.raises(Refused):
                async with SshxClient.connect(session["tickets"][kind], relays="disabled"):
                    pass
            async with SshxClient.connect(answer.body["tickets"][kind], relays="disabled"):
                pass
        assert (await inside.run("echo still here", timeout=20)).exit_status == 0


async def test_wrong_changes_change_nothing(server: Server) -> None:
    session = await server.share()
    path = f"sshx/api/sessions/{session['id']}"
    for body in ({"rotate": False}, {"locked": "no", "name": "x"}, {"name": " "}, {"read_only": False}, b"[]", b"nope"):
        assert (*await server.call("PATCH", path, body),) == (400, "invalid"), body
    assert (await server.call("PATCH", path, {})).body == session


async def test_stopping_leaves_the_terminal(server: Server) -> None:
    name = await server.terminal()
    session = await server.share(terminals=[name])
    async with SshxClient.connect(session["tickets"]["write"], relays="disabled") as guest:
        answer = await server.call("DELETE", f"sshx/api/sessions/{session['id']}")
        assert (answer.status, answer.body) == (204, b"")
        await wait_until_ended(guest)
    assert guest.ended == "The host stopped sharing."
    assert await server.terminals() == {name}
    assert await server.sessions() == []
    again = await server.share(terminals=[name])
    async with server.owner(again) as client:
        assert (await client.run("echo $((6 * 7))", timeout=20)).output == "42\n"


async def test_stopping_may_close_the_terminals(server: Server) -> None:
    kept = await server.terminal()
    session = await server.share()
    path = f"sshx/api/sessions/{session['id']}"
    assert (*await server.call("DELETE", path, params={"terminals": "all"}),) == (400, "invalid")
    assert len(await server.terminals()) == 2
    assert (await server.call("DELETE", path, params={"terminals": "close"})).status == 204

    async def closed() -> bool:
        return await server.terminals() == {kept}

    await until(closed)


@pytest.mark.parametrize("sshx_config", [{"SshxApp": {"sessions": 2, "shells": 2}}])
async def test_bounds(server: Server) -> None:
    names = [await server.terminal() for _ in range(3)]
    answer = await server.call("POST", "sshx/api/sessions", {"terminals": names})
    assert (*answer,) == (409, "full")
    assert "at most 2 shells" in answer.body["message"]
    first = await server.share(terminals=names[:2])
    await server.share(terminals=names[2:])
    answer = await server.call("POST", "sshx/api/sessions")
    assert (*answer,) == (409, "full")
    assert "at most 2 sessions" in answer.body["message"]
    assert await server.terminals() == set(names)
    await server.call("DELETE", f"sshx/api/sessions/{first['id']}")
    await server.share()


async def test_a_shell_that_cannot_be_started(server: Server) -> None:
    manager: Any = server.extension.terminal_manager
    manager.shell_command = ["/no/such/shell"]
    answer = await server.call("POST", "sshx/api/sessions")
    assert (*answer,) == (503, "terminalFailed")
    assert await server.sessions() == []


async def test_status(server: Server) -> None:
    await server.share()
    await server.share(terminals=[])
    status = (await server.call("GET", "sshx/api/status")).body
    assert status["version"] == __version__
    assert status["relay_url"] is None
    [address] = status["direct_addresses"]
    assert address.startswith("127.0.0.1:")
    assert (status["sessions"], status["shells"], status["users"], status["pipes"]) == (2, 1, 0, 0)
    assert status["terminals_available"] is True
    assert status["default_role"] == "writer"
    assert status["guests"] is False


@pytest.mark.parametrize("sshx_config", [{"SshxApp": {"bind": "nowhere"}}])
async def test_a_network_that_is_configured_wrongly(server: Server) -> None:
    for method, path in (("GET", "sshx/api/status"), ("POST", "sshx/api/sessions")):
        answer = await server.call(method, path)
        assert (*answer,) == (503, "networkUnavailable")
        assert "could not be opened" in answer.body["message"]
    assert await server.sessions() == []
    assert await server.terminals() == set()


async def test_other_methods_and_addresses(server: Server) -> None:
    assert (*await server.call("PUT", "sshx/api/sessions", {}),) == (405, "methodNotAllowed")
    assert (*await server.call("DELETE", "sshx/api/status"),) == (405, "methodNotAllowed")
    assert (*await server.call("GET", "sshx/api/nothing"),) == (404, "notFound")
    assert (*await server.call("GET", "sshx/api"),) == (404, "notFound")


async def test_a_fault_of_ours_shows_no_traceback(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sshx_jupyter.server.api.session_model", None)
    answer = await server.call("POST", "sshx/api/sessions")
    assert (*answer,) == (500, "internal")
    assert "Traceback" not in json.dumps(answer.body)


async def test_secrets_are_not_logged(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    session = await server.share(password="correct horse battery")
    path = f"sshx/api/sessions/{session['id']}"
    changed = (await server.call("PATCH", path, {"rotate": True})).body
    await server.call("POST", "sshx/api/sessions", b'{"password": "correct horse battery"')
    await server.call("POST", "sshx/api/sessions", {"password": "correct horse battery", "name": 5})
    secrets = {"correct horse", session["owner_secret"]}
    for model in (session, changed):
        for ticket in model["tickets"].values():
            secrets |= {ticket, Ticket.decode(ticket).secret.hex()}
    async with SshxClient.connect(changed["tickets"]["read"], password="correct horse battery", relays="disabled"):
        pass
    await server.call("GET", f"sshx/p2p/{session['id']}", params={"ticket": ticket}, follow_redirects=False)
    # Where none belongs, but somebody may put one.
    await server.call("GET", f"sshx/api/sessions/{'0' * 32}", params={"token": server.token, "ticket": ticket})
    for name in ("ticket", "secret", "owner_secret", "password"):
        await server.call("GET", f"sshx/api/link/{session['id']}", params={name: "a mislaid secret"})
    secrets |= {server.token, "mislaid"}
    await server.call("DELETE", path)
    assert any("sshx/api/sessions" in record.getMessage() for record in caplog.records)
    for secret in secrets:
        assert secret not in caplog.text


async def wait_until_ended(client: SshxClient) -> None:
    async for _ in client:
        pass


RELAY = "https://relay.example.org/"


@pytest.fixture
def with_a_relay(monkeypatch: pytest.MonkeyPatch) -> None:
    """The host's address names a relay, though none is asked: what an invite file is made of."""
    monkeypatch.setattr(SshxNode, "relay_url", RELAY)


async def test_an_invite_file_needs_a_relay(server: Server) -> None:
    session = await server.share()
    answer = await server.call("GET", f"sshx/api/sessions/{session['id']}/invite")
    assert (answer.status, answer.body["reason"]) == (503, "noRelay")
    assert "SshxApp.relays" in answer.body["message"]


@pytest.mark.usefixtures("with_a_relay")
@pytest.mark.parametrize(
    ("query", "role", "seconds"),
    [
        ({}, "reader", 86_400),
        ({"role": "writer", "expires_in": "60"}, "writer", 60),
        ({"expires_in": "0.5e3"}, "reader", 500),
    ],
)
async def test_an_invite_file(server: Server, query: dict[str, str], role: str, seconds: float) -> None:
    session = await server.share()
    invite = (await server.call("GET", f"sshx/api/sessions/{session['id']}/invite", params=query)).body
    [text] = re.findall(r'id="sshx-invite">(.*?)</script>', invite["html"])
    ticket = Ticket.decode(text)
    assert (invite["role"], ticket.role, ticket.session_id.hex()) == (role, role, session["id"])
    assert ticket.expires == pytest.approx(time.time() + seconds, abs=5)
    assert datetime.fromisoformat(invite["expires_at"].replace("Z", "+00:00")).timestamp() == ticket.expires
    assert ticket.secret != Ticket.decode(session["tickets"]["read"]).secret
    for others in (session["owner_secret"], *session["tickets"].values()):
        assert others not in invite["html"]


@pytest.mark.usefixtures("with_a_relay")
@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"role": "owner"}, '"role" can only be'),
        ({"role": ""}, '"role" can only be'),
        ({"expires_in": "soon"}, '"expires_in" must be a number'),
        ({"expires_in": "0"}, "at most a year"),
        ({"expires_in": "nan"}, "at most a year"),
        ({"expires_in": "1e9"}, "at most a year"),
    ],
)
async def test_an_invite_file_that_makes_no_sense(server: Server, query: dict[str, str], said: str) -> None:
    session = await server.share()
    answer = await server.call("GET", f"sshx/api/sessions/{session['id']}/invite", params=query)
    assert (answer.status, answer.body["reason"]) == (400, "invalid")
    assert said in answer.body["message"]


@pytest.mark.usefixtures("with_a_relay")
async def test_invite_files_that_there_are_not(server: Server) -> None:
    session = await server.share(read_only=True)
    answer = await server.call("GET", f"sshx/api/sessions/{session['id']}/invite", params={"role": "writer"})
    assert (answer.status, answer.body["reason"]) == (400, "invalid")
    assert (await server.call("GET", f"sshx/api/sessions/{NOBODY}/invite")).status == 404
