"""The extension's settings."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import pytest
from jupyter_server.extension.config import ExtensionConfigManager
from traitlets import TraitError

import sshx_jupyter
from sshx_jupyter.client import SshxClient
from sshx_jupyter.host.limits import Limits
from sshx_jupyter.node import SshxNode
from sshx_jupyter.server.app import SshxApp
from sshx_jupyter.ticket import Ticket
from tests.servers import free_port

from .serving import Server

NO_TERMINALS = {"ServerApp": {"terminals_enabled": False}}


def test_every_limit_is_a_trait_with_its_default_and_help() -> None:
    traits = SshxApp.class_traits(config=True)
    for limit in fields(Limits):
        assert traits[limit.name].default() == limit.default
        assert traits[limit.name].help == limit.metadata["help"]
    assert SshxApp().limits == Limits()


def test_limits_can_be_set_but_not_to_nonsense() -> None:
    app = SshxApp(users=3, silence=2.5)
    assert asdict(app.limits) == {**asdict(Limits()), "users": 3, "silence": 2.5}
    for name, value in (("users", 0), ("window", -1), ("silence", 0.0), ("chat_burst", "many")):
        with pytest.raises(TraitError):
            setattr(app, name, value)


def test_every_trait_says_what_it_is_for() -> None:
    for name, trait in SshxApp.class_own_traits(config=True).items():
        assert trait.help, name


NO_ADDRESS = [
    *("hub.example.org", "ftp://hub.example.org", "https://", "https:///join", "https://[::1/", "javascript:alert(1)"),
    *("https://a.example/#x", "https://a.example/ b", "https://me:word@a.example/", 'https://a.example/"onload="'),
]


@pytest.mark.parametrize("trait", ["guest_page", "public_url"])
@pytest.mark.parametrize("value", NO_ADDRESS)
def test_an_address_that_links_begin_with_is_one(trait: str, value: str) -> None:
    with pytest.raises(TraitError, match=f'SshxApp.{trait} must be an address such as "https://'):
        SshxApp(**{trait: value})
    for right in ("", "https://example.org/join/", "http://10.0.0.7:8888/a%40b", "https://example.org/?join"):
        assert getattr(SshxApp(**{trait: right}), trait) == right


def test_a_hub_may_tell_the_public_address(monkeypatch: pytest.MonkeyPatch) -> None:
    assert SshxApp().public_url == ""
    monkeypatch.setenv("JUPYTERHUB_PUBLIC_URL", "https://hub.example.org/user/ann/")
    assert SshxApp().public_url == "https://hub.example.org/user/ann/"
    assert SshxApp(public_url="https://other.example/").public_url == "https://other.example/"


@pytest.mark.parametrize("sshx_config", [{"SshxApp": {"key_file": "key"}}])
async def test_the_key_file_keeps_the_identity(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    status = (await server.call("GET", "sshx/api/status")).body
    assert len((tmp_path / "key").read_bytes()) == 32
    await server.extension.stop_extension()
    async with await SshxNode.spawn(relays="disabled", bind="127.0.0.1:0", key_file="key") as node:
        assert node.endpoint_id == status["endpoint_id"]


@pytest.mark.parametrize("sshx_config", [{"SshxApp": {"relays": "", "bind": "127.0.0.1:0"}}])
@pytest.mark.parametrize("value", ["disabled", "rubbish"])
async def test_the_environment_says_which_relays(server: Server, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSHX_RELAYS", value)
    answer = await server.call("GET", "sshx/api/status")
    if value == "disabled":
        assert answer.body["relay_url"] is None
    else:
        assert (*answer,) == (503, "networkUnavailable")
        assert "Relays are" in answer.body["message"]


async def test_the_setting_goes_before_the_environment(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSHX_RELAYS", "rubbish")
    assert (await server.call("GET", "sshx/api/status")).status == 200


@pytest.mark.parametrize("sshx_config", [{"SshxApp": {"relays": ["https://one.example", "https://two.example"]}}])
async def test_kernels_go_the_same_ways(server: Server) -> None:
    assert os.environ["SSHX_RELAYS"] == "https://one.example,https://two.example"


@pytest.mark.parametrize("sshx_config", [NO_TERMINALS])
async def test_without_terminals_one_can_join_but_not_share(server: Server, elsewhere: SshxNode) -> None:
    for body in (None, {"terminals": ["1"]}, {"nonsense": 1}):
        answer = await server.call("POST", "sshx/api/sessions", body)
        assert (*answer,) == (403, "terminalsDisabled")
        assert "Terminals are disabled on this Jupyter server" in answer.body["message"]
    assert (await server.call("GET", "sshx/api/status")).body["terminals_available"] is False
    assert await server.sessions() == []
    session = await elsewhere.host(command=["sh"])
    assert session.ticket is not None
    ticket = Ticket.decode(session.ticket)
    dial = server.dial(session.id.hex(), ticket.endpoint_ticket)
    async with SshxClient.connect(ticket, dial=dial) as guest:
        assert (await guest.run("echo $((6 * 7))", timeout=20)).output == "42\n"


def test_installing_enables_the_extension(tmp_path: Path) -> None:
    package = Path(sshx_jupyter.__file__).parent
    folder = tmp_path / "jupyter_server_config.d"
    folder.mkdir()
    (folder / "sshx_jupyter.json").write_bytes((package / "server" / "sshx_jupyter.json").read_bytes())
    manager: Any = ExtensionConfigManager(read_config_path=[str(tmp_path)])
    assert manager.get_jpserver_extensions() == {"sshx_jupyter": True}
    [point] = sshx_jupyter._jupyter_server_extension_points()
    assert point["app"] is SshxApp


@pytest.mark.parametrize("sshx_config", [{"SshxApp": {"relays": [f"http://127.0.0.1:{free_port()}"]}}])
async def test_answers_with_tickets_wait_once_for_a_relay(server: Server) -> None:
    started = time.monotonic()
    sharing = asyncio.ensure_future(server.share())
    while server.extension.manager is None or not server.extension.manager.sessions:
        await asyncio.sleep(0.02)
    assert time.monotonic() - started < 2
    [listed] = (await server.call("GET", "sshx/api/sessions")).body
    assert listed["id"] == (await sharing)["id"]
    assert 4.5 < time.monotonic() - started < 7
    started = time.monotonic()
    await server.share()
    await server.sessions()
    assert time.monotonic() - started < 1
    status = (await server.call("GET", "sshx/api/status")).body
    assert (status["relay_url"], status["wants_relay"]) == (None, True)


async def test_nothing_waits_for_a_relay_where_relays_are_disabled(server: Server) -> None:
    started = time.monotonic()
    await server.share()
    assert time.monotonic() - started < 2
    assert (await server.call("GET", "sshx/api/status")).body["wants_relay"] is False
