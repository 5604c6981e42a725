"""JupyterLab: how one shares a terminal, who is there, and what joins others' sessions.

JupyterLab's menus, launcher and side panels do not fit a phone: there are pictures only of the dialogs, a session's tab
and the form to join, which do. JupyterLab's own terminals are blank there: a headless Chromium does not draw them.
"""

from __future__ import annotations

from playwright.async_api import expect

from tests.e2e.labs import Lab
from tests.pictures.stage import Scene, Stage

STEPS = "printf 'load the data\\tdone\\nclean it\\tdone\\nfit the model\\tnow\\n'"


async def _lab(stage: Stage, name: str = "Ada") -> Lab:
    """JupyterLab with nothing but the launcher."""
    lab = await Lab.open(await stage.person(stage.host, name))
    await lab.hide_left()
    return lab


async def _with_terminal(stage: Stage) -> tuple[Lab, str]:
    """JupyterLab with a terminal in which something was printed."""
    lab = await _lab(stage)
    name = await stage.host.terminal()
    async with stage.host.open_terminal(name) as terminal:
        await terminal.wait_for("$ ")
        await terminal.type(f"clear; {STEPS}\r")
        await terminal.wait_for("\tnow")
        await lab.command("terminal:open", name=name)
        await expect(lab.terminal()).to_be_visible()
    return lab, name


async def launcher(stage: Stage) -> None:
    if stage.phone:
        return
    lab = await _lab(stage)
    await expect(lab.page.locator(".jp-LauncherCard").filter(has_text="Join Shared Session")).to_be_visible()
    await stage.take(lab.person, "launcher")


async def share(stage: Stage) -> None:
    """From a terminal's menu to the tickets."""
    lab, name = await _with_terminal(stage)
    if not stage.phone:
        await lab.context_menu(lab.tab(f"Terminal {name}"))
        await stage.take(lab.person, "terminal-menu")
        await lab.escape()
    await stage.host.terminal()
    await lab.person.page.evaluate("window.jupyterapp.serviceManager.terminals.refreshRunning()")
    await lab.page.evaluate("void window.jupyterapp.commands.execute('sshx:share-terminal')")
    await expect(lab.dialog.get_by_role("textbox", name="Session name")).to_be_visible()
    await stage.take(lab.person, "share-dialog")
    more = lab.dialog.get_by_role("button", name="More")
    if await more.count():
        await more.click()
        await stage.take(lab.person, "share-dialog-more")
    await lab.dialog.get_by_role("button", name="Share", exact=True).click()
    await expect(lab.dialog.get_by_role("button", name="Copy ticket", exact=True)).to_be_visible()
    await stage.take(lab.person, "tickets-dialog")
    await lab.dialog.get_by_role("button", name="More").click()
    await stage.take(lab.person, "tickets-dialog-more")


async def shared(stage: Stage) -> None:
    """A terminal with guests: the badge on its tab, requests, the people, the panel of what runs, and the end."""
    lab, name = await _with_terminal(stage)
    session = await stage.host.share(terminals=[name], name="Analysis")
    await stage.guest(session["tickets"]["write"], "Grace")
    linus = await stage.guest(session["tickets"]["read"], "Linus")
    await expect(lab.page.locator(".lm-TabBar-tab[data-sshx-guests='2']")).to_have_count(1)
    await linus.page.locator(".sshx-toolbar .sshx-ask").click()
    exam = await stage.host.share(name="Exam", approve=True)
    await stage.guest(exam["tickets"]["write"], "Bob", joins=False)
    await expect(lab.page.locator(".Toastify__toast").filter(has_text="Bob")).to_be_visible()
    await expect(
        lab.page.locator(".Toastify__toast").filter(has=lab.page.get_by_role("button", name="Allow"))
    ).to_be_visible()
    await stage.take(lab.person, "requests")
    await lab.page.evaluate("void window.jupyterapp.commands.execute('sshx:share-terminal')")
    await expect(lab.person.people().get_by_role("listitem")).to_have_count(3)
    await stage.take(lab.person, "tickets-dialog-people")
    await lab.dialog.locator("button.jp-mod-warn").click()
    await expect(lab.dialog.locator("button.jp-mod-warn")).to_have_count(1)
    await expect(lab.person.people()).to_have_count(0)
    await stage.take(lab.person, "stop-dialog")
    await lab.page.keyboard.press("Escape")
    await expect(lab.person.people()).to_be_visible()
    await lab.dialog.locator(".jp-Dialog-close-button").click()
    await expect(lab.dialog).to_have_count(0)
    if stage.phone:
        return
    await stage.host.call("DELETE", f"sshx/api/sessions/{exam['id']}")
    await stage.take(lab.person, "shared-terminal")
    await linus.say("The fit does not converge, does it?")
    await expect(lab.notification("The fit")).to_be_visible()
    await stage.take(lab.person, "chat-notification")
    await lab.running()
    item = lab.section.locator(".jp-RunningSessions-item")
    await expect(item).to_have_count(1)
    await item.hover()
    await stage.take(lab.person, "running")
    await lab.context_menu(lab.terminal())
    await stage.take(lab.person, "shared-terminal-menu")


async def session_tab(stage: Stage) -> None:
    """The session in a tab of its own, as the guests see it."""
    lab, name = await _with_terminal(stage)
    session = await stage.host.share(terminals=[name], name="Analysis")
    await stage.guest(session["tickets"]["write"], "Grace")
    await lab.command("sshx:open-session", id=session["id"])
    await lab.person.connected()
    await lab.person.sees("fit the model")
    await stage.take(lab.person, "session-tab")
    await lab.person.show("Share")
    await stage.take(lab.person, "session-tab-share")


async def join(stage: Stage) -> None:
    """The form in a tab, the session that one has joined, and what is left of it after a reload."""
    session = await stage.host.share(name="Analysis")
    bob = await Lab.open(await stage.person(stage.other))
    await bob.hide_left()
    await bob.command("sshx:join-session")
    await expect(bob.person.field("Ticket")).to_be_visible()
    await stage.take(bob.person, "join")
    await bob.person.join(session["tickets"]["write"], "Bob")
    await bob.person.connected()
    await bob.person.sees("$")
    await bob.person.run("echo typed by Bob")
    await bob.person.sees_line("typed by Bob")
    await stage.take(bob.person, "joined")
    await stage.host.call("DELETE", f"sshx/api/sessions/{session['id']}")
    await bob.person.state("ended")
    await stage.take(bob.person, "joined-ended")


async def settings(stage: Stage) -> None:
    if stage.phone:
        return
    lab = await _lab(stage)
    await lab.command("settingeditor:open", query="Shared Terminals")
    await expect(lab.page.locator(".jp-SettingsForm").first).to_be_visible()
    await stage.take(lab.person, "settings")


async def notebook_7(stage: Stage) -> None:
    """A terminal of Notebook 7, with the dialog."""
    name = await stage.host.terminal()
    ada = Lab(await stage.person(stage.host, "Ada"))
    await ada.page.goto(f"{stage.host.url}terminals/{name}")
    await expect(ada.terminal()).to_be_visible(timeout=60_000)
    await ada.context_menu(ada.terminal())
    await stage.take(ada.person, "notebook-7-menu")
    await ada.items().first.click()
    await expect(ada.dialog).to_be_visible()
    await stage.take(ada.person, "notebook-7-dialog")


SCENES: list[Scene] = [launcher, share, shared, session_tab, join, settings, notebook_7]
