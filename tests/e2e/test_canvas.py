"""The canvas in a real Chromium: what one looks at stays in view, windows do not overlap."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, FloatRect, expect

from tests.e2e.browser import MORE, Person
from tests.servers import JupyterServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(110), pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(loop_scope="session")
async def host(browser: Browser, server_a: JupyterServer) -> AsyncIterator[Person]:
    """The host of a session with one shell, at its page."""
    session = await server_a.share(name="Canvas")
    person = await Person.at(browser, server_a)
    await person.open(session)
    await person.connected()
    await person.sees("$")
    yield person
    await server_a.call("DELETE", f"sshx/api/sessions/{session['id']}?terminals=close")


async def boxes(person: Person) -> list[FloatRect]:
    found = [await shell.bounding_box() for shell in await person.shells().all()]
    return [box for box in found if box is not None]


async def outside(person: Person) -> float:
    """How many pixels of the shells lie outside of the canvas, at most, in any direction."""
    canvas = await person.page.locator(".sshx-canvas").bounding_box()
    assert canvas is not None
    return max(
        max(
            canvas["x"] - box["x"],
            canvas["y"] - box["y"],
            box["x"] + box["width"] - canvas["x"] - canvas["width"],
            box["y"] + box["height"] - canvas["y"] - canvas["height"],
        )
        for box in await boxes(person)
    )


async def transform(person: Person) -> str:
    """Where the canvas is: what else is in its style settles some time after a zoom."""
    found = await person.page.locator(".sshx-world").evaluate("(world) => world.style.transform")
    return str(found)


def any_overlap(found: list[FloatRect]) -> bool:
    return any(
        a["x"] < b["x"] + b["width"]
        and b["x"] < a["x"] + a["width"]
        and a["y"] < b["y"] + b["height"]
        and b["y"] < a["y"] + a["height"]
        for a, b in itertools.combinations(found, 2)
    )


async def eventually(read: Any, good: Any, timeout: float = 10) -> Any:
    deadline = time.monotonic() + timeout
    while not good(now := await read()):
        assert time.monotonic() < deadline, now
        await asyncio.sleep(0.05)
    return now


async def all_in_view(person: Person) -> None:
    await eventually(lambda: outside(person), lambda now: now <= 0)


async def tidied(person: Person) -> None:
    await person.button("Tidy").click()
    await eventually(lambda: boxes(person), lambda now: not any_overlap(now))
    await all_in_view(person)


async def test_what_one_looks_at_stays_in_view(host: Person) -> None:
    for count in (2, 3):
        await host.button("New shell").click()
        await expect(host.shells()).to_have_count(count)
        await all_in_view(host)
    await host.show("Chat")
    await all_in_view(host)
    await host.page.set_viewport_size({"width": 900, "height": 500})
    await all_in_view(host)
    larger = host.shells().first.get_by_role("button", name=MORE, exact=True)
    before = (await boxes(host))[0]
    for _ in range(5):
        await larger.click()
    await eventually(lambda: host.shells().first.inner_text(), lambda now: "121" in now)
    await all_in_view(host)

    await tidied(host)

    # One shell: it goes on filling the view. When it is closed, the others are shown.
    await host.shells().nth(1).locator(".sshx-title").dblclick()
    await eventually(lambda: boxes(host), lambda now: now[1]["width"] > before["width"])
    await host.button("Chat").click()
    await host.page.set_viewport_size({"width": 1280, "height": 800})
    await eventually(lambda: boxes(host), lambda now: now[1]["width"] > 1000 and now[1]["x"] >= 0)
    await host.run("exit", 1)
    await expect(host.shells()).to_have_count(2)
    await all_in_view(host)

    # By hand: nothing moves by itself any more.
    await host.page.mouse.move(20, 780)
    await host.page.mouse.wheel(0, -400)
    await eventually(lambda: outside(host), lambda now: now > 0)
    place = await transform(host)
    await host.show("Chat")
    await host.page.set_viewport_size({"width": 1000, "height": 700})
    await eventually(lambda: host.page.locator(".sshx-canvas").bounding_box(), lambda box: box["width"] < 900)
    assert await transform(host) == place
    await host.button("Fit all").click()
    await all_in_view(host)
    assert not host.problems


async def test_tidy(host: Person) -> None:
    for count in (2, 3, 4):
        await host.button("New shell").click()
        await expect(host.shells()).to_have_count(count)
    for _ in range(6):
        await host.shells().first.get_by_role("button", name=MORE, exact=True).click()
    await eventually(lambda: boxes(host), any_overlap)
    await host.screenshot("untidy")
    await tidied(host)
    await host.screenshot("tidy")


async def test_one_shell_too_many(host: Person) -> None:
    for count in range(2, 15):
        await host.button("New shell").click()
        await expect(host.shells()).to_have_count(count)
    await all_in_view(host)
    assert not any_overlap(await boxes(host))
    await host.button("New shell").click()
    await expect(host.page.get_by_text("A session has at most 14 shells. Close one first.")).to_be_visible()
    await host.screenshot("fourteen")
