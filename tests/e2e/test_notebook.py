"""`%sshx` and the widgets in a real JupyterLab and a real Notebook 7, in Chromium."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.e2e.browser import Person
from tests.e2e.notebooks import LOAD, Notebook, configure, root_of, write
from tests.servers import JupyterServer, jupyter_server

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180), pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(loop_scope="session")
async def host(browser: Browser, server_a: JupyterServer) -> Person:
    configure(server_a)
    return await Person.at(browser, server_a, viewport={"width": 1280, "height": 900})


@pytest_asyncio.fixture(loop_scope="session")
async def guest(browser: Browser, server_b: JupyterServer) -> Person:
    configure(server_b)
    return await Person.at(browser, server_b, viewport={"width": 1280, "height": 900})


@pytest_asyncio.fixture(loop_scope="session", autouse=True)
async def nothing_left(server_a: JupyterServer, server_b: JupyterServer) -> AsyncIterator[None]:
    """Each test begins, and leaves the servers, without kernels, sessions and terminals."""

    async def clean() -> None:
        for server in (server_a, server_b):
            for kind, key in (("sessions", "id"), ("terminals", "name")):
                for one in await server.json("GET", f"api/{kind}"):
                    await server.call("DELETE", f"api/{kind}/{one[key]}")
            for one in await server.json("GET", "sshx/api/sessions"):
                await server.call("DELETE", f"sshx/api/sessions/{one['id']}")

    await clean()
    yield
    await clean()


def busy_until(path: Path) -> str:
    """A cell that runs until there is a file of this name, deaf to all else."""
    return f"import os, time\nwhile not os.path.exists({str(path)!r}): time.sleep(0.1)"


async def test_share_and_join(host: Person, guest: Person, tmp_path: Path) -> None:
    done = tmp_path / "done"
    shared = write(
        host.server, "shared.ipynb", LOAD, "session = %sshx share --name class", "session.ticket", busy_until(done)
    )
    began = time.monotonic()
    hosting = await Notebook.open(host, shared)
    opening = time.monotonic() - began
    await hosting.run(0)
    began = time.monotonic()
    await hosting.start(1)
    await host.sees("$")
    assert time.monotonic() - began < max(3, opening)  # the latter on a slow machine
    ticket = await host.copied("Copy ticket")
    assert ticket in await hosting.run(2)
    [terminal] = await host.server.json("GET", "api/terminals")
    await host.page.get_by_role("tab", name="Running Terminals and Kernels").click()
    # JupyterLab asks its server every 10 s which terminals there are.
    running = host.page.locator("#jp-running-sessions")
    await expect(running).to_contain_text(f"terminals/{terminal['name']}", timeout=30_000)

    joining = await Notebook.open(
        guest, write(guest.server, "joined.ipynb", LOAD, "box = %sshx join", "repr(box.session)")
    )
    await joining.run(0)
    await joining.run(1)
    await guest.field("Ticket").fill("sshx1 and more")
    await expect(joining.output(1)).to_contain_text("ticket")
    await guest.field("Ticket").fill(ticket)
    await expect(joining.output(1)).to_contain_text("You can watch and type")
    await guest.field("Your name").fill("Grace")
    await guest.button("Join").click()
    await guest.connected()
    assert "SharedSession 'class': joined" in await joining.run(2)

    await hosting.start(3)  # from here on the host's kernel is busy
    await guest.run("echo from-$((1+1))-grace")
    await host.sees_line("from-2-grace")
    await host.run("echo from-$((2+2))-host")
    await guest.sees_line("from-4-host")
    await guest.say("hello from a notebook")
    await host.heard("hello from a notebook")
    await host.say("hello back")
    await guest.heard("hello back")
    await host.show("People")
    await expect(host.people().get_by_role("listitem")).to_have_count(2)  # the guest's kernel is nobody else
    await expect(host.people()).to_contain_text("Grace")
    await expect(hosting.cell(3).locator(".jp-InputPrompt")).to_contain_text("*")
    await host.screenshot("notebook-light")
    await guest.screenshot("notebook-joined")
    done.touch()
    await hosting.ended(3)


async def test_reload_save_and_restart(host: Person) -> None:
    root = root_of(host.server)
    path = write(host.server, "saved.ipynb", LOAD, "session = %sshx share", "session.stop()")
    git = ["git", "-C", str(root), "-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", path.name], check=True)
    subprocess.run([*git, "commit", "-qm", "before"], check=True)
    notebook = await Notebook.open(host, path)
    await notebook.run(0)
    await notebook.run(1)
    await host.run("echo kept-$((1+1))")
    await host.sees_line("kept-2")
    [session] = await host.server.json("GET", "sshx/api/sessions")
    await notebook.save()
    diff = subprocess.run([*git, "diff"], check=True, capture_output=True, text=True).stdout
    assert "widget-view" in diff
    for secret in ("sshx1", session["owner_secret"], *(t[-40:] for t in session["tickets"].values())):
        assert secret not in diff

    await host.page.reload()
    await notebook.ready()
    await host.sees_line("kept-2")
    await notebook.run(1)  # the same session, and one view of it in place of the other
    await host.sees_line("kept-2")
    assert [one["id"] for one in await host.server.json("GET", "sshx/api/sessions")] == [session["id"]]

    [kernel] = await host.server.json("GET", "api/kernels")
    await host.server.json("POST", f"api/kernels/{kernel['id']}/restart")
    await host.state("ended")
    await host.sees_line("kept-2")
    await notebook.ready()
    await notebook.run(0)
    await notebook.run(1)
    await host.connected()
    [again] = await host.server.json("GET", "sshx/api/sessions")
    assert again["id"] != session["id"]
    await notebook.run(2)
    await host.state("ended")
    await expect(notebook.output(1)).to_contain_text("You stopped sharing.")


async def test_two_views_and_two_notebooks(browser: Browser, host: Person) -> None:
    first = await Notebook.open(host, write(host.server, "first.ipynb", LOAD, "session = %sshx share", "session"))
    for cell in range(3):
        await first.run(cell)
    await expect(host.shells()).to_have_count(2)
    await host.run("echo both-$((1+1))", 0)
    await host.sees_line("both-2", 1)
    [session] = await host.server.json("GET", "sshx/api/sessions")
    assert len(session["users"]) == 1
    terminal = session["shells"][0]["terminal"]
    other = await Person.at(browser, host.server)
    second = write(host.server, "second.ipynb", LOAD, f"%sshx share --terminal {terminal}")
    notebook = await Notebook.open(other, second)
    await notebook.run(0)
    await notebook.run(1)
    await other.sees_line("both-2")
    await other.run("echo third-$((1+2))")
    await host.sees_line("third-3")


async def test_in_notebook_7_and_in_the_dark(host: Person) -> None:
    configure(host.server, "JupyterLab Dark")
    path = write(host.server, "seven.ipynb", LOAD, "%sshx share --name seven")
    began = time.monotonic()
    notebook = await Notebook.open(host, path, "notebooks")
    opening = time.monotonic() - began
    await notebook.run(0)
    began = time.monotonic()
    await notebook.start(1)
    await host.sees("$")
    assert time.monotonic() - began < max(3, opening)  # the latter on a slow machine
    await host.run("echo seven-$((3+4))")
    await host.sees_line("seven-7")
    await expect(host.page.locator(".sshx-session")).to_have_attribute("data-theme", "dark")
    await host.screenshot("notebook-dark")


async def test_over_the_comm(browser: Browser, tmp_path: Path) -> None:
    """On a server without the extension: the session is the kernel's, and so is the way to it."""
    done = tmp_path / "done"
    config = "c.ServerApp.jpserver_extensions['sshx_jupyter'] = False"
    with jupyter_server(tmp_path, config=config, lab=True) as server:
        configure(server)
        person = Person(server, context := await browser.new_context(), await context.new_page())
        context.set_default_timeout(20_000)
        path = write(server, "comm.ipynb", LOAD, "session = %sshx share", "session.where", busy_until(done))
        notebook = await Notebook.open(person, path)
        await notebook.run(0)
        await notebook.run(1)
        await person.sees("$")
        await person.run("seq 1 20000; echo end-$((1+1))")
        await person.sees_line("end-2", timeout=60)
        assert "19999\n20000" in await person.text()
        await notebook.save()
        await person.page.reload()
        await notebook.ready()
        await person.sees_line("end-2")
        await notebook.start(3)
        await person.run("echo busy-$((1+1))")
        await person.sees_line("busy-2")  # the kernel takes it on a subshell, beside the cell
        done.touch()
        await notebook.ended(3)
        assert "kernel" in await notebook.run(2)


async def test_saved_state_shows_no_secret(tmp_path: Path, host: Person) -> None:
    """What nbclient saves, the widgets' state included, shows the session as ended."""
    path = write(host.server, "executed.ipynb", LOAD, "session = %sshx share --name once", "ticket = session.ticket")
    command = [sys.executable, "-c", "from nbclient.cli import main; main()", "--inplace", str(path)]
    environment = os.environ | {"SSHX_RELAYS": "disabled"}
    subprocess.run(command, check=True, capture_output=True, env=environment, timeout=100)
    saved = path.read_text()
    assert "sshx1" not in saved
    assert "application/vnd.jupyter.widget-state+json" in json.loads(saved)["metadata"]["widgets"]
    await host.page.goto(f"{host.server.url}lab/tree/{path.name}?reset")
    await expect(host.page.locator(".jp-OutputArea").nth(1)).to_contain_text("ended")
