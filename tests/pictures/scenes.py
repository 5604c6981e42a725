"""People at work in a session, for several pictures."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Browser, expect

from tests.e2e.browser import Person, same_picture
from tests.servers import JupyterServer

PROGRAM = ["def newton(f, df, x):", "    while abs(f(x)) > 1e-12:", "        x -= f(x) / df(x)", "    return x"]


async def rename(person: Person, name: str) -> None:
    await person.show("Settings")
    await person.field("Your name").fill(name)
    await person.field("Your name").press("Enter")
    await person.page.keyboard.press("Escape")


async def three_shells(
    browser: Browser, server: JupyterServer, other: JupyterServer, session: dict[str, Any], **look: Any
) -> tuple[Person, list[Person]]:
    """A host and two guests at work in three shells on a canvas, and a chat."""
    host = await Person.at(browser, server, **look)
    await host.open(session)
    await host.connected()
    await rename(host, "Ada")
    guests = [await Person.at(browser, at, **look) for at in (other, server)]
    for guest, name in zip(guests, ("Grace", "Linus"), strict=True):
        await guest.join(session["tickets"]["write"], name)
        await guest.connected()
        await guest.sees("$")
    await host.run("PS1='ada@host:~/numerics$ '; clear; git --version; python3 -c 'print(2 ** 127 - 1)'")
    await host.sees_line("170141183460469231731687303715884105727")
    for count in (2, 3):
        await host.button("New shell").click()
        await expect(host.shells()).to_have_count(count)
        await host.sees("$", count - 1)
    await host.run("PS1='$ '; clear; python3 -q", 2)
    await host.sees(">>>", 2)
    await host.page.keyboard.type("for n in range(1, 9): print(n, '#' * n * 5, sep='\\t')\n\n")
    await host.sees("8 ", 2)
    async with server.owner(session, observer=True) as owner:
        for sid, x, y in zip(owner.shells, (0, 720, 360), (0, 0, 470), strict=True):
            await owner.move(sid, (x, y))
        await owner.wait_for(lambda c: c.shells[3].y == 470)
    await guests[0].button("Fit all").click()
    await guests[0].run("vim -n -u NONE -c 'set ft=python nu' -c 'syntax on' newton.py", 1)
    await guests[0].sees('"newton.py"', 1)
    await guests[0].page.keyboard.type("i" + "\n".join(PROGRAM))  # vim indents nothing without its settings
    for person, text in (
        (guests[0], "The loop is in newton.py, have a look"),
        (guests[1], "Does it stop for f(x) = x**2 + 1?"),
        (host, "Good question. Try it in the first shell"),
    ):
        await person.say(text)
        await host.heard(text)
    await host.button("Fit all").click()
    for guest, (x, y) in zip(guests, ((420, 250), (850, 660)), strict=True):
        await guest.button("Fit all").click()
        await guest.page.mouse.move(x - 40, y)
        await guest.page.mouse.move(x, y, steps=4)
    await expect(host.page.locator(".sshx-cursor").get_by_text("Linus")).to_be_visible()
    await same_picture(host, guests[0], 1)
    return host, guests
