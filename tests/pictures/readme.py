"""The pictures of the README, which are in git: run this when they no longer show how things look."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import expect

from tests.e2e.browser import Person
from tests.e2e.labs import Lab
from tests.e2e.notebooks import LOAD, Notebook, root_of, write
from tests.pictures.scenes import three_shells
from tests.pictures.stage import LOCALE, Scene, Stage, dress, still

FOLDER = Path(__file__).parents[2] / "js" / "pictures"

STEPS = "load the data    done  Ada\nclean it         done  Grace\nfit the model    now\nplot the fit\n"
TRAINING = "for n in range(1, 6):\n    print(f'epoch {n}: loss {2.1 / n:.3f}')\n"


async def _save(stage: Stage, person: Person, name: str) -> None:
    stage.album.put(FOLDER / f"{name}.png", await still(person.page))


async def lab(stage: Stage) -> None:
    """A terminal of JupyterLab that is shared with two guests, one of whom asks to type."""
    (root_of(stage.host) / "steps.txt").write_text(STEPS)
    lab = await Lab.open(await Person.at(stage.browser, stage.host, viewport={"width": 1120, "height": 560}, **LOCALE))
    await dress(lab.page, "light")
    await lab.hide_left()
    name = await stage.host.terminal()
    async with stage.host.open_terminal(name) as terminal:
        await terminal.wait_for("$ ")
        await lab.command("terminal:open", name=name)
        await expect(lab.terminal()).to_be_visible()
        await lab.close_tab("Launcher")
        await terminal.type("cd; clear\r")
        await terminal.wait_for("\x1b[2J")
        await terminal.wait_for("$ ", terminal.output.index("\x1b[2J"))
        await terminal.type("cat steps.txt\r")
        await terminal.wait_for("plot the fit")
        session = await stage.host.share(terminals=[name], name="Analysis")
        ada = await stage.guest(session["tickets"]["write"], "Ada")
        await ada.run("grep -c done steps.txt   # typed by Ada")
        await ada.sees_line("2")
    grace = await stage.guest(session["tickets"]["read"], "Grace")
    await expect(lab.notification("Grace joined")).to_be_visible()
    await stage.quiet(lab.person)
    await grace.page.locator(".sshx-toolbar .sshx-ask").click()
    await expect(lab.notification("Grace wants")).to_be_visible()
    await _save(stage, lab.person, "lab")


async def notebook(stage: Stage) -> None:
    """A shared shell under a cell of a notebook."""
    look = {"viewport": {"width": 1180, "height": 760}, "device_scale_factor": 1.5, **LOCALE}
    ada = await Person.at(stage.browser, stage.host, **look)
    (root_of(stage.host) / "notes.md").write_text("# Lesson 3\n")
    (root_of(stage.host) / "train.py").write_text(TRAINING)
    cells = ('session = %sshx share --name "Lesson 3"', "[user.name for user in session.users.values()]")
    shown = await Notebook.open(ada, write(stage.host, "Lesson 3.ipynb", LOAD, *cells))
    await dress(ada.page, "light")
    await Lab(ada).hide_left()
    await shown.run(0)
    await shown.run(1)
    await ada.sees("$")
    [session] = await stage.host.json("GET", "sshx/api/sessions")
    guests = [await stage.guest(session["tickets"]["write"], name) for name in ("Grace", "Alan")]
    grace, alan = guests
    prompt = r"\[\e[1;32m\]ada@lab\[\e[m\]:\[\e[1;34m\]~/course\[\e[m\]$ "
    await grace.run(f"PS1='{prompt}'; clear")
    await grace.sees("ada@lab:~/course$")
    await grace.run("ls *.py *.md")
    await grace.run("python train.py")
    await ada.sees("epoch 5")
    for person, text in (
        (grace, "May I run the training now?"),
        (ada, "Go ahead, you can type."),
        (alan, "Watching from home"),
    ):
        await person.say(text)
        await ada.heard(text)
    await shown.run(2)
    await stage.quiet(ada)
    await ada.button("Fit all").click()
    await ada.page.locator(".sshx-widget").scroll_into_view_if_needed()
    for guest, (x, y) in ((grace, (600, 560)), (alan, (800, 350))):
        await guest.page.mouse.move(x - 40, y)
        await guest.page.mouse.move(x, y, steps=4)
    await expect(ada.page.locator(".sshx-cursor")).to_have_count(2)
    await _save(stage, ada, "notebook")


async def page(stage: Stage) -> None:
    """Three shells on a canvas, the cursors of two guests, and a chat."""
    session = await stage.host.share(name="Numerics, week 3")
    look = {"viewport": {"width": 1440, "height": 860}, "color_scheme": "dark", **LOCALE}
    ada, _ = await three_shells(stage.browser, stage.host, stage.other, session, **look)
    await _save(stage, ada, "class")


SCENES: list[Scene] = [lab, notebook, page]
