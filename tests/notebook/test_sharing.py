"""Sharing and joining from cells, in both places where a session can live: a Jupyter server, and the kernel itself."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.notebook.kernels import LoneKernel, ServerKernel, lone_kernel, server_kernel
from tests.servers import TOKEN, JupyterServer, jupyter_server

pytestmark = pytest.mark.e2e

SESSIONS = "sshx/api/sessions"
LOAD = "%load_ext sshx_jupyter\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    with jupyter_server(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture
async def kernel(server: JupyterServer) -> AsyncIterator[ServerKernel]:
    """A kernel of a Jupyter server with the extension."""
    async with server_kernel(server) as kernel:
        yield kernel


@pytest.fixture
async def lone(tmp_path: Path) -> AsyncIterator[LoneKernel]:
    """A kernel that no Jupyter server has started."""
    async with lone_kernel(tmp_path) as kernel:
        yield kernel


async def prints(kernel: ServerKernel | LoneKernel, code: str) -> str:
    """What a cell prints that must not fail."""
    result = await kernel.run(code)
    assert not result.error, "\n".join(result.error)
    return result.text.strip()


async def says(kernel: ServerKernel | LoneKernel, code: str) -> str:
    """The one sentence with which a cell refuses."""
    result = await kernel.run(code)
    text = result.text.strip() or "\n".join(result.error)
    assert "Traceback" not in text
    assert len(text.splitlines()) == 1, text
    return text


async def until(condition: Callable[[], Any]) -> Any:
    """Ask again and again until the answer is true."""
    while not (found := await condition()):
        await asyncio.sleep(0.05)
    return found


async def test_the_server_hosts_what_its_kernels_share(kernel: ServerKernel, lone: LoneKernel) -> None:
    shared = await kernel.run(LOAD + "session = %sshx share --name demo")
    [bundle] = shared.displays
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert "sshx1" not in repr(shared.messages)  # what a cell puts out is saved in the notebook
    assert "demo" in bundle["text/plain"]
    [session] = await kernel.server.json("GET", SESSIONS)
    assert await prints(kernel, "print(session.ticket, session.read_ticket, session.url)") == " ".join(
        [session["tickets"]["write"], session["tickets"]["read"], "None"]
    )
    assert session["shells"][0]["terminal"] in [t["name"] for t in await kernel.server.json("GET", "api/terminals")]
    began = time.monotonic()
    ran = "r = session.run('ls /; exit_with() { return 3; }; exit_with'); print(r.exit_status, 'usr' in r.output)"
    assert await prints(kernel, ran) == "3 True"
    assert time.monotonic() - began < 1

    ticket = session["tickets"]["write"]
    join = f"import sshx_jupyter\nguest = sshx_jupyter.join({ticket!r}, name='Bob')\nprint(guest.role)"
    assert await prints(lone, join) == "writer"
    watch = "import time\nwhile not session.users: time.sleep(0.01)\nprint([u.name for u in session.users.values()])"
    assert await prints(kernel, watch) == "['Bob']"
    assert await prints(lone, "print(guest.run('echo $((40 + 2))').output)") == "42"
    await prints(lone, "guest.chat('hello there')")
    heard = "while not session.messages: time.sleep(0.01)\nprint(session.messages[0].name, session.messages[0].text)"
    assert await prints(kernel, heard) == "Bob hello there"
    await prints(kernel, "session.set_role('Bob', 'reader')")
    assert "Ask the host" in await says(lone, "guest.run('true')")
    await prints(kernel, "session.kick('Bob', 'lunch')")
    gone = "import time\nwhile not guest.ended: time.sleep(0.01)\nprint(guest.ended, guest.connected)"
    assert await prints(lone, gone) == "The host removed you from the session: lunch False"
    assert await prints(kernel, "print(session.users)") == "{}"

    listed = await prints(kernel, "%sshx list")
    assert "the Jupyter server" in listed
    assert await prints(kernel, "%sshx stop") == "Stopped sharing 'demo'."
    assert await kernel.server.json("GET", SESSIONS) == []
    assert await prints(kernel, "print(session, session.ticket)") == "<SharedSession 'demo': You stopped sharing.> None"


async def test_a_command_shows_alone_in_the_servers_default_shell(tmp_path: Path) -> None:
    """A login shell, as the server has no terminal of its own."""
    (tmp_path / ".bash_profile").write_text("PS1='$ '\n")
    with jupyter_server(tmp_path, login_shells=True) as server:
        async with server_kernel(server) as kernel:
            await prints(kernel, "import sshx_jupyter, asyncio\nsession = sshx_jupyter.share()")
            ran = "r = session.run('echo hi'); print(r.output, r.exit_status)"
            assert await prints(kernel, ran) == "hi\n 0"
            assert await prints(kernel, "print(session.run('shopt -q login_shell').exit_status)") == "0"
            [session] = await server.json("GET", SESSIONS)
            async with server.owner(session) as client:
                await client.wait_for(lambda c: 1 in c._shells and c._shells[1].seq >= 0)
                shown = ["$ echo hi", "hi", "$ shopt -q login_shell", "$"]
                assert [line.rstrip() for line in client.screen(1).text().splitlines()] == shown
                os.mkfifo(tmp_path / "fifo")
                await client.send(1, f"cat {tmp_path}/fifo\r")
                await client.wait_for(lambda c: not c._shells[1].prompt.at_prompt)
            await prints(
                kernel, f"told, print = print, lambda *a, **k: (told(*a), open('{tmp_path}/fifo', 'w').close())"
            )
            await prints(kernel, "import builtins; builtins.print = print")
            waits = "Shell 1 is not at its prompt. The command waits for it."
            assert await prints(kernel, "told(session.run('echo later').output)") == f"{waits}\nlater"


async def test_a_kernel_without_a_server_hosts_by_itself(lone: LoneKernel, tmp_path: Path) -> None:
    shared = await lone.run(LOAD + "session = %sshx share --name lonely")
    assert "sshx1" not in repr(shared.messages)
    began = time.monotonic()
    assert await prints(lone, "print(session.run('pwd').output)") == str(tmp_path)
    assert time.monotonic() - began < 1
    assert "this kernel" in await prints(lone, "%sshx list")
    ticket = await prints(lone, "print(session.read_ticket)")
    async with lone_kernel(tmp_path) as other:
        await prints(other, f"import sshx_jupyter\nguest = sshx_jupyter.join({ticket!r}, name='Eve')")
        watch = "import time\nwhile not session.users: time.sleep(0.01)\nprint([*session.users.values()][0].role)"
        assert await prints(lone, watch) == "reader"
        assert await prints(other, "print(guest.ticket, guest.read_ticket == " + repr(ticket) + ")") == "None True"
        await prints(lone, "session.stop()")
        gone = "import time\nwhile not guest.ended: time.sleep(0.01)\nprint(guest.ended)"
        assert await prints(other, gone) == "The host stopped sharing."


async def test_a_view_stops_sharing(kernel: ServerKernel, lone: LoneKernel) -> None:
    """As the widget's *Stop sharing* asks the kernel to; nobody stops what someone else hosts."""
    stop = "\nsession._handle_custom_msg({'type': 'stop', 'id': 'view'}, [])"
    await prints(kernel, LOAD + "import sshx_jupyter\nhosted = sshx_jupyter.share()")
    ticket = await prints(kernel, "print(hosted.ticket)")
    await prints(lone, LOAD + f"import sshx_jupyter\nsession = sshx_jupyter.join({ticket!r})" + stop)
    await prints(kernel, "session = hosted" + stop)

    async def ended() -> bool:
        return await prints(kernel, "print(hosted.ended)") == "You stopped sharing."

    await until(ended)
    assert await stopped(kernel.server)


async def test_running_a_cell_again_shares_nothing_twice(kernel: ServerKernel) -> None:
    await prints(kernel, LOAD + "first = %sshx share")
    await prints(kernel, LOAD + "again = %sshx share")
    assert await prints(kernel, "print(first is again, again.connected)") == "True True"
    assert len(await kernel.server.json("GET", SESSIONS)) == 1
    ticket = "import sshx_jupyter\nguest = sshx_jupyter.join(first.read_ticket)"
    await prints(kernel, ticket)
    assert await prints(kernel, "print(sshx_jupyter.join(first.read_ticket) is guest)") == "True"
    shown = await kernel.run("%sshx share --name other")
    assert len(shown.displays) == 1  # and what the magic gives back is not shown as well
    assert len(await kernel.server.json("GET", SESSIONS)) == 2
    assert "several" in await says(kernel, "%sshx stop")
    await prints(kernel, "first.stop()\nthird = %sshx share\nprint(third is first)")
    assert len(await kernel.server.json("GET", SESSIONS)) == 2


async def test_without_history_guests_begin_with_an_empty_screen(kernel: ServerKernel) -> None:
    existing = await kernel.server.terminal()
    async with kernel.server.open_terminal(existing) as tab:
        await tab.type("echo mar''ker\r")
        await tab.wait_for("marker\r\n")
    await prints(kernel, LOAD + f"magic = %sshx share --terminal {existing} --no-history")
    options = f"'python', terminals={existing!r}, history=False"
    await prints(kernel, f"import sshx_jupyter\nfunction = sshx_jupyter.share({options})")
    await prints(kernel, f"shown = %sshx share --name shown --terminal {existing}")
    models = await kernel.server.json("GET", SESSIONS)
    assert [model["options"]["history"] for model in models] == [False, False, True]
    for model in models:
        async with kernel.server.owner(model) as owner:
            await owner.wait_for(lambda c: 1 in c._shells and c._shells[1].seq >= 0)
            assert ("marker" in owner.screen(1).text()) is model["options"]["history"]


async def test_restarting_the_kernel_ends_its_sessions_and_idle_terminals(kernel: ServerKernel) -> None:
    existing = await kernel.server.terminal()
    await prints(kernel, LOAD + f"%sshx share --terminal {existing}")
    await prints(kernel, "new = %sshx share --name new")
    [shared, new] = await kernel.server.json("GET", SESSIONS)
    assert shared["shells"][0]["terminal"] == existing
    made = new["shells"][0]["terminal"]
    await prints(kernel, "new.run('true')")
    await kernel.restart()
    await until(lambda: stopped(kernel.server))
    left = [terminal["name"] for terminal in await kernel.server.json("GET", "api/terminals")]
    assert existing in left
    assert made not in left


async def stopped(server: JupyterServer) -> bool:
    return not await server.json("GET", SESSIONS)


async def test_a_kernel_that_is_killed_leaves_nothing_shared(tmp_path: Path) -> None:
    with jupyter_server(tmp_path, "--SshxApp.abandoned_period=6") as server:
        async with server_kernel(server) as kernel:
            pid = int(await prints(kernel, LOAD + "%sshx share\nimport os; print(os.getpid())"))
            os.kill(pid, signal.SIGKILL)
            await until(lambda: stopped(server))


@pytest.mark.parametrize(
    ("token", "config", "home"),
    [
        ("", "", "server"),
        (TOKEN, "c.ServerApp.jpserver_extensions['sshx_jupyter'] = False", "kernel"),
    ],
    ids=["no-token", "no-extension"],
)
async def test_the_kernel_finds_its_server(tmp_path: Path, token: str, config: str, home: str) -> None:
    with jupyter_server(tmp_path, token=token, config=config) as server:
        async with server_kernel(server) as kernel:
            await prints(kernel, LOAD + "session = %sshx share")
            assert await prints(kernel, "print(session.where, session.run('echo hi').output)") == f"{home} hi"
            assert home in await prints(kernel, "%sshx list")
            forced = "%sshx share --name forced --where kernel\n%sshx list"
            assert "this kernel" in await prints(kernel, forced)
            if home == "kernel":
                assert "no Jupyter server" in await says(kernel, "%sshx share --where server")


async def test_what_a_person_does_wrong_is_told_in_a_sentence(kernel: ServerKernel) -> None:
    await prints(kernel, LOAD + "import sshx_jupyter")
    for line, answer in {
        "%sshx shar": "See %sshx help",
        "%sshx share --nam x": "See %sshx help",
        "%sshx share --expires soon": "such as 2h",
        "%sshx share --terminal nope": "nope",
        "%sshx share 'x": "quote",
        "%sshx share --password": "nobody here to ask",
        "%sshx join nonsense": "not an sshx ticket",
        "%sshx stop": "shares nothing",
        "%sshx stop beef": "no session of this id",
        "%sshx stop ''": "no session of this id",
        "sshx_jupyter.join('sshx1')": "",
        "sshx_jupyter.share(expires='x')": "such as 2h",
        "sshx_jupyter.share(where='moon')": '"server" or in the "kernel"',
        "sshx_jupyter.share(height=5)": "number of pixels",
        "sshx_jupyter.share(expires=-1)": "such as 2h",
        "sshx_jupyter.share(password='')": "not empty",
        "sshx_jupyter.share(name=5)": '"name" must be text',
        "sshx_jupyter.share(history='no')": '"history" must be true or false',
        "sshx_jupyter.share(read_only='yes')": '"read_only" must be true or false',
        "sshx_jupyter.share(terminals=5)": "must be a list of terminals' names",
        "sshx_jupyter.join(None)": "starts with sshx1",
    }.items():
        assert answer in await says(kernel, line), line
    assert await kernel.server.json("GET", SESSIONS) == []
    assert "share a new terminal" in await prints(kernel, "%sshx help")
    assert "share a new terminal" in await prints(kernel, "%sshx")


async def test_a_password_that_is_needed(kernel: ServerKernel, lone: LoneKernel) -> None:
    await prints(kernel, "import sshx_jupyter\nsession = sshx_jupyter.share(password='open sesame')")
    ticket = await prints(kernel, "print(session.ticket)")
    await prints(lone, LOAD + "import sshx_jupyter")
    assert "nobody here to ask" in await says(lone, f"%sshx join {ticket}")
    assert "did not accept" in await says(lone, f"sshx_jupyter.join({ticket!r}, password='wrong')")
    joined = f"print(sshx_jupyter.join({ticket!r}, password='open sesame').run('echo in').output)"
    assert await prints(lone, joined) == "in"


async def test_interrupting_a_cell_interrupts_the_command(kernel: ServerKernel) -> None:
    await prints(kernel, LOAD + "session = %sshx share")
    running = asyncio.ensure_future(kernel.run("session.run('echo begun; sleep 50')"))
    [model] = await kernel.server.json("GET", SESSIONS)
    async with kernel.server.owner(model) as owner:
        await owner.wait_for(lambda c: c._shells and "\nbegun" in c.screen(next(iter(c.shells))).text())
        await kernel.server.json("POST", f"api/kernels/{kernel.id}/interrupt")
        assert "KeyboardInterrupt" in "".join((await running).error)
    assert await prints(kernel, "print(session.run('echo free', timeout=20).output)") == "free"


async def test_nothing_is_shared_that_nobody_knows_of(kernel: ServerKernel) -> None:
    """What fails while it is made is not left behind, and what has ended for its owner is stopped."""
    failing = """
import sshx_jupyter
from sshx_jupyter.notebook.kernel_client import KernelClient
async def fail(*_): raise sshx_jupyter.SharingError("as if the link had failed")
working, KernelClient.host = KernelClient.host, fail
"""
    await prints(kernel, failing)
    for where in ("server", "kernel"):
        assert "as if" in await says(kernel, f"sshx_jupyter.share(where={where!r})")
    assert await stopped(kernel.server)
    count = "from sshx_jupyter.notebook.backends import kernel\nprint(len(kernel._node.result().manager.sessions))"
    while await prints(kernel, count) != "0":
        await asyncio.sleep(0.05)
    await prints(kernel, "KernelClient.host = working\nsession = sshx_jupyter.share()")
    broken = "session._member.client._end('failed', 'as if the client had failed')\nsession._member._tell()"
    run = f"from sshx_jupyter.notebook import background\nasync def end():\n    {broken.replace(chr(10), '; ')}"
    await prints(kernel, run + "\nbackground.call(end())")
    await until(lambda: stopped(kernel.server))


async def test_observers_that_fail_hurt_nobody(kernel: ServerKernel, lone: LoneKernel) -> None:
    await prints(kernel, "import sshx_jupyter\nsession = sshx_jupyter.share()")
    ticket = await prints(kernel, "print(session.ticket)")
    await prints(lone, f"import sshx_jupyter\nguest = sshx_jupyter.join({ticket!r}, name='Bob')")
    await prints(lone, "guest.observe(lambda change: 1 / 0)\nguest.chat('one')")
    asked = (
        "told = []\ndef ask(change):\n    try: session.run('true')\n    except Exception as error: told.append(error)"
    )
    await prints(kernel, asked + "\nsession.observe(ask, 'users')")
    await prints(lone, "guest.stop()")
    assert await prints(lone, "print(guest.users, guest.shells)") == "{} {}"
    waiting = "import time\nwhile not told: time.sleep(0.01)\nprint(told[0])"
    assert "start a thread" in await prints(kernel, waiting)
    await prints(kernel, "session.chat('two')")
    for line, answer in {
        "session.chat(' ')": "needs some text",
        "session.chat(5)": "A message is a text",
        "session.run(None)": "A command is a text",
        "session.run('true', shell='x')": "by its number",
        "session.run('true', timeout='x')": "number of seconds",
        "session.kick([1])": "no such user",
    }.items():
        assert answer in await says(kernel, line), line
    [shared] = await kernel.server.json("GET", SESSIONS)
    await kernel.server.json("PATCH", f"{SESSIONS}/{shared['id']}", {"name": "renamed"})
    await prints(kernel, "while session.name != 'renamed': time.sleep(0.01)")
    await prints(kernel, "session.chat('half \\ud83d')")
    assert await prints(kernel, "print(session.connected, [m.text for m in session.messages])") == (
        "True ['one', 'two', 'half ?']"
    )


async def test_completion(kernel: ServerKernel) -> None:
    name = await kernel.server.terminal()
    await prints(kernel, LOAD)
    complete = "print(get_ipython().complete('', {0!r}, len({0!r}))[1])"
    assert "share" in await prints(kernel, complete.format("%sshx sh"))
    assert "--read-only" in await prints(kernel, complete.format("%sshx share --r"))
    assert f"'{name}'" in await prints(kernel, complete.format("%sshx share --terminal "))
