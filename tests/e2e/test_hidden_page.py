"""A page in the background: it takes no output, hears everything else, and is right again once someone looks at it."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import expect

from sshx_jupyter.client import SshxClient
from sshx_jupyter.host.limits import Limits
from tests.e2e.browser import Person, chromium_with_tabs
from tests.servers import JupyterServer, jupyter_server

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(110), pytest.mark.asyncio(loop_scope="module")]

# The page's sockets, and how many bytes it has received.
COUNT = """
window.bytesReceived = 0;
window.sockets = [];
window.WebSocket = class extends WebSocket {
  constructor(...options) {
    super(...options);
    window.sockets.push(this);
    this.addEventListener("message", ({ data }) => { window.bytesReceived += data.byteLength ?? 0; });
  }
};
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    with jupyter_server(tmp_path_factory.mktemp("hidden")) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="module")
async def session(server: JupyterServer) -> AsyncIterator[dict[str, Any]]:
    session = await server.share(name="Lecture")
    yield session
    await server.call("DELETE", f"sshx/api/sessions/{session['id']}?terminals=close")


@pytest_asyncio.fixture(loop_scope="module")
async def person(server: JupyterServer, session: dict[str, Any]) -> AsyncIterator[Person]:
    """Someone in the session, whose browser has another tab."""
    async with chromium_with_tabs() as context:
        person = await Person.within(context, server)
        await person.page.add_init_script(COUNT)
        await person.open(session)
        await person.connected()
        await person.sees("$")
        yield person


async def received(person: Person) -> int:
    count: int = await person.page.evaluate("window.bytesReceived")
    return count


async def screen(client: SshxClient) -> str:
    return client.screen(next(iter(client.shells))).text().rstrip()


async def flood(client: SshxClient, count: int, word: str) -> None:
    """Print so many numbers in the first shell, and wait until the last was printed."""
    await client.send(next(iter(client.shells)), f"seq 1 {count}; echo {word}$((6 * 7))\r".encode())
    while f"{word}42" not in await screen(client):
        await asyncio.sleep(0.05)


async def test_a_flood_costs_a_hidden_page_nothing(
    server: JupyterServer, session: dict[str, Any], person: Person
) -> None:
    async with server.owner(session, name="Ada") as ada:
        sid = next(iter(ada.shells))
        await person.leave()
        before = await received(person)
        await flood(ada, 1_000_000, "one")
        filled = await received(person)
        assert filled - before < 2 * Limits().window  # of 8 MB
        await flood(ada, 3_000_000, "two")
        assert await received(person) - filled < 16 << 10  # of 23 MB
        assert "one42" not in await person.text()

        # All but output is heard as ever.
        await ada.rename_shell(sid, "Build")
        await ada.chat("Look at this")
        await expect(person.page.get_by_role("group", name="Shell Build", exact=True)).to_have_count(1)
        await expect(person.button("Chat")).to_have_attribute("title", "Chat, 1 unread message")

        started = time.monotonic()
        await person.page.bring_to_front()
        await person.sees_line("two42")
        assert time.monotonic() - started < 2
        lines = (await screen(ada)).splitlines()
        assert (await person.text()).splitlines()[-len(lines) :] == lines
        await person.run("echo here $((6 * 7))")
        await person.sees_line("here 42")


async def test_what_a_quiet_shell_prints_meanwhile_is_not_lost(
    server: JupyterServer, session: dict[str, Any], person: Person
) -> None:
    async with server.owner(session, name="Ada") as ada:
        sid = next(iter(ada.shells))
        await person.run("seq 1 200")
        await person.sees_line("200")
        await person.leave()
        for number in range(20):
            await ada.send(sid, f"echo line $(({number} + 1000))\r".encode())
            while f"line {number + 1000}" not in await screen(ada):
                await asyncio.sleep(0.01)
        await person.page.bring_to_front()
        await person.sees_line("line 1019")
        lines = (await person.text()).splitlines()
        assert [line for line in lines if re.fullmatch(r"\d+", line)] == [str(number) for number in range(1, 201)]
        assert [line for line in lines if line.startswith("line ")] == [f"line {n + 1000}" for n in range(20)]


async def test_a_link_that_breaks_meanwhile(server: JupyterServer, session: dict[str, Any], person: Person) -> None:
    async with server.owner(session, name="Ada") as ada:
        await person.leave()
        await flood(ada, 1_000_000, "one")
        await person.page.evaluate("window.sockets.at(-1).close()")
        await person.connected()
        filled = await received(person)
        await flood(ada, 1_000_000, "two")
        assert await received(person) - filled < 2 * Limits().window
        await person.page.bring_to_front()
        await person.sees_line("two42")
