"""Notebooks: the widget that shares, the form to join, and a session that was joined."""

from __future__ import annotations

from playwright.async_api import expect

from tests.e2e.browser import Person
from tests.e2e.labs import Lab
from tests.e2e.notebooks import LOAD, Notebook, write
from tests.pictures.stage import SIZES, Scene, Stage


async def _open(stage: Stage, person: Person, file: str, *cells: str) -> Notebook:
    """In JupyterLab, or on a phone in Notebook 7, where a notebook has all of the screen."""
    path = write(person.server, file, LOAD, *cells)
    if stage.phone:
        await person.page.set_viewport_size(SIZES["desktop"]["viewport"])  # a small one hides the kernel's state
        notebook = await Notebook.open(person, path, "notebooks")
        await person.page.set_viewport_size(SIZES["phone"]["viewport"])
    else:
        notebook = await Notebook.open(person, path)
        await Lab(person).hide_left()
    await notebook.run(0)
    return notebook


async def share(stage: Stage) -> None:
    ada = await stage.person(stage.host, "Ada")
    notebook = await _open(stage, ada, "Lesson 3.ipynb", 'session = %sshx share --name "Lesson 3"', "session.stop()")
    await notebook.run(1)
    await ada.sees("$")
    await stage.take(ada, "share")
    [session] = await stage.host.json("GET", "sshx/api/sessions")
    grace = await stage.guest(session["tickets"]["write"], "Grace")
    await grace.run("echo typed by Grace")
    await grace.say("May I run the training now?")
    await ada.heard("May I run")
    await ada.sees_line("typed by Grace")
    await stage.take(ada, "share-chat")
    await notebook.run(2)
    await ada.state("ended")
    await stage.take(ada, "ended")


async def join(stage: Stage) -> None:
    session = await stage.host.share(name="Lesson 3")
    bob = await stage.person(stage.other)
    notebook = await _open(stage, bob, "Joined.ipynb", "%sshx join")
    await notebook.run(1)
    await expect(bob.field("Ticket")).to_be_visible()
    await stage.take(bob, "join")
    await bob.join(session["tickets"]["read"], "Bob")
    await bob.connected()
    await bob.sees("$")
    await stage.take(bob, "joined")


async def text(stage: Stage) -> None:
    """What `%sshx` prints."""
    ada = await stage.person(stage.host, "Ada")
    notebook = await _open(stage, ada, "Help.ipynb", "%sshx help", "%sshx list", "%sshx join sshx1nonsense")
    for cell in (1, 2, 3):
        await notebook.run(cell)
    await stage.take(ada, "text")


SCENES: list[Scene] = [share, join, text]
